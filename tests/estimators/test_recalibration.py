"""Recalibration improves probabilities, keeps labels, and is fitted to training articles only."""

import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from tests.conftest import WORDS, write_experiment
from toolkit.config import make_experiment, read_experiment
from toolkit.corpus.folds import article_folds
from toolkit.corpus.loading import corpus_labels, load_corpus
from toolkit.estimators.recalibration import CALIBRATORS, BiasCorrectedTemperature, Isotonic, Recalibrated, Temperature
from toolkit.exceptions import ToolkitError
from toolkit.experiment.fitting import cross_validate, fit_pipeline, sentence_columns, take_rows
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.models.explanation import has_weights, sentence_contributions
from toolkit.models.saving import inspect_model


@pytest.fixture(scope="module")
def overconfident():
    """A classifier fitted to 60 noisy points with hardly any penalty, and 200 other points."""
    rng = np.random.default_rng(2)
    points, gold = rng.normal(size=(260, 5)), rng.integers(0, 3, 260)
    points[np.arange(260), gold] += 1
    fitted = LogisticRegression(C=1000, max_iter=2000).fit(points[:60], gold[:60])
    return fitted, points[60:], gold[60:]


def log_loss(proba, gold):
    return -np.log(proba[np.arange(len(gold)), gold]).mean()


def test_scaled_confidence_is_the_proportion_that_is_correct():
    # Three of four correct at 0.9: odds of 9 become odds of 3, the square root.
    scaling = Temperature().fit([[0.9, 0.1]] * 4, [0, 0, 0, 1])
    assert scaling.temperature_ == pytest.approx(2)
    assert scaling.transform([[0.1, 0.9]])[0] == pytest.approx([1 / 4, 3 / 4])


@pytest.mark.parametrize("method", ["temperature", "isotonic"])
def test_recalibration_equals_that_of_scikit_learn(overconfident, method):
    _, points, gold = overconfident
    # A classifier without a decision function, which scikit-learn would recalibrate instead of the probabilities.
    fitted = GaussianNB().fit(points[:60], gold[:60])
    recalibrated = Recalibrated(fitted, CALIBRATORS[method]().fit(fitted.predict_proba(points), gold))
    oracle = CalibratedClassifierCV(FrozenEstimator(fitted), method=method).fit(points, gold)
    assert np.allclose(recalibrated.predict_proba(points), oracle.predict_proba(points), atol=1e-6)


@pytest.mark.parametrize("method", sorted(CALIBRATORS))
def test_recalibration_improves_an_overconfident_classifier(overconfident, method):
    fitted, points, gold = overconfident
    proba = fitted.predict_proba(points)
    halves = np.arange(len(gold)) % 2 == 0
    calibrator = CALIBRATORS[method]().fit(proba[halves], gold[halves])
    recalibrated = np.maximum(calibrator.transform(proba[~halves]), 1e-6)
    brier = [((part - np.eye(3)[gold[~halves]]) ** 2).sum(axis=1).mean() for part in (proba[~halves], recalibrated)]
    assert brier[1] < brier[0]
    if method != "isotonic":
        assert calibrator.temperature_ > 1
        assert log_loss(recalibrated, gold[~halves]) < log_loss(proba[~halves], gold[~halves])


@given(
    proba=arrays(float, (4, 3), elements=st.floats(0.0, 1.0)).filter(lambda rows: (rows.sum(axis=1) > 0).all()),
    temperature=st.floats(0.05, 50),
)
def test_temperature_never_changes_the_label_predicted(proba, temperature):
    scaling = Temperature()
    scaling.temperature_ = temperature
    proba = proba / proba.sum(axis=1, keepdims=True)
    scaled = scaling.transform(proba)
    assert scaled.argmax(axis=1).tolist() == proba.argmax(axis=1).tolist()
    assert np.allclose(scaled.sum(axis=1), 1)


def test_a_close_second_label_never_ties_with_the_first():
    third = 1 / 3
    proba = np.array([[np.nextafter(third, 0), third, third], [np.nextafter(0.4, 0), 0.2, 0.4]])
    scaling = Temperature()
    scaling.temperature_ = 40.0
    assert scaling.transform(proba).argmax(axis=1).tolist() == [1, 2]
    # Equally probable labels stay so: the label set decides which comes first.
    assert np.ptp(scaling.transform([[0.5, 0.5]])) == 0


def test_certain_and_wrong_is_fitted_without_infinity():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scaling = Temperature().fit([[1.0, 0.0]] * 4, [0, 0, 0, 1])
    assert scaling.transform([[1.0, 0.0]])[0] == pytest.approx([3 / 4, 1 / 4], abs=1e-6)


def test_biases_make_the_mean_probability_the_proportion_of_gold_labels(overconfident):
    fitted, points, gold = overconfident
    rare = np.flatnonzero((gold != 0) | (np.arange(len(gold)) % 4 == 0))
    proba = fitted.predict_proba(points[rare])
    scaling = BiasCorrectedTemperature().fit(proba, gold[rare])
    shares = np.bincount(gold[rare]) / len(rare)
    assert scaling.transform(proba).mean(axis=0) == pytest.approx(shares, abs=1e-6)
    assert np.abs(proba.mean(axis=0) - shares).max() > 0.05


