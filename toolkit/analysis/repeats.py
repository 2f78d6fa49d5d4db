"""Confusions of the folds of repeated k-fold cross-validation -> their mean scores, and paired tests of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Count, NumberOrNan, Record
from toolkit.analysis.scores import Estimate
from toolkit.labels import LabelSet
from toolkit.statistics import Counts, corrected_interval, corrected_mean, corrected_t_test, holm, metrics

# Hexadecimal digits of the digest that identifies the articles of a fold.
N_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FoldCounts(Record):
    """One fold of one repetition: its articles, and the predictions on those held out.

    Attributes
    ----------
    repeat : int
        From 1, which is the cross-validation of ``predictions.csv``.
    fold : int
        From 0.
    seed : int
        Of the repetition: it determines the folds, the inner folds and the classifier's
        random state.
    n_train, n_test : int
        Number of articles trained on and held out.
    articles : str
        Digest of the names of the held-out articles.
    chosen : mapping
        Hyper-parameters chosen.
    confusion : tuple of tuple of int
        Held-out sentences; rows are gold labels, columns predicted ones.
    """

    repeat: Count
    fold: Count
    seed: Count
    n_train: Count
    n_test: Count
    articles: str
    chosen: dict[str, Any]
    confusion: tuple[tuple[Count, ...], ...]


@dataclass(frozen=True, slots=True)
class FoldScores(FoldCounts):
    """A fold with its macro F1 over the acts and its F1 by label, as a report holds it."""

    headline: NumberOrNan
    f1: dict[str, NumberOrNan]


@dataclass(frozen=True, slots=True)
class MeanF1(Record):
    """F1 of one label, averaged over all folds, with its corrected interval."""

    name: str
    f1: Estimate


@dataclass(frozen=True, slots=True)
class RepeatedScores(Record):
    """Scores over repeated k-fold cross-validation, as a report holds them.

    Attributes
    ----------
    n_repeats : int
        Number of repetitions, the first included.
    headline : Estimate
        Macro F1 over the acts, averaged over all folds, with its corrected interval.
    labels : tuple of MeanF1
        In the order of the label set.
    pooled : tuple of float
        Macro F1 over all sentences of each repetition.
    folds : tuple of FoldScores
        By repetition and fold.
    """

    n_repeats: Count
    headline: Estimate
    labels: tuple[MeanF1, ...]
    pooled: tuple[NumberOrNan, ...]
    folds: tuple[FoldScores, ...]


@dataclass(frozen=True)
class Repeats:
    """Repeated k-fold cross-validation, counted by fold.

    Attributes
    ----------
    labels : LabelSet
        Order of the confusions.
    folds : tuple of FoldCounts
        By repetition and fold.

    Examples
    --------
    The first model predicts the other label for two of four sentences:

    >>> labels = LabelSet.from_names(["a", "b"])
    >>> folds = [FoldCounts(1, k, 0, 9, 9, str(k), {}, ((n, 4 - n), (0, 4))) for k, n in enumerate((2, 4))]
    >>> repeats = Repeats(labels, tuple(folds))
    >>> repeats.headlines().round(3).tolist(), round(repeats.headline().value, 3)
    ([0.733, 1.0], 0.867)
    """

    labels: LabelSet
    folds: tuple[FoldCounts, ...]

    @property
    def n_repeats(self) -> int:
        """Number of repetitions, the first included."""
        return max(fold.repeat for fold in self.folds)

    @cached_property
    def fold_assignment(self) -> tuple[tuple[int, int, int, int, str], ...]:
        """The articles of each fold; runs of equal assignment can be compared fold by fold."""
        return tuple((fold.repeat, fold.fold, fold.n_train, fold.n_test, fold.articles) for fold in self.folds)

    @property
    def n_train(self) -> list[int]:
        """Number of articles that each fold's model was trained on."""
        return [fold.n_train for fold in self.folds]

    @property
    def n_test(self) -> list[int]:
        """Number of articles that each fold held out."""
        return [fold.n_test for fold in self.folds]

    @cached_property
    def confusions(self) -> Counts:
        """Confusions of the folds, shape (n_folds, n_labels, n_labels)."""
        return np.array([fold.confusion for fold in self.folds], dtype=float)

    def headlines(self) -> NDArray[np.float64]:
        """Score each fold by itself: macro F1 over the acts, shape (n_folds,)."""
        return metrics.macro_f1(self.confusions, self._acts())

    def sums(self) -> Counts:
        """Add up the confusions of each repetition, shape (n_repeats, n_labels, n_labels)."""
        repeat = np.array([fold.repeat for fold in self.folds])
        return np.array([self.confusions[repeat == number].sum(axis=0) for number in range(1, self.n_repeats + 1)])

    def pooled(self) -> NDArray[np.float64]:
        """Score all sentences of each repetition together, shape (n_repeats,)."""
        return metrics.macro_f1(self.sums(), self._acts())

    def headline(self) -> Estimate:
        """Average the headline score over all folds, with its corrected interval; ``nan`` if a fold has none."""
        return self._mean(self.headlines())

    def label_f1(self) -> tuple[Estimate, ...]:
        """Average F1 over all folds, in the order of the labels; ``nan`` if it is undefined in a fold."""
        return tuple(self._mean(scores) for scores in metrics.f1(self.confusions).T)

    def _acts(self) -> list[int]:
        return [self.labels.index(name) for name in self.labels.acts]

    def _mean(self, scores: NDArray[np.float64]) -> Estimate:
        return _mean_of_folds(scores, self.n_train, self.n_test)

    def scores(self) -> RepeatedScores:
        """Return counts and scores of each fold and of all folds together."""
        names = self.labels.names
        by_label = (dict(zip(names, scores, strict=True)) for scores in metrics.f1(self.confusions).tolist())
        rows = zip(self.folds, self.headlines().tolist(), by_label, strict=True)
        means = zip(names, self.label_f1(), strict=True)
        return RepeatedScores(
            n_repeats=self.n_repeats,
            headline=self.headline(),
            labels=tuple(MeanF1(name, mean) for name, mean in means),
            pooled=tuple(self.pooled().tolist()),
            folds=tuple(FoldScores(**_counts_of(fold), headline=headline, f1=f1) for fold, headline, f1 in rows),
        )

    def summary(self) -> dict[str, Any]:
        """Return the scores of all folds together as plain data; undefined is ``None``."""
        return {key: value for key, value in self.to_dict().items() if key != "folds"}

    def to_dict(self) -> dict[str, Any]:
        """Return all scores as plain data; undefined is ``None``."""
        return self.scores().to_dict()


