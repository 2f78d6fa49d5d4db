"""Predictions -> what labelling only above a confidence threshold gains: coverage, risk, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Count, Number, NumberOrNan, Record
from toolkit.analysis.scores import Estimate
from toolkit.statistics import (
    Counts,
    accuracy as accuracy_of,
    article_confusions,
    bootstrap_weights,
    encode,
    interval,
    macro_f1,
)

TARGET_ACCURACIES = (0.8, 0.9, 0.95)
# Points kept of a risk-coverage curve: as many as can be distinguished on a page.
N_POINTS = 200
# Resamples weighted at once: each has a weight per sentence, so that blocks bound the memory.
_BLOCK = 100


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Risk of the labelled sentences against coverage, as the threshold falls.

    Attributes
    ----------
    threshold : ndarray of shape (n_thresholds,)
        Each confidence that occurs, falling; a sentence is labelled if its confidence is at
        least the threshold.
    coverage : ndarray of shape (n_thresholds,)
        Proportion of sentences labelled, in (0, 1], rising to 1.
    risk : ndarray of shape (n_thresholds,)
        Proportion of the labelled sentences with a wrong label.
    """

    threshold: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RiskCoveragePoints(Record):
    """At most 200 evenly spaced points of a :class:`RiskCoverage`, both ends included, with six decimals."""

    threshold: tuple[Number, ...]
    coverage: tuple[Number, ...]
    risk: tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class SelectiveScores(Record):
    """Scores of the sentences whose confidence reaches a threshold.

    Attributes
    ----------
    coverage : Estimate
        Proportion of sentences labelled.
    accuracy, headline : Estimate
        Of the labelled sentences; ``nan`` if there are none.
    n_sentences : int
        Sentences labelled.
    """

    coverage: Estimate
    accuracy: Estimate
    headline: Estimate
    n_sentences: Count


@dataclass(frozen=True, slots=True)
class Threshold(Record):
    """A threshold that reaches a target accuracy where it was chosen, and the scores above it.

    Attributes
    ----------
    wanted : float
        The target accuracy.
    threshold : float
        The lowest confidence that is labelled; ``nan`` if no threshold reaches the target.
    chosen_on, applied_to : SelectiveScores or None
        Of the sentences it was chosen on, whose accuracy is optimistic, and of those it was
        not chosen on. ``None`` without a threshold.
    """

    wanted: Number
    threshold: NumberOrNan
    chosen_on: SelectiveScores | None
    applied_to: SelectiveScores | None


@dataclass(frozen=True, slots=True)
class Abstention(Record):
    """What labelling only above a confidence threshold gains.

    Attributes
    ----------
    area : Estimate
        Area under the risk-coverage curve of the sentences that thresholds were not chosen
        on, in [0, 1]: the mean risk over all coverages. Lower is better.
    excess_area : Estimate
        The part of the area that a perfect ranking by confidence would avoid.
    thresholds : tuple of Threshold
        One per target accuracy, in the order given.
    n_resamples : int
        Number of bootstrap resamples of the articles.
    curve : RiskCoveragePoints
        The risk-coverage curve of the same sentences as the area.
    """

    area: Estimate
    excess_area: Estimate
    thresholds: tuple[Threshold, ...]
    n_resamples: Count
    curve: RiskCoveragePoints


def risk_coverage(correct: ArrayLike, confidence: ArrayLike) -> RiskCoverage:
    """Compute risk and coverage at each threshold.

    Parameters
    ----------
    correct : array-like of bool, shape (n_sentences,)
        Whether each prediction is correct.
    confidence : array-like of shape (n_sentences,)
        Probability of each predicted label.

    Returns
    -------
    RiskCoverage

    Raises
    ------
    ValueError
        If there is no sentence, or the lengths differ.

    References
    ----------
    .. [1] R. El-Yaniv and Y. Wiener (2010). On the foundations of noise-free selective
       classification. JMLR 11, 1605-1641. https://jmlr.org/papers/v11/el-yaniv10a.html

    Examples
    --------
    >>> curve = risk_coverage([True, False, True, True], [0.9, 0.6, 0.6, 0.8])
    >>> curve.threshold.tolist(), curve.coverage.tolist(), curve.risk.tolist()
    ([0.9, 0.8, 0.6], [0.25, 0.5, 1.0], [0.0, 0.0, 0.25])
    """
    wrong, probabilities = _checked(correct, confidence)
    thresholds, group = _groups(probabilities)
    n = np.cumsum(np.bincount(group))
    return RiskCoverage(thresholds, n / len(probabilities), np.cumsum(np.bincount(group, wrong)) / n)


