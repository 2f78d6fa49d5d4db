"""Sentences -> vectors: n-gram vectorisers of scikit-learn, set up from a record."""

from __future__ import annotations

from typing import Any

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from toolkit.config import Features
from toolkit.lexicon import WORD_OR_MARK, WordClasses
from toolkit.rules import CueIndicators

BETWEEN_SPACES = r"\S+"


def make_vectorizer(features: Features) -> FeatureUnion:
    """Make an unfitted union of the n-gram vectorisers that a record names.

    Parameters
    ----------
    features : Features
        Which n-grams, how weighted.

    Returns
    -------
    FeatureUnion
        Parts ``words``, ``characters``, ``cues`` and ``classes``, in this order; transforms
        n sentences into a sparse matrix of shape (n_sentences, n_features). Each part with
        tf-idf weights has rows of length 1, so that no kind drowns another.

    Examples
    --------
    >>> vectorizer = make_vectorizer(Features(words=(1, 2)))
    >>> vectorizer.fit_transform(["He denied it.", "He left."]).shape
    (2, 7)
    """
    shared: dict[str, Any] = {"lowercase": features.lowercase, "min_df": features.min_count}
    if features.weights == "tf-idf":
        shared["sublinear_tf"] = True
    else:
        shared["binary"] = features.weights == "binary"
    vectorizer = TfidfVectorizer if features.weights == "tf-idf" else CountVectorizer
    parts: list[tuple[str, Any]] = []
    if features.words:
        parts.append(("words", vectorizer(token_pattern=WORD_OR_MARK, ngram_range=features.words, **shared)))
    if features.characters:
        parts.append(("characters", vectorizer(analyzer="char_wb", ngram_range=features.characters, **shared)))
    if features.cues:
        parts.append(("cues", CueIndicators(features.cues)))
    if features.classes and features.class_ngrams:
        ngrams = vectorizer(token_pattern=BETWEEN_SPACES, ngram_range=features.class_ngrams, **shared)
        parts.append(("classes", Pipeline([("classes", WordClasses(dict(features.classes))), ("ngrams", ngrams)])))
    return FeatureUnion(parts)
