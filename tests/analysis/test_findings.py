"""Findings hold the second annotator beside the model, and the list of sentences to read."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.analysis.builders import LABELS, split_predictions
from toolkit.analysis.context import no_context
from toolkit.analysis.findings import contrast_labels, measure_findings, reading_list


def test_ceiling_scores_the_second_annotator_beside_the_model():
    # Test split: rows 2 and 3. The annotator is correct on both, the model on one of two.
    predictions = split_predictions(["denial", "statement"] * 2, ["denial", "statement", "denial", "denial"])
    context = replace(no_context(4), second=("", "", "denial", "statement"))
    ceiling = measure_findings(predictions, context, None, 50).ceiling
    assert ceiling.train is None
    assert ceiling.test.annotator.headline.value == 1
    # F1 of denial 2/3, of statement 0.
    assert ceiling.test.model.value == pytest.approx((2 / 3 + 0) / 2)
    assert ceiling.test.gap.value == pytest.approx(1 / 3 - 1)


def test_findings_are_plain_data_and_thin_the_curve():
    gold = ["denial", "statement", "none"] * 300
    predictions = split_predictions(gold, gold)
    proba = np.random.default_rng(0).dirichlet([1, 1, 1], 900)
    predictions = replace(
        predictions, proba=proba, predicted=tuple(LABELS.names[column] for column in proba.argmax(axis=1))
    )
    record = measure_findings(predictions, no_context(900), None, 20).to_dict()
    json.dumps(record, allow_nan=False)
    curve = record["abstention"]["curve"]
    assert len(curve["coverage"]) == 200
    assert curve["coverage"][-1] == 1
    assert curve["risk"][-1] == pytest.approx(1 - record["scores"]["test"]["accuracy"]["value"], abs=1e-6)


def test_collections_are_scored_apart_with_the_labels_that_are_rare_at_natural_rates():
    # Articles of two sentences, in turn of either collection; denials are rare in 'natural' alone.
    gold = (["denial", "denial", "none", "none"] * 12)[:48]
    gold[::4] = ["none"] * 12
    gold[2] = gold[26] = "denial"
    predictions = split_predictions(gold, [*gold[:-1], "denial"])
    context = replace(no_context(48), collection=("acts", "acts", "natural", "natural") * 12)
    findings = measure_findings(predictions, context, None, 50)
    natural, acts = findings.collections
    assert (natural.name, acts.name) == ("natural", "acts")
    assert natural.scores.train.n_sentences == acts.scores.train.n_sentences == 12
    assert natural.scores.train.accuracy.value == 1
    assert natural.scores.test.accuracy.value == 11 / 12
    # No sentence is a statement, which is rarer still.
    assert {part.scores.test.rare.names for part in findings.collections} == {("denial", "statement")}
    assert findings.scores.train.rare.names == ("denial", "statement")
    assert natural.scores.test.rare.precision.value == 1 / 2


def test_split_without_a_sentence_of_a_collection_has_no_scores_of_it():
    predictions = split_predictions(["denial", "none"] * 2, ["denial", "none"] * 2)
    context = replace(no_context(4), collection=("acts", "acts", "natural", "natural"))
    [natural, acts] = measure_findings(predictions, context, None, 50).collections
    assert natural.scores.train is None
    assert acts.scores.test is None


def test_context_of_another_length_is_refused():
    with pytest.raises(ValueError, match="the context has 1 rows, there are 2 predictions"):
        measure_findings(split_predictions(["denial", "none"], ["denial", "none"]), no_context(1))


def test_reading_list_has_mistakes_first_and_each_has_a_contrast():
    predictions = split_predictions(["denial", "none", "none", "denial"], ["denial", "statement", "none", "none"])
    predictions = replace(
        predictions, proba=np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0, 0.1, 0.9], [0.1, 0.2, 0.7]])
    )
    assert reading_list(predictions) == (3, 1, 2, 0)
    assert contrast_labels(predictions, [3, 1, 2, 0]) == ["denial", "none", "statement", "statement"]
