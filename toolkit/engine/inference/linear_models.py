"""A fitted classifier of scikit-learn -> weights, offsets and the inverse link from linear scores to probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.engine.inference.inverse_links import Settings, pack_curves
from toolkit.engine.layout import Floats
from toolkit.private_names import calibrated_members, inverse_temperature, sigmoid_parameters


class CannotCompile(ValueError):  # noqa: N818 - it is not an error of anyone: scikit-learn takes over.
    """Why a pipeline cannot be compiled, so that it falls back to scikit-learn."""


@dataclass(frozen=True)
class LinearModel:
    """A classifier as arrays.

    Attributes
    ----------
    weights : ndarray of shape (n_features, n_scores)
        What each feature adds to each linear score.
    offsets : ndarray of shape (n_scores,)
        Scores of a sentence without features.
    inverse_link : str
        As :func:`toolkit.engine.inference.inverse_links.probabilities` takes it.
    settings : dict of str to ndarray
        What the inverse link needs besides the scores.
    threshold : float, optional
        If given, a feature counts as 1 where its value exceeds the threshold, and as 0 elsewhere.
    """

    weights: Floats
    offsets: Floats
    inverse_link: str
    settings: Settings
    threshold: float | None = None


def to_linear_model(classifier: Any) -> LinearModel:
    """Read a fitted classifier of scikit-learn.

    Parameters
    ----------
    classifier : estimator
        Logistic regression, discrete naive Bayes, SGD with probabilities, or one of these or
        another linear classifier inside ``CalibratedClassifierCV`` or ``OneVsRestClassifier``.

    Returns
    -------
    LinearModel

    Raises
    ------
    CannotCompile
        If it is another classifier, or was fitted in a way that is not supported.

    Examples
    --------
    >>> from sklearn.naive_bayes import MultinomialNB
    >>> model = to_linear_model(MultinomialNB().fit([[1, 0], [0, 1]], ["a", "b"]))
    >>> model.inverse_link, model.weights.shape
    ('softmax', (2, 2))
    """
    name = type(classifier).__name__
    if not type(classifier).__module__.startswith("sklearn."):
        raise CannotCompile(f"{name} is not a classifier of scikit-learn")
    if name not in _READERS:
        raise CannotCompile(f"{name} is not compiled")
    return _READERS[name](classifier)


def _coefficients(classifier: Any) -> tuple[Floats, Floats]:
    # With two classes RidgeClassifier has one row of weights without the outer dimension.
    weights = np.atleast_2d(np.asarray(classifier.coef_, np.float64))
    offsets = np.broadcast_to(np.asarray(classifier.intercept_, np.float64), (len(weights),))
    return weights.T, offsets.copy()


def _logistic(classifier: Any) -> LinearModel:
    weights, offsets = _coefficients(classifier)
    return LinearModel(weights, offsets, "expit" if weights.shape[1] == 1 else "softmax", {})


def _sgd(classifier: Any) -> LinearModel:
    inverse_links = {"log_loss": "one_vs_rest", "modified_huber": "clipped"}
    if classifier.loss not in inverse_links:
        raise CannotCompile(f"SGDClassifier with the loss {classifier.loss!r} has no probabilities of its own")
    weights, offsets = _coefficients(classifier)
    return LinearModel(weights, offsets, inverse_links[classifier.loss], {})


def _multinomial_bayes(classifier: Any) -> LinearModel:
    return LinearModel(
        np.asarray(classifier.feature_log_prob_, np.float64).T,
        np.asarray(classifier.class_log_prior_, np.float64),
        "softmax",
        {},
    )


def _complement_bayes(classifier: Any) -> LinearModel:
    if len(classifier.classes_) == 1:
        raise CannotCompile("ComplementNB of a single class adds its prior to every score")
    weights = np.asarray(classifier.feature_log_prob_, np.float64).T
    return LinearModel(weights, np.zeros(weights.shape[1]), "softmax", {})


def _bernoulli_bayes(classifier: Any) -> LinearModel:
    present = np.asarray(classifier.feature_log_prob_, np.float64)
    with np.errstate(divide="ignore"):
        absent = np.log(1 - np.exp(present))
    if not np.isfinite(absent).all() or not np.isfinite(present).all():
        raise CannotCompile("BernoulliNB has a feature that is always or never present")
    offsets = np.asarray(classifier.class_log_prior_, np.float64) + absent.sum(axis=1)
    return LinearModel((present - absent).T, offsets, "softmax", {}, classifier.binarize)


def _calibrated(classifier: Any) -> LinearModel:
    members = calibrated_members(classifier)
    for member in members:
        # With temperature scaling, scikit-learn numbers the classes of a member.
        own, classes = member.estimator.classes_, classifier.classes_
        if len(own) != len(classes) or (classifier.method != "temperature" and list(own) != list(classes)):
            raise CannotCompile("a member of a calibrated classifier was not fitted to every class")
    models = [_inner_scores(member.estimator) for member in members]
    calibrators = [member.calibrators for member in members]
    # Without a decision function, it is the probabilities that are calibrated.
    settings: Settings = {} if _has_decision_function(members[0].estimator) else {"of_proba": np.ones(1)}
    if classifier.method == "sigmoid":
        inverse_link = "sigmoids"
        parameters = np.array([[sigmoid_parameters(one) for one in own] for own in calibrators], np.float64)
        settings["slopes"], settings["starts"] = parameters[:, :, 0].copy(), parameters[:, :, 1].copy()
    elif classifier.method == "isotonic":
        inverse_link = "curves"
        points = [(one.X_thresholds_, one.y_thresholds_) for own in calibrators for one in own]
        settings |= {"n_members": np.array([float(len(members))]), **pack_curves(points, "curve")}
    elif classifier.method == "temperature":
        inverse_link = "scalings"
        settings["betas"] = np.array([inverse_temperature(own[0]) for own in calibrators], np.float64)
    else:
        raise CannotCompile(f"CalibratedClassifierCV with method={classifier.method!r} is not compiled")
    return _joined(models, inverse_link, settings)


def _one_vs_rest(classifier: Any) -> LinearModel:
    if classifier.multilabel_ or len(classifier.classes_) < 2:
        raise CannotCompile("OneVsRestClassifier of several labels at once is not compiled")
    for member in classifier.estimators_:
        logistic = type(member).__name__ == "SGDClassifier" and member.loss == "log_loss"
        if type(member).__name__ not in ("LogisticRegression", "LogisticRegressionCV", *_BAYES) and not logistic:
            raise CannotCompile(f"one-vs-rest {type(member).__name__} is not compiled")
    return _joined([_inner_scores(member) for member in classifier.estimators_], "one_vs_rest", {})


def _inner_scores(classifier: Any) -> LinearModel:
    """Read the scores of a classifier inside another: with two classes, only those of the second."""
    name = type(classifier).__name__
    if _has_decision_function(classifier):
        return LinearModel(*_coefficients(classifier), "", {})
    if name not in _BAYES:
        raise CannotCompile(f"calibrated {name} is not compiled")
    model = _READERS[name](classifier)
    if len(classifier.classes_) > 2:
        return model
    # The probability of the second class is the sigmoid of the difference of the scores.
    return LinearModel(np.diff(model.weights, axis=1), np.diff(model.offsets), "", {}, model.threshold)


def _has_decision_function(classifier: Any) -> bool:
    return type(classifier).__name__ in _DECIDING


def _joined(models: Sequence[LinearModel], inverse_link: str, settings: Settings) -> LinearModel:
    if len({model.threshold for model in models}) > 1:
        raise CannotCompile("the members differ in binarize")
    weights = np.hstack([model.weights for model in models])
    offsets = np.concatenate([model.offsets for model in models])
    return LinearModel(weights, offsets, inverse_link, settings, models[0].threshold)


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
_READERS: dict[str, Callable[[Any], LinearModel]] = {
    "BernoulliNB": _bernoulli_bayes,
    "CalibratedClassifierCV": _calibrated,
    "ComplementNB": _complement_bayes,
    "LogisticRegression": _logistic,
    "LogisticRegressionCV": _logistic,
    "MultinomialNB": _multinomial_bayes,
    "OneVsRestClassifier": _one_vs_rest,
    "SGDClassifier": _sgd,
}
