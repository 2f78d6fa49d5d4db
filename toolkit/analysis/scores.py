"""Pipeline and folds -> predictions -> scores with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions, select_rows
from toolkit.labels import LabelSet
from toolkit.statistics import metrics
from toolkit.statistics.intervals import Estimate as Estimate
from toolkit.statistics.intervals import distance_interval, interval
from toolkit.statistics.metrics import ArticleCounts, Counts
from toolkit.statistics.paired import compare_pair, make_resamples
from toolkit.statistics.resampling import Statistic, resample, sum_counts, weighted_sums


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Scores of one label; ``support`` is the number of its gold sentences."""

    name: str
    title: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class Scores:
    """All scores of some predictions.

    Attributes
    ----------
    headline : Estimate
        Macro F1 over the labels that are not background.
    labels : tuple of LabelScores
        In the order of the label set, the background among them.
    accuracy, mcc : Estimate
        Over all sentences, background included.
    log_loss, brier, calibration_error : Estimate
        In nats, in [0, 2] and in [0, 1].
    confusion : tuple of tuple of int
        Row: gold; column: predicted.
    n_sentences, n_articles, n_resamples : int
        What the scores rest on.
    """

    headline: Estimate
    labels: tuple[LabelScores, ...]
    accuracy: Estimate
    mcc: Estimate
    log_loss: Estimate
    brier: Estimate
    calibration_error: Estimate
    confusion: tuple[tuple[int, ...], ...]
    n_sentences: int
    n_articles: int
    n_resamples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain data; undefined is ``None``."""
        record: dict[str, Any] = without_nan(asdict(self))
        return record


def score_predictions(
    predictions: Predictions, n_resamples: int = 2000, seed: int = 0, weights: NDArray[np.float64] | None = None
) -> Scores:
    """Score predictions, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    n_resamples : int
        Articles are drawn this often.
    seed : int
        Decides the draws.
    weights : ndarray of shape (n_resamples, n_articles), optional
        The draws themselves, where several systems share them; the seed is then not used.

    Returns
    -------
    Scores

    Raises
    ------
    ValueError
        If there is no sentence.
    """
    labels = predictions.labels
    counts = predictions.count()
    once = sum_counts(counts)
    if weights is None:
        resampled = resample(counts, n_resamples, np.random.default_rng(seed))
    else:
        resampled = weighted_sums(counts, weights)

    def estimate(scoring: Statistic) -> Estimate:
        return Estimate(float(scoring(once)), *interval(scoring(resampled)))

    def by_label(scoring: Callable[[Counts], Counts], place: int) -> Estimate:
        return estimate(lambda summed: scoring(summed.confusion)[..., place])

    rows = tuple(
        LabelScores(
            name=label.name,
            title=label.title,
            support=int(once.confusion[place].sum()),
            precision=by_label(metrics.precision, place),
            recall=by_label(metrics.recall, place),
            f1=by_label(metrics.f1, place),
        )
        for place, label in enumerate(labels.labels)
    )
    return Scores(
        headline=estimate(headline_statistic(labels)),
        labels=rows,
        accuracy=estimate(lambda summed: metrics.accuracy(summed.confusion)),
        mcc=estimate(lambda summed: metrics.mcc(summed.confusion)),
        log_loss=estimate(lambda summed: metrics.log_loss(summed.losses, _size(summed))),
        brier=estimate(lambda summed: metrics.brier(summed.losses, _size(summed))),
        calibration_error=calibration_error(resampled.bins, once.bins, len(counts.bins)),
        confusion=tuple(tuple(int(cell) for cell in row) for row in once.confusion),
        n_sentences=len(predictions),
        n_articles=len(counts.confusion),
        n_resamples=len(resampled.confusion),
    )


def calibration_error(resampled: Counts, once: Counts, n_articles: int) -> Estimate:
    """Return the expected calibration error with its interval.

    Parameters
    ----------
    resampled, once : ndarray of shape (n_resamples, n_bins, 3) and (n_bins, 3)
        As :func:`toolkit.statistics.metrics.expected_calibration_error` takes them.
    n_articles : int
        Articles drawn.
    """
    drawn, gaps = metrics.calibration_gaps(resampled), metrics.calibration_gaps(once)
    return Estimate(float(metrics.expected_calibration_error(once)), *distance_interval(drawn, gaps, n_articles))


def headline_statistic(labels: LabelSet) -> Statistic:
    """Return the headline score of a label set: counts in, macro F1 over its acts out."""
    acts = [labels.index(name) for name in labels.acts]

    def score(summed: ArticleCounts) -> Counts:
        return metrics.macro_f1(summed.confusion, acts)

    return score


def _size(summed: ArticleCounts) -> Counts:
    size: Counts = summed.confusion.sum(axis=(-2, -1))
    return size


@dataclass(frozen=True, slots=True)
class Difference:
    """Headline of one system minus that of another on the same sentences.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval over resampled articles.
    p_value : float
        Of the two-sided randomisation test that swaps whole articles.
    """

    value: float
    low: float
    high: float
    p_value: float


def compare_predictions(first: Predictions, second: Predictions, n_resamples: int = 2000, seed: int = 0) -> Difference:
    """Compare two systems on the same sentences: headline of first minus second.

    Raises
    ------
    ValueError
        If the sentences or their gold labels are not the same.
    """
    for name in ("article", "position", "gold"):
        if getattr(first, name) != getattr(second, name):
            raise ValueError(f"the two predictions differ in {name}; compare systems on the same sentences")
    one, two = (metrics.confusion_only(predictions.count()) for predictions in (first, second))
    ours, theirs = (np.array(told.predicted) == np.array(told.gold) for told in (first, second))
    draws = make_resamples(len(one.confusion), n_resamples, np.random.default_rng(seed))
    found = compare_pair(one, two, ours, theirs, headline_statistic(first.labels), draws)
    return Difference(found.value, found.low, found.high, found.p_value)


def lenient_gold(gold: Sequence[str], predicted: Sequence[str], also: Sequence[str | None]) -> list[str]:
    """Return gold labels in which a prediction that is also defensible counts as right.

    Examples
    --------
    >>> lenient_gold(["denial", "denial"], ["statement", "statement"], ["statement", ""])
    ['statement', 'denial']
    """
    return [other if guess == other else name for name, guess, other in zip(gold, predicted, also, strict=True)]


def without_nan(value: Any) -> Any:
    """Turn each ``nan`` in plain data into ``None``, since JSON has no undefined number."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    if isinstance(value, float) and np.isnan(value):
        return None
    return value


def score_by_ambiguity(
    predictions: Predictions, also: Sequence[str | None] | None, n_resamples: int = 2000, seed: int = 0
) -> dict[str, Scores]:
    """Score predictions strictly, leniently, and on unambiguous sentences alone.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    also : sequence of str or None
        The second label a careful reader could defend, empty where there is none.
    n_resamples, seed : int
        How often sentences are drawn, and what decides the draws.

    Returns
    -------
    dict
        ``strict``: the gold label only. Where ``also`` is given, ``lenient``: a
        prediction equal to it counts as right; ``unambiguous``: only sentences without.
    """
    graded = {"strict": score_predictions(predictions, n_resamples, seed)}
    if also is None:
        return graded
    lenient = replace(predictions, gold=tuple(lenient_gold(predictions.gold, predictions.predicted, also)))
    graded["lenient"] = score_predictions(lenient, n_resamples, seed)
    plain = [row for row, other in enumerate(also) if not other]
    if plain:
        graded["unambiguous"] = score_predictions(select_rows(predictions, plain), n_resamples, seed)
    return graded
