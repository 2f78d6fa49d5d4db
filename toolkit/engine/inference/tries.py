"""Sequences of numbers -> a trie in flat arrays, and what walks it: one table, or nodes in a row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A key is a node and a symbol, and with the node they lead to it fits into one word: all keys differ,
# so that a lookup needs no second comparison and no two n-grams are ever taken for one another.
SYMBOL_BITS = NODE_BITS = 21
NO_NODE = -1
# So many symbols have a bit each in a word.
N_RANKED = 64


class Rows(NamedTuple):
    """Nodes so numbered that those which follow one node stand in a row, by rank.

    Attributes
    ----------
    order : ndarray of shape (n_nodes,)
        The number that each had before.
    numbers : ndarray of shape (n_nodes,)
        The number that each of before has now.
    parents : ndarray of shape (n_nodes,)
        The node before, or -1.
    ranks : ndarray of shape (n_symbols,)
        Place of each symbol among the 64 that most nodes have; 64 if it is none of them.
    branches : ndarray of shape (n_nodes,)
        Which of those lead on from a node: a bit each.
    firsts : ndarray of shape (n_nodes,)
        The node that the first of them leads to, if there is one.
    """

    order: NDArray[np.intp]
    numbers: NDArray[np.int32]
    parents: NDArray[np.int32]
    ranks: NDArray[np.uint8]
    branches: NDArray[np.int64]
    firsts: NDArray[np.int32]


class TrieBuilder:
    """Nodes of one or several tries, numbered in the order they are made.

    Examples
    --------
    >>> builder = TrieBuilder()
    >>> root = builder.root()
    >>> builder.add(root, b"ab"), builder.add(root, b"ac"), builder.add(root, b"ab")
    (2, 3, 2)
    >>> builder.parents, builder.symbols
    ([-1, 0, 1, 1], [0, 97, 98, 99])
    """

    def __init__(self) -> None:
        self.parents: list[int] = []
        self.symbols: list[int] = []
        self._children: dict[int, int] = {}

    def root(self) -> int:
        """Start another trie; return its root."""
        self.parents.append(NO_NODE)
        self.symbols.append(0)
        return len(self.parents) - 1

    def add(self, root: int, sequence: Iterable[int]) -> int:
        """Return the node of a sequence, made if it is new, with all nodes on the way."""
        node = root
        for symbol in sequence:
            key = node << SYMBOL_BITS | symbol
            child = self._children.get(key)
            if child is None:
                child = self._children[key] = len(self.parents)
                self.parents.append(node)
                self.symbols.append(symbol)
            node = child
        return node


def table_size(n_keys: int) -> int:
    """Return the number of slots for so many keys: a power of two, at least a line of eight, at most two thirds full.

    Examples
    --------
    >>> table_size(0), table_size(5), table_size(6)
    (8, 8, 16)
    """
    return 1 << max(3, (3 * n_keys // 2).bit_length())


def in_rows(parents: NDArray[np.int32], symbols: NDArray[np.int32], n_symbols: int) -> Rows:
    """Number the nodes of tries anew; a parent stands before its children, before and after.

    Examples
    --------
    >>> parents, symbols = np.array([-1, 0, 1, 0, 1], np.int32), np.array([0, 7, 8, 9, 7], np.int32)
    >>> rows = in_rows(parents, symbols, 10)
    >>> rows.order.tolist(), rows.firsts.tolist(), rows.branches.tolist(), rows.ranks[[7, 8, 9, 0]].tolist()
    ([0, 1, 3, 4, 2], [1, 3, 5, 5, 5], [5, 3, 0, 0, 0], [0, 1, 2, 64])
    """
    n = len(parents)
    inner = parents >= 0
    found, counts = np.unique(symbols[inner], return_counts=True)
    ranks = np.full(n_symbols, N_RANKED, np.uint8)
    chosen = found[np.argsort(-counts, kind="stable")[:N_RANKED]]
    ranks[chosen] = np.arange(len(chosen))
    rank = ranks[symbols].astype(np.int64) if n_symbols else np.zeros(n, np.int64)
    grouped = np.lexsort((symbols, rank, parents))
    n_children = np.bincount(parents[inner], minlength=n)
    starts = np.cumsum(n_children) - n_children + (n - inner.sum())
    level = grouped[: n - inner.sum()]
    levels = [level]
    while len(level):
        sizes = n_children[level]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        level = grouped[np.repeat(starts[level], sizes) + within]
        levels.append(level)
    order = np.concatenate(levels)
    numbers = np.empty(n, np.int32)
    numbers[order] = np.arange(n)
    ranked = inner & (rank < N_RANKED)
    branches = np.zeros(n, np.uint64)
    np.bitwise_or.at(branches, numbers[parents[ranked]], np.uint64(1) << rank[ranked].astype(np.uint64))
    behind = n - inner.sum() + np.cumsum(n_children[order]) - n_children[order]
    before = np.where(inner, numbers[parents], np.int32(NO_NODE))[order]
    return Rows(order, numbers, before, ranks, branches.view(np.int64), behind.astype(np.int32))
