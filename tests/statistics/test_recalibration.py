"""recalibration: rows keep summing to 1, and a temperature keeps the order of the labels."""

import numpy as np
import pytest

from toolkit.statistics.recalibration import log_ratios, map_isotonic, scale_temperature


def test_temperature_two_takes_square_roots():
    # Square roots of 0.64 and 0.36 are 0.8 and 0.6, which sum to 1.4.
    assert scale_temperature(np.array([[0.64, 0.36]]), 2.0) == pytest.approx(np.array([[0.8 / 1.4, 0.6 / 1.4]]))


def test_high_temperature_makes_no_tie():
    [[first, second]] = scale_temperature(np.array([[0.51, 0.49]]), 1e30)
    assert first > second
    assert first + second == pytest.approx(1)


def test_ratio_of_the_most_probable_label_is_exactly_one():
    logs = log_ratios(np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]]))
    assert logs.max(axis=1).tolist() == [0, 0]
    assert np.isfinite(logs).all()


def test_row_mapped_to_zeros_stays_as_it_is():
    step = (np.array([0.0, 0.5, 1.0]), np.array([0.0, 0.0, 1.0]))
    mapped = map_isotonic(np.array([[0.75, 0.25], [0.4, 0.4]]), [step, step])
    assert mapped[0].tolist() == [1, 0]
    assert mapped[1].tolist() == [0.5, 0.5]
