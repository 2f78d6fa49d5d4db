"""Products of ordered rows are SciPy's to the last bit, and so are regressions fitted with them."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from toolkit.engine.training.products import MAX_LANES, OrderedRows


def sparse(seed, n_rows=41, n_columns=300, density=0.1):
    rng = np.random.default_rng(seed)
    rows = sp.random(n_rows, n_columns, density, format="csr", random_state=rng, data_rvs=rng.standard_normal)
    rows = sp.csr_matrix(rows)
    # As a fitted vectoriser returns them: entries are not in the order of columns.
    for row in range(n_rows):
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        order = rng.permutation(rows.indptr[row + 1] - rows.indptr[row])
        rows.indices[part], rows.data[part] = rows.indices[part][order], rows.data[part][order]
    return rows


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, MAX_LANES, MAX_LANES + 1])
@pytest.mark.parametrize("shape", [(41, 300), (40, 7), (1, 1), (3, 1), (2, 90)])
def test_products_are_those_of_scipy_to_the_last_bit(width, shape):
    rng = np.random.default_rng(width)
    rows = sparse(width, *shape, density=0.4)
    ordered = OrderedRows(rows)
    wide, tall = rng.standard_normal((shape[1], width)), rng.standard_normal((shape[0], width))
    # An optimiser passes coefficients in Fortran order, and the same point twice.
    for other in (wide, np.asfortranarray(wide), wide, wide[::-1], wide[:, 0]):
        assert (ordered @ other).tobytes() == (rows @ other).tobytes()
    for other in (tall.T, np.asfortranarray(tall).T, tall.T, tall[::-1].T):
        assert (other @ ordered).tobytes() == (other @ rows).tobytes()


def test_product_that_is_written_to_is_not_returned_again():
    rows = OrderedRows(sparse(0))
    point = np.ones((300, 4))
    first = rows @ point
    expected = first.copy()
    first += 1
    assert (rows @ point == expected).all()
    point[-1] = 7.0
    assert (rows @ point != expected).any()


def test_other_operands_fall_back_to_scipy():
    rows = OrderedRows(sparse(0))
    whole = np.ones((300, 4), dtype=int)
    assert (rows @ whole).tobytes() == (sparse(0) @ whole).tobytes()
    assert ((rows @ sparse(1).T) != (sparse(0) @ sparse(1).T)).nnz == 0
    assert ((sparse(1).T @ rows) != (sparse(1).T @ sparse(0))).nnz == 0


def test_matrix_with_many_rows_has_the_same_products():
    # More rows than 16 bits can number.
    rows = sp.csr_matrix(sp.random(70_000, 5, 0.3, format="csr", random_state=np.random.default_rng(0)))
    tall = np.random.default_rng(1).standard_normal((70_000, 3))
    assert (tall.T @ OrderedRows(rows)).tobytes() == (tall.T @ rows).tobytes()


@pytest.mark.parametrize("n_labels", [2, 3, 5])
@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_regression_is_fitted_to_the_last_bit(n_labels, solver):
    labels = np.random.default_rng(n_labels).integers(0, n_labels, 41)
    plain, fitted = (LogisticRegression(C=10, solver=solver, class_weight="balanced", max_iter=500) for _ in range(2))
    plain.fit(sparse(5), labels)
    fitted.fit(OrderedRows(sparse(5)), labels)
    assert fitted.coef_.tobytes() == plain.coef_.tobytes()
    assert fitted.intercept_.tobytes() == plain.intercept_.tobytes()
    assert (fitted.n_iter_ == plain.n_iter_).all()
