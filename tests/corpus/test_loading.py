"""A corpus is read as it was written, and every problem of its files is named with its line."""

import csv
import shutil

import pytest

from tests.conftest import add_collections, write_csv
from toolkit.cli import main as cli
from toolkit.corpus.flat_table import corpus_table
from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus
from toolkit.exceptions import CorpusError
from toolkit.files.csv_cells import LONGEST_CELL, cell_writer
from toolkit.files.writing import TableWriter


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems(folder):
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder)
    return caught.value.problems


def test_corpus_has_both_splits_in_file_order(corpus_folder):
    corpus = load_corpus(corpus_folder)
    assert len(corpus["train"]) == 9 * 3
    assert len(corpus["test"]) == 3 * 3
    assert corpus["train"][0]["text"] == "The northern ministry denied the report about the bridge."
    assert corpus["train"].features["label"].names == ["denial", "statement", "none"]
    assert corpus["train"][1]["label"] == 1
    assert corpus["train"][0]["also"] is None


def test_label_set_travels_with_the_corpus(corpus_folder):
    assert corpus_labels(load_corpus(corpus_folder)).background == "none"


def test_label_set_of_a_corpus_made_elsewhere_has_no_background(corpus_folder):
    corpus = load_corpus(corpus_folder)
    corpus["train"].info.description = "made elsewhere"
    assert corpus_labels(corpus).background is None


def test_fingerprint_depends_on_the_content_alone(corpus_folder, own_corpus):
    fingerprint = corpus_fingerprint(load_corpus(corpus_folder))
    path = own_corpus / "sentences.csv"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert corpus_fingerprint(load_corpus(own_corpus)) == fingerprint
    edit(path, "northern ministry denied", "northern ministry denies")
    assert corpus_fingerprint(load_corpus(own_corpus)) != fingerprint


def test_fingerprint_depends_on_the_split(corpus_folder, own_corpus):
    edit(own_corpus / "articles.csv", "wire,train", "wire,test")
    assert corpus_fingerprint(load_corpus(own_corpus)) != corpus_fingerprint(load_corpus(corpus_folder))


def test_corpus_without_collections_keeps_its_fingerprint(corpus_folder, own_corpus):
    # As computed before a corpus could have collections.
    fingerprint = "82fd1f6dc8b6dabbfbfe15dfeedcec632c2d9d584ad544c813a1599baee9d688"
    corpus = load_corpus(corpus_folder)
    assert set(corpus["train"]["collection"]) == {""}
    assert corpus_fingerprint(corpus) == fingerprint
    assert corpus_fingerprint(corpus.remove_columns("collection")) == fingerprint
    assert corpus_fingerprint(load_corpus(add_collections(own_corpus))) != fingerprint


def test_collections_are_read_and_survive_an_export(own_corpus, tmp_path):
    corpus = load_corpus(add_collections(own_corpus))
    assert corpus["train"]["collection"][:6] == ["acts"] * 3 + ["natural"] * 3
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(own_corpus / "labels.toml", flat)
    TableWriter(flat / "sentences.csv").write([corpus_table(corpus)])
    assert load_corpus(flat)["test"]["collection"][:] == corpus["test"]["collection"][:]
    assert corpus_fingerprint(load_corpus(flat)) == corpus_fingerprint(corpus)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        (
            "sentences",
            "bridge.,denial",
            "bridge.,denail",
            "label 'denail' is not in the label set (denial, statement, none); did you mean 'denial'? [{}:2]",
        ),
        (
            "sentences",
            "denial,,denial,denial",
            "denial,mist,denial,denial",
            "label 'mist' is not in the label set (denial, statement, none) [{}:2]",
        ),
        (
            "sentences",
            ",text,",
            ",txt,",
            "column 'text' is missing from the header (article, position, paragraph, txt, label, also, first, second)"
            "; did you mean 'txt'? [{}:1]",
        ),
        (
            "sentences",
            "a-00,1,0",
            "a-00,0,0",
            "position 0 of article 'a-00' already occurs on line 2; positions must be unique [{}:3]",
        ),
        ("sentences", "a-00,0,0", "a-00,x,0", "position 'x' is not a whole number from 0 to 999,999,999 [{}:2]"),
        (
            "sentences",
            "a-00,0,0",
            "a-00,0,99999999999",
            "paragraph '99999999999' is not a whole number from 0 to 999,999,999 [{}:2]",
        ),
        (
            "sentences",
            "The northern ministry denied the report about the bridge.",
            " ",
            "the text is empty; write the sentence or remove the row [{}:2]",
        ),
        ("sentences", "a-00,0,0", "b-00,0,0", "article 'b-00' is not in articles.csv; did you mean 'a-00'? [{}:2]"),
        ("sentences", "a-00,0,0", "a-00,0", "7 cells came, expected 8 as in the header; correct the row [{}:2]"),
        ("articles", "2031-01-01", "2031-02-30", "date '2031-02-30' is not a date; write YYYY-MM-DD [{}:2]"),
        (
            "articles",
            "wire,train",
            "wire,tain",
            "split 'tain' is neither 'train' nor 'test'; did you mean 'train'? [{}:2]",
        ),
        ("articles", "a-01,", "a-00,", "article 'a-00' already occurs on line 2; ids must be unique [{}:3]"),
        ("articles", "a-11,", "a-00,", "article 'a-00' is in both splits (first on line 2); keep it in one [{}:13]"),
        ("articles", "a-00,", " ,", "the article has no id; give it one [{}:2]"),
    ],
)
def test_each_problem_is_one_sentence_with_file_and_line(own_corpus, table, old, new, message):
    path = own_corpus / f"{table}.csv"
    edit(path, old, new)
    assert message.format(path) in problems(own_corpus)


