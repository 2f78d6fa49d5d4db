"""A fine-tuned encoder as files -> probabilities of sentences, by onnxruntime; torch is not needed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.encoder.extra import LABELLING, check_extra


@dataclass(frozen=True)
class FittedEncoder:
    """A fine-tuned encoder, ready to label; it can be pickled.

    Attributes
    ----------
    onnx : bytes
        The network: token ids of one sentence in, probabilities out.
    tokenizer : str
        Of the encoder, as JSON.
    weights : bytes
        The tuned weights in single precision, as safetensors; labelling does not need them.
    """

    onnx: bytes
    tokenizer: str
    weights: bytes

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _session(self) -> Any:
        check_extra(LABELLING)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Sentences are spread over threads instead, which a small network gains more from.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(self.onnx, options, providers=["CPUExecutionProvider"])

    @cached_property
    def _tokenizer(self) -> Any:
        check_extra(LABELLING)
        from tokenizers import Tokenizer

        return Tokenizer.from_str(self.tokenizer)

    def open(self) -> None:
        """Open network and tokenizer, which are otherwise opened at first use."""
        _ = self._session, self._tokenizer, self.classes_

    @cached_property
    def about(self) -> Mapping[str, str]:
        """What the network's file says of itself: encoder, digest, classes (as JSON), precision (``int8`` or ``fp32``).

        Also agreement: the proportion of the probe that has the same label in 8 bits as in single precision.
        """
        about: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return about

    @property
    def classes_(self) -> NDArray[np.str_]:
        """Labels, in the order of the columns of ``predict_proba``."""
        return np.array(json.loads(self.about["classes"]))

    def tokenize(self, sentences: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each sentence."""
        # A lone surrogate, which Python's text may hold, cannot be passed on.
        texts = [text.encode("utf-8", "replace").decode() for text in sentences]
        return [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]

    def predict_proba(self, sentences: Sequence[str], n_threads: int | None = None) -> NDArray[np.float64]:
        """Return probabilities, which depend on nothing but the sentence.

        Parameters
        ----------
        sentences : sequence of str
            Any number, including none.
        n_threads : int, optional
            How many compute at once; without it, one per core. The result does not depend on it.

        Returns
        -------
        ndarray of shape (n_sentences, n_labels)
            Columns as ``classes_``.
        """
        session = self._session

        def score(tokens: list[int]) -> NDArray[np.float32]:
            scores: NDArray[np.float32] = session.run(None, {"ids": np.array([tokens], dtype=np.int64)})[0]
            return scores

        with ThreadPoolExecutor(n_threads or _count_cores()) as pool:
            rows = list(pool.map(score, self.tokenize(sentences)))
        proba = np.concatenate([np.zeros((0, session.get_outputs()[0].shape[1])), *rows])
        proba /= proba.sum(axis=1, keepdims=True)
        return proba


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
