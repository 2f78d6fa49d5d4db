"""Whether an estimator of scikit-learn has the settings that are fitted here."""

from __future__ import annotations

from typing import Any

import numpy as np

# What else there may be than the usual value.
_KNOWN = ("C", "class_weight", "fit_intercept", "max_iter", "random_state", "tol")


def is_usual(estimator: Any, usual: Any) -> bool:
    """Say whether an estimator differs from a usual one in settings known here alone, and those are in order.

    Examples
    --------
    >>> from sklearn.svm import LinearSVC
    >>> is_usual(LinearSVC(C=3.0), LinearSVC()), is_usual(LinearSVC(loss="hinge"), LinearSVC())
    (True, False)
    """
    if hasattr(estimator, "_skl_callbacks"):
        return False
    own, expected = estimator.get_params(), usual.get_params()
    numbers = [own[name] for name in ("C", "max_iter", "tol")]
    return (
        all(
            type(own[name]) is type(expected[name]) and own[name] == expected[name]
            for name in expected
            if name not in _KNOWN
        )
        and all(type(number) in (int, float) and 0 < number < np.inf for number in numbers)
        and type(own["max_iter"]) is int
        and type(own["fit_intercept"]) is bool
        and (own["class_weight"] is None or own["class_weight"] == "balanced")
    )
