"""scikit-learn's vectorisers of n-grams, with machine code in the place of their loops in Python.

Each gives the very matrix, vocabulary and messages of the class it inherits from; what machine
code does not know, such as a tokenizer or an analyzer of one's own, runs in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from toolkit.engine import counting
from toolkit.engine.characters import kinds
from toolkit.engine.compilation import TOKENS
from toolkit.engine.counting import Points, Trie, Units
from toolkit.engine.program import CHUNKS, Int32s, Int64s


class _Counted(NamedTuple):
    """What is known of documents before terms are chosen: arrays as of :mod:`toolkit.engine.counting`."""

    documents: Int32s
    bounds: Int64s
    found: Int32s
    found_bounds: Int64s
    nodes: Int32s
    trie: Trie
    units: Units


class _Lookup(NamedTuple):
    """A vocabulary that machine code reads, and the one it was made of."""

    vocabulary: Mapping[str, int]
    size: int
    trie: Trie
    units: Units
    n_stopped: int


class _Compiled:
    """Overrides the three steps in which scikit-learn's vectorisers spend their time."""

    def fit_transform(self, raw_documents: Iterable[Any], y: Any = None) -> Any:
        """Learn the vocabulary and return the matrix, as the class that this one inherits from."""
        try:
            return super().fit_transform(raw_documents, y)  # type: ignore[misc]
        finally:
            vars(self).pop("_counted", None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made anew from the vocabulary."""
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name not in ("_lookup", "_counted")}

    def _count_vocab(self: Any, raw_documents: Iterable[Any], fixed_vocab: bool) -> tuple[dict[str, int], Any]:
        # Called for its checks: it refuses or warns of what no analyzer can be made of.
        self.build_analyzer()
        if not _is_compiled(self):
            return super()._count_vocab(raw_documents, fixed_vocab)  # type: ignore[misc,no-any-return]
        raw_documents = list(raw_documents)
        texts = _preprocess(self, raw_documents)
        lookup = _find_lookup(self) if fixed_vocab else None
        if texts is None or (fixed_vocab and lookup is None):
            return super()._count_vocab(raw_documents, fixed_vocab)  # type: ignore[misc,no-any-return]
        if lookup is not None:
            return self.vocabulary_, _transform(self, lookup, texts)
        counted = _count(self, texts)
        if not len(counted.nodes):
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        self._counted = counted
        # An empty matrix stands for the counts until it is known which of them are kept.
        return {}, sp.csr_array((len(texts), len(counted.nodes)), dtype=self.dtype)

    def _sort_features(self: Any, X: Any, vocabulary: dict[str, int]) -> Any:
        return X if "_counted" in vars(self) else super()._sort_features(X, vocabulary)  # type: ignore[misc]

    def _limit_features(
        self: Any,
        X: Any,
        vocabulary: dict[str, int],
        high: float | None = None,
        low: float | None = None,
        limit: int | None = None,
    ) -> Any:
        if "_counted" not in vars(self):
            return super()._limit_features(X, vocabulary, high, low, limit)  # type: ignore[misc]
        counted: _Counted = self._counted
        within, total = counting.frequencies(*counted[:4], len(counted.nodes))
        mask = np.ones(len(within), bool)
        mask &= (high is None) | (within <= high)
        mask &= (low is None) | (within >= low)
        # In the order in which they first occur, as scikit-learn's dictionary and rows have them.
        kept = np.flatnonzero(mask)
        terms = _spell(self, counted, kept)
        order = sort_terms(*terms)
        if limit is not None and len(kept) > limit:
            kind = sp.csr_array((1, 1), dtype=self.dtype).sum(axis=0).dtype
            often = (within if self.binary else total)[kept[order]].astype(kind)
            # As scikit-learn has it, so that it takes the same of those that are as frequent.
            chosen = np.zeros(len(kept), bool)
            chosen[order[(-often).argsort()[:limit]]] = True
            order = (np.cumsum(chosen) - 1)[order[chosen[order]]]
            kept, names = kept[chosen], [name for name, is_in in zip(_names(*terms), chosen, strict=True) if is_in]
        else:
            names = _names(*terms)
        if not len(kept):
            raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
        columns = np.empty(len(kept), np.int32)
        columns[order] = np.arange(len(kept))
        # scikit-learn numbers what it has limited with integers of numpy.
        vocabulary.update(
            zip(names, columns.tolist() if self.max_features is None else columns.astype(int), strict=True)
        )
        ranks = np.full(len(within), -1, np.int32)
        ranks[kept] = np.arange(len(kept))
        lines = counting.keep(counted.found, counted.found_bounds, ranks)
        return _matrix(self, counted.documents, counted.bounds, *lines, columns)


class CompiledCountVectorizer(_Compiled, CountVectorizer):
    """Count n-grams as :class:`~sklearn.feature_extraction.text.CountVectorizer` does, in machine code.

    Parameters, attributes, matrices and messages are those of scikit-learn's class, for any text.
    An ``analyzer``, ``tokenizer`` or ``token_pattern`` that is not one of those known here runs in
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
    An ``analyzer``, ``tokenizer`` or ``token_pattern`` that is not one of those known here runs in
    scikit-learn's own code.

    Examples
    --------
    >>> vectorizer = CompiledTfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), min_df=2)
    >>> vectorizer.fit_transform(["He denied it.", "He left."]).shape
    (2, 8)
    """


_COMPILED: dict[Any, Any] = {CountVectorizer: CompiledCountVectorizer, TfidfVectorizer: CompiledTfidfVectorizer}
_PLAIN: dict[Any, Any] = {ours: plain for plain, ours in _COMPILED.items()}


def with_compiled(step: Any) -> Any:
    """Return a step, pipeline or union with compiled vectorisers in the place of scikit-learn's.

    Examples
    --------
    >>> type(with_compiled(Pipeline([("words", CountVectorizer())]))[0]).__name__
    'CompiledCountVectorizer'
    """
    return _replace(step, _COMPILED)


def with_plain(step: Any) -> Any:
    """Return a step, pipeline or union with scikit-learn's own vectorisers, fitted as the compiled ones were.

    Examples
    --------
    >>> fitted = Pipeline([("words", CompiledCountVectorizer())]).fit(["He left."])
    >>> with_plain(fitted)[0].vocabulary_ == {"he": 0, "left": 1}
    True
    """
    return _replace(step, _PLAIN)


def _replace(step: Any, classes: Mapping[Any, Any]) -> Any:
    if type(step) is Pipeline:
        return _altered(step, steps=[(name, _replace(part, classes)) for name, part in step.steps])
    if type(step) is FeatureUnion:
        return _altered(
            step, transformer_list=[(name, _replace(part, classes)) for name, part in step.transformer_list]
        )
    if type(step) not in classes:
        return step
    altered = classes[type(step)].__new__(classes[type(step)])
    vars(altered).update({name: value for name, value in vars(step).items() if name not in ("_lookup", "_counted")})
    return altered


def _altered(step: Any, **parts: Any) -> Any:
    altered = copy(step)
    vars(altered).update(parts)
    return altered


def _is_compiled(vectorizer: Any) -> bool:
    """Say whether machine code reads n-grams as this vectoriser is set."""
    if vectorizer.analyzer == "word":
        return vectorizer.tokenizer is None and vectorizer.token_pattern in TOKENS
    return vectorizer.analyzer in ("char", "char_wb")


def _preprocess(vectorizer: Any, documents: Sequence[Any]) -> list[str] | None:
    """Return documents as the analyzer reads them; None if one is not text."""
    preprocess = vectorizer.build_preprocessor()
    if vectorizer.input == "content" and all(type(document) is str for document in documents):
        if vectorizer.preprocessor is None and vectorizer.strip_accents is None:
            return [document.lower() for document in documents] if vectorizer.lowercase else list(documents)
    else:
        documents = [vectorizer.decode(document) for document in documents]
    texts = [preprocess(document) for document in documents]
    return texts if all(type(text) is str for text in texts) else None


def _join(texts: Sequence[str]) -> tuple[Points, Int64s]:
    """Return the code points of texts, one after another, and where each starts."""
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32), starts


def _root() -> Trie:
    return Trie(np.full(2, -1), np.full(1, -1, np.int32), np.zeros(1, np.int32), np.full(1, -1, np.int32))


def _no_units() -> Units:
    return Units(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.full(2, -1, np.int32))


def _stop_words(vectorizer: Any) -> list[str]:
    return sorted(vectorizer.get_stop_words() or ()) if vectorizer.analyzer == "word" else []


def _count(vectorizer: Any, texts: Sequence[str]) -> _Counted:
    """Count all n-grams of texts."""
    stop_words = _stop_words(vectorizer)
    points, starts = _join([*stop_words, *texts])
    units = _no_units()
    lines = counting.join_spaces(points, starts, kinds()) if vectorizer.analyzer == "char" else None
    if lines is None:
        style = TOKENS[vectorizer.token_pattern] if vectorizer.analyzer == "word" else CHUNKS
        *lines, units, _ = counting.number_units(points, starts, kinds(), style, len(stop_words))
    documents: Any = (np.arange(len(texts), dtype=np.int32), np.arange(len(texts) + 1))
    if vectorizer.analyzer == "char_wb":
        documents, lines = lines, counting.pad_units(units)
    within = vectorizer.analyzer == "char_wb"
    found, found_bounds, trie, nodes = counting.read_lines(*lines, *vectorizer.ngram_range, within, _root(), True)
    return _Counted(documents[0], documents[1], found, found_bounds, nodes, trie, units)


def _transform(vectorizer: Any, lookup: _Lookup, texts: Sequence[str]) -> Any:
    """Count the n-grams of texts that are in a vocabulary."""
    points, starts = _join(texts)
    documents: Any = (np.arange(len(texts), dtype=np.int32), np.arange(len(texts) + 1))
    if vectorizer.analyzer == "word":
        style = TOKENS[vectorizer.token_pattern]
        lines = counting.find_units(points, starts, kinds(), style, lookup.units, lookup.n_stopped)
    elif vectorizer.analyzer == "char":
        lines = counting.join_spaces(points, starts, kinds())
    else:
        *documents, units, _ = counting.number_units(points, starts, kinds(), CHUNKS, 0)
        lines = counting.pad_units(units)
    within = vectorizer.analyzer == "char_wb"
    found, bounds, *_ = counting.read_lines(*lines, *vectorizer.ngram_range, within, lookup.trie, False)
    return _matrix(vectorizer, *documents, found, bounds, np.arange(lookup.size, dtype=np.int32))


def _matrix(vectorizer: Any, *arrays: Any) -> Any:
    values, indices, indptr = counting.write_rows(*arrays, vectorizer.binary)
    kind = np.int32 if indptr[-1] <= np.iinfo(np.int32).max else np.int64
    shape = len(indptr) - 1, len(arrays[-1])
    # What is given back must not hold the memory that only a larger matrix would fill.
    parts = values.astype(vectorizer.dtype), indices.astype(kind, copy=False), indptr.astype(kind, copy=False)
    return sp.csr_matrix(parts, shape=shape)


def _find_lookup(vectorizer: Any) -> _Lookup | None:
    """Return the vocabulary as machine code reads it; None if its columns are not those of a matrix."""
    vocabulary = vectorizer.vocabulary_
    lookup: _Lookup | None = vars(vectorizer).get("_lookup")
    if lookup is None or lookup.vocabulary is not vocabulary or lookup.size != len(vocabulary):
        columns = np.asarray(list(vocabulary.values()))
        if columns.dtype.kind not in "iu" or not all(type(term) is str for term in vocabulary):
            return None
        if not ((columns >= 0) & (columns < len(vocabulary))).all():
            return None
        lookup = vectorizer._lookup = _make_lookup(vectorizer, vocabulary, columns.astype(np.int32))
    return lookup


def _make_lookup(vectorizer: Any, vocabulary: Mapping[str, int], columns: Int32s) -> _Lookup:
    if vectorizer.analyzer != "word":
        points, bounds = _join(list(vocabulary))
        trie = counting.add_lines(points.astype(np.int32), bounds, columns, _root())
        return _Lookup(vocabulary, len(vocabulary), trie, _no_units(), 0)
    stop_words = _stop_words(vectorizer)
    tokens = " ".join(vocabulary).split(" ") if vocabulary else []
    sizes = [term.count(" ") + 1 for term in vocabulary]
    never = {"", *stop_words}
    if not never.isdisjoint(tokens):
        # A term of no token, or one with a stop word, occurs nowhere.
        listed = [(term.split(" "), column) for term, column in zip(vocabulary, columns, strict=True)]
        listed = [(parts, column) for parts, column in listed if never.isdisjoint(parts)]
        tokens = [part for parts, _ in listed for part in parts]
        sizes = [len(parts) for parts, _ in listed]
        columns = np.array([column for _, column in listed], np.int32)
    points, starts = _join([*stop_words, *tokens])
    sequence, _, units, n_stopped = counting.number_units(points, starts, kinds(), counting.WHOLE, len(stop_words))
    trie = counting.add_lines(sequence, np.cumsum([0, *sizes]), columns, _root())
    return _Lookup(vocabulary, len(vocabulary), trie, units, n_stopped)


def _spell(vectorizer: Any, counted: _Counted, chosen: NDArray[np.intp]) -> tuple[Points, Int64s]:
    is_tokens = vectorizer.analyzer == "word"
    points, bounds = counting.spell_terms(counted.nodes[chosen], counted.trie, counted.units, is_tokens)
    return points, bounds


def _names(points: Points, bounds: Int64s) -> list[str]:
    text = points.tobytes().decode("utf-32-le", "surrogatepass")
    return [text[first:last] for first, last in pairwise(bounds.tolist())]


def sort_terms(points: Points, bounds: Int64s) -> NDArray[np.intp]:
    """Return the order of terms by their code points, as Python sorts text.

    Parameters
    ----------
    points : ndarray of uint32
        Code points of all terms, one after another.
    bounds : ndarray of shape (n_terms + 1,)
        Where each term starts; no two terms are equal.

    Returns
    -------
    ndarray of shape (n_terms,)

    Examples
    --------
    >>> sort_terms(*_join(["b", "abcd", "abc", ""])).tolist()
    [3, 2, 1, 0]
    """
    n_terms, after = len(bounds) - 1, 0
    order = np.arange(n_terms)
    # Places whose terms are not told apart yet, and a number that those with equal beginnings share.
    places, group = np.arange(n_terms), np.zeros(n_terms, np.int64)
    while len(places):
        keys = counting.three_points(points, bounds, order[places], after)
        by_key = np.lexsort((keys, group))
        order[places] = order[places[by_key]]
        keys = keys[by_key]
        new = np.ones(len(places) + 1, bool)
        new[1:-1] = (np.diff(keys) != 0) | (np.diff(group) != 0)
        tied = ~(new[:-1] & new[1:])
        places, group = places[tied], np.cumsum(new[:-1])[tied]
        after += 3
    return order
