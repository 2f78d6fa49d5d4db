"""Unlabelled sentences and a teacher's probabilities -> weighted rows that a classifier learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.labels import LabelSet

# A label that the teacher finds less probable costs a row in every product and changes next to nothing.
LEAST_PROBABILITY = 0.05


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """Unlabelled sentences, each with the labels that a teacher finds probable.

    Attributes
    ----------
    sentences : tuple of str, length n_sentences
        Each once.
    rows : ndarray of shape (n_rows,)
        The sentence of each weighted row, ascending.
    labels : ndarray of shape (n_rows,)
        The label of each row.
    weights : ndarray of shape (n_rows,)
        Mixing weight times probability; a labelled sentence has weight 1.
    """

    sentences: tuple[str, ...]
    rows: NDArray[np.intp]
    labels: NDArray[np.str_]
    weights: NDArray[np.float64]

    def append_to(self, vectors: Any, y_true: NDArray[np.str_]) -> tuple[Any, NDArray[np.str_], NDArray[np.float64]]:
        """Return the rows to fit on: those of labelled sentences, and the weighted ones, in random order.

        An SVM's probabilities are fitted to folds cut from consecutive rows, which must not
        part the labelled sentences from the others; hence the order.

        Parameters
        ----------
        vectors : sparse matrix of shape (n_labelled + n_sentences, n_features)
            Of the labelled sentences, then of :attr:`sentences`.
        y_true : ndarray of shape (n_labelled,)
            Gold labels.

        Returns
        -------
        (vectors, y, weights)
            All with n_labelled + n_rows rows.

        Examples
        --------
        >>> labels = LabelSet.from_names(["denial", "none"])
        >>> soft = soften(["He denied."], np.array([[0.9, 0.1]]), labels, 0.5)
        >>> vectors, y, weights = soft.append_to(np.array([[1], [2]]), np.array(["none"]))
        >>> sorted(zip(vectors.ravel().tolist(), y.tolist(), weights.round(2).tolist()))
        [(1, 'none', 1.0), (2, 'denial', 0.45), (2, 'none', 0.05)]
        """
        n = len(y_true)
        order = np.random.default_rng(0).permutation(n + len(self.rows))
        rows = np.concatenate([np.arange(n), n + self.rows])[order]
        y = np.concatenate([y_true, self.labels])[order]
        return vectors[rows], y, np.concatenate([np.ones(n), self.weights])[order]


def soften(sentences: Sequence[str], proba: NDArray[np.float64], labels: LabelSet, weight: float) -> SoftLabels:
    """Make soft labels of a teacher's probabilities: one weighted row for each label with probability 0.05 or more.

    Parameters
    ----------
    sentences : sequence of str
        Each once.
    proba : ndarray of shape (n_sentences, n_labels)
        The teacher's; neither sharpened nor smoothed.
    labels : LabelSet
        Order of the columns.
    weight : float
        Mixing weight, above 0: how much a sentence counts beside a labelled one.

    Examples
    --------
    >>> labels = LabelSet.from_names(["denial", "pledge", "none"])
    >>> soft = soften(["He denied.", "Rain."], np.array([[0.75, 0.01, 0.24], [0, 0, 1]]), labels, 0.5)
    >>> soft.rows.tolist(), soft.labels.tolist(), soft.weights.tolist()
    ([0, 0, 1], ['denial', 'none', 'none'], [0.375, 0.12, 0.5])
    """
    # With very many labels even the most probable one can be below the limit.
    probable = proba >= np.minimum(LEAST_PROBABILITY, proba.max(axis=1, keepdims=True))
    rows, columns = np.nonzero(probable)
    return SoftLabels(tuple(sentences), rows, np.array(labels.names)[columns], weight * proba[rows, columns])
