"""Probabilities -> recalibrated probabilities: the formulas of temperature scaling, with biases too, and isotonic maps.

Fitting is done in ``toolkit.estimators.recalibration``; the compiled engine applies the same formulas.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# A probability of 0 counts as this, since its logarithm must be finite.
LEAST = float(np.finfo(float).eps)
# The second most probable label stays at least this far below the first, so that rounding never makes a tie.
MARGIN = 1e-15


def scale_temperature(proba: Floats, temperature: float) -> Floats:
    """Raise probabilities to the power of 1 / temperature and normalise them to sum to 1."""
    logs = log_ratios(proba)
    powers = np.exp(logs / temperature)
    powers = np.where(logs < 0, np.minimum(powers, 1 - MARGIN), 1.0)
    return _normalised(powers)


def scale_with_biases(proba: Floats, temperature: float, biases: Floats) -> Floats:
    """Raise probabilities to the power of 1 / temperature, multiply each label's by e to its bias, and normalise rows.

    Examples
    --------
    >>> scale_with_biases(np.array([[0.5, 0.5]]), 2.0, np.log([3.0, 1.0])).round(6).tolist()
    [[0.75, 0.25]]
    """
    logs = log_ratios(proba) / temperature + biases
    return _normalised(np.exp(logs - logs.max(axis=1, keepdims=True)))


def log_ratios(proba: Floats) -> Floats:
    """Return the logarithm of each probability over the highest of its row: exactly 0 for the most probable label."""
    positive = np.maximum(proba, LEAST)
    logs: Floats = np.log(positive / positive.max(axis=1, keepdims=True))
    return logs


def map_isotonic(proba: Floats, points: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Map each column by its own curve and normalise rows to sum to 1; a row mapped to all zeros is left unchanged."""
    mapped = interpolate_columns(proba, points)
    return _normalised(np.where(mapped.sum(axis=1, keepdims=True) > 0, mapped, proba))


def interpolate_columns(columns: Floats, points: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Map each column by its own piecewise linear curve.

    Examples
    --------
    >>> interpolate_columns(np.array([[0.5], [2.0]]), [(np.array([0.0, 1.0]), np.array([0.0, 0.5]))]).tolist()
    [[0.25], [0.5]]
    """
    return np.column_stack(
        [np.interp(column, inputs, outputs) for column, (inputs, outputs) in zip(columns.T, points, strict=True)]
    )


def _normalised(weights: Floats) -> Floats:
    normalised: Floats = weights / weights.sum(axis=1, keepdims=True)
    return normalised
