"""Compiled vectorisers give scikit-learn's matrices, vocabularies and messages, for any text."""

import pickle
import re
import warnings
from io import BytesIO
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)

from toolkit.engine.training import vectorizers
from toolkit.engine.training.vectorizers import (
    CompiledCountVectorizer,
    CompiledTfidfVectorizer,
    CountedSentences,
    sort_terms,
    to_compiled_vectorizers,
)
from toolkit.estimators.lexicon import WORD_OR_MARK, WordClasses
from toolkit.estimators.rules import CueIndicators
from toolkit.models.saving import _dump_skops

TEXTS = [
    "The Minister DENIED the report; he said it was “baseless”!",
    "They agreed to a treaty, and we will   be given\u00a0time.",
    "It's a lie? Non: l'État accusé a menti. İstanbul, ΣΟΦΟΣ ﬁn.",
    "He denied it. He denied it again and again, banana banana.",
    "",
    "über die Straße 東京 по-русски ½ ² e\u0301te\u0301 \ud800 x\x00y x\x00 x",
    "ΟΔΟΣ ΟΔΟΣ. Σ aΣ Σa \u2003 \x1c\x1f a\x85b  \t c",
    "a" * 70 + " " + "ab" * 40 + "\ud800\udc00 \U0001f600\U00010400",
]
PAIRS = {CountVectorizer: CompiledCountVectorizer, TfidfVectorizer: CompiledTfidfVectorizer}
SETTINGS = {
    "defaults": {},
    "words and marks": {"token_pattern": WORD_OR_MARK, "ngram_range": (1, 2), "min_df": 2},
    "short words": {"token_pattern": r"(?u)\b\w+\b", "ngram_range": (2, 3)},
    "pairs only, rare": {"ngram_range": (2, 2), "max_df": 1},
    "between spaces": {"token_pattern": r"\S+", "ngram_range": (1, 4), "lowercase": False},
    "within words": {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2},
    "long n-grams within words": {"analyzer": "char_wb", "ngram_range": (4, 7)},
    "characters": {"analyzer": "char", "ngram_range": (1, 4), "max_df": 0.7},
    "long n-grams of characters": {"analyzer": "char", "ngram_range": (3, 3)},
    "accents, unicode": {"strip_accents": "unicode", "analyzer": "char_wb", "ngram_range": (1, 3)},
    "accents, ascii": {"strip_accents": "ascii", "ngram_range": (1, 2)},
    "stop words": {"stop_words": ["the", "he", "it", ""], "ngram_range": (1, 3), "token_pattern": r"\w+"},
    "English stop words": {"stop_words": "english"},
    "most frequent": {"max_features": 20, "ngram_range": (1, 2)},
    "more than there are": {"max_features": 100_000, "binary": True},
    "most frequent, binary": {"max_features": 30, "binary": True, "analyzer": "char_wb", "ngram_range": (1, 3)},
    "narrow numbers": {"dtype": np.float32, "analyzer": "char", "ngram_range": (2, 3), "max_features": 50},
    "own preprocessor": {"preprocessor": str.swapcase},
    "fixed vocabulary": {
        "vocabulary": ["he denied", "it", "the", "x  y", "", " ", "he said it"],
        "ngram_range": (1, 2),
        "token_pattern": r"\w+",
    },
    "fixed vocabulary within words": {"vocabulary": {" a": 1, "a": 0, "ab": 2, "Q": 3}, "analyzer": "char_wb"},
    "pattern not known": {"token_pattern": r"[a-z]{3}"},
    "own tokenizer": {"tokenizer": str.split, "token_pattern": None},
    "own analyzer": {"analyzer": str.split},
}
WEIGHTS = {
    "plain": {},
    "sublinear": {"sublinear_tf": True, "norm": "l1"},
    "no idf": {"use_idf": False, "norm": None},
    "not smooth": {"smooth_idf": False, "binary": True},
}
# Those of scikit-learn's checks that pass no numbers.
TEXT_CHECKS = (
    check_estimator_cloneable,
    check_estimator_repr,
    check_estimator_tags_renamed,
    check_get_params_invariance,
    check_no_attributes_set_in_init,
    check_parameters_default_constructible,
    check_set_params,
    check_valid_tag_types,
)
LETTERS = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs"]),
        st.sampled_from("ab \x00\u0301İΣſKı“”?!\u200d\u0345½²\U0001d7d8\U00010400\ufdfa\u00a8\u2003\x1f"),
    ),
    max_size=30,
)
WORDS = st.lists(st.sampled_from([*" ".join(TEXTS).split(), " ", "a", "“", "Σ", "it"]), max_size=12).map(" ".join)
LISTS = st.lists(st.one_of(LETTERS, WORDS), min_size=4, max_size=30)
PATIENT = settings(deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck])


