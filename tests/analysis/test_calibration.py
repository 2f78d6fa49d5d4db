"""Calibration: a bin says how often its sentences are right, and the Brier score falls into parts."""

import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss
from threadpoolctl import threadpool_limits

from tests.statistics.simulation import simulate_forecasts
from toolkit.analysis.calibration import brier_gaps, brier_parts, count_forecasts, measure_calibration
from toolkit.analysis.predictions import Predictions, make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.labels import LabelSet
from toolkit.statistics import metrics
from toolkit.statistics.intervals import bca_interval, distance_interval, interval
from toolkit.statistics.metrics import calibration_gaps, expected_calibration_error
from toolkit.statistics.resampling import bootstrap_weights

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
    found, scores = measure_calibration(drawn, 200, seed=3), score_predictions(drawn, 200, seed=3)
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
    assert np.allclose(*(expected_calibration_error(sums[..., :3]) for sums in (after, before)))
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


# --- intervals of distances


def calibrated(n_articles, seed=5, sharpness=1.0):
    article, proba, _, gold = simulate_forecasts(n_articles, sharpness, np.random.default_rng(seed))
    labels = LabelSet.from_names(list("abcde"))
    return predictions(labels, [labels.names[place] for place in gold], proba.round(6), article.astype(str))


@pytest.mark.parametrize("n_articles", [40, 137])
def test_intervals_of_well_calibrated_probabilities_hold_value_and_truth(n_articles):
    told = calibrated(n_articles)
    found = measure_calibration(told, 300)
    for estimate in (found.calibration_error, found.classwise_error, found.brier.reliability, *found.by_label.values()):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 2
        # Nothing is wrong with these probabilities, so that no lower end may say so.
        assert estimate.low == 0
    # Resampled reliability lies above the value: no percentile of it would hold the value.
    forecasts = count_forecasts(told.gold, told.proba, told.article, told.labels.names)
    drawn = np.tensordot(bootstrap_weights(len(forecasts), 300, np.random.default_rng(0)), forecasts, axes=1)
    assert interval(brier_parts(drawn)["reliability"].sum(axis=-1))[0] > found.brier.reliability.value


def test_interval_of_a_gap_far_from_none_is_the_basic_one():
    drawn = 0.5 + np.random.default_rng(0).normal(0, 0.01, (500, 1))
    low, high = interval(drawn[:, 0])
    assert distance_interval(drawn, np.array([0.5]), 100) == pytest.approx((1 - high, 1 - low))
    assert distance_interval(-drawn, np.array([-0.5]), 100) == pytest.approx((1 - high, 1 - low))
    assert distance_interval(drawn, np.array([0.5]), 100, np.square) == pytest.approx(
        (0.5 - high**2, 0.5 - low**2), abs=1e-5
    )


def test_interval_of_a_distance_stays_in_its_range_and_leaves_the_undefined_out():
    drawn = np.array([[0.6], [0.9], [np.nan], [1.0]])
    assert distance_interval(drawn, np.array([0.9]), 3) == pytest.approx((0.9 - 0.095, 1.0))
    assert np.isnan(distance_interval(drawn[2:3], np.array([0.9]), 3)).all()
    assert np.isnan(distance_interval(drawn, np.array([np.nan]), 3)).all()
    # All resamples below the value, as with one article left in most of them.
    assert distance_interval(np.array([[0.1], [0.2]]), np.array([0.9]), 3)[0] == 0.9


def distances(sums):
    """Signed gaps and the size that is summed, by name."""
    reliability, resolution = brier_gaps(sums)
    gaps = calibration_gaps(sums[..., :3])
    flat = (*sums.shape[:-3], -1)
    return {
        "error of a label": (gaps[..., 0, :], np.abs),
        "classwise error": ((gaps / sums.shape[-3]).reshape(flat), np.abs),
        "reliability": (reliability.reshape(flat), np.square),
        "resolution": (resolution.reshape(flat), np.square),
    }


@threadpool_limits.wrap(limits=1)
def cover(n_articles, sharpness, n_simulations, n_resamples=400, seed=0):
    """By distance and kind of interval: how many hold the truth, and how many the value."""
    rng, names = np.random.default_rng(seed), np.arange(5).astype(str)
    article, proba, shares, _ = simulate_forecasts(60_000, sharpness, rng)
    forecasts = count_forecasts(np.repeat("0", len(proba)), proba, np.zeros(len(proba)), names)[0]
    place = np.minimum((proba * 10).astype(int), 9)
    for row in range(5):
        forecasts[row, :, 2] = np.bincount(place[:, row], shares[:, row], 10)
    truth = {name: size(gaps).sum() for name, (gaps, size) in distances(forecasts).items()}
    if sharpness == 1:
        truth |= dict.fromkeys(("error of a label", "classwise error", "reliability"), 0.0)
    held = {}
    for _ in range(n_simulations):
        article, proba, _, gold = simulate_forecasts(n_articles, sharpness, rng)
        counts = count_forecasts(names[gold], proba, article, names)
        drawn = distances(np.tensordot(bootstrap_weights(n_articles, n_resamples, rng), counts, axes=1))
        rest = distances(counts.sum(axis=0) - counts)
        for name, (gaps, size) in distances(counts.sum(axis=0)).items():
            value, resampled = size(gaps).sum(), size(drawn[name][0]).sum(axis=-1)
            percentile = interval(resampled)
            kinds = {
                "percentile": percentile,
                "basic": (max(0, 2 * value - percentile[1]), 2 * value - percentile[0]),
                "BCa": bca_interval(resampled, value, size(rest[name][0]).sum(axis=-1)),
                "ours": distance_interval(drawn[name][0], gaps, n_articles, size),
            }
            for kind, (low, high) in kinds.items():
                held.setdefault((name, kind), []).append((low <= truth[name] <= high, low <= value <= high))
    found = {key: np.mean(rows, axis=0) for key, rows in held.items()}
    for name in truth:
        shown = ", ".join(f"{kind} {found[name, kind][0]:.2f} ({found[name, kind][1]:.2f})" for kind in kinds)
        print(f"{n_articles} articles, sharpness {sharpness}, {name} {truth[name]:.4f}: {shown}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [1.0, 0.9, 0.7, 0.4])
def test_intervals_of_distances_hold_the_truth_whether_there_is_one_or_none(sharpness):
    # 300 simulations know a coverage of 95 % to within 2.5 points, one of 85 % to within 4.
    found = cover(137, sharpness, 300)
    for name in ("error of a label", "classwise error", "reliability", "resolution"):
        assert found[name, "ours"][0] >= 0.85
        assert found[name, "ours"][1] == 1
    if sharpness == 1:
        assert found["classwise error", "percentile"][0] == 0
        assert found["classwise error", "basic"][0] < 0.5
        assert found["reliability", "percentile"][1] < 0.1
