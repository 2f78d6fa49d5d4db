"""Probabilities and gold labels -> fitted calibrators, and a classifier whose probabilities they recalibrate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from toolkit.statistics import log_ratios, map_isotonic, scale_temperature, scale_with_biases

Proba = NDArray[np.float64]
# Bounds of the logarithm of the temperature: e^10 makes any probabilities equal.
LARGEST_LOG_TEMPERATURE = 10.0


class Temperature(TransformerMixin, BaseEstimator):
    """Temperature scaling: raise probabilities to a power, and normalise them.

    A temperature above 1 makes them less confident, one below 1 more confident. The order of
    a sentence's labels never changes, and so neither does the predicted label.

    Attributes
    ----------
    temperature_ : float
        The one with the lowest log loss on the sentences that it was fitted to.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger (2017). On calibration of modern
       neural networks. ICML. arXiv:1706.04599

    Examples
    --------
    Of four sentences with a confidence of 0.9 three are correct, so that 0.75 is calibrated:

    >>> proba = [[0.9, 0.1]] * 4
    >>> scaling = Temperature().fit(proba, [0, 0, 0, 1])
    >>> round(scaling.temperature_, 6), scaling.transform(proba)[0].round(6).tolist()
    (2.0, [0.75, 0.25])
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Temperature:
        """Fit the temperature.

        Parameters
        ----------
        X : array-like of shape (n_sentences, n_labels)
            Probabilities of sentences that their classifier was not fitted to.
        y : array-like of shape (n_sentences,)
            Column of each sentence's gold label.

        Raises
        ------
        ValueError
            If there are no sentences, or shapes or columns do not match.
        """
        from scipy.optimize import minimize_scalar

        proba, gold = _checked(X, y)
        logs = log_ratios(proba)
        rows = np.arange(len(gold))
        largest = LARGEST_LOG_TEMPERATURE

        def loss(log_temperature: float) -> float:
            scaled = logs / np.exp(log_temperature)
            return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, gold]))

        result = minimize_scalar(loss, bounds=(-largest, largest), method="bounded", options={"xatol": 1e-10})
        self.temperature_ = float(np.exp(result.x))
        return self

    def transform(self, X: ArrayLike) -> Proba:
        """Return recalibrated probabilities, shape (n_sentences, n_labels)."""
        check_is_fitted(self)
        return scale_temperature(np.asarray(X, dtype=float), self.temperature_)


