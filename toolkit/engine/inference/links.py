"""Linear scores -> probabilities: what scikit-learn's classifiers and calibrators do, as plain functions of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from toolkit.engine.layout import Floats
from toolkit.statistics.recalibration import interpolate_columns, map_isotonic, scale_temperature

Settings = dict[str, Floats]
# What scikit-learn adds to a probability before it takes the logarithm.
_EPSILON = 1e-12
# A curve's steeper pieces are so narrow that hardly a sentence falls into one.
STEEPEST = 1e4


def probabilities(link: str, scores: Floats, settings: Settings) -> Floats:
    """Return the probabilities of some linear scores, shape (n_sentences, n_classes).

    Parameters
    ----------
    link : str
        A name in ``LINKS``, and behind bars any in ``RECALIBRATORS``.
    scores : ndarray of shape (n_sentences, n_scores)
        Of a compiled pipeline.
    settings : dict of str to ndarray
        What the functions need beside the scores.

    Examples
    --------
    >>> scores = np.log([[0.9, 0.1]])
    >>> probabilities("softmax|temperature", scores, {"temperature": np.array([2.0])}).round(6).tolist()
    [[0.75, 0.25]]
    """
    first, *others = link.split("|")
    proba = LINKS[first](scores, settings)
    for name in others:
        proba = RECALIBRATORS[name](proba, settings)
    return proba


def softmax(scores: Floats, settings: Settings) -> Floats:
    """Return shares in proportion to the exponentials, shape (n_sentences, n_scores).

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]), {}).tolist()
    [[0.5, 0.5]]
    """
    # By column, as numpy takes far longer over many short rows.
    shares: Floats = np.exp(scores - reduce(np.maximum, scores.T)[:, None])
    shares /= reduce(np.add, shares.T)[:, None]
    return shares


def expit(scores: Floats, settings: Settings) -> Floats:
    """Return the probabilities of the first and the second class, shape (n_sentences, 2)."""
    return _pair(_expit(scores))


def one_vs_rest(scores: Floats, settings: Settings) -> Floats:
    """Return each class's own probability, made to sum to 1, shape (n_sentences, n_classes)."""
    if scores.shape[1] == 1:
        return expit(scores, settings)
    shares = _expit(scores)
    total = shares.sum(axis=1, keepdims=True)
    np.divide(shares, total, out=shares, where=total != 0)
    return shares


def clipped(scores: Floats, settings: Settings) -> Floats:
    """Return probabilities that rise straight from a score of -1 to one of 1, shape (n_sentences, n_classes)."""
    shares = (np.clip(scores, -1, 1) + 1) / 2
    return _pair(shares) if scores.shape[1] == 1 else _even_if_nought(shares)


def sigmoids(scores: Floats, settings: Settings) -> Floats:
    """Return the mean of members whose scores pass through sigmoids, shape (n_sentences, n_classes)."""
    slopes, starts = settings["slopes"], settings["starts"]

    def calibrate(own: Floats, member: int) -> Floats:
        return _whole(_expit(-(slopes[member] * own + starts[member])))

    return _mean(scores, len(slopes), settings, calibrate)


def curves(scores: Floats, settings: Settings) -> Floats:
    """Return the mean of members whose scores pass through rising curves, shape (n_sentences, n_classes)."""
    n_members = int(settings["n_members"][0])
    n_own = scores.shape[1] // n_members

    def calibrate(own: Floats, member: int) -> Floats:
        return _whole(interpolate_columns(own, curves_of(settings, "curve")[member * n_own : (member + 1) * n_own]))

    return _mean(scores, n_members, settings, calibrate)


def scalings(scores: Floats, settings: Settings) -> Floats:
    """Return the mean of members whose scores are multiplied, shape (n_sentences, n_classes)."""
    betas = settings["betas"]

    def calibrate(own: Floats, member: int) -> Floats:
        if own.shape[1] == 1:
            own = _pair(own) if "of_proba" in settings else np.column_stack([-own, own])
        logits = np.log(own + _EPSILON) if "of_proba" in settings else own
        return softmax(betas[member] * logits, settings)

    return _mean(scores, len(betas), settings, calibrate)


def first_rule(scores: Floats, settings: Settings) -> Floats:
    """Return the row of the table that belongs to the first rule with a cue, else the last."""
    fired = np.where(scores.any(axis=1), scores.argmax(axis=1), scores.shape[1])
    shares: Floats = settings["table"][fired]
    return shares


