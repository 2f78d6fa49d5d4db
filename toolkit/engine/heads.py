"""A fitted classifier -> weights, offsets and the link from linear scores to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class CannotCompile(ValueError):  # noqa: N818 - it is no error: scikit-learn takes over.
    """Why a pipeline is left to scikit-learn."""


@dataclass(frozen=True)
class Head:
    """A classifier as arrays.

    Attributes
    ----------
    weights : ndarray of shape (n_features, n_scores)
        What each feature adds to each linear score.
    offsets : ndarray of shape (n_scores,)
        What a sentence without features scores.
    link : str
        Name of a function in ``LINKS``: scores to probabilities.
    settings : dict of str to ndarray
        What the link needs beside the scores.
    """

    weights: Floats
    offsets: Floats
    link: str
    settings: dict[str, Floats]


def make_head(classifier: Any) -> Head:
    """Read a fitted scikit-learn classifier with ``predict_proba`` or ``decision_function``.

    Parameters
    ----------
    classifier : estimator
        Logistic regression, multinomial or complement naive Bayes, or a linear machine whose
        scores are calibrated.

    Returns
    -------
    Head

    Raises
    ------
    CannotCompile
        If it is another classifier, or one fitted in a way not known here.

    Examples
    --------
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> head = make_head(MultinomialNB().fit([[1, 0], [0, 1]], ["a", "b"]))
    >>> head.link, head.weights.shape
    ('softmax', (2, 2))
    """
    name = type(classifier).__name__
    if not type(classifier).__module__.startswith("sklearn."):
        raise CannotCompile(f"{name} is no classifier of scikit-learn")
    if name not in _MAKERS:
        raise CannotCompile(f"{name} is not compiled")
    return _MAKERS[name](classifier)


def _linear(classifier: Any) -> tuple[Floats, Floats]:
    weights = np.asarray(classifier.coef_, np.float64)
    if weights.ndim != 2:
        raise CannotCompile(f"{type(classifier).__name__} has weights of {weights.ndim} dimensions")
    offsets = np.broadcast_to(np.asarray(classifier.intercept_, np.float64), (len(weights),))
    return weights.T, offsets.copy()


def _logistic(classifier: Any) -> Head:
    weights, offsets = _linear(classifier)
    return Head(weights, offsets, "expit" if weights.shape[1] == 1 else "softmax", {})


def _sgd(classifier: Any) -> Head:
    if classifier.loss != "log_loss":
        raise CannotCompile(f"SGDClassifier with the loss {classifier.loss!r} has no probabilities of its own")
    weights, offsets = _linear(classifier)
    return Head(weights, offsets, "one_vs_rest", {})


def _multinomial_bayes(classifier: Any) -> Head:
    return Head(
        np.asarray(classifier.feature_log_prob_, np.float64).T,
        np.asarray(classifier.class_log_prior_, np.float64),
        "softmax",
        {},
    )


def _complement_bayes(classifier: Any) -> Head:
    if len(classifier.classes_) == 1:
        raise CannotCompile("ComplementNB of a single class adds its prior to every score")
    weights = np.asarray(classifier.feature_log_prob_, np.float64).T
    return Head(weights, np.zeros(weights.shape[1]), "softmax", {})


def _calibrated(classifier: Any) -> Head:
    if classifier.method != "sigmoid":
        raise CannotCompile(f"CalibratedClassifierCV with method={classifier.method!r} is not compiled")
    weights, offsets, slopes, starts = [], [], [], []
    for member in classifier.calibrated_classifiers_:
        if not hasattr(member.estimator, "decision_function"):
            raise CannotCompile(f"calibrated {type(member.estimator).__name__} has no decision function")
        if list(member.estimator.classes_) != list(classifier.classes_):
            raise CannotCompile("a calibrated classifier has not seen every class")
        if type(member.estimator).__name__ not in _DECIDING:
            raise CannotCompile(f"calibrated {type(member.estimator).__name__} is not compiled")
        own_weights, own_offsets = _linear(member.estimator)
        weights.append(own_weights)
        offsets.append(own_offsets)
        slopes.append([sigmoid.a_ for sigmoid in member.calibrators])
        starts.append([sigmoid.b_ for sigmoid in member.calibrators])
    settings = {"slopes": np.array(slopes, np.float64), "starts": np.array(starts, np.float64)}
    return Head(np.hstack(weights), np.concatenate(offsets), "sigmoids", settings)


def _one_vs_rest(classifier: Any) -> Head:
    if classifier.multilabel_ or len(classifier.classes_) < 2:
        raise CannotCompile("OneVsRestClassifier of several labels at once is not compiled")
    parts = []
    for member in classifier.estimators_:
        if type(member).__name__ != "LogisticRegression":
            raise CannotCompile(f"one-vs-rest {type(member).__name__} is not compiled")
        parts.append(_linear(member))
    weights = np.hstack([part[0] for part in parts])
    offsets = np.concatenate([part[1] for part in parts])
    return Head(weights, offsets, "one_vs_rest", {})


_DECIDING = ("LinearSVC", "LogisticRegression", "SGDClassifier", "RidgeClassifier", "PassiveAggressiveClassifier")
_MAKERS: dict[str, Callable[[Any], Head]] = {
    "CalibratedClassifierCV": _calibrated,
    "ComplementNB": _complement_bayes,
    "LogisticRegression": _logistic,
    "MultinomialNB": _multinomial_bayes,
    "OneVsRestClassifier": _one_vs_rest,
    "SGDClassifier": _sgd,
}


def softmax(scores: Floats, settings: dict[str, Floats]) -> Floats:
    """Return shares in proportion to the exponentials, shape (n_sentences, n_scores).

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]), {}).tolist()
    [[0.5, 0.5]]
    """
    shares: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def expit(scores: Floats, settings: dict[str, Floats]) -> Floats:
    """Return the probabilities of the first and the second class, shape (n_sentences, 2)."""
    second = _expit(scores[:, 0])
    return np.column_stack([1 - second, second])


def one_vs_rest(scores: Floats, settings: dict[str, Floats]) -> Floats:
    """Return each class's own probability, made to sum to 1, shape (n_sentences, n_classes)."""
    if scores.shape[1] == 1:
        return expit(scores, settings)
    shares = _expit(scores)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def sigmoids(scores: Floats, settings: dict[str, Floats]) -> Floats:
    """Return the mean of each member's calibrated probabilities, shape (n_sentences, n_classes)."""
    slopes, starts = settings["slopes"], settings["starts"]
    n_members, n_sigmoids = slopes.shape
    n_classes = max(2, n_sigmoids)
    mean = np.zeros((len(scores), n_classes))
    for member in range(n_members):
        own = scores[:, member * n_sigmoids : (member + 1) * n_sigmoids]
        shares = _expit(-(slopes[member] * own + starts[member]))
        if n_sigmoids == 1:
            shares = np.column_stack([1 - shares, shares])
        else:
            total = shares.sum(axis=1, keepdims=True)
            even = np.full_like(shares, 1 / n_classes)
            shares = np.divide(shares, total, out=even, where=total != 0)
        # A sum of ones rounds to a hair above 1.
        shares[(shares > 1) & (shares <= 1 + 1e-5)] = 1
        mean += shares
    mean /= n_members
    return mean


def first_rule(scores: Floats, settings: dict[str, Floats]) -> Floats:
    """Return the row of the table that belongs to the first rule with a cue, else the last."""
    fired = np.where(scores.any(axis=1), scores.argmax(axis=1), scores.shape[1])
    shares: Floats = settings["table"][fired]
    return shares


def _expit(scores: Floats) -> Floats:
    # Of large scores the exponential is infinite, and its inverse the right 0.
    with np.errstate(over="ignore"):
        shares: Floats = 1 / (1 + np.exp(-scores))
    return shares


LINKS: dict[str, Callable[[Floats, dict[str, Floats]], Floats]] = {
    "expit": expit,
    "first_rule": first_rule,
    "one_vs_rest": one_vs_rest,
    "sigmoids": sigmoids,
    "softmax": softmax,
}


def steepness(link: str, settings: dict[str, Floats]) -> float:
    """Return how many times a change of a score the relative change of a probability may be.

    Examples
    --------
    >>> steepness("softmax", {}), steepness("sigmoids", {"slopes": np.array([[-7.0, -2.0]])})
    (1.0, 7.0)
    """
    return float(max(1.0, np.abs(settings["slopes"]).max())) if link == "sigmoids" else 1.0
