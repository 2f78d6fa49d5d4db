"""Points of a learning curve -> a power law, and what it predicts for more data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Exponents outside these are curves that the points cannot tell from a straight line of
# the logarithm, and from a step.
EXPONENTS = (0.01, 3.0)
# The law has three numbers.
FEWEST_POINTS = 3


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """A score that rises to a limit with the amount of data: ``limit - drop * n ** -exponent``.

    Attributes
    ----------
    limit : float
        Score of unlimited data, in [0, 1].
    drop : float
        How far below the limit the score of one article lies, 0 or more.
    exponent : float
        How fast the gap closes, in [0.01, 3].
    """

    limit: float
    drop: float
    exponent: float

    def predict(self, n_articles: ArrayLike) -> NDArray[np.float64]:
        """Return the score at each number of articles, in the shape given.

        Examples
        --------
        >>> PowerLaw(0.9, 0.8, 0.5).predict([4, 16]).round(6).tolist()
        [0.5, 0.7]
        """
        predicted: NDArray[np.float64] = self.limit - self.drop * np.asarray(n_articles, dtype=float) ** -self.exponent
        return predicted


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a learning curve predicts.

    Attributes
    ----------
    n_articles : int
        For how many articles.
    value, low, high : float
        The score predicted and its 95 % interval over draws; the interval is ``nan`` for
        fewer than two draws.
    law : PowerLaw
        The curve fitted to the mean of all draws.
    """

    n_articles: int
    value: float
    low: float
    high: float
    law: PowerLaw


def fit_power_law(n_articles: Sequence[int], scores: ArrayLike) -> PowerLaw:
    """Fit a power law to a learning curve by least squares.

    Three points fix the three numbers of the law, whatever the noise in them: look at how
    near the curve comes to a fourth before trusting it.

    Parameters
    ----------
    n_articles : sequence of int of length n_points
        Articles learned from at each point, at least three different numbers.
    scores : array-like of shape (n_points,) or (n_points, n_orders)
        Scores in [0, 1]; the mean of draws is fitted.

    Returns
    -------
    PowerLaw
        A curve that falls is fitted by a level one: ``drop`` is then 0.

    Raises
    ------
    ValueError
        If there are fewer than three different numbers of articles, one is below 1, or
        scores are undefined, outside [0, 1] or of another number of points.

    References
    ----------
    .. [1] C. Cortes, L. D. Jackel, S. A. Solla, V. Vapnik and J. S. Denker (1993). Learning
       curves: asymptotic values and rate of convergence. NIPS 6, 327-334.
    .. [2] T. Viering and M. Loog (2023). The shape of learning curves: a review. IEEE
       TPAMI 45(6), 7799-7819. doi:10.1109/TPAMI.2022.3220744

    Examples
    --------
    Each fourfold of the data halves the gap to 0.9:

    >>> law = fit_power_law([4, 16, 64], [0.5, 0.7, 0.8])
    >>> round(law.limit, 3), round(law.drop, 3), round(law.exponent, 3)
    (0.9, 0.8, 0.5)
    """
    sizes, values = _check_points(n_articles, scores)
    return _fit(sizes, values.mean(axis=1))


