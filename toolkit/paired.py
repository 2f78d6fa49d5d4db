"""Two systems on the same sentences -> what may be said of their difference.

A run is resampled once, for all the pairs it stands in; all random choices are made before
that, as one record of draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.intervals import bca_interval, leave_one_out
from toolkit.metrics import ArticleCounts, Counts
from toolkit.significance import Score, draw_articles, draw_swaps, interval, swap_test, total, weigh

# Differences of scores nearer to each other than this are equal but for rounding.
TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Draws:
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
    reversed_share : float
        Share of resampled differences of the other sign.
    reversal_chance : float
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
    reversed_share: float
    reversal_chance: float
    n_sentences: int
    n_articles: int
    n_resamples: int


def make_draws(n_articles: int, n_resamples: int, rng: np.random.Generator) -> Draws:
    """Make all random choices of a comparison.

    Examples
    --------
    >>> draws = make_draws(3, 2, np.random.default_rng(0))
    >>> draws.weights.shape, draws.swaps.shape
    ((2, 3), (2, 3))
    """
    return Draws(draw_articles(n_articles, n_resamples, rng), draw_swaps(n_articles, n_resamples, rng))


def sample_run(counts: ArticleCounts, right: ArrayLike, score: Score, draws: Draws) -> RunSample:
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
    draws : Draws
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
    >>> draws = make_draws(2, 100, np.random.default_rng(0))
    >>> sample_run(counts, [True, False, True, True], lambda summed: summed.confusion[..., 0, 0], draws).value
    3.0
    """
    n_articles, hits = len(counts.confusion), np.asarray(right, dtype=bool)
    for name in ("weights", "swaps"):
        n_drawn = getattr(draws, name).shape[1]
        if n_drawn != n_articles:
            raise ValueError(f"{name} for {n_drawn} articles came with counts of {n_articles}; draw for {n_articles}")
    summed = total(counts)
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
        resampled=score(weigh(counts, draws.weights)),
        left_out=score(leave_one_out(counts)),
    )


def compare_pair(
    first: ArticleCounts,
    second: ArticleCounts,
    first_right: ArrayLike,
    second_right: ArrayLike,
    score: Score,
    draws: Draws,
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
    draws : Draws
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
    >>> draws = make_draws(3, 100, np.random.default_rng(0))
    >>> found = compare_pair(first, second, [True, True, False], [False, False, True], share, draws)
    >>> round(found.value, 3), found.only_first, found.only_second, found.mcnemar_p
    (0.333, 2, 1, 1.0)
    """
    return compare_samples(
        sample_run(first, first_right, score, draws), sample_run(second, second_right, score, draws), score, draws
    )


def compare_samples(first: RunSample, second: RunSample, score: Score, draws: Draws) -> PairedComparison:
    """Compare two systems already resampled with the same draws: score of first minus second.

    Parameters
    ----------
    first, second : RunSample
        From :func:`sample_run` with this score and these draws.
    score : callable
        Counts to a score.
    draws : Draws
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
    return describe_pair(first, second, swap_test(first.counts, second.counts, score, draws.swaps))


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
    >>> sample = sample_run(counts, hits, score, make_draws(2, 100, np.random.default_rng(0)))
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
        reversed_share=reversed_share(resampled, value),
        reversal_chance=reversal_chance(resampled, value),
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


def mcnemar_test(only_first: int, only_second: int) -> float:
    """Test whether two systems are right equally often, on the sentences where one is.

    This test takes sentences for independent. Those of one article are not: where errors
    come by article it cries wolf, and an article resampled or swapped whole is the sound
    test (:func:`toolkit.significance.swap_test`). It is here because readers ask for it.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, has right.

    Returns
    -------
    float
        Exact two-sided p-value; 1 where the two are never told apart.

    Raises
    ------
    ValueError
        If a number is below 0.

    References
    ----------
    .. [1] Q. McNemar (1947). Note on the sampling error of the difference between
       correlated proportions or percentages. Psychometrika 12, 153-157.
       doi:10.1007/BF02295996

    Examples
    --------
    Of six such sentences the first has all right; a coin does so, or the reverse, in 2 of 64:

    >>> mcnemar_test(6, 0) == 2 / 64
    True
    """
    from scipy.special import bdtr

    _check_numbers(only_first, only_second)
    n_told = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), n_told, 0.5)))


def cohen_g(only_first: int, only_second: int) -> float:
    """Say how far from half the first system's share is, of the sentences where one is right.

    It is the effect that McNemar's test tests for, and does not grow with the number of
    sentences. Cohen calls 0.05 small, 0.15 medium and 0.25 large.

    Parameters
    ----------
    only_first, only_second : int
        Sentences that only the first, and only the second, has right.

    Returns
    -------
    float
        In [-1/2, 1/2], above 0 where the first is right more often; ``nan`` where the two
        are never told apart.

    Raises
    ------
    ValueError
        If a number is below 0.

    References
    ----------
    .. [1] J. Cohen (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd
       edition, chapter 5. Erlbaum. doi:10.4324/9780203771587

    Examples
    --------
    >>> cohen_g(3, 1)
    0.25
    """
    _check_numbers(only_first, only_second)
    n_told = only_first + only_second
    return only_first / n_told - 0.5 if n_told else float("nan")


