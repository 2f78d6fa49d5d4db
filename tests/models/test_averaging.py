"""The encoder's probabilities are averaged with those of the n-grams, by weight and in the order of the labels."""

import numpy as np
import pytest

from tests.config.settings import SETTINGS
from tests.encoder.builders import StubEncoder
from toolkit.config import make_experiment
from toolkit.labels import LabelSet
from toolkit.models.averaging import EncoderVote, encoder_proba, make_encoder

LABELS = LabelSet.from_names(["statement", "pledge", "none", "denial"], background="none")


def test_average_is_weighted_and_in_the_order_of_the_labels():
    ngrams = np.array([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0]])
    proba = EncoderVote(StubEncoder("denial"), 0.75).average(ngrams, ["a", "b"], LABELS)
    assert proba.tolist() == [[1 / 16, 1 / 16, 1 / 16, 13 / 16], [1 / 4, 0, 0, 3 / 4]]


def test_label_that_the_encoder_has_not_seen_has_probability_zero():
    assert encoder_proba(StubEncoder("none"), ["a"], LABELS).tolist() == [[0, 0, 1, 0]]
    assert encoder_proba(StubEncoder("none"), [], LABELS).shape == (0, 4)


def test_weight_of_one_leaves_the_encoder_alone():
    vote = EncoderVote(StubEncoder("none"), 1)
    assert vote.average(np.array([[1.0, 0, 0, 0]]), ["a"], LABELS).tolist() == [[0, 0, 1, 0]]


def test_encoder_is_made_as_the_experiment_says():
    table = {"model": "small", "layers": 2, "epochs": 4, "learning_rate": 0.5}
    encoder = make_encoder(make_experiment("x", {**SETTINGS, "encoder": table}))
    assert encoder.get_params() == {**table, "random_state": 1}
    with pytest.raises(ValueError, match=r"experiment 'x' came without an encoder, expected one; add \[encoder\]"):
        make_encoder(make_experiment("x", SETTINGS))
