"""power_law: exact points give the law back, and the forecast covers the truth where there is noise."""

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
    fitted = fit_power_law(SIZES, law.predict(SIZES))
    assert (fitted.limit, fitted.drop, fitted.exponent) == pytest.approx((law.limit, law.drop, law.exponent), rel=1e-4)


def test_three_points_are_enough():
    # Four times the data halve the gap to 0.9: 0.4, 0.2, 0.1, and at 128 articles 0.1 / sqrt 2.
    predicted = forecast([4, 16, 64], [0.5, 0.7, 0.8])
    assert predicted.n_articles == 128
    assert predicted.value == pytest.approx(0.9 - 0.1 / np.sqrt(2))
    assert np.isnan([predicted.low, predicted.high]).all()


def test_noisy_fit_is_that_of_scipys_curve_fit():
    rng = np.random.default_rng(0)
    scores = PowerLaw(0.85, 0.9, 0.5).predict(SIZES) + rng.normal(0, 0.01, 5)
    expected, _ = curve_fit(lambda n, a, b, c: a - b * n**-c, np.array(SIZES, float), scores, p0=(0.8, 1, 0.5))
    fitted = fit_power_law(SIZES, scores)
    assert (fitted.limit, fitted.drop, fitted.exponent) == pytest.approx(tuple(expected), rel=1e-3)


def test_points_need_no_order_and_scores_are_averaged_over_orders():
    scores = np.array([[0.4, 0.6], [0.6, 0.8], [0.7, 0.9]])
    fitted = fit_power_law([64, 4, 16], scores[[2, 0, 1]])
    assert (fitted.limit, fitted.drop, fitted.exponent) == pytest.approx((0.9, 0.8, 0.5), rel=1e-4)


def test_falling_curve_is_fitted_by_a_constant():
    predicted = forecast([50, 100, 200], [0.8, 0.7, 0.6])
    assert predicted.law.predict([1, 1000]) == pytest.approx([0.7, 0.7], abs=1e-6)
    assert predicted.value == pytest.approx(0.7, abs=1e-6)


def test_limit_is_never_above_one():
    # Each doubling adds 0.1: a straight line in the logarithm, which passes 1 at 1,600 articles.
    predicted = forecast([100, 200, 400, 800], [0.6, 0.7, 0.8, 0.9], factor=1000)
    assert predicted.law.limit <= 1
    assert 0.9 < predicted.value <= 1


def test_interval_is_that_of_orders_left_out():
    # Orders that differ by a constant: the forecast moves with their mean, whose standard error is
    # sd / sqrt n, and t with two degrees of freedom is 4.3027.
    base = np.array([0.5, 0.7, 0.8])
    shifts = np.array([-0.01, 0.0, 0.01])
    predicted = forecast([4, 16, 64], base[:, np.newaxis] + shifts, factor=4)
    assert predicted.value == pytest.approx(0.85)
    assert predicted.low == pytest.approx(0.85 - 4.3027 * 0.01 / np.sqrt(3), abs=1e-5)
    assert predicted.high == pytest.approx(0.85 + 4.3027 * 0.01 / np.sqrt(3), abs=1e-5)


def test_interval_stays_within_the_range_of_scores():
    predicted = forecast([4, 16, 64], [[0.2, 1.0], [0.3, 1.0], [0.4, 1.0]])
    assert (predicted.low, predicted.high) == (0, 1)


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
def test_curves_that_determine_no_law_are_refused(sizes, scores, message):
    with pytest.raises(ValueError, match=message):
        fit_power_law(sizes, scores)


@pytest.mark.parametrize("factor", [0, -1, np.inf, np.nan])
def test_factor_must_be_positive_and_finite(factor):
    with pytest.raises(ValueError, match=f"factor {factor:g} came; expected a finite number above 0"):
        forecast([4, 16, 64], [0.5, 0.7, 0.8], factor=factor)


@pytest.mark.slow
@pytest.mark.parametrize("n_orders", [3, 6])
def test_forecast_covers_the_truth_where_the_law_holds(n_orders):
    law = PowerLaw(0.85, 0.9, 0.4)
    rng, truth = np.random.default_rng(1), float(law.predict(1600))
    outcomes = []
    for _ in range(400):
        scores = law.predict(SIZES)[:, np.newaxis] + rng.normal(0, 0.015, size=(5, n_orders))
        one = forecast(SIZES, scores)
        outcomes.append([one.low <= truth <= one.high, one.value - truth, one.high - one.low])
    covered, bias, width = np.mean(outcomes, axis=0)
    print(f"{n_orders} orders: covered {covered:.3f}, bias {bias:+.4f}, width {width:.3f}")
    assert 0.91 <= covered <= 0.99
    assert abs(bias) < 0.01
