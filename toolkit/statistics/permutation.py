"""TODO toolkit.statistics.permutation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolkit.statistics.metrics import TIE, ArticleCounts
from toolkit.statistics.resampling import Statistic, parts_of, sum_counts, weighted_sums


def draw_permutations(n_articles: int, n_resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw which articles two systems swap their predictions in.

    Parameters
    ----------
    n_articles, n_resamples : int
        How many there are, and how often all are drawn for.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_resamples, n_articles)
        1 where the article is swapped, else 0; each as likely.

    Examples
    --------
    >>> draw_permutations(3, 2, np.random.default_rng(0)).tolist()
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    return rng.integers(0, 2, size=(n_resamples, n_articles)).astype(float)


def permutation_test(
    first: ArticleCounts, second: ArticleCounts, score: Statistic, swaps: NDArray[np.float64]
) -> float:
    """Test whether two systems differ, by swaps already drawn.

    Parameters
    ----------
    first, second : ArticleCounts
        Counts of the same n articles, in the same order.
    score : callable
        Counts to a score, such as the headline.
    swaps : ndarray of shape (n_resamples, n_articles)
        From :func:`draw_permutations`.

    Returns
    -------
    float
        Two-sided p-value, never 0: the swap that changes nothing is counted. ``nan`` if
        either system has no score; a swap that leaves one without counts as as large.

    References
    ----------
    .. [1] E. W. Noreen (1989). Computer-Intensive Methods for Testing Hypotheses. Wiley.
    .. [2] A. Yeh (2000). More accurate tests for the statistical significance of result
       differences. COLING. arXiv:cs/0008005

    Examples
    --------
    Two articles of one sentence each, which the first system alone has right. Of three
    swaps, the one of both articles is as large:

    >>> none = np.zeros((2, 0))
    >>> right = ArticleCounts(np.array([[[1.0, 0], [0, 0]]] * 2), none, none)
    >>> wrong = ArticleCounts(np.array([[[0.0, 1], [0, 0]]] * 2), none, none)
    >>> n_right = lambda summed: summed.confusion[..., 0, 0]
    >>> permutation_test(right, wrong, n_right, np.array([[1.0, 1], [1, 0], [0, 1]]))
    0.5
    """
    sums = sum_counts(first), sum_counts(second)
    observed = abs(float(score(sums[0]) - score(sums[1])))
    if np.isnan(observed):
        return float("nan")
    # What a swap takes to one system it takes from the other: one product for both.
    moved = weighted_sums(
        ArticleCounts(*(b - a for a, b in zip(parts_of(first), parts_of(second), strict=True))), swaps
    )
    ones = ArticleCounts(*(a + move for a, move in zip(parts_of(sums[0]), parts_of(moved), strict=True)))
    others = ArticleCounts(*(b - move for b, move in zip(parts_of(sums[1]), parts_of(moved), strict=True)))
    differences = np.abs(score(ones) - score(others))
    # The tolerance keeps a swap that equals the observed order from falling either side.
    as_large = int(np.sum(~(differences < observed - TIE)))
    return (as_large + 1) / (len(swaps) + 1)


def holm(p_values: list[float]) -> list[float]:
    """Correct p-values for how many comparisons were made.

    Parameters
    ----------
    p_values : list of float
        One a comparison.

    Returns
    -------
    list of float
        In the same order, each at most 1. An undefined one, ``nan``, stays so and does not
        count as a comparison.

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
    defined = [place for place, value in enumerate(p_values) if not np.isnan(value)]
    largest = 0.0
    for rank, place in enumerate(sorted(defined, key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, (len(defined) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected
