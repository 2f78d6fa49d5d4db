"""The encoder is a scikit-learn classifier: it learns, and the same seed gives the same bytes."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.encoder.builders import LABELS, make_sentences
from toolkit.encoder import classifier as module
from toolkit.encoder.classifier import EncoderClassifier

SENTENCES, GOLD, ARTICLES = make_sentences()


def test_parameters_are_those_of_scikit_learn():
    encoder = EncoderClassifier("tiny", epochs=7)
    assert clone(encoder).get_params() == encoder.get_params()
    assert encoder.get_params()["epochs"] == 7


@pytest.mark.slow
def test_encoder_learns_the_labels(tuned):
    assert tuned.classes_.tolist() == list(LABELS)
    assert tuned.predict(SENTENCES[:3]).tolist() == ["denial", "none", "statement"]
    assert tuned.score(SENTENCES, GOLD) == 1


@pytest.mark.slow
def test_same_seed_gives_the_same_bytes(tiny_encoder):
    first, second, other = (
        EncoderClassifier(str(tiny_encoder), layers=1, epochs=1, random_state=seed).fit(SENTENCES, GOLD).fitted_
        for seed in (0, 0, 1)
    )
    assert first == second
    assert first.weights != other.weights


@pytest.mark.slow
def test_weight_of_nothing_is_not_learned(tiny_encoder):
    weights = np.where(np.array(GOLD) == "none", 0.0, 1.0)
    encoder = EncoderClassifier(str(tiny_encoder), layers=2, epochs=8, learning_rate=0.01)
    proba = encoder.fit(SENTENCES * 3, GOLD * 3, np.tile(weights, 3)).predict_proba(SENTENCES[:3])
    assert "none" not in encoder.classes_[proba.argmax(axis=1)]


@pytest.mark.slow
def test_articles_are_held_out_for_early_stopping(tiny_encoder):
    encoder = EncoderClassifier(str(tiny_encoder), layers=2, epochs=2, learning_rate=0.01)
    assert 1 <= encoder.fit(SENTENCES, GOLD, groups=ARTICLES).n_epochs_ <= 2
    rows, held_out = encoder._hold_out(np.zeros(len(GOLD), int), ARTICLES)
    assert len(held_out) == 2 * 3
    assert not {ARTICLES[row] for row in rows} & {ARTICLES[row] for row in held_out}


@pytest.mark.slow
def test_single_precision_is_kept_where_labels_would_change(tiny_encoder, monkeypatch):
    monkeypatch.setattr(module, "MIN_AGREEMENT", 1.1)
    encoder = EncoderClassifier(str(tiny_encoder), layers=1, epochs=1).fit(SENTENCES, GOLD)
    assert encoder.fitted_.about["precision"] == "fp32"
    assert 0 <= float(encoder.fitted_.about["agreement"]) <= 1


@pytest.mark.slow
def test_single_label_is_refused(tiny_encoder):
    with pytest.raises(ValueError, match=r"y has the single label \['none'\], expected two or more; add sentences"):
        EncoderClassifier(str(tiny_encoder)).fit(["a", "b"], ["none", "none"])
