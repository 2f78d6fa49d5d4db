"""Predictions -> scores with 95 % intervals, and the difference between two systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions, select_rows
from toolkit.analysis.records import Count, Number, NumberOrNan, Record
from toolkit.labels import LabelSet
from toolkit.statistics import (
    ArticleCounts,
    Counts,
    Estimate as PlainEstimate,
    Statistic,
    compare_pair,
    distance_interval,
    interval,
    make_resamples,
    metrics,
    resample,
    sum_counts,
    weighted_sums,
)

# Proportions of sentences that have a label, for which its precision is worked out.
BASE_RATES = (0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.5)
MAX_RARE = 0.1


@dataclass(frozen=True, slots=True)
class Estimate(Record, PlainEstimate):
    """A score and its 95 % interval, over resampled articles unless stated otherwise; undefined is null in JSON."""

    value: NumberOrNan
    low: NumberOrNan
    high: NumberOrNan


@dataclass(frozen=True, slots=True)
class LabelScores(Record):
    """Scores of one label; ``support`` is the number of its gold sentences.

    Attributes
    ----------
    gold_proportion, predicted_proportion : Estimate or None
        Proportions of all sentences. Reports of earlier versions lack these and the next.
    expected_precision : tuple of Estimate
        Where the label is as common as each of ``Scores.base_rates``.
    """

    name: str
    title: str
    support: Count
    precision: Estimate
    recall: Estimate
    f1: Estimate
    gold_proportion: Estimate | None = None
    predicted_proportion: Estimate | None = None
    expected_precision: tuple[Estimate, ...] = ()


@dataclass(frozen=True, slots=True)
class RareLabels(Record):
    """Labels that few sentences have, by name, and the precision of all predictions of one of them."""

    names: tuple[str, ...]
    precision: Estimate


@dataclass(frozen=True, slots=True)
class Scores(Record):
    """All scores of some predictions.

    Attributes
    ----------
    headline : Estimate
        Macro F1 over the labels that are not background.
    labels : tuple of LabelScores
        In the order of the label set, the background included.
    accuracy, mcc : Estimate
        Over all sentences, background included.
    log_loss, brier, calibration_error : Estimate
        In nats, in [0, 2] and in [0, 1].
    confusion : tuple of tuple of int
        Counts; rows are gold labels, columns predicted ones.
    n_sentences, n_articles, n_resamples : int
        What the scores were computed from.
    base_rates : tuple of float
        Proportions of sentences for which each label has an expected precision.
    rare : RareLabels or None
        ``None`` if no label is rare.
    """

    headline: Estimate
    labels: tuple[LabelScores, ...]
    accuracy: Estimate
    mcc: Estimate
    log_loss: Estimate
    brier: Estimate
    calibration_error: Estimate
    confusion: tuple[tuple[Count, ...], ...]
    n_sentences: Count
    n_articles: Count
    n_resamples: Count
    base_rates: tuple[Number, ...] = ()
    rare: RareLabels | None = None

    @property
    def rare_names(self) -> tuple[str, ...] | None:
        """Names of the rare labels; ``None`` in a report of an earlier version, which does not say."""
        return self.rare.names if self.rare else () if self.base_rates else None


def rare_labels(gold: Sequence[str], labels: LabelSet) -> tuple[str, ...]:
    """Name the acts that fewer than one in ten sentences have, in the order of the label set.

    Examples
    --------
    >>> rare_labels(["none"] * 19 + ["denial"], LabelSet.from_names(["denial", "none"], background="none"))
    ('denial',)
    """
    counts = Counter(gold)
    return tuple(name for name in labels.acts if counts[name] < MAX_RARE * len(gold))


def score_predictions(
    predictions: Predictions,
    n_resamples: int = 2000,
    seed: int = 0,
    weights: NDArray[np.float64] | None = None,
    rare: Sequence[str] | None = None,
) -> Scores:
    """Score predictions, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    n_resamples : int
        Number of bootstrap resamples of the articles.
    seed : int
        Of the resamples.
    weights : ndarray of shape (n_resamples, n_articles), optional
        The resamples themselves, where several systems share them; the seed is then not used.
    rare : sequence of str, optional
        Labels that count as rare; without it, those that are rare among these sentences.

    Returns
    -------
    Scores
        Intervals are undefined if all sentences are of one article: its resamples are all the same.

    Raises
    ------
    ValueError
        If there is no sentence.
    """
    labels = predictions.labels
    rare = rare_labels(predictions.gold, labels) if rare is None else rare
    counts = predictions.count()
    summed = sum_counts(counts)
    if weights is None:
        resampled = resample(counts, n_resamples, np.random.default_rng(seed))
    else:
        resampled = weighted_sums(counts, weights)
    n_resamples = len(resampled.confusion)
    if len(counts.confusion) < 2:
        resampled = ArticleCounts(resampled.confusion[:0], resampled.losses[:0], resampled.bins[:0])

    def estimate(scoring: Statistic) -> Estimate:
        return Estimate(float(scoring(summed)), *interval(scoring(resampled)))

    return Scores(
        headline=estimate(headline_statistic(labels)),
        labels=_label_scores(labels, summed.confusion, resampled.confusion),
        accuracy=estimate(lambda sums: metrics.accuracy(sums.confusion)),
        mcc=estimate(lambda sums: metrics.mcc(sums.confusion)),
        log_loss=estimate(lambda sums: metrics.log_loss(sums.losses, _size(sums))),
        brier=estimate(lambda sums: metrics.brier(sums.losses, _size(sums))),
        calibration_error=calibration_error(resampled.bins, summed.bins, len(counts.bins)),
        confusion=tuple(tuple(int(cell) for cell in row) for row in summed.confusion),
        n_sentences=len(predictions),
        n_articles=len(counts.confusion),
        n_resamples=n_resamples,
        base_rates=BASE_RATES,
        rare=RareLabels(tuple(rare), estimate(_pooled_precision(labels, rare))) if rare else None,
    )


def _pooled_precision(labels: LabelSet, names: Sequence[str]) -> Statistic:
    columns = [labels.index(name) for name in names]
    return lambda sums: metrics.pooled_precision(sums.confusion, columns)


def _label_scores(labels: LabelSet, confusion: Counts, resampled: Counts) -> tuple[LabelScores, ...]:
    def estimate(scoring: Callable[[Counts], Counts], index: int) -> Estimate:
        return Estimate(float(scoring(confusion)[..., index]), *interval(scoring(resampled)[..., index]))

    observed, expected = (metrics.expected_precision(counts, BASE_RATES) for counts in (confusion, resampled))
    return tuple(
        LabelScores(
            name=label.name,
            title=label.title,
            support=int(confusion[index].sum()),
            precision=estimate(metrics.precision, index),
            recall=estimate(metrics.recall, index),
            f1=estimate(metrics.f1, index),
            gold_proportion=estimate(metrics.gold_proportion, index),
            predicted_proportion=estimate(metrics.predicted_proportion, index),
            expected_precision=tuple(
                Estimate(float(observed[index, rate]), *interval(expected[:, index, rate]))
                for rate in range(len(BASE_RATES))
            ),
        )
        for index, label in enumerate(labels.labels)
    )


def calibration_error(resampled: Counts, observed: Counts, n_articles: int) -> Estimate:
    """Return the expected calibration error with its interval.

    Parameters
    ----------
    resampled, observed : ndarray of shape (n_resamples, n_bins, 3) and (n_bins, 3)
        As :func:`toolkit.statistics.metrics.expected_calibration_error` takes them.
    n_articles : int
        Number of articles resampled.
    """
    resampled_gaps, gaps = metrics.calibration_gaps(resampled), metrics.calibration_gaps(observed)
    error = float(metrics.expected_calibration_error(observed))
    return Estimate(error, *distance_interval(resampled_gaps, gaps, n_articles))


def headline_statistic(labels: LabelSet) -> Statistic:
    """Return the headline score of a label set: counts in, macro F1 over its acts out."""
    acts = [labels.index(name) for name in labels.acts]

    def score(sums: ArticleCounts) -> Counts:
        return metrics.macro_f1(sums.confusion, acts)

    return score


def _size(sums: ArticleCounts) -> Counts:
    size: Counts = sums.confusion.sum(axis=(-2, -1))
    return size


@dataclass(frozen=True, slots=True)
class Difference(Record):
    """Headline score of one system minus that of another on the same sentences.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % interval over resampled articles.
    p_value : float
        Of the two-sided permutation test that exchanges the predictions of whole articles.
    """

    value: NumberOrNan
    low: NumberOrNan
    high: NumberOrNan
    p_value: NumberOrNan


def compare_predictions(first: Predictions, second: Predictions, n_resamples: int = 2000, seed: int = 0) -> Difference:
    """Compare two systems on the same sentences: headline score of the first minus that of the second.

    Raises
    ------
    ValueError
        If the sentences or their gold labels are not the same.
    """
    for name in ("article", "position", "gold"):
        if getattr(first, name) != getattr(second, name):
            raise ValueError(f"the two predictions differ in {name}; compare systems on the same sentences")
    first_counts, second_counts = (metrics.confusion_only(system.count()) for system in (first, second))
    first_correct, second_correct = (np.array(system.predicted) == np.array(system.gold) for system in (first, second))
    resamples = make_resamples(len(first_counts.confusion), n_resamples, np.random.default_rng(seed))
    difference = compare_pair(
        first_counts, second_counts, first_correct, second_correct, headline_statistic(first.labels), resamples
    )
    return Difference(difference.value, difference.low, difference.high, difference.p_value)


def lenient_gold(gold: Sequence[str], predicted: Sequence[str], also: Sequence[str | None]) -> list[str]:
    """Return gold labels under which a prediction of the second defensible label counts as correct.

    Examples
    --------
    >>> lenient_gold(["denial", "denial"], ["statement", "statement"], ["statement", ""])
    ['statement', 'denial']
    """
    return [other if guess == other else name for name, guess, other in zip(gold, predicted, also, strict=True)]


def score_by_ambiguity(
    predictions: Predictions, also: Sequence[str | None] | None, n_resamples: int = 2000, seed: int = 0
) -> dict[str, Scores]:
    """Score predictions strictly, leniently, and on unambiguous sentences only.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    also : sequence of str or None
        The second label a careful reader could defend, empty where there is none.
    n_resamples, seed : int
        Number of bootstrap resamples, and their seed.

    Returns
    -------
    dict
        ``strict``: only the gold label is correct. Where ``also`` is given, ``lenient``:
        the second label is correct as well; ``unambiguous``: only sentences without one.
    """
    rare = rare_labels(predictions.gold, predictions.labels)
    graded = {"strict": score_predictions(predictions, n_resamples, seed, rare=rare)}
    if also is None:
        return graded
    lenient = replace(predictions, gold=tuple(lenient_gold(predictions.gold, predictions.predicted, also)))
    graded["lenient"] = score_predictions(lenient, n_resamples, seed, rare=rare)
    unambiguous = [row for row, other in enumerate(also) if not other]
    if unambiguous:
        kept = select_rows(predictions, unambiguous)
        graded["unambiguous"] = score_predictions(kept, n_resamples, seed, rare=rare)
    return graded