def test_all_problems_come_at_once(own_corpus):
    edit(own_corpus / "articles.csv", "2031-01-01", "soon")
    edit(own_corpus / "sentences.csv", "bridge.,denial", "bridge.,no")
    edit(own_corpus / "sentences.csv", "harbour.,denial", "harbour.,nay")
    assert len(problems(own_corpus)) == 3


def test_bad_bytes_and_broken_quotes_name_the_line(own_corpus):
    path = own_corpus / "sentences.csv"
    good = path.read_bytes()
    path.write_bytes(good.replace(b"harbour", b"harb\xffur", 1))
    assert f"byte 0xff is not UTF-8; save the file as UTF-8 [{path}:5]" in problems(own_corpus)
    path.write_bytes(good.replace(b"harbour", b"harb\x00ur", 1))
    assert any("NUL character" in problem and problem.endswith(":5]") for problem in problems(own_corpus))
    path.write_bytes(good.replace(b"The northern", b'"The northern', 1))
    [problem] = problems(own_corpus)
    line = good[: good.index(b"The northern")].count(b"\n") + 1
    assert problem.startswith("a quote is not closed at the end of its cell")
    assert problem.endswith(f"[{path}:{line}]")


def test_line_of_a_record_is_its_first(own_corpus):
    path = own_corpus / "sentences.csv"
    edit(path, "The northern ministry denied the report about the bridge.", '"The northern\nministry denied."')
    edit(path, "northern ministry said it hoped for the bridge.,statement", "northern ministry said.,sttement")
    assert any(problem.endswith(f"{path}:4]") for problem in problems(own_corpus))


def test_problem_of_a_record_over_several_lines_is_on_its_first(own_corpus):
    path = own_corpus / "sentences.csv"
    edit(
        path, "The northern ministry denied the report about the bridge.,denial", '"The northern\nministry denied.",no'
    )
    assert problems(own_corpus)[0].endswith(f"[{path}:2]")


def test_missing_files_are_named(tmp_path, own_corpus):
    assert "there is no corpus folder" in problems(tmp_path / "nowhere")[0]
    (own_corpus / "sentences.csv").unlink()
    assert "there is no sentences.csv" in problems(own_corpus)[0]


def test_empty_split_is_refused(own_corpus):
    path = own_corpus / "articles.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",test", ",train"), encoding="utf-8")
    assert "no sentence is in the test split" in problems(own_corpus)[0]


def flatten(folder, header, rows):
    """Replace the two tables of a corpus by one."""
    (folder / "articles.csv").unlink(missing_ok=True)
    write_csv(folder / "sentences.csv", header, rows)
    return folder


def test_sentence_of_a_flat_table_is_its_own_article(own_corpus):
    rows = [[f"Sentence {number}.", "none"] for number in range(40)]
    corpus = load_corpus(flatten(own_corpus, ["text", "label"], [*rows, rows[0]]))
    both = [*corpus["train"], *corpus["test"]]
    assert len({row["article"] for row in both}) == 40
    assert 0 < len(corpus["test"]) < len(corpus["train"])
    # The sentence that occurs twice is one article, so it cannot be in both splits.
    twice = [row for row in both if row["text"] == "Sentence 0."]
    assert [row["position"] for row in twice] == [0, 1]


def test_flat_table_may_name_articles_and_splits(own_corpus):
    header = ["article", "text", "label", "split"]
    rows = [["x", "One.", "none", "train"], ["x", "Two.", "denial", "train"], ["y", "Three.", "none", "test"]]
    assert load_corpus(flatten(own_corpus, header, rows))["train"]["article"][:] == ["x", "x"]
    rows[1][3] = "test"
    path = own_corpus / "sentences.csv"
    assert problems(flatten(own_corpus, header, rows)) == (
        f"article 'x' is in both splits (first on line 2); keep it in one [{path}:3]",
    )
    rows[1][3] = "tset"
    assert "did you mean 'test'?" in problems(flatten(own_corpus, header, rows))[0]


def test_position_written_otherwise_is_the_same_position(own_corpus):
    edit(own_corpus / "sentences.csv", "a-00,1,0", "a-00,00,0")
    path = own_corpus / "sentences.csv"
    assert problems(own_corpus) == (
        f"position 0 of article 'a-00' already occurs on line 2; positions must be unique [{path}:3]",
    )
    edit(path, "a-00,00,0", "a-00,01,0")
    assert load_corpus(own_corpus)["train"]["position"][:3] == [0, 1, 2]


