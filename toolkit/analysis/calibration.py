"""Predictions -> how well their probabilities are calibrated, with 95 % intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Count, Number, NumberOrNan, Record
from toolkit.analysis.scores import Estimate, calibration_error
from toolkit.statistics import (
    N_BINS,
    Counts,
    bootstrap_weights,
    calibration_gaps,
    check_probabilities,
    distance_interval,
    encode,
    interval,
)


@dataclass(frozen=True, slots=True)
class ReliabilityBin(Record):
    """The sentences whose predicted label has a probability in one tenth of the scale.

    Attributes
    ----------
    low, high : float
        Edges; the lower edge belongs to the bin, the upper one only if it is 1.
    n_sentences : int
        Sentences in it.
    confidence : float
        Their mean probability; ``nan`` in an empty bin.
    accuracy : Estimate
        Proportion of them that is predicted correctly.
    """

    low: Number
    high: Number
    n_sentences: Count
    confidence: NumberOrNan
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class BrierParts(Record):
    """The Brier score and its decomposition; each part is summed over the labels.

    ``score = reliability - resolution + uncertainty + within``.

    Attributes
    ----------
    score : Estimate
        The Brier score, in [0, 2]; lower is better.
    reliability : Estimate
        Squared distance of the probabilities from the observed frequencies; lower is better.
    resolution : Estimate
        Variance of the observed frequencies between bins; higher is better.
    uncertainty : Estimate
        Variance of the labels: the score of a forecast that knows only their frequencies.
    within : Estimate
        What the variation of probabilities within a bin adds; 0 if each bin holds a single
        probability.
    """

    score: Estimate
    reliability: Estimate
    resolution: Estimate
    uncertainty: Estimate
    within: Estimate


@dataclass(frozen=True, slots=True)
class Calibration(Record):
    """How well probabilities match the observed frequencies.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        Of the predicted label, in order of confidence, empty bins included.
    calibration_error : Estimate
        Expected calibration error of the predicted label, in [0, 1].
    classwise_error : Estimate
        The same for the probability of each label, averaged over the labels.
    by_label : dict
        The same for each label, in the order of the label set.
    brier : BrierParts
        The Brier score and its parts.
    n_sentences, n_articles, n_resamples : int
        What it was computed from.
    """

    bins: tuple[ReliabilityBin, ...]
    calibration_error: Estimate
    classwise_error: Estimate
    by_label: dict[str, Estimate]
    brier: BrierParts
    n_sentences: Count
    n_articles: Count
    n_resamples: Count


def count_forecasts(y_true: ArrayLike, y_proba: ArrayLike, articles: ArrayLike, labels: Sequence[str]) -> Counts:
    """Sum forecast probabilities and outcomes by article, label and bin.

    Parameters
    ----------
    y_true : array-like of shape (n_sentences,)
        Gold labels.
    y_proba : array-like of shape (n_sentences, n_labels)
        Probabilities in the order of ``labels``.
    articles : array-like of shape (n_sentences,)
        Article of each sentence.
    labels : sequence of str
        The full label set, in order.

    Returns
    -------
    ndarray of shape (n_articles, n_labels, n_bins, 5)
        Articles in sorted order; bins are ten equal ones of the label's probability. Of the
        sentences of a bin: their number, the sum of their probabilities, the number that
        have the label, the sum of squared probabilities, and the sum of probabilities of
        those that have the label.

    Raises
    ------
    ValueError
        If there is no sentence, a shape differs, or probabilities do not sum to 1.

    Examples
    --------
    >>> count_forecasts(["a"], [[1.0, 0.0]], ["x"], ["a", "b"])[0, 0, -1].tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    gold, proba = encode(y_true, labels), np.asarray(y_proba, dtype=float)
    check_probabilities(proba, len(gold), len(labels))
    names, article = np.unique(np.asarray(articles), return_inverse=True)
    true = np.eye(len(labels))[gold]
    bins = np.minimum((proba * N_BINS).astype(int), N_BINS - 1)
    sums = np.zeros((len(names), len(labels), N_BINS, 5))
    parts = np.stack([np.ones_like(proba), proba, true, proba**2, proba * true], axis=-1)
    np.add.at(sums, (article[:, None], np.arange(len(labels))[None, :], bins), parts)
    return sums


def brier_parts(sums: Counts) -> dict[str, Counts]:
    """Decompose the Brier score of each label.

    Parameters
    ----------
    sums : ndarray of shape (..., n_bins, 5)
        As :func:`count_forecasts` returns them, summed over articles.

    Returns
    -------
    dict of ndarray of shape (...)
        ``score``, ``reliability``, ``resolution``, ``uncertainty`` and ``within``. Murphy's
        identity holds if all probabilities of a bin are equal; ``within`` is what their
        variation adds, so that the parts always add up to the score. Undefined without
        sentences.

    References
    ----------
    .. [1] A. H. Murphy (1973). A new vector partition of the probability score. Journal of
       Applied Meteorology 12(4), 595-600.
       doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2
    .. [2] D. B. Stephenson, C. A. S. Coelho and I. T. Jolliffe (2008). Two extra components
       in the Brier score decomposition. Weather and Forecasting 23(4), 752-757.
       doi:10.1175/2007WAF2006116.1

    Examples
    --------
    Two of four sentences have the label, among them the one with probability 1:

    >>> bins = np.array([[3.0, 1.0, 1.0, 1 / 3, 1 / 3], [1.0, 1.0, 1.0, 1.0, 1.0]])
    >>> {name: round(float(part), 4) for name, part in brier_parts(bins).items()}
    {'score': 0.1667, 'reliability': 0.0, 'resolution': 0.0833, 'uncertainty': 0.25, 'within': 0.0}
    """
    n, forecast, true, squares, products = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = n.sum(axis=-1)
        base = true.sum(axis=-1) / total
        # Each term of a bin is weighted by the number of its sentences; an empty bin adds 0.
        mean_forecast, mean_true = (np.where(n > 0, part / n, 0.0) for part in (forecast, true))
        variance = squares - n * mean_forecast**2
        covariance = products - n * mean_forecast * mean_true
        reliability, resolution = ((gaps**2).sum(axis=-1) for gaps in brier_gaps(sums))
        return {
            "score": (squares - 2 * products + true).sum(axis=-1) / total,
            "reliability": reliability,
            "resolution": resolution,
            "uncertainty": base * (1 - base),
            "within": (variance - 2 * covariance).sum(axis=-1) / total,
        }


