"""TODO toolkit.corpus.names."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.corpus.folds import Fold, article_folds
from toolkit.statistics.intervals import interval
from toolkit.statistics.resampling import bootstrap_weights

N_FOLDS = 5
# Towns are where things happen and persons are who speaks: what kind of name stands in a
# sentence tells a little in any language, and more so the more sentences there are to see it.
MOST_NAME_GAIN = 0.02
N_RESAMPLES = 1000
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# Capitalised in English, yet nobody's name.
_CALENDAR = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
_FEASTS = frozenset({"christmas", "easter", "thanksgiving", "ramadan", "diwali"})
_FIRST_PERSON = frozenset({"i", "i'm", "i've", "i'd", "i'll"})
# Said of anybody: a title tells who speaks formally, not who he is.
_TITLES = frozenset(
    {
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "sir",
        "lord",
        "lady",
        "gov",
        "sen",
        "rep",
        "cllr",
        "gen",
        "col",
        "capt",
        "maj",
        "lt",
        "sgt",
        "adm",
        "rev",
        "mp",
        "mps",
    }
)
_NOT_NAMES = _CALENDAR | _FEASTS | _FIRST_PERSON | _TITLES


@dataclass(frozen=True, slots=True)
class NameCheck:
    """How far it matters which names a sentence has, on the sentences that have one.

    Attributes
    ----------
    accuracy : float
        Of a classifier that sees nothing but names, cross-validated by article.
    by_number : float
        Of one that sees only how many there are: an accusation has two parties.
    majority : float
        Of always saying the most common label.
    low, high : float
        95 % interval of their difference over resampled articles.
    n_sentences, n_names : int
        What it rests on.
    """

    accuracy: float
    by_number: float
    majority: float
    low: float
    high: float
    n_sentences: int
    n_names: int

    @property
    def gives_away(self) -> bool:
        """Whether names say more than their number by more than two points, beyond chance."""
        return self.low > MOST_NAME_GAIN


def find_names(texts: Sequence[str]) -> frozenset[str]:
    """Collect the words that look like names: capitalised within a sentence, nowhere in lower case.

    Parameters
    ----------
    texts : sequence of str
        Sentences of one corpus.

    Returns
    -------
    frozenset of str
        As they are written. Days, months, feasts, titles and the word I are left out.

    Examples
    --------
    >>> sorted(find_names(["Rain fell on Lenz.", "Then rain and President Haslinger left on Monday.", "a president"]))
    ['Haslinger', 'Lenz']
    """
    inside: set[str] = set()
    lower: set[str] = set()
    for text in texts:
        for number, word in enumerate(_WORD.findall(text)):
            if word[0].islower():
                lower.add(word)
            elif number:
                inside.add(word)
    plain = {word: word.lower().replace("’", "'") for word in inside}
    return frozenset(word for word in inside if word.lower() not in lower and plain[word] not in _NOT_NAMES)


def check_names(texts: Sequence[str], y_true: ArrayLike, articles: ArrayLike, seed: int = 0) -> NameCheck | None:
    """Measure whether a classifier that sees only names beats one that only counts them.

    Parameters
    ----------
    texts : sequence of str
        Sentences.
    y_true, articles : array-like of shape (n_sentences,)
        Their labels and articles.
    seed : int
        Decides the folds and the resampling.

    Returns
    -------
    NameCheck or None
        ``None`` if too few sentences have a name to deal their articles into five folds.
    """
    names = find_names(texts)
    listed = [[word for word in _WORD.findall(text) if word in names] for text in texts]
    named = np.flatnonzero([bool(words) for words in listed])
    gold, group = np.asarray(y_true)[named], np.asarray(articles)[named]
    if len(set(group)) < N_FOLDS or len(set(gold)) < 2:
        return None
    which = [" ".join(listed[row]) for row in named]
    number = [f"{min(len(listed[row]), 5)}" for row in named]
    folds = article_folds(group, gold, N_FOLDS, seed)
    by_names, by_number = _right(which, gold, folds), _right(number, gold, folds)
    _, place = np.unique(group, return_inverse=True)
    gain, size = np.bincount(place, by_names - by_number), np.bincount(place).astype(float)
    weights = bootstrap_weights(len(size), N_RESAMPLES, np.random.default_rng(seed))
    low, high = interval((weights @ gain) / (weights @ size))
    majority = Counter(gold.tolist()).most_common(1)[0][1] / len(gold)
    return NameCheck(float(by_names.mean()), float(by_number.mean()), majority, low, high, len(named), len(names))


def _right(texts: Sequence[str], gold: NDArray[np.str_], folds: Sequence[Fold]) -> NDArray[np.float64]:
    """Cross-validate a classifier of white-space tokens: 1 where it is right, else 0."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    tokens = np.array(texts, dtype=object)
    model = make_pipeline(CountVectorizer(analyzer=str.split, binary=True), LogisticRegression(max_iter=500))
    right = np.zeros(len(gold))
    for seen, held in folds:
        right[held] = model.fit(tokens[seen], gold[seen]).predict(tokens[held]) == gold[held]
    return right
