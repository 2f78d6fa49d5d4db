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
    with pytest.raises(TableError, match=r"a cell is longer than 10,000,000 characters; shorten it .*t\.csv:2\]"):
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
        (
            "t.jsonl",
            b'{"text": "a"}\n{"text": "a", "text": "b"}\n',
            r"one JSON object per line with each key once .*:2\]",
        ),
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


def test_blank_lines_do_not_count(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("\na,text\n\n1,x\n\n")
    assert rows_of(path) == [{"a": "1", "text": "x"}]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet"])
@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["a", "text", "a"], "column 'a' is twice in the header; rename or drop one"),
        (["id", "text", " "], "column 3 of the header has no name; name or drop it"),
    ],
)
def test_header_with_an_unusable_name_is_refused(tmp_path, ending, header, message):
    path = tmp_path / f"t{ending}"
    if ending == ".parquet":
        pq.write_table(pa.table([["x"]] * 3, names=header), path)
    else:
        path.write_text(("\t" if ending == ".tsv" else ",").join(header) + "\n")
    with pytest.raises(TableError, match=message):
        list(read_table(path))


def test_table_of_a_header_alone_keeps_its_columns(tmp_path):
    for table in (Table({"id": (), "text": ()}), Table({"id": pa.array([], pa.int8()), "text": pa.array([], "str")})):
        for ending in (".csv", ".tsv", ".parquet"):
            path = tmp_path / f"t{ending}"
            assert TableWriter(path).write([table]) == 0
            assert [(len(batch), list(batch.columns)) for batch in read_table(path)] == [(0, ["id", "text"])]


ROWS = [f"{number},The mayor left town {number}.\n" for number in range(2, 1000)]


@pytest.mark.parametrize(
    ("line", "replacements"),
    [
        (4, {4: '4,"We never did.\n'}),
        (4, {4: '4,"We never did.\n', 700: '700,"It is false, she said.\n'}),
        (4, {4: '4,"We never did.\n', 700: '700,He left town."\n'}),
        (6, {4: '4,"Two lines\nin a cell."\n', 5: '5,"We never did.\n'}),
        (9, {9: '9,"We never did," he said.\n'}),
        (999, {999: '999,"We never did.'}),
        (3, {2: '"2\n","We never did.\n'}),
    ],
)
def test_quote_that_is_not_closed_is_named_by_its_line(tmp_path, line, replacements):
    path = tmp_path / "t.csv"
    for end in ("\n", "\r\n"):
        text = "id,text\n" + "".join(replacements.get(number, row) for number, row in enumerate(ROWS, 2))
        path.write_bytes(text.replace("\n", end).encode())
        with pytest.raises(TableError, match=rf"^a quote is not closed at the end of its cell.* \[.*t\.csv:{line}\]$"):
            list(read_table(path))


@pytest.mark.parametrize("start", ['"We never did.', '"We never did," he said.', '"No.'])
def test_quotes_of_tab_separated_rows_are_text_where_they_cannot_enclose(tmp_path, start):
    path = tmp_path / "t.tsv"
    texts = ["He left.", start, "He came.", 'So "he" said.', 'And then."', "Rain."]
    path.write_text("id\ttext\n" + "".join(f"{number}\t{text}\n" for number, text in enumerate(texts)))
    assert [row["text"] for row in rows_of(path)] == texts
    path.write_text(path.read_text() + '7\t"He said ""no""."\n')
    with pytest.raises(TableError, match=r"a quote is not closed .*t\.tsv:3\]"):
        list(read_table(path))


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
    frame = pa.table({"a": ["1"]})
    for rows in ([{"a": "1"}], Table({"a": ["1"]}), iter([{"a": "1"}]), frame, frame.to_pandas()):
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


@pytest.mark.parametrize(
    "content", [b"It rained.", gzip.compress(b"It rained.", mtime=0)[:-9], b"\x1f\x8b\x08\x00" + b"x" * 30]
)
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


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cell_of_several_lines_is_read_with_every_delimiter(tmp_path, delimiter):
    path = tmp_path / "t.csv"
    path.write_text(f'"id"{delimiter}"text"\n"1"{delimiter}"It rained.\nHe left."\n"2"{delimiter}"It snowed."\n')
    assert rows_of(path) == [{"id": "1", "text": "It rained.\nHe left."}, {"id": "2", "text": "It snowed."}]


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
