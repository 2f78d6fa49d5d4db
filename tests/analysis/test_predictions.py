"""Predictions survive a round trip through CSV, and a damaged file is refused in one sentence."""

import numpy as np
import pytest

from tests.analysis.builders import LABELS, outside_predictions, split_predictions
from toolkit.analysis.predictions import Predictions, format_predictions, make_predictions, read_predictions
from toolkit.exceptions import RunError
from toolkit.files.csv_cells import LONGEST_CELL

HOSTILE = '<script>alert(1)</script> & "quoted" =1+1'


def test_predictions_survive_a_round_trip():
    written = outside_predictions(["denial", "none"], ["none", "none"], [HOSTILE, '=SUM(A1)\n"x",'])
    text = format_predictions(written)
    assert "\n'=SUM" in text.replace("\"'=SUM", "\n'=SUM") or "'=SUM" in text
    read = read_predictions(text, LABELS)
    assert read.text == written.text
    assert np.array_equal(read.proba, written.proba)
    assert format_predictions(read) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gold", "golden", "column 6 is 'golden', expected 'gold'; train again"),
        (",denial,", ",denail,", r"not a prediction over this label set; .*\.csv:2\]"),
        ("0.8", "much", "not a prediction"),
        (",0.100000\n", "\n", "not a prediction"),
    ],
)
def test_damaged_predictions_are_refused(old, new, message):
    text = format_predictions(outside_predictions(["denial", "none"], ["statement", "none"]))
    with pytest.raises(RunError, match=message):
        read_predictions(text.replace(old, new, 1), LABELS)


def test_predictions_without_a_row_are_refused():
    header = format_predictions(outside_predictions(["denial"], ["denial"])).partition("\n")[0]
    with pytest.raises(RunError, match="the file has no predictions"):
        read_predictions(header + "\n", LABELS)


@pytest.mark.parametrize("proba", ["0.900000,0.900000,0.000000", "nan,0.5,0.5", "-0.5,1.5,0", "inf,0,0"])
def test_invalid_probabilities_are_refused(proba):
    text = format_predictions(split_predictions(["denial", "none"], ["denial", "none"]))
    text = text.replace("0.800000,0.100000,0.100000", proba)
    with pytest.raises(RunError, match=r"the probabilities of the row sum to .*\.csv:2\]"):
        read_predictions(text, LABELS)


def test_cell_longer_than_a_table_can_hold_is_refused():
    text = format_predictions(split_predictions(["denial"], ["denial"], text=["x" * (LONGEST_CELL + 1)]))
    with pytest.raises(RunError, match=r"the table cannot be read beyond this line"):
        read_predictions(text, LABELS)


def test_predictions_of_a_long_sentence_survive():
    written = split_predictions(["denial"], ["denial"], text=["x" * 200_000])
    read = read_predictions(format_predictions(written), LABELS)
    assert isinstance(read, Predictions)
    assert read.text == written.text


def test_sentences_from_outside_are_counted_within_their_articles():
    proba = np.full((3, 3), 1 / 3)
    predictions = make_predictions(LABELS, ["a", "b", "c"], ["none"] * 3, proba, ["x", "y", "x"])
    assert (predictions.article, predictions.position) == (("x", "y", "x"), (0, 0, 1))
    alone = make_predictions(LABELS, ["a", "b", "c"], ["none"] * 3, proba)
    assert (len(set(alone.article)), set(alone.position)) == (3, {0})
