"""Scores of (repeated) folds -> an interval and a paired t-test that allow for shared training data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class FoldMean:
    """Mean score over folds, with its corrected standard error and degrees of freedom."""

    value: float
    standard_error: float
    degrees_of_freedom: int


def corrected_mean(scores: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> FoldMean:
    """Average scores over folds, with a standard error corrected for shared training data.

    Any two folds learn from largely the same data, so their scores are not independent and
    the variance of their mean is not ``variance / n``. It is estimated as
    ``(1 / n + n_test / n_train) * variance`` instead.

    Parameters
    ----------
    scores : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score per fold, of all repetitions.
    n_train, n_test : array-like, one number or one per fold
        Size of the training and the test part of each fold, in articles if folds are made of
        articles. If folds differ in size, the means are used.

    Returns
    -------
    FoldMean
        The standard error is 0 only if all scores are equal.

    Raises
    ------
    ValueError
        If there are fewer than two scores, a score is undefined, or a size is not above 0.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the generalization error. Machine
       Learning 52, 239-281. doi:10.1023/A:1024068626366
    .. [2] R. R. Bouckaert and E. Frank (2004). Evaluating the replicability of significance
       tests for comparing learning algorithms. PAKDD. doi:10.1007/978-3-540-24775-3_3

    Examples
    --------
    Three scores with variance 0.01 have a mean with variance ``(1 / 3 + 1 / 4) * 0.01``:

    >>> mean = corrected_mean([0.5, 0.6, 0.7], n_train=80, n_test=20)
    >>> round(mean.value, 6), round(mean.standard_error**2, 6), mean.degrees_of_freedom
    (0.6, 0.005833, 2)
    """
    values = _floats(scores).ravel()
    if len(values) < 2:
        raise ValueError(f"{len(values)} scores of folds came; expected two or more; use more folds or repetitions")
    if np.isnan(values).any():
        raise ValueError(f"the score of fold {np.flatnonzero(np.isnan(values))[0]} is undefined; use fewer folds")
    train, test = (float(np.mean(_floats(size))) if np.size(size) else 0.0 for size in (n_train, n_test))
    if not (train > 0 and test > 0):
        raise ValueError(f"folds learn from {train:g} and are scored on {test:g}; expected sizes above 0")
    # Rounding can make the mean of equal scores differ from them.
    variance = float(values.var(ddof=1)) if np.ptp(values) > 0 else 0.0
    return FoldMean(float(values.mean()), float(np.sqrt((1 / len(values) + test / train) * variance)), len(values) - 1)


def corrected_interval(
    scores: ArrayLike, n_train: ArrayLike, n_test: ArrayLike, level: float = 0.95
) -> tuple[float, float]:
    """Return the corrected t interval of the mean score over folds.

    Parameters
    ----------
    scores : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score per fold, of all repetitions.
    n_train, n_test : array-like, one number or one per fold
        Size of the training and the test part of each fold.
    level : float
        Nominal coverage.

    Returns
    -------
    (low, high)
        Not clipped to the range of the score.

    Raises
    ------
    ValueError
        As in :func:`corrected_mean`.

    Examples
    --------
    With two degrees of freedom t is 4.303, and 4.303 times 0.0764 is 0.329:

    >>> low, high = corrected_interval([0.5, 0.6, 0.7], n_train=80, n_test=20)
    >>> round(low, 3), round(high, 3)
    (0.271, 0.929)
    """
    from scipy.special import stdtrit

    mean = corrected_mean(scores, n_train, n_test)
    margin = float(stdtrit(mean.degrees_of_freedom, (1 + level) / 2)) * mean.standard_error
    return mean.value - margin, mean.value + margin


def corrected_t_test(first: ArrayLike, second: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> float:
    """Test whether two experiments score differently on the same (repeated) folds.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score per fold, for the same folds in the same order.
    n_train, n_test : array-like, one number or one per fold
        Size of the training and the test part of each fold.

    Returns
    -------
    float
        Two-sided p-value; 1 if all scores are equal, 0 if all differ by the same amount.

    Raises
    ------
    ValueError
        If the two differ in shape, or as in :func:`corrected_mean`.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the generalization error. Machine
       Learning 52, 239-281. doi:10.1023/A:1024068626366

    Examples
    --------
    t is 0.2 / 0.0764 with two degrees of freedom, which has a p-value of 0.12:

    >>> round(corrected_t_test([0.6, 0.8, 1.0], [0.5, 0.6, 0.7], n_train=80, n_test=20), 2)
    0.12
    """
    from scipy.special import stdtr

    one, two = _floats(first), _floats(second)
    if one.shape != two.shape:
        raise ValueError(f"scores of shapes {one.shape} and {two.shape} came; score both on the same folds")
    # Scores of a fold that differ only by rounding are equal.
    difference = corrected_mean((one - two).round(12), n_train, n_test)
    if difference.standard_error == 0:
        return 1.0 if difference.value == 0 else 0.0
    t = -abs(difference.value) / difference.standard_error
    return 2 * float(stdtr(difference.degrees_of_freedom, t))


def _floats(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=float)
