"""Abstention: a threshold reaches what was asked where it was chosen, and the area is a mean over orders."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.analysis.abstention import (
    choose_threshold,
    least_area,
    measure_abstention,
    measure_kept,
    risk_coverage,
    risk_coverage_area,
)
from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.labels import LabelSet
from toolkit.statistics.metrics import article_confusions

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def predictions(right, confidence, articles=None):
    """Sentences predicted as denials that are so where they are right, else statements."""
    gold = ["denial" if is_right else "statement" for is_right in right]
    proba = np.column_stack([confidence, np.subtract(1, confidence), np.zeros(len(gold))])
    made = make_predictions(LABELS, [""] * len(gold), gold, proba)
    made = replace(made, predicted=("denial",) * len(gold))
    return made if articles is None else replace(made, article=tuple(articles))


def test_confusions_of_some_sentences_keep_the_articles_of_all():
    counts = article_confusions(["a", "b", "b"], ["a", "b", "a"], ["y", "x", "x"], ["a", "b"], [True, True, False])
    assert counts.tolist() == [[[0, 0], [0, 1]], [[1, 0], [0, 0]]]
    assert article_confusions(["a", "b", "b"], ["a", "b", "a"], ["y", "x", "x"], ["a", "b"]).sum() == 3
    with pytest.raises(ValueError, match="1 gold and 2 predicted labels came"):
        article_confusions(["a"], ["a", "b"], ["x"], ["a", "b"])


def test_curve_falls_by_the_confidences_that_occur():
    # Surest first: right; then two equally sure, one of them wrong; then a wrong one.
    curve = risk_coverage([False, True, True, False], [0.5, 0.9, 0.7, 0.7])
    assert curve.threshold.tolist() == [0.9, 0.7, 0.5]
    assert curve.coverage == pytest.approx([1 / 4, 3 / 4, 1])
    assert curve.risk == pytest.approx([0, 1 / 3, 2 / 4])


def test_area_is_the_mean_of_the_risks_of_a_hand_count():
    # Wrong, right, right, wrong, right: risks 1, 1/2, 1/3, 2/4, 2/5.
    area = risk_coverage_area([False, True, True, False, True], [0.9, 0.8, 0.7, 0.6, 0.5])
    assert area == pytest.approx((1 + 1 / 2 + 1 / 3 + 2 / 4 + 2 / 5) / 5)


def test_area_of_all_equally_sure_is_the_error_rate():
    assert risk_coverage_area([True, False, False, True, True], [0.5] * 5) == pytest.approx(2 / 5)


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([0.5, 0.7, 0.9])), min_size=1, max_size=5),
)
def test_area_is_the_mean_over_all_orders_of_equally_sure_sentences(outcomes):
    risks = []
    for order in itertools.permutations(outcomes):
        # Only orders that put the surer first.
        if all(one[1] >= two[1] for one, two in itertools.pairwise(order)):
            wrong = np.cumsum([not right for right, _ in order])
            risks.append((wrong / np.arange(1, len(order) + 1)).mean())
    right, confidence = zip(*outcomes, strict=True)
    assert risk_coverage_area(right, confidence) == pytest.approx(np.mean(risks))


def test_weight_is_as_many_copies_of_a_sentence():
    right, confidence = [False, False, True, True], [0.6, 0.8, 0.8, 0.9]
    weights = [[2, 0, 3, 1], [1, 1, 1, 1], [0, 0, 0, 2], [0, 0, 0, 0]]
    areas = risk_coverage_area(right, confidence, weights)
    for row in range(3):
        rows = np.repeat(np.arange(4), weights[row])
        assert areas[row] == pytest.approx(risk_coverage_area(np.array(right)[rows], np.array(confidence)[rows]))
    assert np.isnan(areas[3])


def test_least_area_is_that_of_a_perfect_order():
    assert least_area(2, 5) == pytest.approx(risk_coverage_area([True] * 3 + [False] * 2, [0.9, 0.8, 0.7, 0.6, 0.5]))
    assert least_area([0, 3], [4, 3]).tolist() == [0, 1]


def test_threshold_is_the_lowest_that_reaches_the_accuracy():
    right, confidence = [True, False, True, True, False], [0.9, 0.8, 0.7, 0.6, 0.5]
    # Accuracies as the threshold falls: 1, 1/2, 2/3, 3/4, 3/5.
    assert choose_threshold(right, confidence, 0.75) == 0.6
    assert choose_threshold(right, confidence, 0.76) == 0.9
    assert choose_threshold(right, confidence, 0.6) == 0.5
    assert np.isnan(choose_threshold([False, True], [0.9, 0.8], 0.9))


def test_equally_sure_sentences_are_labelled_together_or_not_at_all():
    assert np.isnan(choose_threshold([True, False], [0.8, 0.8], 0.9))


def test_threshold_of_one_sentence_is_its_own():
    assert choose_threshold([True], [0.4], 1.0) == 0.4


def test_threshold_is_applied_to_sentences_it_was_not_chosen_on():
    chosen_on = predictions([True, True, True, False], [0.9, 0.8, 0.7, 0.6])
    applied_to = predictions([True, False, True, True, True], [0.95, 0.8, 0.69, 0.65, 0.1])
    found = measure_abstention(chosen_on, applied_to, [1.0, 0.75], 200)
    first, second = found.thresholds
    assert (first.threshold, second.threshold) == (0.7, 0.6)
    assert first.chosen_on.accuracy.value == 1
    assert first.chosen_on.coverage.value == 3 / 4
    assert (first.applied_to.n_sentences, first.applied_to.coverage.value) == (2, 2 / 5)
    assert first.applied_to.accuracy.value == 1 / 2
    assert second.applied_to.coverage.value == 4 / 5
    # Predicted denials, of which one is a statement: F1 of 2/3 and, for statements, 0.
    assert first.applied_to.headline.value == pytest.approx((2 / 3 + 0) / 2)
    assert found.area.value == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5) / 5)
    assert found.excess_area.value == pytest.approx(found.area.value - (1 / 5) / 5)


def test_accuracy_out_of_reach_is_null_in_json():
    told = predictions([False, True], [0.9, 0.8])
    found = measure_abstention(told, told, [0.99], 100)
    assert found.thresholds[0].applied_to is None
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["thresholds"][0]["threshold"] is None


def test_threshold_above_all_leaves_nothing_and_scores_nothing():
    kept = measure_kept(predictions([True, False], [0.6, 0.5]), 0.7, 100)
    assert (kept.coverage.value, kept.n_sentences) == (0, 0)
    assert np.isnan(kept.accuracy.value)
    assert np.isnan(kept.headline.low)


def test_threshold_below_all_leaves_the_scores_as_they_are():
    rng = np.random.default_rng(1)
    articles = [f"a-{row % 12 if row < 40 else 0}" for row in range(60)]
    told = predictions(rng.random(60) < 0.7, rng.uniform(0.5, 1, 60).round(6), articles)
    kept, scores = measure_kept(told, 0.0, 300, seed=4), score_predictions(told, 300, seed=4)
    assert kept.accuracy == scores.accuracy
    assert kept.headline == scores.headline
    assert (kept.coverage.low, kept.coverage.high) == (1, 1)


def test_intervals_resample_articles_and_not_sentences():
    rng = np.random.default_rng(2)
    right, sure = rng.random(80) < 0.7, rng.uniform(0.5, 1, 80).round(6)
    articles = [f"a-{row % 16}" for row in range(80)]
    one = predictions(right, sure, articles)
    four = predictions(np.tile(right, 4), np.tile(sure, 4), articles * 4)
    found = [measure_abstention(told, told, [0.8], 250) for told in (one, four)]
    # Copies are equally sure, so that the area itself moves a little, and hardly its width.
    widths = [each.area.high - each.area.low for each in found]
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    assert found[1].thresholds[0].applied_to.coverage == found[0].thresholds[0].applied_to.coverage
    for each in found:
        assert each.area.low < each.area.value < each.area.high
        assert 0 <= each.excess_area.low < each.excess_area.value < each.excess_area.high


def test_perfect_order_has_no_excess_in_any_draw():
    told = predictions([True] * 12 + [False] * 4, np.linspace(0.9, 0.6, 16).round(6), [row % 8 for row in range(16)])
    found = measure_abstention(told, told, [], 200)
    assert vars_of(found.excess_area) == pytest.approx((0, 0, 0))
    assert found.area.high > found.area.low > 0


def vars_of(estimate):
    return estimate.value, estimate.low, estimate.high


def test_order_of_sentences_does_not_matter():
    rng = np.random.default_rng(3)
    right, sure = rng.random(50) < 0.6, rng.choice([0.5, 0.6, 0.9], 50)
    rows = rng.permutation(50)
    assert risk_coverage_area(right[rows], sure[rows]) == pytest.approx(risk_coverage_area(right, sure))
    assert choose_threshold(right[rows], sure[rows], 0.5) == choose_threshold(right, sure, 0.5)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(ValueError, match="0 outcomes and 0 confidences came"):
        risk_coverage([], [])
    with pytest.raises(ValueError, match="2 outcomes and 1 confidences came"):
        risk_coverage_area([True, False], [0.5])
    with pytest.raises(ValueError, match="accuracy 90 came, expected a share"):
        choose_threshold([True], [0.5], 90)
