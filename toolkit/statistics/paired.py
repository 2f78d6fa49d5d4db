"""Counts of two systems on the same sentences -> their difference, with intervals, tests and effect sizes.

A system is resampled once for all the pairs it is part of. All random choices are drawn
before that and kept in one record, so that every pair rests on the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.statistics.effects import (
    cohen_g,
    mcnemar_test,
    reversal_probability,
    reversal_proportion,
    standardised_difference,
)
from toolkit.statistics.intervals import bca_interval, interval
from toolkit.statistics.metrics import ArticleCounts, Counts
from toolkit.statistics.permutation import draw_permutations, permutation_test
from toolkit.statistics.resampling import Statistic, bootstrap_weights, leave_one_out, sum_counts, weighted_sums


@dataclass(frozen=True, slots=True)
class Resamples:
    """All random choices of a comparison of any number of systems.

    Attributes
    ----------
    weights : ndarray of shape (n_resamples, n_articles)
        How often each article occurs in each resample, for intervals.
    permutations : ndarray of shape (n_permutations, n_articles)
        1 where two systems exchange their predictions on an article, for tests.
    """

    weights: NDArray[np.float64]
    permutations: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ResampledSystem:
    """What a pair needs to know of one system.

    Attributes
    ----------
    counts : ArticleCounts
        Counts of n articles.
    correct : ndarray of bool of shape (n_sentences,)
        Whether each sentence is predicted correctly.
    value : float
        Its score.
    resampled : ndarray of shape (n_resamples,)
        Its score on each resample.
    left_out : ndarray of shape (n_articles,)
        Its score without each article.
    """

    counts: ArticleCounts
    correct: NDArray[np.bool_]
    value: float
    resampled: Counts
    left_out: Counts


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """Score of a first system minus that of a second on the same sentences.

    Attributes
    ----------
    value, low, high : float
        The difference and its 95 % percentile interval over resampled articles.
    bca_low, bca_high : float
        The bias-corrected and accelerated interval of the same level.
    p_value : float
        Of the two-sided randomisation test that permutes whole articles. It is not corrected
        for the number of comparisons, which only :func:`toolkit.statistics.permutation.holm`
        can do with all of them at hand.
    only_first, only_second : int
        Sentences that only one of the two systems predicts correctly.
    mcnemar_p : float
        Of McNemar's exact test on these, which ignores articles and is too small where
        sentences of an article are similar.
    cohen_g : float
        Effect size on sentences, in [-1/2, 1/2].
    standardised : float
        Effect size on articles: the difference in standard deviations between articles.
    reversal_proportion : float
        Proportion of resampled differences with the opposite sign.
    reversal_probability : float
        Probability that the same number of new articles would reverse the order.
    n_sentences, n_articles, n_resamples : int
        What the comparison rests on.
    """

    value: float
    low: float
    high: float
    bca_low: float
    bca_high: float
    p_value: float
    only_first: int
    only_second: int
    mcnemar_p: float
    cohen_g: float
    standardised: float
    reversal_proportion: float
    reversal_probability: float
    n_sentences: int
    n_articles: int
    n_resamples: int


def make_resamples(n_articles: int, n_resamples: int, rng: np.random.Generator) -> Resamples:
    """Draw all random choices of a comparison, as many permutations as resamples.

    Examples
    --------
    >>> resamples = make_resamples(3, 2, np.random.default_rng(0))
    >>> resamples.weights.shape, resamples.permutations.shape
    ((2, 3), (2, 3))
    """
    return Resamples(bootstrap_weights(n_articles, n_resamples, rng), draw_permutations(n_articles, n_resamples, rng))


def resample_system(
    counts: ArticleCounts, correct: ArrayLike, score: Statistic, resamples: Resamples
) -> ResampledSystem:
    """Resample one system, for all the pairs it is part of.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles. If the score needs the confusion matrix alone, those of
        :func:`toolkit.statistics.metrics.confusion_only` are enough, and faster.
    correct : array-like of bool of shape (n_sentences,)
        Whether each sentence is predicted correctly, in an order shared by all systems.
    score : callable
        Maps counts to a score, such as the headline.
    resamples : Resamples
        For n articles.

    Returns
    -------
    ResampledSystem

    Raises
    ------
    ValueError
        If the resamples are for another number of articles, or the counts are not of these
        sentences.

    Examples
    --------
    >>> empty = np.zeros((2, 0))
    >>> counts = ArticleCounts(np.array([[[1.0, 1], [0, 0]], [[2.0, 0], [0, 0]]]), empty, empty)
    >>> resamples = make_resamples(2, 100, np.random.default_rng(0))
    >>> resample_system(counts, [True, False, True, True], lambda c: c.confusion[..., 0, 0], resamples).value
    3.0
    """
    n_articles, correct = len(counts.confusion), np.asarray(correct, dtype=bool)
    for name in ("weights", "permutations"):
        n_columns = getattr(resamples, name).shape[1]
        if n_columns != n_articles:
            raise ValueError(
                f"{name} for {n_columns} articles came with counts of {n_articles}; draw them for {n_articles}"
            )
    summed = sum_counts(counts)
    n_sentences, n_correct = int(summed.confusion.sum()), int(np.trace(summed.confusion))
    if (len(correct), int(correct.sum())) != (n_sentences, n_correct):
        raise ValueError(
            f"{correct.sum()} of {len(correct)} sentences came as correct, but the counts have {n_correct} of"
            f" {n_sentences}; take both from the same predictions"
        )
    return ResampledSystem(
        counts=counts,
        correct=correct,
        value=float(score(summed)),
        resampled=score(weighted_sums(counts, resamples.weights)),
        left_out=score(leave_one_out(counts)),
    )


def compare_pair(
    first: ArticleCounts,
    second: ArticleCounts,
    first_correct: ArrayLike,
    second_correct: ArrayLike,
    score: Statistic,
    resamples: Resamples,
) -> PairedComparison:
    """Compare two systems on the same sentences: score of the first minus score of the second.

    Parameters
    ----------
    first, second : ArticleCounts
        Counts of the same n articles, in the same order.
    first_correct, second_correct : array-like of bool of shape (n_sentences,)
        Whether each sentence is predicted correctly, in the same order.
    score : callable
        Maps counts to a score, such as the headline.
    resamples : Resamples
        For n articles.

    Returns
    -------
    PairedComparison

    Raises
    ------
    ValueError
        If the two are not over the same sentences, or the arguments do not fit each other.

    Examples
    --------
    The first system is correct twice where the second is wrong, the second once:

    >>> empty = np.zeros((3, 0))
    >>> first = ArticleCounts(np.array([[[1.0, 0], [0, 0]], [[1.0, 0], [0, 0]], [[0.0, 1], [0, 0]]]), empty, empty)
    >>> second = ArticleCounts(np.array([[[0.0, 1], [0, 0]], [[0.0, 1], [0, 0]], [[1.0, 0], [0, 0]]]), empty, empty)
    >>> accuracy = lambda counts: counts.confusion[..., 0, 0] / counts.confusion.sum(axis=(-2, -1))
    >>> resamples = make_resamples(3, 100, np.random.default_rng(0))
    >>> pair = compare_pair(first, second, [True, True, False], [False, False, True], accuracy, resamples)
    >>> round(pair.value, 3), pair.only_first, pair.only_second, pair.mcnemar_p
    (0.333, 2, 1, 1.0)
    """
    return compare_systems(
        resample_system(first, first_correct, score, resamples),
        resample_system(second, second_correct, score, resamples),
        score,
        resamples,
    )


def compare_systems(
    first: ResampledSystem, second: ResampledSystem, score: Statistic, resamples: Resamples
) -> PairedComparison:
    """Compare two systems that share their resamples: score of the first minus score of the second.

    Parameters
    ----------
    first, second : ResampledSystem
        From :func:`resample_system` with this score and these resamples.
    score : callable
        Maps counts to a score.
    resamples : Resamples
        For their articles.

    Returns
    -------
    PairedComparison
        As in :func:`compare_pair`, which shows an example.

    Raises
    ------
    ValueError
        If the two are not over the same sentences.
    """
    _check_paired(first, second)
    return describe_pair(first, second, permutation_test(first.counts, second.counts, score, resamples.permutations))


def describe_pair(first: ResampledSystem, second: ResampledSystem, p_value: float) -> PairedComparison:
    """Measure everything about a pair of systems except its p-value, which is given.

    Parameters
    ----------
    first, second : ResampledSystem
        From :func:`resample_system` with the same score and resamples.
    p_value : float
        Of their difference, from a test of this pair or of all pairs at once.

    Returns
    -------
    PairedComparison

    Raises
    ------
    ValueError
        If the two are not over the same sentences.

    Examples
    --------
    >>> empty = np.zeros((2, 0))
    >>> counts = ArticleCounts(np.array([[[1.0, 1], [0, 0]], [[2.0, 0], [0, 0]]]), empty, empty)
    >>> correct, score = [True, False, True, True], lambda counts: counts.confusion[..., 0, 0]
    >>> system = resample_system(counts, correct, score, make_resamples(2, 100, np.random.default_rng(0)))
    >>> pair = describe_pair(system, system, 1.0)
    >>> pair.value, pair.only_first, pair.p_value
    (0.0, 0, 1.0)
    """
    _check_paired(first, second)
    value = first.value - second.value
    resampled, left_out = first.resampled - second.resampled, first.left_out - second.left_out
    only_first, only_second = int((first.correct & ~second.correct).sum()), int((second.correct & ~first.correct).sum())
    low, high = interval(resampled)
    bca_low, bca_high = bca_interval(resampled, value, left_out)
    return PairedComparison(
        value=value,
        low=low,
        high=high,
        bca_low=bca_low,
        bca_high=bca_high,
        p_value=float(p_value),
        only_first=only_first,
        only_second=only_second,
        mcnemar_p=mcnemar_test(only_first, only_second),
        cohen_g=cohen_g(only_first, only_second),
        standardised=standardised_difference(value, left_out),
        reversal_proportion=reversal_proportion(resampled, value),
        reversal_probability=reversal_probability(resampled, value),
        n_sentences=len(first.correct),
        n_articles=len(left_out),
        n_resamples=len(resampled),
    )


def _check_paired(first: ResampledSystem, second: ResampledSystem) -> None:
    one, two = first.counts.confusion, second.counts.confusion
    if one.shape != two.shape:
        raise ValueError(f"counts of shapes {one.shape} and {two.shape} came; compare systems on the same articles")
    differing = np.flatnonzero((one.sum(axis=-1) != two.sum(axis=-1)).any(axis=-1))
    if len(differing):
        raise ValueError(
            f"the two systems have different gold labels in {len(differing)} articles, first in article"
            f" {differing[0]}; compare systems on the same sentences"
        )
