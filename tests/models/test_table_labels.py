"""Labels and probabilities stand in columns beside a table's own, whatever the columns are made of."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from toolkit.exceptions import TableError
from toolkit.files.tables import Table
from toolkit.models.classifier import load_model
from toolkit.models.table_labels import has_text, round_proba


@pytest.fixture(scope="module")
def words(workplace):
    return load_model(workplace / "runs/words/model")


def test_table_keeps_its_columns_and_missing_text_has_no_label(words):
    rows = [{"id": 1, "text": "He denied the report."}, {"id": 2, "text": None}, {"id": 3, "text": float("nan")}]
    (table,) = words.label_table([rows])
    assert table[0]["label"] == "denial"
    assert table[0]["id"] == 1
    assert table[1] == {"id": 2, "text": None, "label": None, "p_denial": None, "p_statement": None, "p_none": None}
    assert table[2]["label"] is None
    with pytest.raises(TableError, match="column 'label' is in the table already"):
        list(words.label_table([[{"text": "a", "label": "b"}]]))
    with pytest.raises(TableError, match=r"'text' of row 2 is 5, expected text; .*\[t\]"):
        list(words.label_table([[{"text": "a"}, {"text": 5}]], where="t"))
    with pytest.raises(TableError, match="column 'p_none' is in the table already"):
        list(words.label_table([[{"text": "a"}, {"text": "b", "p_none": 1}]]))


def test_marks_of_an_empty_cell_get_no_label(words):
    texts = ["He denied it.", "nan", "NaN", "None", "NULL", "null ", "N/A", "<NA>", "Nancy said so."]
    for column in (texts, pa.array(texts), pa.array(texts, pa.large_string())):
        (table,) = words.label_table([Table({"text": column})])
        assert [row["label"] is not None for row in table] == [True, *[False] * 7, True]


def test_names_of_new_columns_may_be_chosen(words):
    rows = [{"text": "He denied the report.", "label": "none"}]
    (table,) = words.label_table(rows, prefix="model_")
    assert list(table[0]) == ["text", "label", "model_label", "model_p_denial", "model_p_statement", "model_p_none"]
    assert (table[0]["label"], table[0]["model_label"]) == ("none", "denial")
    (table,) = words.label_table(rows, label_as="act")
    assert list(table[0])[2:] == ["act", "p_denial", "p_statement", "p_none"]
    (again,) = words.label_table(table, prefix="again_")
    assert again[0]["again_label"] == "denial"
    with pytest.raises(TableError, match="column 'act' is in the table already; give the new columns a prefix"):
        list(words.label_table(table, label_as="act"))
    with pytest.raises(TableError, match=r"'p_none' cannot name the column of labels; .*\[--label-as\]"):
        words.label_table(rows, label_as="p_none")


def test_table_is_a_frame_or_rows_or_batches_of_them(words):
    rows = [{"id": 1, "text": "He denied the report."}, {"id": 2, "text": None}]
    (expected,) = words.label_table([rows])
    frame = pd.DataFrame(rows)
    for tables in (rows, iter(rows), [frame], frame, frame.convert_dtypes(), pa.table(frame), Table.from_rows(rows)):
        (labelled,) = words.label_table(tables)
        assert list(labelled) == list(expected)
    assert list(words.label_table([])) == []


@pytest.mark.parametrize("wrong", [{"text": ["a"]}, "a", b"a", 5, ["a"], np.array([["a", "b"]])], ids=str)
def test_what_is_not_a_table_is_refused_at_once(words, wrong):
    with pytest.raises(TypeError, match="came, expected rows as mappings, a data frame or a column of text"):
        words.label_table(wrong)


def test_wrong_row_of_a_later_batch_is_counted_from_the_first(words):
    with pytest.raises(TableError, match="'text' of row 4 is 5"):
        list(words.label_table([[{"text": "a"}] * 3, [{"text": 5}]]))


def test_row_without_the_column_has_no_label_and_keeps_its_keys(words):
    rows = [{"text": "He denied the report."}, {"id": 2}, {"id": 3, "text": "The river rose by night."}]
    (table,) = words.label_table([rows])
    assert [row["label"] for row in table] == ["denial", None, "none"]
    assert [list(row)[:-3] for row in table] == [["text", "label"], ["id", "label"], ["id", "text", "label"]]


def test_columns_are_labelled_as_rows_are(workplace):
    texts = ["He denied the report.", " ", None, "The river rose by night.", "\x1f"]
    rows = [{"id": index, "text": text} for index, text in enumerate(texts)]
    dictionary = pa.array(texts).dictionary_encode()
    for name in ("words", "majority"):
        model = load_model(workplace / f"runs/{name}/model")
        (expected,) = model.label_table([rows])
        for column in (texts, pa.array(texts), pa.array(texts, pa.large_string()), dictionary):
            (labelled,) = model.label_table([Table({"id": range(5), "text": column})])
            assert list(labelled) == list(expected)
        (labelled,) = model.label_table([Table({"text": pa.array(texts[:1])})])
        assert labelled[0]["label"] == expected[0]["label"]
        (labelled,) = model.label_table([Table({"text": pa.array(texts[1:3])})])
        assert [row["label"] for row in labelled] == [None, None]


def test_white_space_is_that_of_python():
    texts = [chr(point) for point in range(0x3100)]
    is_text = has_text(pa.array([*texts, None]))
    assert is_text.tolist() == [bool(text.strip()) for text in texts] + [False]


@given(st.lists(st.one_of(st.floats(0, 1), st.integers(0, 2 * 10**6).map(lambda half: half / 2e6)), min_size=1))
def test_probabilities_are_rounded_as_by_python(values):
    assert round_proba(np.array([values])).tolist() == [[round(value, 6) for value in values]]
