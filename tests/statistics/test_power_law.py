"""A power law is found again where it was put, and its forecast covers the truth where there is noise."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from toolkit.statistics.power_law import PowerLaw, fit_power_law, forecast

SIZES = (50, 100, 200, 400, 800)


@pytest.mark.parametrize(
    "law",
    [PowerLaw(0.85, 0.9, 0.5), PowerLaw(0.7, 5.0, 1.2), PowerLaw(1.0, 0.8, 0.2), PowerLaw(0.9, 1.0, 0.3)],
    ids=str,
)
def test_exact_points_give_the_law_back(law):
    found = fit_power_law(SIZES, law.predict(SIZES))
    assert (found.limit, found.drop, found.exponent) == pytest.approx((law.limit, law.drop, law.exponent), rel=1e-4)


def test_three_points_are_enough():
    # Each fourfold of the data halves the gap to 0.9: 0.4, 0.2, 0.1, and at 128 articles 0.1 / sqrt 2.
    found = forecast([4, 16, 64], [0.5, 0.7, 0.8])
    assert found.n_articles == 128
    assert found.value == pytest.approx(0.9 - 0.1 / np.sqrt(2))
    assert np.isnan([found.low, found.high]).all()


def test_noisy_fit_is_that_of_scipys_curve_fit():
    rng = np.random.default_rng(0)
    scores = PowerLaw(0.85, 0.9, 0.5).predict(SIZES) + rng.normal(0, 0.01, 5)
    expected, _ = curve_fit(lambda n, a, b, c: a - b * n**-c, np.array(SIZES, float), scores, p0=(0.8, 1, 0.5))
    found = fit_power_law(SIZES, scores)
    assert (found.limit, found.drop, found.exponent) == pytest.approx(tuple(expected), rel=1e-3)


def test_points_need_no_order_and_draws_are_averaged():
    scores = np.array([[0.4, 0.6], [0.6, 0.8], [0.7, 0.9]])
    found = fit_power_law([64, 4, 16], scores[[2, 0, 1]])
    assert (found.limit, found.drop, found.exponent) == pytest.approx((0.9, 0.8, 0.5), rel=1e-4)


def test_falling_curve_is_fitted_by_a_level_one():
    found = forecast([50, 100, 200], [0.8, 0.7, 0.6])
    assert found.law.predict([1, 1000]) == pytest.approx([0.7, 0.7], abs=1e-6)
    assert found.value == pytest.approx(0.7, abs=1e-6)


def test_limit_is_never_above_one():
    # Each doubling adds 0.1: a line of the logarithm, which passes 1 at 1,600 articles.
    found = forecast([100, 200, 400, 800], [0.6, 0.7, 0.8, 0.9], factor=1000)
    assert found.law.limit <= 1
    assert 0.9 < found.value <= 1


def test_interval_is_that_of_draws_left_out():
    # Resamples that differ by a constant: the forecast moves with their mean, whose standard
    # error is sd / sqrt n, and t of two degrees of freedom is 4.3027.
    base = np.array([0.5, 0.7, 0.8])
    shifts = np.array([-0.01, 0.0, 0.01])
    found = forecast([4, 16, 64], base[:, np.newaxis] + shifts, factor=4)
    assert found.value == pytest.approx(0.85)
    assert found.low == pytest.approx(0.85 - 4.3027 * 0.01 / np.sqrt(3), abs=1e-5)
    assert found.high == pytest.approx(0.85 + 4.3027 * 0.01 / np.sqrt(3), abs=1e-5)


def test_interval_stays_within_the_scores_there_are():
    found = forecast([4, 16, 64], [[0.2, 1.0], [0.3, 1.0], [0.4, 1.0]])
    assert (found.low, found.high) == (0, 1)


@pytest.mark.parametrize(
    ("sizes", "scores", "message"),
    [
        ([50, 100], [0.5, 0.6], "a curve of 2 points came; expected three or more to fit; add fractions"),
        ([50, 100, 100], [0.5, 0.6, 0.7], "a curve of 2 points came"),
        ([50, 100, 200], [0.5, 0.6], r"scores of shape \(2,\) came for 3 points; pass one row per point"),
        ([50, 100, 200], [[], [], []], r"scores of shape \(3, 0\) came"),
        ([0, 100, 200], [0.5, 0.6, 0.7], "a point of 0 articles came; expected 1 or more"),
        ([50, 100, 200], [0.5, np.nan, 0.7], r"score nan came; expected scores in \[0, 1\]"),
        ([50, 100, 200], [0.5, 60, 70], r"score 60 came; expected scores in \[0, 1\]"),
    ],
)
def test_curves_that_fix_no_law_are_refused(sizes, scores, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(sizes, scores)


@pytest.mark.parametrize("factor", [0, -1, np.inf, np.nan])
def test_forecast_is_for_some_data_and_not_for_infinitely_many(factor):
    with pytest.raises(ValueError, match=f"factor {factor:g} came; expected a finite number above 0"):
        forecast([4, 16, 64], [0.5, 0.7, 0.8], factor=factor)


@pytest.mark.slow
@pytest.mark.parametrize("n_orders", [3, 6])
def test_forecast_covers_the_truth_where_the_law_holds(n_orders):
    law = PowerLaw(0.85, 0.9, 0.4)
    rng, truth = np.random.default_rng(1), float(law.predict(1600))
    found = []
    for _ in range(400):
        scores = law.predict(SIZES)[:, np.newaxis] + rng.normal(0, 0.015, size=(5, n_orders))
        one = forecast(SIZES, scores)
        found.append([one.low <= truth <= one.high, one.value - truth, one.high - one.low])
    covered, bias, width = np.mean(found, axis=0)
    print(f"{n_orders} draws: covered {covered:.3f}, bias {bias:+.4f}, width {width:.3f}")
    assert 0.91 <= covered <= 0.99
    assert abs(bias) < 0.01
