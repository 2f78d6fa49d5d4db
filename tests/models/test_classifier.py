"""A saved model labels sentences, articles and tables as its run did."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

import toolkit
from toolkit.exceptions import TableError
from toolkit.experiment.runs import load_run
from toolkit.files.tables import Batch
from toolkit.models.classifier import load_model


def test_saved_model_predicts_like_the_run(workplace):
    model = toolkit.load_model(workplace / "runs/words/model")
    test = load_run(workplace / "runs/words").predictions.take("test")
    assert model.predict(test.text).tolist() == list(test.predicted)
    assert np.allclose(model.predict_proba(test.text), test.proba, atol=1e-6)
    assert model.labels == ("denial", "statement", "none")
    assert isinstance(model.pipeline, Pipeline)
    assert "words" in repr(model)
    assert load_run(workplace / "runs/words").model.labels == model.labels


def test_article_is_labelled_sentence_by_sentence(workplace):
    text = "Floods\n\nThe grey ministry denied the report about the dam. The river rose by the wall at night."
    found = load_model(workplace / "runs/words/model").label_article(text)
    assert len(found) == 3
    assert found.labels[1:] == ("denial", "none")
    row = found.rows()[1]
    assert text[row["start"] : row["end"]] == row["text"]
    assert list(row) == ["start", "end", "paragraph", "text", "label", "p_denial", "p_statement", "p_none"]
    assert len(load_model(workplace / "runs/words/model").label_article("")) == 0


def test_table_keeps_its_columns_and_missing_text_has_no_label(workplace):
    model = load_model(workplace / "runs/words/model")
    batch = [{"id": 1, "text": "He denied the report."}, {"id": 2, "text": None}, {"id": 3, "text": float("nan")}]
    (rows,) = model.label_table([batch])
    assert rows[0]["label"] == "denial"
    assert rows[0]["id"] == 1
    assert rows[1] == {"id": 2, "text": None, "label": None, "p_denial": None, "p_statement": None, "p_none": None}
    assert rows[2]["label"] is None
    with pytest.raises(TableError, match="column 'label' is in the table already"):
        list(model.label_table([[{"text": "a", "label": "b"}]]))
    with pytest.raises(TableError, match=r"'text' of row 2 is 5, expected text; .*\[t\]"):
        list(model.label_table([[{"text": "a"}, {"text": 5}]], where="t"))
    with pytest.raises(TableError, match="column 'p_none' is in the table already"):
        list(model.label_table([[{"text": "a"}, {"text": "b", "p_none": 1}]]))


def test_columns_are_labelled_as_rows_are(workplace):
    texts = ["He denied the report.", " ", None, "The river rose by night.", "\x1f"]
    rows = [{"id": place, "text": text} for place, text in enumerate(texts)]
    dictionary = pa.array(texts).dictionary_encode()
    for name in ("words", "majority"):
        model = load_model(workplace / f"runs/{name}/model")
        (expected,) = model.label_table([rows])
        for column in (texts, pa.array(texts), pa.array(texts, pa.large_string()), dictionary):
            (found,) = model.label_table([Batch({"id": range(5), "text": column})])
            assert list(found) == expected
        (found,) = model.label_table([Batch({"text": pa.array(texts[:1])})])
        assert found[0]["label"] == expected[0]["label"]
        (found,) = model.label_table([Batch({"text": pa.array(texts[1:3])})])
        assert [row["label"] for row in found] == [None, None]


def test_classifier_takes_a_sequence_of_texts_only(workplace):
    model = load_model(workplace / "runs/words/model")
    with pytest.raises(TypeError, match="one text came, expected a sequence"):
        model.predict("He denied it.")
    with pytest.raises(TypeError, match="sentence 1 is None, expected text"):
        model.predict(["a", None])
    assert model.predict([]).shape == (0,)
