"""Tables are written whole or not at all, by column as they would be row by row."""

import datetime
import io
import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, strategies as st

from toolkit.exceptions import TableError
from toolkit.files.csv_cells import cell_writer
from toolkit.files.reading import read_table
from toolkit.files.tables import Table
from toolkit.files.writing import TableWriter, json_lines, write_csv


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_table_written_is_the_table_read(tmp_path, ending):
    rows = [{"text": '=A, "b"\tc\nd', "label": "none"}, {"text": "é", "label": "x"}]
    path = tmp_path / f"t{ending}"
    assert TableWriter(path).write([Table.from_rows(rows[:1]), Table.from_rows(rows[1:])]) == 2
    assert [row for batch in read_table(path) for row in batch] == rows
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_interrupted_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")

    def interrupted():
        yield Table({"text": ["new"]})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        TableWriter(path).write(interrupted())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]


def test_output_that_cannot_be_is_refused(tmp_path):
    table = Table({"a": [1]})
    with pytest.raises(TableError, match="cannot be written"):
        TableWriter(tmp_path / "no" / "x.csv").write([table])
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(TableError, match=r"the output is a folder; name a file \[.*d\.csv\]"):
        TableWriter(tmp_path / "d.csv").write([table])
    with pytest.raises(TableError, match=r"ending '.doc' is none of .*\.parquet; name"):
        TableWriter(tmp_path / "x.doc")
    with pytest.raises(TableError, match=r"ending '.doc' is none of .*\.parquet, \.html; name"):
        TableWriter(tmp_path / "x.doc", [".html"])
    with pytest.raises(TableError, match="mixes types"):
        TableWriter(tmp_path / "x.parquet").write([table, Table({"a": ["b"]})])


def test_lone_surrogate_does_not_stop_the_writing(tmp_path):
    path = tmp_path / "x.jsonl"
    TableWriter(path).write([Table({"text": ["\ud800"]})])
    assert json.loads(path.read_text()) == {"text": "?"}


CELLS = st.one_of(
    st.text("'=-+@ab,\"\n1", max_size=4),
    st.none(),
    st.integers(-9, 9),
    st.booleans(),
    st.sampled_from([-math.inf, math.nan, -1e-7, 0.5, datetime.date(2031, 1, 2), [1, "=a"], {"a": None}]),
)


@given(st.lists(st.tuples(CELLS, CELLS, st.text(max_size=3)), min_size=1, max_size=6))
@example([("a", 1, "b"), (None, "=", "\r")])
def test_columns_are_written_as_row_by_row(rows):
    names = ["a", "=%s", "é"]
    table = Table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    assert json_lines(table) == "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in records)
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    for row in [names, *(row.values() for row in records)]:
        write(row)
    assert write_csv(table) == write_csv(Table.from_rows(records)) == buffer.getvalue()


def test_columns_of_later_rows_stand_under_the_header(tmp_path):
    path = tmp_path / "x.csv"
    first, later = Table({"a": [1], "b": [2]}), Table.from_rows([{"b": 4}, {"a": 5, "b": 6, "c": 7}])
    TableWriter(path).write([Table({}), first, later])
    assert path.read_text() == "a,b\n1,2\n,4\n5,6\n"


def test_cell_that_is_not_there_is_no_key_in_json_and_empty_elsewhere(tmp_path):
    table = Table.from_rows([{"a": 1, "b": "x"}, {"b": "y"}, {"b": None, "a": 3}])
    assert json_lines(table) == '{"a": 1, "b": "x"}\n{"b": "y"}\n{"b": null, "a": 3}\n'
    assert write_csv(table) == "a,b\n1,x\n,y\n3,\n"
    TableWriter(tmp_path / "t.parquet").write([table])
    assert pq.read_table(tmp_path / "t.parquet").to_pydict() == {"a": [1, None, 3], "b": ["x", "y", None]}


def test_column_of_arrow_keeps_its_type(tmp_path):
    path, copy = tmp_path / "t.parquet", tmp_path / "u.parquet"
    table = pa.table({"id": pa.array([1, 2], pa.int32()), "c": pa.array(["x", "x"]).dictionary_encode()})
    pq.write_table(table, path)
    nothing = {"p": [None, None], "q": [None, None]}
    TableWriter(copy).write(batch.with_columns(nothing, {"p": float, "q": str}) for batch in read_table(path))
    schema = pq.read_schema(copy)
    assert [str(kind) for kind in schema.types[2:]] == ["double", "string"]
    assert schema.types[:2] == table.schema.types


def test_table_without_rows_is_a_parquet_file(tmp_path):
    path = tmp_path / "x.parquet"
    assert TableWriter(path).write([]) == 0
    assert len(pq.read_table(path)) == 0
