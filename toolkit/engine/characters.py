"""What this Python knows of each code point, as arrays, so that machine code agrees with ``str`` and ``re``."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

N_CODE_POINTS = 0x110000
WORD, SPACE, MARK = 1, 2, 4
MARKS = '"“”?!'
CAPITAL_SIGMA = "Σ"
# The only two letters whose small form depends on what stands around them or is longer.
_DOTTED_I = "İ"


class View(NamedTuple):
    """How a vectoriser sees each code point once it has dropped case or accents.

    Attributes
    ----------
    mapped : ndarray of shape (0x110000,)
        The code point put in its place; below 0, ``-1 - n`` stands for expansion ``n``.
    bounds : ndarray of shape (n_expansions + 1,)
        Where each expansion starts in ``expansions``.
    expansions : ndarray of int32
        Code points of all expansions, one after another; an expansion may be empty.
    """

    mapped: NDArray[np.int32]
    bounds: NDArray[np.int32]
    expansions: NDArray[np.int32]


@cache
def _everything() -> str:
    points = np.arange(N_CODE_POINTS, dtype="<u4")
    return points.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def kinds() -> NDArray[np.uint8]:
    r"""Return of each code point whether ``\w``, ``\s`` or a mark of speech matches it.

    Returns
    -------
    ndarray of shape (0x110000,)
        Sums of ``WORD``, ``SPACE`` and ``MARK``.

    Examples
    --------
    >>> found = kinds()
    >>> int(found[ord("a")]), int(found[ord("\u2003")]), int(found[ord("“")]), int(found[ord(".")])
    (1, 2, 4, 0)
    """
    found = np.zeros(N_CODE_POINTS, np.uint8)
    for pattern, kind in ((r"\w+", WORD), (r"\s+", SPACE), (f"[{MARKS}]", MARK)):
        for match in re.finditer(pattern, _everything()):
            found[match.start() : match.end()] |= kind
    return found


@cache
def view(lowercase: bool, accents: str | None) -> View:
    """Return how a vectoriser with these settings sees each code point.

    Parameters
    ----------
    lowercase : bool
        Whether ``str.lower`` comes first. The capital sigma, whose small form depends on
        its place in the word, is mapped to the usual one.
    accents : {None, 'unicode', 'ascii'}
        ``strip_accents`` of the vectoriser, applied after it.

    Examples
    --------
    >>> chr(view(True, None).mapped[ord("É")]), chr(view(True, "ascii").mapped[ord("É")])
    ('é', 'e')
    """
    text = _lower(_everything()) if lowercase else _everything()
    mapped = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int32)
    longer = {_DOTTED_I: _DOTTED_I.lower()} if lowercase else {}
    if accents is not None:
        longer |= _stripped(mapped, longer, accents)
    bounds: list[int] = [0]
    expansions: list[int] = []
    for number, (character, expansion) in enumerate(sorted(longer.items())):
        if len(expansion) == 1:
            mapped[ord(character)] = ord(expansion)
        else:
            mapped[ord(character)] = -1 - number
        expansions.extend(map(ord, expansion))
        bounds.append(len(expansions))
    return View(mapped, np.array(bounds, np.int32), np.array(expansions, np.int32))


def _lower(text: str) -> str:
    """Lower all code points at once; each stays in its place."""
    sigma = CAPITAL_SIGMA.lower()
    lowered = text.replace(_DOTTED_I, "i").replace(CAPITAL_SIGMA, sigma).lower()
    if len(lowered) != len(text):
        raise RuntimeError("this Python lowers a letter to several that is not known here; report it as a bug")
    return lowered


def _stripped(mapped: NDArray[np.int32], longer: dict[str, str], accents: str) -> dict[str, str]:
    """Return what is left of each code point that loses an accent."""
    found = {}
    for place in range(0x80, N_CODE_POINTS):
        text = longer.get(chr(place), chr(mapped[place]))
        hangul = 0xAC00 <= place < 0xD7A4
        if accents == "ascii" or len(text) > 1 or hangul or unicodedata.decomposition(text):
            found[chr(place)] = strip_accents(text, accents)
        elif unicodedata.combining(text):
            found[chr(place)] = ""
    return found


def strip_accents(text: str, accents: str) -> str:
    """Strip accents as scikit-learn's vectorisers do.

    Examples
    --------
    >>> strip_accents("é", "unicode"), strip_accents("é“", "ascii")
    ('e', 'e')
    """
    parts = unicodedata.normalize("NFKD", text)
    if accents == "ascii":
        return parts.encode("ascii", "ignore").decode("ascii")
    return "".join(part for part in parts if not unicodedata.combining(part))


@cache
def cased() -> str:
    """Return all code points whose case differs from another's, each once, in order.

    Examples
    --------
    >>> cased()[:3], "ſ" in cased(), "1" in cased()
    ('ABC', True, False)
    """
    text, found = _everything(), []
    for start in range(0, N_CODE_POINTS, 256):
        block = text[start : start + 256]
        # Nearly all blocks have no letter with two cases and are passed over whole.
        if block.lower() != block or block.upper() != block:
            found += [one for one in block if one.lower() != one or one.upper() != one]
    return "".join(found)


@cache
def spaces() -> str:
    r"""Return all white space, in order.

    Examples
    --------
    >>> spaces()[:3], spaces().isspace()
    ('\t\n\x0b', True)
    """
    return "".join(map(chr, np.flatnonzero(kinds() & SPACE)))


@cache
def space_bytes() -> NDArray[np.uint8]:
    """Return of each byte whether it is white space (1) or may start some in UTF-8 (2).

    Examples
    --------
    >>> found = space_bytes()
    >>> int(found[ord(" ")]), int(found[0xC2]), int(found[ord("a")])
    (1, 2, 0)
    """
    found = np.zeros(256, np.uint8)
    for place in np.flatnonzero(kinds() & SPACE):
        encoded = chr(place).encode("utf-8")
        found[encoded[0]] = 1 if len(encoded) == 1 else 2
    return found
