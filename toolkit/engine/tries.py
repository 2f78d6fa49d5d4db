"""Sequences of numbers -> a trie in flat arrays, and one open-addressing table that walks it."""

from __future__ import annotations

from collections.abc import Iterable

# A key is a node and a symbol, and with the node they lead to it fits into one word: all keys differ,
# so that a lookup needs no second comparison and no two n-grams are ever taken for one another.
SYMBOL_BITS = NODE_BITS = 21
NO_NODE = -1


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
    """Return the number of slots for so many keys: a power of two, at most two thirds full.

    Examples
    --------
    >>> table_size(0), table_size(5), table_size(6)
    (2, 8, 16)
    """
    return 1 << max(1, (3 * n_keys // 2).bit_length())
