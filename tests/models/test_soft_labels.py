"""A teacher's probabilities become weighted rows, which count as their weights say."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

from toolkit.labels import LabelSet
from toolkit.models.soft_labels import soften

LABELS = LabelSet.from_names(["denial", "pledge", "none"])
PROBA = np.array([[0.75, 0.01, 0.24], [0.05, 0.05, 0.9]])


def test_rows_are_the_labels_of_at_least_a_twentieth():
    soft = soften(["a", "b"], PROBA, LABELS, 0.5)
    assert soft.rows.tolist() == [0, 0, 1, 1, 1]
    assert soft.labels.tolist() == ["denial", "none", "denial", "pledge", "none"]
    assert soft.weights.tolist() == [0.75 / 2, 0.24 / 2, 0.05 / 2, 0.05 / 2, 0.9 / 2]


def test_most_probable_of_very_many_labels_is_kept():
    many = LabelSet.from_names([f"l{number}" for number in range(40)])
    proba = np.full((1, 40), 1 / 50)
    proba[0, 7] = 1 - 39 / 50
    proba[0, :7], proba[0, 7] = 0.03, 0.04
    assert soften(["a"], proba, many, 1.0).labels.tolist() == ["l7"]


def test_rows_are_appended_with_their_weights_in_an_order_that_mixes_them():
    soft = soften([f"s{row}" for row in range(50)], np.tile(PROBA, (25, 1)), LABELS, 0.5)
    vectors, y, weights = soft.append_to(sp.csr_matrix(np.arange(100.0)[:, None]), np.array(["pledge"] * 50))
    rows = vectors.toarray().ravel()
    assert len(rows) == len(y) == len(weights) == 50 + 125
    assert (weights[rows < 50] == 1).all()
    assert set(y[rows < 50]) == {"pledge"}
    assert weights[rows == 50].tolist() in ([0.375, 0.12], [0.12, 0.375])
    # The first half of the rows has about half of the labelled sentences.
    assert 15 < (rows[:87] < 50).sum() < 35
    again = soft.append_to(sp.csr_matrix(np.arange(100.0)[:, None]), np.array(["pledge"] * 50))
    assert (again[1] == y).all()


@pytest.mark.parametrize("classifier", [LogisticRegression(C=10, tol=1e-10), MultinomialNB()])
def test_a_weight_of_two_is_a_sentence_given_twice(classifier):
    vectors, y = sp.csr_matrix([[1.0, 0], [0, 1], [1, 1]]), np.array(["denial", "none"])
    certain = soften(["a"], np.array([[1.0, 0, 0]]), LABELS, 2.0)
    rows, labels, weights = certain.append_to(vectors, y)
    weighted = classifier.fit(rows, labels, sample_weight=weights).predict_proba(vectors)
    twice = classifier.fit(vectors[[0, 1, 2, 2]], ["denial", "none", "denial", "denial"]).predict_proba(vectors)
    assert weighted == pytest.approx(twice, abs=1e-6)
