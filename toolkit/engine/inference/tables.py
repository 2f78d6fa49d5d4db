"""A compiled pipeline -> what the kernel works with: its arrays and hash tables, and a thread's workspace."""

from __future__ import annotations

from typing import Any

import numpy as np

from toolkit.engine.characters import N_CODE_POINTS, SPACE, kinds, space_bytes, view
from toolkit.engine.inference import kernel
from toolkit.engine.inference.kernel import CHUNK_WORDS, MAX_SETS, N_COPIED, N_EPOCHS, N_FREQUENT, Workspace
from toolkit.engine.inference.records import (
    CLASSES,
    COUNTED,
    END,
    FIRST,
    KIND,
    L2,
    LAST,
    NORM,
    ROOT,
    SEQUENCE,
    START,
    WITHIN_WORDS,
    WORDS,
    CompiledPipeline,
    KernelModel,
)
from toolkit.engine.inference.tries import N_RANKED, RankedTrie, rank_trie, table_size
from toolkit.engine.intrinsics import LINE, N_DIGITS
from toolkit.engine.layout import Floats, Int32s, Int64s, empty_aligned

# Chunks that a new workspace has slots for, twice over.
N_CHUNKS = 1 << 17


def make_kernel_model(compiled: CompiledPipeline) -> KernelModel:
    """Build the tables of a compiled pipeline, and add what this Python knows of each code point."""
    trie = rank_trie(compiled.letter_parents, compiled.letter_symbols, N_CODE_POINTS)
    parts = compiled.parts.copy()
    parts[:, ROOT] = trie.numbers[parts[:, ROOT]]
    frequent = _frequent(compiled)
    values, symbols = compiled.values[trie.order], compiled.letter_symbols[trie.order]
    changes = np.zeros(2 * kernel.N_TIMES * max(1, len(compiled.parts)))
    kernel.fill_changes(compiled.parts, changes)
    return KernelModel(
        spaces=space_bytes(),
        kinds=kinds(),
        **_views(compiled),
        lowers=np.array([lowercase for lowercase, _ in compiled.views], np.uint8),
        parts=parts,
        stems=compiled.stems[trie.order],
        symbol_nodes=np.append(compiled.symbol_nodes, np.int32(-1)),
        symbol_columns=compiled.symbol_columns,
        weights=_aligned(compiled.weights.ravel()),
        **{f"cue_{name}": array for name, array in compiled.cues._asdict().items()},
        cue_any=compiled.cue_any,
        cue_earliest=compiled.cue_earliest,
        offsets=compiled.offsets,
        changes=changes,
        letters=make_table(np.where(trie.ranks[symbols] == N_RANKED, trie.parents, -1), symbols),
        ranks=trie.ranks,
        branches=trie.branches,
        firsts=trie.firsts,
        columns=_columns_within_words(compiled, trie, values, frequent["frequent_bits"]),
        values=values,
        steps=make_table(compiled.step_parents, compiled.step_symbols),
        step_columns=compiled.step_columns,
        **frequent,
    )


def _views(compiled: CompiledPipeline) -> dict[str, Any]:
    """Return the maps of all views, with one list of expansions for all of them."""
    views = [view(*settings) for settings in compiled.views]
    mapped, bounds, expansions = [], np.zeros(1, np.int32), []
    n_points = 0
    for one in views:
        # Below 0, ``-1 - n`` stands for expansion n of this view, whose number grows by those before.
        mapped.append(np.where(one.mapped < 0, one.mapped - (len(bounds) - 1), one.mapped))
        bounds = np.concatenate([bounds, one.bounds[1:] + n_points]).astype(np.int32)
        expansions.append(one.expansions)
        n_points += len(one.expansions)
    return {
        "mapped": np.array(mapped, np.int32).reshape(len(views), N_CODE_POINTS),
        "bounds": bounds,
        "expansions": np.concatenate([np.zeros(0, np.int32), *expansions]),
        "vanish": np.array([any(_drops_space(one.mapped) for one in views)], np.uint8),
    }


def _columns_within_words(compiled: CompiledPipeline, trie: RankedTrie, values: Int32s, bits: Int32s) -> Int32s:
    """Return for each node of n-grams within words the column that ends there, or -2 minus a frequent one's bit."""
    roots = np.where(trie.parents < 0, np.arange(len(values)), trie.parents)
    while (roots != roots[roots]).any():
        roots = roots[roots]
    columns = np.full(len(values), -1, np.int32)
    for part in compiled.parts:
        if part[KIND] == WITHIN_WORDS:
            own = (roots == trie.numbers[part[ROOT]]) & (values >= part[FIRST]) & (values < part[LAST])
            columns[own] = np.where(bits[values[own]] >= 0, -2 - bits[values[own]], values[own])
    return columns


def make_table(parents: Int32s, symbols: Int32s) -> Int64s:
    """Return a hash table of all nodes that have a parent, as :func:`toolkit.engine.inference.kernel.look_up` reads it.

    Examples
    --------
    >>> table = make_table(np.array([-1, 0], np.int32), np.array([0, 97], np.int32))
    >>> kernel.look_up(table, 97)
    1
    """
    table = empty_aligned(table_size(int((parents >= 0).sum())))
    table[:] = -1
    kernel.fill_table(parents, symbols, table)
    return table


