"""Counts of many systems on the same sentences -> every pair compared, with p-values corrected together.

A permutation exchanges whole articles, and what it takes from a system does not depend on the
system it is paired with. One matrix product therefore permutes all systems, and each pair
costs a subtraction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.statistics.metrics import TIE, ArticleCounts, Counts, macro_f1
from toolkit.statistics.paired import PairedComparison, Resamples, describe_pair, resample_system
from toolkit.statistics.permutation import draw_permutations, holm
from toolkit.statistics.resampling import bootstrap_weights

# Permutations held in memory at once.
BLOCK = 256
# A randomisation test with n permutations gives no p-value below 1 / (n + 1), and Holm multiplies
# the smallest by the number of comparisons: with 2,000 permutations no pair among 20 systems could
# ever differ significantly. 100 permutations per comparison let a corrected p-value reach 0.01.
PERMUTATIONS_PER_COMPARISON = 100
# Reached by 50 systems on two splits; the lowest corrected p-value is then 2,450 / 100,001 = 0.0245.
MAX_PERMUTATIONS = 100_000


@dataclass(frozen=True, slots=True)
class SystemPair:
    """One pair in a comparison of many systems.

    Attributes
    ----------
    first, second : int
        Indices of the two systems, the first lower than the second.
    difference : PairedComparison
        Score of the first minus score of the second.
    p_corrected : float
        Its p-value, corrected by Holm for all comparisons shown.
    """

    first: int
    second: int
    difference: PairedComparison
    p_corrected: float


def permutations_needed(n_comparisons: int, n_resamples: int) -> int:
    """Return how many permutations a test needs so that its corrected p-value can be small.

    Parameters
    ----------
    n_comparisons : int
        Number of p-values corrected together.
    n_resamples : int
        Lower bound on the number of permutations.

    Examples
    --------
    >>> permutations_needed(1, 2000), permutations_needed(380, 2000)
    (2000, 38000)
    """
    return max(n_resamples, min(PERMUTATIONS_PER_COMPARISON * n_comparisons, MAX_PERMUTATIONS))


def compare_all(
    confusions: NDArray[np.float64],
    correct: ArrayLike,
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
    correct : array-like of bool of shape (n_systems, n_sentences)
        Whether each sentence is predicted correctly, in the same order for all systems.
    acts : sequence of int
        Indices of the labels that macro F1 averages.
    n_resamples, n_permutations : int
        Number of resamples for intervals, and of permutations for tests.
    rng : numpy.random.Generator
        Source of all randomness; all systems share the same resamples and permutations.

    Returns
    -------
    tuple of SystemPair
        (0, 1), (0, 2), … (n - 2, n - 1). ``p_corrected`` is the uncorrected p-value until
        :func:`correct_pairs` corrects all pairs together.

    Examples
    --------
    The first system predicts both articles correctly, the others neither:

    >>> hit, miss = [[1.0, 0], [0, 0]], [[0.0, 1], [0, 0]]
    >>> confusions = np.array([[hit, hit], [miss, miss], [miss, miss]])
    >>> correct = [[True, True], [False, False], [False, False]]
    >>> pairs = compare_all(confusions, correct, [0], 50, 50, np.random.default_rng(0))
    >>> [(pair.first, pair.second, pair.difference.value, pair.difference.only_first) for pair in pairs]
    [(0, 1, 1.0, 2), (0, 2, 1.0, 2), (1, 2, 0.0, 0)]
    """
    n_articles = confusions.shape[1]
    # Permutations are drawn by permutation_tests, which shares them among all pairs.
    resamples = Resamples(bootstrap_weights(n_articles, n_resamples, rng), np.zeros((0, n_articles)))
    empty = np.zeros((n_articles, 0))

    def score(summed: ArticleCounts) -> Counts:
        return macro_f1(summed.confusion, acts)

    systems = [
        resample_system(ArticleCounts(counts, empty, empty), hits, score, resamples)
        for counts, hits in zip(confusions, np.asarray(correct, dtype=bool), strict=True)
    ]
    p_values = permutation_tests(confusions, acts, n_permutations, rng)
    pairs = []
    for first in range(len(systems)):
        for second in range(first + 1, len(systems)):
            difference = describe_pair(systems[first], systems[second], p_values[first, second])
            pairs.append(SystemPair(first, second, difference, difference.p_value))
    return tuple(pairs)


