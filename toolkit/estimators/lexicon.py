"""Sentences -> classes of their words in order: who says, accuses or denies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

# Words of one letter ("I", the "t" of "don't") and marks of direct speech are kept: the labels are
# about who says something, and whether.
WORD_OR_MARK = r"(?u)\w+|[\"“”?!]"
# A class may hold punctuation as well: a comma or colon shows where one clause ends and another begins.
WORD_OR_PUNCTUATION = r"(?u)\w+|[^\w\s]"
_TOKEN = re.compile(WORD_OR_PUNCTUATION)
# Marks of the start and the end of a sentence: an act at its end is often an afterthought.
START, END = "<", ">"


class WordClasses(TransformerMixin, BaseEstimator):
    """Replace a sentence by the classes of its words, in order; words without a class are dropped.

    Parameters
    ----------
    classes : mapping of str to str
        Words of each class, separated by spaces, in lower case: a whole word, a stem with a
        ``*`` that matches any ending, or a punctuation mark. Whole words take precedence over
        stems, and longer stems over shorter ones.

    Examples
    --------
    >>> classes = WordClasses({"say": "said", "deny": "deni*", "they": "he"})
    >>> classes.transform(["He said he had denied it.", "Rain fell."])
    ['< they say they deny >', '< >']
    """

    def __init__(self, classes: Mapping[str, str]) -> None:
        self.classes = classes

    def fit(self, X: Sequence[str], y: ArrayLike | None = None) -> WordClasses:
        """Learn nothing; the classes are fixed."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Sequence[str]) -> list[str]:
        """Return the classes of each sentence's words, separated by spaces, length n_sentences."""
        return list(map(_reader(tuple(self.classes.items())), X))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names given, since the output is text like the input."""
        return np.asarray([] if input_features is None else input_features, dtype=object)


@lru_cache(maxsize=8)
def _reader(classes: tuple[tuple[str, str], ...]) -> Callable[[str], str]:
    """Return a function that replaces words by their classes; it caches words and sentences across calls."""
    words, stems = split_classes(dict(classes))
    named = dict(stems)
    # The longest stems come first, and are tried first.
    begins = re.compile("|".join(re.escape(stem) for stem, _ in stems) or "(?!)")

    @lru_cache(maxsize=100_000)
    def find(word: str) -> str | None:
        if word in words:
            return words[word]
        stem = begins.match(word)
        return named[stem.group()] if stem else None

    @lru_cache(maxsize=50_000)
    def read(sentence: str) -> str:
        return " ".join([START, *filter(None, map(find, _TOKEN.findall(sentence.lower()))), END])

    return read


def split_classes(classes: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the classes of whole words, and stems with theirs, longest first.

    Raises
    ------
    ValueError
        If a word is in two classes, or can never occur.

    Examples
    --------
    >>> split_classes({"say": "said", "deny": "den* deni*"})
    ({'said': 'say'}, [('deni', 'deny'), ('den', 'deny')])
    """
    words: dict[str, str] = {}
    stems: dict[str, str] = {}
    for name, listed in classes.items():
        for word in listed.split():
            stem = word.removesuffix("*")
            group = words if stem == word else stems
            if group.setdefault(stem, name) != name:
                raise ValueError(f"word {word!r} is in the classes {group[stem]!r} and {name!r}; leave it in one")
            if stem != stem.lower() or _TOKEN.fullmatch(stem) is None:
                raise ValueError(
                    f"word {word!r} of class {name!r} can never occur; "
                    "expected one word in lower case, a stem with *, or one punctuation mark"
                )
    return words, sorted(stems.items(), key=lambda item: (-len(item[0]), item[0]))
