"""Terms are sorted as Python sorts text."""

import numpy as np

from toolkit.engine.training.term_counts import join_texts, sort_terms


def test_terms_are_sorted_as_python_sorts_text():
    rng = np.random.default_rng(1)
    terms = {"".join(map(chr, rng.integers(0, 3, rng.integers(0, 9)))) for _ in range(300)}
    terms = [*terms, "\U0010ffff", "\uffff", "\ud800", "long" * 20, "long" * 20 + "er"]
    order = sort_terms(*join_texts(terms))
    assert [terms[number] for number in order] == sorted(terms)
