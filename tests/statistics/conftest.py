"""Predictions that every score can be computed from."""

import numpy as np
import pytest


@pytest.fixture
def predictions():
    """200 sentences of 20 articles: gold and predicted labels, probabilities, articles."""
    rng = np.random.default_rng(5)
    gold, proba = rng.integers(0, 3, 200), rng.dirichlet(np.ones(3), 200)
    names = np.array(["a", "b", "c"])
    return names[gold], names[proba.argmax(axis=1)], proba, rng.integers(0, 20, 200)
