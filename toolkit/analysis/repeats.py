"""TODO toolkit.analysis.repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.scores import Estimate, without_nan
from toolkit.labels import LabelSet
from toolkit.statistics import metrics
from toolkit.statistics.fold_tests import corrected_interval, corrected_mean, corrected_t_test
from toolkit.statistics.metrics import Counts
from toolkit.statistics.permutation import holm

# Hexadecimal digits that tell one fold's articles from another's.
N_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FoldCounts:
    """What one fold was dealt, and what its model says of the articles held out.

    Attributes
    ----------
    repeat : int
        From 1, which is the cross-validation of ``predictions.csv``.
    fold : int
        From 0.
    seed : int
        Of the repeat: it decides the folds, the inner ones and the classifier's own draws.
    n_train, n_test : int
        Articles learned from and held out.
    articles : str
        Digest of the names of those held out.
    chosen : mapping
        Hyper-parameters chosen.
    confusion : tuple of tuple of int
        Sentences held out; row: gold, column: predicted.
    """

    repeat: int
    fold: int
    seed: int
    n_train: int
    n_test: int
    articles: str
    chosen: Mapping[str, Any]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Repeats:
    """Cross-validation with more than one dealing of the articles.

    Attributes
    ----------
    labels : LabelSet
        Order of the confusions.
    folds : tuple of FoldCounts
        Of all repeats, by repeat and fold.

    Examples
    --------
    Of four sentences of each label the first model takes two for the other:

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
        """How often the articles were dealt out."""
        return max(fold.repeat for fold in self.folds)

    @cached_property
    def dealing(self) -> tuple[tuple[int, int, int, int, str], ...]:
        """Which articles each fold learned from and held out: where equal, folds pair."""
        return tuple((fold.repeat, fold.fold, fold.n_train, fold.n_test, fold.articles) for fold in self.folds)

    @property
    def n_train(self) -> list[int]:
        """Articles that each fold learned from."""
        return [fold.n_train for fold in self.folds]

    @property
    def n_test(self) -> list[int]:
        """Articles that each fold held out."""
        return [fold.n_test for fold in self.folds]

    @cached_property
    def confusions(self) -> Counts:
        """Confusions of the folds, shape (n_folds, n_labels, n_labels)."""
        return np.array([fold.confusion for fold in self.folds], dtype=float)

    def headlines(self) -> NDArray[np.float64]:
        """Score each fold by itself: macro F1 over the acts, shape (n_folds,)."""
        return metrics.macro_f1(self.confusions, self._acts())

    def sums(self) -> Counts:
        """Add the confusions of each repeat up, shape (n_repeats, n_labels, n_labels)."""
        of_repeat = np.array([fold.repeat for fold in self.folds])
        return np.array([self.confusions[of_repeat == place + 1].sum(axis=0) for place in range(self.n_repeats)])

    def pooled(self) -> NDArray[np.float64]:
        """Score all sentences of each repeat together, shape (n_repeats,)."""
        return metrics.macro_f1(self.sums(), self._acts())

    def headline(self) -> Estimate:
        """Average the headline over all folds, with its corrected interval; ``nan`` if one has none."""
        return self._mean(self.headlines())

    def label_f1(self) -> tuple[Estimate, ...]:
        """Average F1 over all folds, in the order of the labels; ``nan`` where a fold has none of the label."""
        return tuple(self._mean(scores) for scores in metrics.f1(self.confusions).T)

    def _acts(self) -> list[int]:
        return [self.labels.index(name) for name in self.labels.acts]

    def _mean(self, scores: NDArray[np.float64]) -> Estimate:
        return _mean_of_folds(scores, self.n_train, self.n_test)

    def summary(self) -> dict[str, Any]:
        """Return what all folds say together as plain data; undefined is ``None``."""
        means = zip(self.labels.names, self.label_f1(), strict=True)
        record: dict[str, Any] = without_nan(
            {
                "n_repeats": self.n_repeats,
                "headline": asdict(self.headline()),
                "labels": [{"name": name, "f1": asdict(found)} for name, found in means],
                "pooled": self.pooled().tolist(),
            }
        )
        return record

    def to_dict(self) -> dict[str, Any]:
        """Return the summary and, of each fold, counts and scores as plain data."""
        names = self.labels.names
        scores = zip(self.headlines().tolist(), metrics.f1(self.confusions).tolist(), strict=True)
        folds = [
            {**asdict(fold), "headline": headline, "f1": dict(zip(names, by_label, strict=True))}
            for fold, (headline, by_label) in zip(self.folds, scores, strict=True)
        ]
        plain: list[dict[str, Any]] = without_nan(folds)
        return {**self.summary(), "folds": plain}


def _mean_of_folds(scores: NDArray[np.float64], n_train: Sequence[int], n_test: Sequence[int]) -> Estimate:
    if len(scores) < 2 or np.isnan(scores).any():
        return Estimate(float("nan"), float("nan"), float("nan"))
    return Estimate(corrected_mean(scores, n_train, n_test).value, *corrected_interval(scores, n_train, n_test))


