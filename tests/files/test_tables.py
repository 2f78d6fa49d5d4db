"""A table gives back the rows it was made of, one at a time or all, with the keys that each row had."""

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from toolkit.exceptions import TableError
from toolkit.files.tables import MISSING, Table, as_table, find_text_column

KEYS = st.lists(st.sampled_from("abc"), unique=True)
ROWS = st.lists(KEYS.map(lambda names: {name: f"{name}{len(names)}" for name in names}))


def test_one_row_is_made_when_asked_for():
    table = Table({"id": pa.array([1, 2, 3]), "text": ["a", "b", "c"]})
    assert table[1] == {"id": 2, "text": "b"}
    assert table[-1] == {"id": 3, "text": "c"}
    assert list(table[1:]) == [{"id": 2, "text": "b"}, {"id": 3, "text": "c"}]
    with pytest.raises(IndexError):
        table[3]


@given(ROWS, st.integers(0, 3))
def test_rows_come_back_with_their_keys_in_their_order(rows, start):
    table = Table.from_rows(rows)
    assert len(table) == len(rows)
    assert [list(row.items()) for row in table] == [list(row.items()) for row in rows]
    assert [list(table[index].items()) for index in range(len(rows))] == [list(row.items()) for row in rows]
    assert list(table[start:]) == rows[start:]


@given(ROWS)
def test_added_columns_stand_behind_those_of_each_row(rows):
    wider = Table.from_rows(rows).with_columns({"d": range(len(rows))}, {"d": float})
    assert [list(row.items()) for row in wider] == [[*row.items(), ("d", index)] for index, row in enumerate(rows)]
    assert wider.types == {"d": float}


def test_cell_that_is_not_there_differs_from_an_empty_one():
    table = Table.from_rows([{"a": 1}, {"a": None, "b": 2}])
    assert table.is_ragged
    assert table.columns == {"a": [1, None], "b": [MISSING, 2]}
    assert table.cells("b") == [None, 2]
    assert table.cells("c") == [None, None]
    assert repr(table.columns["b"]) == "[MISSING, 2]"
    assert not Table.from_rows([{"a": 1, "b": 3}, {"a": None, "b": 2}]).is_ragged


def test_rows_without_a_cell_are_counted():
    table = Table.from_rows([{}, {}])
    assert len(table) == 2
    assert list(table) == [{}, {}]
    assert list(table.with_columns({"a": [1, 2]}, {})) == [{"a": 1}, {"a": 2}]
    assert not Table.from_rows([])


def test_text_column_is_found_or_named():
    assert find_text_column(Table.from_rows([{"id": 1, "sentence": "x"}]), None, "t") == "sentence"
    assert find_text_column(Table.from_rows([{"body": "x"}]), "body", "t") == "body"
    with pytest.raises(TableError, match=r"'txt' is not in the table \(text\); did you mean 'text'\? \[t\]"):
        find_text_column(Table.from_rows([{"text": "x"}]), "txt", "t")
    with pytest.raises(TableError, match="name it with --text-column"):
        find_text_column(Table.from_rows([{"body": "x"}]), None, "t")
    # The first row speaks for all.
    with pytest.raises(TableError, match=r"is not in the table \(id\)"):
        find_text_column(Table.from_rows([{"id": 1}, {"id": 2, "text": "x"}]), None, "t")


def test_key_of_a_record_is_reached_by_its_path():
    table = Table.from_rows([{"data": {"text": {"de": "a"}}}, {"data": {"text": None}}, {"data": "b"}, {}])
    assert table.cells("data.text.de") == ["a", None, None, None]
    assert find_text_column(table, "data.text.de", "t.jsonl") == "data.text.de"
    with pytest.raises(TableError, match=r"column 'data.txt' is not in the table \(data\)"):
        find_text_column(table, "data.txt", "t.jsonl")
    dotted = Table({"data.text": ["a"]})
    assert (find_text_column(dotted, "data.text", "t.csv"), dotted.cells("data.text")) == ("data.text", ["a"])


def test_rows_with_a_column_of_no_name_are_refused():
    with pytest.raises(TableError, match="column 2 of the header has no name"):
        as_table(pa.table([["a"], ["b"]], names=["text", " "]))


@pytest.mark.parametrize("name", ["Text", " text", "SENTENCE "])
def test_column_that_is_written_otherwise_is_suggested(name):
    with pytest.raises(TableError, match=rf"did you mean '{name}'\?"):
        find_text_column(Table({"id": ["1"], name: ["x"]}), None, "t.csv")
