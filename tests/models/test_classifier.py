"""A saved model predicts like its run, works in scikit-learn's tools and travels between processes."""

import copy
import multiprocessing
import pickle

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

import toolkit
from toolkit.experiment.runs import load_run
from toolkit.models.classifier import load_model

TEXTS = ["He denied the report.", "She said she hoped for the treaty.", "The river rose by night."]


@pytest.fixture(scope="module")
def words(workplace):
    return load_model(workplace / "runs/words/model")


def test_saved_model_predicts_like_the_run(workplace, words):
    test = load_run(workplace / "runs/words").predictions.take("test")
    assert words.predict(test.text).tolist() == list(test.predicted)
    assert np.allclose(words.label_proba(test.text), test.proba, atol=1e-6)
    assert words.labels == ("denial", "none", "statement")
    assert words.label_set.names == ("denial", "statement", "none")
    assert isinstance(words.pipeline, Pipeline)
    assert "words" in repr(words)
    assert load_run(workplace / "runs/words").model.labels == words.labels


def test_classes_are_in_the_order_of_the_probabilities(words):
    assert words.classes_.tolist() == list(words.labels)
    proba = words.predict_proba(TEXTS)
    assert words.classes_[proba.argmax(axis=1)].tolist() == words.predict(TEXTS).tolist()
    assert words.predict(TEXTS).tolist() == ["denial", "statement", "none"]


def test_classifier_takes_a_sequence_of_texts_only(words):
    with pytest.raises(TypeError, match="one text came, expected a sequence"):
        words.predict("He denied it.")
    with pytest.raises(TypeError, match="sentence 1 is None, expected text"):
        words.predict(["a", None])
    assert words.predict([]).shape == (0,)
    assert (words.predict_proba(np.array(TEXTS)) == words.predict_proba(TEXTS)).all()


class OneColumnFrame:
    """As Polars has it: column names in a list, and columns that are sequences."""

    shape, columns = (len(TEXTS), 1), ["body"]

    def __getitem__(self, name):
        return {"body": TEXTS}[name]

    def __iter__(self):
        return iter([TEXTS])


FRAME = pd.DataFrame({"body": TEXTS}, index=[7, 8, 9])
COLUMNS = [
    FRAME,
    FRAME["body"],
    FRAME["body"].astype("category"),
    FRAME.to_numpy(),
    FRAME["body"].to_numpy(),
    pa.table({"body": TEXTS}),
    pa.array(TEXTS),
    OneColumnFrame(),
]


@pytest.mark.parametrize("sentences", COLUMNS, ids=lambda one: type(one).__name__)
def test_column_of_any_library_is_labelled_row_by_row(words, sentences):
    expected = words.predict(TEXTS).tolist()
    assert words.predict(sentences).tolist() == expected
    assert (words.predict_proba(sentences) == words.predict_proba(TEXTS)).all()
    assert (words.label_proba(sentences) == words.label_proba(TEXTS)).all()
    assert [row["label"] for table in words.label_table(sentences) for row in table] == expected


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        (FRAME.assign(id=1), r"^DataFrame of shape \(3, 2\) came, expected one column; pass the one of text"),
        (FRAME.T, r"^DataFrame of shape \(1, 3\) came"),
        (np.array([TEXTS, TEXTS]), r"^ndarray of shape \(2, 3\) came"),
        (np.array("He left."), r"^ndarray of shape \(\) came"),
        (pa.table({"id": [1], "text": ["He left."]}), r"^Table of shape \(1, 2\) came"),
        ({"text": TEXTS}, "^dict came, expected a sequence of sentences; pass its column of text as a list"),
        ({"a"}, "^set came"),
        (b"He left.", "^bytes came, expected sentences as text; decode it"),
        (None, "^NoneType came"),
    ],
    ids=str,
)
def test_what_is_not_one_column_of_text_is_refused(words, sentences, message):
    for predict in (words.predict, words.predict_proba, words.label_proba):
        with pytest.raises(TypeError, match=message):
            predict(sentences)


def test_article_is_labelled_sentence_by_sentence(words):
    text = "Floods\n\nThe grey ministry denied the report about the dam. The river rose by the wall at night."
    article = words.label_article(text)
    assert len(article) == 3
    assert article.labels[1:] == ("denial", "none")
    row = article.rows()[1]
    assert text[row["start"] : row["end"]] == row["text"]
    assert list(row) == ["start", "end", "paragraph", "text", "label", "p_denial", "p_statement", "p_none"]
    assert row["p_denial"] == round(float(article.proba[1, 0]), 6)
    assert len(words.label_article("")) == len(words.label_article("").rows()) == 0


@pytest.mark.parametrize("name", ["words", "majority"])
def test_copies_predict_the_same(workplace, name):
    model = load_model(workplace / f"runs/{name}/model")
    expected = model.predict_proba(TEXTS)
    # Once before anything is opened, and once when the pipeline and the engine are.
    for _ in range(2):
        for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
            assert (twin.predict_proba(TEXTS) == expected).all()
            assert twin.engine == model.engine
            assert twin.manifest == model.manifest
        assert isinstance(model.pipeline, Pipeline)


def test_copy_does_not_need_the_folder(workplace, tmp_path):
    import shutil

    folder = shutil.copytree(workplace / "runs/words/model", tmp_path / "model")
    model = load_model(folder)
    content = pickle.dumps(model)
    shutil.rmtree(folder)
    assert (pickle.loads(content).predict_proba(TEXTS) == model.predict_proba(TEXTS)).all()


def test_pipeline_compiled_once_is_not_compiled_again_in_a_copy(workplace, tmp_path, monkeypatch):
    import shutil

    folder = shutil.copytree(workplace / "runs/words/model", tmp_path / "model")
    (folder / "compiled.npz").unlink()
    model = load_model(folder)
    assert model.engine == "compiled"
    content = pickle.dumps(model)
    monkeypatch.setattr("toolkit.engine.inference.compilation.compile_fitted", lambda pipeline: 1 / 0)
    assert pickle.loads(content).engine == "compiled"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["words", "majority"])
def test_model_works_in_other_processes(workplace, name):
    model = load_model(workplace / f"runs/{name}/model")
    expected = model.predict(TEXTS).tolist()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = pool.map(model.predict, [[text] for text in TEXTS])
    assert [label for part in parts for label in part.tolist()] == expected
    parts = joblib.Parallel(n_jobs=2)(joblib.delayed(model.predict)([text]) for text in TEXTS)
    assert [label for part in parts for label in part.tolist()] == expected


def test_facade_loads_the_same_model(workplace, words):
    assert (toolkit.load_model(workplace / "runs/words/model").predict_proba(TEXTS) == words.predict_proba(TEXTS)).all()
