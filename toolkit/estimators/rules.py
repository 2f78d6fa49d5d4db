"""Rule lists in scikit-learn: a classifier (the baseline that every reader wonders about) and features."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

# A rule's label keeps more than half of the probability, so that the most probable
# label is always the rule's own.
LEAST_CONFIDENCE = 0.51


class KeywordRules(ClassifierMixin, BaseEstimator):
    """Label a sentence by the first rule with a cue in it, else by the fallback.

    Parameters
    ----------
    rules : sequence of (label, (cue, cue, ...))
        Tried in order. A cue is a word or phrase that must stand between word
        boundaries, in any case; a ``*`` at its end takes any ending.
    fallback : str
        Label where no rule speaks.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels of the training data, sorted, as in scikit-learn.
    confidences_ : ndarray of shape (n_rules + 1,)
        How often each rule (last: the fallback) was right in training, at least 0.51.
    priors_ : ndarray of shape (n_labels,)
        Share of each label in training; what a rule leaves over is dealt out by it.

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
        """Learn how far each rule is to be trusted; the rules themselves are fixed.

        Parameters
        ----------
        X : sequence of str
            Sentences.
        y : array-like of shape (n_sentences,)
            Gold labels.
        """
        gold = np.asarray(y)
        spoken = [label for label, _ in self.rules] + [self.fallback]
        self.classes_ = np.unique(np.concatenate([gold, np.asarray(spoken)]))
        self.priors_ = np.array([np.mean(gold == name) for name in self.classes_])
        fired = self._fired(X)
        self.confidences_ = np.full(len(spoken), LEAST_CONFIDENCE)
        for rule, label in enumerate(spoken):
            mine = gold[fired == rule]
            # One right and one wrong beforehand: a rule seen once is not certain.
            share = (np.sum(mine == label) + 1) / (len(mine) + 2)
            self.confidences_[rule] = max(share, LEAST_CONFIDENCE)
        return self

    def predict(self, X: Sequence[str]) -> NDArray[np.str_]:
        """Return the label of each sentence, shape (n_sentences,)."""
        check_is_fitted(self)
        spoken = np.array([label for label, _ in self.rules] + [self.fallback])
        predicted: NDArray[np.str_] = spoken[self._fired(X)]
        return predicted

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns as ``classes_``."""
        check_is_fitted(self)
        return self.rule_table()[self._fired(X)]

    def rule_table(self) -> NDArray[np.float64]:
        """Return the probabilities that each rule gives, shape (n_rules + 1, n_labels); last, the fallback."""
        spoken = [label for label, _ in self.rules] + [self.fallback]
        table = np.empty((len(spoken), len(self.classes_)))
        for rule, label in enumerate(spoken):
            own = self.classes_ == label
            others = np.where(own, 0.0, self.priors_ + 1e-9)
            table[rule] = others / others.sum() * (1 - self.confidences_[rule]) if others.any() else 0.0
            table[rule, own] = 1.0 - table[rule].sum()
        return table

    def _fired(self, sentences: Sequence[str]) -> NDArray[np.intp]:
        """Return the number of the first rule with a cue in each sentence."""
        patterns = [_pattern(cues) for _, cues in self.rules]
        return np.array(
            [
                next((rule for rule, pattern in enumerate(patterns) if pattern.search(sentence)), len(patterns))
                for sentence in sentences
            ],
            dtype=np.intp,
        )


class CueIndicators(TransformerMixin, BaseEstimator):
    """Say of each sentence which rules have a cue in it, and which is the first.

    Parameters
    ----------
    rules : sequence of (label, (cue, cue, ...))
        As in :class:`KeywordRules`.
    weight : float
        Value of a feature that is on. A row of tf-idf weights has length 1; at one half
        a cue is heard beside it and does not drown it.

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
        """Return indicators, shape (n_sentences, 2 * n_rules): any cue, then first cue."""
        find = _finder(tuple(tuple(cues) for _, cues in self.rules))
        present = np.array([find(sentence) for sentence in X], dtype=bool).reshape(len(X), len(self.rules))
        first = present & (np.cumsum(present, axis=1) == 1)
        return csr_matrix(np.hstack([present, first]) * self.weight)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return a name for each column, shape (2 * n_rules,)."""
        spoken = [f"{label} {number}" for number, (label, _) in enumerate(self.rules, 1)]
        return np.array([f"{kind} cue: {name}" for kind in ("any", "first") for name in spoken], dtype=object)


@lru_cache(maxsize=8)
def _finder(rules: tuple[tuple[str, ...], ...]) -> Callable[[str], tuple[bool, ...]]:
    """Return what says which rules have a cue in a sentence, and remembers it: the folds of a search share theirs."""
    patterns = [_pattern(cues) for cues in rules]

    @lru_cache(maxsize=50_000)
    def find(sentence: str) -> tuple[bool, ...]:
        return tuple(bool(pattern.search(sentence)) for pattern in patterns)

    return find


def _pattern(cues: Sequence[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(cue).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for cue in cues)
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)
