"""Private names of other libraries still do what the toolkit expects, and stand in one module.

Where a test fails after an update, its message says what the new release has changed.
"""

import ast
import importlib
import io
import json
import pkgutil
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np
import pytest
import skops.io
from numba.core.errors import NumbaError
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import toolkit
from toolkit import private_names
from toolkit.private_names import (
    NUMBA_NO_ALLOCATION,
    SKLEARN_CALIBRATION_TYPES,
    SKLEARN_STOP_WORDS_ID,
    SKOPS_PLAIN_VALUE,
    CountingSteps,
    calibrated_members,
    fitted_weighting,
    inverse_temperature,
    name_cache_file,
    sigmoid_parameters,
)

ROOT = Path(toolkit.__file__).parent.parent
TEXTS = ["he denied it", "she said so", "they denied it and said so", "no"]


def changed(library, what):
    """Return the message of a test that fails since a library has changed."""
    return f"{library} {version(library)} has changed {what}; adapt toolkit/private_names.py and what uses it"


def test_numba_compiles_without_its_runtime():
    def add(numbers):
        return numbers[0] + numbers[1]

    def allocate(size):
        return np.empty(size)

    message = changed("numba", "the option '_nrt'")
    assert numba.njit(**NUMBA_NO_ALLOCATION)(add)(np.arange(2)) == 1, message
    assert len(numba.njit(allocate)(2)) == 2
    try:
        numba.njit(**NUMBA_NO_ALLOCATION)(allocate)(2)
    except NumbaError:
        return
    pytest.fail(message)


def test_numba_names_cache_files_after_the_qualified_name(tmp_path, monkeypatch):
    (tmp_path / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    add = importlib.import_module("sums").add
    name_cache_file(add, "digest")
    machine_code = numba.njit(cache=True)(add)
    assert machine_code(1, 2) == 3
    names = [path.name for path in Path(machine_code.stats.cache_path).iterdir()]
    assert names, changed("numba", "where it caches machine code")
    assert all(name.startswith("sums.add_digest-") for name in names), changed("numba", "how it names cache files")


def test_skops_writes_plain_values_under_the_same_loader():
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(LogisticRegression(C=2.5)))) as archive:
        schema = json.loads(archive.read("schema.json"))
    value = schema["content"]["content"]["C"]
    assert (value["content"], value["__loader__"]) == ("2.5", SKOPS_PLAIN_VALUE), changed(
        "skops", "the loader of plain values in schema.json"
    )


def test_scikit_learn_keeps_the_address_of_stop_words_and_does_without():
    vectorizer = CountVectorizer(stop_words=["it"]).fit(TEXTS)
    assert vars(vectorizer).get(SKLEARN_STOP_WORDS_ID) == id(vectorizer.stop_words), changed(
        "scikit-learn", f"CountVectorizer.{SKLEARN_STOP_WORDS_ID}"
    )
    expected = vectorizer.transform(TEXTS).toarray().tolist()
    delattr(vectorizer, SKLEARN_STOP_WORDS_ID)
    assert vectorizer.transform(TEXTS).toarray().tolist() == expected


def calibrated(method, estimator):
    rng = np.random.default_rng(0)
    points, gold = rng.normal(size=(90, 4)), rng.integers(0, 3, 90)
    points[np.arange(90), gold] += 1
    return CalibratedClassifierCV(estimator, method=method, cv=3).fit(points, gold), points


def test_types_of_scikit_learns_sigmoids_are_those_that_skops_does_not_trust():
    classifier, _ = calibrated("sigmoid", LinearSVC())
    untrusted = skops.io.get_untrusted_types(data=skops.io.dumps(classifier))
    assert sorted(untrusted) == sorted(SKLEARN_CALIBRATION_TYPES), changed(
        "scikit-learn", "the types inside CalibratedClassifierCV"
    )


def test_scikit_learns_sigmoids_have_the_parameters_of_their_formula():
    classifier, points = calibrated("sigmoid", LinearSVC())
    proba = []
    for estimator, calibrators in calibrated_members(classifier):
        scores = estimator.decision_function(points)
        a, b = np.array([sigmoid_parameters(calibrator) for calibrator in calibrators]).T
        sigmoids = 1 / (1 + np.exp(a * scores + b))
        proba.append(sigmoids / sigmoids.sum(axis=1, keepdims=True))
    assert np.allclose(np.mean(proba, axis=0), classifier.predict_proba(points), atol=1e-12), changed(
        "scikit-learn", "the members of CalibratedClassifierCV or their sigmoids"
    )


