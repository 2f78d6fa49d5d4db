"""pipelines: features and classifiers that an experiment names, in the order of the label set."""

import numpy as np
import pytest
from sklearn.pipeline import Pipeline
from sklearn.utils.class_weight import compute_class_weight

from toolkit.config import Features, make_experiment
from toolkit.exceptions import ConfigError
from toolkit.labels import LabelSet
from toolkit.models.pipelines import make_grid, make_pipeline, make_vectorizer, predict_proba

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
RULES = [("denial", ("den*", "not true")), ("statement", ("said",))]


def test_cue_features_are_named_by_rule():
    vectorizer = make_vectorizer(Features(words=(1, 1), cues=tuple(RULES))).fit(["He said no."])
    assert vectorizer.get_feature_names_out()[-1] == "cues__first cue: statement 2"


def test_vectorizer_keeps_single_letters_and_marks_of_speech():
    vectorizer = make_vectorizer(Features(words=(1, 1))).fit(['"I won\'t!"'])
    assert {name.partition("__")[2] for name in vectorizer.get_feature_names_out()} == {'"', "i", "won", "t", "!"}


def test_counts_and_binary_weights_differ_in_repeats():
    text = ["no no yes"]
    assert make_vectorizer(Features(words=(1, 1), weights="count")).fit_transform(text).max() == 2
    assert make_vectorizer(Features(characters=(2, 2), weights="binary")).fit_transform(text).max() == 1


def record(**classifier):
    return make_experiment("x", {"question": "?", "seed": 1, "features": {"words": [1, 1]}, "classifier": classifier})


SENTENCES = ["they denied it", "he denied that", "she said so", "he said no", "the rain fell", "the road bent"] * 3
GOLD = ["denial", "denial", "statement", "statement", "none", "none"] * 3


@pytest.mark.parametrize(
    "classifier",
    [
        {"name": "majority"},
        {"name": "keywords", "rules": [["denial", "denied"], ["statement", "said"]]},
        {"name": "naive-bayes"},
        {"name": "logistic-regression", "balanced": True},
        {"name": "svm"},
    ],
    ids=lambda classifier: classifier["name"],
)
def test_each_classifier_gives_probabilities_in_label_order(classifier):
    pipeline = make_pipeline(record(**classifier), LABELS)
    assert isinstance(pipeline, Pipeline)
    proba = predict_proba(pipeline.fit(SENTENCES, GOLD), SENTENCES[:6], LABELS)
    assert np.allclose(proba.sum(axis=1), 1)
    if classifier["name"] != "majority":
        assert [LABELS.names[index] for index in proba.argmax(axis=1)] == GOLD[:6]


def test_label_not_in_training_has_probability_zero():
    pipeline = make_pipeline(record(name="naive-bayes"), LABELS).fit(["a b", "c d"], ["none", "denial"])
    assert predict_proba(pipeline, ["a"], LABELS)[0, 1] == 0
    assert predict_proba(pipeline, [], LABELS).shape == (0, 3)


def test_punctuation_is_among_the_words_if_asked_for():
    for punctuation, marks in ((False, ["!", '"']), (True, ["!", '"', ",", "."])):
        vectorizer = make_vectorizer(Features(words=(1, 1), punctuation=punctuation)).fit(['"No, no." Rain!'])
        assert [name.removeprefix("words__") for name in vectorizer.get_feature_names_out()] == [*marks, "no", "rain"]


def test_grid_has_what_has_several_values():
    assert make_grid(record(name="naive-bayes", alpha=0.1)) == {}
    grid = make_grid(record(name="svm", C=[1, 2], balanced=[False, True]))
    assert grid == {"classifier__estimator__C": [1, 2], "classifier__estimator__class_weight": [None, "balanced"]}
    make_pipeline(record(name="svm"), LABELS).set_params(classifier__estimator__C=2)


def test_square_root_weights_lie_between_none_and_balanced():
    gold = ["none"] * 8 + ["denial"] * 2
    weights = make_pipeline(record(name="logistic-regression", balanced="sqrt"), LABELS, gold)[-1].class_weight
    assert weights == pytest.approx({"none": (10 / 16) ** 0.5, "denial": (10 / 4) ** 0.5})
    grid = make_grid(record(name="logistic-regression", balanced=[False, "sqrt"]), gold)
    assert grid == {"classifier__class_weight": [None, weights]}


def test_weights_of_labels_that_are_numbers_are_the_ones_scikit_learn_reads():
    gold = np.array(["0"] * 8 + ["1"] * 2)
    pipeline = make_pipeline(record(name="logistic-regression", balanced="sqrt"), LabelSet.from_names(["0", "1"]), gold)
    weights = compute_class_weight(pipeline[-1].class_weight, classes=np.array(["0", "1"]), y=gold)
    assert weights == pytest.approx([(10 / 16) ** 0.5, (10 / 4) ** 0.5])


def test_rule_for_an_unknown_label_is_refused():
    with pytest.raises(ConfigError, match="the rules are of another label set: label 'threat' is not in the label set"):
        make_pipeline(record(name="keywords", rules=[["threat", "or else"]]), LABELS)
