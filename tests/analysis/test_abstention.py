"""Abstention: a threshold reaches its target where it was chosen, and the area is a mean over orders."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, strategies as st

from toolkit.analysis.abstention import (
    choose_threshold,
    least_area,
    measure_abstention,
    risk_coverage,
    risk_coverage_area,
    score_above,
)
from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import article_confusions

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def predict_denials(correct, confidence, articles=None):
    """Sentences predicted as denials: correct ones are denials, the others statements."""
    gold = ["denial" if is_correct else "statement" for is_correct in correct]
    proba = np.column_stack([confidence, np.subtract(1, confidence), np.zeros(len(gold))])
    predictions = make_predictions(LABELS, [""] * len(gold), gold, proba)
    predictions = replace(predictions, predicted=("denial",) * len(gold))
    return predictions if articles is None else replace(predictions, article=tuple(articles))


def test_confusions_of_some_sentences_keep_the_articles_of_all():
    counts = article_confusions(["a", "b", "b"], ["a", "b", "a"], ["y", "x", "x"], ["a", "b"], [True, True, False])
    assert counts.tolist() == [[[0, 0], [0, 1]], [[1, 0], [0, 0]]]
    assert article_confusions(["a", "b", "b"], ["a", "b", "a"], ["y", "x", "x"], ["a", "b"]).sum() == 3
    with pytest.raises(ValueError, match="1 gold and 2 predicted labels came"):
        article_confusions(["a"], ["a", "b"], ["x"], ["a", "b"])


def test_curve_falls_by_the_confidences_that_occur():
    # By falling confidence: a correct one; then two of equal confidence, one of them wrong; then a wrong one.
    curve = risk_coverage([False, True, True, False], [0.5, 0.9, 0.7, 0.7])
    assert curve.threshold.tolist() == [0.9, 0.7, 0.5]
    assert curve.coverage == pytest.approx([1 / 4, 3 / 4, 1])
    assert curve.risk == pytest.approx([0, 1 / 3, 2 / 4])


def test_area_is_the_mean_of_the_risks_of_a_hand_count():
    # Wrong, correct, correct, wrong, correct: risks 1, 1/2, 1/3, 2/4, 2/5.
    area = risk_coverage_area([False, True, True, False, True], [0.9, 0.8, 0.7, 0.6, 0.5])
    assert area == pytest.approx((1 + 1 / 2 + 1 / 3 + 2 / 4 + 2 / 5) / 5)


def test_area_of_equal_confidences_is_the_error_rate():
    assert risk_coverage_area([True, False, False, True, True], [0.5] * 5) == pytest.approx(2 / 5)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.5, 0.7, 0.9])), min_size=1, max_size=5),
)
def test_area_is_the_mean_over_all_orders_of_equal_confidences(outcomes):
    risks = []
    for order in itertools.permutations(outcomes):
        # Only orders of falling confidence.
        if all(one[1] >= two[1] for one, two in itertools.pairwise(order)):
            wrong = np.cumsum([not correct for correct, _ in order])
            risks.append((wrong / np.arange(1, len(order) + 1)).mean())
    correct, confidence = zip(*outcomes, strict=True)
    assert risk_coverage_area(correct, confidence) == pytest.approx(np.mean(risks))


def test_weight_is_as_many_copies_of_a_sentence():
    correct, confidence = [False, False, True, True], [0.6, 0.8, 0.8, 0.9]
    weights = [[2, 0, 3, 1], [1, 1, 1, 1], [0, 0, 0, 2], [0, 0, 0, 0]]
    areas = risk_coverage_area(correct, confidence, weights)
    for row in range(3):
        rows = np.repeat(np.arange(4), weights[row])
        assert areas[row] == pytest.approx(risk_coverage_area(np.array(correct)[rows], np.array(confidence)[rows]))
    assert np.isnan(areas[3])


def test_least_area_is_that_of_a_perfect_order():
    assert least_area(2, 5) == pytest.approx(risk_coverage_area([True] * 3 + [False] * 2, [0.9, 0.8, 0.7, 0.6, 0.5]))
    assert least_area([0, 3], [4, 3]).tolist() == [0, 1]


def test_threshold_is_the_lowest_that_reaches_the_accuracy():
    correct, confidence = [True, False, True, True, False], [0.9, 0.8, 0.7, 0.6, 0.5]
    # Accuracies as the threshold falls: 1, 1/2, 2/3, 3/4, 3/5.
    assert choose_threshold(correct, confidence, 0.75) == 0.6
    assert choose_threshold(correct, confidence, 0.76) == 0.9
    assert choose_threshold(correct, confidence, 0.6) == 0.5
    assert np.isnan(choose_threshold([False, True], [0.9, 0.8], 0.9))


def test_sentences_of_equal_confidence_are_labelled_together_or_not_at_all():
    assert np.isnan(choose_threshold([True, False], [0.8, 0.8], 0.9))


def test_threshold_of_one_sentence_is_its_own():
    assert choose_threshold([True], [0.4], 1.0) == 0.4


def test_threshold_is_applied_to_sentences_it_was_not_chosen_on():
    chosen_on = predict_denials([True, True, True, False], [0.9, 0.8, 0.7, 0.6])
    applied_to = predict_denials([True, False, True, True, True], [0.95, 0.8, 0.69, 0.65, 0.1])
    abstention = measure_abstention(chosen_on, applied_to, [1.0, 0.75], 200)
    first, second = abstention.thresholds
    assert (first.threshold, second.threshold) == (0.7, 0.6)
    assert first.chosen_on.accuracy.value == 1
    assert first.chosen_on.coverage.value == 3 / 4
    assert (first.applied_to.n_sentences, first.applied_to.coverage.value) == (2, 2 / 5)
    assert first.applied_to.accuracy.value == 1 / 2
    assert second.applied_to.coverage.value == 4 / 5
    # Predicted denials, of which one is a statement: F1 of 2/3 and, for statements, 0.
    assert first.applied_to.headline.value == pytest.approx((2 / 3 + 0) / 2)
    assert abstention.area.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5)
    assert abstention.excess_area.value == pytest.approx(abstention.area.value - (1 / 5) / 5)


def test_unreachable_accuracy_is_null_in_json():
    predictions = predict_denials([False, True], [0.9, 0.8])
    abstention = measure_abstention(predictions, predictions, [0.99], 100)
    assert abstention.thresholds[0].applied_to is None
    assert json.loads(json.dumps(abstention.to_dict(), allow_nan=False))["thresholds"][0]["threshold"] is None


def test_threshold_above_all_labels_nothing_and_scores_nothing():
    scores = score_above(predict_denials([True, False], [0.6, 0.5]), 0.7, 100)
    assert (scores.coverage.value, scores.n_sentences) == (0, 0)
    assert np.isnan(scores.accuracy.value)
    assert np.isnan(scores.headline.low)


def test_threshold_below_all_gives_the_scores_of_all_sentences():
    rng = np.random.default_rng(1)
    articles = [f"a-{row % 12 if row < 40 else 0}" for row in range(60)]
    predictions = predict_denials(rng.random(60) < 0.7, rng.uniform(0.5, 1, 60).round(6), articles)
    above, scores = score_above(predictions, 0.0, 300, seed=4), score_predictions(predictions, 300, seed=4)
    assert above.accuracy == scores.accuracy
    assert above.headline == scores.headline
    assert (above.coverage.low, above.coverage.high) == (1, 1)


def test_intervals_resample_articles_and_not_sentences():
    rng = np.random.default_rng(2)
    correct, confidence = rng.random(80) < 0.7, rng.uniform(0.5, 1, 80).round(6)
    articles = [f"a-{row % 16}" for row in range(80)]
    one = predict_denials(correct, confidence, articles)
    four = predict_denials(np.tile(correct, 4), np.tile(confidence, 4), articles * 4)
    measured = [measure_abstention(predictions, predictions, [0.8], 250) for predictions in (one, four)]
    # Copies have equal confidence, so that the area itself moves a little, and hardly its width.
    widths = [each.area.high - each.area.low for each in measured]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    assert measured[1].thresholds[0].applied_to.coverage == measured[0].thresholds[0].applied_to.coverage
    for each in measured:
        assert each.area.low < each.area.value < each.area.high
        assert 0 <= each.excess_area.low < each.excess_area.value < each.excess_area.high


def test_perfect_ranking_has_no_excess_in_any_resample():
    predictions = predict_denials(
        [True] * 12 + [False] * 4, np.linspace(0.9, 0.6, 16).round(6), [row % 8 for row in range(16)]
    )
    abstention = measure_abstention(predictions, predictions, [], 200)
    assert vars_of(abstention.excess_area) == pytest.approx((0, 0, 0))
    assert abstention.area.high > abstention.area.low > 0


def vars_of(estimate):
    return estimate.value, estimate.low, estimate.high


def test_order_of_sentences_does_not_matter():
    rng = np.random.default_rng(3)
    correct, confidence = rng.random(50) < 0.6, rng.choice([0.5, 0.6, 0.9], 50)
    rows = rng.permutation(50)
    assert risk_coverage_area(correct[rows], confidence[rows]) == pytest.approx(risk_coverage_area(correct, confidence))
    assert choose_threshold(correct[rows], confidence[rows], 0.5) == choose_threshold(correct, confidence, 0.5)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="0 outcomes and 0 confidences came"):
        risk_coverage([], [])
    with pytest.raises(ValueError, match="2 outcomes and 1 confidences came"):
        risk_coverage_area([True, False], [0.5])
    with pytest.raises(ValueError, match="accuracy is 90, expected a proportion"):
        choose_threshold([True], [0.5], 90)
