"""Settings become an experiment, and a wrong one is refused with what was expected."""

import pytest

from tests.config.settings import SETTINGS
from toolkit.config import EncoderSettings, make_experiment
from toolkit.exceptions import ConfigError


def test_missing_settings_take_their_defaults():
    experiment = make_experiment("x", SETTINGS)
    assert experiment.evaluation.folds == 5
    assert experiment.classifier.grid == {"alpha": (1.0,)}
    assert experiment.model_format == "skops"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sed": 1}, r"key 'sed' is unknown; expected one of .*; did you mean 'seed'\? \[experiment\]"),
        ({"features": {"word": [1, 2]}}, r"key 'features.word' is unknown.*did you mean 'words'\?"),
        ({"features": {}}, r"\[features\] names no n-grams"),
        ({"features": {"words": [2, 1]}}, r"features.words is \[2, 1\]; expected two whole numbers"),
        (
            {"features": {"words": [1, 2], "weights": "tfidf"}},
            "features.weights is 'tfidf'; expected one of tf-idf, count, binary",
        ),
        ({"features": {"words": [1, 2], "lowercase": 1}}, "features.lowercase is 1; expected true or false"),
        ({"features": 3}, "'features' is 3; expected a table"),
        ({"seed": -1}, "seed is -1; expected a whole number"),
        ({"seed": True}, "seed is True"),
        ({"classifier": {"name": "svn"}}, r"classifier 'svn' is unknown; expected one of .*; did you mean 'svm'\?"),
        ({"classifier": {"name": "svm", "C": []}}, r"classifier.C is \[\]; expected at least one value, each once"),
        ({"classifier": {"name": "svm", "C": [1, 1]}}, r"classifier.C is \[1, 1\]; expected .*, each once"),
        ({"classifier": {"name": "svm", "C": [0]}}, "classifier.C is 0; expected a number above 0"),
        ({"classifier": {"name": "svm", "balanced": [True, "sqrt"]}}, "balanced is 'sqrt', which svm does not take"),
        ({"classifier": {"name": "svm", "balanced": 1}}, "classifier.balanced is 1; expected true, false or 'sqrt'"),
        ({"classifier": {"name": "keywords"}}, r"\[classifier\] needs a rule list"),
        ({"features": {"words": [1, 2], "cues": []}}, r"\[features\] needs a rule list"),
        ({"features": {"words": [1, 2], "cues": [["a", '"*']]}}, "cue '\"\\*' can never occur between word boundaries"),
        ({"features": {"words": [1, 2], "cues": [["a", "no?"]]}}, r"cue 'no\?' can never occur"),
        ({"classifier": {"name": "keywords", "rules": [["denial"]]}}, r"\['denial'\] is not a rule"),
        ({"classifier": {"nam": "svm"}}, r"key 'classifier.nam' is unknown; did you mean 'name'\?"),
        ({"evaluation": {"folds": 1}}, "evaluation.folds is 1"),
        ({"evaluation": {"inner_folds": 1}}, "evaluation.inner_folds is 1"),
        ({"evaluation": {"resamples": 9}}, "evaluation.resamples is 9"),
        ({"model": {"format": "pickle"}}, "model.format is 'pickle'; expected one of skops, joblib"),
        (
            {"calibration": {"method": "platt"}},
            "calibration.method is 'platt'; expected one of none, temperature, bias-corrected-temperature, iso",
        ),
        ({"calibration": {"metod": "isotonic"}}, r"key 'calibration.metod' is unknown.*did you mean 'method'\?"),
    ],
)
def test_wrong_setting_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        make_experiment("x", {**SETTINGS, **change})


@pytest.mark.parametrize("value", [0, -1, 1.5, "x", 1000, True, 101])
def test_invalid_number_of_repetitions_is_refused(value):
    message = r"^evaluation\.repeats is .*; expected a whole number from 1 to 100 \["
    with pytest.raises(ConfigError, match=message):
        make_experiment("x", {**SETTINGS, "evaluation": {"repeats": value}})


ENCODER = {**SETTINGS, "encoder": {"model": "small"}}


def test_encoder_takes_its_defaults_and_comes_back_from_plain_data():
    experiment = make_experiment("x", ENCODER)
    assert experiment.encoder == EncoderSettings("small", 3, 3, 1e-4, (0.5,))
    assert experiment.to_dict()["encoder"]["weight"] == 0.5
    several = make_experiment("x", {**SETTINGS, "encoder": {"model": "small", "weight": [0.5, 1]}})
    for one in (experiment, several):
        assert make_experiment("x", {**SETTINGS, "encoder": one.to_dict()["encoder"]}) == one


def test_experiment_without_encoder_keeps_its_digest():
    assert "encoder" not in make_experiment("x", SETTINGS).to_dict()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": {}}, "encoder.model is missing; add it"),
        ({"encoder": {"model": "m", "layer": 2}}, r"key 'encoder.layer' is unknown.*did you mean 'layers'\?"),
        ({"encoder": {"model": "m", "layers": 0}}, "encoder.layers is 0; expected a whole number from 1 up"),
        ({"encoder": {"model": "m", "learning_rate": 2.0}}, "encoder.learning_rate is 2.0; expected a number between"),
        ({"encoder": {"model": "m", "weight": 0}}, "encoder.weight is 0; expected a number above 0"),
        ({"encoder": {"model": "m", "weight": [0.5, 1.5]}}, "encoder.weight is 1.5; expected a number above 0 and at"),
        ({"encoder": {"model": "m", "weight": []}}, r"encoder.weight is \[\]; expected at least one value"),
        ({"encoer": {}}, r"key 'encoer' is unknown; expected one of .*; did you mean 'encoder'\?"),
        ({"encoder": {"model": "m"}, "calibration": {"method": "isotonic"}}, r"leave one out \[experiment\]"),
    ],
)
def test_wrong_encoder_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        make_experiment("x", {**SETTINGS, **change})
