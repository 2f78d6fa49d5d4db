import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.cells import LONGEST_CELL, cell_reader, cell_writer, defuse, refuse
from toolkit.exceptions import TableError
from toolkit.tables import TableWriter, printable, read_article, read_table, text_column


@given(st.text())
def test_defused_cell_starts_no_formula_and_comes_back(text):
    cell = defuse(text)
    assert refuse(cell) == text
    assert cell[:1] not in "=@\t\r" or cell == ""


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-a", "@x", "\tx", "'=1"])
def test_formula_is_defused(cell):
    assert defuse(cell) == "'" + cell


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=3), min_size=1))
@example([["a\rb", ""], ["\r", "\n"]])
def test_rows_written_are_the_rows_read(rows):
    buffer = io.StringIO(newline="")
    write = cell_writer(buffer)
    for row in rows:
        write(row)
    read = cell_reader(io.StringIO(buffer.getvalue(), newline=""))
    assert [[refuse(cell) for cell in row] for row in read] == rows


def test_cells_are_read_up_to_their_limit(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "x" * 200_000 + "\n")
    assert [len(row["text"]) for batch in read_table(path) for row in batch] == [200_000]
    path.write_text("text\n" + "x" * (LONGEST_CELL + 1) + "\n")
    with pytest.raises(TableError, match=r"a cell is longer than 10,000,000 characters; .*after line 1\]"):
        list(read_table(path))


def test_numbers_and_nothing_stay():
    assert [defuse(cell) for cell in (-1.5, "+2", None, "it's")] == ["-1.5", "+2", "", "it's"]


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


def test_lone_surrogate_does_not_stop_the_writing(tmp_path):
    path = tmp_path / "x.jsonl"
    TableWriter(path).write([[{"text": "\ud800"}]])
    assert json.loads(path.read_text()) == {"text": "?"}


def test_empty_csv_has_no_rows(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("")
    assert list(read_table(path)) == []
