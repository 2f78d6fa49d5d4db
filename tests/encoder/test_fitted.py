"""A fitted encoder labels each sentence by itself, on any number of threads, wherever it is sent."""

import pickle

import numpy as np
import pytest

from tests.encoder.builders import make_sentences

pytestmark = pytest.mark.slow
SENTENCES = [*make_sentences(2)[0], "unheard of", "", "a lone \ud800 surrogate"]


def test_sentence_has_the_same_probabilities_alone_and_among_others(tuned):
    together = tuned.fitted_.predict_proba(SENTENCES, 2)
    alone = np.concatenate([tuned.fitted_.predict_proba([sentence], 1) for sentence in SENTENCES])
    assert np.array_equal(together, alone)
    assert np.allclose(together.sum(axis=1), 1, atol=1e-12)
    assert tuned.fitted_.predict_proba([]).shape == (0, 3)


def test_encoder_can_be_pickled_after_use(tuned):
    expected = tuned.fitted_.predict_proba(SENTENCES)
    again = pickle.loads(pickle.dumps(tuned.fitted_))
    assert np.array_equal(again.predict_proba(SENTENCES), expected)


def test_encoder_says_what_it_is(tuned, tiny_encoder):
    from toolkit.encoder import find_encoder

    about = tuned.fitted_.about
    assert (about["encoder"], about["digest"]) == ("tiny", find_encoder(str(tiny_encoder)).digest)
    assert tuned.fitted_.classes_.tolist() == ["denial", "none", "statement"]
    assert about["precision"] in ("int8", "fp32")
