"""A table with gold labels is read row by row, and its first wrong row is named."""

import pytest

from toolkit.corpus.gold_tables import LabelledSentences, read_gold_table
from toolkit.exceptions import TableError
from toolkit.files import Table, TableWriter
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def test_rows_are_read_with_and_without_second_labels():
    rows = [{"sentence": "He left.", "label": "none", "also": None}, {"sentence": "No.", "label": "denial", "also": ""}]
    texts, gold = ("He left.", "No."), ("none", "denial")
    assert read_gold_table(rows, LABELS) == LabelledSentences(texts, gold, None)
    assert read_gold_table(rows, LABELS, also_column="also") == LabelledSentences(texts, gold, (None, ""))


def test_columns_may_be_named(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("body\tact\tother\nNo.\tdenial\tstatement\n")
    assert read_gold_table(path, LABELS, "body", "act", "other") == LabelledSentences(
        ("No.",), ("denial",), ("statement",)
    )


def test_articles_are_read_where_a_column_is_named():
    rows = [{"text": "He left.", "label": "none", "story": 7}, {"text": "No.", "label": "denial", "story": "b"}]
    assert read_gold_table(rows, LABELS, article_column="story").article == ("7", "b")
    assert read_gold_table(rows, LABELS).article is None
    with pytest.raises(TableError, match=r"row 2 has no article; name the article of each sentence \[table\]"):
        read_gold_table([rows[0], {**rows[1], "story": None}], LABELS, article_column="story")


def test_column_without_a_name_is_not_taken_for_second_labels(tmp_path):
    # As pandas writes its index.
    path = tmp_path / "t.csv"
    path.write_text(",text,label\n0,No.,denial\n")
    assert read_gold_table(path, LABELS) == LabelledSentences(("No.",), ("denial",), None)


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize(
    ("names", "cells", "expected"),
    [
        (["0", "1"], [0, 1, 1], ("0", "1", "1")),
        ([0, 1], ["0", "1", "0"], ("0", "1", "0")),
        (["0", "1"], [0.0, 1.0, 1.0], ("0", "1", "1")),
        (["true", "false"], [True, False, True], ("true", "false", "true")),
        (["True", "False"], [True, False, True], ("True", "False", "True")),
        (["2.5", "3.5"], [2.5, 3.5, 2.5], ("2.5", "3.5", "2.5")),
    ],
)
def test_label_that_is_a_number_or_a_truth_value_is_its_text(tmp_path, ending, names, cells, expected):
    path = tmp_path / f"t{ending}"
    TableWriter(path).write([Table({"text": ["One.", "Two.", "Three."], "label": cells, "also": cells})])
    sentences = read_gold_table(path, LabelSet.from_names(names), also_column="also")
    assert (sentences.gold, sentences.also) == (expected, expected)


def test_list_of_one_label_is_that_label_and_one_of_two_is_refused():
    assert read_gold_table([{"text": "No.", "label": ["denial"]}], LABELS).gold == ("denial",)
    with pytest.raises(TableError, match=r"label \"\['denial', 'none'\]\" is not in the label set"):
        read_gold_table([{"text": "No.", "label": ["denial", "none"]}], LABELS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": " ", "label": "denial"}, r"'text' of row 5001 is ' ', expected a sentence; .*\[table\]"),
        ({"text": "nan", "label": "denial"}, "'text' of row 5001 is 'nan', expected a sentence"),
        ({"text": None, "label": "denial"}, "'text' of row 5001 is None"),
        ({"label": "denial"}, "'text' of row 5001 is None"),
        ({"text": "No.", "label": "denail"}, r"did you mean 'denial'\? \[table, row 5001\]"),
        ({"text": "No.", "label": 3}, r"label '3' is not in the label set .*row 5001\]"),
        ({"text": "No."}, r"label '' is not in the label set .*row 5001\]"),
        ({"text": "No.", "label": "denial", "also": "nope"}, r"label 'nope' is not in the label set .*row 5001\]"),
    ],
)
def test_first_wrong_row_is_named(row, message):
    rows = [{"text": "No.", "label": "denial", "also": ""}] * 5000 + [row]
    with pytest.raises(TableError, match=message):
        read_gold_table(rows, LABELS, also_column="also")


def test_table_without_rows_is_refused():
    with pytest.raises(TableError, match=r"the table has no row; .*\[table\]"):
        read_gold_table([], LABELS)
