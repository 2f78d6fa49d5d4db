"""Predictions -> what is gained by labelling only when sure: thresholds, coverage, risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.scores import Estimate, without_nan
from toolkit.statistics.intervals import interval
from toolkit.statistics.metrics import Counts, article_confusions, encode, macro_f1
from toolkit.statistics.metrics import accuracy as accuracy_of
from toolkit.statistics.resampling import bootstrap_weights

WANTED = (0.8, 0.9, 0.95)
# Resamples weighed at once: one weight a sentence each, so that memory stays small.
_BLOCK = 100


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Risk of what is labelled against how much is labelled, as the threshold falls.

    Attributes
    ----------
    threshold : ndarray of shape (n_thresholds,)
        Each confidence that occurs, falling; what is as sure as that or surer is labelled.
    coverage : ndarray of shape (n_thresholds,)
        Share of sentences labelled, in (0, 1], rising to 1.
    risk : ndarray of shape (n_thresholds,)
        Share of those labelled that is wrong.
    """

    threshold: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a threshold leaves of some predictions.

    Attributes
    ----------
    coverage : Estimate
        Share of sentences labelled.
    accuracy, headline : Estimate
        Of the sentences labelled; ``nan`` where there is none.
    n_sentences : int
        Sentences labelled.
    """

    coverage: Estimate
    accuracy: Estimate
    headline: Estimate
    n_sentences: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold that reaches a wanted accuracy where it was chosen, and what it gives.

    Attributes
    ----------
    wanted : float
        The accuracy asked for.
    threshold : float
        The lowest confidence that is labelled; ``nan`` if no threshold reaches it.
    chosen_on, applied_to : Kept or None
        The sentences it was chosen on, whose accuracy flatters it, and those it was not
        chosen on. ``None`` without a threshold.
    """

    wanted: float
    threshold: float
    chosen_on: Kept | None
    applied_to: Kept | None


@dataclass(frozen=True, slots=True)
class Abstention:
    """What is gained by labelling only when sure.

    Attributes
    ----------
    area : Estimate
        Area under the risk-coverage curve of the sentences not chosen on, in [0, 1]: the
        mean risk over all coverages. Less is better.
    excess_area : Estimate
        What of it a perfect order of confidence would save.
    thresholds : tuple of Threshold
        One a wanted accuracy, in the order asked for.
    n_resamples : int
        How often articles were drawn.
    """

    area: Estimate
    excess_area: Estimate
    thresholds: tuple[Threshold, ...]
    n_resamples: int

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data; undefined is ``None``."""
        record: dict[str, Any] = without_nan(asdict(self))
        return record


def risk_coverage(right: ArrayLike, confidence: ArrayLike) -> RiskCoverage:
    """Follow risk and coverage as the threshold falls.

    Parameters
    ----------
    right : array-like of bool, shape (n_sentences,)
        Whether each prediction is right.
    confidence : array-like of shape (n_sentences,)
        How sure each is.

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
    wrong, sure = _checked(right, confidence)
    thresholds, group = _groups(sure)
    n = np.cumsum(np.bincount(group))
    return RiskCoverage(thresholds, n / len(sure), np.cumsum(np.bincount(group, wrong)) / n)