def risk_coverage_area(correct: ArrayLike, confidence: ArrayLike, weights: ArrayLike | None = None) -> Counts:
    """Average the risk over all coverages: the area under the risk-coverage curve (AURC).

    The risk is computed after each sentence, in order of falling confidence, and averaged.
    Sentences of equal confidence have no order: the area is the mean over all their orders.

    Parameters
    ----------
    correct : array-like of bool, shape (n_sentences,)
        Whether each prediction is correct.
    confidence : array-like of shape (n_sentences,)
        Probability of each predicted label.
    weights : array-like of int, shape (n_resamples, n_sentences), optional
        How often each sentence counts.

    Returns
    -------
    ndarray of shape () or (n_resamples,)
        In [0, 1]; ``nan`` where all weights are 0.

    Raises
    ------
    ValueError
        If there is no sentence, or the lengths differ.

    References
    ----------
    .. [1] Y. Geifman and R. El-Yaniv (2017). Selective classification for deep neural
       networks. NeurIPS. arXiv:1705.08500
    .. [2] Y. Geifman, G. Uziel and R. El-Yaniv (2019). Bias-reduced uncertainty estimation
       for deep neural classifiers. ICLR. arXiv:1805.08206

    Examples
    --------
    The risks after one, two and three sentences are 0, 1/2 and 1/3:

    >>> round(float(risk_coverage_area([True, False, True], [0.9, 0.8, 0.7])), 4)
    0.2778
    """
    wrong, probabilities = _checked(correct, confidence)
    _, group = _groups(probabilities)
    if weights is None:
        return _area(np.bincount(group), np.bincount(group, wrong))
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    counted = np.asarray(weights)[:, order]
    n, errors = (np.add.reduceat(part, starts, axis=1) for part in (counted, counted * wrong[order]))
    return _area(n, errors)


def least_area(n_wrong: ArrayLike, n_sentences: ArrayLike) -> Counts:
    """Return the area if every correct prediction were more confident than every wrong one, shape (...).

    Parameters
    ----------
    n_wrong, n_sentences : array-like of int, shape (...)
        Number of wrong predictions, and of all predictions.

    Examples
    --------
    >>> round(float(least_area(1, 3)), 4)
    0.1111
    """
    wrong, n = np.asarray(n_wrong), np.asarray(n_sentences)
    return _area(np.stack([n - wrong, wrong], axis=-1), np.stack([np.zeros_like(wrong), wrong], axis=-1))


def choose_threshold(correct: ArrayLike, confidence: ArrayLike, accuracy: float) -> float:
    """Return the lowest threshold at which the labelled sentences reach an accuracy.

    Parameters
    ----------
    correct : array-like of bool, shape (n_sentences,)
        Whether each prediction is correct, for sentences that the classifier was not fitted on.
    confidence : array-like of shape (n_sentences,)
        Probability of each predicted label.
    accuracy : float
        Target proportion of correct labels among the labelled sentences, in (0, 1].

    Returns
    -------
    float
        ``nan`` if no threshold reaches it. The accuracy is reached on these sentences and
        not guaranteed on others.

    Raises
    ------
    ValueError
        If there is no sentence, the lengths differ, or the accuracy is outside (0, 1].

    Examples
    --------
    >>> choose_threshold([True, True, False, True], [0.9, 0.8, 0.7, 0.6], accuracy=0.75)
    0.6
    """
    if not 0 < accuracy <= 1:
        raise ValueError(f"accuracy is {accuracy!r}, expected a proportion above 0 and at most 1; write 0.9 for 90 %")
    curve = risk_coverage(correct, confidence)
    # The tolerance keeps three of four from falling short of 0.75.
    reached = np.flatnonzero(1 - curve.risk >= accuracy - 1e-12)
    return float(curve.threshold[reached[-1]]) if len(reached) else float("nan")


