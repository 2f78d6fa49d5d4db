import datetime
import io
import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.exceptions import TableError, printable
from toolkit.files.csv_cells import LONGEST_CELL, cell_reader, cell_writer, escape_formula, unescape_formula
from toolkit.files.tables import Batch, TableWriter, json_lines, read_article, read_table, text_column, write_csv
from toolkit.models.classifier import has_text, round_proba


@given(st.text())
def test_defused_cell_starts_no_formula_and_comes_back(text):
    cell = escape_formula(text)
    assert unescape_formula(cell) == text
    assert cell[:1] not in "=@\t\r" or cell == ""


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-a", "@x", "\tx", "'=1"])
def test_formula_is_defused(cell):
    assert escape_formula(cell) == "'" + cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=3), min_size=1))
@example([["a\rb", ""], ["\r", "\n"]])
def test_rows_written_are_the_rows_read(rows):
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    for row in rows:
        write(row)
    read = cell_reader(io.StringIO(buffer.getvalue(), newline=""))
    assert [[unescape_formula(cell) for cell in row] for row in read] == rows


def test_cells_are_read_up_to_their_limit(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "x" * 200_000 + "\n")
    assert [len(row["text"]) for batch in read_table(path) for row in batch] == [200_000]
    path.write_text("text\n" + "x" * (LONGEST_CELL + 1) + "\n")
    with pytest.raises(TableError, match=r"a cell is longer than 10,000,000 characters; .*after line 1\]"):
        list(read_table(path))


def test_numbers_and_nothing_stay():
    assert [escape_formula(cell) for cell in (-1.5, "+2", None, "it's")] == ["-1.5", "+2", "", "it's"]


def test_terminal_cannot_be_steered():
    assert printable("a\x1b[2Jb\r\nc\u202ed\ud800") == "a\ufffd[2Jb  c\ufffdd?"


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_table_written_is_the_table_read(tmp_path, ending):
    rows = [{"text": '=A, "b"\tc\nd', "label": "none"}, {"text": "é", "label": "x"}]
    path = tmp_path / f"t{ending}"
    assert TableWriter(path).write([rows[:1], rows[1:]]) == 2
    assert [row for batch in read_table(path) for row in batch] == rows
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_large_table_comes_in_batches(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "x"}\n' * 5000)
    assert [len(batch) for batch in read_table(path)] == [4096, 904]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"", "ending '.xlsx' is none of"),
        ("t.csv", b"text\na,b\n", r"row is damaged; expected as many cells .*t\.csv:2\]"),
        ("t.csv", b"text\n\xff\n", "the table is not UTF-8"),
        ("t.jsonl", b'{"text": "a"}\n[1]\n', r"expected one JSON object a line .*:2\]"),
        ("t.jsonl", b'{"a": ' + b"[" * 100_000, r"expected one JSON object a line .*:1\]"),
        ("t.jsonl", b"{", r"expected one JSON object a line .*:1\]"),
        ("t.parquet", b"PAR1", "is no Parquet table"),
    ],
)
def test_damaged_table_is_refused(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        list(read_table(path))


def test_missing_table_is_refused(tmp_path):
    with pytest.raises(TableError, match="no such table"):
        list(read_table(tmp_path / "t.csv"))


def test_text_column_is_found_or_named():
    assert text_column([{"id": 1, "sentence": "x"}], None, "t") == "sentence"
    assert text_column([{"body": "x"}], "body", "t") == "body"
    with pytest.raises(TableError, match=r"'txt' is not in the table \(text\); did you mean 'text'\? \[t\]"):
        text_column([{"text": "x"}], "txt", "t")
    with pytest.raises(TableError, match="name it with --text-column"):
        text_column([{"body": "x"}], None, "t")


def test_article_is_read_from_file_and_standard_input(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfIt rained.")
    assert read_article(path) == "It rained."
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("é".encode())))
    assert read_article("-") == "é"
    path.write_bytes(b"one\ntwo \xff")
    with pytest.raises(TableError, match=r"byte 0xff is not UTF-8; .*a\.txt:2\]"):
        read_article(path)
    with pytest.raises(TableError, match="cannot be read"):
        read_article(tmp_path / "b.txt")


def test_interrupted_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("old")

    def interrupted():
        yield [{"text": "new"}]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        TableWriter(path).write(interrupted())
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["x.csv"]


def test_output_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(TableError, match="cannot be written"):
        TableWriter(tmp_path / "no" / "x.csv").write([[{"a": 1}]])
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(TableError, match=r"the output is a folder; name a file \[.*d\.csv\]"):
        TableWriter(tmp_path / "d.csv").write([[{"a": 1}]])
    with pytest.raises(TableError, match=r"ending '.doc' is none of .*\.parquet; name"):
        TableWriter(tmp_path / "x.doc")
    with pytest.raises(TableError, match=r"ending '.doc' is none of .*\.parquet, \.html; name"):
        TableWriter(tmp_path / "x.doc", [".html"])
    with pytest.raises(TableError, match="mixes types"):
        TableWriter(tmp_path / "x.parquet").write([[{"a": 1}], [{"a": "b"}]])
    with pytest.raises(TableError, match="mixes types"):
        TableWriter(tmp_path / "x.parquet").write([Batch({"a": [1]}), Batch({"a": ["b"]})])


