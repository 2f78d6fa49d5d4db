"""Calibration: accuracy by confidence bin, and the Brier score as the sum of its parts."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss
from threadpoolctl import threadpool_limits

from tests.statistics.simulation import simulate_forecasts
from toolkit.analysis.calibration import brier_gaps, brier_parts, count_forecasts, measure_calibration
from toolkit.analysis.predictions import make_predictions
from toolkit.analysis.scores import score_predictions
from toolkit.labels import LabelSet
from toolkit.statistics import metrics
from toolkit.statistics.intervals import bca_interval, distance_interval, interval
from toolkit.statistics.metrics import calibration_gaps, expected_calibration_error
from toolkit.statistics.resampling import bootstrap_weights

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
AB = LabelSet.from_names(["a", "b"])


def predict(labels, gold, proba, article=None):
    predictions = make_predictions(labels, [""] * len(gold), gold, np.asarray(proba))
    return predictions if article is None else replace(predictions, article=tuple(article))


@pytest.fixture
def overconfident():
    """300 sentences of 30 articles with overconfident probabilities."""
    rng = np.random.default_rng(8)
    proba = rng.dirichlet(np.ones(3) / 2, 300).round(6)
    gold = [LABELS.names[rng.choice(3, p=0.6 * row / row.sum() + 0.4 / 3)] for row in proba]
    return predict(LABELS, gold, proba, [f"a-{row % 30}" for row in range(300)])


def test_bins_hold_the_accuracy_of_their_sentences():
    gold = ["a", "a", "b", "a", "b"]
    calibration = measure_calibration(predict(AB, gold, [[0.85, 0.15]] * 3 + [[0.62, 0.38], [0.4, 0.6]]), 200)
    assert [part.n_sentences for part in calibration.bins] == [0, 0, 0, 0, 0, 0, 2, 0, 3, 0]
    high, low = calibration.bins[8], calibration.bins[6]
    assert (high.low, high.high) == (0.8, 0.9)
    assert (high.confidence, high.accuracy.value) == (pytest.approx(0.85), pytest.approx(2 / 3))
    assert (low.confidence, low.accuracy.value) == (pytest.approx(0.61), 1)
    assert 0 <= high.accuracy.low <= 2 / 3 <= high.accuracy.high <= 1
    assert calibration.calibration_error.value == pytest.approx((3 * (0.85 - 2 / 3) + 2 * (1 - 0.61)) / 5)


def test_empty_bin_is_undefined_and_null_in_json():
    calibration = measure_calibration(predict(AB, ["a"], [[1.0, 0.0]]), 100)
    assert np.isnan(calibration.bins[0].accuracy.value)
    assert np.isnan(calibration.bins[0].accuracy.low)
    assert calibration.to_dict()["bins"][0]["confidence"] is None
    assert calibration.bins[9].accuracy.value == 1
    json.dumps(calibration.to_dict(), allow_nan=False)


def test_parts_of_the_brier_score_are_murphys_of_a_hand_count():
    # Forecast 0.8 for five days, three of them with rain, and 0.2 for five, one of them with rain.
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


def test_variation_within_a_bin_is_a_part_of_its_own():
    # One bin: 0.74 where the label is false and 0.76 where it is true. Its mean is 0.75, its frequency 1/2.
    sums = count_forecasts(["b", "a"], [[0.74, 0.26], [0.76, 0.24]], ["x", "y"], ["a", "b"]).sum(axis=0)
    parts = {name: part[0] for name, part in brier_parts(sums).items()}
    # Variance 0.01^2, less twice the covariance 0.01 * 0.5.
    assert parts["within"] == pytest.approx(0.01**2 - 2 * 0.01 * 0.5)
    assert parts["reliability"] == pytest.approx(0.25**2)
    assert parts["score"] == pytest.approx((0.74**2 + 0.24**2) / 2)


def test_parts_add_up_to_the_score_of_scikit_learn(overconfident):
    calibration = measure_calibration(overconfident, 100)
    parts = calibration.brier
    # scikit-learn takes columns in alphabetic order.
    proba = overconfident.proba[:, np.argsort(LABELS.names)]
    oracle = brier_score_loss(overconfident.gold, proba / proba.sum(axis=1, keepdims=True), scale_by_half=False)
    assert parts.score.value == pytest.approx(oracle, rel=1e-5)
    assert parts.reliability.value - parts.resolution.value + parts.uncertainty.value + parts.within.value == (
        pytest.approx(parts.score.value)
    )


def test_error_and_brier_score_are_those_of_the_scores(overconfident):
    calibration, scores = measure_calibration(overconfident, 200, seed=3), score_predictions(overconfident, 200, seed=3)
    assert calibration.calibration_error == scores.calibration_error
    assert vars_of(calibration.brier.score) == pytest.approx(vars_of(scores.brier))


def vars_of(estimate):
    return estimate.value, estimate.low, estimate.high


def test_classwise_error_is_the_mean_over_labels_of_a_hand_count():
    # Forecast 0.75 and 0.25 for two labels four times, each true twice: each is off by a quarter.
    proba = [[0.75, 0.25, 0.0]] * 4
    calibration = measure_calibration(predict(LABELS, ["denial", "denial", "statement", "statement"], proba), 100)
    assert [error.value for error in calibration.by_label.values()] == [0.25, 0.25, 0.0]
    assert calibration.classwise_error.value == pytest.approx((0.25 + 0.25 + 0) / 3)


def test_calibrated_probabilities_have_no_error():
    gold = ["denial", "denial", "denial", "statement"] * 5
    calibration = measure_calibration(predict(LABELS, gold, [[0.75, 0.25, 0.0]] * 20), 100)
    assert calibration.calibration_error.value == pytest.approx(0)
    assert calibration.brier.reliability.value == pytest.approx(0)


@pytest.mark.parametrize("change", ["order", "names", "double"])
def test_calibration_does_not_depend_on_order_names_or_doubling(overconfident, change):
    gold, proba, labels = np.array(overconfident.gold), overconfident.proba, LABELS.names
    before = count_forecasts(gold, proba, overconfident.article, labels).sum(axis=0)
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


def test_interval_resamples_articles_and_not_sentences(overconfident):
    # Ten copies of each sentence in its article carry no more information than one.
    tenfold = predict(
        LABELS, overconfident.gold * 10, np.tile(overconfident.proba, (10, 1)), overconfident.article * 10
    )
    one, ten = (measure_calibration(predictions, 200).calibration_error for predictions in (overconfident, tenfold))
    assert vars_of(ten) == pytest.approx(vars_of(one))


def test_no_sentence_and_invalid_probabilities_are_refused():
    with pytest.raises(ValueError, match="no sentence came"):
        count_forecasts([], np.zeros((0, 2)), [], ["a", "b"])
    with pytest.raises(ValueError, match=r"probabilities of sentence 0 sum to 1\.5"):
        count_forecasts(["a"], [[1.0, 0.5]], ["x"], ["a", "b"])


# --- intervals of distances


def calibrated(n_articles, seed=5, sharpness=1.0):
    article, proba, _, gold = simulate_forecasts(n_articles, sharpness, np.random.default_rng(seed))
    labels = LabelSet.from_names(list("abcde"))
    return predict(labels, [labels.names[column] for column in gold], proba.round(6), article.astype(str))


@pytest.mark.parametrize("n_articles", [40, 137])
def test_intervals_of_calibrated_probabilities_include_value_and_truth(n_articles):
    predictions = calibrated(n_articles)
    calibration = measure_calibration(predictions, 300)
    for estimate in (
        calibration.calibration_error,
        calibration.classwise_error,
        calibration.brier.reliability,
        *calibration.by_label.values(),
    ):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 2
        # These probabilities are calibrated, so no lower end may be above 0.
        assert estimate.low == 0
    # Resampled reliability lies above the value: no percentile interval would include the value.
    forecasts = count_forecasts(predictions.gold, predictions.proba, predictions.article, predictions.labels.names)
    resampled = np.tensordot(bootstrap_weights(len(forecasts), 300, np.random.default_rng(0)), forecasts, axes=1)
    assert interval(brier_parts(resampled)["reliability"].sum(axis=-1))[0] > calibration.brier.reliability.value


def test_interval_of_a_large_gap_is_the_basic_bootstrap():
    resampled = 0.5 + np.random.default_rng(0).normal(0, 0.01, (500, 1))
    low, high = interval(resampled[:, 0])
    assert distance_interval(resampled, np.array([0.5]), 100) == pytest.approx((1 - high, 1 - low))
    assert distance_interval(-resampled, np.array([-0.5]), 100) == pytest.approx((1 - high, 1 - low))
    assert distance_interval(resampled, np.array([0.5]), 100, np.square) == pytest.approx(
        (0.5 - high**2, 0.5 - low**2), abs=1e-5
    )


def test_interval_of_a_distance_stays_in_range_and_ignores_undefined_values():
    resampled = np.array([[0.6], [0.9], [np.nan], [1.0]])
    assert distance_interval(resampled, np.array([0.9]), 3) == pytest.approx((0.9 - 0.095, 1.0))
    assert np.isnan(distance_interval(resampled[2:3], np.array([0.9]), 3)).all()
    assert np.isnan(distance_interval(resampled, np.array([np.nan]), 3)).all()
    # All resamples below the value, as with one article left in most of them.
    assert distance_interval(np.array([[0.1], [0.2]]), np.array([0.9]), 3)[0] == 0.9


def distances(sums):
    """Signed gaps, and the function whose values are summed, by name."""
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
    """Return coverage of the truth and of the value, by distance and kind of interval."""
    rng, names = np.random.default_rng(seed), np.arange(5).astype(str)
    article, proba, true_proba, _ = simulate_forecasts(60_000, sharpness, rng)
    forecasts = count_forecasts(np.repeat("0", len(proba)), proba, np.zeros(len(proba)), names)[0]
    bins = np.minimum((proba * 10).astype(int), 9)
    for row in range(5):
        forecasts[row, :, 2] = np.bincount(bins[:, row], true_proba[:, row], 10)
    truth = {name: size(gaps).sum() for name, (gaps, size) in distances(forecasts).items()}
    if sharpness == 1:
        truth |= dict.fromkeys(("error of a label", "classwise error", "reliability"), 0.0)
    covered = {}
    for _ in range(n_simulations):
        article, proba, _, gold = simulate_forecasts(n_articles, sharpness, rng)
        counts = count_forecasts(names[gold], proba, article, names)
        resampled_gaps = distances(np.tensordot(bootstrap_weights(n_articles, n_resamples, rng), counts, axes=1))
        rest = distances(counts.sum(axis=0) - counts)
        for name, (gaps, size) in distances(counts.sum(axis=0)).items():
            value, resampled = size(gaps).sum(), size(resampled_gaps[name][0]).sum(axis=-1)
            percentile = interval(resampled)
            kinds = {
                "percentile": percentile,
                "basic": (max(0, 2 * value - percentile[1]), 2 * value - percentile[0]),
                "BCa": bca_interval(resampled, value, size(rest[name][0]).sum(axis=-1)),
                "distance": distance_interval(resampled_gaps[name][0], gaps, n_articles, size),
            }
            for kind, (low, high) in kinds.items():
                covered.setdefault((name, kind), []).append((low <= truth[name] <= high, low <= value <= high))
    coverage = {key: np.mean(rows, axis=0) for key, rows in covered.items()}
    for name in truth:
        shown = ", ".join(f"{kind} {coverage[name, kind][0]:.2f} ({coverage[name, kind][1]:.2f})" for kind in kinds)
        print(f"{n_articles} articles, sharpness {sharpness}, {name} {truth[name]:.4f}: {shown}")
    return coverage


@pytest.mark.slow
@pytest.mark.parametrize("sharpness", [1.0, 0.9, 0.7, 0.4])
def test_intervals_of_distances_cover_the_truth_with_and_without_miscalibration(sharpness):
    # 300 simulations estimate a coverage of 95 % to within 2.5 points, one of 85 % to within 4.
    coverage = cover(137, sharpness, 300)
    for name in ("error of a label", "classwise error", "reliability", "resolution"):
        assert coverage[name, "distance"][0] >= 0.85
        assert coverage[name, "distance"][1] == 1
    if sharpness == 1:
        assert coverage["classwise error", "percentile"][0] == 0
        assert coverage["classwise error", "basic"][0] < 0.5
        assert coverage["reliability", "percentile"][1] < 0.1
