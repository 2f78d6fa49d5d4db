"""Linear support vector machines, with probabilities or without: the same to the last bit as scikit-learn fits them."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, _fit_calibrator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC
from sklearn.utils._array_api import get_namespace
from sklearn.utils.class_weight import compute_class_weight

from toolkit.engine.layout import Floats
from toolkit.engine.training.coordinates import N_FIELDS, go_round, shuffle, start_rows
from toolkit.engine.training.settings import is_usual

Unsigned = NDArray[np.uint32]
# So many random numbers are drawn at once, and so many more than rows are there when these are shuffled.
N_DRAWN, N_SPARE = 1 << 18, 1 << 12


class _Rows:
    """Rows as machine code reads them, with a column of ones for the offsets."""

    def __init__(self, rows: sp.csr_matrix, has_offset: bool) -> None:
        n_rows, n_columns = rows.shape
        self.n_columns = n_columns + int(has_offset)
        # The fewer bytes, the more rows stay in the processor's cache.
        kind = np.uint16 if self.n_columns <= 1 << 16 else np.uint32
        self.begins, self.indices, self.values = rows.indptr.astype(np.uint32), rows.indices.astype(kind), rows.data
        if has_offset:
            self.indices = np.insert(self.indices, rows.indptr[1:], n_columns)
            self.values = np.insert(self.values, rows.indptr[1:], 1.0)
            self.begins += np.arange(n_rows + 1, dtype=np.uint32)
        self.fields = np.zeros(n_rows * int(N_FIELDS))


class _Numbers:
    """Random numbers of 32 bits, which all machines of one seed draw from the first on."""

    def __init__(self, seed: int) -> None:
        self._source = np.random.RandomState(seed)
        self.drawn = np.zeros(0, np.uint32)

    def at_least(self, n_numbers: int) -> Unsigned:
        """Return the first of them, so many or more."""
        while len(self.drawn) < n_numbers:
            more = self._source.randint(0, 1 << 32, size=N_DRAWN, dtype=np.uint32)
            self.drawn = np.concatenate([self.drawn, more])
        return self.drawn


_numbers = lru_cache(maxsize=2)(_Numbers)


def can_fit_machine(classifier: Any, rows: Any, y_true: NDArray[Any]) -> bool:
    """Say whether :func:`fit_machine` fits a classifier to rows as its own ``fit`` does.

    Examples
    --------
    >>> can_fit_machine(LinearSVC(), sp.csr_matrix(np.eye(3)), np.array(["a", "b", "c"]))
    False
    """
    is_calibrated = type(classifier) is CalibratedClassifierCV
    machine = classifier.estimator if is_calibrated else classifier
    if not (_is_usual_machine(machine) and sp.issparse(rows) and rows.format == "csr" and len(y_true)):
        return False
    settings = {"estimator": machine, "method": "sigmoid", "cv": 5, "ensemble": False, "n_jobs": None}
    if is_calibrated and classifier.get_params(deep=False) != settings:
        return False
    counts = np.unique(y_true, return_counts=True)[1] if y_true.dtype.kind == "U" else np.zeros(0)
    return (
        y_true.shape == (rows.shape[0],)
        and len(counts) > 2
        and (not is_calibrated or counts.min() >= 5)
        # Of fewer columns than rows it fits the primal.
        and rows.shape[0] < rows.shape[1]
        and rows.nnz > 0
        and rows.dtype == np.float64
        and rows.indices.dtype == np.int32
        and bool(np.isfinite(rows.data).all())
    )


def _is_usual_machine(machine: Any) -> bool:
    return type(machine) is LinearSVC and is_usual(machine, LinearSVC()) and type(machine.random_state) is int


def fit_machine(classifier: Any, rows: sp.csr_matrix, y_true: NDArray[np.str_]) -> None:
    """Fit a support vector machine, calibrated or not, to the last bit as its own ``fit`` would.

    Parameters
    ----------
    classifier : LinearSVC or CalibratedClassifierCV
        As :func:`can_fit_machine` takes it.
    rows : csr_matrix of shape (n_rows, n_columns)
        Numbers with 64 bits.
    y_true : ndarray of shape (n_rows,)
        Labels.

    References
    ----------
    .. [1] C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi and S. Sundararajan (2008). A dual coordinate descent
       method for large-scale linear SVM. ICML, 408-415. doi:10.1145/1390156.1390208

    Examples
    --------
    >>> machine = LinearSVC(random_state=0)
    >>> fit_machine(machine, sp.csr_matrix(np.eye(3, 4)), np.array(["a", "b", "c"]))
    >>> machine.predict(np.eye(3, 4)).tolist()
    ['a', 'b', 'c']
    """
    everything = np.arange(len(y_true))
    if type(classifier) is LinearSVC:
        _fit_rows(classifier, _Rows(rows, classifier.fit_intercept), y_true, everything)
        return
    laid_down = _Rows(rows, classifier.estimator.fit_intercept)
    classes = np.unique(y_true)
    scores = np.empty((len(y_true), len(classes)))
    for seen, held in StratifiedKFold(5).split(everything, y_true):
        machine = clone(classifier.estimator)
        _fit_rows(machine, laid_down, y_true, seen)
        scores[held] = machine.decision_function(rows[held])
    machine = clone(classifier.estimator)
    _fit_rows(machine, laid_down, y_true, everything)
    space, _ = get_namespace(rows)
    calibrated = _fit_calibrator(machine, scores, y_true, classes, "sigmoid", xp=space)
    classifier.calibrated_classifiers_ = [calibrated]
    classifier.classes_ = classes
    classifier.n_features_in_ = rows.shape[1]


def _fit_rows(machine: LinearSVC, rows: _Rows, y_true: NDArray[np.str_], chosen: NDArray[np.intp]) -> None:
    """Fit a machine to some of the rows: one against the rest for each label, with random numbers one after another."""
    classes, places = np.unique(y_true[chosen], return_inverse=True)
    balance = compute_class_weight(machine.class_weight, classes=classes, y=y_true[chosen])
    labels = np.zeros(len(y_true), np.int16)
    labels[chosen] = places
    # All of one label stand together when they are first shuffled.
    grouped = chosen[np.argsort(places, kind="stable")].astype(np.uint32)
    numbers = _numbers(int(np.random.RandomState(machine.random_state).randint(np.iinfo(np.intc).max)))
    weights = np.empty((rows.n_columns, len(classes)))
    order, own, drawn, most = np.empty_like(grouped), np.empty(rows.n_columns), 0, 0
    for label in range(len(classes)):
        costs = float(machine.C * balance[label]), float(machine.C)
        start_rows(rows.begins, rows.values, grouped, labels, label, *costs, rows.fields, order, own)
        drawn, n_rounds = _descend(machine, rows, order, own, numbers, drawn)
        weights[:, label], most = own, max(most, n_rounds)
    if most >= machine.max_iter:
        warnings.warn(
            "Liblinear failed to converge, increase the number of iterations.", ConvergenceWarning, stacklevel=2
        )
    # In scikit-learn's order, which is that of what is saved.
    machine.n_features_in_ = rows.n_columns - int(machine.fit_intercept)
    machine.classes_ = classes
    machine.coef_, machine.intercept_ = weights.T, 0.0
    if machine.fit_intercept:
        machine.coef_, machine.intercept_ = weights.T[:, :-1], machine.intercept_scaling * weights.T[:, -1]
    machine.n_iter_ = most


def _descend(
    machine: LinearSVC, rows: _Rows, order: Unsigned, weights: Floats, numbers: _Numbers, drawn: int
) -> tuple[int, int]:
    """Go round until the slopes are level; return how many numbers have been drawn, and the number of rounds."""
    n_active, highest, n_rounds = len(order), np.inf, 0
    while n_rounds < machine.max_iter:
        drawn = shuffle(order, n_active, numbers.at_least(drawn + n_active + N_SPARE), drawn)
        if drawn < 0:
            raise RuntimeError(f"{n_active:,} rows need more than {N_SPARE:,} random numbers beside one each")
        n_active, high, low = go_round(
            rows.begins, rows.indices, rows.values, order, n_active, highest, rows.fields, weights
        )
        n_rounds += 1
        if high - low <= machine.tol:
            if n_active == len(order):
                break
            # Those put behind have their turn once more.
            n_active, highest = len(order), np.inf
        else:
            highest = high if high > 0 else np.inf
    return drawn, n_rounds
