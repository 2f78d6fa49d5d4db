"""scikit-learn's vectorisers of n-grams, with machine code in the place of their loops in Python.

Each gives the very matrix, vocabulary and messages of the class it inherits from; what machine
code does not know, such as a tokenizer or an analyzer of one's own, runs in scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from itertools import pairwise
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from toolkit.engine.characters import kinds
from toolkit.engine.layout import CHUNKS, Int32s, Int64s
from toolkit.engine.token_patterns import TOKENS
from toolkit.engine.training import counting
from toolkit.engine.training.counting import Points, Trie, Units
from toolkit.estimators.lexicon import WordClasses
from toolkit.estimators.rules import CueIndicators


class _Counted(NamedTuple):
    """What is known of documents before terms are chosen: arrays as of :mod:`toolkit.engine.training.counting`."""

    documents: Int32s
    bounds: Int64s
    found: Int32s
    found_bounds: Int64s
    nodes: Int32s
    trie: Trie
    units: Units


class _Learned(NamedTuple):
    """A vectoriser, counts of all sentences, the terms it keeps in the order they first occur, and their columns.

    Of cues, which are columns as they stand, there are no counts.
    """

    vectorizer: Any
    counted: _Counted | None
    kept: Int64s
    columns: Int32s


class _Frequencies(NamedTuple):
    """In how many documents each term occurs, how often in all, and the terms in the order they first occur."""

    within: Int64s
    total: Int64s
    order: Int64s


class _Lookup(NamedTuple):
    """A vocabulary that machine code reads, and the one it was made of."""

    vocabulary: Mapping[str, int]
    size: int
    trie: Trie
    units: Units
    n_stopped: int


# Attributes that hold what is made anew when it is needed.
_MEMORY = ("_lookup", "_counted", "_given")


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
        return {name: value for name, value in state.items() if name not in _MEMORY}

    def _count_vocab(self: Any, raw_documents: Iterable[Any], fixed_vocab: bool) -> tuple[dict[str, int], Any]:
        # Called for its checks: it refuses or warns of what no analyzer can be made of.
        self.build_analyzer()
        if not _is_compiled(self):
            return super()._count_vocab(raw_documents, fixed_vocab)  # type: ignore[misc,no-any-return]
        raw_documents = list(raw_documents)
        given = vars(self).pop("_given", None)
        texts = _preprocess(self, raw_documents) if given is None else raw_documents
        lookup = _find_lookup(self) if fixed_vocab else None
        if texts is None or (fixed_vocab and lookup is None):
            return super()._count_vocab(raw_documents, fixed_vocab)  # type: ignore[misc,no-any-return]
        if lookup is not None:
            return self.vocabulary_, _transform(self, lookup, texts)
        counted = _count(self, texts) if given is None else given
        frequencies = _frequencies(counted)
        if not len(frequencies.order):
            raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
        self._counted = counted, frequencies
        # An empty matrix stands for the counts until it is known which of them are kept.
        return {}, sp.csr_array((len(texts), len(frequencies.order)), dtype=self.dtype)

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
        counted, frequencies = self._counted
        within, total, _ = frequencies
        # In the order in which they first occur, as scikit-learn's dictionary and rows have them.
        kept = _frequent(frequencies, high, low)
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
        columns = _places(order)
        # scikit-learn numbers what it has limited with integers of numpy.
        vocabulary.update(
            zip(names, columns.tolist() if self.max_features is None else columns.astype(int), strict=True)
        )
        return _kept_matrix(self, counted, kept, np.arange(len(kept), dtype=np.int32), columns)


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


def to_compiled_vectorizers(step: Any) -> Any:
    """Return a step, pipeline or union with compiled vectorisers in the place of scikit-learn's.

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
        return _altered(step, steps=[(name, _replace(part, classes)) for name, part in step.steps])
    if type(step) is FeatureUnion:
        return _altered(
            step, transformer_list=[(name, _replace(part, classes)) for name, part in step.transformer_list]
        )
    if type(step) not in classes:
        return step
    altered = classes[type(step)].__new__(classes[type(step)])
    vars(altered).update({name: value for name, value in vars(step).items() if name not in _MEMORY})
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


