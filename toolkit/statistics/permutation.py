"""Counts of two systems and permutations of articles -> p-values, and Holm's correction for many of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.statistics.metrics import TIE, ArticleCounts
from toolkit.statistics.resampling import Statistic, parts_of, sum_counts, weighted_sums

# A corrected p-value below this counts as significant, in every report and comparison.
ALPHA = 0.05


def draw_permutations(n_articles: int, n_permutations: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw random permutations, each of which exchanges two systems' predictions on some articles.

    Parameters
    ----------
    n_articles, n_permutations : int
        Number of articles and of permutations.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_permutations, n_articles)
        1 where the predictions on the article are exchanged, else 0; each is equally likely.

    Examples
    --------
    >>> draw_permutations(3, 2, np.random.default_rng(0)).tolist()
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    return rng.integers(0, 2, size=(n_permutations, n_articles)).astype(float)


def permutation_test(
    first: ArticleCounts, second: ArticleCounts, score: Statistic, permutations: NDArray[np.float64]
) -> float:
    """Test whether two systems differ, by approximate randomisation of whole articles.

    Parameters
    ----------
    first, second : ArticleCounts
        Counts of the same n articles, in the same order.
    score : callable
        Maps counts to a score, such as the headline.
    permutations : ndarray of shape (n_permutations, n_articles)
        From :func:`draw_permutations`.

    Returns
    -------
    float
        Two-sided p-value, never 0, because the identity counts as one more permutation.
        ``nan`` if either system has no score. A permutation that leaves a system without a
        score counts as a difference at least as large as the observed one.

    References
    ----------
    .. [1] E. W. Noreen (1989). Computer-Intensive Methods for Testing Hypotheses. Wiley.
    .. [2] A. Yeh (2000). More accurate tests for the statistical significance of result
       differences. COLING. arXiv:cs/0008005

    Examples
    --------
    Two articles of one sentence each, which only the first system predicts correctly. Of three
    permutations, the one that exchanges both articles gives a difference as large:

    >>> empty = np.zeros((2, 0))
    >>> correct = ArticleCounts(np.array([[[1.0, 0], [0, 0]]] * 2), empty, empty)
    >>> wrong = ArticleCounts(np.array([[[0.0, 1], [0, 0]]] * 2), empty, empty)
    >>> n_correct = lambda counts: counts.confusion[..., 0, 0]
    >>> permutation_test(correct, wrong, n_correct, np.array([[1.0, 1], [1, 0], [0, 1]]))
    0.5
    """
    sums = sum_counts(first), sum_counts(second)
    observed = abs(float(score(sums[0]) - score(sums[1])))
    if np.isnan(observed):
        return float("nan")
    # A permutation adds to one system what it takes from the other: one product serves both.
    moved = weighted_sums(
        ArticleCounts(*(b - a for a, b in zip(parts_of(first), parts_of(second), strict=True))), permutations
    )
    permuted_first = ArticleCounts(*(a + move for a, move in zip(parts_of(sums[0]), parts_of(moved), strict=True)))
    permuted_second = ArticleCounts(*(b - move for b, move in zip(parts_of(sums[1]), parts_of(moved), strict=True)))
    differences = np.abs(score(permuted_first) - score(permuted_second))
    # Without the tolerance, rounding would decide whether an equal difference counts.
    n_as_large = int(np.sum(~(differences < observed - TIE)))
    return (n_as_large + 1) / (len(permutations) + 1)


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for the number of comparisons made.

    Parameters
    ----------
    p_values : list of float
        One per comparison.

    Returns
    -------
    list of float
        In the same order, each at most 1. An undefined p-value stays ``nan`` and does not count
        as a comparison.

    References
    ----------
    .. [1] S. Holm (1979). A simple sequentially rejective multiple test procedure.
       Scandinavian Journal of Statistics 6(2), 65-70.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    corrected = [float("nan")] * len(p_values)
    defined = [index for index, value in enumerate(p_values) if not np.isnan(value)]
    largest = 0.0
    for rank, index in enumerate(sorted(defined, key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(defined) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
