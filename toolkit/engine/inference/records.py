"""What a compiled pipeline is: the record that is saved, and the arrays that machine code reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from toolkit.engine.inference.cues import CueTables
from toolkit.engine.layout import Floats, Int32s, Int64s, UInt8s

# What a part (a vectoriser) reads: tokens, n-grams of characters within words or across them, or classes of words.
WORDS, WITHIN_WORDS, CHARACTERS, CLASSES = range(4)
# How the value of a feature grows with its count.
LINEAR, SUBLINEAR, BINARY = range(3)
NO_NORM, L1, L2 = range(3)
# Columns of the table of parts.
KIND, VIEW, ROOT, SHORTEST, LONGEST, TOKENS, GROWTH, NORM, SEQUENCE, START, END, COUNTED, FIRST, LAST = range(14)
N_SETTINGS = 14
# What a token's node holds instead of a symbol.
UNKNOWN, SKIPPED = -1, -2


class KernelModel(NamedTuple):
    """All arrays of a compiled pipeline that the kernel reads; no node or offset leads out of an array.

    Attributes
    ----------
    spaces : ndarray of shape (256,)
        As :func:`toolkit.engine.characters.space_bytes`.
    kinds : ndarray of shape (0x110000,)
        As :func:`toolkit.engine.characters.kinds`.
    mapped : ndarray of shape (n_views, 0x110000)
        How each view sees each code point; below 0, an expansion.
    bounds, expansions : ndarray of int32
        Expansions of all views.
    lowers : ndarray of shape (n_views,)
        Whether a view lowers case, so that a capital sigma depends on its position.
    parts : ndarray of shape (n_parts, 14)
        Settings of each part.
    letters : ndarray of shape (n_slots,)
        Hash table for walking the tries of characters by code points without a rank: node, code
        point and child.
    ranks, branches, firsts : ndarray
        For walking them by the most common code points: as in :class:`toolkit.engine.inference.tries.RankedTrie`.
    values, stems : ndarray of shape (n_nodes,)
        What ends at a node: a column, a symbol or a class; and the class of a stem that ends there.
    columns : ndarray of shape (n_nodes,)
        The column of the n-gram within words that ends at a node; for a frequent column, -2 minus
        its index among those; -1 if none ends there.
    steps : ndarray of shape (n_slots,)
        Hash table for walking the tries of tokens: node, symbol and child.
    step_columns : ndarray of shape (n_steps,)
        The column of the n-gram of tokens that ends at a node, or -1.
    symbol_nodes : ndarray of shape (n_symbols + 1,)
        Node of each single token, or -1; and a final -1, so that there is an element even without tokens.
    symbol_columns : ndarray of shape (n_symbols,)
        Column of each single token, or -1.
    weights : ndarray of shape (n_columns * width,)
        What one occurrence of each feature adds to each score and, in the last lane, to the norm of its part.
    frequent : ndarray of shape (512,) or (0,)
        Columns that most sentences have, by part, to be counted 512 at a time; empty if words have
        few columns.
    frequent_ends : ndarray of shape (n_parts,)
        Where those of each part end.
    frequent_bits : ndarray of shape (n_columns,)
        Index of each column among them, or -1.
    frequent_weights : ndarray of shape (512 * width,)
        Their rows of ``weights``.
    cue_symbols, ..., cue_rules : ndarray
        As :class:`toolkit.engine.inference.cues.CueTables`; without cues, one state and no bits.
    cue_any, cue_earliest : ndarray of shape (n_rules, width)
        What a rule with a cue adds to each score, and what the first such rule adds besides.
    offsets : ndarray of shape (width,)
        Scores of a sentence without features.
    changes : ndarray of shape (2 * 256 * n_parts,)
        For each part and count, in pairs: the correction of scores for a column that occurs so
        often, and a further one of the norm.
    vanish : ndarray of shape (1,)
        Whether a view drops some white space of several bytes, so that words grow together.
    """

    spaces: UInt8s
    kinds: UInt8s
    mapped: Int32s
    bounds: Int32s
    expansions: Int32s
    lowers: UInt8s
    parts: Int32s
    letters: Int64s
    ranks: UInt8s
    branches: Int64s
    firsts: Int32s
    columns: Int32s
    values: Int32s
    stems: Int32s
    steps: Int64s
    step_columns: Int32s
    symbol_nodes: Int32s
    symbol_columns: Int32s
    weights: Floats
    frequent: Int32s
    frequent_ends: Int32s
    frequent_bits: Int32s
    frequent_weights: Floats
    cue_symbols: UInt8s
    cue_moves: Int32s
    cue_is_word: UInt8s
    cue_after_word: UInt8s
    cue_hits: Int64s
    cue_parts: Int64s
    cue_end_parts: Int64s
    cue_first: Int64s
    cue_last: Int64s
    cue_rules: Int32s
    cue_any: Floats
    cue_earliest: Floats
    offsets: Floats
    changes: Floats
    vanish: UInt8s


class HashedPart(NamedTuple):
    """A vectoriser without a vocabulary: the hash of each n-gram is its column.

    Attributes
    ----------
    kind, view_number, tokens, shortest, longest : int
        As in the table of parts.
    binary, signed : bool
        Whether a feature counts at most once, and whether half of all n-grams count negatively.
    norm, growth, second_norm : int
        Norm of the counts; growth and norm of a tf-idf weighting after it.
    idf : ndarray of shape (n_features,) or (0,)
        Of the weighting; empty without one.
    weights : ndarray of shape (n_features, n_scores)
        What one occurrence of each feature adds to each score.
    stop_hashes : ndarray of shape (n_words,)
        MurmurHash3 of each stop word, ascending.
    stop_bounds, stop_bytes : ndarray
        Where the UTF-8 of each stop word starts, and the bytes.
    """

    kind: int
    view_number: int
    tokens: int
    shortest: int
    longest: int
    binary: bool
    signed: bool
    norm: int
    growth: int
    second_norm: int
    idf: Floats
    weights: Floats
    stop_hashes: Int32s
    stop_bounds: Int64s
    stop_bytes: UInt8s


@dataclass(frozen=True)
class CompiledPipeline:
    """A compiled pipeline as it is saved: without tables that can be rebuilt or Python's character data.

    Attributes
    ----------
    parts : ndarray of shape (n_parts, 14)
        Settings of each part.
    letter_parents, letter_symbols, values, stems : ndarray of shape (n_nodes,)
        Tries of characters: parent and code point of each node, and what ends there.
    step_parents, step_symbols, step_columns : ndarray of shape (n_steps,)
        Tries of tokens.
    symbol_nodes, symbol_columns : ndarray of shape (n_symbols,)
        Node and column of each single token.
    weights : ndarray of shape (n_columns, width)
        As in :class:`KernelModel`.
    cues : CueTables
        Of the cue list, which may be empty.
    cue_any, cue_earliest : ndarray of shape (n_rules, width)
        As in :class:`KernelModel`.
    offsets : ndarray of shape (width,)
        As in :class:`KernelModel`.
    inverse_link : str
        As :func:`toolkit.engine.inference.inverse_links.probabilities` takes it.
    settings : dict of str to ndarray
        Of the inverse link.
    classes : tuple of str
        Labels, in the order of the columns of probabilities.
    views : tuple of (bool, str or None)
        Whether each view lowers case, and which accents it strips.
    n_scores : int
        Number of linear scores; the rest of ``width`` is padding and the norm.
    hashed : tuple of HashedPart
        Vectorisers without a vocabulary.
    single : bool
        Whether scikit-learn itself computes in single precision somewhere.
    """

    parts: Int32s
    letter_parents: Int32s
    letter_symbols: Int32s
    values: Int32s
    stems: Int32s
    step_parents: Int32s
    step_symbols: Int32s
    step_columns: Int32s
    symbol_nodes: Int32s
    symbol_columns: Int32s
    weights: Floats
    cues: CueTables
    cue_any: Floats
    cue_earliest: Floats
    offsets: Floats
    inverse_link: str
    settings: dict[str, Floats]
    classes: tuple[str, ...]
    views: tuple[tuple[bool, str | None], ...]
    n_scores: int
    hashed: tuple[HashedPart, ...] = ()
    single: bool = False
