"""Logistic regressions on one matrix, fitted side by side: the same to the last bit as scikit-learn fits each.

Newton's method with conjugate gradients spends its time on products of the matrix with what a fit
asks for next. Those of several fits are made at once, so that the matrix is read once for all of
them; every sum keeps the order that it has in SciPy and NumPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn._loss import HalfMultinomialLoss
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.utils._array_api import get_namespace_and_device
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.optimize import _line_search_wolfe12, _LineSearchError

from toolkit.engine.layout import Floats, words_at_line
from toolkit.engine.training.products import MOST_LANES, OrderedRows, lay_by_column, lay_by_row, multiply_in_order
from toolkit.engine.training.settings import is_usual
from toolkit.engine.training.steps import add_penalty, advance, join_points, part_sums, turn, weigh_rows

try:
    from scipy.optimize._dcsrch import DCSRCH
except ImportError:
    # Without the search whose single steps can be asked for, scikit-learn fits one regression at a time.
    DCSRCH = None
# From eight numbers on NumPy adds those of a row in another order.
MOST_LABELS = 7
N_LANES = 8
MOST_INNER = 200
# Of the search along a line: by how much a step lowers the loss, and to how much its slope; how near two steps
# are, how short and how long; how many are tried.
LEAST_FALL, MOST_SLOPE, NEAREST, SHORTEST, LONGEST, MOST_TRIED = 1e-4, 0.9, 1e-14, 1e-8, 50, 100
# A fit stops twice for each product: when its point is to be multiplied with the rows, and gets the sums of all
# fits and where its own start; and when what it wrote over them is to be multiplied with the columns.
_Fitting = Generator[None, Any, tuple[Floats, int]]
_Asking = Generator[None, Any, Any]


class _Problem(NamedTuple):
    """A regression to fit: sums of losses and curvatures over rows, and what they are divided by."""

    rows: Any
    loss: LinearModelLoss
    target: Floats
    weights: Floats | None
    total: float
    penalty: float
    tolerance: float
    most_steps: int


class _Point(NamedTuple):
    """What is known of a point."""

    value: float
    gradient: Floats
    proba: Floats


class _Place(NamedTuple):
    """Where a fit puts what is to be multiplied with the rows, and finds products with the columns."""

    point: Floats
    sums: Floats


def _aligned(size: int) -> Floats:
    """Return zeros that start at a line of the processor's cache."""
    room = words_at_line(size).view(np.float64)
    room[:] = 0
    return room


