"""Pairs of similar texts are found, and only those."""

import pytest
from hypothesis import given, settings, strategies as st

from toolkit.corpus.duplicates import SHINGLE, most_similar, near_duplicates


def shingles(text):
    text = f"   {' '.join(text.lower().split())}   "
    return {text[start : start + SHINGLE] for start in range(len(text) - SHINGLE + 1)}


def jaccard(first, second):
    return len(shingles(first) & shingles(second)) / len(shingles(first) | shingles(second))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab ", max_size=12), max_size=12), st.sampled_from([0.0, 0.3, 0.5, 0.7, 0.95]))
def test_search_finds_the_pairs_that_comparing_all_would(texts, threshold):
    plain = [" ".join(text.split()) for text in texts]
    first = [plain.index(text) for text in plain]
    expected = {
        (a, b)
        for b in range(len(texts))
        for a in range(b)
        if jaccard(texts[a], texts[b]) > threshold + 1e-12 and a == first[a] and first[b] in (a, b)
    }
    assert {(pair.first, pair.second) for pair in near_duplicates(texts, threshold)} == expected


def test_similarity_of_a_pair_is_its_jaccard_similarity():
    first, second = "The dam broke on Monday night.", "The dam broke on Sunday night."
    [pair] = near_duplicates([first, "Rain.", second], 0.4)
    assert (pair.first, pair.second) == (0, 2)
    assert pair.similarity == pytest.approx(jaccard(first, second))


def test_each_text_is_paired_with_the_most_similar_of_other_texts():
    texts, others = ["Snow fell.", "The dam broke."], ["Hail.", "The dam broke at last.", "The dam held."]
    pairs = most_similar(texts, others)
    assert [(pair.first, pair.second) for pair in pairs] == [(1, 1), (0, 0)]
    assert pairs[0].similarity == pytest.approx(jaccard(texts[1], others[1]))
    assert len(most_similar(texts, others, n_pairs=1)) == 1
