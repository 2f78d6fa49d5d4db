"""A saved model is a classifier to scikit-learn: its tools take it, or are told why not."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from tests.conftest import PLACES, TEXTS, THINGS
from toolkit.labels import LabelSet
from toolkit.models.classifier import SentenceClassifier, load_model
from toolkit.models.saving import load_saved

# One sentence of each kind has another gold label, so that no score is perfect.
SENTENCES = [text.format(PLACES[row], THINGS[-row]) for text in TEXTS.values() for row in range(8)]
GOLD = np.array([label for label in TEXTS for _ in range(8)])
GOLD[[0, 9, 18]] = "statement", "none", "denial"


@pytest.fixture(scope="module")
def words(workplace):
    return load_model(workplace / "runs/words/model")


def test_model_is_a_fitted_classifier_of_text(words):
    assert is_classifier(words)
    check_is_fitted(words)
    tags = get_tags(words)
    assert (tags.input_tags.string, tags.input_tags.two_d_array) == (True, False)
    assert tags.classifier_tags.multi_class
    assert words.get_params() == {}


def test_score_is_the_accuracy(words):
    assert words.score(SENTENCES, GOLD) == accuracy_score(GOLD, words.predict(SENTENCES)) == 21 / 24
    weights = np.where(np.arange(len(GOLD)) == 0, 24, 1)
    # Sentence 0, which is wrong, counts 24-fold.
    assert words.score(SENTENCES, GOLD, sample_weight=weights) == pytest.approx(21 / 47)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (clone, "a clone is unfitted, and a fitted model cannot be made unfitted; wrap it in sklearn.frozen"),
        (lambda model: model.fit(SENTENCES, GOLD), "cannot be fitted again; train an experiment"),
        (lambda model: model.set_params(C=1), "no parameters to set; change its experiment file"),
        (lambda model: cross_val_predict(model, SENTENCES, GOLD, cv=2), "cannot be cloned"),
        (lambda model: VotingClassifier([("model", model)]).fit(SENTENCES, GOLD), "cannot be cloned"),
    ],
)
def test_what_needs_an_unfitted_model_is_refused_with_the_reason(words, call, message):
    with pytest.raises(TypeError, match=message):
        call(words)


def test_displays_take_the_model(words):
    from matplotlib.figure import Figure
    from sklearn.metrics import ConfusionMatrixDisplay

    axes = Figure().subplots()
    display = ConfusionMatrixDisplay.from_estimator(words, SENTENCES, GOLD, labels=words.classes_, ax=axes)
    assert display.confusion_matrix.tolist() == [[7, 0, 1], [1, 7, 0], [0, 1, 7]]
    assert [text.get_text() for text in axes.get_xticklabels()] == list(words.labels)


def test_scorers_take_the_model(words):
    assert make_scorer(accuracy_score)(words, SENTENCES, GOLD) == 21 / 24
    assert cross_val_score(FrozenEstimator(words), SENTENCES, GOLD, cv=4).mean() == 21 / 24


@pytest.fixture(scope="module")
def sorted_words(workplace):
    """The same model with its labels in alphabetical order, as scikit-learn's own classifiers have them."""
    saved = load_saved(workplace / "runs/words/model")
    labels = sorted(saved.labels.labels, key=lambda label: label.name)
    return SentenceClassifier(replace(saved, labels=LabelSet(tuple(labels), "none")))


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_order_of_the_labels_does_not_matter_to_calibration(words, sorted_words, method):
    assert sorted_words.labels == ("denial", "none", "statement") != words.labels
    calibrated, expected = (
        CalibratedClassifierCV(FrozenEstimator(model), method=method, cv=2).fit(SENTENCES, GOLD)
        for model in (words, sorted_words)
    )
    assert calibrated.classes_.tolist() == ["denial", "none", "statement"]
    assert (calibrated.predict_proba(SENTENCES) == expected.predict_proba(SENTENCES)).all()
    assert calibrated.score(SENTENCES, GOLD) == 21 / 24


def test_pipeline_serves_what_takes_classes_to_be_sorted(words):
    score = get_scorer("neg_log_loss")(words.pipeline, SENTENCES, GOLD)
    proba = words.predict_proba(SENTENCES)
    likelihood = proba[np.arange(len(GOLD)), [words.labels.index(label) for label in GOLD]]
    assert score == pytest.approx(np.log(likelihood).mean())


def test_model_shows_itself_within_other_estimators(words):
    assert "SentenceClassifier('words'" in repr(FrozenEstimator(words))


def test_unfitted_pipeline_can_be_had_from_the_model(words):
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(words.pipeline))
