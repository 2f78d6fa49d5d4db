"""Sentences -> labels or features by lists of cues: the rule-based baseline, and indicators beside n-grams."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

# A rule's label gets more than half of the probability, so that it is always the most probable.
MIN_CONFIDENCE = 0.51


class KeywordRules(ClassifierMixin, BaseEstimator):
    """Label a sentence by the first rule with a cue in it, or else by the fallback.

    Parameters
    ----------
    rules : sequence of (label, (cue, cue, ...))
        Tried in order. A cue is a word or phrase between word boundaries, in upper or lower
        case; a ``*`` at its end matches any ending.
    fallback : str
        Label where no rule has a cue.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels of the training data, sorted, as in scikit-learn.
    confidences_ : ndarray of shape (n_rules + 1,)
        How often each rule (last: the fallback) was correct in training, at least 0.51.
    priors_ : ndarray of shape (n_labels,)
        Proportion of each label in training; the rest of the probability is divided by these.

    Examples
    --------
    >>> rules = KeywordRules(rules=[("denial", ("den*",))], fallback="none")
    >>> fitted = rules.fit(["He denied it.", "It rained."], ["denial", "none"])
    >>> fitted.predict(["She denies everything.", "They left."]).tolist()
    ['denial', 'none']
    """

    def __init__(self, rules: Sequence[tuple[str, Sequence[str]]] = (), fallback: str = "none") -> None:
        self.rules = rules
        self.fallback = fallback

    def fit(self, X: Sequence[str], y: ArrayLike) -> KeywordRules:
        """Learn how often each rule is correct; the rules themselves are fixed.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        y : array-like of shape (n_sentences,)
            Gold labels.
        """
        gold = np.asarray(y)
        rule_labels = [label for label, _ in self.rules] + [self.fallback]
        self.classes_ = np.unique(np.concatenate([gold, np.asarray(rule_labels)]))
        self.priors_ = np.array([np.mean(gold == name) for name in self.classes_])
        fired = self._fired(X)
        self.confidences_ = np.full(len(rule_labels), MIN_CONFIDENCE)
        for rule, label in enumerate(rule_labels):
            of_rule = gold[fired == rule]
            # Laplace's rule of succession: a rule that applied once is not certain.
            proportion = (np.sum(of_rule == label) + 1) / (len(of_rule) + 2)
            self.confidences_[rule] = max(proportion, MIN_CONFIDENCE)
        return self

    def predict(self, X: Sequence[str]) -> NDArray[np.str_]:
        """Return the label of each sentence, shape (n_sentences,)."""
        check_is_fitted(self)
        rule_labels = np.array([label for label, _ in self.rules] + [self.fallback])
        predicted: NDArray[np.str_] = rule_labels[self._fired(X)]
        return predicted

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns as ``classes_``."""
        check_is_fitted(self)
        return self.rule_table()[self._fired(X)]

    def rule_table(self) -> NDArray[np.float64]:
        """Return the probabilities of each rule, shape (n_rules + 1, n_labels); the last row is the fallback's."""
        rule_labels = [label for label, _ in self.rules] + [self.fallback]
        table = np.empty((len(rule_labels), len(self.classes_)))
        for rule, label in enumerate(rule_labels):
            own = self.classes_ == label
            others = np.where(own, 0.0, self.priors_ + 1e-9)
            table[rule] = others / others.sum() * (1 - self.confidences_[rule]) if others.any() else 0.0
            table[rule, own] = 1.0 - table[rule].sum()
        return table

    def _fired(self, sentences: Sequence[str]) -> NDArray[np.intp]:
        """Return the number of the first rule with a cue in each sentence; the number of rules if there is none."""
        patterns = [_pattern(cues) for _, cues in self.rules]
        return np.array(
            [
                next((rule for rule, pattern in enumerate(patterns) if pattern.search(sentence)), len(patterns))
                for sentence in sentences
            ],
            dtype=np.intp,
        )


class CueIndicators(TransformerMixin, BaseEstimator):
    """Indicate for each sentence which rules have a cue in it, and which of these is the first.

    Parameters
    ----------
    rules : sequence of (label, (cue, cue, ...))
        As in :class:`KeywordRules`.
    weight : float
        Value of an indicator. Rows of tf-idf weights have norm 1; at one half, cues count as well
        as these without dominating them.

    Examples
    --------
    >>> cues = CueIndicators([("denial", ("denied",)), ("statement", ("said",))], weight=1.0)
    >>> cues.fit_transform(["He said he denied it."]).toarray().tolist()
    [[1.0, 1.0, 1.0, 0.0]]
    """

    def __init__(self, rules: Sequence[tuple[str, Sequence[str]]] = (), weight: float = 0.5) -> None:
        self.rules = rules
        self.weight = weight

    def fit(self, X: Sequence[str], y: ArrayLike | None = None) -> CueIndicators:
        """Learn nothing; the rules are fixed."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def transform(self, X: Sequence[str]) -> csr_matrix:
        """Return indicators, shape (n_sentences, 2 * n_rules): any cue of each rule, then its being the first."""
        find = _finder(tuple(tuple(cues) for _, cues in self.rules))
        present = np.array([find(sentence) for sentence in X], dtype=bool).reshape(len(X), len(self.rules))
        first = present & (np.cumsum(present, axis=1) == 1)
        return csr_matrix(np.hstack([present, first]) * self.weight)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return a name for each column, shape (2 * n_rules,)."""
        names = [f"{label} {number}" for number, (label, _) in enumerate(self.rules, 1)]
        return np.array([f"{kind} cue: {name}" for kind in ("any", "first") for name in names], dtype=object)


@lru_cache(maxsize=8)
def _finder(rules: tuple[tuple[str, ...], ...]) -> Callable[[str], tuple[bool, ...]]:
    """Return a function of a sentence that tells which rules have a cue in it, cached across folds of a search."""
    patterns = [_pattern(cues) for cues in rules]

    @lru_cache(maxsize=50_000)
    def find(sentence: str) -> tuple[bool, ...]:
        return tuple(bool(pattern.search(sentence)) for pattern in patterns)

    return find


def _pattern(cues: Sequence[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for cue in cues)
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)
