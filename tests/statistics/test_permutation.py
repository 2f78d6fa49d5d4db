"""permutation: p-values are those of a hand count, and equal systems are rarely significantly different."""

import numpy as np
import pytest

from toolkit.statistics import metrics
from toolkit.statistics.permutation import draw_permutations, holm, permutation_test


def counted(n_correct, n_articles=12):
    """Count articles of four sentences, of which so many are predicted correctly."""
    gold = ["a", "b"] * (2 * n_articles)
    other = {"a": "b", "b": "a"}
    predicted = [name if row % 4 < n_correct else other[name] for row, name in enumerate(gold)]
    proba = np.full((len(gold), 2), 0.5)
    return metrics.count_articles(gold, predicted, proba, np.repeat(np.arange(n_articles), 4), ["a", "b"])


def accuracy(sums):
    return metrics.accuracy(sums.confusion)


def p_of(first, second, score, n_permutations, rng):
    return permutation_test(first, second, score, draw_permutations(len(first.confusion), n_permutations, rng))


def test_equal_systems_have_p_value_one():
    assert p_of(counted(2), counted(2), accuracy, 200, np.random.default_rng(0)) == 1


def test_a_difference_in_every_article_is_significant():
    # Only exchanging all articles or none gives as large a difference: 2 of 2^12 permutations.
    assert p_of(counted(4), counted(0), accuracy, 2000, np.random.default_rng(0)) < 0.01


def test_p_value_is_the_proportion_of_permutations_with_as_large_a_difference():
    # Of the four permutations of two articles, exchanging none and both leaves the difference as large.
    permutations = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert permutation_test(counted(4, 2), counted(0, 2), accuracy, permutations) == (2 + 1) / (4 + 1)


def test_each_article_is_exchanged_half_of_the_time():
    permutations = draw_permutations(50, 200, np.random.default_rng(0))
    assert set(np.unique(permutations)) == {0, 1}
    assert np.abs(permutations.mean(axis=0) - 0.5).max() < 0.15


def test_systems_without_a_score_have_no_p_value():
    def unscored(sums):
        return np.full(sums.confusion.shape[:-2], np.nan)

    assert np.isnan(p_of(counted(4), counted(0), unscored, 20, np.random.default_rng(0)))


def test_permutation_without_a_score_counts_as_at_least_as_large():
    def unless_equal(sums):
        # Defined for the two systems as they are, with 8 and 0 correct; not where each has 4.
        n_correct = metrics.accuracy(sums.confusion) * 8
        return np.where(n_correct == 4, np.nan, n_correct)

    assert permutation_test(counted(4, 2), counted(0, 2), unless_equal, np.array([[0.0, 1.0]] * 3)) == 1


@pytest.mark.slow
def test_equal_systems_are_rarely_significantly_different():
    rng = np.random.default_rng(3)
    p_values = []
    for _ in range(400):
        parts = []
        for _ in range(2):
            gold = np.array(["a", "b"] * 40)
            predicted = np.where(rng.random(80) < 0.7, gold, np.where(gold == "a", "b", "a"))
            parts.append(
                metrics.count_articles(gold, predicted, np.full((80, 2), 0.5), np.repeat(np.arange(20), 4), ["a", "b"])
            )
        p_values.append(p_of(*parts, accuracy, 400, rng))
    assert 0.02 < np.mean(np.array(p_values) < 0.05) < 0.085


def test_holm_multiplies_by_what_is_left_and_never_falls():
    assert holm([]) == []
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.03, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.04, 0.01, 0.03, 0.005]) == pytest.approx([0.06, 0.03, 0.06, 0.02])


def test_undefined_p_value_stays_so_and_is_no_comparison():
    corrected = holm([0.04, float("nan"), 0.01])
    assert np.isnan(corrected[1])
    assert [corrected[0], corrected[2]] == pytest.approx([0.04, 0.02])
