"""Texts and a vectoriser's settings -> counts of its terms, in the order and the types that scikit-learn uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from toolkit.engine.characters import kinds
from toolkit.engine.layout import CHUNKS, Int32s, Int64s
from toolkit.engine.token_patterns import TOKENS
from toolkit.engine.training import ngrams, units
from toolkit.engine.training.ngrams import Trie
from toolkit.engine.training.units import WHOLE, Points, Units


class Counts(NamedTuple):
    """All terms of some documents, before any are selected.

    Attributes
    ----------
    documents, bounds : ndarray
        Lines of all documents, and where those of each document start.
    terms, term_bounds : ndarray
        Terms of all lines, and where those of each line start.
    nodes : ndarray of shape (n_terms,)
        Node of each term in the trie.
    trie : Trie
        All terms.
    units : Units
        What the trie's symbols are the numbers of, if not code points.
    """

    documents: Int32s
    bounds: Int64s
    terms: Int32s
    term_bounds: Int64s
    nodes: Int32s
    trie: Trie
    units: Units


class Frequencies(NamedTuple):
    """Document frequency and total count of each term, and the terms in order of first occurrence."""

    in_documents: Int64s
    total: Int64s
    order: Int64s


class Lookup(NamedTuple):
    """A vocabulary as machine code reads it, and the mapping it was made from."""

    vocabulary: Mapping[str, int]
    size: int
    trie: Trie
    units: Units
    n_stop_units: int

    def is_current(self, vocabulary: Mapping[str, int]) -> bool:
        """Return whether it is of this vocabulary, and the vocabulary has as many terms as then."""
        return self.vocabulary is vocabulary and self.size == len(vocabulary)


def is_supported(vectorizer: Any) -> bool:
    """Return whether machine code can read n-grams with the settings of this vectoriser."""
    if vectorizer.analyzer == "word":
        return vectorizer.tokenizer is None and vectorizer.token_pattern in TOKENS
    return vectorizer.analyzer in ("char", "char_wb")


def preprocess(vectorizer: Any, documents: Sequence[Any]) -> list[str] | None:
    """Return documents as the analyzer gets them; None if one is not text."""
    preprocessor = vectorizer.build_preprocessor()
    if vectorizer.input == "content" and all(type(document) is str for document in documents):
        if vectorizer.preprocessor is None and vectorizer.strip_accents is None:
            return [document.lower() for document in documents] if vectorizer.lowercase else list(documents)
    else:
        documents = [vectorizer.decode(document) for document in documents]
    texts = [preprocessor(document) for document in documents]
    return texts if all(type(text) is str for text in texts) else None


def count_terms(vectorizer: Any, texts: Sequence[str]) -> Counts:
    """Count all terms of preprocessed texts."""
    stop_words = _stop_words(vectorizer)
    points, starts = join_texts([*stop_words, *texts])
    known = _no_units()
    lines = units.join_spaces(points, starts, kinds()) if vectorizer.analyzer == "char" else None
    if lines is None:
        style = TOKENS[vectorizer.token_pattern] if vectorizer.analyzer == "word" else CHUNKS
        *lines, known, _ = units.number_units(points, starts, kinds(), style, len(stop_words))
    documents: Any = _one_line_each(texts)
    within_words = vectorizer.analyzer == "char_wb"
    if within_words:
        documents, lines = lines, units.pad_units(known)
    terms, term_bounds, trie, nodes = ngrams.read_lines(
        *lines, *vectorizer.ngram_range, within_words, _empty_trie(), True
    )
    return Counts(documents[0], documents[1], terms, term_bounds, nodes, trie, known)


def count_known_terms(vectorizer: Any, lookup: Lookup, texts: Sequence[str]) -> sp.csr_matrix:
    """Return the matrix of counts of the terms of a vocabulary in preprocessed texts."""
    points, starts = join_texts(texts)
    documents: Any = _one_line_each(texts)
    if vectorizer.analyzer == "word":
        style = TOKENS[vectorizer.token_pattern]
        lines = units.find_units(points, starts, kinds(), style, lookup.units, lookup.n_stop_units)
    elif vectorizer.analyzer == "char":
        lines = units.join_spaces(points, starts, kinds())
    else:
        *documents, words, _ = units.number_units(points, starts, kinds(), CHUNKS, 0)
        lines = units.pad_units(words)
    within_words = vectorizer.analyzer == "char_wb"
    terms, bounds, *_ = ngrams.read_lines(*lines, *vectorizer.ngram_range, within_words, lookup.trie, False)
    return _matrix(vectorizer, *documents, terms, bounds, np.arange(lookup.size, dtype=np.int32))


def count_selected_terms(
    vectorizer: Any, counts: Counts, selected: Int64s, ranks: Int32s, columns: Int32s
) -> sp.csr_matrix:
    """Return the matrix of counts of selected terms.

    The entries of a row are in the order of the terms' ranks; ``columns`` is the column of each rank.
    """
    by_term = np.full(len(counts.nodes), -1, np.int32)
    by_term[selected] = ranks
    lines = ngrams.renumber_terms(counts.terms, counts.term_bounds, by_term)
    return _matrix(vectorizer, counts.documents, counts.bounds, *lines, columns)


def _matrix(vectorizer: Any, *arrays: Any) -> sp.csr_matrix:
    values, indices, indptr = ngrams.write_rows(*arrays, vectorizer.binary)
    kind = np.int32 if indptr[-1] <= np.iinfo(np.int32).max else np.int64
    shape = len(indptr) - 1, len(arrays[-1])
    # Copied, so that the matrix does not keep the memory reserved for a larger one.
    parts = values.astype(vectorizer.dtype), indices.astype(kind, copy=False), indptr.astype(kind, copy=False)
    return sp.csr_matrix(parts, shape=shape)


def measure_frequencies(counts: Counts) -> Frequencies:
    """Return document frequency and total count of each term, and the terms in order of first occurrence."""
    return Frequencies(*ngrams.frequencies(*counts[:4], len(counts.nodes)))


def select_by_frequency(frequencies: Frequencies, high: float | None, low: float | None) -> Int64s:
    """Return the terms in at most ``high`` and at least ``low`` documents, in order of first occurrence."""
    in_documents = frequencies.in_documents[frequencies.order]
    mask = (in_documents <= (np.inf if high is None else high)) & (in_documents >= (0 if low is None else low))
    return frequencies.order[mask]


def inverse_order(order: NDArray[np.intp]) -> Int32s:
    """Return for each item its rank in an order.

    Examples
    --------
    >>> inverse_order(np.array([2, 0, 1])).tolist()
    [1, 2, 0]
    """
    ranks = np.empty(len(order), np.int32)
    ranks[order] = np.arange(len(order))
    return ranks


def make_lookup(vectorizer: Any) -> Lookup | None:
    """Return the vocabulary of a vectoriser as machine code reads it; None if its columns are not those of a matrix."""
    vocabulary = vectorizer.vocabulary_
    columns = np.asarray(list(vocabulary.values()))
    if columns.dtype.kind not in "iu" or not all(type(term) is str for term in vocabulary):
        return None
    if not ((columns >= 0) & (columns < len(vocabulary))).all():
        return None
    columns = columns.astype(np.int32)
    if vectorizer.analyzer != "word":
        points, bounds = join_texts(list(vocabulary))
        trie = ngrams.add_lines(points.astype(np.int32), bounds, columns, _empty_trie())
        return Lookup(vocabulary, len(vocabulary), trie, _no_units(), 0)
    return _make_word_lookup(vectorizer, vocabulary, columns)


def _make_word_lookup(vectorizer: Any, vocabulary: Mapping[str, int], columns: Int32s) -> Lookup:
    stop_words = _stop_words(vectorizer)
    tokens = " ".join(vocabulary).split(" ") if vocabulary else []
    sizes = [term.count(" ") + 1 for term in vocabulary]
    impossible = {"", *stop_words}
    if not impossible.isdisjoint(tokens):
        # A term without a token, or with a stop word in it, never occurs.
        split = [(term.split(" "), column) for term, column in zip(vocabulary, columns, strict=True)]
        split = [(parts, column) for parts, column in split if impossible.isdisjoint(parts)]
        tokens = [part for parts, _ in split for part in parts]
        sizes = [len(parts) for parts, _ in split]
        columns = np.array([column for _, column in split], np.int32)
    points, starts = join_texts([*stop_words, *tokens])
    sequence, _, known, n_stop_units = units.number_units(points, starts, kinds(), WHOLE, len(stop_words))
    trie = ngrams.add_lines(sequence, np.cumsum([0, *sizes]), columns, _empty_trie())
    return Lookup(vocabulary, len(vocabulary), trie, known, n_stop_units)


def spell_terms(vectorizer: Any, counts: Counts, selected: NDArray[np.intp]) -> tuple[Points, Int64s]:
    """Return the code points of terms, one after another, and where each starts."""
    is_tokens = vectorizer.analyzer == "word"
    points, bounds = ngrams.spell_terms(counts.nodes[selected], counts.trie, counts.units, is_tokens)
    return points, bounds


def split_texts(points: Points, bounds: Int64s) -> list[str]:
    """Return the texts that :func:`join_texts` joined.

    Examples
    --------
    >>> split_texts(*join_texts(["a", "", "bc"]))
    ['a', '', 'bc']
    """
    text = points.tobytes().decode("utf-32-le", "surrogatepass")
    return [text[first:last] for first, last in pairwise(bounds.tolist())]


def join_texts(texts: Sequence[str]) -> tuple[Points, Int64s]:
    """Return the code points of texts, one after another, and where each text starts."""
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=starts[1:])
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32), starts


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
    >>> sort_terms(*join_texts(["b", "abcd", "abc", ""])).tolist()
    [3, 2, 1, 0]
    """
    n_terms, after = len(bounds) - 1, 0
    order = np.arange(n_terms)
    # Ranks whose terms are still tied, and a group number shared by terms with equal beginnings.
    tied_ranks, group = np.arange(n_terms), np.zeros(n_terms, np.int64)
    while len(tied_ranks):
        keys = ngrams.three_points(points, bounds, order[tied_ranks], after)
        by_key = np.lexsort((keys, group))
        order[tied_ranks] = order[tied_ranks[by_key]]
        keys = keys[by_key]
        new = np.ones(len(tied_ranks) + 1, bool)
        new[1:-1] = (np.diff(keys) != 0) | (np.diff(group) != 0)
        tied = ~(new[:-1] & new[1:])
        tied_ranks, group = tied_ranks[tied], np.cumsum(new[:-1])[tied]
        after += 3
    return order


def _one_line_each(texts: Sequence[str]) -> tuple[Int32s, Int64s]:
    return np.arange(len(texts), dtype=np.int32), np.arange(len(texts) + 1)


def _empty_trie() -> Trie:
    return Trie(np.full(2, -1), np.full(1, -1, np.int32), np.zeros(1, np.int32), np.full(1, -1, np.int32))


def _no_units() -> Units:
    return Units(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64), np.full(2, -1, np.int32))


def _stop_words(vectorizer: Any) -> list[str]:
    return sorted(vectorizer.get_stop_words() or ()) if vectorizer.analyzer == "word" else []
