"""Sentences whose n-grams are counted once give the matrices of vectorisers that count them each time."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from tests.engine.training.texts import TEXTS
from toolkit.engine.training.counted_sentences import CountedSentences
from toolkit.engine.training.vectorizers import (
    CompiledCountVectorizer,
    CompiledTfidfVectorizer,
    to_compiled_vectorizers,
)
from toolkit.estimators.lexicon import WORD_OR_MARK, WordClasses
from toolkit.estimators.rules import CueIndicators

PARTS = {
    "words": TfidfVectorizer(token_pattern=WORD_OR_MARK, ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    "within words": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    "characters": TfidfVectorizer(analyzer="char", ngram_range=(1, 3), max_df=0.6, norm="l1", smooth_idf=False),
    "proportions": TfidfVectorizer(ngram_range=(1, 3), min_df=0.2, max_df=np.int64(6), use_idf=False, norm=None),
    "counts": CountVectorizer(ngram_range=(1, 2)),
    "presence": CountVectorizer(binary=True, lowercase=False, stop_words=["he", "it"], dtype=np.float32),
    "accents": TfidfVectorizer(strip_accents="unicode", analyzer="char_wb", ngram_range=(1, 2)),
    "cues": CueIndicators([("denial", ("denied", "baseless")), ("lie", ("lie",))]),
    "classes": Pipeline(
        [
            ("classes", WordClasses({"say": "said", "deny": "den* baseless", "they": "he they"})),
            ("ngrams", TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 3))),
        ]
    ),
}


def check_matrices(matrices, expected):
    for matrix, plain in zip(matrices, expected, strict=True):
        assert (type(matrix), matrix.dtype, matrix.shape) == (type(plain), plain.dtype, plain.shape)
        for name in ("indptr", "indices", "data"):
            # The order within a row counts too: it is that of sums.
            assert getattr(matrix, name).dtype == getattr(plain, name).dtype, name
            assert getattr(matrix, name).tobytes() == getattr(plain, name).tobytes(), name


@pytest.mark.parametrize("names", [*([name] for name in PARTS), list(PARTS)], ids=lambda names: "+".join(names))
def test_sentences_counted_once_give_the_matrices_of_each_part_of_them(names):
    union = FeatureUnion([(name, PARTS[name]) for name in names])
    texts = [*TEXTS, *(f"{text} said {number % 4}" for number, text in enumerate(TEXTS * 2))]
    counted = CountedSentences(texts)
    rng = np.random.default_rng(1)
    for _ in range(6):
        # With some of them twice, and some on both sides.
        train, held_out = ([texts[number] for number in rng.integers(0, len(texts), size)] for size in (14, 9))
        plain, compiled = clone(union), to_compiled_vectorizers(clone(union))
        expected = plain.fit_transform(train), plain.transform(held_out)
        check_matrices(counted.vectors(compiled, train, held_out), expected)
        check_matrices(counted.fit_vectors(compiled, train, held_out), expected)
        assert compiled.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()
        check_matrices([compiled.transform(texts)], [plain.transform(texts)])


def test_union_of_other_parts_is_vectorised_by_itself():
    counted = CountedSentences(TEXTS)
    plain = CountVectorizer()
    unions = [
        FeatureUnion([("own", CompiledCountVectorizer(analyzer=str.split))]),
        FeatureUnion([("words", CompiledCountVectorizer(vocabulary=["he"]))]),
        FeatureUnion([("words", CompiledCountVectorizer(max_features=3))]),
        FeatureUnion([("words", CompiledCountVectorizer(preprocessor=str.upper))]),
        FeatureUnion([("words", CompiledCountVectorizer(input="file"))]),
        FeatureUnion([("words", plain), ("more", CompiledCountVectorizer())]),
        FeatureUnion([("words", CompiledCountVectorizer())], transformer_weights={"words": 2.0}),
        FeatureUnion([("words", CompiledCountVectorizer()), ("none", "drop")]),
        FeatureUnion([("both", make_pipeline(FeatureUnion([("words", CompiledCountVectorizer())]), "passthrough"))]),
        FeatureUnion([]),
        plain,
    ]
    assert [counted.vectors(union, TEXTS[:4], TEXTS[4:]) for union in unions] == [None] * len(unions)
    expected = plain.fit_transform(TEXTS[:4]), plain.transform(TEXTS[4:])
    check_matrices(counted.fit_vectors(CountVectorizer(), TEXTS[:4], TEXTS[4:]), expected)
    assert (
        counted.vectors(to_compiled_vectorizers(FeatureUnion([("words", CountVectorizer())])), [""], TEXTS[:1]) is None
    )
    with pytest.raises(ValueError, match="empty vocabulary"):
        counted.fit_vectors(to_compiled_vectorizers(FeatureUnion([("words", CountVectorizer())])), [""], TEXTS[:1])


def test_other_processes_get_the_sentences_and_count_them_once():
    union = to_compiled_vectorizers(FeatureUnion([("words", PARTS["words"]), ("cues", PARTS["cues"])]))
    counted = CountedSentences(TEXTS * 2)
    matrices = counted.vectors(union, TEXTS, TEXTS[:2])
    content = pickle.dumps(counted)
    assert content == pickle.dumps(CountedSentences(TEXTS))
    received = pickle.loads(content)
    check_matrices(received.vectors(union, TEXTS, TEXTS[:2]), matrices)
    assert pickle.loads(content) is received
    assert pickle.loads(pickle.dumps(CountedSentences(TEXTS[:2]))) is not received


def test_counts_are_taken_back_from_a_vectoriser_that_was_not_fitted():
    # The first part is refused when it is fitted; the second would take old counts for those of other sentences.
    union = FeatureUnion([("words", CompiledTfidfVectorizer(norm="l3")), ("more", CompiledCountVectorizer())])
    with pytest.raises(ValueError, match="'norm' parameter"):
        CountedSentences(TEXTS).fit_vectors(union, TEXTS[:2], TEXTS[2:])
    more = union.transformer_list[1][1]
    assert more.fit_transform(TEXTS[3:4]).toarray().tolist() == [[2, 1, 2, 2, 2, 2]]
