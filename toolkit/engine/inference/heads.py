"""A fitted classifier -> weights, offsets and the link from linear scores to probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.engine.inference.links import Settings, pack_curves
from toolkit.engine.layout import Floats


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
        As :func:`toolkit.engine.inference.links.probabilities` takes it.
    settings : dict of str to ndarray
        What the link needs beside the scores.
    threshold : float, optional
        Where it is given a feature counts once if its value is above, and else not at all.
    """

    weights: Floats
    offsets: Floats
    link: str
    settings: Settings
    threshold: float | None = None


def make_head(classifier: Any) -> Head:
    """Read a fitted scikit-learn classifier with ``predict_proba`` or ``decision_function``.

    Parameters
    ----------
    classifier : estimator
        Logistic regression, naive Bayes of counts, a linear machine with probabilities, or
        either of these calibrated or one against the rest.

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
    # RidgeClassifier keeps one row of weights for two classes without the outer dimension.
    weights = np.atleast_2d(np.asarray(classifier.coef_, np.float64))
    offsets = np.broadcast_to(np.asarray(classifier.intercept_, np.float64), (len(weights),))
    return weights.T, offsets.copy()


def _logistic(classifier: Any) -> Head:
    weights, offsets = _linear(classifier)
    return Head(weights, offsets, "expit" if weights.shape[1] == 1 else "softmax", {})


def _sgd(classifier: Any) -> Head:
    links = {"log_loss": "one_vs_rest", "modified_huber": "clipped"}
    if classifier.loss not in links:
        raise CannotCompile(f"SGDClassifier with the loss {classifier.loss!r} has no probabilities of its own")
    weights, offsets = _linear(classifier)
    return Head(weights, offsets, links[classifier.loss], {})


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


def _bernoulli_bayes(classifier: Any) -> Head:
    there = np.asarray(classifier.feature_log_prob_, np.float64)
    with np.errstate(divide="ignore"):
        absent = np.log(1 - np.exp(there))
    if not np.isfinite(absent).all() or not np.isfinite(there).all():
        raise CannotCompile("BernoulliNB has a feature that is always or never there")
    offsets = np.asarray(classifier.class_log_prior_, np.float64) + absent.sum(axis=1)
    return Head((there - absent).T, offsets, "softmax", {}, classifier.binarize)


def _calibrated(classifier: Any) -> Head:
    members = classifier.calibrated_classifiers_
    for member in members:
        # Where scores are multiplied, scikit-learn gives the member numbers for its classes.
        own, classes = member.estimator.classes_, classifier.classes_
        if len(own) != len(classes) or (classifier.method != "temperature" and list(own) != list(classes)):
            raise CannotCompile("a calibrated classifier has not seen every class")
    heads = [_own_scores(member.estimator) for member in members]
    calibrators = [member.calibrators for member in members]
    # Of a classifier that has no scores the probabilities are calibrated.
    settings: Settings = {} if _has_scores(members[0].estimator) else {"of_proba": np.ones(1)}
    if classifier.method == "sigmoid":
        link = "sigmoids"
        settings["slopes"] = np.array([[one.a_ for one in own] for own in calibrators], np.float64)
        settings["starts"] = np.array([[one.b_ for one in own] for own in calibrators], np.float64)
    elif classifier.method == "isotonic":
        link = "curves"
        corners = [(one.X_thresholds_, one.y_thresholds_) for own in calibrators for one in own]
        settings |= {"n_members": np.array([float(len(members))]), **pack_curves(corners, "curve")}
    elif classifier.method == "temperature":
        link = "scalings"
        settings["betas"] = np.array([own[0].beta_ for own in calibrators], np.float64)
    else:
        raise CannotCompile(f"CalibratedClassifierCV with method={classifier.method!r} is not compiled")
    return _joined(heads, link, settings)


def _one_vs_rest(classifier: Any) -> Head:
    if classifier.multilabel_ or len(classifier.classes_) < 2:
        raise CannotCompile("OneVsRestClassifier of several labels at once is not compiled")
    for member in classifier.estimators_:
        logistic = type(member).__name__ == "SGDClassifier" and member.loss == "log_loss"
        if type(member).__name__ not in ("LogisticRegression", "LogisticRegressionCV", *_BAYES) and not logistic:
            raise CannotCompile(f"one-vs-rest {type(member).__name__} is not compiled")
    return _joined([_own_scores(member) for member in classifier.estimators_], "one_vs_rest", {})


def _own_scores(classifier: Any) -> Head:
    """Read the scores of a classifier inside another: of two classes those of the second alone."""
    name = type(classifier).__name__
    if _has_scores(classifier):
        return Head(*_linear(classifier), "", {})
    if name not in _BAYES:
        raise CannotCompile(f"calibrated {name} is not compiled")
    head = _MAKERS[name](classifier)
    if len(classifier.classes_) > 2:
        return head
    # The probability of the second is the sigmoid of how far it is ahead.
    return Head(np.diff(head.weights, axis=1), np.diff(head.offsets), "", {}, head.threshold)


def _has_scores(classifier: Any) -> bool:
    return type(classifier).__name__ in _DECIDING


def _joined(heads: Sequence[Head], link: str, settings: Settings) -> Head:
    if len({head.threshold for head in heads}) > 1:
        raise CannotCompile("classifiers with different binarize are in one")
    weights, offsets = np.hstack([head.weights for head in heads]), np.concatenate([head.offsets for head in heads])
    return Head(weights, offsets, link, settings, heads[0].threshold)


_DECIDING = (
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
)
_BAYES = ("BernoulliNB", "ComplementNB", "MultinomialNB")
_MAKERS: dict[str, Callable[[Any], Head]] = {
    "BernoulliNB": _bernoulli_bayes,
    "CalibratedClassifierCV": _calibrated,
    "ComplementNB": _complement_bayes,
    "LogisticRegression": _logistic,
    "LogisticRegressionCV": _logistic,
    "MultinomialNB": _multinomial_bayes,
    "OneVsRestClassifier": _one_vs_rest,
    "SGDClassifier": _sgd,
}
