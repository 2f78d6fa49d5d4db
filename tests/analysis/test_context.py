"""Context survives a round trip through CSV, and a damaged file is refused in one sentence."""

import pytest

from tests.analysis.builders import split_predictions
from toolkit.analysis.context import Context, format_context, no_context, read_context
from toolkit.exceptions import RunError


def test_context_survives_a_round_trip():
    context = Context(("2031-01-01", ""), ("=wire", 'a,"b"'), ("denial", ""), ("", "none"))
    predictions = split_predictions(["denial", "none"], ["denial", "none"])
    text = format_context(context, predictions)
    assert "'=wire" in text
    assert read_context(text, predictions) == context


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("genre", "kind", "column 4 is 'kind', expected 'genre'; train again"),
        ("a0,1", "a0,7", r"the row is not about the sentence predicted there; .*\.csv:3\]"),
        ("a0,1,,,,\n", "", "1 sentences came, 2 were predicted"),
        ("a0,1,,,,", "a0,1,,,denail,", r"label 'denail' is not in the label set .*\.csv:3\]"),
        ("a0,1,,,,", "a0,1", "the row is not about the sentence"),
    ],
)
def test_damaged_context_is_refused(old, new, message):
    predictions = split_predictions(["denial", "none"], ["denial", "none"])
    text = format_context(no_context(2), predictions)
    assert old in text
    with pytest.raises(RunError, match=message):
        read_context(text.replace(old, new, 1), predictions)


def test_empty_context_is_refused():
    with pytest.raises(RunError, match="the table of sentences cannot be read"):
        read_context("", split_predictions(["denial"], ["denial"]))