def test_lone_surrogate_does_not_stop_the_writing(tmp_path):
    path = tmp_path / "x.jsonl"
    TableWriter(path).write([[{"text": "\ud800"}]])
    assert json.loads(path.read_text()) == {"text": "?"}


def test_empty_csv_has_no_rows(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("")
    assert list(read_table(path)) == []


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
    batch = Batch(dict(zip(names, zip(*rows, strict=True), strict=True)))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    assert json_lines(batch) == "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in records)
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    for row in [names, *(row.values() for row in records)]:
        write(row)
    assert write_csv(batch) == write_csv(records) == buffer.getvalue()


def test_one_row_of_a_batch_is_made_when_asked_for():
    batch = Batch({"id": pa.array([1, 2, 3]), "text": ["a", "b", "c"]})
    assert batch[1] == {"id": 2, "text": "b"}
    assert list(batch[1:]) == [{"id": 2, "text": "b"}, {"id": 3, "text": "c"}]


def test_of_two_columns_of_one_name_the_last_counts_and_blank_lines_do_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,text,a\n\n1,x,2\n\n")
    assert [row for batch in read_table(path) for row in batch] == [{"a": "2", "text": "x"}]


def test_damaged_row_behind_quoted_lines_is_named_by_its_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 5000 + '"x\ny",2\n\n1\n')
    with pytest.raises(TableError, match=r"t\.csv:5005\]"):
        list(read_table(path))


def test_columns_of_later_rows_stand_under_the_header(tmp_path):
    path = tmp_path / "x.csv"
    TableWriter(path).write([[], [{"a": 1, "b": 2}], [{"b": 4}, {"a": 5, "b": 6, "c": 7}]])
    assert path.read_text() == "a,b\n1,2\n,4\n5,6\n"


def test_lines_of_json_may_have_other_columns_each(tmp_path):
    path, copy = tmp_path / "t.jsonl", tmp_path / "u.parquet"
    lines = ['{"a": 1, "b": 2}'] * 4096 + ['{"b": 1, "c": null}'] * 4096 + ['{"a": 1}', "{}", '{"b": 2, "a": 1.5e0}']
    path.write_text("\n".join(lines))
    batches = list(read_table(path))
    assert [type(batch) for batch in batches] == [Batch, Batch, list]
    assert [row for batch in batches for row in batch] == [json.loads(line) for line in lines]
    assert TableWriter(copy).write(batches[:2]) == 8192
    assert pq.read_table(copy).slice(4095, 2).to_pylist() == [{"a": 1, "b": 2}, {"a": None, "b": 1}]
    assert json_lines(batches[1]).splitlines() == lines[4096:8192]
    path.write_text("{}\n{}\n")
    assert [len(batch) for batch in read_table(path)] == [2]


def test_column_of_arrow_keeps_its_type(tmp_path):
    path, copy = tmp_path / "t.parquet", tmp_path / "u.parquet"
    table = pa.table({"id": pa.array([1, 2], pa.int32()), "c": pa.array(["x", "x"]).dictionary_encode()})
    pq.write_table(table, path)
    nothing = [None, None]
    batches = [
        Batch({**batch.columns, "p": nothing, "q": nothing}, {"p": float, "q": str}) for batch in read_table(path)
    ]
    TableWriter(copy).write(batches)
    schema = pq.read_schema(copy)
    assert [str(kind) for kind in schema.types[2:]] == ["double", "string"]
    assert schema.types[:2] == table.schema.types


def test_table_without_rows_is_a_parquet_file(tmp_path):
    path = tmp_path / "x.parquet"
    assert TableWriter(path).write([]) == 0
    assert len(pq.read_table(path)) == 0


def test_text_of_parquet_that_is_not_utf8_is_named_by_row(tmp_path):
    path = tmp_path / "t.parquet"
    wrong = pa.array([b"fine"] * 4999 + [b"a\xc3"]).view(pa.string())
    pq.write_table(pa.table({"id": range(5000), "text": wrong}), path)
    with pytest.raises(TableError, match=r"'text' of row 5000 is not UTF-8; write the table anew .*t\.parquet\]"):
        list(read_table(path))
    nested = pa.ListArray.from_arrays(pa.array([0, 1]), wrong[-1:])
    pq.write_table(pa.table({"texts": nested}), path)
    with pytest.raises(TableError, match="is no Parquet table or is damaged"):
        list(read_table(path))


def test_white_space_is_that_of_python():
    texts = [chr(point) for point in range(0x3100)]
    found = has_text(pa.array([*texts, None]))
    assert found.tolist() == [bool(text.strip()) for text in texts] + [False]


@given(st.lists(st.one_of(st.floats(0, 1), st.integers(0, 2 * 10**6).map(lambda half: half / 2e6)), min_size=1))
def test_probabilities_are_rounded_as_by_python(values):
    assert round_proba(np.array([values])).tolist() == [[round(value, 6) for value in values]]