def forecast(n_articles: Sequence[int], scores: ArrayLike, factor: float = 2.0, level: float = 0.95) -> Forecast:
    """Predict the score for more data from a learning curve, by a power law.

    The interval is a t interval whose standard error comes from leaving each draw out (the
    jackknife), since so few draws say nothing by their quantiles. It speaks of the draws
    alone. That the law may not hold beyond the points, and that all draws are of the same
    articles, is not in it.

    Parameters
    ----------
    n_articles : sequence of int of length n_points
        Articles learned from at each point, at least three different numbers.
    scores : array-like of shape (n_points,) or (n_points, n_orders)
        Scores in [0, 1].
    factor : float
        How many times the most articles, finite and above 0.
    level : float
        Coverage meant.

    Returns
    -------
    Forecast
        Value and interval within [0, 1].

    Raises
    ------
    ValueError
        As of :func:`fit_power_law`, or if the factor is not above 0 and finite.

    Examples
    --------
    >>> found = forecast([4, 16, 64], [[0.5, 0.5], [0.7, 0.7], [0.8, 0.8]], factor=4)
    >>> found.n_articles, round(found.value, 3), round(found.low, 3), round(found.high, 3)
    (256, 0.85, 0.85, 0.85)
    """
    from scipy.special import stdtrit

    if not 0 < factor < np.inf:
        raise ValueError(f"factor {factor:g} came; expected a finite number above 0, such as 2 for twice the data")
    sizes, values = _check_points(n_articles, scores)
    n_wanted, n_orders = round(factor * max(n_articles)), values.shape[1]
    law = _fit(sizes, values.mean(axis=1))
    value = _within(float(law.predict(n_wanted)))
    if n_orders < 2:
        return Forecast(n_wanted, value, float("nan"), float("nan"), law)
    rest = [np.delete(values, draw, axis=1).mean(axis=1) for draw in range(n_orders)]
    without = np.array([float(_fit(sizes, part).predict(n_wanted)) for part in rest])
    error = float(np.sqrt((n_orders - 1) * without.var()))
    reach = float(stdtrit(n_orders - 1, (1 + level) / 2)) * error
    return Forecast(n_wanted, value, _within(value - reach), _within(value + reach), law)


def _check_points(n_articles: Sequence[int], scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sizes, values = np.asarray(n_articles, dtype=float), np.asarray(scores, dtype=float)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != len(sizes) or values.shape[1] == 0:
        raise ValueError(f"scores of shape {np.shape(scores)} came for {len(sizes)} points; pass one row a point")
    n_points = len(np.unique(sizes))
    if n_points < FEWEST_POINTS:
        raise ValueError(f"a curve of {n_points} points came; expected three or more to fit; add fractions")
    if not sizes.min() >= 1:
        raise ValueError(f"a point of {sizes.min():g} articles came; expected 1 or more")
    wrong = values[~((values >= 0) & (values <= 1))]
    if len(wrong):
        raise ValueError(f"score {wrong[0]:g} came; expected scores in [0, 1]; leave out points that have none")
    return sizes, values


def _fit(sizes: NDArray[np.float64], means: NDArray[np.float64]) -> PowerLaw:
    from scipy.optimize import least_squares

    # Sizes are taken by the largest, so that the drop is that of the last point, of the
    # order of a score; by a single article it would range over many orders.
    largest = sizes.max()
    shares = sizes / largest

    def residuals(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        limit, gap, exponent = numbers
        missed: NDArray[np.float64] = limit - gap * shares**-exponent - means
        return missed

    def jacobian(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        _, gap, exponent = numbers
        powers = shares**-exponent
        return np.stack([np.ones(len(shares)), -powers, gap * powers * np.log(shares)], axis=1)

    bounds = ([0.0, 0.0, EXPONENTS[0]], [1.0, np.inf, EXPONENTS[1]])
    found = least_squares(residuals, _start(shares, means), jacobian, bounds, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    limit, gap, exponent = found.x
    return PowerLaw(float(limit), float(gap * largest**exponent), float(exponent))


def _start(shares: NDArray[np.float64], means: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the best limit, gap and exponent of a grid, since least squares may stop at a lesser minimum."""
    exponents = np.geomspace(*EXPONENTS, 60)
    powers = shares ** -exponents[:, np.newaxis]
    # With the exponent fixed the law is a straight line.
    centred = powers - powers.mean(axis=1, keepdims=True)
    gaps = np.maximum(0, -(centred @ means) / (centred**2).sum(axis=1))
    limits = np.clip(means.mean() + gaps * powers.mean(axis=1), 0, 1)
    missed = ((limits[:, np.newaxis] - gaps[:, np.newaxis] * powers - means) ** 2).sum(axis=1)
    best = int(missed.argmin())
    return float(limits[best]), float(gaps[best]), float(exponents[best])


def _within(score: float) -> float:
    return min(1.0, max(0.0, score))
