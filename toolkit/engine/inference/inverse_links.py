"""Linear scores -> probabilities: the inverse link functions of scikit-learn's classifiers and calibrators.

A saved model names its inverse link and holds its settings, so that neither these names nor the
keys of settings may change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from toolkit.engine.layout import Floats
from toolkit.statistics import interpolate_columns, map_isotonic, scale_temperature, scale_with_biases

Settings = dict[str, Floats]
# What scikit-learn adds to a probability before taking its logarithm.
_EPSILON = 1e-12
# Steeper pieces of a curve are so narrow that hardly any sentence falls into one.
MAX_STEEPNESS = 1e4


def probabilities(inverse_link: str, scores: Floats, settings: Settings) -> Floats:
    """Return the probabilities that belong to linear scores, shape (n_sentences, n_classes).

    Parameters
    ----------
    inverse_link : str
        A name in ``INVERSE_LINKS``; after it, separated by bars, any names in ``RECALIBRATORS``.
    scores : ndarray of shape (n_sentences, n_scores)
        Of a compiled pipeline.
    settings : dict of str to ndarray
        What the functions need besides the scores.

    Examples
    --------
    >>> scores = np.log([[0.9, 0.1]])
    >>> probabilities("softmax|temperature", scores, {"temperature": np.array([2.0])}).round(6).tolist()
    [[0.75, 0.25]]
    """
    first, *recalibrators = inverse_link.split("|")
    proba = INVERSE_LINKS[first](scores, settings)
    for name in recalibrators:
        proba = RECALIBRATORS[name](proba, settings)
    return proba


def softmax(scores: Floats, settings: Settings) -> Floats:
    """Return exponentials divided by their sum, shape (n_sentences, n_scores).

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]), {}).tolist()
    [[0.5, 0.5]]
    """
    # By column, since NumPy is far slower on many short rows.
    proba: Floats = np.exp(scores - reduce(np.maximum, scores.T)[:, None])
    proba /= reduce(np.add, proba.T)[:, None]
    return proba


def expit(scores: Floats, settings: Settings) -> Floats:
    """Return the probabilities of the first and the second class, shape (n_sentences, 2)."""
    return _both_classes(_expit(scores))


def one_vs_rest(scores: Floats, settings: Settings) -> Floats:
    """Return each class's own probability, divided by their sum, shape (n_sentences, n_classes)."""
    if scores.shape[1] == 1:
        return expit(scores, settings)
    proba = _expit(scores)
    total = proba.sum(axis=1, keepdims=True)
    np.divide(proba, total, out=proba, where=total != 0)
    return proba


def clipped(scores: Floats, settings: Settings) -> Floats:
    """Return probabilities that grow linearly between scores of -1 and 1, shape (n_sentences, n_classes)."""
    proba = (np.clip(scores, -1, 1) + 1) / 2
    return _both_classes(proba) if scores.shape[1] == 1 else _normalised_or_uniform(proba)


def sigmoids(scores: Floats, settings: Settings) -> Floats:
    """Return the mean over members whose scores pass through sigmoids, shape (n_sentences, n_classes)."""
    slopes, intercepts = settings["slopes"], settings["starts"]

    def calibrate(own: Floats, member: int) -> Floats:
        return _normalised(_expit(-(slopes[member] * own + intercepts[member])))

    return _mean(scores, len(slopes), settings, calibrate)


def curves(scores: Floats, settings: Settings) -> Floats:
    """Return the mean over members whose scores pass through isotonic curves, shape (n_sentences, n_classes)."""
    n_members = int(settings["n_members"][0])
    n_own = scores.shape[1] // n_members

    def calibrate(own: Floats, member: int) -> Floats:
        return _normalised(interpolate_columns(own, unpack_curves(settings, "curve")[member * n_own :][:n_own]))

    return _mean(scores, n_members, settings, calibrate)


def scalings(scores: Floats, settings: Settings) -> Floats:
    """Return the mean over members whose scores are scaled by a temperature, shape (n_sentences, n_classes)."""
    betas = settings["betas"]

    def calibrate(own: Floats, member: int) -> Floats:
        if own.shape[1] == 1:
            own = _both_classes(own) if "of_proba" in settings else np.column_stack([-own, own])
        logits = np.log(own + _EPSILON) if "of_proba" in settings else own
        return softmax(betas[member] * logits, settings)

    return _mean(scores, len(betas), settings, calibrate)


def first_rule(scores: Floats, settings: Settings) -> Floats:
    """Return the row of a table that belongs to the first rule with a cue; without one, the last row."""
    rule = np.where(scores.any(axis=1), scores.argmax(axis=1), scores.shape[1])
    proba: Floats = settings["table"][rule]
    return proba


