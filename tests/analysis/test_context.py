"""Context survives a round trip through CSV, and a damaged file is refused in one sentence."""

from dataclasses import replace

import pytest

from tests.analysis.builders import split_predictions
from tests.conftest import add_collections
from toolkit.analysis.context import Context, corpus_context, format_context, no_context, read_context
from toolkit.corpus import corpus_labels, load_corpus
from toolkit.exceptions import RunError


def test_context_survives_a_round_trip():
    context = Context(("2031-01-01", ""), ("=wire", 'a,"b"'), ("denial", ""), ("", "none"))
    predictions = split_predictions(["denial", "none"], ["denial", "none"])
    text = format_context(context, predictions)
    assert "'=wire" in text
    assert read_context(text, predictions) == context


def test_collections_are_a_column_of_their_own_where_there_are_some():
    context = replace(no_context(2), collection=("natural", "acts"))
    predictions = split_predictions(["denial", "none"], ["denial", "none"])
    text = format_context(context, predictions)
    assert text.splitlines()[0] == "article,position,date,genre,first,second,collection"
    assert read_context(text, predictions) == context
    assert context.collections == ("natural", "acts")
    assert context.take([1]).collection == ("acts",)
    assert "collection" not in format_context(no_context(2), predictions)


def test_context_of_a_corpus_has_its_collections(own_corpus):
    corpus = load_corpus(own_corpus)
    assert corpus_context(corpus, corpus_labels(corpus)).collection == ()
    assert corpus_context(corpus.remove_columns("collection"), corpus_labels(corpus)).collection == ()
    corpus = load_corpus(add_collections(own_corpus))
    assert corpus_context(corpus, corpus_labels(corpus)).collection[:4] == ("acts", "acts", "acts", "natural")


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