def _counts_of(fold: FoldCounts) -> dict[str, Any]:
    return {field.name: getattr(fold, field.name) for field in fields(FoldCounts)}


def _mean_of_folds(scores: NDArray[np.float64], n_train: Sequence[int], n_test: Sequence[int]) -> Estimate:
    if len(scores) < 2 or np.isnan(scores).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(corrected_mean(scores, n_train, n_test).value, *corrected_interval(scores, n_train, n_test))


def check_repeats(scores: RepeatedScores, predictions: Predictions, n_repeats: int) -> Repeats:
    """Check that folds read from a report are those of its run; scores are then computed anew.

    Parameters
    ----------
    scores : RepeatedScores
        As in ``report.json``.
    predictions : Predictions
        Of the run: the first repetition made them.
    n_repeats : int
        As in the run's settings.

    Raises
    ------
    ValueError
        If the folds are not those of this run.
    """
    folds = tuple(FoldCounts(**_counts_of(fold)) for fold in scores.folds)
    n_labels = len(predictions.labels.names)
    for fold in folds:
        rows = {len(fold.confusion), *map(len, fold.confusion)}
        if rows != {n_labels} or not (fold.n_train and fold.n_test):
            raise ValueError(f"fold {fold.fold} of repetition {fold.repeat} has impossible counts")
    if sorted({fold.repeat for fold in folds}) != list(range(1, n_repeats + 1)):
        raise ValueError(f"the folds are not those of repetitions 1 to {n_repeats}")
    if len({(fold.repeat, fold.fold) for fold in folds}) < len(folds):
        raise ValueError("a fold of a repetition is there twice")
    repeats = Repeats(predictions.labels, folds)
    train = predictions.take("train")
    if {fold.n_train + fold.n_test for fold in folds} != {len(set(train.article))}:
        raise ValueError("a fold has more or fewer articles than the run")
    expected = metrics.confusion(train.gold, train.predicted, predictions.labels.names)
    sums = repeats.sums()
    if np.any(sums[0] != expected) or np.any(sums.sum(axis=-1) != expected.sum(axis=-1)):
        raise ValueError("the folds hold out other sentences than those predicted")
    return repeats


@dataclass(frozen=True, slots=True)
class FoldComparison:
    """Two runs compared on the same folds of repeated cross-validation.

    Attributes
    ----------
    first, second : int
        Indices of the two runs, first before second.
    value, low, high : float
        Headline score of the first minus that of the second, averaged over the folds, and its
        corrected 95 % interval.
    p_value : float
        Of the corrected t-test.
    p_corrected : float
        The same, corrected by Holm for all pairs tested.
    n_folds : int
        Of all repetitions.
    """

    first: int
    second: int
    value: float
    low: float
    high: float
    p_value: float
    p_corrected: float
    n_folds: int


def compare_folds(repeats: Sequence[Repeats | None]) -> tuple[FoldComparison, ...]:
    """Test every pair of runs that have the same folds.

    Parameters
    ----------
    repeats : sequence of Repeats or None
        One per run; ``None`` for a run that does not repeat its cross-validation.

    Returns
    -------
    tuple of FoldComparison
        In the order (0, 1), (0, 2), … of the pairs with equal fold assignment; all values of
        a pair are ``nan`` if a fold has no score.

    Examples
    --------
    The first run scores higher in both folds, by nearly as much:

    >>> labels = LabelSet.from_names(["a", "b"])
    >>> def run(*n_correct):
    ...     counts = [((n, 8 - n), (0, 8)) for n in n_correct]
    ...     return Repeats(labels, tuple(FoldCounts(1, k, 0, 9, 9, str(k), {}, one) for k, one in enumerate(counts)))
    >>> [pair] = compare_folds([run(7, 8), None, run(4, 5)])
    >>> pair.first, pair.second, round(pair.value, 3), round(pair.p_value, 3)
    (0, 2, 0.199, 0.027)
    """
    pairs = [
        _compare(row, other, first, second)
        for row, first in enumerate(repeats)
        for other, second in enumerate(repeats[row + 1 :], row + 1)
        if first is not None and second is not None and first.fold_assignment == second.fold_assignment
    ]
    corrected = holm([pair.p_value for pair in pairs])
    return tuple(replace(pair, p_corrected=p_value) for pair, p_value in zip(pairs, corrected, strict=True))


def _compare(first_index: int, second_index: int, first: Repeats, second: Repeats) -> FoldComparison:
    first_scores, second_scores = first.headlines(), second.headlines()
    sizes = first.n_train, first.n_test
    mean = _mean_of_folds(first_scores - second_scores, *sizes)
    p_value = float("nan") if np.isnan(mean.value) else corrected_t_test(first_scores, second_scores, *sizes)
    return FoldComparison(
        first_index, second_index, mean.value, mean.low, mean.high, p_value, p_value, len(first_scores)
    )
