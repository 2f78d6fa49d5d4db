"""Predictions -> how far their probabilities can be taken at their word, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.scores import Estimate, calibration_error, without_nan
from toolkit.statistics.intervals import distance_interval, interval
from toolkit.statistics.metrics import N_BINS, Counts, calibration_gaps, check_probabilities, encode
from toolkit.statistics.resampling import bootstrap_weights


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The sentences whose predicted label has a probability in one tenth of the scale.

    Attributes
    ----------
    low, high : float
        Edges; the lower belongs to the bin, the upper only at 1.
    n_sentences : int
        Sentences in it.
    confidence : float
        Their mean probability; ``nan`` where there is none.
    accuracy : Estimate
        Share of them that is right.
    """

    low: float
    high: float
    n_sentences: int
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class BrierParts:
    """The Brier score taken apart; each part is summed over the labels.

    ``score = reliability - resolution + uncertainty + within``.

    Attributes
    ----------
    score : Estimate
        The Brier score, in [0, 2]; less is better.
    reliability : Estimate
        How far the probabilities are from what comes true; less is better.
    resolution : Estimate
        How far what comes true differs from bin to bin; more is better.
    uncertainty : Estimate
        What the corpus leaves open to one who only knows how common the labels are.
    within : Estimate
        What probabilities do within a bin; 0 if a bin holds one probability.
    """

    score: Estimate
    reliability: Estimate
    resolution: Estimate
    uncertainty: Estimate
    within: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities can be taken at their word.

    Attributes
    ----------
    bins : tuple of ReliabilityBin
        Of the predicted label, in order of confidence; empty ones are among them.
    calibration_error : Estimate
        Of the predicted label, in [0, 1].
    classwise_error : Estimate
        The same of the probability of each label, in the mean over the labels.
    by_label : dict
        The same of each label alone, in the order of the label set.
    brier : BrierParts
        The Brier score and its parts.
    n_sentences, n_articles, n_resamples : int
        What it rests on.
    """

    bins: tuple[ReliabilityBin, ...]
    calibration_error: Estimate
    classwise_error: Estimate
    by_label: dict[str, Estimate]
    brier: BrierParts
    n_sentences: int
    n_articles: int
    n_resamples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data; undefined is ``None``."""
        record: dict[str, Any] = without_nan(asdict(self))
        return record