def test_scikit_learns_temperature_scaling_multiplies_scores_by_its_parameter():
    classifier, points = calibrated("temperature", LogisticRegression())
    proba = []
    for estimator, (calibrator,) in calibrated_members(classifier):
        powers = np.exp(inverse_temperature(calibrator) * estimator.decision_function(points))
        proba.append(powers / powers.sum(axis=1, keepdims=True))
    assert np.allclose(np.mean(proba, axis=0), classifier.predict_proba(points), atol=1e-12), changed(
        "scikit-learn", "the temperature scaling of CalibratedClassifierCV"
    )


def test_scikit_learn_weights_by_the_transformer_that_was_fitted():
    vectorizer = TfidfVectorizer(norm="l1").fit(TEXTS)
    message = changed("scikit-learn", "TfidfVectorizer._tfidf")
    weighting = fitted_weighting(vectorizer)
    assert type(weighting) is TfidfTransformer, message
    vectorizer.norm = None
    counts = CountVectorizer().fit_transform(TEXTS)
    assert (weighting.transform(counts) != vectorizer.transform(TEXTS)).nnz == 0, message
    assert weighting.norm == "l1", message


class Recorded(CountingSteps, CountVectorizer):
    """Notes each step, and does what scikit-learn does."""

    def _count_terms(self, raw_documents, fixed_vocab):
        self.steps_ = ["count", fixed_vocab]
        vocabulary, counts = super()._count_terms(raw_documents, fixed_vocab)
        self.first_terms_ = list(vocabulary)[:3]
        return vocabulary, counts

    def _order_terms(self, X, vocabulary):
        self.steps_.append("order")
        return super()._order_terms(X, vocabulary)

    def _select_terms(self, X, vocabulary, high, low, limit):
        self.steps_.append(("select", high, low, limit))
        return super()._select_terms(X, vocabulary, high, low, limit)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [
        ({"max_df": 0.5}, ["count", False, ("select", 2.0, 1, None), "order"]),
        ({"min_df": 2, "max_features": 3}, ["count", False, "order", ("select", 4.0, 2, 3)]),
        ({"vocabulary": ["it", "no"]}, ["count", True]),
    ],
)
def test_scikit_learn_counts_orders_and_selects_terms_in_steps(settings, steps):
    message = changed("scikit-learn", "the steps of CountVectorizer: _count_vocab, _sort_features, _limit_features")
    recorded, plain = Recorded(**settings), CountVectorizer(**settings)
    expected, matrix = plain.fit_transform(TEXTS), recorded.fit_transform(TEXTS)
    assert recorded.steps_ == steps, message
    assert recorded.vocabulary_ == plain.vocabulary_, message
    assert (matrix != expected).nnz == 0, message
    if not recorded.fixed_vocabulary_:
        assert recorded.first_terms_ == ["he", "denied", "it"], message
    assert (recorded.transform(TEXTS) != plain.transform(TEXTS)).nnz == 0, message
    assert recorded.steps_ == ["count", True], message


def test_our_names_of_the_steps_are_not_those_of_scikit_learn():
    own = {name for name in vars(CountingSteps) if name.startswith("_") and not name.startswith("__")}
    taken = {name for name in own if hasattr(CountVectorizer, name)}
    assert taken == {"_count_vocab", "_sort_features", "_limit_features"}, changed(
        "scikit-learn", "the names of steps of CountVectorizer"
    )


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def is_other_library(module):
    return module.partition(".")[0] not in {"toolkit", "tests", *sys.stdlib_module_names}


def test_nothing_else_imports_a_private_name_of_another_library():
    # ruff checks the package itself; tests may import our private names, but not those of others.
    imported = []
    for folder in ("toolkit", "experiments", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and not node.level and is_other_library(node.module):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                elif isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names if is_other_library(alias.name)]
                else:
                    continue
                imported += [f"{path}: {name}" for name in names if any(map(is_private, name.split(".")))]
    assert imported == []


def test_nothing_else_overrides_a_private_name_of_another_library():
    overridden = []
    for info in pkgutil.walk_packages(toolkit.__path__, "toolkit."):
        if info.name == "toolkit.__main__":
            continue
        module = importlib.import_module(info.name)
        for cls in vars(module).values():
            if not isinstance(cls, type) or cls.__module__ != info.name:
                continue
            others = [base for base in cls.__mro__ if is_other_library(base.__module__)]
            for base in cls.__mro__:
                if base.__module__.startswith("toolkit.") and base.__module__ != private_names.__name__:
                    overridden += [
                        f"{base.__qualname__}.{name} of {other.__module__}.{other.__qualname__}"
                        for name in written_names(base)
                        for other in others
                        if is_private(name) and name in vars(other)
                    ]
    assert overridden == []


def written_names(cls):
    """Return the names that the source of a class assigns or defines in its body."""
    tree = ast.parse(Path(sys.modules[cls.__module__].__file__).read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == cls.__name__]
    names = []
    for node in (node for body in bodies for node in body):
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names
