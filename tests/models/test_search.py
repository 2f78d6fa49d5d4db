"""Training gives what scikit-learn's own grid search and pipeline give, to the last bit."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn._loss import HalfMultinomialLoss
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.optimize import _newton_cg

from toolkit.engine.training import machines, newton
from toolkit.engine.training.machines import can_fit_machine, fit_machine
from toolkit.engine.training.newton import MOST_LABELS, can_fit, fit_together
from toolkit.engine.training.products import MOST_LANES, OrderedRows
from toolkit.engine.training.steps import advance
from toolkit.engine.training.vectorizers import CompiledTfidfVectorizer, CountedSentences
from toolkit.models.search import choose, fit


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


def told(function):
    """Return the warnings that a call gives."""
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        function()
    return sorted((one.category.__name__, str(one.message)) for one in given)


def check_same(ours, plain):
    # In one order too: it is that of what is saved.
    assert list(vars(ours)) == list(vars(plain))
    for name, value in vars(plain).items():
        found = vars(ours)[name]
        assert type(found) is type(value), name
        if isinstance(value, np.ndarray):
            # How it lies in memory decides what is written of it.
            assert (found.dtype, found.shape, found.strides) == (value.dtype, value.shape, value.strides), name
            assert found.tobytes() == value.tobytes(), name
        else:
            assert found == value, name


@pytest.mark.parametrize("n_labels", range(3, MOST_LABELS + 1))
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weight", [None, "balanced"])
def test_regressions_fitted_together_are_those_fitted_alone(n_labels, fit_intercept, weight):
    # More of them than are fitted at once.
    costs = (0.01, 3, 10, 30.0, 1e4, 1e-6)
    labels = np.array(list("abcdefg"))[np.random.default_rng(n_labels).integers(0, n_labels, 41) ** 2 % n_labels]
    labels[:n_labels] = list("abcdefg")[:n_labels]
    plain, ours = (
        [
            LogisticRegression(
                C=C, solver="newton-cg", class_weight=weight, fit_intercept=fit_intercept, max_iter=500, random_state=1
            )
            for C in costs
        ]
        for _ in range(2)
    )
    for one in plain:
        one.fit(sparse(n_labels), labels)
    assert all(can_fit(one, sparse(n_labels), labels) for one in ours)
    fit_together(ours, sparse(n_labels), labels)
    for one, other in zip(ours, plain, strict=True):
        check_same(one, other)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(3, 1), (5, 2), (8, 3000)])
def test_few_rows_or_columns_are_fitted_alike(n_rows, n_columns):
    rows, labels = (
        sparse(2, n_rows, n_columns, density=0.7),
        np.array(["a", "b", "c", "c", "a", "b", "d", "d"][:n_rows]),
    )
    [plain, alone, one, other] = [LogisticRegression(solver="newton-cg", C=5.0, max_iter=300) for _ in range(4)]
    plain.fit(rows, labels)
    fit_together([alone], rows, labels)
    fit_together([one, other], rows, labels)
    for ours in (alone, one, other):
        check_same(ours, plain)


def test_regressions_that_do_not_converge_say_so_each():
    labels = np.array(list("abc"))[np.random.default_rng(0).integers(0, 3, 41)]
    plain, ours = ([LogisticRegression(solver="newton-cg", C=C, max_iter=2) for C in (10, 1e5)] for _ in range(2))
    expected = told(lambda: [one.fit(sparse(5), labels) for one in plain])
    assert [kind for kind, _ in expected] == ["ConvergenceWarning"] * 2
    assert told(lambda: fit_together(ours, sparse(5), labels)) == expected
    for one, other in zip(ours, plain, strict=True):
        check_same(one, other)
    warned = LogisticRegression(solver="newton-cg", max_iter=1)
    with pytest.raises(ConvergenceWarning, match="newton-cg failed to converge"):
        fit_together([warned], sparse(5), labels)


@pytest.mark.parametrize("penalty", [1e-3, 0.0, -1e-4, -1e-2, -1.0, 1e-300, np.nan])
def test_steps_are_those_of_scikit_learn_where_there_is_no_least_loss(penalty):
    # Negative penalties bend the loss downwards; searches along a line then fail or go on without an end.
    rows = OrderedRows(sparse(5))
    loss = LinearModelLoss(base_loss=HalfMultinomialLoss(n_classes=4), fit_intercept=True)
    target = np.random.default_rng(0).integers(0, 4, 41).astype(float)
    found = {}

    def plain():
        found["plain"] = _newton_cg(
            loss.gradient_hessian_product,
            loss.loss,
            loss.gradient,
            np.zeros(4 * 301),
            (rows, target, None, penalty, 1),
            maxiter=9,
            tol=1e-9,
        )

    def ours():
        problem = newton._Problem(rows, loss, target, None, 41.0, penalty, 1e-9, 9)
        found["ours"], _ = newton._minimise_together(rows, [problem, problem])

    with np.errstate(all="ignore"):
        # Twice, as it is fitted twice.
        assert sorted(told(plain) * 2) == told(ours)
    assert found["ours"][0].tobytes() == found["plain"][0].tobytes()
    assert found["ours"][1] == found["plain"][1]


def test_search_along_a_line_is_scikit_learns_where_the_first_step_is_not_taken(monkeypatch):
    searched, tried = [], []

    class Search(newton.DCSRCH):
        def __init__(self, *settings):
            super().__init__(*settings)
            searched.append(self)

        def _iterate(self, *state):
            tried.append(self)
            return super()._iterate(*state)

    # Large numbers, and labels that they do not tell.
    rows = sparse(0, 400, 10, density=0.9) * 100
    labels = np.array(list("abc"))[(np.random.default_rng(0).random(400) ** 6 * 3).astype(int)]
    plain, *ours = (LogisticRegression(solver="newton-cg", C=C, max_iter=500) for C in (1.0, 1.0, 30.0))
    plain.fit(rows, labels)
    monkeypatch.setattr(newton, "DCSRCH", Search)
    fit_together(ours, rows, labels)
    # Once to say where to start, once to say that the first step is taken.
    assert max(tried.count(one) for one in searched) > 2
    check_same(ours[0], plain)
    monkeypatch.setattr(newton, "DCSRCH", None)
    assert not can_fit(ours[0], rows, labels)


def test_sizes_are_added_up_as_numpy_does():
    rng = np.random.default_rng(0)
    for size in (1, 7, 8, 9, 127, 128, 129, 136, 1000, 4099, 70_001):
        curved, residual = (rng.standard_normal(size) * 10.0 ** rng.integers(-6, 6, size) for _ in range(2))
        after = residual + 0.3 * curved
        assert advance(0.3, curved, residual, 0, size) == np.sum(np.abs(after))
        assert residual.tobytes() == after.tobytes()


class OwnRegression(LogisticRegression):
    pass


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "lbfgs"},
        {"warm_start": True},
        {"C": np.inf},
        {"C": -1.0},
        {"C": "1"},
        {"max_iter": 0},
        {"tol": 0.0},
        {"class_weight": {"a": 2.0}},
        {"verbose": 1},
        {"l1_ratio": None},
        {"penalty": "l2"},
        {"fit_intercept": 1},
    ],
)
def test_other_settings_are_left_to_scikit_learn(settings):
    labels = np.array(["a", "b", "c"] * 13)
    rows = sparse(0, 39)
    assert can_fit(LogisticRegression(solver="newton-cg"), rows, labels)
    assert not can_fit(LogisticRegression(**{"solver": "newton-cg", **settings}), rows, labels)


def test_other_data_are_left_to_scikit_learn():
    regression, labels, rows = LogisticRegression(solver="newton-cg"), np.array(["a", "b", "c"] * 13), sparse(0, 39)
    wide = rows.copy()
    wide.indices = wide.indices.astype(np.int64)
    holed = rows.copy()
    holed.data[0] = np.nan
    for other in (rows.toarray(), rows.tocsc(), rows.astype(np.float32), wide, holed, rows[1:], rows[:, :0]):
        assert not can_fit(regression, other, labels)
    for other in (labels.astype(object), np.arange(39) % 3, np.array(["a", "b", "b"] * 13), labels[:, None]):
        assert not can_fit(regression, rows, other)
    assert not can_fit(regression, rows, np.array([*"abcdefgh", *["a"] * 31]))
    assert not can_fit(OwnRegression(solver="newton-cg"), rows, labels)
    fit_together([], rows, labels)


def labelled(n_labels, n_rows=41, seed=0):
    """Return labels of which some are rare."""
    labels = np.array(list("abcdefghi"))[(np.random.default_rng(seed).random(n_rows) ** 2 * n_labels).astype(int)]
    labels[:n_labels] = list("abcdefghi")[:n_labels]
    return labels


@pytest.mark.parametrize("n_labels", [3, 4, 9])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weight", [None, "balanced"])
@pytest.mark.parametrize("cost", [0.01, 0.3, 1, 100.0])
def test_machine_is_fitted_to_the_last_bit(n_labels, fit_intercept, weight, cost, monkeypatch):
    # Random numbers come in small lots.
    monkeypatch.setattr(machines, "N_DRAWN", 999)
    machines._numbers.cache_clear()
    plain, ours = (
        LinearSVC(C=cost, class_weight=weight, fit_intercept=fit_intercept, max_iter=50_000, random_state=n_labels)
        for _ in "12"
    )
    labels = labelled(n_labels)
    assert can_fit_machine(ours, sparse(1), labels)
    fit_machine(ours, sparse(1), labels)
    check_same(ours, plain.fit(sparse(1), labels))


def test_machine_of_many_columns_is_fitted_alike():
    # More columns than 16 bits number.
    rows, labels = sparse(3, 30, 70_000, density=0.001), labelled(4, 30)
    plain, ours = LinearSVC(random_state=2), LinearSVC(random_state=2)
    fit_machine(ours, rows, labels)
    check_same(ours, plain.fit(rows, labels))


@pytest.mark.parametrize("weight", [None, "balanced"])
def test_machine_with_probabilities_is_fitted_to_the_last_bit(weight):
    rows, labels = sparse(7, 90), labelled(4, 90)
    plain, ours = (
        CalibratedClassifierCV(
            LinearSVC(C=0.3, class_weight=weight, random_state=11), method="sigmoid", cv=5, ensemble=False
        )
        for _ in "12"
    )
    assert can_fit_machine(ours, rows, labels)
    fit_machine(ours, rows, labels)
    plain.fit(rows, labels)
    assert ours.predict_proba(sparse(8)).tobytes() == plain.predict_proba(sparse(8)).tobytes()
    [one], [other] = (vars(fitted).pop("calibrated_classifiers_") for fitted in (ours, plain))
    check_same(vars(ours).pop("estimator"), vars(plain).pop("estimator"))
    check_same(ours, plain)
    check_same(one.estimator, other.estimator)
    for curve, expected in zip(one.calibrators, other.calibrators, strict=True):
        check_same(curve, expected)


def test_machine_that_does_not_converge_says_so():
    plain, ours = (LinearSVC(C=1e4, max_iter=3, random_state=1) for _ in "12")
    expected = told(lambda: plain.fit(sparse(5), labelled(3)))
    assert expected
    assert told(lambda: fit_machine(ours, sparse(5), labelled(3))) == expected
    check_same(ours, plain)


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "hinge"},
        {"penalty": "l1"},
        {"dual": True},
        {"multi_class": "crammer_singer"},
        {"intercept_scaling": 2},
        {"random_state": None},
        {"random_state": np.random.RandomState(0)},
        {"class_weight": {"a": 2.0}},
        {"C": 0.0},
        {"max_iter": 10.0},
    ],
)
def test_other_machines_are_left_to_scikit_learn(settings):
    rows, labels = sparse(0), labelled(3)
    assert can_fit_machine(LinearSVC(random_state=0), rows, labels)
    machine = LinearSVC(**{"random_state": 0, **settings})
    assert not can_fit_machine(machine, rows, labels)
    assert not can_fit_machine(CalibratedClassifierCV(machine, method="sigmoid", cv=5, ensemble=False), rows, labels)


def test_other_data_and_calibrations_are_left_to_scikit_learn():
    machine, rows, labels = LinearSVC(random_state=0), sparse(0), labelled(3)
    holed = rows.copy()
    holed.data[0] = np.nan
    # Of fewer columns than rows another problem is solved.
    for other in (rows.toarray(), rows.astype(np.float32), holed, rows[1:], rows[:, :41], rows.tocsc()):
        assert not can_fit_machine(machine, other, labels)
    for other in (labels.astype(object), labelled(2), labels[:, None], labels[:0]):
        assert not can_fit_machine(machine, rows, other)
    assert not can_fit_machine(MultinomialNB(), rows, labels)
    labels[5:] = "a"
    assert can_fit_machine(machine, rows, labels)
    settings = {"method": "sigmoid", "cv": 5, "ensemble": False}
    # Too few of a label for each fold to have one.
    assert not can_fit_machine(CalibratedClassifierCV(machine, **settings), rows, labels)
    for other in ({"method": "isotonic"}, {"cv": 3}, {"ensemble": True}, {"n_jobs": 2}):
        assert not can_fit_machine(CalibratedClassifierCV(machine, **{**settings, **other}), rows, labelled(3))


def test_random_numbers_that_do_not_suffice_are_an_error(monkeypatch):
    monkeypatch.setattr(machines, "N_SPARE", -42)
    machines._numbers.cache_clear()
    with pytest.raises(RuntimeError, match="41 rows need more than"):
        fit_machine(LinearSVC(random_state=0), sparse(0), labelled(3))


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
    held = ["they denied no", "he said"]
    rows = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS, held)
    assert pipeline.predict_proba(list(TEXTS)).tobytes() == search.predict_proba(list(TEXTS)).tobytes()
    assert pipeline[-1].predict_proba(rows).tobytes() == search.predict_proba(held).tobytes()


def test_sentences_counted_once_give_the_same_choice_and_fit():
    union = FeatureUnion(
        [("words", CompiledTfidfVectorizer(min_df=2)), ("characters", CompiledTfidfVectorizer(analyzer="char_wb"))]
    )
    pipeline, plain = (
        Pipeline([("vectorizer", union), ("classifier", LogisticRegression(solver="newton-cg", C=1.0))]) for _ in "12"
    )
    grid, held = {"classifier__C": [0.01, 3, 30]}, ["they denied no", "he said", "unheard of"]
    counted = CountedSentences([*TEXTS, *held])
    chosen = choose(pipeline, grid, TEXTS, LABELS, FOLDS, accuracy_score, counted)
    assert chosen == choose(plain, grid, TEXTS, LABELS, FOLDS, accuracy_score)
    rows = fit(pipeline.set_params(**chosen), list(TEXTS), LABELS, held, counted)
    plain.set_params(**chosen).fit(list(TEXTS), LABELS)
    assert pipeline[-1].predict_proba(rows).tobytes() == plain.predict_proba(held).tobytes()
    assert pipeline.predict_proba(held).tobytes() == plain.predict_proba(held).tobytes()


def test_pipeline_of_one_step_or_three_is_fitted_as_it_is():
    words = CompiledTfidfVectorizer()
    three = Pipeline(
        [("all", FeatureUnion([("words", words)])), ("as it is", "passthrough"), ("bayes", MultinomialNB())]
    )
    rows = fit(three, list(TEXTS), LABELS, ["he said"])
    assert three[-1].predict(rows).tolist() == three.predict(["he said"]).tolist()
    assert fit(three, list(TEXTS), LABELS) == ()
    alone = Pipeline([("bayes", MultinomialNB())])
    assert fit(alone, [[1, 0], [0, 1]], np.array(["a", "b"]), [[2, 1]]) == [[2, 1]]
    assert alone.predict([[2, 1]]).tolist() == ["a"]


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