def _frequent(compiled: CompiledPipeline) -> dict[str, Any]:
    """Choose the columns that are counted many at a time: among those of chunks, the ones with the lowest idf."""
    n_columns, width = compiled.weights.shape
    rarity = np.full(n_columns, np.inf)
    for part in compiled.parts:
        own = slice(part[FIRST], part[LAST])
        idf = compiled.weights[own, -1]
        if part[COUNTED] and part[KIND] == WITHIN_WORDS:
            rarity[own] = np.sqrt(idf) if part[NORM] == L2 else idf
        elif part[COUNTED] and part[KIND] in (WORDS, CLASSES):
            # Single tokens; n-grams of several belong to no chunk.
            columns = compiled.symbol_columns[compiled.symbol_columns >= 0]
            columns = columns[(columns >= part[FIRST]) & (columns < part[LAST])]
            norms = compiled.weights[columns, -1]
            rarity[columns] = np.sqrt(norms) if part[NORM] == L2 else norms
            marks = compiled.symbol_columns[np.array([mark for mark in (part[START], part[END]) if mark >= 0], np.intp)]
            rarity[marks[marks >= 0]] = np.inf
    if not (compiled.parts[:, KIND] == WITHIN_WORDS).any():
        # A word has a column or two: to count them one by one costs less than a set.
        rarity[:] = np.inf
    chosen = np.argsort(rarity, kind="stable")[:N_FREQUENT]
    # Columns of one part are consecutive, so that sorted ones are ordered by part.
    chosen = np.sort(chosen[np.isfinite(rarity[chosen])])
    size = N_FREQUENT if len(chosen) else 0
    columns = np.zeros(size, np.int32)
    columns[: len(chosen)] = chosen
    bits = np.full(n_columns, -1, np.int32)
    bits[chosen] = np.arange(len(chosen))
    weights = np.zeros((size, width))
    weights[: len(chosen)] = compiled.weights[chosen]
    return {
        "frequent": columns,
        "frequent_ends": np.searchsorted(chosen, compiled.parts[:, LAST]).astype(np.int32),
        "frequent_bits": bits,
        "frequent_weights": _aligned(weights.ravel()),
    }


def _aligned(numbers: Floats) -> Floats:
    """Return a copy that starts at a cache line."""
    copy = empty_aligned(len(numbers)).view(np.float64)
    copy[:] = numbers
    return copy


def _drops_space(mapped: Int32s) -> bool:
    spaces = mapped[np.flatnonzero(kinds() & SPACE)]
    return bool(((spaces < 0) | (kinds()[spaces] & SPACE == 0)).any())


def make_workspace(model: KernelModel, smaller: Workspace | None = None) -> Workspace:
    """Return a workspace for a thread, with twice the room of one that was too small."""
    n_chunks = N_CHUNKS if smaller is None else len(smaller.slots)
    scratch = 1 << 14 if smaller is None else 2 * len(smaller.points)
    n_parts, width = len(model.parts), len(model.offsets)
    n_sequences = int((model.parts[:, SEQUENCE] >= 0).sum())
    n_words = len(model.cue_first)
    # Most chunks have one or two sets, and one line of other columns.
    n_lines = n_chunks * (n_parts * width // LINE + 3) + 16 * scratch
    records = empty_aligned(n_lines * LINE)
    return Workspace(
        slots=_empty_slots(2 * n_chunks),
        records=records,
        sums=records.view(np.float64),
        columns=records.view(np.int32),
        bytes=np.empty(4 * n_chunks + scratch, np.uint8),
        sizes=np.array([0, 0, 0, 1]),
        counts=np.zeros(len(model.weights) // width, np.int32),
        digits=empty_aligned(N_DIGITS * LINE),
        chunks=np.empty(CHUNK_WORDS * scratch, np.int64),
        record_lines=np.empty(scratch, np.int32),
        rare_columns=np.empty(8 * scratch + N_COPIED, np.int32),
        repeated=np.empty(16 * scratch, np.int32),
        new_columns=np.empty(16 * scratch, np.int32),
        points=np.empty(scratch, np.int32),
        mapped=np.empty(2 * scratch, np.int32),
        nodes=np.empty(2 * scratch + 3, np.int32),
        positions=np.empty(2 * scratch + 3, np.int32),
        keys=np.empty(2 * scratch + 3, np.int64),
        tokens=np.empty(2 * scratch, np.int32),
        token_ends=np.zeros(n_sequences, np.int64),
        sentence_tokens=np.empty((n_sequences, scratch), np.int32),
        n_sentence_tokens=np.zeros(n_sequences, np.int64),
        totals=empty_aligned(n_parts * width).view(np.float64),
        chunk_sums=empty_aligned(n_parts * width).view(np.float64),
        sets=np.zeros(MAX_SETS * LINE, np.int64),
        set_lines=np.empty(MAX_SETS * (scratch + 1), np.int32),
        times=np.zeros(N_FREQUENT, np.uint8),
        ends=np.zeros(kernel.N_ROWS + 1, np.int64),
        wide=np.zeros(kernel.N_ROWS, np.uint8),
        norm_changes=np.zeros(n_parts),
        active=np.zeros(n_words, np.int64),
    )


def _empty_slots(size: int) -> Int64s:
    slots = empty_aligned(size)
    slots[:] = 0
    return slots


def clear_cache(work: Workspace) -> Workspace:
    """Return the workspace without any cached chunk."""
    work.slots[:] = 0
    work.sizes[:N_EPOCHS] = 0
    return work
