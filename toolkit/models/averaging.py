"""A fitted encoder and the probabilities of n-grams -> their weighted mean.

This is scikit-learn's ``VotingClassifier(voting="soft")`` but for three things that it cannot do: it would
fit the n-grams on labels replaced by numbers, without what is counted once for all folds; it could not be
saved, since nothing opens a network of torch safely; and scikit-learn would load with each model that labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from toolkit.config import Experiment
    from toolkit.encoder import EncoderClassifier, FittedEncoder


@dataclass(frozen=True, slots=True)
class EncoderVote:
    """A fine-tuned encoder, and the weight of its probabilities in the mean with those of the n-grams."""

    encoder: FittedEncoder
    weight: float

    def average(
        self, proba: NDArray[np.float64], sentences: Sequence[str], labels: LabelSet, n_threads: int | None = None
    ) -> NDArray[np.float64]:
        """Return the weighted mean of the probabilities of n-grams and of the encoder.

        Parameters
        ----------
        proba : ndarray of shape (n_sentences, n_labels)
            Of the n-grams, in the order of the label set.
        sentences : sequence of str, length n_sentences
            The sentences.
        labels : LabelSet
            Order of the columns; a label that the encoder was not trained on has its probability 0.
        n_threads : int, optional
            As :meth:`toolkit.encoder.FittedEncoder.predict_proba` takes it.

        Returns
        -------
        ndarray of shape (n_sentences, n_labels)
        """
        return mean_proba(proba, encoder_proba(self.encoder, sentences, labels, n_threads), self.weight)


def mean_proba(ngrams: NDArray[np.float64], encoder: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Return the mean of two systems' probabilities, the second with a weight between 0 and 1.

    Examples
    --------
    >>> mean_proba(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), 0.75).tolist()
    [[0.25, 0.75]]
    """
    return (1 - weight) * ngrams + weight * encoder


def encoder_proba(
    encoder: FittedEncoder, sentences: Sequence[str], labels: LabelSet, n_threads: int | None = None
) -> NDArray[np.float64]:
    """Return an encoder's probabilities, shape (n_sentences, n_labels), in the order of the label set."""
    proba = np.zeros((len(sentences), len(labels.names)))
    if len(sentences):
        columns = [labels.index(str(name)) for name in encoder.classes_]
        proba[:, columns] = encoder.predict_proba(sentences, n_threads)
    return proba


def make_encoder(experiment: Experiment) -> EncoderClassifier:
    """Make the unfitted encoder of an experiment that has one.

    Examples
    --------
    >>> from toolkit.config import make_experiment
    >>> record = {"question": "?", "seed": 1, "features": {"words": [1, 1]}, "classifier": {"name": "svm"}}
    >>> make_encoder(make_experiment("both", record | {"encoder": {"model": "small"}})).random_state
    1
    """
    from toolkit.encoder import EncoderClassifier

    settings = experiment.encoder
    if settings is None:
        raise ValueError(f"experiment {experiment.name!r} came without an encoder, expected one; add [encoder]")
    return EncoderClassifier(settings.model, settings.layers, settings.epochs, settings.learning_rate, experiment.seed)
