"""N-grams explain a label by their weights."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline

from tests.conftest import write_experiment
from toolkit.exceptions import ModelError
from toolkit.experiment.training import train
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.models.explanation import explain, has_weights, top_ngrams

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
    contributions = explain(model.pipeline, model.label_set, "He denied it.")
    assert {one.ngram for one in contributions["denial"]} == {"denied"} | {one.ngram for one in contributions["none"]}
    assert max(contributions["denial"], key=lambda one: one.value).ngram == "denied"


def test_two_classes_have_a_weight_each():
    union = FeatureUnion([("words", TfidfVectorizer())])
    pipeline = Pipeline([("vectorizer", union), ("classifier", LogisticRegression())])
    pipeline.fit(["he denied it", "she said so"], ["denial", "statement"])
    weights = top_ngrams(pipeline, LABELS, 1)
    assert list(weights) == ["denial", "statement"]
    assert weights["denial"][0].ngram in {"he", "denied", "it"}
    assert list(explain(pipeline, LABELS, "he")) == ["denial", "statement"]


def test_model_without_weights_is_not_explained(workplace):
    model = load_model(workplace / "runs/majority/model")
    assert not has_weights(model.pipeline)
    assert top_ngrams(model.pipeline, model.label_set) == {}
    with pytest.raises(ModelError, match="no n-gram weights"):
        explain(model.pipeline, model.label_set, "x")


def test_calibrated_svm_is_explained_by_its_own_weights(tmp_path, corpus_folder):
    path = write_experiment(tmp_path, "svm", '[features]\nwords = [1, 1]\n[classifier]\nname = "svm"\n')
    assert train(path, corpus_folder, tmp_path / "runs").report["ngrams"]["denial"]
