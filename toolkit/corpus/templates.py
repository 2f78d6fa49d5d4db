"""Texts of sentences -> the templates they were written from: skeletons and openings that recur."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from toolkit.corpus.names import find_names
from toolkit.corpus.words import WORD

MAX_SAME_SKELETON = 2
N_OPENING_WORDS = 4
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


def skeleton(text: str, names: frozenset[str]) -> str:
    """Mask the names and numbers of a sentence; what is left is how it is built.

    Examples
    --------
    >>> skeleton("Lenz Steel cut 400 jobs, Haslinger said.", frozenset({"Lenz", "Steel", "Haslinger"}))
    'N cut 0 jobs, N said.'
    """
    masked = WORD.sub(lambda match: "N" if match[0] in names else match[0].lower(), _NUMBER.sub("0", text))
    return re.sub(r"\bN(?: N)+\b", "N", " ".join(masked.split()))


def repeated_skeletons(texts: Sequence[str], most: int = MAX_SAME_SKELETON) -> list[tuple[str, list[int]]]:
    """List the skeletons that occur more than ``most`` times, with their row indices, most frequent first.

    Examples
    --------
    >>> repeated_skeletons(["Snow fell on Lenz.", "Snow fell on Karsk.", "Rain fell."], most=1)
    [('snow fell on N.', [0, 1])]
    """
    names = find_names(texts)
    return _repeated([skeleton(text, names) for text in texts], most)


def repeated_openings(texts: Sequence[str], most: int, n_words: int = N_OPENING_WORDS) -> list[tuple[str, list[int]]]:
    """List the openings that more than ``most`` sentences share, with their row indices, most frequent first.

    A sentence of fewer than ``n_words`` words has no opening.

    Examples
    --------
    >>> repeated_openings(["It is not true that he left.", "It is not true.", "Rain."], most=1)
    [('it is not true', [0, 1])]
    """
    openings = [WORD.findall(text.lower())[:n_words] for text in texts]
    return _repeated([" ".join(words) if len(words) == n_words else "" for words in openings], most)


def _repeated(keys: Sequence[str], most: int) -> list[tuple[str, list[int]]]:
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key:
            rows_of[key].append(row)
    repeated = [(key, rows) for key, rows in rows_of.items() if len(rows) > most]
    return sorted(repeated, key=lambda item: (-len(item[1]), item[0]))