def _evaluate(problem: _Problem, place: _Place) -> _Asking:
    """Return what is known of the point that stands at its place."""
    point, loss = place.point, problem.loss
    n_labels = loss.base_loss.n_classes
    across, lane = yield
    weights, offsets = loss.weight_intercept(point)
    raw = across[:, lane : lane + n_labels] + offsets
    value = loss.loss(point, problem.rows, problem.target, problem.weights, problem.penalty, raw_prediction=raw)
    slopes, proba = loss.base_loss.gradient_proba(
        y_true=problem.target, raw_prediction=raw, sample_weight=problem.weights, n_threads=1
    )
    slopes /= problem.total
    across[:, lane : lane + n_labels] = slopes
    yield
    gradient = np.empty((len(point) // n_labels, n_labels))
    n_columns = weights.shape[1]
    gradient[:n_columns] = place.sums[: weights.size].reshape(weights.T.shape) + problem.penalty * weights.T
    if loss.fit_intercept:
        gradient[n_columns] = slopes.sum(axis=0)
    return _Point(value, gradient.ravel(), proba)


def _descend(problem: _Problem, place: _Place, at: _Point, most: Any) -> _Asking:
    """Return the step that conjugate gradients find, up to a sum of what is left."""
    n_labels = problem.loss.base_loss.n_classes
    direction, curved = place
    # Coefficients of columns, which are penalised; offsets come after.
    n_weights = len(direction) - n_labels * int(problem.loss.fit_intercept)
    weights = np.ones(len(problem.target)) if problem.weights is None else problem.weights
    offsets, totals = np.zeros(n_labels), np.zeros(n_labels)
    proba = at.proba.ravel()
    solution, residual = np.zeros(len(direction)), at.gradient.copy()
    left = np.sum(np.abs(residual))
    np.negative(residual, out=direction)
    n_inner = 0
    square = residual @ residual
    length = square
    while n_inner <= MOST_INNER and not left <= most:
        across, lane = yield
        if problem.loss.fit_intercept:
            offsets[:] = direction[n_weights:]
        weigh_rows(across.ravel(), lane, across.shape[1], offsets, proba, weights, totals)
        yield
        add_penalty(curved[:n_weights], problem.total, problem.penalty, direction[:n_weights])
        if problem.loss.fit_intercept:
            curved[n_weights:] = totals / problem.total
        curvature = direction @ curved
        if curvature <= 16 * np.finfo(np.float64).eps * length:
            if curvature < 0 and n_inner == 0:
                solution += square / curvature * direction
            break
        size = square / curvature
        left = advance(size, curved, residual, 0, len(residual))
        now = residual @ residual
        share = now / square
        turn(size, share, residual, solution, direction)
        length = now + share**2 * length
        n_inner += 1
        square = now
    return solution


def _minimise(problem: _Problem, place: _Place) -> _Fitting:
    """Return the coefficients with the least loss, and after how many steps."""
    point = np.zeros(len(place.point))
    place.point[:] = point
    n_steps = 0
    at = yield from _evaluate(problem, place)
    value, before = at.value, None
    while n_steps < problem.most_steps:
        sizes = np.abs(at.gradient)
        if np.max(sizes) <= problem.tolerance:
            break
        largest = np.sum(sizes)
        step = yield from _descend(problem, place, at, min([0.5, np.sqrt(largest)]) * largest)
        slope = at.gradient @ step
        share: Any = 1.0
        if before is not None and slope != 0:
            share = min(1.0, 1.01 * 2 * (value - before) / slope)
        found = yield from _try_steps(problem, place, point, step, value, slope, share)
        if found is not None:
            share, at, value, before = *found, found[1].value, value
            point += share * step
        else:
            # Rare: scikit-learn's own search, which makes its products one by one and knows other ways.
            try:
                share, value, before = _search_line(problem, point, step, at.gradient, value, before)
            except _LineSearchError:
                warnings.warn("Line Search failed", stacklevel=2)
                break
            point += share * step
            place.point[:] = point
            at = yield from _evaluate(problem, place)
        n_steps += 1
    if n_steps >= problem.most_steps:
        warnings.warn(
            f"newton-cg failed to converge at loss = {value}. Increase the number of iterations.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return point, n_steps


def _try_steps(
    problem: _Problem, place: _Place, point: Floats, step: Floats, value: Any, slope: Any, share: Any
) -> Generator[None, Any, tuple[Any, _Point] | None]:
    """Return how much of a step to take, first tried as given, and what is known there; nothing if it is not found."""
    search = DCSRCH(None, None, LEAST_FALL, MOST_SLOPE, NEAREST, SHORTEST, LONGEST)
    task = b"START"
    for _ in range(MOST_TRIED):
        share, value, slope, task = search._iterate(share, value, slope, task)
        if not (np.isfinite(share) and task.startswith(b"FG")):
            break
        place.point[:] = point + share * step
        found = yield from _evaluate(problem, place)
        value, slope = found.value, found.gradient @ step
    return (share, found) if task.startswith(b"CONV") else None


def _search_line(problem: _Problem, point: Floats, step: Floats, gradient: Floats, value: Any, before: Any) -> Any:
    space, _, device = get_namespace_and_device(point)
    share, _, _, value, before, _ = _line_search_wolfe12(
        problem.loss.loss,
        problem.loss.gradient,
        point,
        step,
        gradient,
        value,
        before,
        xp=space,
        device=device,
        args=(problem.rows, problem.target, problem.weights, problem.penalty, 1),
    )
    return share, value, before


def _minimise_together(rows: Any, problems: Sequence[_Problem]) -> list[tuple[Floats, int]]:
    """Minimise several losses on one matrix; return the coefficients of each and after how many steps."""
    n_rows, n_columns = rows.shape
    n_labels = problems[0].loss.base_loss.n_classes
    by_row, by_column = rows.laid_down(lay_by_row), rows.laid_down(lay_by_column)
    n_places = min(len(problems), MOST_LANES // n_labels)
    # Where one fit's numbers end another's start, with room for what is moved with the last.
    stride = n_labels * (n_columns + 1) + N_LANES
    points, sums = _aligned(n_places * stride), _aligned(n_places * stride)
    waiting = list(enumerate(problems))[::-1]
    free = list(range(n_places))[::-1]
    active: dict[int, tuple[int, _Fitting]] = {}
    found: dict[int, tuple[Floats, int]] = {}
    width = 0
    while waiting or active:
        while waiting and free:
            number, problem = waiting.pop()
            size = n_labels * (n_columns + int(problem.loss.fit_intercept))
            mine = slice(free[-1] * stride, free[-1] * stride + size)
            fitting = _minimise(problem, _Place(points[mine], sums[mine]))
            next(fitting)
            active[free.pop()] = number, fitting
        order = sorted(active)
        begins = np.array(order) * stride
        if width != N_LANES * -(-len(order) * n_labels // N_LANES):
            width = N_LANES * -(-len(order) * n_labels // N_LANES)
            lanes = (0,) * width
            # What is moved with the last numbers reaches beyond them.
            joined, down = (_aligned(n_columns * width + N_LANES) for _ in range(2))
            across = _aligned(n_rows * width)
        join_points(points, begins, n_labels, width, joined[:-N_LANES])
        multiply_in_order(*by_row, joined, lanes, across)
        for which, place in enumerate(order):
            active[place][1].send((across.reshape(n_rows, width), which * n_labels))
        multiply_in_order(*by_column, across, lanes, down)
        part_sums(down[:-N_LANES], width, n_labels, begins, sums)
        for place in order:
            number, fitting = active[place]
            try:
                fitting.send(None)
            except StopIteration as done:
                found[number] = done.value
                free.append(place)
                del active[place]
    return [found[number] for number in range(len(problems))]


def can_fit(classifier: Any, rows: Any, y_true: NDArray[Any]) -> bool:
    """Say whether :func:`fit_together` fits a classifier to rows as its own ``fit`` does.

    Examples
    --------
    >>> can_fit(LogisticRegression(solver="lbfgs"), sp.csr_matrix(np.eye(3)), np.array(["a", "b", "c"]))
    False
    """
    return (
        DCSRCH is not None
        and type(classifier) is LogisticRegression
        and is_usual(classifier, LogisticRegression(solver="newton-cg"))
        and sp.issparse(rows)
        and rows.format == "csr"
        and rows.dtype == np.float64
        and rows.indices.dtype == np.int32
        and rows.shape[1] > 0
        and y_true.shape == (rows.shape[0],)
        and y_true.dtype.kind == "U"
        and 2 < len(np.unique(y_true)) <= MOST_LABELS
        and bool(np.isfinite(rows.data).all())
    )


def fit_together(classifiers: Sequence[LogisticRegression], rows: sp.csr_matrix, y_true: NDArray[np.str_]) -> None:
    """Fit regressions to the same rows and labels, each to the last bit as its own ``fit`` would.

    Parameters
    ----------
    classifiers : sequence of LogisticRegression
        All as :func:`can_fit` takes them.
    rows : csr_matrix of shape (n_rows, n_columns)
        Numbers with 64 bits.
    y_true : ndarray of shape (n_rows,)
        Labels.

    Examples
    --------
    >>> rows = sp.csr_matrix(np.eye(6) + 0.5)
    >>> candidates = [LogisticRegression(solver="newton-cg", C=C) for C in (1.0, 100.0)]
    >>> fit_together(candidates, rows, np.array(["a", "b", "c"] * 2))
    >>> candidates[1].predict(rows).tolist()
    ['a', 'b', 'c', 'a', 'b', 'c']
    """
    if not classifiers:
        return
    classes, places = np.unique(y_true, return_inverse=True)
    rows = rows if isinstance(rows, OrderedRows) else OrderedRows(rows)
    loss = HalfMultinomialLoss(n_classes=len(classes))
    problems = []
    for classifier in classifiers:
        weights = None
        if classifier.class_weight is not None:
            weights = np.ones(len(y_true))
            balance = compute_class_weight("balanced", classes=classes, y=y_true, sample_weight=weights)
            weights *= balance[places]
        total = float(len(y_true) if weights is None else np.sum(weights))
        problems.append(
            _Problem(
                rows=rows,
                loss=LinearModelLoss(base_loss=loss, fit_intercept=classifier.fit_intercept),
                target=places.astype(np.float64),
                weights=weights,
                total=total,
                penalty=1.0 / (classifier.C * total),
                tolerance=classifier.tol,
                most_steps=classifier.max_iter,
            )
        )
    fitted = _minimise_together(rows, problems)
    for classifier, (point, n_steps) in zip(classifiers, fitted, strict=True):
        coefficients = point.reshape(-1, len(classes)).T
        # In scikit-learn's order, which is that of what is saved.
        classifier.n_features_in_ = rows.shape[1]
        classifier.classes_ = classes
        classifier.n_iter_ = np.array([n_steps], np.int32)
        classifier.coef_, classifier.intercept_ = coefficients, np.zeros(len(classes))
        if classifier.fit_intercept:
            classifier.coef_, classifier.intercept_ = coefficients[:, :-1], coefficients[:, -1]
