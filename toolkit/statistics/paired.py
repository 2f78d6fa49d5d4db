"""Two systems on the same sentences -> what may be said of their difference.

A run is resampled once, for all the pairs it stands in; all random choices are made before
that, as one record of draws.
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
from toolkit.statistics.metrics import ArticleCounts, Counts
from toolkit.statistics.permutation import draw_permutations, permutation_test
from toolkit.statistics.resampling import (
    Statistic,
    bca_interval,
    bootstrap_weights,
    interval,
    leave_one_out,
    sum_counts,
    weighted_sums,
)


@dataclass(frozen=True, slots=True)
class Resamples:
    """All random choices of a comparison of any number of runs.

    Attributes
    ----------
    weights : ndarray of shape (n_resamples, n_articles)
        How often each article comes, for intervals.
    swaps : ndarray of shape (n_resamples, n_articles)
        1 where two systems swap their predictions, for tests.
    """

    weights: NDArray[np.float64]
    swaps: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunSample:
    """What pairs need of one run.

    Attributes
    ----------
    counts : ArticleCounts
        Of n articles.
    right : ndarray of bool of shape (n_sentences,)
        Whether each sentence is predicted right.
    value : float
        Its score.
    resampled : ndarray of shape (n_resamples,)
        Its score by resample.
    left_out : ndarray of shape (n_articles,)
        Its score without each article.
    """

    counts: ArticleCounts
    right: NDArray[np.bool_]
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
        The same interval corrected for bias and skewness.
    p_value : float
        Of the two-sided randomisation test that swaps whole articles. Not corrected for how
        many comparisons are made; that takes all of them, see ``significance.holm``.
    only_first, only_second : int
        Sentences that only one of the two has right.
    mcnemar_p : float
        Of McNemar's exact test on these, which ignores articles and is too small where
        sentences of an article are alike.
    cohen_g : float
        Effect on sentences, in [-1/2, 1/2].
    standardised : float
        Effect on articles: the difference in standard deviations between articles.
    reversal_proportion : float
        Share of resampled differences of the other sign.
    reversal_probability : float
        Chance that the order is the other way round on as many new articles.
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
    """Make all random choices of a comparison.

    Examples
    --------
    >>> draws = make_resamples(3, 2, np.random.default_rng(0))
    >>> draws.weights.shape, draws.swaps.shape
    ((2, 3), (2, 3))
    """
    return Resamples(bootstrap_weights(n_articles, n_resamples, rng), draw_permutations(n_articles, n_resamples, rng))


def sample_run(counts: ArticleCounts, right: ArrayLike, score: Statistic, draws: Resamples) -> RunSample:
    """Resample one run, for all the pairs it stands in.

    Parameters
    ----------
    counts : ArticleCounts
        Of n articles; where the score is one of the confusion alone, those of
        ``metrics.confusion_only`` do and are quicker.
    right : array-like of bool of shape (n_sentences,)
        Whether each sentence is predicted right, in an order shared by all runs.
    score : callable
        Counts to a score, such as the headline.
    draws : Resamples
        For n articles.

    Returns
    -------
    RunSample

    Raises
    ------
    ValueError
        If the draws are for another number of articles, or the counts are not of these
        sentences.

    Examples
    --------
    >>> none = np.zeros((2, 0))
    >>> counts = ArticleCounts(np.array([[[1.0, 1], [0, 0]], [[2.0, 0], [0, 0]]]), none, none)
    >>> draws = make_resamples(2, 100, np.random.default_rng(0))
    >>> sample_run(counts, [True, False, True, True], lambda summed: summed.confusion[..., 0, 0], draws).value
    3.0
    """
    n_articles, hits = len(counts.confusion), np.asarray(right, dtype=bool)
    for name in ("weights", "swaps"):
        n_drawn = getattr(draws, name).shape[1]
        if n_drawn != n_articles:
            raise ValueError(f"{name} for {n_drawn} articles came with counts of {n_articles}; draw for {n_articles}")
    summed = sum_counts(counts)
    counted = int(summed.confusion.sum()), int(np.trace(summed.confusion))
    if (len(hits), int(hits.sum())) != counted:
        raise ValueError(
            f"{hits.sum()} of {len(hits)} sentences came as right, but the counts have {counted[1]} of {counted[0]};"
            " take both from the same predictions"
        )
    return RunSample(
        counts=counts,
        right=hits,
        value=float(score(summed)),
        resampled=score(weighted_sums(counts, draws.weights)),
        left_out=score(leave_one_out(counts)),
    )


def compare_pair(
    first: ArticleCounts,
    second: ArticleCounts,
    first_right: ArrayLike,
    second_right: ArrayLike,
    score: Statistic,
    draws: Resamples,
) -> PairedComparison:
    """Compare two systems on the same sentences: score of first minus second.

    Parameters
    ----------
    first, second : ArticleCounts
        Counts of the same n articles, in the same order.
    first_right, second_right : array-like of bool of shape (n_sentences,)
        Whether each sentence is predicted right, in the same order.
    score : callable
        Counts to a score, such as the headline.
    draws : Resamples
        For n articles.

    Returns
    -------
    PairedComparison

    Raises
    ------
    ValueError
        If the two are not over the same sentences, or a part does not fit the others.

    Examples
    --------
    The first system is right twice where the second is wrong, the second once:

    >>> none = np.zeros((3, 0))
    >>> first = ArticleCounts(np.array([[[1.0, 0], [0, 0]], [[1.0, 0], [0, 0]], [[0.0, 1], [0, 0]]]), none, none)
    >>> second = ArticleCounts(np.array([[[0.0, 1], [0, 0]], [[0.0, 1], [0, 0]], [[1.0, 0], [0, 0]]]), none, none)
    >>> share = lambda summed: summed.confusion[..., 0, 0] / summed.confusion.sum(axis=(-2, -1))
    >>> draws = make_resamples(3, 100, np.random.default_rng(0))
    >>> found = compare_pair(first, second, [True, True, False], [False, False, True], share, draws)
    >>> round(found.value, 3), found.only_first, found.only_second, found.mcnemar_p
    (0.333, 2, 1, 1.0)
    """
    return compare_samples(
        sample_run(first, first_right, score, draws), sample_run(second, second_right, score, draws), score, draws
    )


def compare_samples(first: RunSample, second: RunSample, score: Statistic, draws: Resamples) -> PairedComparison:
    """Compare two systems already resampled with the same draws: score of first minus second.

    Parameters
    ----------
    first, second : RunSample
        From :func:`sample_run` with this score and these draws.
    score : callable
        Counts to a score.
    draws : Resamples
        For their articles.

    Returns
    -------
    PairedComparison
        As of :func:`compare_pair`, which shows an example.

    Raises
    ------
    ValueError
        If the two are not over the same sentences.
    """
    _check_paired(first, second)
    return describe_pair(first, second, permutation_test(first.counts, second.counts, score, draws.swaps))


def describe_pair(first: RunSample, second: RunSample, p_value: float) -> PairedComparison:
    """Say all of a pair of systems but its p-value, which is given.

    Parameters
    ----------
    first, second : RunSample
        From :func:`sample_run` with the same score and draws.
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
    >>> none = np.zeros((2, 0))
    >>> counts = ArticleCounts(np.array([[[1.0, 1], [0, 0]], [[2.0, 0], [0, 0]]]), none, none)
    >>> hits, score = [True, False, True, True], lambda summed: summed.confusion[..., 0, 0]
    >>> sample = sample_run(counts, hits, score, make_resamples(2, 100, np.random.default_rng(0)))
    >>> found = describe_pair(sample, sample, 1.0)
    >>> found.value, found.only_first, found.p_value
    (0.0, 0, 1.0)
    """
    _check_paired(first, second)
    value = first.value - second.value
    resampled, left_out = first.resampled - second.resampled, first.left_out - second.left_out
    only_first, only_second = (int(np.sum(one.right & ~two.right)) for one, two in ((first, second), (second, first)))
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
        n_sentences=len(first.right),
        n_articles=len(left_out),
        n_resamples=len(resampled),
    )


def _check_paired(first: RunSample, second: RunSample) -> None:
    ours, theirs = first.counts.confusion, second.counts.confusion
    if ours.shape != theirs.shape:
        raise ValueError(f"counts of shapes {ours.shape} and {theirs.shape} came; compare systems on the same articles")
    differing = np.flatnonzero((ours.sum(axis=-1) != theirs.sum(axis=-1)).any(axis=-1))
    if len(differing):
        raise ValueError(
            f"the two systems have other gold labels in {len(differing)} articles, first in article {differing[0]};"
            " compare systems on the same sentences"
        )