def permutation_tests(
    confusions: NDArray[np.float64], acts: Sequence[int], n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Test every pair of systems as :func:`toolkit.statistics.permutation.permutation_test` tests one.

    Parameters
    ----------
    confusions : ndarray of shape (n_systems, n_articles, n_labels, n_labels)
        By article, with the same gold labels for every system.
    acts : sequence of int
        Indices of the labels that macro F1 averages.
    n_permutations : int
        Number of random permutations.
    rng : numpy.random.Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_systems, n_systems)
        Two-sided p-values, symmetric; ``nan`` on the diagonal and for a system without a
        score. Not corrected.

    Examples
    --------
    With a single article, every permutation gives a difference of the same size:

    >>> confusions = np.array([[[[1.0, 0], [0, 0]]], [[[0.0, 1], [0, 0]]]])
    >>> float(permutation_tests(confusions, [0], 9, np.random.default_rng(0))[0, 1])
    1.0
    """
    n_systems, n_articles = confusions.shape[:2]
    acts = list(acts)
    # F1 needs only correct and predicted sentences by act, since no permutation changes the gold labels.
    correct = np.diagonal(confusions, axis1=-2, axis2=-1)[..., acts]
    cells = np.stack([correct, confusions.sum(axis=-2)[..., acts]])
    gold = confusions[0].sum(axis=(0, 2))[acts]
    totals = cells.sum(axis=2).swapaxes(1, 2)
    # Permutations are the last dimension, so that all arithmetic runs along contiguous memory.
    by_article = cells.transpose(0, 3, 1, 2).reshape(-1, n_articles)
    values = _macro_f1(totals, gold)
    bounds = np.abs(values[:, None] - values[None, :]) - TIE
    n_as_large = np.zeros((n_systems, n_systems))
    for start in range(0, n_permutations, BLOCK):
        permutations = draw_permutations(n_articles, min(BLOCK, n_permutations - start), rng)
        moved = (by_article @ permutations.T).reshape(*totals.shape, len(permutations))
        for first in range(n_systems - 1):
            move = moved[:, :, first + 1 :] - moved[:, :, first : first + 1]
            firsts, seconds = totals[:, :, first, None, None] + move, totals[:, :, first + 1 :, None] - move
            differences = np.abs(_macro_f1(firsts, gold) - _macro_f1(seconds, gold))
            # An undefined difference counts as at least as large as the observed one.
            n_as_large[first, first + 1 :] += (~(differences < bounds[first, first + 1 :, None])).sum(axis=1)
    p_values = (n_as_large + 1) / (n_permutations + 1)
    p_values = np.triu(p_values, 1) + np.triu(p_values, 1).T
    p_values[np.isnan(bounds)] = np.nan
    np.fill_diagonal(p_values, np.nan)
    return p_values


def _macro_f1(cells: Counts, gold: Counts) -> Counts:
    """Return macro F1 from counts (2, n_acts, ...) of correct and of predicted sentences, shape (...)."""
    total, n_present = np.zeros(cells.shape[2:]), np.zeros(cells.shape[2:])
    for correct, predicted, n_gold in zip(cells[0], cells[1], gold, strict=True):
        if n_gold > 0:
            total += 2 * correct / (predicted + n_gold)
            n_present += 1
        else:
            # Without gold sentences the act scores 0 where it is predicted and is left out elsewhere.
            n_present += predicted > 0
    with np.errstate(invalid="ignore"):
        return np.where(n_present > 0, total / n_present, np.nan)


def correct_pairs(*families: tuple[SystemPair, ...]) -> tuple[tuple[SystemPair, ...], ...]:
    """Correct the p-values of all pairs shown together.

    Parameters
    ----------
    *families : tuple of SystemPair
        Everything that is shown, such as the pairs on one split and those on another.

    Returns
    -------
    tuple of tuple of SystemPair
        The same pairs in the same order, with ``p_corrected`` set.

    Examples
    --------
    >>> confusions = np.array([[[[1.0, 0], [0, 0]]], [[[0.0, 1], [0, 0]]]])
    >>> pairs = compare_all(confusions, [[True], [False]], [0], 9, 9, np.random.default_rng(0))
    >>> [[pair.p_corrected for pair in family] for family in correct_pairs(pairs, pairs)]
    [[1.0], [1.0]]
    """
    corrected = iter(holm([pair.difference.p_value for family in families for pair in family]))
    return tuple(tuple(replace(pair, p_corrected=next(corrected)) for pair in family) for family in families)