def _frequencies(counted: _Counted) -> _Frequencies:
    return _Frequencies(*counting.frequencies(*counted[:4], len(counted.nodes)))


def _frequent(frequencies: _Frequencies, high: float | None, low: float | None) -> Int64s:
    """Return the terms that neither too many nor too few documents have, in the order in which they first occur."""
    within = frequencies.within[frequencies.order]
    mask = (within <= (np.inf if high is None else high)) & (within >= (0 if low is None else low))
    return frequencies.order[mask]


def _places(order: NDArray[np.intp]) -> Int32s:
    """Return the place of each in an order."""
    places = np.empty(len(order), np.int32)
    places[order] = np.arange(len(order))
    return places


def _kept_matrix(vectorizer: Any, counted: _Counted, kept: Int64s, ranks: Int32s, columns: Int32s) -> Any:
    """Count the terms kept; a row has them in the order of their ranks, of which ``columns`` says the columns."""
    by_term = np.full(len(counted.nodes), -1, np.int32)
    by_term[kept] = ranks
    lines = counting.keep(counted.found, counted.found_bounds, by_term)
    return _matrix(vectorizer, counted.documents, counted.bounds, *lines, columns)


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


class CountedSentences:
    """Sentences whose n-grams are counted once, for vectorisers that are fitted on many parts of them.

    Whatever comes out is what the vectoriser itself gives for the same sentences, to the last bit.

    Parameters
    ----------
    sentences : iterable of str
        All that are to come, in any order; equal ones are counted once.

    Examples
    --------
    >>> counted = CountedSentences(["He denied it.", "He left.", "It rained."])
    >>> union = to_compiled_vectorizers(FeatureUnion([("words", CountVectorizer())]))
    >>> train, test = counted.vectors(union, ["He denied it.", "He left."], ["It rained."])
    >>> train.toarray().tolist(), test.toarray().tolist()
    ([[1, 1, 1, 0], [0, 1, 0, 1]], [[0, 0, 1, 0]])
    """

    def __init__(self, sentences: Iterable[str]) -> None:
        self._numbers = {sentence: number for number, sentence in enumerate(dict.fromkeys(sentences))}
        self._memory: dict[Any, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the sentences to another process, which counts them once itself."""
        return _kept, (tuple(self._numbers),)

    def vectors(self, step: Any, seen: Sequence[str], held: Sequence[str]) -> tuple[Any, Any] | None:
        """Return what a step that is fitted on some sentences makes of them and of others; it stays as it is.

        Parameters
        ----------
        step : transformer
            Not fitted.
        seen, held : sequence of str
            Of the sentences counted; one at least each.

        Returns
        -------
        (train, test) or None
            Two matrices of shapes (n_seen, n_features) and (n_held, n_features); nothing for a
            step other than a union of compiled vectorisers, or one with nothing to count.
        """
        parts = self._learn(step, seen)
        if parts is None:
            return None
        matrices = [self._read(*chosen) for part in parts for chosen in ((part, seen, True), (part, held, False))]
        for place, part in enumerate(parts):
            if type(part.vectorizer) is CompiledTfidfVectorizer:
                names = ("norm", "use_idf", "smooth_idf", "sublinear_tf")
                weighting = TfidfTransformer(**{name: getattr(part.vectorizer, name) for name in names})
                weighting.fit(matrices[2 * place])
                for which in (2 * place, 2 * place + 1):
                    matrices[which] = weighting.transform(matrices[which], copy=False)
        # As the union does.
        return sp.hstack(matrices[::2]).tocsr(), sp.hstack(matrices[1::2]).tocsr()

    def fit_vectors(self, step: Any, seen: Sequence[str], held: Sequence[str]) -> tuple[Any, Any]:
        """Return the same of a step that is fitted to the first sentences; it may be any."""
        parts = self._learn(step, seen)
        if parts is None:
            return step.fit_transform(seen), step.transform(held)
        for part in parts:
            if part.counted is not None:
                part.vectorizer._given = self._take(part.counted, seen)
        try:
            train = step.fit_transform(seen)
        finally:
            # What comes after a part that fails has not taken its own.
            for part in parts:
                vars(part.vectorizer).pop("_given", None)
        matrices = [self._read(part, held, False) for part in parts]
        for place, part in enumerate(parts):
            if type(part.vectorizer) is CompiledTfidfVectorizer:
                matrices[place] = part.vectorizer._tfidf.transform(matrices[place], copy=False)
        return train, sp.hstack(matrices).tocsr()

    def _learn(self, step: Any, seen: Sequence[str]) -> list[_Learned] | None:
        """Choose the columns of each part of a union."""
        if type(step) is not FeatureUnion or step.transformer_weights or not step.transformer_list:
            return None
        parts = [self._learn_part(part, seen) for _, part in step.transformer_list]
        return None if None in parts else [part for part in parts if part is not None]

    def _learn_part(self, part: Any, seen: Sequence[str]) -> _Learned | None:
        if type(part) is CueIndicators:
            return _Learned(part, None, np.zeros(0, np.int64), np.zeros(0, np.int32))
        found = self._count(part)
        if found is None:
            return None
        counted, ranks = found
        vectorizer = part[-1] if type(part) is Pipeline else part
        frequencies = _frequencies(self._take(counted, seen))
        # A whole number of documents, or a share of them.
        shares = (vectorizer.max_df, vectorizer.min_df)
        high, low = (float(share if isinstance(share, Integral) else share * len(seen)) for share in shares)
        kept = _frequent(frequencies, high, low)
        return _Learned(vectorizer, counted, kept, _places(np.argsort(ranks[kept]))) if len(kept) else None

    def _read(self, part: _Learned, sentences: Sequence[str], is_train: bool) -> Any:
        """Return the counts of sentences, in the columns chosen."""
        if part.counted is None:
            return self._cues(part.vectorizer)[self._rows(sentences)]
        own = np.arange(len(part.kept), dtype=np.int32)
        # Rows of what is learned from are in the order in which terms first occur, others in that of columns.
        orders = (own, part.columns) if is_train else (part.columns, own)
        return _kept_matrix(part.vectorizer, self._take(part.counted, sentences), part.kept, *orders)

    def _cues(self, part: CueIndicators) -> Any:
        key = "cues", repr(part.get_params())
        if key not in self._memory:
            self._memory[key] = part.transform(list(self._numbers))
        return self._memory[key]

    def _rows(self, sentences: Sequence[str]) -> Int64s:
        return np.array([self._numbers[sentence] for sentence in sentences], np.int64)

    def _take(self, counted: _Counted, sentences: Sequence[str]) -> _Counted:
        documents, bounds = counting.take_documents(counted.documents, counted.bounds, self._rows(sentences))
        return counted._replace(documents=documents, bounds=bounds)

    def _count(self, part: Any) -> tuple[_Counted, Int32s] | None:
        """Count the n-grams of all sentences, and say of each its place among them in the order of code points."""
        classes = part[0] if type(part) is Pipeline and len(part) == 2 and type(part[0]) is WordClasses else None
        vectorizer = part if classes is None else part[-1]
        if type(vectorizer) not in _PLAIN or not _is_compiled(vectorizer):
            return None
        if vectorizer.vocabulary is not None or vectorizer.max_features is not None or vectorizer.input != "content":
            return None
        if vectorizer.preprocessor is not None:
            return None
        settings = ("analyzer", "token_pattern", "ngram_range", "stop_words", "lowercase", "strip_accents")
        key = repr([getattr(vectorizer, name) for name in settings]), classes and repr(classes.classes)
        if key not in self._memory:
            documents = list(self._numbers) if classes is None else classes.transform(list(self._numbers))
            texts = _preprocess(vectorizer, documents)
            if texts is None:
                return None
            counted = _count(vectorizer, texts)
            order = sort_terms(*_spell(vectorizer, counted, np.arange(len(counted.nodes))))
            self._memory[key] = counted, _places(order)
        found: tuple[_Counted, Int32s] = self._memory[key]
        return found


@lru_cache(maxsize=1)
def _kept(sentences: tuple[str, ...]) -> CountedSentences:
    return CountedSentences(sentences)
