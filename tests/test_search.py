"""Training gives what scikit-learn's own grid search and pipeline give, to the last bit."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline

from toolkit.engine.products import MOST_LANES, OrderedRows
from toolkit.search import choose, fit


def sparse(seed, n_rows=41, n_columns=300, density=0.1):
    rng = np.random.default_rng(seed)
    rows = sp.random(n_rows, n_columns, density, format="csr", random_state=rng, data_rvs=rng.standard_normal)
    rows = sp.csr_matrix(rows)
    # As a fitted vectoriser leaves them: not in the order of columns.
    for row in range(n_rows):
        part = slice(rows.indptr[row], rows.indptr[row + 1])
        order = rng.permutation(rows.indptr[row + 1] - rows.indptr[row])
        rows.indices[part], rows.data[part] = rows.indices[part][order], rows.data[part][order]
    return rows


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, MOST_LANES, MOST_LANES + 1])
@pytest.mark.parametrize("shape", [(41, 300), (40, 7), (1, 1), (3, 1), (2, 90)])
def test_products_are_those_of_scipy_to_the_last_bit(width, shape):
    rng = np.random.default_rng(width)
    rows = sparse(width, *shape, density=0.4)
    ours = OrderedRows(rows)
    wide, tall = rng.standard_normal((shape[1], width)), rng.standard_normal((shape[0], width))
    # Coefficients come as columns laid one after another, and the same point twice.
    for other in (wide, np.asfortranarray(wide), wide, wide[::-1], wide[:, 0]):
        assert (ours @ other).tobytes() == (rows @ other).tobytes()
    for other in (tall.T, np.asfortranarray(tall).T, tall.T, tall[::-1].T):
        assert (other @ ours).tobytes() == (other @ rows).tobytes()


def test_product_that_is_written_into_is_not_given_again():
    rows = OrderedRows(sparse(0))
    point = np.ones((300, 4))
    first = rows @ point
    expected = first.copy()
    first += 1
    assert (rows @ point == expected).all()
    point[-1] = 7.0
    assert (rows @ point != expected).any()


def test_other_numbers_are_left_to_scipy():
    rows = OrderedRows(sparse(0))
    whole = np.ones((300, 4), dtype=int)
    assert (rows @ whole).tobytes() == (sparse(0) @ whole).tobytes()
    assert ((rows @ sparse(1).T) != (sparse(0) @ sparse(1).T)).nnz == 0
    assert ((sparse(1).T @ rows) != (sparse(1).T @ sparse(0))).nnz == 0


def test_matrix_of_many_rows_is_multiplied_alike():
    # More rows than 16 bits number.
    rows = sp.csr_matrix(sp.random(70_000, 5, 0.3, format="csr", random_state=np.random.default_rng(0)))
    tall = np.random.default_rng(1).standard_normal((70_000, 3))
    assert (tall.T @ OrderedRows(rows)).tobytes() == (tall.T @ rows).tobytes()


@pytest.mark.parametrize("n_labels", [2, 3, 5])
@pytest.mark.parametrize("solver", ["newton-cg", "lbfgs"])
def test_regression_is_fitted_to_the_last_bit(n_labels, solver):
    labels = np.random.default_rng(n_labels).integers(0, n_labels, 41)
    plain, ours = (LogisticRegression(C=10, solver=solver, class_weight="balanced", max_iter=500) for _ in range(2))
    plain.fit(sparse(5), labels)
    ours.fit(OrderedRows(sparse(5)), labels)
    assert ours.coef_.tobytes() == plain.coef_.tobytes()
    assert ours.intercept_.tobytes() == plain.intercept_.tobytes()
    assert (ours.n_iter_ == plain.n_iter_).all()


SAID = [(a, b, c) for a in ("he", "she", "they") for b in ("denied", "said") for c in ("it", "so", "no")]
TEXTS = np.array([" ".join(words) for words in SAID])
LABELS = np.array([text.split()[1][0] + str(number % 3 == 0) for number, text in enumerate(TEXTS)])
FOLDS = [(np.arange(6, 18), np.arange(6)), (np.arange(12), np.arange(12, 18))]


@pytest.mark.parametrize(
    ("classifier", "grid"),
    [
        (
            LogisticRegression(solver="newton-cg"),
            {"classifier__C": [30, 1, 0.01], "classifier__class_weight": [None, "balanced"]},
        ),
        (MultinomialNB(), {"classifier__alpha": [100.0, 1.0, 0.1]}),
    ],
)
def test_choice_and_fit_are_those_of_a_grid_search(classifier, grid):
    pipeline = Pipeline([("vectorizer", TfidfVectorizer(ngram_range=(1, 2))), ("classifier", classifier)])
    search = GridSearchCV(pipeline, grid, cv=FOLDS, scoring=make_scorer(accuracy_score)).fit(list(TEXTS), LABELS)
    chosen = choose(pipeline, grid, TEXTS, LABELS, FOLDS, accuracy_score)
    assert chosen == search.best_params_
    # The worst is chosen if less is better: it is the scores that decide.
    worst = choose(pipeline, grid, TEXTS, LABELS, FOLDS, lambda gold, found: -accuracy_score(gold, found))
    assert worst == search.cv_results_["params"][int(np.argmin(search.cv_results_["mean_test_score"]))]
    fitted = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS)
    assert fitted.predict_proba(list(TEXTS)).tobytes() == search.predict_proba(list(TEXTS)).tobytes()


def test_candidate_that_fails_on_a_fold_comes_last():
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", LogisticRegression(solver="newton-cg"))])
    bayes = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", MultinomialNB())])
    # A negative alpha is refused.
    assert choose(bayes, {"classifier__alpha": [-1.0, 1.0]}, TEXTS, LABELS, FOLDS, accuracy_score) == {
        "classifier__alpha": 1.0
    }
    # A fold with one label: no candidate has a mean, and the first is taken.
    folds = [(np.array([1, 2]), np.arange(6)), FOLDS[0]]
    assert choose(pipeline, {"classifier__C": [3, 1]}, TEXTS, LABELS, folds, accuracy_score) == {"classifier__C": 3}
    with pytest.raises(ValueError, match="at least 2 classes"):
        choose(pipeline, {"classifier__C": [3, 1]}, TEXTS, LABELS, folds[:1], accuracy_score)


def test_vocabulary_is_learned_from_the_training_part_alone(monkeypatch):
    seen = []
    plain = TfidfVectorizer.fit_transform
    monkeypatch.setattr(
        TfidfVectorizer, "fit_transform", lambda self, texts, y=None: seen.append(list(texts)) or plain(self, texts)
    )
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("classifier", MultinomialNB())])
    choose(pipeline, {"classifier__alpha": [1.0, 2.0]}, TEXTS, LABELS, FOLDS, accuracy_score)
    # Once a fold, however many candidates there are.
    assert seen == [TEXTS[rows].tolist() for rows, _ in FOLDS]
