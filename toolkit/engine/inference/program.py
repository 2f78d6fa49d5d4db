"""A compiled pipeline: flat arrays that the kernel reads, and what to make of its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from toolkit.engine.inference.cues import CueTables
from toolkit.engine.layout import Floats, Int8s, Int32s, Int64s

# What a part reads: tokens, n-grams of characters in words or across them, or classes of words.
WORDS, WITHIN_WORDS, CHARACTERS, CLASSES = range(4)
# How a feature's value grows with its count.
LINEAR, SUBLINEAR, BINARY = range(3)
NO_NORM, L1, L2 = range(3)
# Columns of the table of parts.
KIND, VIEW, ROOT, SHORTEST, LONGEST, TOKENS, GROWTH, NORM, SEQUENCE, START, END, COUNTED, FIRST, LAST = range(14)
N_SETTINGS = 14
# Values of a token's node beside its symbol.
UNKNOWN, SKIPPED = -1, -2


class Program(NamedTuple):
    """All that the kernel reads. Offsets and nodes are never out of the arrays they point into.

    Attributes
    ----------
    spaces : ndarray of shape (256,)
        As :func:`toolkit.engine.characters.space_bytes`.
    kinds : ndarray of shape (0x110000,)
        As :func:`toolkit.engine.characters.kinds`.
    mapped : ndarray of shape (n_views, 0x110000)
        How each view sees each code point; below 0 an expansion.
    bounds, expansions : ndarray of int32
        Expansions of all views.
    lowers : ndarray of shape (n_views,)
        Whether a view drops case, so that a capital sigma depends on its place.
    parts : ndarray of shape (n_parts, 14)
        Settings of each part.
    letters : ndarray of shape (n_slots,)
        The table that walks the tries of characters by code points without a rank: node, code point and the
        node they lead to.
    ranks, branches, firsts : ndarray
        What walks them by the most common code points: as in :class:`toolkit.engine.inference.tries.Rows`.
    values, stems : ndarray of shape (n_nodes,)
        What ends at a node: a column, a symbol, a class; and the class of a stem.
    columns : ndarray of shape (n_nodes,)
        The column of an n-gram of characters in words that ends at a node; of a frequent one, -2 less its
        place among those; -1 if none ends there.
    steps : ndarray of shape (n_slots,)
        The table that walks the tries of tokens: node, symbol and the node they lead to.
    step_columns : ndarray of shape (n_steps,)
        The column of an n-gram of tokens, or -1.
    symbol_nodes : ndarray of shape (n_symbols + 1,)
        Node of each token by itself, or -1; and a -1, so that there is one to read where there are no tokens.
    symbol_columns : ndarray of shape (n_symbols,)
        Column of each token by itself, or -1.
    weights : ndarray of shape (n_columns, width)
        What one of each feature adds to each score; last, to the length of its part.
    frequent : ndarray of shape (512,) or (0,)
        Columns that most sentences have, to be counted at once, by part; none where a word has no
        columns but its own.
    frequent_ends : ndarray of shape (n_parts,)
        Where among them those of each part end.
    frequent_bits : ndarray of shape (n_columns,)
        Where each column stands among them, or -1.
    frequent_weights : ndarray of shape (512 * width,)
        Their rows of ``weights``.
    cue_symbols, ..., cue_rules : ndarray
        As :class:`toolkit.engine.inference.cues.CueTables`; one state and no bit where there are no cues.
    cue_any, cue_earliest : ndarray of shape (n_rules, width)
        What a rule with a cue adds to each score, and the first such rule.
    offsets : ndarray of shape (width,)
        Scores of a sentence without features.
    changes : ndarray of shape (2 * 256 * n_parts,)
        What a column that occurs so often adds to scores beside so many of one, and in turn what it adds
        to the length beside that.
    vanish : ndarray of shape (1,)
        Whether a view drops some white space of several bytes, so that words grow together.
    """

    spaces: Int8s
    kinds: Int8s
    mapped: Int32s
    bounds: Int32s
    expansions: Int32s
    lowers: Int8s
    parts: Int32s
    letters: Int64s
    ranks: Int8s
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
    cue_symbols: Int8s
    cue_moves: Int32s
    cue_is_word: Int8s
    cue_after_word: Int8s
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
    vanish: Int8s


class Hashed(NamedTuple):
    """A vectoriser without a vocabulary: each n-gram's hash is its column.

    Attributes
    ----------
    kind, view_number, tokens, shortest, longest : int
        As in the table of parts.
    binary, signed : bool
        Whether a feature counts once, and whether half of all n-grams count negative.
    norm, growth, second_norm : int
        Of the counts, and of what a weighting makes of them.
    idf : ndarray of shape (n_features,) or (0,)
        Of the weighting; empty where there is none.
    weights : ndarray of shape (n_features, n_scores)
        What one of each feature adds to each score.
    stop_hashes : ndarray of shape (n_words,)
        MurmurHash3 of each word that is left out, not descending.
    stop_bounds, stop_bytes : ndarray
        Where each such word's UTF-8 starts, and the bytes.
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
    stop_bytes: Int8s


@dataclass(frozen=True)
class Skeleton:
    """A compiled pipeline without its tables, which are made anew, and what Python knows of itself.

    Attributes
    ----------
    parts : ndarray of shape (n_parts, 14)
        Settings of each part.
    letter_parents, letter_symbols, values, stems : ndarray of shape (n_nodes,)
        Tries of characters: each node's parent, code point and what ends there.
    step_parents, step_symbols, step_columns : ndarray of shape (n_steps,)
        Tries of tokens.
    symbol_nodes, symbol_columns : ndarray of shape (n_symbols,)
        Node and column of each token by itself.
    weights : ndarray of shape (n_columns, width)
        As in :class:`Program`.
    cues : CueTables
        Of the cue list; of none where there is none.
    cue_any, cue_earliest : ndarray of shape (n_rules, width)
        As in :class:`Program`.
    offsets : ndarray of shape (width,)
        As in :class:`Program`.
    link : str
        As :func:`toolkit.engine.inference.links.probabilities` takes it.
    settings : dict of str to ndarray
        Of the link.
    classes : tuple of str
        Labels, in the order of the link's columns.
    views : tuple of (bool, str or None)
        Whether each view drops case, and accents.
    n_scores : int
        Linear scores of a sentence; the rest of ``width`` is padding.
    hashed : tuple of Hashed
        Vectorisers without a vocabulary.
    single : bool
        Whether scikit-learn itself counts in single precision somewhere.
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
    link: str
    settings: dict[str, Floats]
    classes: tuple[str, ...]
    views: tuple[tuple[bool, str | None], ...]
    n_scores: int
    hashed: tuple[Hashed, ...] = ()
    single: bool = False