def test_header_with_a_name_twice_is_refused(own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace(",also,", ",label,", 1))
    assert f"column 'label' is twice in the header; rename or drop one [{path}:1]" in problems(own_corpus)


def test_labels_may_be_numbers_in_every_spelling(tmp_path):
    (tmp_path / "labels.toml").write_text("[[label]]\nname = 0\n[[label]]\nname = true\n")
    (tmp_path / "sentences.csv").write_text("text,label,split\nOne.,0,train\nTwo.,True,train\nThree.,0.0,test\n")
    corpus = load_corpus(tmp_path)
    assert (corpus["train"]["label"][:], corpus["test"]["label"][:]) == ([0, 1], [0])


def test_unknown_split_is_named_once_with_what_to_do(own_corpus):
    path = own_corpus / "articles.csv"
    path.write_text(path.read_text().replace(",train", ",dev"))
    (problem,) = problems(own_corpus)
    assert problem.startswith("split 'dev' is neither 'train' nor 'test'; write 'train' in all such rows")
    assert problem.endswith(f"[{path}:2]")


def test_mark_of_an_empty_cell_is_no_text(own_corpus):
    path = own_corpus / "sentences.csv"
    edit(path, "The northern ministry denied the report about the bridge.", "NaN")
    assert f"the text is empty; write the sentence or remove the row [{path}:2]" in problems(own_corpus)


def test_long_cell_is_read_and_a_longer_one_is_named(own_corpus):
    path = own_corpus / "sentences.csv"
    text = path.read_text()
    path.write_text(text.replace("bridge", "b" * 200_000))
    assert len(load_corpus(own_corpus)["train"][0]["text"]) > 200_000
    path.write_text(text.replace("bridge", "b" * LONGEST_CELL, 1))
    assert "a cell is longer than 10,000,000 characters; shorten it" in problems(own_corpus)[0]


def test_splits_that_are_not_needed_may_be_empty(own_corpus):
    path = own_corpus / "articles.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",test", ",train"), encoding="utf-8")
    corpus = load_corpus(own_corpus, needed=())
    assert (len(corpus["train"]), len(corpus["test"])) == (36, 0)
    assert corpus_labels(corpus).background == "none"
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().partition("\n")[0] + "\n")
    with pytest.raises(CorpusError, match="the table has no sentence; write one row per sentence"):
        load_corpus(own_corpus, needed=())


HOSTILE_CELLS = ["=1+1", "'=1+1", "-", "'quoted'", "+2", 'a "b", c', "a\rb", "a\r\nb", "\ttab", "é\u202e", "@x", "0"]


def test_exported_corpus_is_read_back_unchanged(own_corpus, tmp_path, monkeypatch):
    path = own_corpus / "sentences.csv"
    header, *rows = [list(cells) for cells in csv.reader(path.read_text().splitlines())]
    for number, row in enumerate(rows):
        row[2], row[3] = number % 3, HOSTILE_CELLS[number % len(HOSTILE_CELLS)] + f" {number}"
    with path.open("w", newline="") as file:
        for row in [header, *rows]:
            cell_writer(file)(row)
    edit(own_corpus / "articles.csv", "Title 0", "'=Title")
    corpus = load_corpus(own_corpus)
    assert corpus["train"][0]["text"] == "=1+1 0"
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(own_corpus / "labels.toml", other)
    assert cli.main(["corpus", "export", str(other / "sentences.csv"), "--corpus", str(own_corpus)]) == 0
    exported = load_corpus(other)
    assert exported["train"][:] == corpus["train"][:]
    assert exported["test"][:] == corpus["test"][:]
    assert corpus_fingerprint(exported) == corpus_fingerprint(corpus)


def test_positions_and_paragraphs_of_a_flat_table_are_checked(own_corpus):
    header = ["article", "position", "paragraph", "text", "label", "split"]
    rows = [["x", "0", "1", "One.", "none", "train"], ["x", "x", "2", "Two.", "none", "train"]]
    folder = flatten(own_corpus, header, rows)
    path = folder / "sentences.csv"
    assert problems(folder) == (f"position 'x' is not a whole number from 0 to 999,999,999 [{path}:3]",)
    rows[1][1] = "0"
    write_csv(path, header, rows)
    assert "position 0 of article 'x' already occurs on line 2" in problems(folder)[0]


def test_shipped_corpus_is_whole():
    corpus = load_corpus("data")
    both = [*corpus["train"], *corpus["test"]]
    assert len(both) >= 700
    assert len({row["article"] for row in both}) >= 60
    for collection in ("acts", "natural"):
        train, test = (
            [date for date, own in zip(rows["date"], rows["collection"], strict=True) if own == collection]
            for rows in corpus.values()
        )
        assert max(train) <= min(test)
    # Days and clock times head the entries of listings and live blogs.
    texts = [row["text"].casefold() for row in both if len(row["text"].split()) >= 4]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_semicolons_tabs_and_byte_order_marks_change_no_corpus(corpus_folder, own_corpus, delimiter, encoding):
    for path in own_corpus.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(rows)
    assert corpus_fingerprint(load_corpus(own_corpus)) == corpus_fingerprint(load_corpus(corpus_folder))
