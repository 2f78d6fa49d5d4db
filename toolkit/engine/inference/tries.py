"""Sequences of numbers -> a trie as flat arrays, and what walks it: a hash table, or bit sets of children."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A node, a symbol and the child to which they lead fit into one word, so that all keys differ: a
# lookup needs no second comparison, and no n-gram is ever taken for another.
SYMBOL_BITS = NODE_BITS = 21
NO_NODE = -1
# The most common symbols have a bit each in a word.
N_RANKED = 64


class RankedTrie(NamedTuple):
    """Nodes numbered so that the children of each are consecutive, in order of rank.

    Attributes
    ----------
    order : ndarray of shape (n_nodes,)
        The number that each node had before.
    numbers : ndarray of shape (n_nodes,)
        The new number of each former one.
    parents : ndarray of shape (n_nodes,)
        The parent of each node, or -1.
    ranks : ndarray of shape (n_symbols,)
        Rank of each symbol among the 64 most common ones; 64 for all others.
    branches : ndarray of shape (n_nodes,)
        A bit for each rank: whether the node has such a child.
    firsts : ndarray of shape (n_nodes,)
        Number of the first child, if there is one.
    """

    order: NDArray[np.intp]
    numbers: NDArray[np.int32]
    parents: NDArray[np.int32]
    ranks: NDArray[np.uint8]
    branches: NDArray[np.int64]
    firsts: NDArray[np.int32]


class TrieBuilder:
    """Nodes of one or more tries, numbered in the order of their creation.

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
        """Return the node of a sequence; it and all nodes on the way are created if they are new."""
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
    """Return the size of a hash table: a power of two, at least a line of eight slots, at most two thirds full.

    Examples
    --------
    >>> table_size(0), table_size(5), table_size(6)
    (8, 8, 16)
    """
    return 1 << max(3, (3 * n_keys // 2).bit_length())


def rank_trie(parents: NDArray[np.int32], symbols: NDArray[np.int32], n_symbols: int) -> RankedTrie:
    """Renumber the nodes of tries by breadth, children in order of rank; a parent always precedes its children.

    Examples
    --------
    >>> parents, symbols = np.array([-1, 0, 1, 0, 1], np.int32), np.array([0, 7, 8, 9, 7], np.int32)
    >>> trie = rank_trie(parents, symbols, 10)
    >>> trie.order.tolist(), trie.firsts.tolist(), trie.branches.tolist(), trie.ranks[[7, 8, 9, 0]].tolist()
    ([0, 1, 3, 4, 2], [1, 3, 5, 5, 5], [5, 3, 0, 0, 0], [0, 1, 2, 64])
    """
    n = len(parents)
    inner = parents >= 0
    n_roots = n - inner.sum()
    distinct, counts = np.unique(symbols[inner], return_counts=True)
    ranks = np.full(n_symbols, N_RANKED, np.uint8)
    common = distinct[np.argsort(-counts, kind="stable")[:N_RANKED]]
    ranks[common] = np.arange(len(common))
    rank = ranks[symbols].astype(np.int64) if n_symbols else np.zeros(n, np.int64)
    by_parent = np.lexsort((symbols, rank, parents))
    n_children = np.bincount(parents[inner], minlength=n)
    starts = np.cumsum(n_children) - n_children + n_roots
    level = by_parent[:n_roots]
    levels = [level]
    while len(level):
        sizes = n_children[level]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        level = by_parent[np.repeat(starts[level], sizes) + within]
        levels.append(level)
    order = np.concatenate(levels)
    numbers = np.empty(n, np.int32)
    numbers[order] = np.arange(n)
    ranked = inner & (rank < N_RANKED)
    branches = np.zeros(n, np.uint64)
    np.bitwise_or.at(branches, numbers[parents[ranked]], np.uint64(1) << rank[ranked].astype(np.uint64))
    firsts = n_roots + np.cumsum(n_children[order]) - n_children[order]
    new_parents = np.where(inner, numbers[parents], np.int32(NO_NODE))[order]
    return RankedTrie(order, numbers, new_parents, ranks, branches.view(np.int64), firsts.astype(np.int32))
