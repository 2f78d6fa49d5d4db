"""Hashed n-grams give the probabilities of scikit-learn."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.utils import murmurhash3_32

from tests.engine.inference.pipelines import (
    BATCH,
    HASHED,
    HOSTILE,
    PATIENT,
    SENTENCES,
    TEXTS,
    check_same,
    logistic,
    well_formed,
)
from toolkit.engine.inference import hashing
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled


@pytest.mark.parametrize("name", HASHED)
def test_hashed_ngrams_score_as_in_scikit_learn(hashed, name):
    pipeline, scorer = hashed(name)
    check_same(pipeline, scorer, [*map(well_formed, HOSTILE + SENTENCES)])
    again = Scorer(load_compiled(dump_compiled(compile_fitted(pipeline))), pipeline.predict_proba)
    check_same(pipeline, again, [*map(well_formed, SENTENCES)])


@pytest.mark.slow
@pytest.mark.parametrize("name", HASHED)
@PATIENT
@given(texts=st.lists(TEXTS.map(well_formed), min_size=BATCH, max_size=BATCH))
def test_any_text_that_is_hashed_scores_as_in_scikit_learn(hashed, name, texts):
    check_same(*hashed(name), texts)


@settings(PATIENT)
@given(st.binary(max_size=40))
def test_hash_is_that_of_scikit_learn(content):
    hashed = hashing.murmur(np.frombuffer(b"x" + content + b"x", np.uint8), 1, 1 + len(content))
    assert hashed == murmurhash3_32(content)


@pytest.mark.parametrize("n_features", [7, 1 << 10])
def test_least_hash_has_its_own_column_as_in_scikit_learn(n_features):
    assert murmurhash3_32(b"aivlts3m") == -(1 << 31)
    pipeline = make_pipeline(HashingVectorizer(n_features=n_features), logistic())
    pipeline.fit(["aivlts3m", "no", "aivlts3m", "yes"], ["a", "b", "a", "b"])
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), ["aivlts3m aivlts3m", "no"])


def test_text_that_scikit_learn_refuses_to_hash_is_refused(hashed):
    pipeline, scorer = hashed("characters")
    for predict_proba in (pipeline.predict_proba, scorer.predict_proba):
        with pytest.raises(UnicodeEncodeError):
            predict_proba(["fine", "a\ud800b"])
    bad = pa.array([b"fine", b"x \xff", b"x"]).view(pa.string())
    with pytest.raises(ValueError, match="row 4 is not UTF-8"):
        scorer.predict_proba_column(bad, 3)


def test_workspace_for_hashed_ngrams_grows(hashed, monkeypatch):
    monkeypatch.setattr(hashing, "MIN_ROOM", 4)
    for name in ("words", "within words", "characters"):
        check_same(*hashed(name), [*map(well_formed, SENTENCES)])