def risk_coverage_area(right: ArrayLike, confidence: ArrayLike, weights: ArrayLike | None = None) -> Counts:
    """Mean risk over all coverages: the area under the risk-coverage curve (AURC).

    The risk is taken after each sentence, surest first, and averaged. Of equally sure
    sentences none comes first: the area is what all their orders give in the mean.

    Parameters
    ----------
    right : array-like of bool, shape (n_sentences,)
        Whether each prediction is right.
    confidence : array-like of shape (n_sentences,)
        How sure each is.
    weights : array-like of int, shape (n_resamples, n_sentences), optional
        How often each sentence counts.

    Returns
    -------
    ndarray of shape () or (n_resamples,)
        In [0, 1]; ``nan`` where nothing counts.

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
    wrong, sure = _checked(right, confidence)
    _, group = _groups(sure)
    if weights is None:
        return _area(np.bincount(group), np.bincount(group, wrong))
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    counted = np.asarray(weights)[:, order]
    n, errors = (np.add.reduceat(part, starts, axis=1) for part in (counted, counted * wrong[order]))
    return _area(n, errors)


def least_area(n_wrong: ArrayLike, n_sentences: ArrayLike) -> Counts:
    """Area under the curve of who is surer of all that is right than of anything wrong, shape (...).

    Parameters
    ----------
    n_wrong, n_sentences : array-like of int, shape (...)
        How many predictions are wrong, and how many there are.

    Examples
    --------
    >>> round(float(least_area(1, 3)), 4)
    0.1111
    """
    wrong, n = np.asarray(n_wrong), np.asarray(n_sentences)
    return _area(np.stack([n - wrong, wrong], axis=-1), np.stack([np.zeros_like(wrong), wrong], axis=-1))


def choose_threshold(right: ArrayLike, confidence: ArrayLike, accuracy: float) -> float:
    """Return the lowest confidence at which what is labelled reaches an accuracy.

    Parameters
    ----------
    right : array-like of bool, shape (n_sentences,)
        Whether each prediction is right; of sentences that the classifier was not fitted on.
    confidence : array-like of shape (n_sentences,)
        How sure each is.
    accuracy : float
        Share of the labelled sentences that is to be right, in (0, 1].

    Returns
    -------
    float
        ``nan`` if no threshold reaches it. The accuracy is reached on these sentences and
        not promised of others.

    Raises
    ------
    ValueError
        If there is no sentence, the lengths differ, or the accuracy is no such share.

    Examples
    --------
    >>> choose_threshold([True, True, False, True], [0.9, 0.8, 0.7, 0.6], accuracy=0.75)
    0.6
    """
    if not 0 < accuracy <= 1:
        raise ValueError(f"accuracy {accuracy!r} came, expected a share above 0 and at most 1; write 0.9 for 90 %")
    curve = risk_coverage(right, confidence)
    # The tolerance keeps three of four from falling short of 0.75.
    reached = np.flatnonzero(1 - curve.risk >= accuracy - 1e-12)
    return float(curve.threshold[reached[-1]]) if len(reached) else float("nan")


def measure_abstention(
    chosen_on: Predictions,
    applied_to: Predictions,
    wanted: Sequence[float] = WANTED,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Abstention:
    """Choose thresholds on some predictions and apply them to others, with 95 % intervals over articles.

    Parameters
    ----------
    chosen_on : Predictions
        Cross-validated training sentences, at least one.
    applied_to : Predictions
        Those of the test split, at least one.
    wanted : sequence of float
        Accuracies, each in (0, 1].
    n_resamples, seed : int
        How often articles are drawn, and what decides the draws. The thresholds stay.

    Returns
    -------
    Abstention

    Raises
    ------
    ValueError
        If there is no sentence or an accuracy is no such share.

    Notes
    -----
    A threshold is carried over only as far as both sides mean the same by a probability.
    The models of folds may have chosen other hyper-parameters than that of all training
    articles, and be more or less sure than it: recalibrate before asking for an accuracy.

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    >>> told = make_predictions(LabelSet.from_names(["a", "b"]), [""] * 3, ["a", "a", "b"], proba)
    >>> found = measure_abstention(told, told, wanted=[1.0], n_resamples=100).thresholds[0]
    >>> found.threshold, round(found.applied_to.coverage.value, 4)
    (0.8, 0.6667)
    """
    right, sure = _outcome(chosen_on)
    thresholds = []
    for accuracy in wanted:
        threshold = choose_threshold(right, sure, accuracy)
        reached = not np.isnan(threshold)
        kept = [
            measure_kept(part, threshold, n_resamples, seed) if reached else None for part in (chosen_on, applied_to)
        ]
        thresholds.append(Threshold(accuracy, threshold, *kept))
    return Abstention(*_areas(applied_to, n_resamples, seed), tuple(thresholds), n_resamples)


def measure_kept(predictions: Predictions, threshold: float, n_resamples: int = 2000, seed: int = 0) -> Kept:
    """Measure what a threshold leaves, with 95 % intervals over resampled articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence.
    threshold : float
        The lowest confidence that is labelled.
    n_resamples, seed : int
        How often articles are drawn, and what decides the draws.

    Returns
    -------
    Kept
    """
    labels = predictions.labels
    acts = [labels.index(name) for name in labels.acts]
    columns = predictions.gold, predictions.predicted, predictions.article
    sizes = article_confusions(*columns, labels.names).sum(axis=(1, 2))
    kept = article_confusions(*columns, labels.names, kept=_outcome(predictions)[1] >= threshold)
    weights = bootstrap_weights(len(sizes), n_resamples, np.random.default_rng(seed))
    once, drawn = kept.sum(axis=0), np.tensordot(weights, kept, axes=1)
    return Kept(
        coverage=Estimate(float(once.sum() / sizes.sum()), *interval(drawn.sum(axis=(1, 2)) / (weights @ sizes))),
        accuracy=Estimate(float(accuracy_of(once)), *interval(accuracy_of(drawn))),
        headline=Estimate(float(macro_f1(once, acts)), *interval(macro_f1(drawn, acts))),
        n_sentences=int(once.sum()),
    )


def _areas(predictions: Predictions, n_resamples: int, seed: int) -> tuple[Estimate, Estimate]:
    right, sure = _outcome(predictions)
    names, article = np.unique(np.asarray(predictions.article), return_inverse=True)
    weights = bootstrap_weights(len(names), n_resamples, np.random.default_rng(seed)).astype(int)
    wrong_by_article = np.bincount(article, ~right).astype(int)
    drawn = np.concatenate(
        [
            risk_coverage_area(right, sure, weights[start : start + _BLOCK, article])
            for start in range(0, n_resamples, _BLOCK)
        ]
    )
    least = least_area(weights @ wrong_by_article, weights @ np.bincount(article))
    once = float(risk_coverage_area(right, sure))
    return (
        Estimate(once, *interval(drawn)),
        Estimate(once - float(least_area(np.sum(~right), len(right))), *interval(drawn - least)),
    )


def _outcome(predictions: Predictions) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return whether each prediction is right and how sure it is."""
    right = np.asarray(predictions.gold) == np.asarray(predictions.predicted)
    columns = encode(predictions.predicted, predictions.labels.names)
    return right, predictions.proba[np.arange(len(columns)), columns]


