"""Many systems on the same sentences -> every pair compared, with shared draws and corrected p-values.

A swap moves whole articles, and what it moves of one system does not depend on the system
it is swapped with. So one matrix product gives the swaps of all systems, and a pair costs
a subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.statistics.metrics import TIE, ArticleCounts, Counts, macro_f1
from toolkit.statistics.paired import PairedComparison, Resamples, describe_pair, sample_run
from toolkit.statistics.permutation import holm
from toolkit.statistics.resampling import bootstrap_weights

# Swaps held in memory at once.
BLOCK = 256
# A randomisation test of n swaps gives no p-value below 1 / (n + 1), and Holm multiplies the
# smallest by the number of comparisons: with 2,000 swaps no pair of 20 runs could ever be told
# apart. So swaps grow with the comparisons; 100 for each lets a corrected p-value reach 0.01.
PERMUTATIONS_PER_COMPARISON = 100
# For 50 runs on two splits; the least corrected p-value is then 2,450 / 100,001 = 0.0245.
MOST_PERMUTATIONS = 100_000


@dataclass(frozen=True, slots=True)
class SystemPair:
    """One pair of a comparison of many systems.

    Attributes
    ----------
    first, second : int
        Places of the two systems, first before second.
    found : PairedComparison
        Score of the first minus that of the second.
    p_corrected : float
        Its p-value, corrected by Holm for all comparisons shown.
    """

    first: int
    second: int
    found: PairedComparison
    p_corrected: float


def permutations_needed(n_comparisons: int, n_resamples: int) -> int:
    """Say how many swaps a test needs for its corrected p-value to be able to be small.

    Parameters
    ----------
    n_comparisons : int
        How many p-values are corrected together.
    n_resamples : int
        The fewest swaps wanted.

    Examples
    --------
    >>> permutations_needed(1, 2000), permutations_needed(380, 2000)
    (2000, 38000)
    """
    return max(n_resamples, min(PERMUTATIONS_PER_COMPARISON * n_comparisons, MOST_PERMUTATIONS))


def compare_all(
    confusions: NDArray[np.float64],
    right: ArrayLike,
    acts: Sequence[int],
    n_resamples: int,
    n_permutations: int,
    rng: np.random.Generator,
) -> tuple[SystemPair, ...]:
    """Compare every pair of systems on the same sentences by macro F1.

    Parameters
    ----------
    confusions : ndarray of shape (n_systems, n_articles, n_labels, n_labels)
        By article; row: gold, column: predicted. Every system has the same gold labels.
    right : array-like of bool of shape (n_systems, n_sentences)
        Whether each sentence is predicted right, in one order.
    acts : sequence of int
        Places of the labels that macro F1 averages.
    n_resamples, n_permutations : int
        How often articles are drawn for intervals, and swapped for tests.
    rng : numpy.random.Generator
        Source of all randomness; all systems see the same draws.

    Returns
    -------
    tuple of Pair
        (0, 1), (0, 2), … (n - 2, n - 1). Until :func:`correct_pairs` has all pairs that are shown,
        ``p_corrected`` is the bare p-value.

    Examples
    --------
    Of two articles the first system has both right, the others none:

    >>> right, wrong = [[1.0, 0], [0, 0]], [[0.0, 1], [0, 0]]
    >>> confusions = np.array([[right, right], [wrong, wrong], [wrong, wrong]])
    >>> hits = [[True, True], [False, False], [False, False]]
    >>> pairs = compare_all(confusions, hits, [0], 50, 50, np.random.default_rng(0))
    >>> [(pair.first, pair.second, pair.found.value, pair.found.only_first) for pair in pairs]
    [(0, 1, 1.0, 2), (0, 2, 1.0, 2), (1, 2, 0.0, 0)]
    """
    n_articles = confusions.shape[1]
    draws = Resamples(bootstrap_weights(n_articles, n_resamples, rng), np.zeros((0, n_articles)))
    none = np.zeros((n_articles, 0))

    def score(summed: ArticleCounts) -> Counts:
        return macro_f1(summed.confusion, acts)

    samples = [
        sample_run(ArticleCounts(counts, none, none), hits, score, draws)
        for counts, hits in zip(confusions, np.asarray(right, dtype=bool), strict=True)
    ]
    p_values = permutation_tests(confusions, acts, n_permutations, rng)
    pairs = []
    for first in range(len(samples)):
        for second in range(first + 1, len(samples)):
            found = describe_pair(samples[first], samples[second], p_values[first, second])
            pairs.append(SystemPair(first, second, found, found.p_value))
    return tuple(pairs)


def permutation_tests(
    confusions: NDArray[np.float64], acts: Sequence[int], n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Test every pair of systems by swapping whole articles, as ``significance.permutation_test`` does one.

    Parameters
    ----------
    confusions : ndarray of shape (n_systems, n_articles, n_labels, n_labels)
        By article, with the same gold labels for every system.
    acts : sequence of int
        Places of the labels that macro F1 averages.
    n_permutations : int
        Random swaps made.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_systems, n_systems)
        Two-sided p-values, symmetric; ``nan`` on the diagonal and for a system without a
        score. Not corrected.

    Examples
    --------
    One article: swapping it turns the difference round, which is as large.

    >>> confusions = np.array([[[[1.0, 0], [0, 0]]], [[[0.0, 1], [0, 0]]]])
    >>> float(permutation_tests(confusions, [0], 9, np.random.default_rng(0))[0, 1])
    1.0
    """
    n_systems, n_articles = confusions.shape[:2]
    acts = list(acts)
    # All that F1 needs: right and predicted sentences by act; the gold ones never move.
    right = np.diagonal(confusions, axis1=-2, axis2=-1)[..., acts]
    cells = np.stack([right, confusions.sum(axis=-2)[..., acts]])
    gold = confusions[0].sum(axis=(0, 2))[acts]
    totals = cells.sum(axis=2).swapaxes(1, 2)
    # Swaps come last, so that all arithmetic runs along them.
    by_article = cells.transpose(0, 3, 1, 2).reshape(-1, n_articles)
    values = _macro_f1(totals, gold)
    bounds = np.abs(values[:, None] - values[None, :]) - TIE
    as_large = np.zeros((n_systems, n_systems))
    for start in range(0, n_permutations, BLOCK):
        swaps = rng.integers(0, 2, size=(min(BLOCK, n_permutations - start), n_articles)).astype(float)
        moved = (by_article @ swaps.T).reshape(*totals.shape, len(swaps))
        for place in range(n_systems - 1):
            move = moved[:, :, place + 1 :] - moved[:, :, place : place + 1]
            ones, others = totals[:, :, place, None, None] + move, totals[:, :, place + 1 :, None] - move
            found = np.abs(_macro_f1(ones, gold) - _macro_f1(others, gold))
            # Undefined counts as as large.
            as_large[place, place + 1 :] += (~(found < bounds[place, place + 1 :, None])).sum(axis=1)
    p_values = (as_large + 1) / (n_permutations + 1)
    p_values = np.triu(p_values, 1) + np.triu(p_values, 1).T
    p_values[np.isnan(bounds)] = np.nan
    np.fill_diagonal(p_values, np.nan)
    return p_values


