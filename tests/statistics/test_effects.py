"""effects: by hand, and McNemar's test and the paired effect against SciPy."""

import numpy as np
import pytest
from scipy import stats

from toolkit.statistics.effects import (
    cohen_g,
    mcnemar_test,
    reversal_probability,
    reversal_proportion,
    standardised_difference,
)


def test_mcnemar_is_the_exact_binomial_test():
    for only_first in range(13):
        for only_second in range(13):
            n_discordant = max(1, only_first + only_second)
            expected = stats.binomtest(only_first, n_discordant).pvalue if only_first + only_second else 1
            assert mcnemar_test(only_first, only_second) == pytest.approx(expected)


def test_mcnemar_doubles_the_smaller_tail():
    # Of the 16 outcomes of four coin tosses, 1 has no head and 4 have one.
    assert mcnemar_test(3, 1) == mcnemar_test(1, 3) == pytest.approx(2 * 5 / 16)


def test_systems_correct_on_the_same_sentences_have_no_effect_and_p_value_one():
    assert mcnemar_test(0, 0) == 1
    assert np.isnan(cohen_g(0, 0))


def test_cohen_g_is_the_distance_from_half():
    assert cohen_g(7, 1) == 7 / 8 - 1 / 2
    assert cohen_g(1, 7) == 1 / 8 - 1 / 2


@pytest.mark.parametrize("function", [mcnemar_test, cohen_g])
def test_negative_numbers_are_refused(function):
    with pytest.raises(ValueError, match="3 and -1 sentences came as correct for one system only; expected counts"):
        function(3, -1)


def test_standardised_difference_is_the_effect_of_the_paired_t_test():
    first, second = np.random.default_rng(1).normal(size=(2, 25))
    left_out = np.array([np.delete(first - second, article).mean() for article in range(25)])
    assert standardised_difference((first - second).mean(), left_out) == pytest.approx(
        stats.ttest_rel(first, second).statistic / np.sqrt(25)
    )


def test_article_whose_absence_leaves_no_score_is_ignored():
    # Differences 1, 2 and 3, as in the docstring.
    assert standardised_difference(2.0, np.array([2.5, np.nan, 2.0, 1.5])) == 2


def test_standardised_difference_without_spread_or_articles_is_undefined():
    assert np.isnan(standardised_difference(1.0, np.full(7, 0.1 + 0.2)))
    assert np.isnan(standardised_difference(1.0, np.array([np.nan, 1.0])))


def test_reversals_are_counted_and_ties_count_half():
    resampled = np.array([3.0, 1.0, np.nan, 0.0, -1.0])
    assert reversal_proportion(resampled, 1.0) == (1 + 1 / 2) / 4
    # Of 16 pairs six sum to less than 1: twice -1 with 0 and with 1, -1 with -1, 0 with 0;
    # 0 with 1 is a tie and counts as half, twice.
    assert reversal_probability(resampled, 1.0) == (6 + 2 / 2) / 16
    assert reversal_proportion(-resampled, -1.0) == 3 / 8
    assert reversal_probability(-resampled, -1.0) == 7 / 16


@pytest.mark.parametrize("function", [reversal_proportion, reversal_probability])
def test_without_an_order_nothing_is_reversed(function):
    assert np.isnan(function(np.array([1.0, -1.0]), 0.0))
    assert np.isnan(function(np.array([1.0, -1.0]), np.nan))
    assert np.isnan(function(np.array([np.nan]), 1.0))


def test_probability_of_reversal_is_normal_where_errors_are_normal():
    errors = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)
    assert reversal_proportion(1 + errors, 1.0) == pytest.approx(stats.norm.cdf(-1), abs=1e-3)
    # The error of new articles comes on top of that of the old.
    assert reversal_probability(1 + errors, 1.0) == pytest.approx(stats.norm.cdf(-1 / np.sqrt(2)), abs=1e-3)
