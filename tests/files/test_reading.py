"""Tables are read in batches and articles whole, or refused with the line of the damage."""

import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.exceptions import EncodingGuessed, TableError
from toolkit.files.csv_cells import LONGEST_CELL
from toolkit.files.reading import list_articles, open_table, read_article, read_table
from toolkit.files.tables import Table
from toolkit.files.writing import TableWriter, json_lines


def rows_of(path):
    return [row for batch in read_table(path) for row in batch]


def test_cells_are_read_up_to_their_limit(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("text\n" + "x" * 200_000 + "\n")
    assert [len(row["text"]) for row in rows_of(path)] == [200_000]
    path.write_text("text\n" + "x" * (LONGEST_CELL + 1) + "\n")
    with pytest.raises(TableError, match=r"a cell is longer than 10,000,000 characters; .*after line 1\]"):
        list(read_table(path))


def test_large_table_comes_in_batches(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "x"}\n' * 5000)
    assert [len(batch) for batch in read_table(path)] == [4096, 904]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.xlsx", b"", "ending '.xlsx' is none of"),
        ("t.csv", b"text\na,b\n", r"row is damaged; expected as many cells .*t\.csv:2\]"),
        ("t.csv", b"text\n\xff\n", r"byte 0xff is not UTF-8; .*t\.csv:2\]"),
        ("t.jsonl", b'{"a": "b"}\n{"a": "\x81"}', r"byte 0x81 is not UTF-8; .*t\.jsonl:2\]"),
        ("t.jsonl", b'{"text": "a"}\n[1]\n', r"expected one JSON object per line .*:2\]"),
        ("t.jsonl", b'{"a": ' + b"[" * 100_000, r"expected one JSON object per line .*:1\]"),
        ("t.jsonl", b"{", r"expected one JSON object per line .*:1\]"),
        ("t.parquet", b"PAR1", "is not a Parquet table"),
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


def test_empty_csv_has_no_rows(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("")
    assert list(read_table(path)) == []


def test_of_two_columns_of_one_name_the_last_counts_and_blank_lines_do_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,text,a\n\n1,x,2\n\n")
    assert rows_of(path) == [{"a": "2", "text": "x"}]


def test_damaged_row_behind_quoted_lines_is_named_by_its_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 5000 + '"x\ny",2\n\n1\n')
    with pytest.raises(TableError, match=r"t\.csv:5005\]"):
        list(read_table(path))


def test_lines_of_json_may_have_different_columns(tmp_path):
    path, copy = tmp_path / "t.jsonl", tmp_path / "u.parquet"
    lines = ['{"a": 1, "b": 2}'] * 4096 + ['{"b": 1, "c": null}'] * 4096 + ['{"a": 1}', "{}", '{"b": 2, "a": 1.5}']
    path.write_text("\n".join(lines))
    batches = list(read_table(path))
    assert [batch.is_ragged for batch in batches] == [False, False, True]
    assert [row for batch in batches for row in batch] == [json.loads(line) for line in lines]
    assert TableWriter(copy).write(batches[:2]) == 8192
    assert pq.read_table(copy).slice(4095, 2).to_pylist() == [{"a": 1, "b": 2}, {"a": None, "b": 1}]
    assert "".join(map(json_lines, batches)).splitlines() == lines
    path.write_text("{}\n{}\n")
    assert [len(batch) for batch in read_table(path)] == [2]


def test_text_of_parquet_that_is_not_utf8_is_named_by_row(tmp_path):
    path = tmp_path / "t.parquet"
    wrong = pa.array([b"fine"] * 4999 + [b"a\xc3"]).view(pa.string())
    pq.write_table(pa.table({"id": range(5000), "text": wrong}), path)
    with pytest.raises(TableError, match=r"'text' of row 5000 is not UTF-8; write the table again .*t\.parquet\]"):
        list(read_table(path))
    nested = pa.ListArray.from_arrays(pa.array([0, 1]), wrong[-1:])
    pq.write_table(pa.table({"texts": nested}), path)
    with pytest.raises(TableError, match="is not a Parquet table or is damaged"):
        list(read_table(path))


def test_table_is_a_file_or_its_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    batches, where = open_table(path)
    assert ([list(batch) for batch in batches], where) == ([[{"a": "1"}]], str(path))
    for rows in ([{"a": "1"}], Table({"a": ["1"]}), iter([{"a": "1"}])):
        batches, where = open_table(rows)
        assert ([list(batch) for batch in batches], where) == ([[{"a": "1"}]], "table")
    assert list(open_table([])[0]) == []


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


def test_articles_of_a_folder_are_listed_in_order(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("deep/b.MD", "c.txt", "a.txt", "d.pdf"):
        (tmp_path / name).write_text("It rained.")
    assert list_articles(tmp_path) == [str(tmp_path / name) for name in ("a.txt", "c.txt", "deep/b.MD")]
    (tmp_path / "empty").mkdir()
    with pytest.raises(TableError, match=r"the folder holds no article \(\.txt, \.md\)"):
        list_articles(tmp_path / "empty")


@pytest.mark.parametrize("content", [b"It rained.", gzip.compress(b"It rained.")[:-9], b"\x1f\x8b\x08\x00" + b"x" * 30])
def test_packed_article_is_unpacked_or_refused(tmp_path, content):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress("\ufeffIt rained.".encode()))
    assert read_article(path) == "It rained."
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"^the file is damaged or not packed by gzip; pack it again \[.*a.txt.gz\]$"):
        read_article(path)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_delimiter_of_csv_is_found_in_its_header(tmp_path, delimiter):
    path = tmp_path / "t.csv"
    path.write_text(f'id{delimiter}"text"\n1{delimiter}"It rained, he said."\n')
    assert rows_of(path) == [{"id": "1", "text": "It rained, he said."}]


def test_comma_in_the_header_or_no_delimiter_at_all_means_commas(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,text;x\n1;2,3\n")
    assert rows_of(path) == [{"id": "1;2", "text;x": "3"}]
    path.write_text("a;b\tc\n1\n")
    assert rows_of(path) == [{"a;b\tc": "1"}]
    TableWriter(path).write([Table({"a;b": ["1;2"]})])
    assert rows_of(path) == [{"a;b": "1;2"}]


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_table_is_read_by_its_byte_order_mark(tmp_path, name, encoding):
    path = tmp_path / name
    TableWriter(path).write([Table({"id": ["1"], "text": ["É – il a dit"]})])
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert rows_of(path) == [{"id": "1", "text": "É – il a dit"}]


def test_encoding_is_named_or_guessed(tmp_path):
    table, article = tmp_path / "t.csv", tmp_path / "a.txt"
    text = "The café’s owner denied that anybody had been paid."
    table.write_bytes(f"text\n{text}\n".encode("cp1252"))
    article.write_bytes(text.encode("cp1252"))
    with pytest.warns(EncodingGuessed, match=r"is read as cp1252; .*t\.csv\]"):
        assert rows_of(table) == [{"text": text}]
    with pytest.warns(EncodingGuessed, match=r"is read as cp1252; .*a\.txt\]"):
        assert read_article(article) == text
    assert next(open_table(table, "cp1252")[0])[0] == {"text": text}
    assert read_article(article, "latin-1") == text.encode("cp1252").decode("latin-1")
