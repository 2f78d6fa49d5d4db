"""pairwise: all pairs compared at once are what each pair is alone."""

import numpy as np
import pytest

from toolkit.statistics.metrics import ArticleCounts, macro_f1
from toolkit.statistics.paired import Resamples, compare_pair
from toolkit.statistics.pairwise import (
    BLOCK,
    MAX_PERMUTATIONS,
    compare_all,
    correct_pairs,
    permutation_tests,
    permutations_needed,
)
from toolkit.statistics.permutation import draw_permutations, holm, permutation_test
from toolkit.statistics.resampling import bootstrap_weights

ACTS = [0, 1]


def systems(n_systems, n_articles=12, n_labels=3, per_article=4, gold_labels=3, seed=0):
    """Make systems of different accuracy on the same gold labels."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, gold_labels, size=(n_articles, per_article))
    confusions = np.zeros((n_systems, n_articles, n_labels, n_labels))
    correct = np.zeros((n_systems, n_articles * per_article), dtype=bool)
    for system in range(n_systems):
        keeps = rng.random(gold.shape) < 0.4 + 0.5 * system / n_systems
        predicted = np.where(keeps, gold, rng.integers(0, n_labels, size=gold.shape))
        for article in range(n_articles):
            np.add.at(confusions[system, article], (gold[article], predicted[article]), 1)
        correct[system] = (gold == predicted).ravel()
    return confusions, correct


def score(summed):
    return macro_f1(summed.confusion, ACTS)


def counts(confusion):
    empty = np.zeros((len(confusion), 0))
    return ArticleCounts(confusion, empty, empty)


@pytest.mark.parametrize("gold_labels", [3, 1])
def test_all_pairs_have_the_p_values_of_each_pair_alone(gold_labels):
    # With one gold label the other act is only ever predicted, and by one system never.
    confusions, _ = systems(4, gold_labels=gold_labels)
    if gold_labels == 1:
        confusions[2, :, 0] += np.stack([np.zeros(12), -confusions[2, :, 0, 1], confusions[2, :, 0, 1]], axis=1)
    permutations = draw_permutations(12, BLOCK, np.random.default_rng(3))
    p_values = permutation_tests(confusions, ACTS, BLOCK, np.random.default_rng(3))
    for first in range(4):
        for second in range(first + 1, 4):
            alone = permutation_test(counts(confusions[first]), counts(confusions[second]), score, permutations)
            assert p_values[first, second] == p_values[second, first] == alone
    assert np.isnan(np.diagonal(p_values)).all()


def test_system_without_a_score_has_no_p_value():
    confusions = np.zeros((2, 3, 3, 3))
    confusions[:, :, 2, 2] = 1
    confusions[1, 0, 2] = [1, 0, 0]
    assert np.isnan(permutation_tests(confusions, ACTS, 10, np.random.default_rng(0))).all()


def test_permutations_are_drawn_in_blocks_that_add_up():
    # Two of the four permutations of two articles leave the difference as large, so half of all do.
    confusions = np.zeros((2, 2, 2, 2))
    confusions[0, :, 0, 0] = confusions[1, :, 0, 1] = 1
    n_permutations = 3 * BLOCK + 5
    p_value = permutation_tests(confusions, [0], n_permutations, np.random.default_rng(0))[0, 1]
    assert p_value == pytest.approx(1 / 2, abs=0.06)
    assert p_value * (n_permutations + 1) == pytest.approx(round(p_value * (n_permutations + 1)))


def test_pair_is_described_as_it_is_alone():
    confusions, correct = systems(3)
    pairs = compare_all(confusions, correct, ACTS, 200, BLOCK, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    resamples = Resamples(bootstrap_weights(12, 200, rng), draw_permutations(12, BLOCK, rng))
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 1), (0, 2), (1, 2)]
    for pair in pairs:
        one, two = pair.first, pair.second
        first, second = counts(confusions[one]), counts(confusions[two])
        alone = compare_pair(first, second, correct[one], correct[two], score, resamples)
        assert pair.difference == alone
        assert pair.p_corrected == alone.p_value


def test_correction_is_over_all_families():
    confusions, correct = systems(3)
    one = compare_all(confusions, correct, ACTS, 50, 99, np.random.default_rng(0))
    two = compare_all(confusions[:, :6], correct[:, :24], ACTS, 50, 99, np.random.default_rng(1))
    corrected = [pair.p_corrected for family in correct_pairs(one, two) for pair in family]
    assert corrected == holm([pair.difference.p_value for pair in (*one, *two)])


def test_permutations_let_a_corrected_p_value_be_small():
    for n_runs in (2, 8, 20, 50):
        n_comparisons = n_runs * (n_runs - 1)
        assert n_comparisons / (permutations_needed(n_comparisons, 2000) + 1) < 0.025
    assert permutations_needed(10**6, 2000) == MAX_PERMUTATIONS
    assert permutations_needed(2, 5000) == 5000


@pytest.mark.slow
def test_equal_systems_differ_significantly_no_more_often_than_the_level():
    rng = np.random.default_rng(0)
    n_trials, uncorrected, corrected = 300, 0, 0
    for _ in range(n_trials):
        # Four equally good systems, on articles of different difficulty.
        gold = rng.integers(0, 3, size=(15, 4))
        accuracy = rng.beta(2, 1, size=(15, 1))
        confusions = np.zeros((4, 15, 3, 3))
        correct = np.zeros((4, 60), dtype=bool)
        for system in range(4):
            predicted = np.where(rng.random(gold.shape) < accuracy, gold, rng.integers(0, 3, size=gold.shape))
            for article in range(15):
                np.add.at(confusions[system, article], (gold[article], predicted[article]), 1)
            correct[system] = (predicted == gold).ravel()
        [pairs] = correct_pairs(compare_all(confusions, correct, ACTS, 20, 600, rng))
        uncorrected += any(pair.difference.p_value < 0.05 for pair in pairs)
        corrected += any(pair.p_corrected < 0.05 for pair in pairs)
    # At most three standard errors above 5 %.
    assert corrected / n_trials < 0.05 + 3 * (0.05 * 0.95 / n_trials) ** 0.5
    # Without correction about one family in seven has a pair that looks significant.
    assert uncorrected / n_trials > 0.1
