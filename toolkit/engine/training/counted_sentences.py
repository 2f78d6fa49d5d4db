"""A corpus whose n-grams are counted once, for vectorisers that are fitted to many parts of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from toolkit.engine.layout import Int32s, Int64s
from toolkit.engine.training import ngrams
from toolkit.engine.training.term_counts import (
    Counts,
    count_selected_terms,
    count_terms,
    inverse_order,
    is_supported,
    measure_frequencies,
    preprocess,
    select_by_frequency,
    sort_terms,
    spell_terms,
)
from toolkit.engine.training.vectorizers import CompiledTfidfVectorizer, give_counts, is_compiled_vectorizer
from toolkit.estimators import CueIndicators, WordClasses
from toolkit.private_names import fitted_weighting


class _Part(NamedTuple):
    """A part of a union, with the terms it selects.

    Attributes
    ----------
    vectorizer : transformer
        A compiled vectoriser, or cue indicators.
    counts : Counts or None
        Terms of all sentences; None for cue indicators, which have no terms to select.
    selected : ndarray of shape (n_columns,)
        Terms in order of first occurrence.
    columns : ndarray of shape (n_columns,)
        Column of each.
    """

    vectorizer: Any
    counts: Counts | None
    selected: Int64s
    columns: Int32s


class CountedSentences:
    """Sentences whose n-grams are counted once, for vectorisers that are fitted to many parts of them.

    The results are those of the vectorisers themselves, to the last bit.

    Parameters
    ----------
    sentences : iterable of str
        All sentences that will be asked for, in any order; duplicates are counted once.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from toolkit.engine.training.vectorizers import to_compiled_vectorizers
    >>> counted = CountedSentences(["He denied it.", "He left.", "It rained."])
    >>> union = to_compiled_vectorizers(FeatureUnion([("words", CountVectorizer())]))
    >>> train, held_out = counted.vectors(union, ["He denied it.", "He left."], ["It rained."])
    >>> train.toarray().tolist(), held_out.toarray().tolist()
    ([[1, 1, 1, 0], [0, 1, 0, 1]], [[0, 0, 1, 0]])
    """

    def __init__(self, sentences: Iterable[str]) -> None:
        self._numbers = {sentence: number for number, sentence in enumerate(dict.fromkeys(sentences))}
        self._cache: dict[Any, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Send only the sentences to another process, which counts them once itself."""
        return _shared, (tuple(self._numbers),)

    def vectors(self, step: Any, train: Sequence[str], held_out: Sequence[str]) -> tuple[Any, Any] | None:
        """Return what a transformer, fitted to some sentences, makes of them and of others; it is not fitted itself.

        Parameters
        ----------
        step : transformer
            Not fitted.
        train, held_out : sequence of str
            Among the sentences counted; at least one each.

        Returns
        -------
        (train, held_out) or None
            Two matrices of shapes (n_train, n_features) and (n_held_out, n_features). None if
            the transformer is not a union of compiled vectorisers, or has nothing to count.
        """
        parts = self._select(step, train)
        if parts is None:
            return None
        matrices = [self._count(*split) for part in parts for split in ((part, train, True), (part, held_out, False))]
        for number, part in enumerate(parts):
            if type(part.vectorizer) is CompiledTfidfVectorizer:
                names = ("norm", "use_idf", "smooth_idf", "sublinear_tf")
                weighting = TfidfTransformer(**{name: getattr(part.vectorizer, name) for name in names})
                weighting.fit(matrices[2 * number])
                for which in (2 * number, 2 * number + 1):
                    matrices[which] = weighting.transform(matrices[which], copy=False)
        # Stacked as FeatureUnion does.
        return sp.hstack(matrices[::2]).tocsr(), sp.hstack(matrices[1::2]).tocsr()

    def fit_vectors(self, step: Any, train: Sequence[str], held_out: Sequence[str]) -> tuple[Any, Any]:
        """Return the same for any transformer, which is fitted to the training sentences."""
        parts = self._select(step, train)
        if parts is None:
            return step.fit_transform(train), step.transform(held_out)
        for part in parts:
            if part.counts is not None:
                give_counts(part.vectorizer, self._take(part.counts, train))
        try:
            vectors = step.fit_transform(train)
        finally:
            # If one part fails, those after it have not used their counts.
            for part in parts:
                give_counts(part.vectorizer, None)
        matrices = [self._count(part, held_out, False) for part in parts]
        for number, part in enumerate(parts):
            if type(part.vectorizer) is CompiledTfidfVectorizer:
                matrices[number] = fitted_weighting(part.vectorizer).transform(matrices[number], copy=False)
        return vectors, sp.hstack(matrices).tocsr()

    def _select(self, step: Any, train: Sequence[str]) -> list[_Part] | None:
        """Select the terms of each part of a union; None if any part is unknown."""
        if type(step) is not FeatureUnion or step.transformer_weights or not step.transformer_list:
            return None
        parts = [self._select_part(part, train) for _, part in step.transformer_list]
        return None if None in parts else [part for part in parts if part is not None]

    def _select_part(self, part: Any, train: Sequence[str]) -> _Part | None:
        if type(part) is CueIndicators:
            return _Part(part, None, np.zeros(0, np.int64), np.zeros(0, np.int32))
        counted = self._count_all(part)
        if counted is None:
            return None
        counts, ranks = counted
        vectorizer = part[-1] if type(part) is Pipeline else part
        frequencies = measure_frequencies(self._take(counts, train))
        # A whole number of documents, or a proportion of them.
        limits = (vectorizer.max_df, vectorizer.min_df)
        high, low = (float(limit if isinstance(limit, Integral) else limit * len(train)) for limit in limits)
        selected = select_by_frequency(frequencies, high, low)
        if not len(selected):
            return None
        return _Part(vectorizer, counts, selected, inverse_order(np.argsort(ranks[selected])))

    def _count(self, part: _Part, sentences: Sequence[str], is_train: bool) -> Any:
        """Return the counts of the selected terms in sentences."""
        if part.counts is None:
            return self._cues(part.vectorizer)[self._rows(sentences)]
        own = np.arange(len(part.selected), dtype=np.int32)
        # Entries of training rows are in order of first occurrence, those of others in order of columns.
        orders = (own, part.columns) if is_train else (part.columns, own)
        return count_selected_terms(part.vectorizer, self._take(part.counts, sentences), part.selected, *orders)

    def _cues(self, part: CueIndicators) -> Any:
        key = "cues", repr(part.get_params())
        if key not in self._cache:
            self._cache[key] = part.transform(list(self._numbers))
        return self._cache[key]

    def _rows(self, sentences: Sequence[str]) -> Int64s:
        return np.array([self._numbers[sentence] for sentence in sentences], np.int64)

    def _take(self, counts: Counts, sentences: Sequence[str]) -> Counts:
        documents, bounds = ngrams.take_documents(counts.documents, counts.bounds, self._rows(sentences))
        return counts._replace(documents=documents, bounds=bounds)

    def _count_all(self, part: Any) -> tuple[Counts, Int32s] | None:
        """Count the terms of all sentences; return the rank of each term by code points, too."""
        classes = part[0] if type(part) is Pipeline and len(part) == 2 and type(part[0]) is WordClasses else None
        vectorizer = part if classes is None else part[-1]
        if not is_compiled_vectorizer(vectorizer) or not is_supported(vectorizer):
            return None
        if vectorizer.vocabulary is not None or vectorizer.max_features is not None or vectorizer.input != "content":
            return None
        if vectorizer.preprocessor is not None:
            return None
        settings = ("analyzer", "token_pattern", "ngram_range", "stop_words", "lowercase", "strip_accents")
        key = repr([getattr(vectorizer, name) for name in settings]), classes and repr(classes.classes)
        if key not in self._cache:
            documents = list(self._numbers) if classes is None else classes.transform(list(self._numbers))
            texts = preprocess(vectorizer, documents)
            if texts is None:
                return None
            counts = count_terms(vectorizer, texts)
            order = sort_terms(*spell_terms(vectorizer, counts, np.arange(len(counts.nodes))))
            self._cache[key] = counts, inverse_order(order)
        counted: tuple[Counts, Int32s] = self._cache[key]
        return counted


@lru_cache(maxsize=1)
def _shared(sentences: tuple[str, ...]) -> CountedSentences:
    """Return the instance of this process: several tasks of joblib then share the counts."""
    return CountedSentences(sentences)