def _check_numbers(only_first: int, only_second: int) -> None:
    if min(only_first, only_second) < 0:
        raise ValueError(
            f"{only_first} and {only_second} sentences came as right by one system only; expected counts, 0 or more"
        )


def standardised_difference(value: float, left_out: Counts) -> float:
    """Divide a difference by its standard deviation between articles.

    For a mean over articles of equal size this is Cohen's d of paired data, *dz*: the mean
    difference over the standard deviation of the differences. For any other score, such as
    macro F1, an article's difference is what leaving it out shows (the jackknife), which
    needs no draws. Unlike a test it does not grow with the number of articles.

    Parameters
    ----------
    value : float
        The difference of two scores.
    left_out : ndarray of shape (n_articles,)
        The difference without each article; undefined ones are left out.

    Returns
    -------
    float
        With the sign of the difference; ``nan`` where articles do not differ in it.

    References
    ----------
    .. [1] D. Lakens (2013). Calculating and reporting effect sizes to facilitate cumulative
       science. Frontiers in Psychology 4, 863. doi:10.3389/fpsyg.2013.00863
    .. [2] B. Efron and C. Stein (1981). The jackknife estimate of variance. Annals of
       Statistics 9(3), 586-596. doi:10.1214/aos/1176345462

    Examples
    --------
    Differences 1, 2 and 3 have mean 2 and standard deviation 1; without each, the mean is
    2.5, 2 and 1.5:

    >>> standardised_difference(2.0, np.array([2.5, 2.0, 1.5]))
    2.0
    """
    rest = left_out[~np.isnan(left_out)]
    if len(rest) < 2:
        return float("nan")
    deviation = float(np.sqrt((len(rest) - 1) * ((rest - rest.mean()) ** 2).sum()))
    return value / deviation if deviation > TIE else float("nan")


def reversed_share(resampled: Counts, value: float) -> float:
    """Share of resampled differences of the other sign than the difference found.

    This would be the chance that new articles reverse the order if the true difference
    were the one found. It is not known so well: see :func:`reversal_chance`.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference a resample; undefined ones are left out.
    value : float
        The difference found.

    Returns
    -------
    float
        In [0, 1]; a resampled difference of 0 counts half. ``nan`` if the difference found
        is 0 or undefined: then there is no order to reverse.

    Examples
    --------
    One of four is below 0, one is 0:

    >>> reversed_share(np.array([3.0, 1.0, 0.0, -1.0]), 1.0) == 1.5 / 4
    True
    """
    drawn = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(drawn) == 0:
        return float("nan")
    return _share_below(drawn * np.sign(value), np.zeros(1))


def reversal_chance(resampled: Counts, value: float) -> float:
    """Estimate the chance that as many new articles would reverse the order of two systems.

    The systems stay as they are; only articles are new. The difference found lies off the
    truth, and that on new articles lies off the truth again, independently; both errors are
    those of resampled differences around the one found. So the difference on new articles
    is spread around the one found by the sum of two such errors, and this is the share of
    all pairs of resampled differences whose sum of errors turns its sign. Beforehand any
    true difference is held as likely as any other; if large ones are rare, as among near
    variants of one system, the chance is higher than this.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One difference a resample; undefined ones are left out.
    value : float
        The difference found.

    Returns
    -------
    float
        In [0, 1]; a sum of exactly 0 counts half. ``nan`` if the difference found is 0 or
        undefined: then there is no order to reverse.

    References
    ----------
    .. [1] P. R. Killeen (2005). An alternative to null-hypothesis significance tests.
       Psychological Science 16(5), 345-353. doi:10.1111/j.0956-7976.2005.01538.x

    Examples
    --------
    Errors are -2 and 2. Of the four pairs one, -2 with -2, takes 1 below 0:

    >>> reversal_chance(np.array([-1.0, 3.0]), 1.0)
    0.25
    """
    drawn = resampled[~np.isnan(resampled)]
    if not abs(value) > TIE or len(drawn) == 0:
        return float("nan")
    upright = drawn * np.sign(value)
    # first + (first - value) + (second - value) with the sign of value is below 0.
    return _share_below(upright, abs(value) - upright)


def _share_below(drawn: Counts, bounds: Counts) -> float:
    """Share of all pairs of drawn and bound in which the drawn is below; ties count half."""
    ordered = np.sort(drawn)
    below, not_above = (np.searchsorted(ordered, bounds + side) for side in (-TIE, TIE))
    return float((below + not_above).mean() / (2 * len(ordered)))
