"""A tuned network -> what is kept of it: ONNX in single precision and in 8 bits, tokenizer, tuned weights.

The bytes depend on the network only: names of this computer's files and versions of exporters are left out.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.encoder.fine_tuning import trained_weights
from toolkit.encoder.sources import EncoderSource

if TYPE_CHECKING:
    import torch

# The newest that onnxruntime 1.18 and later read.
OPSET = 20


def export_network(network: torch.nn.Module, max_tokens: int) -> bytes:
    """Return a network as ONNX, which turns ``ids`` of shape (1, n_tokens) into probabilities (1, n_labels).

    One sentence at a time: in 8 bits, the scale of a batch would let its sentences change each other.

    Parameters
    ----------
    network : torch.nn.Module
        As :func:`toolkit.encoder.fine_tuning.fine_tune` returns it.
    max_tokens : int
        Largest n_tokens.
    """
    import torch

    class Single(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            return torch.softmax(self.network(ids), -1)

    with _quiet():
        program = torch.onnx.export(
            Single().eval(),
            (torch.ones(1, 7, dtype=torch.int64),),
            input_names=["ids"],
            output_names=["proba"],
            dynamic_shapes={"ids": {1: torch.export.Dim("n_tokens", min=2, max=max_tokens)}},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    content: bytes = program.model_proto.SerializeToString()
    return content


def quantize(content: bytes) -> bytes:
    """Return an ONNX network with weights of 8 bits, a scale for each column, and activations scaled at run time.

    Weights use 7 of the 8 bits, as the sums of processors without AVX-512 VNNI would overflow.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet(), tempfile.TemporaryDirectory(prefix="toolkit-encoder-") as scratch:
        path = Path(scratch, "quantized.onnx")
        network = onnx.load_from_string(content)
        quantize_dynamic(network, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
        return path.read_bytes()


def dump_weights(network: torch.nn.Module) -> bytes:
    """Return the tuned weights and the head in single precision, as safetensors."""
    from safetensors.numpy import save

    content: bytes = save({name: weight.numpy() for name, weight in sorted(trained_weights(network).items())})
    return content


def make_tokenizer(source: EncoderSource, max_tokens: int) -> str:
    """Return the encoder's tokenizer as JSON, cutting at so many tokens and adding no padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(source.folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    text: str = tokenizer.to_str()
    return text


def annotate(content: bytes, about: Mapping[str, str]) -> bytes:
    """Write into an ONNX network what it is, in place of what exporters note of themselves and this computer."""
    import onnx

    model = onnx.load_from_string(content)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        part.doc_string = ""
        del part.metadata_props[:]
    model.producer_name, model.producer_version = "toolkit", ""
    for key, value in sorted(about.items()):
        model.metadata_props.add(key=key, value=value)
    annotated: bytes = model.SerializeToString(deterministic=True)
    return annotated


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what exporters log and warn of: it concerns parts that are not used here."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch", "onnxscript", "root")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