def test_temperature_and_biases_are_those_of_a_regression_on_logarithms(overconfident):
    fitted, points, gold = overconfident
    is_of_two = gold < 2
    proba = fitted.predict_proba(points[is_of_two])[:, :2]
    proba /= proba.sum(axis=1, keepdims=True)
    scaling = BiasCorrectedTemperature().fit(proba, gold[is_of_two])
    odds = np.log(proba[:, [1]] / proba[:, [0]])
    oracle = LogisticRegression(C=np.inf, tol=1e-8).fit(odds, gold[is_of_two])
    assert 1 / scaling.temperature_ == pytest.approx(oracle.coef_[0, 0], rel=1e-4)
    assert scaling.biases_[1] - scaling.biases_[0] == pytest.approx(oracle.intercept_[0], abs=1e-4)


def test_label_without_a_gold_sentence_gets_a_finite_bias():
    scaling = BiasCorrectedTemperature().fit([[0.6, 0.3, 0.1]] * 4, [0, 0, 1, 1])
    assert np.isfinite(scaling.biases_).all()
    assert scaling.transform([[0.6, 0.3, 0.1]])[0] == pytest.approx([0.5, 0.5, 0], abs=1e-3)


def test_isotonic_curve_is_that_of_a_hand_count():
    # Label 0 at 0.2, 0.5, 0.8: correct in 0 of 1, 1 of 1 and 1 of 2; the last two are pooled at 2 / 3.
    curves = Isotonic().fit([[0.2, 0.8], [0.5, 0.5], [0.8, 0.2], [0.8, 0.2]], [1, 0, 0, 1])
    assert np.interp([0.2, 0.5, 0.8], curves.inputs_[0], curves.outputs_[0]) == pytest.approx([0, 2 / 3, 2 / 3])
    # Both curves are mirror images here, so that their sum is 1 already.
    assert curves.transform([[0.8, 0.2]])[0] == pytest.approx([2 / 3, 1 / 3])


def test_where_all_curves_are_zero_the_probabilities_stay():
    curves = Isotonic()
    curves.inputs_ = [np.array([0.0, 1.0])] * 2
    curves.outputs_ = [np.array([0.0, 0.0])] * 2
    assert curves.transform([[0.3, 0.7]])[0] == pytest.approx([0.3, 0.7])


@pytest.mark.parametrize("calibrator", list(CALIBRATORS.values()))
def test_shapes_that_do_not_match_are_refused(calibrator):
    with pytest.raises(ValueError, match=r"shape \(0, 2\) and gold labels of shape \(0,\) came"):
        calibrator().fit(np.zeros((0, 2)), [])
    with pytest.raises(ValueError, match=r"shape \(1, 2\) and gold labels of shape \(2,\) came"):
        calibrator().fit([[0.5, 0.5]], [0, 1])
    with pytest.raises(ValueError, match="gold column 2 came, expected 0 to 1"):
        calibrator().fit([[0.5, 0.5]], [2])


def test_a_copy_of_a_recalibrated_classifier_is_itself(overconfident):
    fitted, points, _ = overconfident
    recalibrated = Recalibrated(fitted, Temperature().fit([[0.9, 0.1, 0.0]] * 4, [0, 0, 0, 1]))
    assert clone(recalibrated) is recalibrated
    assert recalibrated.fit(points) is recalibrated
    assert recalibrated.predict(points).tolist() == fitted.predict(points).tolist()


# --- as an option of an experiment

CALIBRATED = WORDS + '[calibration]\nmethod = "{}"\n'


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, workplace, corpus_folder):
    """The experiment of the plain run, with a temperature."""
    folder = tmp_path_factory.mktemp("calibrated")
    return train(write_experiment(folder, "warm", CALIBRATED.format("temperature")), corpus_folder, folder / "runs")


def test_experiment_without_calibration_keeps_its_digest_and_record():
    record = {"question": "?", "seed": 1, "features": {"words": [1, 2]}, "classifier": {"name": "naive-bayes"}}
    plain, none = (make_experiment("x", {**record, **more}) for more in ({}, {"calibration": {"method": "none"}}))
    warm = make_experiment("x", {**record, "calibration": {"method": "temperature"}})
    assert "calibration" not in plain.to_dict()
    assert none.digest == plain.digest != warm.digest
    assert warm.to_dict()["calibration"] == {"method": "temperature"}


def test_temperature_changes_probabilities_and_neither_labels_nor_folds(workplace, calibrated):
    plain = load_run(workplace / "runs/words").predictions
    warm = calibrated.predictions
    for name in ("article", "position", "fold", "split", "predicted"):
        assert getattr(warm, name) == getattr(plain, name)
    assert not np.allclose(warm.proba, plain.proba)


