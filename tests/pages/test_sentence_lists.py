"""Lists of sentences: the most confident mistakes come first, and long sentences are cut."""

from tests.analysis.builders import outside_predictions
from toolkit.pages.sentence_lists import LONGEST, cut, worst_mistakes


def test_worst_mistakes_are_the_most_confident_wrong_predictions():
    mistakes = worst_mistakes(outside_predictions(["denial", "none", "none"], ["denial", "statement", "none"]))
    assert [(row["gold"], row["predicted"], row["confidence"]) for row in mistakes] == [("none", "statement", 0.8)]


def test_only_a_long_sentence_is_cut():
    assert cut("x" * LONGEST) == "x" * LONGEST
    assert cut("x" * 1000) == "x" * LONGEST + "… (1,000 characters)"
