"""Sentences about collections and base rates state what the scores hold."""

from dataclasses import replace

import pytest

from tests.analysis.builders import LABELS, outside_predictions, split_predictions
from toolkit.analysis.context import no_context
from toolkit.analysis.findings import CollectionScores, measure_findings
from toolkit.analysis.records import BySplit
from toolkit.analysis.scores import Estimate, score_predictions
from toolkit.pages.base_rates import (
    collection_tables,
    describe_rare,
    observed_scores,
    proportion_tables,
    state_collection,
    state_expected_precision,
    state_rare,
)

GOLD = ["denial"] + ["statement"] * 2 + ["none"] * 17


@pytest.fixture
def scores():
    return score_predictions(outside_predictions(GOLD, ["denial", "denial", *GOLD[2:]]), 100)


@pytest.fixture
def findings():
    context = replace(no_context(8), collection=("acts", "acts", "natural", "natural") * 2)
    gold = ["denial", "none"] * 4
    return measure_findings(split_predictions(gold, gold), context, None, 20)


def test_collection_is_stated_held_out_and_otherwise_cross_validated(scores):
    accuracy, rare = Estimate(0.8, 0.7, 0.9), replace(scores.rare, precision=Estimate(0.5, 0.25, 0.75))
    scores = replace(scores, headline=Estimate(0.5, 0.4, 0.6), accuracy=accuracy, rare=rare)
    expected = (
        "Collection “natural”: macro F1 0.500 (95 % CI 0.400–0.600) and accuracy 0.800 (95 % CI 0.700–0.900) "
        "on 20 held-out sentences; of the sentences labelled denial, 50 % [25 %, 75 %] are right."
    )
    assert state_collection(CollectionScores("natural", BySplit(None, scores))) == expected
    without = replace(scores, rare=None)
    sentence = state_collection(CollectionScores("natural", BySplit(without, None)))
    assert sentence.endswith("on 20 cross-validated sentences.")
    assert describe_rare(without) == state_collection(CollectionScores("natural", BySplit(None, None))) == ""


def test_expected_precision_is_stated_for_ten_predictions(scores):
    def expect(value, low, high):
        labels = tuple(
            replace(label, expected_precision=(Estimate(value, low, high),) * len(scores.base_rates))
            for label in scores.labels
        )
        return replace(scores, labels=labels)

    assert state_expected_precision(expect(0.31, 0.2, 0.44), LABELS) == (
        "Where 4 % of sentences have a label, 3 of 10 sentences labelled denial would be right [2, 4]."
    )
    assert "labelled statement" in state_expected_precision(replace(expect(0.3, 0.2, 0.4), rare=None), LABELS)
    assert state_expected_precision(expect(float("nan"), 0.2, 0.4), LABELS) == ""
    assert state_expected_precision(replace(scores, base_rates=()), LABELS) == ""


def test_natural_rates_come_first(findings):
    assert [name for name, _ in observed_scores(findings)] == ["natural", "acts"]
    tables = collection_tables(findings)
    assert [table["title"] for table in tables] == ["test split", "cross-validated on train"]
    assert [name for name, _ in tables[0]["rows"]] == ["natural", "acts"]
    assert [table["title"] for table in proportion_tables(findings)] == ["collection “natural”", "collection “acts”"]
    assert "one in ten sentences of “natural”: statement." in state_rare(findings)


def test_corpus_without_collections_is_one(findings):
    findings = replace(findings, collections=())
    assert observed_scores(findings) == [("train", findings.scores.train)]
    assert collection_tables(findings) == []
    assert [table["title"] for table in proportion_tables(findings)] == ["all sentences"]
    assert "one in ten sentences: statement." in state_rare(findings)
    bare = replace(findings, scores=replace(findings.scores, test=replace(findings.scores.test, rare=None)))
    assert state_rare(bare) == ""
