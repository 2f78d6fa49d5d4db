"""scikit-learn's n-gram vectorisers, with machine code in place of their Python loops.

Each returns exactly the matrix, vocabulary and messages of the class that it inherits from. Whatever
machine code does not know, such as a custom tokenizer or analyzer, falls back to scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from toolkit.engine.training.term_counts import (
    Counts,
    Lookup,
    count_known_terms,
    count_selected_terms,
    count_terms,
    inverse_order,
    is_supported,
    make_lookup,
    measure_frequencies,
    preprocess,
    select_by_frequency,
    sort_terms,
    spell_terms,
    split_texts,
)
from toolkit.private_names import CountingSteps

# Attributes that can be recomputed, and are neither copied nor pickled.
_TRANSIENT = ("_lookup", "_counted", "_given")


class _Compiled(CountingSteps):
    """Overrides the steps in which scikit-learn's vectorisers spend their time."""

    def fit_transform(self, raw_documents: Iterable[Any], y: Any = None) -> Any:
        """Learn the vocabulary and return the matrix, as the class that this one inherits from."""
        try:
            return super().fit_transform(raw_documents, y)  # type: ignore[misc]
        finally:
            vars(self).pop("_counted", None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be recomputed from the vocabulary."""
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name not in _TRANSIENT}

    def _count_terms(self: Any, raw_documents: Iterable[Any], fixed_vocab: bool) -> tuple[dict[str, int], Any]:
        # Called for its checks: it refuses, or warns of, settings that make no analyzer.
        self.build_analyzer()
        if not is_supported(self):
            return super()._count_terms(raw_documents, fixed_vocab)
        raw_documents = list(raw_documents)
        given = vars(self).pop("_given", None)
        texts = preprocess(self, raw_documents) if given is None else raw_documents
        lookup = self._find_lookup() if fixed_vocab else None
        if texts is None or (fixed_vocab and lookup is None):
            return super()._count_terms(raw_documents, fixed_vocab)
        if lookup is not None:
            return self.vocabulary_, count_known_terms(self, lookup, texts)
        counts = count_terms(self, texts) if given is None else given
        frequencies = measure_frequencies(counts)
        if not len(frequencies.order):
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        self._counted = counts, frequencies
        # An empty matrix of the right shape stands for the counts until terms are selected.
        return {}, sp.csr_array((len(texts), len(frequencies.order)), dtype=self.dtype)

    def _order_terms(self: Any, X: Any, vocabulary: dict[str, int]) -> Any:
        return X if "_counted" in vars(self) else super()._order_terms(X, vocabulary)

    def _select_terms(
        self: Any, X: Any, vocabulary: dict[str, int], high: float | None, low: float | None, limit: int | None
    ) -> Any:
        if "_counted" not in vars(self):
            return super()._select_terms(X, vocabulary, high, low, limit)
        counts, frequencies = self._counted
        # In order of first occurrence, as in scikit-learn's dictionary and rows.
        selected = select_by_frequency(frequencies, high, low)
        terms = spell_terms(self, counts, selected)
        order = sort_terms(*terms)
        if limit is not None and len(selected) > limit:
            kind = sp.csr_array((1, 1), dtype=self.dtype).sum(axis=0).dtype
            often = (frequencies.in_documents if self.binary else frequencies.total)[selected[order]].astype(kind)
            # Sorted as scikit-learn does, so that the same are chosen among equally frequent terms.
            chosen = np.zeros(len(selected), bool)
            chosen[order[(-often).argsort()[:limit]]] = True
            order = (np.cumsum(chosen) - 1)[order[chosen[order]]]
            names = [name for name, is_in in zip(split_texts(*terms), chosen, strict=True) if is_in]
            selected = selected[chosen]
        else:
            names = split_texts(*terms)
        if not len(selected):
            raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
        columns = inverse_order(order)
        # With max_features scikit-learn's columns are integers of NumPy, otherwise of Python.
        vocabulary.update(
            zip(names, columns.tolist() if self.max_features is None else columns.astype(int), strict=True)
        )
        return count_selected_terms(self, counts, selected, np.arange(len(selected), dtype=np.int32), columns)

    def _find_lookup(self: Any) -> Lookup | None:
        lookup: Lookup | None = vars(self).get("_lookup")
        if lookup is None or not lookup.is_current(self.vocabulary_):
            lookup = make_lookup(self)
            if lookup is not None:
                self._lookup = lookup
        return lookup


class CompiledCountVectorizer(_Compiled, CountVectorizer):
    """Count n-grams as :class:`~sklearn.feature_extraction.text.CountVectorizer` does, in machine code.

    Parameters, attributes, matrices and messages are those of scikit-learn's class, for any text.
    An ``analyzer``, ``tokenizer`` or ``token_pattern`` that is not compiled falls back to
    scikit-learn's own code.

    Examples
    --------
    >>> vectorizer = CompiledCountVectorizer(ngram_range=(1, 2))
    >>> vectorizer.fit_transform(["He denied it.", "He left."]).toarray().tolist()
    [[1, 1, 1, 1, 0, 1, 0], [0, 0, 1, 0, 1, 0, 1]]
    >>> vectorizer.get_feature_names_out().tolist()
    ['denied', 'denied it', 'he', 'he denied', 'he left', 'it', 'left']
    """


class CompiledTfidfVectorizer(_Compiled, TfidfVectorizer):
    """Weight n-grams as :class:`~sklearn.feature_extraction.text.TfidfVectorizer` does, in machine code.

    Parameters, attributes, matrices and messages are those of scikit-learn's class, for any text.
    An ``analyzer``, ``tokenizer`` or ``token_pattern`` that is not compiled falls back to
    scikit-learn's own code.

    Examples
    --------
    >>> vectorizer = CompiledTfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), min_df=2)
    >>> vectorizer.fit_transform(["He denied it.", "He left."]).shape
    (2, 8)
    """


_COMPILED: dict[Any, Any] = {CountVectorizer: CompiledCountVectorizer, TfidfVectorizer: CompiledTfidfVectorizer}
_PLAIN: dict[Any, Any] = {compiled: plain for plain, compiled in _COMPILED.items()}


def is_compiled_vectorizer(step: Any) -> bool:
    """Return whether a step is one of the compiled vectorisers.

    Examples
    --------
    >>> is_compiled_vectorizer(CompiledCountVectorizer()), is_compiled_vectorizer(CountVectorizer())
    (True, False)
    """
    return type(step) in _PLAIN


def give_counts(vectorizer: Any, counts: Counts | None) -> None:
    """Give a compiled vectoriser the counts of the documents that it is fitted to next; None takes them back."""
    vars(vectorizer).pop("_given", None)
    if counts is not None:
        vars(vectorizer)["_given"] = counts


def to_compiled_vectorizers(step: Any) -> Any:
    """Return a step, pipeline or union with compiled vectorisers in place of scikit-learn's.

    Examples
    --------
    >>> type(to_compiled_vectorizers(Pipeline([("words", CountVectorizer())]))[0]).__name__
    'CompiledCountVectorizer'
    """
    return _replace(step, _COMPILED)


def to_sklearn_vectorizers(step: Any) -> Any:
    """Return a step, pipeline or union with scikit-learn's own vectorisers, fitted as the compiled ones were.

    Examples
    --------
    >>> fitted = Pipeline([("words", CompiledCountVectorizer())]).fit(["He left."])
    >>> to_sklearn_vectorizers(fitted)[0].vocabulary_ == {"he": 0, "left": 1}
    True
    """
    return _replace(step, _PLAIN)


def _replace(step: Any, classes: Mapping[Any, Any]) -> Any:
    if type(step) is Pipeline:
        return _changed(step, steps=[(name, _replace(part, classes)) for name, part in step.steps])
    if type(step) is FeatureUnion:
        return _changed(
            step, transformer_list=[(name, _replace(part, classes)) for name, part in step.transformer_list]
        )
    if type(step) not in classes:
        return step
    replaced = classes[type(step)].__new__(classes[type(step)])
    vars(replaced).update({name: value for name, value in vars(step).items() if name not in _TRANSIENT})
    return replaced


def _changed(step: Any, **attributes: Any) -> Any:
    changed = copy(step)
    vars(changed).update(attributes)
    return changed
