"""A sentence becomes the classes of its words, in order."""

import pytest
from sklearn.base import clone

from toolkit.config import Features
from toolkit.estimators.lexicon import WordClasses, split_classes
from toolkit.models.pipelines import make_vectorizer

CLASSES = {"say": "said say*", "deny": "deny den*", "wrong": "deni", "quote": '"'}


def test_words_take_precedence_over_stems_and_long_stems_over_short_ones():
    classes = WordClasses({"short": "a*", "long": "abc*", "word": "abcd"})
    assert classes.transform(["abcd abcde abd b"]) == ["< word long short >"]


def test_case_and_words_without_a_class_are_ignored():
    assert WordClasses(CLASSES).transform(['"DENY it!" he SAID', "", "Rain."]) == [
        "< quote deny quote say >",
        "< >",
        "< >",
    ]


def test_punctuation_belongs_to_classes_as_words_do():
    classes = WordClasses({"say": "said", "pause": ", ;", "dash": "–"})
    assert classes.transform(["Well, – he said: no; “so”"]) == ["< pause dash say pause >"]


def test_word_in_two_classes_is_refused():
    with pytest.raises(ValueError, match="word 'said' is in the classes 'a' and 'b'; leave it in one"):
        split_classes({"a": "said", "b": "said"})
    # The same letters may be a word of one class and a stem of another.
    assert split_classes({"a": "lie", "b": "lie*"}) == ({"lie": "a"}, [("lie", "b")])


@pytest.mark.parametrize("word", ["Said", "cover-up", "*", "a*b", "..."])
def test_word_that_can_never_occur_is_refused(word):
    with pytest.raises(ValueError, match="can never occur; expected one word in lower case"):
        split_classes({"a": word})


def test_ngrams_of_classes_are_features_beside_the_words():
    features = Features(words=(1, 1), classes=tuple(CLASSES.items()), class_ngrams=(1, 2))
    vectorizer = clone(make_vectorizer(features)).fit(["He said so.", "They deny it, he says."])
    ngrams = ("<", "< deny", "< say", ">", "deny", "deny say", "say", "say >")
    assert list(vectorizer.get_feature_names_out()[-8:]) == [f"classes__{ngram}" for ngram in ngrams]
    assert vectorizer.get_feature_names_out()[-9].startswith("words__")
    assert vectorizer.transform(["Rain."])[0, -8:].toarray().astype(bool).tolist() == [[1, 0, 0, 1, 0, 0, 0, 0]]
