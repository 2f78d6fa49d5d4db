"""What cannot be read is refused with a remedy that helps, and no syntax is taken for an article."""

import gzip
import io
import json

import pytest

from toolkit.exceptions import TableError
from toolkit.files.reading import ARTICLE_ENDINGS, TABLE_ENDINGS, list_articles, read_article
from toolkit.files.refusals import refuse_file


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.HTML", "extract its text into a .txt file"),
        ("a.docx", "extract its text into a .txt file"),
        ("a.xlsx", "save its sheet as .csv"),
        ("a.json", "write one JSON object per line into a .jsonl file"),
        ("a.ndjson", "it is JSON lines if each line is an object: rename it to .jsonl"),
        ("a.txt.gz", "unpack it"),
        ("a.arrow", "export its table as .csv or .parquet"),
        ("a.log", "rename it to .txt if it is plain text"),
        ("a", "rename it to .txt if it is plain text"),
    ],
)
def test_each_kind_of_file_has_its_remedy(tmp_path, name, remedy):
    path = tmp_path / name
    path.write_text("x")
    known = (*ARTICLE_ENDINGS, *TABLE_ENDINGS)
    ending = name[name.rfind(".") :] if "." in name else ""
    assert str(refuse_file(path, known)) == (
        f"the ending '{ending}' is none of .txt, .md, .csv, .tsv, .jsonl, .parquet; {remedy} [{path}]"
    )
    tables_only = str(refuse_file(path, TABLE_ENDINGS))
    assert "is none of .csv, .tsv, .jsonl, .parquet; " in tables_only
    assert ".txt" not in tables_only.replace(name, "")


def test_missing_file_is_not_told_of_endings(tmp_path):
    assert str(refuse_file(tmp_path / "a.html", ARTICLE_ENDINGS)).startswith("there is no such file; name one")


def test_folder_without_articles_names_what_it_holds(tmp_path):
    for name in ("data.arrow", "state.json"):
        (tmp_path / name).write_text("x")
    with pytest.raises(TableError, match=r"no article \(\.txt, \.md\), only 'data\.arrow', 'state\.json'; export its"):
        list_articles(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n<!DOCTYPE html>\n<p>It rained.</p>", "is a web page, .*extract its text"),
        (b"\xef\xbb\xbf<html><p>It rained.</p>", "is a web page"),
        (b"%PDF-1.7\n\xff", "is PDF"),
        (b"PK\x03\x04\xff", "is an office document or packed by zip"),
        (gzip.compress(b"It rained.", mtime=0), "is packed by gzip, .*unpack it"),
        (json.dumps([{"text": "It rained."}], indent=1).encode(), "is JSON, .*one JSON object per line"),
        (b'{"text": "It rained."}\n{"text": "It snowed."}\n', "is JSON"),
        (b"id,text\n1,It rained.\n", "is a table, .*save it as .csv or .tsv and name it"),
        (b"id;Sentence\n1;It rained.\n", "is a table"),
    ],
)
def test_syntax_is_no_article(tmp_path, monkeypatch, content, message):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    with pytest.raises(TableError, match=rf"^the text {message}.* \[-\]$"):
        read_article("-")


@pytest.mark.parametrize(
    "text",
    [
        "[1] It rained.",
        "[Update] The ministry denied it.",
        '{"It rained", she said}',
        "[1]",
        "The text, he said, was read.\nSo.",
        "Text\n\nIt rained.",
        '"We deny it," he said.\nSo.',
        '"Text" and "sentence", an essay; by "one',
        "<b>It rained.</b>",
        "",
    ],
)
def test_text_that_only_begins_alike_is_an_article(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert read_article(path) == text