def check_equal(found, expected):
    """Compare matrices to the last bit, and how their numbers are stored."""
    assert type(found) is type(expected)
    assert found.shape == expected.shape
    for name in ("indptr", "indices", "data"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.dtype == other.dtype, name
        assert one.tobytes() == other.tobytes(), name


def outcome(call, *arguments):
    """Return what a call gives, or its error, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = call(*arguments)
        except Exception as error:
            found = error
    return found, [str(one.message) for one in caught]


def check_same(plain, ours, texts, others):
    """Compare all that two vectorisers do."""
    for name, given_texts in (("fit_transform", texts), ("transform", texts), ("transform", others)):
        expected, warned = outcome(getattr(plain, name), given_texts)
        found, ours_warned = outcome(getattr(ours, name), given_texts)
        assert ours_warned == warned
        if isinstance(expected, Exception):
            # A wrong parameter is said to be one of the class of the name.
            message = str(found).replace(type(ours).__name__, type(plain).__name__)
            assert (type(found), message) == (type(expected), str(expected))
            return
        check_equal(found, expected)
    assert ours.vocabulary_ == plain.vocabulary_
    # A saved model has the vocabulary in this order, and integers of these kinds.
    assert list(ours.vocabulary_) == list(plain.vocabulary_)
    assert set(map(type, ours.vocabulary_.values())) == set(map(type, plain.vocabulary_.values()))
    assert ours.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()


@pytest.mark.parametrize("plain", PAIRS)
@pytest.mark.parametrize("name", SETTINGS)
def test_matrix_and_vocabulary_are_those_of_scikit_learn(plain, name):
    check_same(plain(**SETTINGS[name]), PAIRS[plain](**SETTINGS[name]), TEXTS, [*TEXTS[::-1], "denied Q again a"])


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_are_those_of_scikit_learn_to_the_last_bit(name):
    check_same(TfidfVectorizer(**WEIGHTS[name]), CompiledTfidfVectorizer(**WEIGHTS[name]), TEXTS, TEXTS[2:])


QUICK = ("words and marks", "within words", "characters", "stop words", "most frequent", "between spaces")


@settings(PATIENT, max_examples=60)
@given(name=st.sampled_from(QUICK), texts=LISTS, others=LISTS)
def test_any_text_gives_the_matrix_of_scikit_learn(name, texts, others):
    chosen = {**SETTINGS[name], "min_df": 1}
    check_same(TfidfVectorizer(**chosen), CompiledTfidfVectorizer(**chosen), texts, others)


@pytest.mark.slow
@settings(PATIENT, max_examples=6500)
@given(name=st.sampled_from(sorted(SETTINGS)), texts=LISTS, others=LISTS)
def test_a_hundred_thousand_texts_give_the_matrices_of_scikit_learn(name, texts, others):
    check_same(TfidfVectorizer(**SETTINGS[name]), CompiledTfidfVectorizer(**SETTINGS[name]), texts, others)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["words and marks", "within words", "characters", "accents, unicode"])
def test_every_code_point_gives_the_matrix_of_scikit_learn(name):
    texts = [f"a{chr(point)}b {chr(point)}cd{chr(point)} {chr(point)}" for point in range(0x110000)]
    for first in range(0, len(texts), 100_000):
        part = texts[first : first + 100_000]
        check_same(CountVectorizer(**SETTINGS[name]), CompiledCountVectorizer(**SETTINGS[name]), part, part[::99])


def test_tables_that_fill_up_grow():
    rng = np.random.default_rng(0)
    texts = [" ".join(map(str, rng.integers(0, 20_000, 200))) for _ in range(100)]
    for chosen in (SETTINGS["words and marks"], SETTINGS["within words"]):
        check_same(CountVectorizer(**chosen), CompiledCountVectorizer(**chosen), texts, texts[:3])


@pytest.mark.parametrize(
    ("chosen", "texts"),
    [
        ({}, []),
        ({}, ["", " "]),
        ({}, "one text"),
        ({}, [None]),
        ({}, [7]),
        ({}, [np.nan]),
        ({}, [b"bytes", "and text"]),
        ({"decode_error": "ignore"}, [b"by\xfftes", b"bytes"]),
        ({}, [b"by\xfftes"]),
        ({"min_df": 5}, ["a b", "bb cc"]),
        ({"min_df": 3, "max_df": 2}, ["aa bb", "bb cc"]),
        ({"max_df": 2.5}, ["aa bb"]),
        ({"ngram_range": (2, 1)}, ["aa bb"]),
        ({"analyzer": "chars"}, ["aa bb"]),
        ({"vocabulary": []}, ["aa bb"]),
        ({"vocabulary": {"aa": 1}}, ["aa bb"]),
        ({"vocabulary": ["AA"]}, ["aa bb"]),
        ({"stop_words": ["aa-b"]}, ["aa bb"]),
        ({"analyzer": "char", "stop_words": ["aa"]}, ["aa bb"]),
        ({"preprocessor": lambda text: [text]}, ["aa bb"]),
    ],
)
def test_messages_are_those_of_scikit_learn(chosen, texts):
    check_same(CountVectorizer(**chosen), CompiledCountVectorizer(**chosen), texts, ["aa"])


def test_generator_of_texts_is_read_once():
    check_equal(CompiledCountVectorizer().fit_transform(text for text in TEXTS), CountVectorizer().fit_transform(TEXTS))


def test_vocabulary_set_later_is_the_one_looked_up():
    ours, plain = CompiledCountVectorizer().fit(TEXTS), CountVectorizer().fit(TEXTS)
    ours.transform(TEXTS)
    for vocabulary in ({"denied": 0, "again": 1}, {"it": 0, "the": 0}, {"it": np.int64(1), "he": np.int64(0)}):
        ours.vocabulary_ = plain.vocabulary_ = vocabulary
        check_equal(ours.transform(TEXTS), plain.transform(TEXTS))
    # Columns outside of the matrix are scikit-learn's to deal with, never written to.
    ours.vocabulary_ = plain.vocabulary_ = {"it": 7, "the": 1}
    check_equal(ours.transform(TEXTS), plain.transform(TEXTS))


def test_files_are_read_as_scikit_learn_reads_them(tmp_path):
    (tmp_path / "a.txt").write_bytes("Él 😀 aa".encode("latin-1", "replace"))
    chosen = {"input": "filename", "encoding": "latin-1"}
    names = [tmp_path / "a.txt"] * 2
    check_same(CountVectorizer(**chosen), CompiledCountVectorizer(**chosen), names, names[:1])
    found = CompiledCountVectorizer(input="file").fit_transform([BytesIO(b"aa bb")])
    check_equal(found, CountVectorizer(input="file").fit_transform([BytesIO(b"aa bb")]))


def test_vectorizer_that_was_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        CompiledTfidfVectorizer().transform(TEXTS)
    check_equal(
        CompiledCountVectorizer(vocabulary=["it"]).transform(TEXTS), CountVectorizer(vocabulary=["it"]).transform(TEXTS)
    )


@pytest.mark.parametrize("dump", ["pickle", "joblib"])
def test_copies_transform_alike(tmp_path, dump):
    fitted = CompiledTfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS)
    expected = fitted.transform(TEXTS)
    if dump == "pickle":
        content = pickle.dumps(fitted)
        # What is made anew from the vocabulary does not travel.
        plain = pickle.dumps(TfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS))
        assert len(content) < len(plain) + 200
        copy = pickle.loads(content)
    else:
        joblib.dump(fitted, tmp_path / "v.joblib")
        copy = joblib.load(tmp_path / "v.joblib")
    check_equal(copy.transform(TEXTS), expected)
    assert not hasattr(clone(fitted), "vocabulary_")
    assert clone(fitted).get_params() == TfidfVectorizer(ngram_range=(1, 2)).get_params()


def test_pipelines_unions_and_searches_choose_as_with_scikit_learn():
    labels = ["denial", "pledge", "denial", "denial", "none", "none", "pledge", "none"]

    def search(words, characters):
        union = FeatureUnion([("w", words), ("c", characters.set_params(analyzer="char_wb", ngram_range=(1, 3)))])
        grid = {"featureunion__w__ngram_range": [(1, 1), (1, 2)], "logisticregression__C": [1, 10]}
        return GridSearchCV(make_pipeline(union, LogisticRegression()), grid, cv=2).fit(TEXTS * 2, labels * 2)

    ours = search(CompiledTfidfVectorizer(), CompiledCountVectorizer())
    plain = search(TfidfVectorizer(), CountVectorizer())
    assert ours.best_params_ == plain.best_params_
    assert ours.predict_proba(TEXTS).tobytes() == plain.predict_proba(TEXTS).tobytes()
    assert ours.best_estimator_[:1].get_feature_names_out().tolist() == (
        plain.best_estimator_[:1].get_feature_names_out().tolist()
    )


@pytest.mark.parametrize("ours", PAIRS.values())
def test_scikit_learn_takes_it_for_an_estimator(ours):
    # It leaves out most checks of what reads text, as it does for its own vectorisers, and says so.
    with pytest.warns(SkipTestWarning, match="string=True"):
        results = check_estimator(ours(), on_fail=None)
    assert not [result for result in results if result["status"] == "failed"]
    for check in TEXT_CHECKS:
        check(ours.__name__, ours())


def test_terms_are_sorted_as_python_sorts_text():
    rng = np.random.default_rng(1)
    terms = {"".join(map(chr, rng.integers(0, 3, rng.integers(0, 9)))) for _ in range(300)}
    terms = [*terms, "\U0010ffff", "\uffff", "\ud800", "long" * 20, "long" * 20 + "er"]
    order = sort_terms(*vectorizers._join(terms))
    assert [terms[place] for place in order] == sorted(terms)


def test_fitted_pipeline_is_scikit_learns_again():
    def pipeline():
        union = FeatureUnion([("w", TfidfVectorizer()), ("c", make_pipeline("passthrough", CountVectorizer()))])
        return make_pipeline(union, LogisticRegression())

    labels = list("ababbaab")
    ours = vectorizers.to_compiled_vectorizers(pipeline())
    assert type(ours[0]["w"]) is CompiledTfidfVectorizer
    assert type(ours[0]["c"][1]) is CompiledCountVectorizer
    ours.fit(TEXTS, labels).predict(TEXTS)
    plain = vectorizers.to_sklearn_vectorizers(ours)
    assert type(plain[0]["w"]) is TfidfVectorizer
    # Byte for byte what scikit-learn alone had made, nothing of ours left in it.
    assert skops.io.get_untrusted_types(data=skops.io.dumps(plain)) == []
    assert _dump_skops(plain) == _dump_skops(pipeline().fit(TEXTS, labels))


def test_example_of_the_readme_runs():
    readme = Path(__file__).parent.parent.parent.parent.joinpath("README.md").read_text(encoding="utf-8")
    section = readme.split("### In a pipeline of your own")[1]
    example = re.search(r"```python\n(.*?)```", section, re.DOTALL)[1]
    exec(example, {})
    with pytest.raises(AssertionError):
        exec(example.replace('== ["denial"]', '== ["pledge"]'), {})


PARTS = {
    "words": TfidfVectorizer(token_pattern=WORD_OR_MARK, ngram_range=(1, 2), min_df=2, sublinear_tf=True),
    "within words": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True),
    "characters": TfidfVectorizer(analyzer="char", ngram_range=(1, 3), max_df=0.6, norm="l1", smooth_idf=False),
    "shares": TfidfVectorizer(ngram_range=(1, 3), min_df=0.2, max_df=np.int64(6), use_idf=False, norm=None),
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


def check_matrices(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        assert (type(ours), ours.dtype, ours.shape) == (type(theirs), theirs.dtype, theirs.shape)
        for name in ("indptr", "indices", "data"):
            # The order within a row counts too: it is that of sums.
            assert getattr(ours, name).dtype == getattr(theirs, name).dtype, name
            assert getattr(ours, name).tobytes() == getattr(theirs, name).tobytes(), name


@pytest.mark.parametrize("names", [*([name] for name in PARTS), list(PARTS)], ids=lambda names: "+".join(names))
def test_sentences_counted_once_give_the_matrices_of_each_part_of_them(names):
    union = FeatureUnion([(name, PARTS[name]) for name in names])
    texts = [*TEXTS, *(f"{text} said {number % 4}" for number, text in enumerate(TEXTS * 2))]
    counted = CountedSentences(texts)
    rng = np.random.default_rng(1)
    for _ in range(6):
        # With some of them twice, and some on both sides.
        seen, held = ([texts[number] for number in rng.integers(0, len(texts), size)] for size in (14, 9))
        plain, ours = clone(union), to_compiled_vectorizers(clone(union))
        expected = plain.fit_transform(seen), plain.transform(held)
        check_matrices(counted.vectors(ours, seen, held), expected)
        check_matrices(counted.fit_vectors(ours, seen, held), expected)
        assert ours.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()
        check_matrices([ours.transform(texts)], [plain.transform(texts)])


def test_what_counts_no_ngrams_known_here_is_left_to_scikit_learn():
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


def test_sentences_are_sent_to_another_process_without_their_counts_and_counted_there_once():
    union = to_compiled_vectorizers(FeatureUnion([("words", PARTS["words"]), ("cues", PARTS["cues"])]))
    counted = CountedSentences(TEXTS * 2)
    found = counted.vectors(union, TEXTS, TEXTS[:2])
    sent = pickle.dumps(counted)
    assert sent == pickle.dumps(CountedSentences(TEXTS))
    there = pickle.loads(sent)
    check_matrices(there.vectors(union, TEXTS, TEXTS[:2]), found)
    assert pickle.loads(sent) is there
    assert pickle.loads(pickle.dumps(CountedSentences(TEXTS[:2]))) is not there


def test_counts_do_not_stay_in_a_vectoriser_that_is_not_fitted():
    # The first part is refused when it is fitted; the second would take old counts for those of other sentences.
    union = FeatureUnion([("words", CompiledTfidfVectorizer(norm="l3")), ("more", CompiledCountVectorizer())])
    with pytest.raises(ValueError, match="'norm' parameter"):
        CountedSentences(TEXTS).fit_vectors(union, TEXTS[:2], TEXTS[2:])
    more = union.transformer_list[1][1]
    assert more.fit_transform(TEXTS[3:4]).toarray().tolist() == [[2, 1, 2, 2, 2, 2]]