def brier_gaps(sums: Counts) -> tuple[Counts, Counts]:
    """Return the gaps whose squares add up to reliability and to resolution, each of shape (..., n_bins).

    Parameters
    ----------
    sums : ndarray of shape (..., n_bins, 5)
        As :func:`count_forecasts` returns them, summed over articles.

    Returns
    -------
    (reliability, resolution)
        Of each bin: its mean probability minus the proportion of its sentences that have
        the label, and that proportion minus the one of all sentences; both times the root
        of the proportion of sentences in the bin. An empty bin has gaps of 0; undefined
        without sentences.

    Examples
    --------
    >>> reliability, resolution = brier_gaps(np.array([[1.0, 0.25, 0.0, 0.0625, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0]]))
    >>> reliability.tolist(), resolution.round(4).tolist()
    ([0.125, 0.0], [-0.375, 0.2165])
    """
    n, forecast, true = np.moveaxis(sums[..., :3], -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = n.sum(axis=-1, keepdims=True)
        root, base = np.sqrt(n / total), true.sum(axis=-1, keepdims=True) / total
        return np.where(n > 0, root * (forecast - true) / n, root), np.where(n > 0, root * (true / n - base), root)


def measure_calibration(predictions: Predictions, n_resamples: int = 2000, seed: int = 0) -> Calibration:
    """Measure how well probabilities are calibrated, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence, none of which the classifier was fitted on.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If there is no sentence.

    Notes
    -----
    Errors, reliability and resolution are distances, which sampling inflates: their intervals
    come from :func:`toolkit.statistics.intervals.distance_interval`; the others are percentile
    intervals.

    References
    ----------
    .. [1] M. Kull et al. (2019). Beyond temperature scaling: obtaining well-calibrated
       multiclass probabilities with Dirichlet calibration. NeurIPS. arXiv:1910.12656

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> proba = np.array([[0.75, 0.25]] * 4)
    >>> predictions = make_predictions(labels, [""] * 4, ["yes", "yes", "no", "no"], proba)
    >>> calibration = measure_calibration(predictions, 100)
    >>> calibration.calibration_error.value, calibration.bins[7].accuracy.value
    (0.25, 0.5)
    """
    names = predictions.labels.names
    bins = predictions.count().bins
    forecasts = count_forecasts(predictions.gold, predictions.proba, predictions.article, names)
    n_articles = len(bins)
    weights = bootstrap_weights(n_articles, n_resamples, np.random.default_rng(seed))
    bin_sums, resampled_bins = bins.sum(axis=0), np.tensordot(weights, bins, axes=1)
    sums, resampled = forecasts.sum(axis=0), np.tensordot(weights, forecasts, axes=1)
    # A label's error is computed from the first three sums of a bin, as that of the predicted label.
    gaps, resampled_gaps = calibration_gaps(sums[..., :3]), calibration_gaps(resampled[..., :3])
    return Calibration(
        bins=tuple(_bin(index, bin_sums[index], resampled_bins[:, index]) for index in range(N_BINS)),
        calibration_error=calibration_error(resampled_bins, bin_sums, n_articles),
        classwise_error=_distance(resampled_gaps / len(names), gaps / len(names), n_articles),
        by_label={name: _distance(resampled_gaps[:, row], gaps[row], n_articles) for row, name in enumerate(names)},
        brier=_brier(sums, resampled, n_articles),
        n_sentences=len(predictions),
        n_articles=n_articles,
        n_resamples=n_resamples,
    )


def _distance(
    resampled: Counts, gaps: Counts, n_articles: int, size: Callable[..., Any] = np.abs, most: float = 1.0
) -> Estimate:
    """Sum the sizes of all gaps, with the interval of a distance."""
    low, high = distance_interval(resampled.reshape(len(resampled), -1), gaps.ravel(), n_articles, size, most)
    return Estimate(float(size(gaps.ravel()).sum()), low, high)


def _brier(sums: Counts, resampled: Counts, n_articles: int) -> BrierParts:
    observed, of_resamples = brier_parts(sums), brier_parts(resampled)
    parts = {
        name: Estimate(float(observed[name].sum()), *interval(of_resamples[name].sum(axis=-1))) for name in observed
    }
    squares = zip(("reliability", "resolution"), brier_gaps(resampled), brier_gaps(sums), (2.0, 1.0), strict=True)
    parts |= {
        name: _distance(resampled_gaps, gaps, n_articles, np.square, most)
        for name, resampled_gaps, gaps, most in squares
    }
    return BrierParts(**parts)


def _bin(index: int, sums: Counts, resampled: Counts) -> ReliabilityBin:
    with np.errstate(divide="ignore", invalid="ignore"):
        confidence, accuracy = (float(np.divide(sums[part], sums[0])) for part in (1, 2))
        low, high = interval(resampled[:, 2] / resampled[:, 0])
    return ReliabilityBin(index / N_BINS, (index + 1) / N_BINS, int(sums[0]), confidence, Estimate(accuracy, low, high))
