"""Hash tables find their keys; neither rare letters nor several views change a score."""

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, make_pipeline

from tests.engine.inference.pipelines import HOSTILE, check_same, logistic, ngrams
from toolkit.engine import intrinsics
from toolkit.engine.inference import kernel, tables, tries
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer


def test_table_finds_its_keys_and_no_others():
    # So many that some lines are full, and keys overflow to the next.
    keys = np.sort(np.random.default_rng(8).choice(1 << 30, 20_000, replace=False))
    parents = np.concatenate([[-1], keys >> 15]).astype(np.int32)
    symbols = np.concatenate([[0], keys & (1 << 15) - 1]).astype(np.int32)
    table = tables.make_table(parents, symbols)
    assert len(parents) > 0.6 * len(table)
    assert (table.reshape(-1, intrinsics.LINE) >= 0).all(axis=1).sum() > 100
    keys = parents.astype(np.int64) << tries.SYMBOL_BITS | symbols
    assert [kernel.look_up(table, key) for key in keys[1:].tolist()] == list(range(1, len(parents)))
    assert {kernel.look_up(table, key) for key in (keys[1:] | 1 << 16).tolist()} == {-1}


def test_vocabulary_with_more_letters_than_have_a_rank_scores_as_in_scikit_learn():
    rng = np.random.default_rng(6)
    letters = [chr(point) for first in (0x61, 0x3B1, 0x430, 0x4E00) for point in range(first, first + 24)]
    weights = 1 / np.arange(1, len(letters) + 1)
    sampled = rng.choice(letters, size=(600, 12), p=weights / weights.sum())
    words = ["".join(row[: rng.integers(1, 12)]) for row in sampled.tolist()]
    texts = [" ".join(rng.choice(words, 9)) for _ in range(300)]
    labels = rng.integers(0, 4, len(texts)).astype(str)
    parts = [*ngrams().items(), ("across", TfidfVectorizer(analyzer="char", ngram_range=(1, 3)))]
    pipeline = make_pipeline(FeatureUnion(parts), logistic()).fit(texts[:150], labels[:150])
    model = tables.make_kernel_model(compile_fitted(pipeline))
    assert (model.ranks[[ord(letter) for letter in letters]] == tries.N_RANKED).sum() > 20
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), texts)


def test_views_of_one_pipeline_do_not_share_their_expansions():
    parts = [
        ("lower", CountVectorizer()),
        ("unicode", CountVectorizer(strip_accents="unicode", analyzer="char", ngram_range=(1, 2))),
        ("ascii", TfidfVectorizer(strip_accents="ascii", analyzer="char_wb", ngram_range=(1, 2))),
        ("cased", CountVectorizer(lowercase=False, strip_accents="unicode")),
    ]
    # Signs that become several letters, or none, each in its own way.
    texts = ["İstanbul ﬁn ½ ﷺ", "ﬀ e\u0301te\u0301 ㎏", "\u0301 ´ İİ ﬁ", "a b ½ ㎏", "x ﷺ y"]
    pipeline = make_pipeline(FeatureUnion(parts), logistic()).fit(texts, list("abcab"))
    assert len(compile_fitted(pipeline).views) == 4
    check_same(pipeline, Scorer(compile_fitted(pipeline), pipeline.predict_proba), texts + HOSTILE)
