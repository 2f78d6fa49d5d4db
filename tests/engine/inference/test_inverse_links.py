"""Scores become the probabilities of scikit-learn."""

import numpy as np

from toolkit.engine.inference import inverse_links


def test_probabilities_that_are_all_zero_are_those_of_scikit_learn():
    nothing = np.full((1, 4), -800.0)
    assert inverse_links.probabilities("one_vs_rest", nothing, {}).tolist() == [[0.0] * 4]
    assert inverse_links.probabilities("clipped", nothing, {}).tolist() == [[1 / 4] * 4]
    sigmoids = {"slopes": np.full((1, 4), -1.0), "starts": np.zeros((1, 4))}
    assert inverse_links.probabilities("sigmoids", nothing, sigmoids).tolist() == [[1 / 4] * 4]
