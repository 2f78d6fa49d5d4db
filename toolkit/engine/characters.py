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
# Its lower case depends on its position in the word.
CAPITAL_SIGMA = "Σ"
# The only letter whose lower case is longer than one code point.
_DOTTED_I = "İ"


class View(NamedTuple):
    """How a vectoriser sees each code point once it has lowered case or stripped accents.

    Attributes
    ----------
    mapped : ndarray of shape (0x110000,)
        The code point that takes its place; below 0, ``-1 - n`` stands for expansion ``n``.
    bounds : ndarray of shape (n_expansions + 1,)
        Where each expansion starts in ``expansions``.
    expansions : ndarray of int32
        Code points of all expansions, one after another; an expansion may be empty.
    """

    mapped: NDArray[np.int32]
    bounds: NDArray[np.int32]
    expansions: NDArray[np.int32]


@cache
def _all_code_points() -> str:
    points = np.arange(N_CODE_POINTS, dtype="<u4")
    return points.tobytes().decode("utf-32-le", "surrogatepass")


@cache
def kinds() -> NDArray[np.uint8]:
    r"""Return for each code point whether it matches ``\w``, ``\s``, or is a mark of direct speech.

    Returns
    -------
    ndarray of shape (0x110000,)
        Sums of ``WORD``, ``SPACE`` and ``MARK``.

    Examples
    --------
    >>> by_point = kinds()
    >>> [int(by_point[ord(character)]) for character in "a\u2003“."]
    [1, 2, 4, 0]
    """
    by_point = np.zeros(N_CODE_POINTS, np.uint8)
    for pattern, kind in ((r"\w+", WORD), (r"\s+", SPACE), (f"[{MARKS}]", MARK)):
        for match in re.finditer(pattern, _all_code_points()):
            by_point[match.start() : match.end()] |= kind
    return by_point


@cache
def view(lowercase: bool, accents: str | None) -> View:
    """Return how a vectoriser with these settings sees each code point.

    Parameters
    ----------
    lowercase : bool
        Whether ``str.lower`` comes first. The capital sigma, whose lower case depends on its
        position in the word, is mapped to the usual one.
    accents : {None, 'unicode', 'ascii'}
        ``strip_accents`` of the vectoriser, applied after it.

    Examples
    --------
    >>> chr(view(True, None).mapped[ord("É")]), chr(view(True, "ascii").mapped[ord("É")])
    ('é', 'e')
    """
    text = _lower(_all_code_points()) if lowercase else _all_code_points()
    mapped = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.int32)
    replacements = {_DOTTED_I: _DOTTED_I.lower()} if lowercase else {}
    if accents is not None:
        replacements |= _without_accents(mapped, replacements, accents)
    bounds: list[int] = [0]
    expansions: list[int] = []
    for number, (character, expansion) in enumerate(sorted(replacements.items())):
        if len(expansion) == 1:
            mapped[ord(character)] = ord(expansion)
        else:
            mapped[ord(character)] = -1 - number
        expansions.extend(map(ord, expansion))
        bounds.append(len(expansions))
    return View(mapped, np.array(bounds, np.int32), np.array(expansions, np.int32))


def _lower(text: str) -> str:
    """Lower all code points at once; each keeps its index."""
    sigma = CAPITAL_SIGMA.lower()
    lowered = text.replace(_DOTTED_I, "i").replace(CAPITAL_SIGMA, sigma).lower()
    if len(lowered) != len(text):
        raise RuntimeError(
            "this Python lowers a letter, other than the dotted capital I, to several; report it as a bug"
        )
    return lowered


def _without_accents(mapped: NDArray[np.int32], longer: dict[str, str], accents: str) -> dict[str, str]:
    """Return what remains of each code point that loses an accent."""
    stripped = {}
    for point in range(0x80, N_CODE_POINTS):
        text = longer.get(chr(point), chr(mapped[point]))
        hangul = 0xAC00 <= point < 0xD7A4
        if accents == "ascii" or len(text) > 1 or hangul or unicodedata.decomposition(text):
            stripped[chr(point)] = strip_accents(text, accents)
        elif unicodedata.combining(text):
            stripped[chr(point)] = ""
    return stripped


def strip_accents(text: str, accents: str) -> str:
    """Strip accents as scikit-learn's vectorisers do.

    Examples
    --------
    >>> strip_accents("é", "unicode"), strip_accents("é“", "ascii")
    ('e', 'e')
    """
    decomposed = unicodedata.normalize("NFKD", text)
    if accents == "ascii":
        return decomposed.encode("ascii", "ignore").decode("ascii")
    return "".join(character for character in decomposed if not unicodedata.combining(character))


@cache
def cased() -> str:
    """Return all code points that have an upper and a lower case, in order.

    Examples
    --------
    >>> cased()[:3], "ſ" in cased(), "1" in cased()
    ('ABC', True, False)
    """
    text, characters = _all_code_points(), []
    for start in range(0, N_CODE_POINTS, 256):
        block = text[start : start + 256]
        # Nearly all blocks have no cased letter and can be skipped as a whole.
        if block.lower() != block or block.upper() != block:
            characters += [one for one in block if one.lower() != one or one.upper() != one]
    return "".join(characters)


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
    """Return for each byte whether it is white space (1) or may start some in UTF-8 (2).

    Examples
    --------
    >>> by_byte = space_bytes()
    >>> int(by_byte[ord(" ")]), int(by_byte[0xC2]), int(by_byte[ord("a")])
    (1, 2, 0)
    """
    by_byte = np.zeros(256, np.uint8)
    for point in np.flatnonzero(kinds() & SPACE):
        encoded = chr(point).encode("utf-8")
        by_byte[encoded[0]] = 1 if len(encoded) == 1 else 2
    return by_byte