def _checked(right: ArrayLike, confidence: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return what is wrong, and how sure each is."""
    outcomes, sure = np.asarray(right, dtype=bool), np.asarray(confidence, dtype=float)
    if len(sure) == 0 or outcomes.shape != sure.shape:
        raise ValueError(
            f"{len(outcomes)} outcomes and {len(sure)} confidences came, expected as many of each and at least one; "
            "pass one of each a sentence"
        )
    return ~outcomes, sure


def _groups(confidence: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the confidences that occur, falling, and which of them each sentence has."""
    values, group = np.unique(-confidence, return_inverse=True)
    return -values, group


def _area(n: NDArray[Any], errors: NDArray[Any]) -> Counts:
    """Mean risk, where groups of equally sure sentences follow each other along the last dimension.

    In the mean over all orders of a group of g sentences with e errors, after N sentences
    with E, the risk after the j-th is (E + j e / g) / (N + j). Its sum over the group is
    e + (E - N e / g) (H(N + g) - H(N)), where H are the harmonic numbers.
    """
    after, wrong_after = np.cumsum(n, axis=-1), np.cumsum(errors, axis=-1)
    before, wrong_before = after - n, wrong_after - errors
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, after.max(initial=0) + 1))])
    share = errors / np.maximum(n, 1)
    sums = errors + (wrong_before - before * share) * (harmonic[after] - harmonic[before])
    with np.errstate(divide="ignore", invalid="ignore"):
        area: Counts = sums.sum(axis=-1) / after[..., -1]
    return area
