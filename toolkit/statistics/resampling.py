"""Counts of articles -> counts of bootstrap resamples, in which whole articles are drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from toolkit.statistics.metrics import ArticleCounts, Counts

# A score as a function of counts, such as the headline: leading dimensions in, the same dimensions out.
Statistic = Callable[[ArticleCounts], Counts]
# Weights held in memory at once: 64 MB of them.
BLOCK = 1 << 23


def bootstrap_weights(n_articles: int, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw articles with replacement and count how often each was drawn.

    Parameters
    ----------
    n_articles : int
        Number of articles, and size of each resample.
    n_resamples : int
        Number of resamples.
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
    """Add up the counts of articles, one weighted sum per resample.

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
    """Draw bootstrap resamples of articles and add up the counts of each.

    Weights are drawn in blocks, so that memory does not grow with articles times resamples.

    Parameters
    ----------
    counts : ArticleCounts
        Counts of n articles.
    n_resamples : int
        Number of resamples, of n articles each.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ArticleCounts
        As :func:`weighted_sums` returns them for the weights of :func:`bootstrap_weights`.
    """
    n_articles = len(counts.confusion)
    size = max(1, BLOCK // n_articles)
    blocks = [
        weighted_sums(counts, bootstrap_weights(n_articles, min(size, n_resamples - first), rng))
        for first in range(0, n_resamples, size)
    ]
    return ArticleCounts(*map(np.concatenate, zip(*map(parts_of, blocks), strict=True)))


def sum_counts(counts: ArticleCounts) -> ArticleCounts:
    """Add up the counts of all articles, which removes the first dimension."""
    return ArticleCounts(*(part.sum(axis=0) for part in parts_of(counts)))


def leave_one_out(counts: ArticleCounts) -> ArticleCounts:
    """Add up the counts of all articles but one, for each article left out.

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
    >>> empty = np.zeros((3, 0))
    >>> counts = ArticleCounts(np.array([[[1.0]], [[2.0]], [[4.0]]]), empty, empty)
    >>> leave_one_out(counts).confusion.ravel().tolist()
    [6.0, 5.0, 3.0]
    """
    sums = sum_counts(counts)
    return ArticleCounts(sums.confusion - counts.confusion, sums.losses - counts.losses, sums.bins - counts.bins)


def parts_of(counts: ArticleCounts) -> tuple[Counts, Counts, Counts]:
    """Return the arrays of counts in the order in which ``ArticleCounts`` takes them."""
    return counts.confusion, counts.losses, counts.bins
