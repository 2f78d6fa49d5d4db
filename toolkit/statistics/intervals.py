"""A score and its resampled values -> a 95 % interval: percentile, bias-corrected, or of a distance.

A percentile interval assumes that resampled scores lie around the score as the score lies
around the truth. The bias-corrected and accelerated interval shifts both ends by how far the
resampled scores lie to one side of the score, and by how much the spread of the score changes
with its value. It does not make up for few articles: for macro F1 both cover the truth 95 % of
the time with 137 simulated articles, and 92 to 93 % of the time with 15
(``tests/statistics/test_intervals.py``).

A distance, such as a calibration error, is a sum of the sizes of gaps and never below 0, so
chance inflates it, and inflates it again in every resample: percentile intervals of a small
distance lie above it, and bias-corrected ones are undefined. The lower end of its own interval
subtracts what chance adds if every gap that may be chance is truly 0, and the upper end adds
what the observed gaps may have lost to chance. ``tests/analysis/test_calibration.py`` compares
the coverage of these intervals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from toolkit.statistics.metrics import Counts


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score and its 95 % interval, over resampled articles unless stated otherwise; ``nan`` where undefined."""

    value: float
    low: float
    high: float


def interval(resampled: Counts, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of resampled scores; undefined ones are ignored.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One score per resample.
    level : float
        Proportion of resamples inside.

    Returns
    -------
    (low, high)
        Both ``nan`` if no resample defines the score.

    Examples
    --------
    >>> interval(np.arange(101.0), level=0.5)
    (25.0, 75.0)
    """
    defined = resampled[~np.isnan(resampled)]
    if len(defined) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bca_interval(resampled: Counts, value: float, left_out: Counts, level: float = 0.95) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval of a score.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples,)
        One score per resample; undefined ones are ignored.
    value : float
        Score of the data themselves.
    left_out : ndarray of shape (n_articles,)
        Score without each article, from the counts of
        :func:`toolkit.statistics.resampling.leave_one_out`; undefined ones are ignored.
    level : float
        Proportion of resamples inside, before the correction.

    Returns
    -------
    (low, high)
        Both ``nan`` where the interval is undefined: without a score, without a score for
        any article left out, or with all resampled scores on one side of the score.

    References
    ----------
    .. [1] B. Efron (1987). Better bootstrap confidence intervals. Journal of the American
       Statistical Association 82(397), 171-185. doi:10.1080/01621459.1987.10478410

    Examples
    --------
    Without bias and skewness it is the percentile interval:

    >>> low, high = bca_interval(np.arange(101.0), 50.0, np.array([49.0, 50.0, 51.0]), level=0.5)
    >>> round(low, 6), round(high, 6)
    (25.0, 75.0)
    """
    from scipy.special import ndtr, ndtri

    resampled, left_out = resampled[~np.isnan(resampled)], left_out[~np.isnan(left_out)]
    if len(resampled) == 0 or len(left_out) == 0:
        return float("nan"), float("nan")
    # Resampled scores equal to the score count half as below it, half as above.
    below = (np.mean(resampled < value) + np.mean(resampled <= value)) / 2
    # An undefined score has no resampled score on either side.
    if not 0 < below < 1:
        return float("nan"), float("nan")
    bias, acceleration = ndtri(below), _acceleration(left_out)
    shifted = bias + ndtri(np.array([(1 - level) / 2, (1 + level) / 2]))
    low, high = np.quantile(resampled, ndtr(bias + shifted / (1 - acceleration * shifted)))
    return float(low), float(high)


def _acceleration(left_out: Counts) -> float:
    """Return a sixth of the skewness of the articles' influence on the score; 0 if all have the same."""
    influence = left_out.mean() - left_out
    spread = float((influence**2).sum())
    return float((influence**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0


def distance_interval(
    resampled: Counts,
    gaps: Counts,
    n_articles: int,
    size: Callable[[Counts], Counts] = np.abs,
    most: float = 1.0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Return the interval of a sum of the sizes of gaps, such as a calibration error.

    For a single gap that chance has made small, the upper end is too low: use it for several.

    Parameters
    ----------
    resampled : ndarray of shape (n_resamples, n_gaps)
        Signed gaps of each resample; resamples with an undefined gap are ignored.
    gaps : ndarray of shape (n_gaps,)
        Signed gaps of the data themselves.
    n_articles : int
        Number of articles: a gap below ``sqrt(log(n_articles))`` standard errors may be chance.
    size : callable
        ``np.abs`` or ``np.square``.
    most : float
        The largest possible sum.
    level : float
        Proportion of resamples inside.

    Returns
    -------
    (low, high)
        Around the value; both ``nan`` if the value is undefined or no resample defines it.

    References
    ----------
    The lower end is that of [1]_ with the threshold of [2]_, the upper that of the basic interval.

    .. [1] Z. Fang and A. Santos (2019). Inference on directionally differentiable functions.
       Review of Economic Studies 86(1), 377-412. doi:10.1093/restud/rdy049
    .. [2] D. W. K. Andrews and G. Soares (2010). Inference for parameters defined by moment
       inequalities using generalized moment selection. Econometrica 78(1), 119-157.
       doi:10.3982/ECTA7502

    Examples
    --------
    A gap of 0.1 that varies as much between resamples may be chance:

    >>> low, high = distance_interval(np.array([[0.0], [0.1], [0.2]]), np.array([0.1]), 100)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.195)
    """
    resampled = resampled[~np.isnan(resampled).any(axis=-1)]
    value = float(size(gaps).sum())
    if len(resampled) == 0 or np.isnan(value):
        return float("nan"), float("nan")
    errors = resampled - gaps
    significant = np.where(np.abs(gaps) > np.sqrt(np.log(n_articles)) * resampled.std(axis=0), gaps, 0.0)
    inflation = size(significant + errors).sum(axis=-1) - size(significant).sum()
    low = value - float(np.quantile(inflation, (1 + level) / 2))
    high = 2 * value - float(np.quantile(size(resampled).sum(axis=-1), (1 - level) / 2))
    return min(value, max(0.0, low)), max(value, min(most, high))