def pack_curves(points: Sequence[tuple[Floats, Floats]], name: str) -> Settings:
    """Return piecewise linear curves as settings: where each curve starts, and the points of all.

    Examples
    --------
    >>> packed = pack_curves([(np.array([0.0, 1.0]), np.array([0.2, 0.3])), (np.array([0.5]), np.array([1.0]))], "c")
    >>> [outputs.tolist() for _, outputs in unpack_curves(packed, "c")]
    [[0.2, 0.3], [1.0]]
    """
    return {
        f"{name}_starts": np.cumsum([0.0, *(len(inputs) for inputs, _ in points)]),
        f"{name}_inputs": np.concatenate([np.asarray(inputs, np.float64) for inputs, _ in points]),
        f"{name}_outputs": np.concatenate([np.asarray(outputs, np.float64) for _, outputs in points]),
    }


def unpack_curves(settings: Settings, name: str) -> list[tuple[Floats, Floats]]:
    """Return the curves that :func:`pack_curves` turned into settings."""
    starts = settings[f"{name}_starts"][1:-1].astype(int)
    inputs, outputs = (np.split(settings[f"{name}_{what}"], starts) for what in ("inputs", "outputs"))
    return list(zip(inputs, outputs, strict=True))


def _mean(scores: Floats, n_members: int, settings: Settings, calibrate: Callable[[Floats, int], Floats]) -> Floats:
    """Return the mean over members, each of which calibrates its own scores or, if it has none, probabilities."""
    n_own = scores.shape[1] // n_members
    mean = np.zeros((len(scores), max(2, n_own)))
    for member in range(n_members):
        own = scores[:, member * n_own : (member + 1) * n_own]
        if "of_proba" in settings:
            own = _expit(own) if n_own == 1 else softmax(own, settings)
        proba = calibrate(own, member)
        # As scikit-learn does: rounding may take a probability slightly above 1.
        proba[(proba > 1) & (proba <= 1 + 1e-5)] = 1
        mean += proba
    mean /= n_members
    return mean


def _normalised(proba: Floats) -> Floats:
    """Return rows that sum to 1; a single column is the second of two classes."""
    if proba.shape[1] == 1:
        return _both_classes(proba)
    total = proba.sum(axis=1, keepdims=True)
    normalised: Floats = np.full_like(proba, 1 / proba.shape[1])
    np.divide(proba, total, out=normalised, where=total != 0)
    return normalised


def _normalised_or_uniform(proba: Floats) -> Floats:
    total = proba.sum(axis=1, keepdims=True)
    normalised: Floats = np.where(total == 0, 1.0, proba) / np.where(total == 0, float(proba.shape[1]), total)
    return normalised


def _both_classes(second: Floats) -> Floats:
    return np.column_stack([1 - second[:, 0], second[:, 0]])


def _expit(scores: Floats) -> Floats:
    # The exponential of a large score is infinite, and its inverse rightly 0.
    with np.errstate(over="ignore"):
        proba: Floats = 1 / (1 + np.exp(-scores))
    return proba


INVERSE_LINKS: dict[str, Callable[[Floats, Settings], Floats]] = {
    "clipped": clipped,
    "curves": curves,
    "expit": expit,
    "first_rule": first_rule,
    "one_vs_rest": one_vs_rest,
    "scalings": scalings,
    "sigmoids": sigmoids,
    "softmax": softmax,
}
# What probabilities may pass through afterwards.
RECALIBRATORS: dict[str, Callable[[Floats, Settings], Floats]] = {
    "bias_corrected": lambda proba, settings: scale_with_biases(
        proba, float(settings["bias_temperature"][0]), settings["biases"]
    ),
    "isotonic": lambda proba, settings: map_isotonic(proba, unpack_curves(settings, "isotonic")),
    "temperature": lambda proba, settings: scale_temperature(proba, float(settings["temperature"][0])),
}


def steepness(inverse_link: str, settings: Settings) -> float:
    """Return a rough bound of the relative change of a probability per change of a score.

    Examples
    --------
    >>> steepness("softmax", {}), steepness("sigmoids", {"slopes": np.array([[-7.0, -2.0]])})
    (1.0, 7.0)
    >>> steepness("softmax|temperature", {"temperature": np.array([0.25])})
    4.0
    """
    steep = 1.0
    for name in inverse_link.split("|"):
        if name == "sigmoids":
            steep *= _at_least_one(settings["slopes"])
        elif name == "scalings":
            steep *= _at_least_one(2 * settings["betas"])
        elif name == "temperature":
            steep *= _at_least_one(1 / settings["temperature"])
        elif name == "bias_corrected":
            steep *= _at_least_one(1 / settings["bias_temperature"])
        elif name in ("curves", "isotonic"):
            with np.errstate(divide="ignore", invalid="ignore"):
                slopes = [
                    np.diff(outputs) / np.diff(inputs)
                    for inputs, outputs in unpack_curves(settings, {"curves": "curve"}.get(name, name))
                ]
            steep *= min(MAX_STEEPNESS, _at_least_one(np.nan_to_num(np.concatenate([np.zeros(1), *slopes]))))
    return steep


def _at_least_one(slopes: Floats) -> float:
    return float(max(1.0, np.abs(slopes).max(initial=0.0)))
