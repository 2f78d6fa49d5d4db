"""Calibration: a bin says how often its sentences are right, and the Brier score falls into parts."""

import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from toolkit import metrics
from toolkit.calibration import brier_parts, classwise_error, count_forecasts, measure_calibration
from toolkit.evaluation import Predictions, make_predictions, score
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
AB = LabelSet.from_names(["a", "b"])


def predictions(labels, gold, proba, article=None):
    made = make_predictions(labels, [""] * len(gold), gold, np.asarray(proba))
    columns = {name: getattr(made, name) for name in Predictions.__slots__}
    return Predictions(**columns | ({} if article is None else {"article": tuple(article)}))


@pytest.fixture
def drawn():
    """300 sentences of 30 articles with probabilities that say too much."""
    rng = np.random.default_rng(8)
    proba = rng.dirichlet(np.ones(3) / 2, 300).round(6)
    gold = [LABELS.names[rng.choice(3, p=0.6 * row / row.sum() + 0.4 / 3)] for row in proba]
    return predictions(LABELS, gold, proba, [f"a-{row % 30}" for row in range(300)])


def test_bins_say_how_often_their_sentences_are_right():
    gold = ["a", "a", "b", "a", "b"]
    found = measure_calibration(predictions(AB, gold, [[0.85, 0.15]] * 3 + [[0.62, 0.38], [0.4, 0.6]]), 200)
    assert [part.n_sentences for part in found.bins] == [0, 0, 0, 0, 0, 0, 2, 0, 3, 0]
    sure, unsure = found.bins[8], found.bins[6]
    assert (sure.low, sure.high) == (0.8, 0.9)
    assert (sure.confidence, sure.accuracy.value) == (pytest.approx(0.85), pytest.approx(2 / 3))
    assert (unsure.confidence, unsure.accuracy.value) == (pytest.approx(0.61), 1)
    assert 0 <= sure.accuracy.low <= 2 / 3 <= sure.accuracy.high <= 1
    assert found.calibration_error.value == pytest.approx((3 * (0.85 - 2 / 3) + 2 * (1 - 0.61)) / 5)


def test_empty_bin_is_undefined_and_null_in_json():
    found = measure_calibration(predictions(AB, ["a"], [[1.0, 0.0]]), 100)
    assert np.isnan(found.bins[0].accuracy.value)
    assert np.isnan(found.bins[0].accuracy.low)
    assert found.to_dict()["bins"][0]["confidence"] is None
    assert found.bins[9].accuracy.value == 1
    json.dumps(found.to_dict(), allow_nan=False)


def test_brier_score_falls_into_murphys_parts_of_a_hand_count():
    # Said 0.8 of five days, of which three have rain, and 0.2 of five, of which one has.
    rain = ["a", "a", "a", "b", "b", "a", "b", "b", "b", "b"]
    proba = [[0.8, 0.2]] * 5 + [[0.2, 0.8]] * 5
    sums = count_forecasts(rain, proba, range(10), ["a", "b"]).sum(axis=0)
    parts = {name: part[0] for name, part in brier_parts(sums).items()}
    assert parts["reliability"] == pytest.approx((5 * 0.2**2 + 5 * 0**2) / 10)
    assert parts["resolution"] == pytest.approx((5 * 0.2**2 + 5 * 0.2**2) / 10)
    assert parts["uncertainty"] == pytest.approx(0.4 * 0.6)
    assert parts["within"] == pytest.approx(0)
    assert parts["score"] == pytest.approx((3 * 0.2**2 + 2 * 0.8**2 + 0.8**2 + 4 * 0.2**2) / 10)
    assert parts["score"] == pytest.approx(parts["reliability"] - parts["resolution"] + parts["uncertainty"])


