"""Scores are those of a hand count, and two systems are compared on the same sentences."""

import json
import math
from dataclasses import replace

import pytest

from tests.analysis.builders import outside_predictions
from toolkit.analysis.scores import compare_predictions, score_by_ambiguity, score_predictions


def test_headline_leaves_the_background_out_and_counts_its_confusions():
    scores = score_predictions(
        outside_predictions(["denial", "statement", "none", "none"], ["denial", "statement", "none", "denial"]), 100
    )
    # denial: one of two predicted right, F1 2/3; statement: 1.
    assert scores.headline.value == pytest.approx((2 / 3 + 1) / 2)
    assert scores.headline.low <= scores.headline.value <= scores.headline.high
    assert [label.support for label in scores.labels] == [1, 1, 2]
    assert scores.confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 1))


def test_proportions_and_precision_of_rare_labels():
    gold = ["denial"] + ["statement"] * 2 + ["none"] * 17
    predictions = outside_predictions(gold, ["denial", "denial", *gold[2:]])
    scores = score_predictions(predictions, 100)
    denial = scores.labels[0]
    assert (denial.gold_proportion.value, denial.predicted_proportion.value) == (1 / 20, 2 / 20)
    # Statements are a tenth of the sentences, and so not rare.
    assert scores.rare.names == ("denial",)
    assert scores.rare.precision.value == 1 / 2
    assert score_predictions(predictions, 100, rare=["denial", "statement"]).rare.precision.value == 2 / 3
    assert score_predictions(predictions, 100, rare=[]).rare is None


def test_expected_precision_is_lower_where_the_label_is_rarer():
    gold = ["denial"] * 10 + ["none"] * 10
    scores = score_predictions(outside_predictions(gold, ["denial"] * 9 + ["none"] * 10 + ["denial"]), 100)
    values = [estimate.value for estimate in scores.labels[0].expected_precision]
    assert values == sorted(values)
    assert values[scores.base_rates.index(0.5)] == pytest.approx(scores.labels[0].precision.value)
    # 9 in 10 of 4 in 100, and 1 in 10 of 96.
    assert values[scores.base_rates.index(0.04)] == pytest.approx(3.6 / (3.6 + 9.6))


def test_undefined_score_is_null_in_json():
    record = score_predictions(outside_predictions(["none", "none"], ["none", "none"]), 100).to_dict()
    assert record["labels"][0]["f1"]["value"] is None
    json.dumps(record, allow_nan=False)


def test_lenient_and_unambiguous_scores():
    graded = score_by_ambiguity(
        outside_predictions(["denial", "denial", "statement"], ["statement", "denial", "statement"]),
        ["statement", "", ""],
        100,
    )
    assert graded["strict"].accuracy.value == pytest.approx(2 / 3)
    assert graded["lenient"].accuracy.value == 1
    assert graded["unambiguous"].n_sentences == 2
    assert list(score_by_ambiguity(outside_predictions(["denial"], ["denial"]), None, 100)) == ["strict"]
    assert list(score_by_ambiguity(outside_predictions(["denial"], ["denial"]), ["none"], 100)) == ["strict", "lenient"]


def test_difference_is_paired_and_refuses_other_sentences():
    gold = ["denial", "statement"] * 10
    good, bad = outside_predictions(gold, gold), outside_predictions(gold, ["statement", "denial"] * 10)
    difference = compare_predictions(good, bad, 200)
    assert (difference.value, difference.low, difference.high) == (1, 1, 1)
    assert difference.p_value < 0.05
    with pytest.raises(ValueError, match="differ in gold"):
        compare_predictions(good, outside_predictions(["denial"] * 20, gold))


def test_one_article_has_no_interval():
    predictions = outside_predictions(["denial", "none"], ["denial", "none"])
    scores = score_predictions(replace(predictions, article=("a", "a")), 100)
    assert scores.headline.value == 1
    assert all(math.isnan(bound) for bound in (scores.headline.low, scores.accuracy.high, scores.brier.low))
    assert math.isnan(scores.calibration_error.low)
    assert scores.n_resamples == 100
    assert score_predictions(predictions, 100).accuracy.low == 1
