"""N-grams explain a prediction by their weights, and their contributions add up to the margin."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from tests.conftest import write_experiment
from toolkit.exceptions import ModelError
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.models.explanation import contrast_contributions, has_weights, sentence_contributions, top_ngrams

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


def test_ngrams_explain_a_sentence(workplace):
    model = load_model(workplace / "runs/words/model")
    assert top_ngrams(model.pipeline, model.label_set, 3)["denial"][0].ngram in {
        "denied",
        "report",
        "about",
        "ministry denied",
        "denied the",
        "the report",
        "report about",
        "about the",
    }
    contributions = sentence_contributions(model.pipeline, model.label_set, "He denied it.")
    assert {weight.ngram for weight in contributions["denial"]} == {"denied"} | {
        weight.ngram for weight in contributions["none"]
    }
    assert max(contributions["denial"], key=lambda weight: weight.value).ngram == "denied"


def test_two_classes_have_a_weight_each():
    union = FeatureUnion([("words", TfidfVectorizer())])
    pipeline = Pipeline([("vectorizer", union), ("classifier", LogisticRegression())])
    pipeline.fit(["he denied it", "she said so"], ["denial", "statement"])
    found = top_ngrams(pipeline, LABELS, 1)
    assert list(found) == ["denial", "statement"]
    assert found["denial"][0].ngram in {"he", "denied", "it"}
    assert list(sentence_contributions(pipeline, LABELS, "he")) == ["denial", "statement"]


def test_model_without_weights_explains_nothing(workplace):
    model = load_model(workplace / "runs/majority/model")
    assert not has_weights(model.pipeline)
    assert top_ngrams(model.pipeline, model.label_set) == {}
    with pytest.raises(ModelError, match="no n-gram weights"):
        sentence_contributions(model.pipeline, model.label_set, "x")
    assert contrast_contributions(model.pipeline, model.label_set, ["x"], ["denial"], ["none"]) == [[]]


def test_calibrated_svm_is_explained_by_its_own_weights(tmp_path, corpus_folder):
    path = write_experiment(tmp_path, "svm", '[features]\nwords = [1, 1]\n[classifier]\nname = "svm"\n')
    assert train(path, corpus_folder, tmp_path / "runs").report.ngrams["denial"]


def test_contrast_adds_up_to_the_margin(workplace):
    run = load_run(workplace / "runs/words")
    pipeline, text = run.model.pipeline, run.predictions.text[0]
    [contributions] = contrast_contributions(pipeline, run.labels, [text], ["denial"], ["none"], n=1000)
    scores = pipeline.decision_function([text])[0] - pipeline.named_steps["classifier"].intercept_
    classes = list(pipeline.classes_)
    expected = scores[classes.index("denial")] - scores[classes.index("none")]
    assert sum(weight.value for weight in contributions) == pytest.approx(expected)
    assert contrast_contributions(pipeline, run.labels, [], [], []) == []
