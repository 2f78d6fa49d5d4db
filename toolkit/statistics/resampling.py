"""Resampled and left-out scores -> intervals that correct for bias and skewness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolkit.statistics.metrics import ArticleCounts, Counts


def leave_one_out(counts: ArticleCounts) -> ArticleCounts:
    """Add the counts of all articles up but one, each article left out once.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles.

    Returns
    -------
    ArticleCounts
        The first dimension of each array is the article left out.

    Examples
    --------
    >>> none = np.zeros((3, 0))
    >>> counts = ArticleCounts(np.array([[[1.0]], [[2.0]], [[4.0]]]), none, none)
    >>> leave_one_out(counts).confusion.ravel().tolist()
    [6.0, 5.0, 3.0]
    """
    sums = sum_counts(counts)
    return ArticleCounts(sums.confusion - counts.confusion, sums.losses - counts.losses, sums.bins - counts.bins)


def bca_interval(resampled: Counts, value: float, left_out: Counts, level: float = 0.95) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval of a score.

    A percentile interval assumes that resampled scores lie around the score as the score
    lies around the truth. This one moves both ends by how far the resampled scores lie to
    one side of the score, and by how much its spread changes with its size. It is no cure
    for few articles: for macro F1 both cover 95 % of 137 simulated articles, and 92 to 93 %
    of 15 (``tests/test_intervals.py``).

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One score a resample; undefined ones are left out.
    value : float
        The score of the data themselves.
    left_out : ndarray of shape (n_articles,)
        The score without each article, as of :func:`leave_one_out`; undefined ones are
        left out.
    level : float
        Share of resamples inside, before the correction.

    Returns
    -------
    (low, high)
        Both ``nan`` where the interval is undefined: no score, no score with an article
        left out, or all resampled scores on one side of the score.

    References
    ----------
    .. [1] B. Efron (1987). Better bootstrap confidence intervals. Journal of the American
       Statistical Association 82(397), 171-185. doi:10.1080/01621459.1987.10478410

    Examples
    --------
    Without bias and skewness it is the percentile interval:

    >>> low, high = bca_interval(np.arange(101.0), 50.0, np.array([49.0, 50.0, 51.0]), level=0.5)
    >>> round(low, 6), round(high, 6)
    (25.0, 75.0)
    """
    from scipy.special import ndtr, ndtri

    drawn, rest = resampled[~np.isnan(resampled)], left_out[~np.isnan(left_out)]
    if len(drawn) == 0 or len(rest) == 0:
        return float("nan"), float("nan")
    # Resampled scores equal to the score stand half below it, half above.
    below = (np.mean(drawn < value) + np.mean(drawn <= value)) / 2
    # An undefined score has none on either side.
    if not 0 < below < 1:
        return float("nan"), float("nan")
    bias, acceleration = ndtri(below), _acceleration(rest)
    moved = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(drawn, ndtr(bias + moved / (1 - acceleration * moved)))
    return float(low), float(high)