def test_what_probabilities_do_within_a_bin_is_a_part_of_its_own():
    # One bin: 0.74 of what is not so and 0.76 of what is. Its mean is 0.75 of one half.
    sums = count_forecasts(["b", "a"], [[0.74, 0.26], [0.76, 0.24]], ["x", "y"], ["a", "b"]).sum(axis=0)
    parts = {name: part[0] for name, part in brier_parts(sums).items()}
    # Variance 0.01^2, and twice the covariance 0.01 * 0.5 taken off.
    assert parts["within"] == pytest.approx(0.01**2 - 2 * 0.01 * 0.5)
    assert parts["reliability"] == pytest.approx(0.25**2)
    assert parts["score"] == pytest.approx((0.74**2 + 0.24**2) / 2)


def test_parts_add_up_to_the_score_of_scikit_learn(drawn):
    found = measure_calibration(drawn, 100)
    parts = found.brier
    # scikit-learn takes columns in alphabetic order.
    proba = drawn.proba[:, np.argsort(LABELS.names)]
    oracle = brier_score_loss(drawn.gold, proba / proba.sum(axis=1, keepdims=True), scale_by_half=False)
    assert parts.score.value == pytest.approx(oracle, rel=1e-5)
    assert parts.reliability.value - parts.resolution.value + parts.uncertainty.value + parts.within.value == (
        pytest.approx(parts.score.value)
    )


def test_error_and_brier_score_are_those_of_the_scores(drawn):
    found, scores = measure_calibration(drawn, 200, seed=3), score(drawn, 200, seed=3)
    assert found.calibration_error == scores.calibration_error
    for ours, theirs in zip(*(vars_of(one) for one in (found.brier.score, scores.brier)), strict=True):
        assert ours == pytest.approx(theirs)


def vars_of(estimate):
    return estimate.value, estimate.low, estimate.high


def test_classwise_error_is_the_mean_over_labels_of_a_hand_count():
    # Said 0.75 of a and 0.25 of b four times, and each is true twice: each is off by a quarter.
    proba = [[0.75, 0.25, 0.0]] * 4
    found = measure_calibration(predictions(LABELS, ["denial", "denial", "statement", "statement"], proba), 100)
    assert [error.value for error in found.by_label.values()] == [0.25, 0.25, 0.0]
    assert found.classwise_error.value == pytest.approx((0.25 + 0.25 + 0) / 3)


def test_probabilities_that_come_true_have_no_error():
    gold = ["denial", "denial", "denial", "statement"] * 5
    found = measure_calibration(predictions(LABELS, gold, [[0.75, 0.25, 0.0]] * 20), 100)
    assert found.calibration_error.value == pytest.approx(0)
    assert found.brier.reliability.value == pytest.approx(0)


@pytest.mark.parametrize("change", ["order", "names", "double"])
def test_calibration_does_not_depend_on_order_names_or_doubling(drawn, change):
    gold, proba, labels = np.array(drawn.gold), drawn.proba, LABELS.names
    before = count_forecasts(gold, proba, drawn.article, labels).sum(axis=0)
    if change == "order":
        gold, proba = gold[::-1], proba[::-1]
    elif change == "names":
        labels = ("x", "y", "z")
        gold = np.array(labels)[metrics.encode(gold, LABELS.names)]
    else:
        gold, proba = np.concatenate([gold, gold]), np.concatenate([proba, proba])
    after = count_forecasts(gold, proba, range(len(gold)), labels).sum(axis=0)
    assert np.allclose(classwise_error(after), classwise_error(before))
    for name, part in brier_parts(after).items():
        assert np.allclose(part, brier_parts(before)[name])


def test_interval_resamples_articles_and_not_sentences(drawn):
    # Ten copies of each sentence in its own article tell no more than one.
    tenfold = predictions(LABELS, drawn.gold * 10, np.tile(drawn.proba, (10, 1)), drawn.article * 10)
    one, ten = (measure_calibration(found, 200).calibration_error for found in (drawn, tenfold))
    assert vars_of(ten) == pytest.approx(vars_of(one))


def test_nothing_and_wrong_probabilities_are_refused():
    with pytest.raises(ValueError, match="no sentence came"):
        count_forecasts([], np.zeros((0, 2)), [], ["a", "b"])
    with pytest.raises(ValueError, match=r"probabilities of sentence 0 sum to 1\.5"):
        count_forecasts(["a"], [[1.0, 0.5]], ["x"], ["a", "b"])
