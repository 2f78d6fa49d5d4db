"""Intervals and paired tests that resample whole articles.

Sentences of one article are not independent, so an interval that resamples sentences is
too narrow. Here articles are drawn with replacement; the draws are made first, as one
table of weights, so that every score of every run sees the same articles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from toolkit.metrics import ArticleCounts, Counts

Score = Callable[[ArticleCounts], Counts]
T = TypeVar("T")


def draw_articles(n_articles: int, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
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
    >>> draw_articles(3, 2, np.random.default_rng(0)).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    return rng.multinomial(n_articles, np.full(n_articles, 1 / n_articles), size=n_resamples).astype(float)


def weigh(counts: ArticleCounts, weights: NDArray[np.float64]) -> ArticleCounts:
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
    return ArticleCounts(*(np.tensordot(weights, part, axes=1) for part in _parts(counts)))


def total(counts: ArticleCounts) -> ArticleCounts:
    """Add the counts of all articles up; the first dimension is gone."""
    return ArticleCounts(*(part.sum(axis=0) for part in _parts(counts)))


def _parts(counts: ArticleCounts) -> tuple[Counts, Counts, Counts]:
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


def randomisation_test(
    first: ArticleCounts, second: ArticleCounts, score: Score, n_resamples: int, rng: np.random.Generator
) -> float:
    """Test whether two systems differ on the same sentences, swapping whole articles.

    Parameters
    ----------
    first, second : ArticleCounts
        Counts of the same articles, in the same order.
    score : callable
        Counts to a score, such as the headline.
    n_resamples : int
        Random swaps made.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    float
        Two-sided p-value, never 0: the swap that changes nothing is counted.

    References
    ----------
    .. [1] E. W. Noreen (1989). Computer-Intensive Methods for Testing Hypotheses. Wiley.
    .. [2] A. Yeh (2000). More accurate tests for the statistical significance of result
       differences. COLING. arXiv:cs/0008005
    """
    n_articles = len(first.confusion)
    swap = rng.integers(0, 2, size=(n_resamples, n_articles)).astype(float)
    observed = abs(float(score(total(first)) - score(total(second))))
    ones = _add(weigh(first, 1 - swap), weigh(second, swap))
    others = _add(weigh(first, swap), weigh(second, 1 - swap))
    differences = np.abs(score(ones) - score(others))
    # The tolerance keeps a swap that equals the observed order from falling either side.
    as_large = int(np.sum(differences >= observed - 1e-12))
    return (as_large + 1) / (n_resamples + 1)


def _add(first: ArticleCounts, second: ArticleCounts) -> ArticleCounts:
    return ArticleCounts(*(a + b for a, b in zip(_parts(first), _parts(second), strict=True)))


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for how many comparisons were made.

    Parameters
    ----------
    p_values : list of float
        One a comparison.

    Returns
    -------
    list of float
        In the same order, each at most 1.

    References
    ----------
    .. [1] S. Holm (1979). A simple sequentially rejective multiple test procedure.
       Scandinavian Journal of Statistics 6(2), 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected
