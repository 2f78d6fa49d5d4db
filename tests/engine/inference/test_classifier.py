"""A compiled pipeline is a classifier with the labels and probabilities of the pipeline."""

import copy
import pickle

import numpy as np
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline

import toolkit
from tests.engine.inference.pipelines import (
    CLASSIFIERS,
    HOSTILE,
    LABELS,
    PIPELINES,
    SENTENCES,
    check_same,
    logistic,
    well_formed,
    with_weights,
)
from toolkit import CannotCompile, CompiledTfidfVectorizer, compile_pipeline


@pytest.mark.parametrize("name", PIPELINES)
def test_labels_and_probabilities_are_those_of_the_pipeline(fitted, name):
    pipeline, _ = fitted(name)
    compiled = compile_pipeline(pipeline)
    texts = HOSTILE + SENTENCES
    assert compiled.classes_.tolist() == pipeline.classes_.tolist()
    assert compiled.predict(texts).tolist() == pipeline.predict(texts).tolist()
    check_same(pipeline, compiled, texts)


# scikit-learn itself takes logarithms of what a probability lacks to 1, which is rounded.
@pytest.mark.parametrize("name", sorted(set(CLASSIFIERS) - {"calibrated Bayes, factor", "any value"}))
@pytest.mark.parametrize("labels", [[*range(5), 3, 2, 4], [True, False] * 4, ["b", "a"] * 4])
def test_labels_of_any_kind_are_those_of_the_pipeline(name, labels):
    pipeline = make_pipeline(CountVectorizer(), clone(CLASSIFIERS[name]))
    pipeline.fit([*map(well_formed, SENTENCES)] * 4, labels * 4)
    compiled = compile_pipeline(pipeline)
    texts = [*map(well_formed, HOSTILE + SENTENCES)]
    expected, predicted = pipeline.predict(texts), compiled.predict(texts)
    assert predicted.dtype == expected.dtype
    assert predicted.tolist() == expected.tolist()
    np.testing.assert_allclose(compiled.predict_proba(texts), pipeline.predict_proba(texts), rtol=0, atol=1e-8)


def test_labels_with_equal_probabilities_are_decided_as_by_the_classifier():
    # Scores above 1 all have the same probability, but scikit-learn predicts the highest score.
    pipeline = make_pipeline(CountVectorizer(token_pattern=r"\w+"), SGDClassifier(loss="modified_huber"))
    pipeline.fit(["a", "b", "c"], ["x", "y", "z"])
    pipeline[-1].coef_, pipeline[-1].intercept_ = np.array([[2.0, 0, 0], [3.0, 0, 0], [0, 0, 1.0]]), np.zeros(3)
    compiled = compile_pipeline(pipeline)
    assert compiled.predict_proba(["a"]).tolist() == [[0.4, 0.4, 0.2]]
    assert compiled.predict(["a", "c"]).tolist() == pipeline.predict(["a", "c"]).tolist() == ["y", "z"]


def test_tied_sentence_gets_the_label_of_the_pipeline():
    pipeline = with_weights([[1e8, 0.1, -1e8], [1e8, -1e8, 0.1], [-9.0, -9.0, 0.0]], [0.0] * 3)
    texts = ["a b c", "c b a", "b a c"]
    assert compile_pipeline(pipeline).predict(texts).tolist() == pipeline.predict(texts).tolist()


def test_pipeline_with_compiled_vectorisers_is_compiled():
    union = FeatureUnion([("words", CompiledTfidfVectorizer()), ("characters", TfidfVectorizer(analyzer="char_wb"))])
    pipeline = make_pipeline(union, logistic()).fit(SENTENCES, LABELS)
    check_same(pipeline, compile_pipeline(pipeline), HOSTILE + SENTENCES)


def test_column_has_the_probabilities_of_its_texts(fitted):
    compiled = compile_pipeline(fitted("words")[0])
    texts = [text for text in SENTENCES if "\ud800" not in text]
    column = pa.chunked_array([texts[:2], texts[2:]])
    assert (compiled.predict_proba_column(column) == compiled.predict_proba(texts)).all()
    assert (compiled.predict_proba_column(pa.array(texts)) == compiled.predict_proba(texts)).all()
    assert compiled.predict_proba_column(pa.chunked_array([], pa.string())).shape == (0, 5)
    with pytest.raises(ValueError, match="row 2 is missing"):
        compiled.predict_proba_column(pa.chunked_array([texts[:2], ["a", None][1:]], pa.string()))


def test_any_iterable_of_text_is_taken_and_nothing_else(fitted):
    compiled = compile_pipeline(fitted("words")[0])
    assert compiled.predict(text for text in SENTENCES).tolist() == compiled.predict(SENTENCES).tolist()
    assert compiled.predict(np.array(SENTENCES[:2])).tolist() == compiled.predict(SENTENCES[:2]).tolist()
    assert compiled.predict([]).shape == (0,)
    assert compiled.predict_proba([]).shape == (0, 5)
    for predict in (compiled.predict, compiled.predict_proba):
        with pytest.raises(TypeError, match="one text came, expected several; wrap it in a list"):
            predict("He denied it.")
        with pytest.raises(TypeError, match="sentence 1 is None, expected text; drop or fill the missing ones"):
            predict(["a", None])


def test_copies_predict_the_same(fitted):
    compiled = compile_pipeline(fitted("default")[0])
    expected = compiled.predict_proba(SENTENCES)
    for twin in (pickle.loads(pickle.dumps(compiled)), copy.deepcopy(compiled)):
        assert (twin.predict_proba(SENTENCES) == expected).all()
    assert repr(compiled) == f"CompiledClassifier(classes_={sorted(set(LABELS))})"


def test_what_cannot_be_compiled_is_refused():
    with pytest.raises(TypeError, match="a LogisticRegression came, expected a scikit-learn Pipeline; wrap it in one"):
        compile_pipeline(LogisticRegression())
    with pytest.raises(NotFittedError):
        compile_pipeline(make_pipeline(CountVectorizer(), LogisticRegression()))
    custom = make_pipeline(CountVectorizer(analyzer=str.split), LogisticRegression()).fit(["a", "b"], ["x", "y"])
    with pytest.raises(CannotCompile, match="is custom code"):
        compile_pipeline(custom)
    assert issubclass(toolkit.CannotCompile, ValueError)
