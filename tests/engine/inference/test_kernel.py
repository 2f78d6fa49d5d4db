"""The machine code stays within its arrays, and no limit of its workspace changes a score."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline

from tests.engine.inference.pipelines import LABELS, SENTENCES, check_same, logistic
from toolkit.engine.inference import kernel, tables, text_columns
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled
from toolkit.estimators.lexicon import WORD_OR_MARK


@pytest.mark.parametrize("name", ["within words", "default"])
def test_word_that_overflows_the_binary_counts_scores_as_in_scikit_learn(fitted, name):
    pipeline, scorer = fitted(name)
    assert len(tables.make_kernel_model(compile_fitted(pipeline)).frequent)
    often = kernel.MAX_ADDED
    check_same(pipeline, scorer, ["said " * times for times in (often - 1, often, often + 1, 2 * often + 1)])


def test_word_whose_frequent_columns_nearly_fill_the_workspace_scores_as_in_scikit_learn():
    letters = "abcdefghijklmnopqrstuvwxyz012345"
    within = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 14), sublinear_tf=True)
    # After another part, the number of a column differs from its index among the frequent ones.
    union = FeatureUnion([("words", CountVectorizer()), ("within", within)])
    pipeline = make_pipeline(union, logistic()).fit([letters * 3, "b", "a"], ["x", "y", "z"])
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), [(letters * 300)[:9396]])


def test_sentence_with_more_chunks_than_the_workspace_takes_is_refused_as_full(fitted):
    pipeline, _ = fitted("within words")
    model = tables.make_kernel_model(compile_fitted(pipeline))
    work = tables.make_workspace(model)
    data, offsets = text_columns.encode(["denied it a b c"])
    few = work._replace(record_lines=work.record_lines[:4])
    arguments = (data, offsets, 0, 1, False, np.empty((1, 5)), np.zeros(1, np.uint8))
    assert kernel.score(model, few, *arguments) == (kernel.FULL, 0)
    assert kernel.score(model, work, *arguments) == (kernel.DONE, 1)


def test_as_many_sentences_are_split_at_once_as_there_is_room_for(fitted):
    pipeline, _ = fitted("default")
    texts = ["denied it a b c", "we will be", "x", "a b c d e f g", "", "said he", *SENTENCES[:3]]
    data, offsets = text_columns.encode(texts)
    model = tables.make_kernel_model(compile_fitted(pipeline))
    expected = np.empty((len(texts), 5))
    fallback = np.zeros(len(texts), np.uint8)
    work = tables.make_workspace(model)
    assert kernel.score(model, work, data, offsets, 0, len(texts), False, expected, fallback) == (
        kernel.DONE,
        len(texts),
    )
    for n_chunks in (12, 13, 17):
        few = tables.make_workspace(model)
        few = few._replace(record_lines=few.record_lines[:n_chunks])
        scores = np.empty((len(texts), 5))
        arguments = (data, offsets, 0, len(texts), False, scores, fallback)
        assert kernel.score(model, few, *arguments) == (kernel.DONE, len(texts))
        assert (scores == expected).all()


def test_count_that_overflows_reads_no_index_outside():
    words = TfidfVectorizer(token_pattern=WORD_OR_MARK, sublinear_tf=True)
    pipeline = make_pipeline(FeatureUnion([("a", words), ("b", clone(words))]), logistic()).fit(SENTENCES, LABELS)
    compiled = compile_fitted(pipeline)
    compiled.symbol_columns[:] = 0
    scorer = Scorer(load_compiled(dump_compiled(compiled)), pipeline.predict_proba, n_threads=1)
    # Together the marks of both parts are one more than two bytes can count.
    texts = ["!" * kernel.MAX_BYTES]
    scorer.predict_proba(texts)
    scorer._workspaces[0].sizes[kernel.N_EPOCHS] = kernel.LAST_EPOCH - 1
    scorer.predict_proba(texts)
    assert scorer._workspaces[0].counts[0] < 0


@pytest.mark.slow
def test_kernel_stays_within_its_arrays(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    tests = "hostile or full or fill or column or outside or threads or with_the_default or hash"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", tests, str(Path(__file__).parent)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
