"""Scores of folds, repeated -> an interval and a paired test that allow for shared training data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class FoldMean:
    """Mean of the scores of folds, its corrected standard error and its degrees of freedom."""

    value: float
    error: float
    n_free: int


def corrected_mean(scores: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> FoldMean:
    """Average the scores of folds, with a standard error corrected for what folds share.

    Any two folds learn from much the same data, so that their scores are not independent
    and the variance of their mean is not that of the scores over their number. It is taken
    as ``(1 / n + n_test / n_train) * variance`` instead.

    Parameters
    ----------
    scores : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score a fold, of all repeats.
    n_train, n_test : array-like, one number or one a fold
        What each fold learns from and is scored on: articles, where these are dealt out.
        Of folds that differ in size the means are taken.

    Returns
    -------
    FoldMean
        The error is above 0 unless all scores are equal.

    Raises
    ------
    ValueError
        If there are fewer than two scores, one is undefined, or a size is not above 0.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the generalization error. Machine
       Learning 52, 239-281. doi:10.1023/A:1024068626366
    .. [2] R. R. Bouckaert and E. Frank (2004). Evaluating the replicability of significance
       tests for comparing learning algorithms. PAKDD. doi:10.1007/978-3-540-24775-3_3

    Examples
    --------
    Scores with variance 0.01; ``(1 / 3 + 1 / 4) * 0.01``:

    >>> found = corrected_mean([0.5, 0.6, 0.7], n_train=80, n_test=20)
    >>> round(found.value, 6), round(found.error**2, 6), found.n_free
    (0.6, 0.005833, 2)
    """
    values = _numbers(scores).ravel()
    if len(values) < 2:
        raise ValueError(f"{len(values)} scores of folds came; expected two or more; repeat the folds")
    if np.isnan(values).any():
        raise ValueError(f"the score of fold {np.flatnonzero(np.isnan(values))[0]} is undefined; make fewer folds")
    train, test = (float(np.mean(_numbers(size))) if np.size(size) else 0.0 for size in (n_train, n_test))
    if not (train > 0 and test > 0):
        raise ValueError(f"folds learn from {train:g} and are scored on {test:g}; expected sizes above 0")
    # Equal scores have a mean that rounding may set beside them.
    variance = float(values.var(ddof=1)) if np.ptp(values) > 0 else 0.0
    return FoldMean(float(values.mean()), float(np.sqrt((1 / len(values) + test / train) * variance)), len(values) - 1)


def corrected_interval(
    scores: ArrayLike, n_train: ArrayLike, n_test: ArrayLike, level: float = 0.95
) -> tuple[float, float]:
    """Return the corrected t interval of the mean score of folds.

    Parameters
    ----------
    scores : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score a fold, of all repeats.
    n_train, n_test : array-like, one number or one a fold
        What each fold learns from and is scored on.
    level : float
        Coverage meant.

    Returns
    -------
    (low, high)
        Not cut to the range of the score.

    Raises
    ------
    ValueError
        As of :func:`corrected_mean`.

    Examples
    --------
    With two degrees of freedom t is 4.303, and 4.303 times 0.0764 is 0.329:

    >>> low, high = corrected_interval([0.5, 0.6, 0.7], n_train=80, n_test=20)
    >>> round(low, 3), round(high, 3)
    (0.271, 0.929)
    """
    from scipy.special import stdtrit

    found = corrected_mean(scores, n_train, n_test)
    reach = float(stdtrit(found.n_free, (1 + level) / 2)) * found.error
    return found.value - reach, found.value + reach


def corrected_t_test(first: ArrayLike, second: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> float:
    """Test whether two experiments score differently on the same folds, repeated.

    Parameters
    ----------
    first, second : array-like of shape (n_folds,) or (n_repeats, n_folds)
        One score a fold, of the same folds in the same order.
    n_train, n_test : array-like, one number or one a fold
        What each fold learns from and is scored on.

    Returns
    -------
    float
        Two-sided p-value; 1 where all scores are equal, 0 where all differ by the same.

    Raises
    ------
    ValueError
        If the two differ in shape, or as of :func:`corrected_mean`.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio (2003). Inference for the generalization error. Machine
       Learning 52, 239-281. doi:10.1023/A:1024068626366

    Examples
    --------
    t is 0.2 / 0.0764, which two degrees of freedom reach in 12 of 100:

    >>> round(corrected_t_test([0.6, 0.8, 1.0], [0.5, 0.6, 0.7], n_train=80, n_test=20), 2)
    0.12
    """
    from scipy.special import stdtr

    ours, theirs = _numbers(first), _numbers(second)
    if ours.shape != theirs.shape:
        raise ValueError(f"scores of shapes {ours.shape} and {theirs.shape} came; score both on the same folds")
    # Scores of a fold that differ by rounding alone are equal.
    found = corrected_mean((ours - theirs).round(12), n_train, n_test)
    if found.error == 0:
        return 1.0 if found.value == 0 else 0.0
    return 2 * float(stdtr(found.n_free, -abs(found.value) / found.error))


def _numbers(values: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(values, dtype=float)