def pack_curves(corners: Sequence[tuple[Floats, Floats]], name: str) -> Settings:
    """Return curves as settings: where each starts, and the corners of all.

    Examples
    --------
    >>> packed = pack_curves([(np.array([0.0, 1.0]), np.array([0.2, 0.3])), (np.array([0.5]), np.array([1.0]))], "c")
    >>> [outputs.tolist() for _, outputs in curves_of(packed, "c")]
    [[0.2, 0.3], [1.0]]
    """
    return {
        f"{name}_starts": np.cumsum([0.0, *(len(inputs) for inputs, _ in corners)]),
        f"{name}_inputs": np.concatenate([np.asarray(inputs, np.float64) for inputs, _ in corners]),
        f"{name}_outputs": np.concatenate([np.asarray(outputs, np.float64) for _, outputs in corners]),
    }


def curves_of(settings: Settings, name: str) -> list[tuple[Floats, Floats]]:
    """Return the curves that :func:`pack_curves` made settings of."""
    places = settings[f"{name}_starts"][1:-1].astype(int)
    inputs, outputs = (np.split(settings[f"{name}_{what}"], places) for what in ("inputs", "outputs"))
    return list(zip(inputs, outputs, strict=True))


def _mean(scores: Floats, n_members: int, settings: Settings, calibrate: Callable[[Floats, int], Floats]) -> Floats:
    """Return the mean of what each member makes of its own scores, or of its own probabilities."""
    n_own = scores.shape[1] // n_members
    mean = np.zeros((len(scores), max(2, n_own)))
    for member in range(n_members):
        own = scores[:, member * n_own : (member + 1) * n_own]
        if "of_proba" in settings:
            own = _expit(own) if n_own == 1 else softmax(own, settings)
        shares = calibrate(own, member)
        # A sum of ones rounds to a hair above 1.
        shares[(shares > 1) & (shares <= 1 + 1e-5)] = 1
        mean += shares
    mean /= n_members
    return mean


def _whole(shares: Floats) -> Floats:
    """Make shares sum to 1; one column is the second of two classes."""
    if shares.shape[1] == 1:
        return _pair(shares)
    total = shares.sum(axis=1, keepdims=True)
    whole: Floats = np.full_like(shares, 1 / shares.shape[1])
    np.divide(shares, total, out=whole, where=total != 0)
    return whole


def _even_if_nought(shares: Floats) -> Floats:
    total = shares.sum(axis=1, keepdims=True)
    even: Floats = np.where(total == 0, 1.0, shares) / np.where(total == 0, float(shares.shape[1]), total)
    return even


def _pair(second: Floats) -> Floats:
    return np.column_stack([1 - second[:, 0], second[:, 0]])


def _expit(scores: Floats) -> Floats:
    # Of large scores the exponential is infinite, and its inverse the right 0.
    with np.errstate(over="ignore"):
        shares: Floats = 1 / (1 + np.exp(-scores))
    return shares


LINKS: dict[str, Callable[[Floats, Settings], Floats]] = {
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
    "isotonic": lambda proba, settings: map_isotonic(proba, curves_of(settings, "isotonic")),
    "temperature": lambda proba, settings: scale_temperature(proba, float(settings["temperature"][0])),
}


def steepness(link: str, settings: Settings) -> float:
    """Return about how many times a change of a score the relative change of a probability may be.

    Examples
    --------
    >>> steepness("softmax", {}), steepness("sigmoids", {"slopes": np.array([[-7.0, -2.0]])})
    (1.0, 7.0)
    >>> steepness("softmax|temperature", {"temperature": np.array([0.25])})
    4.0
    """
    steep = 1.0
    for name in link.split("|"):
        if name == "sigmoids":
            steep *= _at_least_one(settings["slopes"])
        elif name == "scalings":
            steep *= _at_least_one(2 * settings["betas"])
        elif name == "temperature":
            steep *= _at_least_one(1 / settings["temperature"])
        elif name in ("curves", "isotonic"):
            with np.errstate(divide="ignore", invalid="ignore"):
                slopes = [
                    np.diff(outputs) / np.diff(inputs)
                    for inputs, outputs in curves_of(settings, {"curves": "curve"}.get(name, name))
                ]
            steep *= min(STEEPEST, _at_least_one(np.nan_to_num(np.concatenate([np.zeros(1), *slopes]))))
    return steep


def _at_least_one(slopes: Floats) -> float:
    return float(max(1.0, np.abs(slopes).max(initial=0.0)))
