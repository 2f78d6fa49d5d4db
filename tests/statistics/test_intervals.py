"""intervals: BCa intervals equal SciPy's; intervals by article cover the truth, those by sentence do not."""

import numpy as np
import pytest
from scipy import stats
from threadpoolctl import threadpool_limits

from tests.statistics.simulation import (
    ACTS,
    GROUPED,
    SHIPPED,
    Design,
    counts_of,
    expected_confusion,
    simulate,
)
from toolkit.statistics import metrics
from toolkit.statistics.intervals import bca_interval, interval
from toolkit.statistics.resampling import bootstrap_weights, leave_one_out, sum_counts, weighted_sums

SKEWED = np.random.default_rng(4).exponential(size=30)


def headline(sums):
    return metrics.macro_f1(sums.confusion, ACTS)


def test_percentile_interval_ignores_undefined_scores():
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert all(np.isnan(interval(np.array([np.nan]))))


def test_interval_is_that_of_scipy():
    bootstrap = stats.bootstrap((SKEWED,), np.mean, n_resamples=999, method="BCa", rng=np.random.default_rng(0))
    left_out = np.array([np.delete(SKEWED, index).mean() for index in range(30)])
    assert bca_interval(bootstrap.bootstrap_distribution, SKEWED.mean(), left_out) == pytest.approx(
        tuple(bootstrap.confidence_interval)
    )


def test_interval_of_articles_of_one_sentence_is_that_of_scipy():
    correct = np.array([1.0] * 20 + [0.0] * 5)
    counts = counts_of(np.array([[[1.0, 0], [0, 0]]] * 20 + [[[0.0, 1], [0, 0]]] * 5))
    bootstrap = stats.bootstrap(
        (correct,), np.mean, n_resamples=999, confidence_level=0.9, rng=np.random.default_rng(0)
    )
    left_out = metrics.accuracy(leave_one_out(counts).confusion)
    assert bca_interval(bootstrap.bootstrap_distribution, 20 / 25, left_out, 0.9) == pytest.approx(
        tuple(bootstrap.confidence_interval)
    )


def test_interval_moves_by_twice_the_bias():
    # 75 of 100 resampled scores lie below the score. Half the normal curve lies within 0.6745
    # of its middle, and a quarter above: the ends move to 0.6745 and to 3 * 0.6745.
    low, high = bca_interval(np.arange(100.0), 74.5, np.array([1.0, 2.0, 3.0]), level=0.5)
    assert low == pytest.approx(99 * 0.75)
    assert high == pytest.approx(99 * stats.norm.cdf(3 * stats.norm.ppf(0.75)))


def test_undefined_scores_are_ignored():
    with_nan = bca_interval(np.array([np.nan, *range(101)]), 50.0, np.array([49.0, np.nan, 50.0, 51.0]), level=0.5)
    assert with_nan == pytest.approx((25, 75))


@pytest.mark.parametrize(
    ("resampled", "value", "left_out"),
    [([1.0, 2.0], 3.0, [1.0, 2.0]), ([1.0, 2.0], np.nan, [1.0]), ([np.nan], 1.0, [1.0]), ([1.0, 2.0], 1.5, [np.nan])],
    ids=["one side", "no score", "no resample", "one article"],
)
def test_interval_without_information_is_undefined(resampled, value, left_out):
    assert np.isnan(bca_interval(np.array(resampled), value, np.array(left_out))).all()


def test_interval_of_a_score_that_never_varies_is_a_point():
    assert bca_interval(np.ones(9), 1.0, np.ones(4)) == (1, 1)


@threadpool_limits.wrap(limits=1)
def cover(design, n_simulations, n_resamples=1000, seed=0):
    """Return the proportion of 95 % intervals that cover the truth: percentile, BCa, and by sentence."""
    truth = float(metrics.macro_f1(expected_confusion(design), ACTS))
    rng = np.random.default_rng(seed)
    covered = []
    for _ in range(n_simulations):
        counts = counts_of(simulate(design, rng)[0][0])
        sums = sum_counts(counts)
        resampled = headline(weighted_sums(counts, bootstrap_weights(design.n_articles, n_resamples, rng)))
        # Drawing sentences with replacement is drawing cells of the confusion in proportion to their counts.
        cells = sums.confusion.ravel()
        by_sentence = rng.multinomial(int(cells.sum()), cells / cells.sum(), size=n_resamples).reshape(-1, 5, 5)
        intervals = (
            interval(resampled),
            bca_interval(resampled, float(headline(sums)), headline(leave_one_out(counts))),
            interval(metrics.macro_f1(by_sentence.astype(float), ACTS)),
        )
        covered.append([low <= truth <= high for low, high in intervals])
    coverage = np.mean(covered, axis=0)
    print(f"{design}: percentile {coverage[0]:.3f}, BCa {coverage[1]:.3f}, by sentence {coverage[2]:.3f}")
    return coverage


@pytest.mark.slow
@pytest.mark.parametrize("design", [SHIPPED, GROUPED], ids=["shipped", "grouped"])
def test_intervals_by_article_cover_the_truth_and_those_by_sentence_do_not(design):
    # 1,000 simulations determine a coverage of 95 % to within 1.4 points.
    percentile, bca, by_sentence = cover(design, 1000)
    assert 0.93 <= percentile <= 0.97
    assert 0.93 <= bca <= 0.97
    assert by_sentence < 0.93


@pytest.mark.slow
def test_fifteen_articles_are_too_few_for_either_interval():
    # A warning not to promise 95 % for so few; determined to within 1.4 points.
    percentile, bca, _ = cover(Design(n_articles=15, spread=0.7), 1500)
    assert 0.89 <= percentile <= 0.94
    assert 0.89 <= bca <= 0.945