def _macro_f1(cells: Counts, gold: Counts) -> Counts:
    """Macro F1 of counts (2, n_acts, ...) of right and of predicted sentences, shape (...)."""
    mean, n_present = np.zeros(cells.shape[2:]), np.zeros(cells.shape[2:])
    for right, predicted, there in zip(cells[0], cells[1], gold, strict=True):
        if there > 0:
            mean += 2 * right / (predicted + there)
            n_present += 1
        else:
            # Nothing is right here, so the act scores 0 where predicted and is left out elsewhere.
            n_present += predicted > 0
    with np.errstate(invalid="ignore"):
        return np.where(n_present > 0, mean / n_present, np.nan)


def correct_pairs(*families: tuple[SystemPair, ...]) -> tuple[tuple[SystemPair, ...], ...]:
    """Correct the p-values of all pairs shown, together.

    Parameters
    ----------
    *families : tuple of Pair
        All that is shown, such as the pairs on one split and those on another.

    Returns
    -------
    tuple of tuple of Pair
        The same, in the same order.

    Examples
    --------
    >>> confusions = np.array([[[[1.0, 0], [0, 0]]], [[[0.0, 1], [0, 0]]]])
    >>> pairs = compare_all(confusions, [[True], [False]], [0], 9, 9, np.random.default_rng(0))
    >>> [[pair.p_corrected for pair in family] for family in correct_pairs(pairs, pairs)]
    [[1.0], [1.0]]
    """
    corrected = iter(holm([pair.found.p_value for family in families for pair in family]))
    return tuple(
        tuple(SystemPair(pair.first, pair.second, pair.found, next(corrected)) for pair in family)
        for family in families
    )
