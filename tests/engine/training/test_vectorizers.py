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
from hypothesis import HealthCheck, given, settings, strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
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

from tests.engine.training.texts import TEXTS
from toolkit.engine.training.vectorizers import (
    CompiledCountVectorizer,
    CompiledTfidfVectorizer,
    to_compiled_vectorizers,
    to_sklearn_vectorizers,
)
from toolkit.estimators.lexicon import WORD_OR_MARK, WORD_OR_PUNCTUATION
from toolkit.models import skops_files

PAIRS = {CountVectorizer: CompiledCountVectorizer, TfidfVectorizer: CompiledTfidfVectorizer}
SETTINGS = {
    "defaults": {},
    "words and marks": {"token_pattern": WORD_OR_MARK, "ngram_range": (1, 2), "min_df": 2},
    "words and punctuation": {"token_pattern": WORD_OR_PUNCTUATION, "ngram_range": (1, 3), "min_df": 2},
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
    "unknown pattern": {"token_pattern": r"[a-z]{3}"},
    "own tokenizer": {"tokenizer": str.split, "token_pattern": None},
    "own analyzer": {"analyzer": str.split},
}
WEIGHTS = {
    "plain": {},
    "sublinear": {"sublinear_tf": True, "norm": "l1"},
    "no idf": {"use_idf": False, "norm": None},
    "not smooth": {"smooth_idf": False, "binary": True},
}
# scikit-learn's checks that do not pass numbers.
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


def check_equal(matrix, expected):
    """Compare matrices to the last bit, and how their numbers are stored."""
    assert type(matrix) is type(expected)
    assert matrix.shape == expected.shape
    for name in ("indptr", "indices", "data"):
        one, other = getattr(matrix, name), getattr(expected, name)
        assert one.dtype == other.dtype, name
        assert one.tobytes() == other.tobytes(), name


def outcome(call, *arguments):
    """Return the result of a call, or its error, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = call(*arguments)
        except Exception as error:
            result = error
    return result, [str(one.message) for one in caught]


def check_same(plain, compiled, texts, others):
    """Compare all that two vectorisers do."""
    for name, given_texts in (("fit_transform", texts), ("transform", texts), ("transform", others)):
        expected, warned = outcome(getattr(plain, name), given_texts)
        result, own_warnings = outcome(getattr(compiled, name), given_texts)
        assert own_warnings == warned
        if isinstance(expected, Exception):
            # The message about a wrong parameter names the class.
            message = str(result).replace(type(compiled).__name__, type(plain).__name__)
            assert (type(result), message) == (type(expected), str(expected))
            return
        check_equal(result, expected)
    assert compiled.vocabulary_ == plain.vocabulary_
    # A saved model has the vocabulary in this order, with integers of these types.
    assert list(compiled.vocabulary_) == list(plain.vocabulary_)
    assert set(map(type, compiled.vocabulary_.values())) == set(map(type, plain.vocabulary_.values()))
    assert compiled.get_feature_names_out().tolist() == plain.get_feature_names_out().tolist()


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
    compiled, plain = CompiledCountVectorizer().fit(TEXTS), CountVectorizer().fit(TEXTS)
    compiled.transform(TEXTS)
    for vocabulary in ({"denied": 0, "again": 1}, {"it": 0, "the": 0}, {"it": np.int64(1), "he": np.int64(0)}):
        compiled.vocabulary_ = plain.vocabulary_ = vocabulary
        check_equal(compiled.transform(TEXTS), plain.transform(TEXTS))
    # Columns outside of the matrix fall back to scikit-learn, and never written to.
    compiled.vocabulary_ = plain.vocabulary_ = {"it": 7, "the": 1}
    check_equal(compiled.transform(TEXTS), plain.transform(TEXTS))


def test_files_are_read_as_scikit_learn_reads_them(tmp_path):
    (tmp_path / "a.txt").write_bytes("Él 😀 aa".encode("latin-1", "replace"))
    chosen = {"input": "filename", "encoding": "latin-1"}
    names = [tmp_path / "a.txt"] * 2
    check_same(CountVectorizer(**chosen), CompiledCountVectorizer(**chosen), names, names[:1])
    matrix = CompiledCountVectorizer(input="file").fit_transform([BytesIO(b"aa bb")])
    check_equal(matrix, CountVectorizer(input="file").fit_transform([BytesIO(b"aa bb")]))


def test_vectorizer_that_was_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        CompiledTfidfVectorizer().transform(TEXTS)
    check_equal(
        CompiledCountVectorizer(vocabulary=["it"]).transform(TEXTS), CountVectorizer(vocabulary=["it"]).transform(TEXTS)
    )


@pytest.mark.parametrize("dump", ["pickle", "joblib"])
def test_copies_return_the_same_matrix(tmp_path, dump):
    fitted = CompiledTfidfVectorizer(ngram_range=(1, 2)).fit(TEXTS)
    expected = fitted.transform(TEXTS)
    if dump == "pickle":
        content = pickle.dumps(fitted)
        # What can be recomputed from the vocabulary is not pickled.
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

    compiled = search(CompiledTfidfVectorizer(), CompiledCountVectorizer())
    plain = search(TfidfVectorizer(), CountVectorizer())
    assert compiled.best_params_ == plain.best_params_
    assert compiled.predict_proba(TEXTS).tobytes() == plain.predict_proba(TEXTS).tobytes()
    assert compiled.best_estimator_[:1].get_feature_names_out().tolist() == (
        plain.best_estimator_[:1].get_feature_names_out().tolist()
    )


@pytest.mark.parametrize("compiled", PAIRS.values())
def test_scikit_learn_accepts_it_as_an_estimator(compiled):
    # scikit-learn skips most checks of an estimator that reads text, as it does for its own, and warns.
    with pytest.warns(SkipTestWarning, match="string=True"):
        results = check_estimator(compiled(), on_fail=None)
    assert not [result for result in results if result["status"] == "failed"]
    for check in TEXT_CHECKS:
        check(compiled.__name__, compiled())


def test_fitted_pipeline_can_be_turned_back_into_scikit_learns():
    def pipeline():
        union = FeatureUnion([("w", TfidfVectorizer()), ("c", make_pipeline("passthrough", CountVectorizer()))])
        return make_pipeline(union, LogisticRegression())

    labels = list("ababbaab")
    compiled = to_compiled_vectorizers(pipeline())
    assert type(compiled[0]["w"]) is CompiledTfidfVectorizer
    assert type(compiled[0]["c"][1]) is CompiledCountVectorizer
    compiled.fit(TEXTS, labels).predict(TEXTS)
    plain = to_sklearn_vectorizers(compiled)
    assert type(plain[0]["w"]) is TfidfVectorizer
    # Byte for byte what scikit-learn alone would have saved.
    assert skops.io.get_untrusted_types(data=skops.io.dumps(plain)) == []
    assert skops_files.dump(plain) == skops_files.dump(pipeline().fit(TEXTS, labels))


def test_examples_of_the_readme_run():
    readme = Path(__file__).parents[3].joinpath("README.md").read_text(encoding="utf-8")
    section = readme.split("### In a pipeline of your own")[1].split("\n## ")[0]
    example = "".join(re.findall(r"```python\n(.*?)```", section, re.DOTALL))
    exec(example, {})
    first, between, last = example.split('== ["denial"]')
    for wrong in (f'{first}== ["pledge"]{between}{last}', f'{first}{between}== ["pledge"]{last}'):
        with pytest.raises(AssertionError):
            exec(wrong, {})
