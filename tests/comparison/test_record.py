"""record: the numbers that follow from what a comparison holds."""

from toolkit.comparison.comparing import compare


def test_lowest_possible_p_value_follows_from_comparisons_and_permutations(three):
    comparison = compare(three)
    # Three pairs on two splits, with 100 permutations for each.
    assert comparison.n_comparisons == 6
    assert comparison.n_permutations == 600
    assert comparison.least_p == 6 / 601


def test_baseline_is_found_among_the_entries(three):
    comparison = compare(three)
    assert comparison.entries[comparison.baseline_index].name == comparison.baseline == "base"
