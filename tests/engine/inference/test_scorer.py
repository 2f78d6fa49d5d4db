"""Compiled pipelines give the probabilities and labels of scikit-learn, for any text."""

import gzip
import os
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline

from tests.engine.inference.pipelines import (
    BATCH,
    HOSTILE,
    LABELS,
    PATIENT,
    PIPELINES,
    SENTENCES,
    TEXTS,
    check_same,
    logistic,
    ngrams,
    well_formed,
    with_weights,
)
from toolkit.engine.inference import kernel, tables
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled


@pytest.mark.parametrize("name", ["words", "counts, naive Bayes", "calibrated machine", "calibrated machines"])
def test_two_labels_score_as_in_scikit_learn(name):
    check_two_labels(PIPELINES[name]())


def check_two_labels(pipeline):
    pipeline.fit(SENTENCES * 3, [label == "denial" for label in LABELS] * 3)
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    assert scorer.classes == ("False", "True")
    check_same(pipeline, scorer, SENTENCES)


@pytest.mark.parametrize(
    "classifier",
    [
        SGDClassifier(loss="log_loss", random_state=1, max_iter=10_000),
        OneVsRestClassifier(LogisticRegression()),
        ComplementNB(),
        LogisticRegression(solver="liblinear"),
        LogisticRegression(fit_intercept=False),
    ],
)
def test_two_labels_of_other_classifiers_score_as_in_scikit_learn(classifier):
    check_two_labels(make_pipeline(CountVectorizer(), classifier))


@pytest.mark.parametrize("name", PIPELINES)
def test_hostile_texts_score_as_in_scikit_learn(fitted, name):
    check_same(*fitted(name), HOSTILE + SENTENCES)


@pytest.mark.slow
@pytest.mark.parametrize("name", PIPELINES)
@PATIENT
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_any_text_scores_as_in_scikit_learn(fitted, name, texts):
    check_same(*fitted(name), texts)


@settings(PATIENT, max_examples=60)
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_any_text_scores_with_the_default_as_in_scikit_learn(fitted, texts):
    check_same(*fitted("default"), texts)


@pytest.mark.slow
@settings(PATIENT, max_examples=2000)
@given(texts=st.lists(TEXTS, min_size=BATCH, max_size=BATCH))
def test_a_hundred_thousand_texts_score_as_in_scikit_learn(fitted, texts):
    check_same(*fitted("default"), texts)


@pytest.mark.slow
def test_every_code_point_scores_as_in_scikit_learn(fitted):
    texts = [f"a{chr(point)}b {chr(point)}denied{chr(point)} {chr(point)}" for point in range(0, 0x110000)]
    texts = [text for text in texts if text[1] not in "Σ"]
    for name in ("default", "case kept"):
        for first in range(0, len(texts), 50_000):
            check_same(*fitted(name), texts[first : first + 50_000])


def test_corpus_scores_as_in_scikit_learn():
    from toolkit.corpus.loading import load_corpus

    folder = Path(__file__).parent.parent.parent.parent / "data"
    rows = [row for split in load_corpus(folder).values() for row in split]
    texts, labels = [row["text"] for row in rows[::4]], [row["label"] for row in rows[::4]]
    pipeline = make_pipeline(ngrams(min_df=2)["words"], LogisticRegression(max_iter=50, tol=0.1)).fit(texts, labels)
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), [row["text"] for row in rows])


@pytest.mark.slow
@pytest.mark.skipif("TOOLKIT_BENCH_TEXT" not in os.environ, reason="names a file of sentences, one a line")
def test_all_of_a_large_text_scores_as_in_scikit_learn(fitted):

    path = os.environ["TOOLKIT_BENCH_TEXT"]
    content = Path(path).read_bytes()
    sentences = (gzip.decompress(content) if path.endswith(".gz") else content).decode().splitlines()
    for first in range(0, len(sentences), 20_000):
        check_same(*fitted("default"), sentences[first : first + 20_000])


