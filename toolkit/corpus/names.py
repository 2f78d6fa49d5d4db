"""Texts, labels and articles of sentences -> which words are names, and whether names give labels away."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.corpus.folds import Fold, article_folds
from toolkit.corpus.words import WORD
from toolkit.statistics import bootstrap_weights, interval

N_FOLDS = 5
# Above zero: things happen in towns and people speak, so the kind of name in a sentence
# says a little about its label in any corpus.
MAX_NAME_GAIN = 0.02
N_RESAMPLES = 1000
# Capitalised in English, but not names.
_CALENDAR = frozenset(name.lower() for name in (*calendar.day_name, *calendar.month_name))
_FEASTS = frozenset({"christmas", "easter", "thanksgiving", "ramadan", "diwali"})
_FIRST_PERSON = frozenset({"i", "i'm", "i've", "i'd", "i'll"})
# A title may stand before any name.
_TITLES = frozenset(
    WORD.findall("mr mrs ms dr prof sir lord lady gov sen rep cllr gen col capt maj lt sgt adm rev mp mps")
)
_NOT_NAMES = _CALENDAR | _FEASTS | _FIRST_PERSON | _TITLES


@dataclass(frozen=True, slots=True)
class NameCheck:
    """How well labels are predicted from names alone, measured on the sentences that have one.

    Attributes
    ----------
    accuracy : float
        Accuracy of a classifier that sees only the names, cross-validated by article.
    by_number : float
        Accuracy of one that sees only how many names there are. It is the fair comparison:
        an accusation has two parties in any corpus.
    majority : float
        Proportion of the most common label.
    low, high : float
        95 % interval of ``accuracy - by_number``, from bootstrap resamples of articles.
    n_sentences, n_names : int
        Sentences with a name, and distinct names in the corpus.
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
        """Whether the whole interval lies above a gain of two percentage points."""
        return self.low > MAX_NAME_GAIN


def find_names(texts: Sequence[str]) -> frozenset[str]:
    """Collect the words that look like names: capitalised within a sentence, never in lower case.

    Parameters
    ----------
    texts : sequence of str
        Sentences of one corpus.

    Returns
    -------
    frozenset of str
        As written. Days, months, feasts, titles and the word I are left out.

    Examples
    --------
    >>> sorted(find_names(["Rain fell on Lenz.", "Then rain and President Haslinger left on Monday.", "a president"]))
    ['Haslinger', 'Lenz']
    """
    inside: set[str] = set()
    lower: set[str] = set()
    for text in texts:
        for index, word in enumerate(WORD.findall(text)):
            if word[0].islower():
                lower.add(word)
            elif index:
                inside.add(word)
    return frozenset(
        word for word in inside if word.lower() not in lower and word.lower().replace("’", "'") not in _NOT_NAMES
    )


def check_names(texts: Sequence[str], y_true: ArrayLike, articles: ArrayLike, seed: int = 0) -> NameCheck | None:
    """Measure whether a classifier that sees only names beats one that sees only their number.

    Parameters
    ----------
    texts : sequence of str
        Sentences.
    y_true, articles : array-like of shape (n_sentences,)
        Their labels and articles.
    seed : int
        Decides the folds and the resamples.

    Returns
    -------
    NameCheck or None
        ``None`` if the sentences with a name come from fewer than five articles, or have
        fewer than two labels.

    Examples
    --------
    >>> texts = [f"Snow fell on {name}." for name in ("Lenz", "Karsk")] * 10
    >>> check_names(texts, ["denial", "none"] * 10, range(20)).accuracy
    1.0
    """
    names = find_names(texts)
    names_of = [[word for word in WORD.findall(text) if word in names] for text in texts]
    named = np.flatnonzero([bool(words) for words in names_of])
    gold, group = np.asarray(y_true)[named], np.asarray(articles)[named]
    if len(set(group)) < N_FOLDS or len(set(gold)) < 2:
        return None
    joined = [" ".join(names_of[row]) for row in named]
    numbers = [f"{min(len(names_of[row]), 5)}" for row in named]
    folds = article_folds(group, gold, N_FOLDS, seed)
    from_names, from_number = _correct(joined, gold, folds), _correct(numbers, gold, folds)
    _, article = np.unique(group, return_inverse=True)
    gain, size = np.bincount(article, from_names - from_number), np.bincount(article).astype(float)
    weights = bootstrap_weights(len(size), N_RESAMPLES, np.random.default_rng(seed))
    low, high = interval((weights @ gain) / (weights @ size))
    majority = Counter(gold.tolist()).most_common(1)[0][1] / len(gold)
    return NameCheck(float(from_names.mean()), float(from_number.mean()), majority, low, high, len(named), len(names))


def _correct(texts: Sequence[str], gold: NDArray[np.str_], folds: Sequence[Fold]) -> NDArray[np.float64]:
    """Cross-validate a classifier of white-space tokens: 1 where its prediction is correct, else 0."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    tokens = np.array(texts, dtype=object)
    model = make_pipeline(CountVectorizer(analyzer=str.split, binary=True), LogisticRegression(max_iter=500))
    correct = np.zeros(len(gold))
    for train, test in folds:
        correct[test] = model.fit(tokens[train], gold[train]).predict(tokens[test]) == gold[test]
    return correct