def read_repeats(record: Any, predictions: Predictions, n_repeats: int) -> Repeats:
    """Read what :meth:`Repeats.to_dict` gave of a run; scores are counted anew.

    Parameters
    ----------
    record : object
        As in ``report.json``.
    predictions : Predictions
        Of the run: the first repeat is of these.
    n_repeats : int
        As the run's settings have it.

    Raises
    ------
    ValueError
        If a part is missing or of a wrong type, or the folds are not those of this run.
    """
    names = predictions.labels.names
    try:
        folds = tuple(_read_fold(fold, len(names)) for fold in record["folds"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("a fold lacks a part, or has one that is none") from error
    if sorted({fold.repeat for fold in folds}) != list(range(1, n_repeats + 1)):
        raise ValueError(f"the folds are not those of repeats 1 to {n_repeats}")
    if len({(fold.repeat, fold.fold) for fold in folds}) < len(folds):
        raise ValueError("a fold of a repeat is there twice")
    repeats = Repeats(predictions.labels, folds)
    held = predictions.take("train")
    if {fold.n_train + fold.n_test for fold in folds} != {len(set(held.article))}:
        raise ValueError("a fold has more articles than the run, or fewer")
    told = metrics.confusion(held.gold, held.predicted, names)
    sums = repeats.sums()
    if np.any(sums[0] != told) or np.any(sums.sum(axis=-1) != told.sum(axis=-1)):
        raise ValueError("the folds hold out other sentences than those predicted")
    return repeats


def _read_fold(record: Any, n_labels: int) -> FoldCounts:
    repeat, number, seed, n_train, n_test = (
        _count(record[name]) for name in ("repeat", "fold", "seed", "n_train", "n_test")
    )
    confusion = tuple(tuple(_count(cell) for cell in row) for row in record["confusion"])
    if len(confusion) != n_labels or {len(row) for row in confusion} != {n_labels} or not (n_train and n_test):
        raise ValueError(f"fold {number} of repeat {repeat} has counts that are none")
    articles, chosen = record["articles"], record["chosen"]
    if not isinstance(articles, str) or not isinstance(chosen, Mapping):
        raise ValueError(f"fold {number} of repeat {repeat} names no articles, or nothing chosen")
    return FoldCounts(repeat, number, seed, n_train, n_test, articles, dict(chosen), confusion)


def _count(value: Any) -> int:
    # Floating-point numbers count up to the limit by ones.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError("a number came that is no count; expected a whole number from 0 to 2^53")
    return value


@dataclass(frozen=True, slots=True)
class FoldComparison:
    """One pair of runs on the same folds, repeated.

    Attributes
    ----------
    first, second : int
        Places of the two runs, first before second.
    value, low, high : float
        Mean of the headline of the first minus that of the second by fold, and its
        corrected 95 % interval.
    p_value : float
        Of the corrected t-test.
    p_corrected : float
        The same, corrected by Holm for all pairs tested.
    n_folds : int
        Of all repeats.
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
    """Test every pair of runs that repeat the same folds.

    Parameters
    ----------
    repeats : sequence of Repeats or None
        One a run; ``None`` for a run that does not repeat its folds.

    Returns
    -------
    tuple of FoldComparison
        In the order (0, 1), (0, 2), … of those that repeat the same dealings; a fold without
        a score leaves its pair ``nan``.

    Examples
    --------
    The first run scores higher in both folds, by near as much:

    >>> labels = LabelSet.from_names(["a", "b"])
    >>> def run(*right):
    ...     counts = [((n, 8 - n), (0, 8)) for n in right]
    ...     return Repeats(labels, tuple(FoldCounts(1, k, 0, 9, 9, str(k), {}, one) for k, one in enumerate(counts)))
    >>> [pair] = compare_folds([run(7, 8), None, run(4, 5)])
    >>> pair.first, pair.second, round(pair.value, 3), round(pair.p_value, 3)
    (0, 2, 0.199, 0.027)
    """
    found = []
    for place, first in enumerate(repeats):
        for other in range(place + 1, len(repeats)):
            second = repeats[other]
            if first is not None and second is not None and first.dealing == second.dealing:
                found.append(_compare((place, other), first, second))
    corrected = holm([pair.p_value for pair in found])
    return tuple(replace(pair, p_corrected=p_value) for pair, p_value in zip(found, corrected, strict=True))


def _compare(places: tuple[int, int], first: Repeats, second: Repeats) -> FoldComparison:
    ours, theirs = first.headlines(), second.headlines()
    sizes = first.n_train, first.n_test
    found = _mean_of_folds(ours - theirs, *sizes)
    p_value = float("nan") if np.isnan(found.value) else corrected_t_test(ours, theirs, *sizes)
    return FoldComparison(*places, found.value, found.low, found.high, p_value, p_value, len(ours))
