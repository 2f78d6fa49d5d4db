"""Unlabelled text is read as labelled text would be, and never repeats the corpus or itself."""

import gzip

import pytest

from toolkit.corpus import load_corpus
from toolkit.exceptions import TableError
from toolkit.experiment.unlabelled import digest_sentences, read_sentences, select_sentences
from toolkit.files import TableWriter
from toolkit.files.tables import Table

ARTICLE = "Floods in Hask\n\nThe river rose. It fell again.\n"
SENTENCES = ["Floods in Hask", "The river rose.", "It fell again."]
MANY = [f"Sentence {number} came." for number in range(150)]


@pytest.fixture(scope="module")
def corpus(corpus_folder):
    return load_corpus(corpus_folder)


def test_articles_are_split_into_sentences_packed_or_not(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/a.txt").write_text(ARTICLE)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(ARTICLE.encode()))
    assert list(read_sentences([tmp_path / "deep", tmp_path / "b.txt.gz"])) == SENTENCES * 2


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet"])
def test_row_of_a_table_is_a_sentence(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    TableWriter(path).write([Table({"body": ["One. Two.", "Three."], "n": [1, 2]})])
    assert list(read_sentences([path], "body")) == ["One. Two.", "Three."]
    with pytest.raises(TableError, match="column 'text' or 'sentence' is not in the table"):
        list(read_sentences([path]))


def test_missing_cells_are_passed_over_and_numbers_refused(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "One."}\n{"text": null}\n{"text": NaN}\n')
    assert list(read_sentences([path])) == ["One."]
    path.write_text('{"text": "One."}\n{"text": 2}\n')
    with pytest.raises(TableError, match=r"^'text' of row 2 is 2, expected text; .*t\.jsonl\]$"):
        list(read_sentences([path]))


@pytest.mark.parametrize("name", ["a.pdf", "a.gz", "a.csv.gz", "a"])
def test_other_endings_are_refused(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(TableError, match=r"is none of \.txt, \.md, \.txt\.gz, \.md\.gz, \.csv"):
        list(read_sentences([tmp_path / name]))


def test_sentence_comes_once_and_no_sentence_of_the_corpus(corpus):
    known = [corpus["train"]["text"][0].upper(), "  " + corpus["test"]["text"][1].replace(" ", "\n") + " "]
    again = [" Sentence  7 CAME.", "", " "]
    assert select_sentences([*known, *MANY, *again], corpus) == tuple(MANY)


def test_sample_is_random_seeded_and_in_order(corpus):
    sample, again, other = (select_sentences(MANY, corpus, 120, seed) for seed in (1, 1, 2))
    assert sample == again != other
    assert len(set(sample)) == 120
    assert list(sample) == sorted(sample, key=MANY.index)
    assert select_sentences(MANY, corpus, 200) == tuple(MANY)


@pytest.mark.parametrize(("sentences", "limit"), [(MANY[:99] * 2, None), (MANY, 99), ([], None)])
def test_too_few_sentences_are_refused(corpus, sentences, limit):
    message = f"^{min(99, len(sentences))} of {len(sentences)} sentences can be used, expected at least 100"
    with pytest.raises(TableError, match=message):
        select_sentences(sentences, corpus, limit)


def test_digest_is_that_of_lines():
    assert digest_sentences(["a", "b"]) != digest_sentences(["a b"]) != digest_sentences(["ab"])
    # A JSON table can hold half of a surrogate pair.
    assert len(digest_sentences(["\ud800"])) == 64