def measure_abstention(
    chosen_on: Predictions,
    applied_to: Predictions,
    wanted: Sequence[float] = TARGET_ACCURACIES,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Abstention:
    """Choose thresholds on some predictions and apply them to others, with 95 % intervals over articles.

    Parameters
    ----------
    chosen_on : Predictions
        Cross-validated training sentences, at least one.
    applied_to : Predictions
        Sentences of the test split, at least one.
    wanted : sequence of float
        Target accuracies, each in (0, 1].
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed. Thresholds are not
        chosen anew in each resample.

    Returns
    -------
    Abstention

    Raises
    ------
    ValueError
        If there is no sentence or a target accuracy is outside (0, 1].

    Notes
    -----
    A threshold carries over only as far as a probability means the same on both sides. The
    models of the folds may have chosen other hyper-parameters than the model of all training
    articles, and be more or less confident: recalibrate before you rely on an accuracy.

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> labels, proba = LabelSet.from_names(["a", "b"]), np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    >>> predictions = make_predictions(labels, [""] * 3, ["a", "a", "b"], proba)
    >>> [threshold] = measure_abstention(predictions, predictions, wanted=[1.0], n_resamples=100).thresholds
    >>> threshold.threshold, round(threshold.applied_to.coverage.value, 4)
    (0.8, 0.6667)
    """
    correct, confidence = _outcomes(chosen_on)
    thresholds = []
    for accuracy in wanted:
        threshold = choose_threshold(correct, confidence, accuracy)
        reached = not np.isnan(threshold)
        scores = [
            score_above(part, threshold, n_resamples, seed) if reached else None for part in (chosen_on, applied_to)
        ]
        thresholds.append(Threshold(accuracy, threshold, *scores))
    area, excess_area = _areas(applied_to, n_resamples, seed)
    return Abstention(area, excess_area, tuple(thresholds), n_resamples, _points(applied_to))


def score_above(predictions: Predictions, threshold: float, n_resamples: int = 2000, seed: int = 0) -> SelectiveScores:
    """Score the sentences whose confidence reaches a threshold, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    threshold : float
        The lowest confidence that is labelled.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed.

    Returns
    -------
    SelectiveScores
    """
    labels = predictions.labels
    acts = [labels.index(name) for name in labels.acts]
    columns = predictions.gold, predictions.predicted, predictions.article
    sizes = article_confusions(*columns, labels.names).sum(axis=(1, 2))
    labelled = article_confusions(*columns, labels.names, kept=_outcomes(predictions)[1] >= threshold)
    weights = bootstrap_weights(len(sizes), n_resamples, np.random.default_rng(seed))
    summed, resampled = labelled.sum(axis=0), np.tensordot(weights, labelled, axes=1)
    coverages = resampled.sum(axis=(1, 2)) / (weights @ sizes)
    return SelectiveScores(
        coverage=Estimate(float(summed.sum() / sizes.sum()), *interval(coverages)),
        accuracy=Estimate(float(accuracy_of(summed)), *interval(accuracy_of(resampled))),
        headline=Estimate(float(macro_f1(summed, acts)), *interval(macro_f1(resampled, acts))),
        n_sentences=int(summed.sum()),
    )


def _areas(predictions: Predictions, n_resamples: int, seed: int) -> tuple[Estimate, Estimate]:
    """Return the area under the risk-coverage curve and its excess over the least area possible."""
    correct, confidence = _outcomes(predictions)
    names, article = np.unique(np.asarray(predictions.article), return_inverse=True)
    weights = bootstrap_weights(len(names), n_resamples, np.random.default_rng(seed)).astype(int)
    wrong_by_article = np.bincount(article, ~correct).astype(int)
    resampled = np.concatenate(
        [
            risk_coverage_area(correct, confidence, weights[start : start + _BLOCK, article])
            for start in range(0, n_resamples, _BLOCK)
        ]
    )
    least = least_area(weights @ wrong_by_article, weights @ np.bincount(article))
    area = float(risk_coverage_area(correct, confidence))
    excess = area - float(least_area(np.sum(~correct), len(correct)))
    return Estimate(area, *interval(resampled)), Estimate(excess, *interval(resampled - least))


def _points(predictions: Predictions) -> RiskCoveragePoints:
    curve = risk_coverage(*_outcomes(predictions))
    last = len(curve.risk) - 1
    rows = np.unique(np.linspace(0, last, min(N_POINTS, last + 1)).round().astype(int))
    columns = (curve.threshold, curve.coverage, curve.risk)
    return RiskCoveragePoints(*(tuple(column[rows].round(6).tolist()) for column in columns))


def _outcomes(predictions: Predictions) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return whether each prediction is correct, and its confidence."""
    correct = np.asarray(predictions.gold) == np.asarray(predictions.predicted)
    columns = encode(predictions.predicted, predictions.labels.names)
    return correct, predictions.proba[np.arange(len(columns)), columns]


def _checked(correct: ArrayLike, confidence: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return whether each prediction is wrong, and its confidence."""
    outcomes, probabilities = np.asarray(correct, dtype=bool), np.asarray(confidence, dtype=float)
    if len(probabilities) == 0 or outcomes.shape != probabilities.shape:
        raise ValueError(
            f"{len(outcomes)} outcomes and {len(probabilities)} confidences came, expected equally many and at "
            "least one; pass one of each per sentence"
        )
    return ~outcomes, probabilities


def _groups(confidence: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the distinct confidences, falling, and the index of each sentence's one."""
    values, group = np.unique(-confidence, return_inverse=True)
    return -values, group


def _area(n: NDArray[Any], errors: NDArray[Any]) -> Counts:
    """Average the risk where groups of equal confidence follow each other along the last dimension.

    Averaged over all orders of a group of g sentences with e errors that follows N sentences
    with E errors, the risk after its j-th sentence is (E + j e / g) / (N + j). The sum over
    the group is e + (E - N e / g) (H(N + g) - H(N)), where H are the harmonic numbers.
    """
    after, wrong_after = np.cumsum(n, axis=-1), np.cumsum(errors, axis=-1)
    before, wrong_before = after - n, wrong_after - errors
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, after.max(initial=0) + 1))])
    error_rate = errors / np.maximum(n, 1)
    sums = errors + (wrong_before - before * error_rate) * (harmonic[after] - harmonic[before])
    with np.errstate(divide="ignore", invalid="ignore"):
        area: Counts = sums.sum(axis=-1) / after[..., -1]
    return area
