"""Points of a learning curve -> a power law, and the score it predicts for more data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# A lower exponent is indistinguishable from a straight line in the logarithm of the size, a
# higher one from a step.
EXPONENTS = (0.01, 3.0)
# The law has three parameters.
MIN_POINTS = 3


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """A score that rises to a limit with the amount of data: ``limit - drop * n ** -exponent``.

    Attributes
    ----------
    limit : float
        Score for unlimited data, in [0, 1].
    drop : float
        How far the score for one article lies below the limit, 0 or more.
    exponent : float
        How fast the gap to the limit closes, in [0.01, 3].
    """

    limit: float
    drop: float
    exponent: float

    def predict(self, n_articles: ArrayLike) -> NDArray[np.float64]:
        """Return the score at each number of articles, in the same shape.

        Examples
        --------
        >>> PowerLaw(0.9, 0.8, 0.5).predict([4, 16]).round(6).tolist()
        [0.5, 0.7]
        """
        predicted: NDArray[np.float64] = self.limit - self.drop * np.asarray(n_articles, dtype=float) ** -self.exponent
        return predicted


@dataclass(frozen=True, slots=True)
class Forecast:
    """The score that a learning curve predicts for more articles.

    Attributes
    ----------
    n_articles : int
        Number of articles it is predicted for.
    value, low, high : float
        The predicted score and its 95 % interval over random orders of the articles; the
        interval is ``nan`` for fewer than two orders.
    law : PowerLaw
        The curve fitted to the mean over all orders.
    """

    n_articles: int
    value: float
    low: float
    high: float
    law: PowerLaw


def fit_power_law(n_articles: Sequence[int], scores: ArrayLike) -> PowerLaw:
    """Fit a power law to a learning curve by least squares.

    Three points determine the three parameters of the law however noisy they are: check how
    close the curve comes to a fourth point before trusting it.

    Parameters
    ----------
    n_articles : sequence of int of length n_points
        Number of training articles at each point, at least three distinct numbers.
    scores : array-like of shape (n_points,) or (n_points, n_orders)
        Scores in [0, 1]; their mean over random orders of the articles is fitted.

    Returns
    -------
    PowerLaw
        A falling curve is fitted by a constant: ``drop`` is then 0.

    Raises
    ------
    ValueError
        If there are fewer than three distinct numbers of articles, one is below 1, or
        scores are undefined, outside [0, 1] or not one row per point.

    References
    ----------
    .. [1] C. Cortes, L. D. Jackel, S. A. Solla, V. Vapnik and J. S. Denker (1993). Learning
       curves: asymptotic values and rate of convergence. NIPS 6, 327-334.
    .. [2] T. Viering and M. Loog (2023). The shape of learning curves: a review. IEEE
       TPAMI 45(6), 7799-7819. doi:10.1109/TPAMI.2022.3220744

    Examples
    --------
    Four times the data halve the gap to 0.9:

    >>> law = fit_power_law([4, 16, 64], [0.5, 0.7, 0.8])
    >>> round(law.limit, 3), round(law.drop, 3), round(law.exponent, 3)
    (0.9, 0.8, 0.5)
    """
    sizes, values = _check_points(n_articles, scores)
    return _fit(sizes, values.mean(axis=1))


def forecast(n_articles: Sequence[int], scores: ArrayLike, factor: float = 2.0, level: float = 0.95) -> Forecast:
    """Predict the score for more data from a learning curve, by a power law.

    The interval is a t interval whose standard error comes from leaving out each order of the
    articles in turn (the jackknife), since so few orders have no meaningful quantiles. It
    covers the variation between orders alone: not that the law may fail beyond the observed
    points, nor that all orders are of the same articles.

    Parameters
    ----------
    n_articles : sequence of int of length n_points
        Number of training articles at each point, at least three distinct numbers.
    scores : array-like of shape (n_points,) or (n_points, n_orders)
        Scores in [0, 1].
    factor : float
        Multiple of the largest number of articles, finite and above 0.
    level : float
        Nominal coverage.

    Returns
    -------
    Forecast
        Value and interval within [0, 1].

    Raises
    ------
    ValueError
        As in :func:`fit_power_law`, or if the factor is not above 0 and finite.

    Examples
    --------
    >>> predicted = forecast([4, 16, 64], [[0.5, 0.5], [0.7, 0.7], [0.8, 0.8]], factor=4)
    >>> predicted.n_articles, round(predicted.value, 3), round(predicted.low, 3), round(predicted.high, 3)
    (256, 0.85, 0.85, 0.85)
    """
    from scipy.special import stdtrit

    if not 0 < factor < np.inf:
        raise ValueError(f"factor {factor:g} came; expected a finite number above 0, such as 2 for twice the data")
    sizes, values = _check_points(n_articles, scores)
    n_wanted, n_orders = round(factor * max(n_articles)), values.shape[1]
    law = _fit(sizes, values.mean(axis=1))
    value = _clip(float(law.predict(n_wanted)))
    if n_orders < 2:
        return Forecast(n_wanted, value, float("nan"), float("nan"), law)
    means = [np.delete(values, order, axis=1).mean(axis=1) for order in range(n_orders)]
    left_out = np.array([float(_fit(sizes, mean).predict(n_wanted)) for mean in means])
    standard_error = float(np.sqrt((n_orders - 1) * left_out.var()))
    margin = float(stdtrit(n_orders - 1, (1 + level) / 2)) * standard_error
    return Forecast(n_wanted, value, _clip(value - margin), _clip(value + margin), law)


def _check_points(n_articles: Sequence[int], scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    sizes, values = np.asarray(n_articles, dtype=float), np.asarray(scores, dtype=float)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or len(values) != len(sizes) or values.shape[1] == 0:
        raise ValueError(f"scores of shape {np.shape(scores)} came for {len(sizes)} points; pass one row per point")
    n_points = len(np.unique(sizes))
    if n_points < MIN_POINTS:
        raise ValueError(f"a curve of {n_points} points came; expected three or more to fit; add fractions")
    if not sizes.min() >= 1:
        raise ValueError(f"a point of {sizes.min():g} articles came; expected 1 or more")
    outside = values[~((values >= 0) & (values <= 1))]
    if len(outside):
        raise ValueError(f"score {outside[0]:g} came; expected scores in [0, 1]; leave out points without a score")
    return sizes, values


def _fit(sizes: NDArray[np.float64], means: NDArray[np.float64]) -> PowerLaw:
    from scipy.optimize import least_squares

    # Sizes are relative to the largest, so that the gap is that of the last point and of the
    # magnitude of a score; relative to a single article it would span many orders of magnitude.
    largest = sizes.max()
    relative = sizes / largest

    def residuals(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        limit, gap, exponent = parameters
        errors: NDArray[np.float64] = limit - gap * relative**-exponent - means
        return errors

    def jacobian(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        _, gap, exponent = parameters
        powers = relative**-exponent
        return np.stack([np.ones(len(relative)), -powers, gap * powers * np.log(relative)], axis=1)

    bounds = ([0.0, 0.0, EXPONENTS[0]], [1.0, np.inf, EXPONENTS[1]])
    fitted = least_squares(residuals, _start(relative, means), jacobian, bounds, xtol=1e-12, ftol=1e-12, gtol=1e-12)
    limit, gap, exponent = fitted.x
    return PowerLaw(float(limit), float(gap * largest**exponent), float(exponent))


def _start(relative: NDArray[np.float64], means: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the best limit, gap and exponent on a grid, since least squares may stop at a local minimum."""
    exponents = np.geomspace(*EXPONENTS, 60)
    powers = relative ** -exponents[:, np.newaxis]
    # With the exponent fixed, the law is a straight line in the power of the size.
    centred = powers - powers.mean(axis=1, keepdims=True)
    gaps = np.maximum(0, -(centred @ means) / (centred**2).sum(axis=1))
    limits = np.clip(means.mean() + gaps * powers.mean(axis=1), 0, 1)
    errors = ((limits[:, np.newaxis] - gaps[:, np.newaxis] * powers - means) ** 2).sum(axis=1)
    best = int(errors.argmin())
    return float(limits[best]), float(gaps[best]), float(exponents[best])


def _clip(score: float) -> float:
    return min(1.0, max(0.0, score))