@pytest.mark.parametrize(
    "vectorizer", [HashingVectorizer(n_features=1 << 12, dtype=np.float32), TfidfVectorizer(dtype=np.float32)]
)
def test_labels_of_single_precision_are_those_of_scikit_learn(vectorizer):
    pipeline = make_pipeline(vectorizer, logistic()).fit([*map(well_formed, SENTENCES)] * 3, LABELS * 3)
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    texts = [" ".join(order) for order in permutations(["denied", "agreed", "said", "treaty", "hoped"])]
    expected, proba = pipeline.predict_proba(texts), scorer.predict_proba(texts)
    np.testing.assert_allclose(proba, expected, rtol=0, atol=1e-5)
    assert (proba.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert load_compiled(dump_compiled(compile_fitted(pipeline))).single
    # Whatever two labels may be swapped by the rounding goes to scikit-learn.
    close = with_weights([[1.0, 1.0 + 1e-6], [1.0 + 1e-6, 1.0]], [0.0, 0.0])
    close[0].dtype = np.float32
    scorer = Scorer(compile_fitted(close), close.predict_proba)
    scorer.predict_proba(["a", "b"])
    assert scorer.n_fallbacks == 2


def test_sentence_with_a_capital_sigma_falls_back_to_scikit_learn(fitted):
    pipeline, _ = fitted("words")
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    check_same(pipeline, scorer, ["ΣΟΦΟΣ", "sofos", "ΟΣ Σ"])
    assert scorer.n_fallbacks == 2


# Exact sums are equal, or 0; yet 1e8 + 0.1 - 1e8 is 0.09999999 in this order alone.
@pytest.mark.parametrize(
    "weights", [[[1e8, 0.1, -1e8], [1e8, -1e8, 0.1], [-9.0, -9.0, 0.0]], [[1e8, 0.1, -100_000_000.1]]]
)
def test_tie_is_decided_as_in_scikit_learn(weights, monkeypatch):
    pipeline = with_weights(weights, [0.0] * len(weights))
    texts = [" ".join(order) for order in permutations("abc")]
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    assert (scorer.predict_proba(texts) == pipeline.predict_proba(texts)).all()
    assert scorer.n_fallbacks == len(texts)
    scorer.predict_proba(["a c c", "a a b"])
    assert scorer.n_fallbacks == len(texts)
    monkeypatch.setattr("toolkit.engine.inference.scorer.MARGIN", 0.0)
    assert (scorer.predict_proba(texts).argmax(axis=1) != pipeline.predict_proba(texts).argmax(axis=1)).any()


@pytest.mark.parametrize(
    ("weights", "offsets"),
    [
        ([[0.0, 0.0, 0.0]] * 4, [0.1] * 4),
        ([[0.0, 0.0, 0.0]], [0.0]),
        ([[0.1, 0.2, 0.3]] * 3, [0.0] * 3),
        ([[1e-11, 2e-11, 2e-11]], [1e-12]),
    ],
)
def test_model_whose_labels_are_always_tied_does_not_fall_back(weights, offsets):
    pipeline = with_weights(weights, offsets)
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    texts = ["a", "c b a", "", "x", "a a b c c"]
    assert (scorer.predict_proba(texts).argmax(axis=1) == pipeline.predict_proba(texts).argmax(axis=1)).all()
    assert scorer.n_fallbacks == 0


def test_model_of_hashed_features_whose_labels_are_tied_does_not_fall_back(hashed):
    pipeline, _ = hashed("words")
    compiled = compile_fitted(pipeline)
    for weights in (np.zeros_like(compiled.hashed[0].weights), np.ones_like(compiled.hashed[0].weights)):
        flat = replace(compiled, hashed=(compiled.hashed[0]._replace(weights=weights),), offsets=np.zeros(8))
        scorer = Scorer(flat, None)
        assert np.ptp(scorer.predict_proba(["he denied", ""])) == 0
        assert scorer.n_fallbacks == 0
    # Two labels tie in these sentences, but not in one that has the first feature.
    weights[0, 0] = 2
    asked = []
    scorer = Scorer(flat, lambda texts: asked.extend(texts) or pipeline.predict_proba(texts))
    scorer.predict_proba(["he denied", ""])
    assert asked == ["he denied", ""]


def test_sentence_that_falls_back_many_times_is_scored_once(fitted):
    pipeline, _ = fitted("words")
    asked = []
    scorer = Scorer(compile_fitted(pipeline), lambda texts: asked.extend(texts) or pipeline.predict_proba(texts))
    texts = ["ΣΟΦΟΣ", "he denied", "Σ", "ΣΟΦΟΣ", "ΣΟΦΟΣ"]
    check_same(pipeline, scorer, texts)
    assert asked == ["ΣΟΦΟΣ", "Σ"]
    assert scorer.n_fallbacks == 4


def test_full_cache_is_cleared_and_small_workspace_grows(fitted, monkeypatch):
    monkeypatch.setattr(tables, "N_CHUNKS", 16)
    pipeline, _ = fitted("default")
    texts = [f"w{number} denied w{number + 1}" for number in range(300)]
    texts += [" ".join(f"v{number}" for number in range(500)), "y" * 30_000, "z" * 100_000, *texts[:50]]
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), texts)


def test_counts_of_earlier_sentences_do_not_count_when_sentence_numbers_start_again(fitted):
    pipeline, _ = fitted("words")
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba, n_threads=1)
    texts = ["He denied the treaty."] * 8
    expected = scorer.predict_proba(texts)
    for n_fallbacks in range(8):
        scorer._workspaces[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - n_fallbacks
        assert (scorer.predict_proba(texts) == expected).all()


def test_counts_are_cleared_when_the_numbers_of_sentences_run_out(fitted):
    pipeline, _ = fitted("default")
    scorer = Scorer(compile_fitted(pipeline), pipeline.predict_proba)
    scorer.predict_proba(SENTENCES)
    scorer._workspaces[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - 3
    check_same(pipeline, scorer, SENTENCES + SENTENCES)


def test_threads_give_the_same_as_one(fitted):
    pipeline, one = fitted("default")
    texts = [f"He denied it {number} times." for number in range(9000)]
    several = Scorer(compile_fitted(pipeline), pipeline.predict_proba, n_threads=3)
    assert (several.predict_proba(texts) == one.predict_proba(texts)).all()


def test_row_that_is_not_utf8_is_refused_even_if_it_is_cached(fitted):
    _, scorer = fitted("words")
    assert np.isfinite(scorer.predict_proba(["x\ud800 a"])).all()
    for content in (b"x\xed\xa0\x80 a", b"x" * kernel.MAX_BYTES + b"\xff"):
        bad = pa.array([b"fine", content, b"x"]).view(pa.string())
        with pytest.raises(ValueError, match="row 8 is not UTF-8; decode the column again or drop the row"):
            scorer.predict_proba_column(bad, 7)