class BiasCorrectedTemperature(TransformerMixin, BaseEstimator):
    """Temperature scaling with a bias for each label, fitted together.

    The mean probability of each label becomes its proportion among the gold labels, which a
    temperature alone does not achieve and an estimate of label shares relies on. It may change the predicted label.

    Attributes
    ----------
    temperature_ : float
        As of :class:`Temperature`.
    biases_ : ndarray of shape (n_labels,)
        Added to the logarithms of the probabilities; the most frequent label has 0.

    References
    ----------
    .. [1] A. Alexandari, A. Kundaje and A. Shrikumar (2020). Maximum likelihood with
       bias-corrected calibration is hard-to-beat at label shift adaptation. ICML. arXiv:1901.06852

    Examples
    --------
    The odds should be 3 to 1 where they are 9 to 1, and 1 to 1 where they are 1 to 9:

    >>> proba = [[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4
    >>> scaling = BiasCorrectedTemperature().fit(proba, [0, 0, 0, 1, 0, 0, 1, 1])
    >>> scaling.transform([[0.9, 0.1], [0.1, 0.9]]).round(4).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> BiasCorrectedTemperature:
        """Fit temperature and biases.

        Parameters
        ----------
        X : array-like of shape (n_sentences, n_labels)
            Probabilities of sentences that their classifier was not fitted to.
        y : array-like of shape (n_sentences,)
            Column of each sentence's gold label.

        Raises
        ------
        ValueError
            If there are no sentences, or shapes or columns do not match.
        """
        from scipy.optimize import minimize

        proba, gold = _checked(X, y)
        logs, is_gold = log_ratios(proba), np.eye(proba.shape[1])[gold]
        free = np.arange(proba.shape[1]) != is_gold.sum(axis=0).argmax()

        def loss(parameters: Proba) -> tuple[float, Proba]:
            biases = np.zeros(len(free))
            biases[free] = parameters[1:]
            scaled = scale_with_biases(proba, 1 / parameters[0], biases)
            off = (scaled - is_gold) / len(gold)
            value = -np.log(np.maximum(scaled[is_gold == 1], np.finfo(float).tiny)).mean()
            return float(value), np.concatenate([[(off * logs).sum()], off.sum(axis=0)[free]])

        # In the inverse temperature the loss is convex; a label without a gold sentence has no finite optimum.
        largest = LARGEST_LOG_TEMPERATURE
        bounds = [(np.exp(-largest), np.exp(largest)), *[(-largest, largest)] * int(free.sum())]
        start = np.concatenate([[1.0], np.zeros(int(free.sum()))])
        options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000}
        optimum = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
        self.temperature_ = float(1 / optimum[0])
        self.biases_ = np.zeros(len(free))
        self.biases_[free] = optimum[1:]
        return self

    def transform(self, X: ArrayLike) -> Proba:
        """Return recalibrated probabilities, shape (n_sentences, n_labels)."""
        check_is_fitted(self)
        return scale_with_biases(np.asarray(X, dtype=float), self.temperature_, self.biases_)


class Isotonic(TransformerMixin, BaseEstimator):
    """Isotonic regression: map the probability of each label by a curve of its own, and normalise them.

    It corrects what a single temperature cannot, needs more data, and may change the predicted
    label. Its curves may reach 0, and a gold label with probability 0 makes the log loss infinite.

    Attributes
    ----------
    inputs_, outputs_ : list of ndarray, one per label
        Points of each curve, which is linear between them.

    References
    ----------
    .. [1] B. Zadrozny and C. Elkan (2002). Transforming classifier scores into accurate
       multiclass probability estimates. KDD, 694-699. doi:10.1145/775047.775151

    Examples
    --------
    >>> proba = [[0.8, 0.2]] * 4 + [[0.4, 0.6]] * 2
    >>> Isotonic().fit(proba, [0, 0, 0, 1, 1, 1]).transform([[0.8, 0.2], [0.6, 0.4]]).round(6).tolist()
    [[0.75, 0.25], [0.375, 0.625]]
    """

    def fit(self, X: ArrayLike, y: ArrayLike) -> Isotonic:
        """Fit the curves.

        Parameters
        ----------
        X : array-like of shape (n_sentences, n_labels)
            Probabilities of sentences that their classifier was not fitted to.
        y : array-like of shape (n_sentences,)
            Column of each sentence's gold label.

        Raises
        ------
        ValueError
            If there are no sentences, or shapes or columns do not match.
        """
        from sklearn.isotonic import IsotonicRegression

        proba, gold = _checked(X, y)
        curves = [
            IsotonicRegression(out_of_bounds="clip").fit(column, gold == label) for label, column in enumerate(proba.T)
        ]
        # Plain arrays: scikit-learn also keeps a function, which a file that opens safely cannot hold.
        self.inputs_ = [np.asarray(curve.X_thresholds_, dtype=float) for curve in curves]
        self.outputs_ = [np.asarray(curve.y_thresholds_, dtype=float) for curve in curves]
        return self

    def transform(self, X: ArrayLike) -> Proba:
        """Return recalibrated probabilities, shape (n_sentences, n_labels).

        Where all curves are 0 the probabilities are returned unchanged.
        """
        check_is_fitted(self)
        points = list(zip(self.inputs_, self.outputs_, strict=True))
        return map_isotonic(np.asarray(X, dtype=float), points)


Calibrator = Temperature | BiasCorrectedTemperature | Isotonic


class Recalibrated(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose probabilities pass through a fitted calibrator.

    Parameters
    ----------
    estimator : classifier
        Fitted, with ``predict_proba``.
    calibrator : Temperature, BiasCorrectedTemperature or Isotonic
        Fitted to probabilities whose columns are ``estimator.classes_``.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> half = DummyClassifier(strategy="prior").fit([[0], [0]], ["a", "b"])
    >>> scaling = Temperature().fit([[0.9, 0.1]] * 4, [0, 0, 0, 1])
    >>> Recalibrated(half, scaling).predict_proba([[0]]).tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, estimator: Any, calibrator: Calibrator) -> None:
        self.estimator = estimator
        self.calibrator = calibrator

    @property
    def classes_(self) -> NDArray[np.str_]:
        """Labels of the classifier, in the order of its columns."""
        classes: NDArray[np.str_] = self.estimator.classes_
        return classes

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_clone__(self) -> Recalibrated:
        # As FrozenEstimator: an unfitted copy could not be fitted from X and y alone.
        return self

    def fit(self, X: Any, y: ArrayLike | None = None) -> Recalibrated:
        """Do nothing: classifier and calibrator are fitted already."""
        return self

    def predict_proba(self, X: Any) -> Proba:
        """Return recalibrated probabilities, shape (n_sentences, n_labels), columns as ``classes_``."""
        return self.calibrator.transform(self.estimator.predict_proba(X))

    def predict(self, X: Any) -> NDArray[np.str_]:
        """Return the most probable label of each sentence, shape (n_sentences,)."""
        predicted: NDArray[np.str_] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted


CALIBRATORS: dict[str, type[Calibrator]] = {
    "temperature": Temperature,
    "bias-corrected-temperature": BiasCorrectedTemperature,
    "isotonic": Isotonic,
}


def _checked(X: ArrayLike, y: ArrayLike) -> tuple[Proba, NDArray[np.intp]]:
    proba, gold = np.asarray(X, dtype=float), np.asarray(y, dtype=np.intp)
    if proba.ndim != 2 or gold.shape != (len(proba),) or len(gold) == 0:
        raise ValueError(
            f"probabilities of shape {proba.shape} and gold labels of shape {gold.shape} came, expected "
            "(n_sentences, n_labels) and (n_sentences,) with at least one sentence; pass one of each per sentence"
        )
    if gold.min() < 0 or gold.max() >= proba.shape[1]:
        raise ValueError(
            f"gold column {int(gold.min() if gold.min() < 0 else gold.max())} came, expected 0 to "
            f"{proba.shape[1] - 1}; pass the column of each sentence's gold label"
        )
    return proba, gold