def count_forecasts(y_true: ArrayLike, y_proba: ArrayLike, articles: ArrayLike, labels: Sequence[str]) -> Counts:
    """Sum by article and label what the probabilities said and what came true.

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
        Articles in sorted order. By the label's probability in ten equal bins: sentences,
        sum of probabilities, of those that have the label, of squared probabilities, and
        of probabilities of those that have the label.

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
    place = np.minimum((proba * N_BINS).astype(int), N_BINS - 1)
    sums = np.zeros((len(names), len(labels), N_BINS, 5))
    parts = np.stack([np.ones_like(proba), proba, true, proba**2, proba * true], axis=-1)
    np.add.at(sums, (article[:, None], np.arange(len(labels))[None, :], place), parts)
    return sums


def brier_parts(sums: Counts) -> dict[str, Counts]:
    """Take the Brier score of each label apart.

    Parameters
    ----------
    sums : ndarray of shape (..., n_bins, 5)
        As :func:`count_forecasts` gives them, added up over articles.

    Returns
    -------
    dict of ndarray of shape (...)
        ``score``, ``reliability``, ``resolution``, ``uncertainty`` and ``within``. Murphy's
        identity holds when all probabilities of a bin are equal; ``within`` is what they
        add when they are not, so that the parts always give the score. Undefined where
        there is no sentence.

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
    Two of four sentences have the label; the one said to have it for certain does:

    >>> bins = np.array([[3.0, 1.0, 1.0, 1 / 3, 1 / 3], [1.0, 1.0, 1.0, 1.0, 1.0]])
    >>> {name: round(float(part), 4) for name, part in brier_parts(bins).items()}
    {'score': 0.1667, 'reliability': 0.0, 'resolution': 0.0833, 'uncertainty': 0.25, 'within': 0.0}
    """
    n, said, true, squares, both = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = n.sum(axis=-1)
        base = true.sum(axis=-1) / total
        # Per bin, each term times the number of its sentences; an empty bin adds none.
        mean_said, mean_true = (np.where(n > 0, part / n, 0.0) for part in (said, true))
        variance = squares - n * mean_said**2
        covariance = both - n * mean_said * mean_true
        reliability, resolution = ((gaps**2).sum(axis=-1) for gaps in brier_gaps(sums))
        return {
            "score": (squares - 2 * both + true).sum(axis=-1) / total,
            "reliability": reliability,
            "resolution": resolution,
            "uncertainty": base * (1 - base),
            "within": (variance - 2 * covariance).sum(axis=-1) / total,
        }


def brier_gaps(sums: Counts) -> tuple[Counts, Counts]:
    """Take the gaps whose squares add up to reliability and to resolution, each of shape (..., n_bins).

    Parameters
    ----------
    sums : ndarray of shape (..., n_bins, 5)
        As :func:`count_forecasts` gives them, added up over articles.

    Returns
    -------
    (reliability, resolution)
        Of each bin, times the root of its share of the sentences: its mean probability
        minus the share of its sentences that have the label, and this share minus that of
        all sentences. An empty bin has none; undefined where there is no sentence.

    Examples
    --------
    >>> reliability, resolution = brier_gaps(np.array([[1.0, 0.25, 0.0, 0.0625, 0.0], [3.0, 3.0, 3.0, 3.0, 3.0]]))
    >>> reliability.tolist(), resolution.round(4).tolist()
    ([0.125, 0.0], [-0.375, 0.2165])
    """
    n, said, true = np.moveaxis(sums[..., :3], -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = n.sum(axis=-1, keepdims=True)
        root, base = np.sqrt(n / total), true.sum(axis=-1, keepdims=True) / total
        return np.where(n > 0, root * (said - true) / n, root), np.where(n > 0, root * (true / n - base), root)


def measure_calibration(predictions: Predictions, n_resamples: int = 2000, seed: int = 0) -> Calibration:
    """Measure how far probabilities can be taken at their word, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence, none of which its classifier was fitted on.
    n_resamples, seed : int
        How often articles are drawn, and what decides the draws.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If there is no sentence.

    Notes
    -----
    Errors, reliability and resolution are distances, to which chance adds: their intervals
    are those of :func:`toolkit.statistics.intervals.distance_interval`, the others percentile ones.

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
    >>> found = measure_calibration(make_predictions(labels, [""] * 4, ["yes", "yes", "no", "no"], proba), 100)
    >>> found.calibration_error.value, found.bins[7].accuracy.value
    (0.25, 0.5)
    """
    names = predictions.labels.names
    top = predictions.count().bins
    forecasts = count_forecasts(predictions.gold, predictions.proba, predictions.article, names)
    weights = bootstrap_weights(len(top), n_resamples, np.random.default_rng(seed))

    def distance(resampled: Counts, gaps: Counts, squared: bool = False, most: float = 1.0) -> Estimate:
        size = np.square if squared else np.abs
        low, high = distance_interval(resampled.reshape(n_resamples, -1), gaps.ravel(), len(top), size, most)
        return Estimate(float(size(gaps.ravel()).sum()), low, high)

    top_once, top_drawn = top.sum(axis=0), np.tensordot(weights, top, axes=1)
    once, drawn = forecasts.sum(axis=0), np.tensordot(weights, forecasts, axes=1)
    # The first three sums of a bin are those that the error of the predicted label takes.
    gaps_once, gaps_drawn = calibration_gaps(once[..., :3]), calibration_gaps(drawn[..., :3])
    parts_once, parts_drawn = brier_parts(once), brier_parts(drawn)
    parts = {
        name: Estimate(float(parts_once[name].sum()), *interval(parts_drawn[name].sum(axis=-1))) for name in parts_once
    }
    squared = zip(("reliability", "resolution"), brier_gaps(drawn), brier_gaps(once), (2.0, 1.0), strict=True)
    parts |= {name: distance(roots, roots_once, True, most) for name, roots, roots_once, most in squared}
    return Calibration(
        bins=tuple(_bin(place, top_once[place], top_drawn[:, place]) for place in range(N_BINS)),
        calibration_error=calibration_error(top_drawn, top_once, len(top)),
        classwise_error=distance(gaps_drawn / len(names), gaps_once / len(names)),
        by_label={name: distance(gaps_drawn[:, row], gaps_once[row]) for row, name in enumerate(names)},
        brier=BrierParts(**parts),
        n_sentences=len(predictions),
        n_articles=len(top),
        n_resamples=n_resamples,
    )


def _bin(place: int, once: Counts, drawn: Counts) -> ReliabilityBin:
    with np.errstate(divide="ignore", invalid="ignore"):
        confidence, accuracy = (float(np.divide(once[part], once[0])) for part in (1, 2))
        low, high = interval(drawn[:, 2] / drawn[:, 0])
    return ReliabilityBin(place / N_BINS, (place + 1) / N_BINS, int(once[0]), confidence, Estimate(accuracy, low, high))