def distance_interval(
    resampled: Counts,
    gaps: Counts,
    n_articles: int,
    size: Callable[[Counts], Counts] = np.abs,
    most: float = 1.0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the interval of a sum of sizes of gaps, such as a calibration error.

    A size is never below 0, so that chance adds to the sum, and adds once more in a
    resample: percentile intervals of a small sum lie above it, and bias-corrected ones are
    undefined. Here the lower end takes off as much as chance adds where each gap that may
    be chance is none, and the upper end as much as the gaps at hand may have lost to it;
    neither passes the value, 0, or the largest sum there can be.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples, n_gaps)
        Signed gaps of each resample; resamples with an undefined gap are left out.
    gaps : ndarray of shape (n_gaps,)
        Those of the data themselves.
    n_articles : int
        Articles drawn; a gap within the root of their logarithm, in standard errors, may
        be chance.
    size : callable
        ``np.abs`` or ``np.square``.
    most : float
        The largest sum there can be.
    level : float
        Share of resamples inside.

    Returns
    -------
    (low, high)
        Around the value; both ``nan`` where it is undefined or no resample defines it.

    Notes
    -----
    It is made for sums of several gaps. Of a single one the upper end is short where chance has
    made the gap small: it then holds the truth less often than ``level``.

    The lower end is that of [1]_, with the threshold of [2]_; the upper is that of the
    basic interval. ``tests/analysis/test_calibration.py`` compares how often several kinds of
    interval hold the truth.

    References
    ----------
    .. [1] Z. Fang and A. Santos (2019). Inference on directionally differentiable functions.
       Review of Economic Studies 86(1), 377-412. doi:10.1093/restud/rdy049
    .. [2] D. W. K. Andrews and G. Soares (2010). Inference for parameters defined by moment
       inequalities using generalized moment selection. Econometrica 78(1), 119-157.
       doi:10.3982/ECTA7502

    Examples
    --------
    One gap of 0.1 that resamples move by as much: it may be chance.

    >>> low, high = distance_interval(np.array([[0.0], [0.1], [0.2]]), np.array([0.1]), 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.195)
    """
    drawn = resampled[~np.isnan(resampled).any(axis=-1)]
    value = float(size(gaps).sum())
    if len(drawn) == 0 or np.isnan(value):
        return float("nan"), float("nan")
    moved = drawn - gaps
    sure = np.where(np.abs(gaps) > np.sqrt(np.log(n_articles)) * drawn.std(axis=0), gaps, 0.0)
    added = size(sure + moved).sum(axis=-1) - size(sure).sum()
    low = value - float(np.quantile(added, (1 + level) / 2))
    high = 2 * value - float(np.quantile(size(drawn).sum(axis=-1), (1 - level) / 2))
    return min(value, max(0.0, low)), max(value, min(most, high))


def _acceleration(left_out: Counts) -> float:
    """Sixth of the skewness of what each article adds; 0 where all add the same."""
    pull = left_out.mean() - left_out
    spread = float((pull**2).sum())
    return float((pull**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


# Below it a corrected p-value counts as told apart, in every report and comparison.
ALPHA = 0.05
# Weights held in memory at once: 64 MB of them.
BLOCK = 1 << 23
Statistic = Callable[[ArticleCounts], Counts]


def bootstrap_weights(n_articles: int, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw articles with replacement and count how often each came.

    Parameters
    ----------
    n_articles, n_resamples : int
        How many there are, and how often as many are drawn.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_resamples, n_articles)
        Each row sums to ``n_articles``.

    Examples
    --------
    >>> bootstrap_weights(3, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    return rng.multinomial(n_articles, np.full(n_articles, 1 / n_articles), size=n_resamples).astype(float)


def weighted_sums(counts: ArticleCounts, weights: NDArray[np.float64]) -> ArticleCounts:
    """Add the counts of articles up, each row of weights giving one resample.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles.
    weights : ndarray of shape (n_resamples, n_articles)
        How often each article counts.

    Returns
    -------
    ArticleCounts
        The first dimension of each array is now the resample.
    """
    return ArticleCounts(*(np.tensordot(weights, part, axes=1) for part in parts_of(counts)))


def resample(counts: ArticleCounts, n_resamples: int, rng: np.random.Generator) -> ArticleCounts:
    """Draw articles and add their counts up, a block of draws at a time: what lies in memory does not grow with both.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles.
    n_resamples : int
        How often n articles are drawn.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ArticleCounts
        Of all draws of :func:`bootstrap_weights`, as :func:`weighted_sums` adds them up.
    """
    n_articles = len(counts.confusion)
    size = max(1, BLOCK // n_articles)
    blocks = [
        weighted_sums(counts, bootstrap_weights(n_articles, min(size, n_resamples - first), rng))
        for first in range(0, n_resamples, size)
    ]
    return ArticleCounts(*map(np.concatenate, zip(*map(parts_of, blocks), strict=True)))


def sum_counts(counts: ArticleCounts) -> ArticleCounts:
    """Add the counts of all articles up; the first dimension is gone."""
    return ArticleCounts(*(part.sum(axis=0) for part in parts_of(counts)))


def parts_of(counts: ArticleCounts) -> tuple[Counts, Counts, Counts]:
    return counts.confusion, counts.losses, counts.bins


def interval(resampled: Counts, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled scores; undefined ones are left out.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One score a resample.
    level : float
        Share of resamples inside.

    Returns
    -------
    (low, high)
        Both ``nan`` when no resample defines the score.

    Examples
    --------
    >>> interval(np.arange(101.0), level=0.5)
    (25.0, 75.0)
    """
    defined = resampled[~np.isnan(resampled)]
    if len(defined) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