@pytest.mark.parametrize("method", sorted(CALIBRATORS))
def test_calibrator_is_fitted_on_probabilities_of_held_out_training_sentences(workplace, corpus_folder, method):
    corpus = load_corpus(corpus_folder)
    labels = corpus_labels(corpus)
    train_columns = sentence_columns(corpus["train"], labels)
    settings = {"evaluation": {"folds": 3, "inner_folds": 2, "resamples": 100}, "seed": 7, "question": "?"}
    settings |= {"features": {"words": [1, 2]}, "classifier": {"name": "logistic-regression"}}
    plain = make_experiment("plain", settings)
    recalibrated = fit_pipeline(
        make_experiment("recalibrated", {**settings, "calibration": {"method": method}}),
        labels,
        train_columns,
        train_columns,
    ).pipeline.named_steps["classifier"]
    proba, gold = np.zeros((27, 3)), [labels.index(name) for name in train_columns["gold"]]
    for rows, held_out in article_folds(train_columns["article"], train_columns["gold"], 2, 8):
        parts = (take_rows(train_columns, part) for part in (rows, held_out))
        proba[held_out] = fit_pipeline(plain, labels, *parts).proba
    columns = [labels.index(name) for name in recalibrated.classes_]
    expected = CALIBRATORS[method]().fit(proba[:, columns], [columns.index(column) for column in gold])
    assert np.allclose(recalibrated.calibrator.transform(proba[:, columns]), expected.transform(proba[:, columns]))
    assert isinstance(recalibrated, Recalibrated)


def test_test_split_decides_nothing(workplace, corpus_folder, calibrated):
    corpus = load_corpus(corpus_folder)
    labels = corpus_labels(corpus)
    reversed_labels = corpus["test"].map(lambda row: {"label": 2 - row["label"]})
    experiment = read_experiment(calibrated.folder.parents[1] / "warm.toml")
    evaluation = cross_validate(experiment, {"train": corpus["train"], "test": reversed_labels}, labels)
    assert np.array_equal(evaluation.predictions.proba, calibrated.predictions.proba)


def test_recalibrated_model_opens_safely_and_gives_the_probabilities_of_the_run(calibrated):
    inspection = inspect_model(calibrated.folder / "model")
    assert inspection["untrusted"] == []
    assert "toolkit.estimators.recalibration.Recalibrated" in inspection["types"]
    test = calibrated.predictions.take("test")
    assert np.allclose(calibrated.model.label_proba(test.text), test.proba, atol=1e-6)
    assert calibrated.model.predict(test.text).tolist() == list(test.predicted)


def test_recalibrated_model_is_explained_by_its_own_weights(workplace, calibrated):
    plain = load_run(workplace / "runs/words").model
    assert has_weights(calibrated.model.pipeline)
    contributions = [
        sentence_contributions(model.pipeline, model.label_set, "He denied the report.")
        for model in (calibrated.model, plain)
    ]
    assert contributions[0] == contributions[1]


def test_recalibrated_run_is_the_same_when_made_again(calibrated, corpus_folder):
    assert verify(calibrated.folder, corpus_folder) == []


@pytest.mark.parametrize(
    "classifier",
    [
        '[classifier]\nname = "majority"\n',
        '[classifier]\nname = "keywords"\nrules = [["denial", "denied"], ["statement", "said"]]\n',
        '[features]\nwords = [1, 1]\n[classifier]\nname = "naive-bayes"\n',
    ],
    ids=["majority", "keywords", "naive-bayes"],
)
@pytest.mark.parametrize("method", sorted(CALIBRATORS))
def test_every_classifier_can_be_recalibrated_and_saved(tmp_path, corpus_folder, classifier, method):
    text = f'{classifier}[calibration]\nmethod = "{method}"\n'
    run = train(write_experiment(tmp_path, "one", text), corpus_folder, tmp_path / "runs")
    assert np.allclose(run.model.predict_proba(["He denied it."]).sum(axis=1), 1)
    majority = "majority" in classifier
    assert run.model.engine == ("scikit-learn: DummyClassifier is not compiled" if majority else "compiled")
    assert (tmp_path / "runs/one/model/compiled.npz").is_file() != majority


def test_inner_fold_with_a_single_label_is_refused(corpus_folder):
    corpus = load_corpus(corpus_folder)
    labels = corpus_labels(corpus)
    settings = {"question": "?", "seed": 1, "evaluation": {"inner_folds": 2}, "calibration": {"method": "temperature"}}
    experiment = make_experiment(
        "x", {**settings, "features": {"words": [1, 1]}, "classifier": {"name": "naive-bayes"}}
    )
    columns = {
        "text": np.array(["he denied it", "rain fell"], dtype=object),
        "article": np.array(["a", "b"]),
        "gold": np.array(["denial", "none"]),
        "collection": np.array(["", ""]),
    }
    with pytest.raises(ToolkitError, match=r"an inner fold has the single label .*\[evaluation.inner_folds\]"):
        fit_pipeline(experiment, labels, columns, columns)
