"""Ranked tries have the children that their parents name."""

import numpy as np

from toolkit.engine.inference import tries


def test_children_of_a_ranked_trie_are_those_that_its_parents_name():
    rng = np.random.default_rng(5)
    builder = tries.TrieBuilder()
    paths = {}
    for number in range(3):
        root = builder.root()
        # Letters are as uneven as in a language, and more than have a bit.
        for path in (rng.zipf(1.3, size=rng.integers(1, 6)) % 90 for _ in range(400)):
            paths[number, tuple(path.tolist())] = builder.add(root, path.tolist())
    parents, symbols = np.array(builder.parents, np.int32), np.array(builder.symbols, np.int32)
    rows = tries.rank_trie(parents, symbols, 90)
    assert sorted(rows.order.tolist()) == list(range(len(parents)))
    assert (rows.numbers[rows.order] == np.arange(len(parents))).all()
    common = np.flatnonzero(rows.ranks < tries.N_RANKED)
    assert len(common) == tries.N_RANKED
    counts = np.bincount(symbols[parents >= 0], minlength=90)
    assert counts[common].min() >= np.delete(counts, common).max()
    children = {
        (int(parent), int(symbol)): node for node, (parent, symbol) in enumerate(zip(parents, symbols, strict=True))
    }
    for node in range(len(parents)):
        bits = int(rows.branches[rows.numbers[node]]) & (1 << 64) - 1
        for symbol in range(90):
            rank, child = int(rows.ranks[symbol]), children.get((node, symbol))
            if rank < tries.N_RANKED:
                assert bits >> rank & 1 == (child is not None)
            if rank < tries.N_RANKED and child is not None:
                before = (bits & (1 << rank) - 1).bit_count()
                assert rows.firsts[rows.numbers[node]] + before == rows.numbers[child]
