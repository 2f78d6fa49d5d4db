"""What is exported computes what the network does, and names neither this computer nor the exporter."""

import numpy as np
import pytest

from toolkit.encoder.exporting import annotate, dump_weights, export_network, make_tokenizer, quantize
from toolkit.encoder.fine_tuning import make_network, reproducible
from toolkit.encoder.fitted import FittedEncoder
from toolkit.encoder.sources import find_encoder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network(tiny_encoder):
    with reproducible(3):
        made = make_network(find_encoder(str(tiny_encoder)), 3).eval()
    made.requires_grad_(False).head.requires_grad_(True)
    return made


def test_onnx_computes_what_torch_does(network, tiny_encoder):
    import torch

    tokenizer = make_tokenizer(find_encoder(str(tiny_encoder)), 128)
    content = export_network(network, 128)
    encoder = FittedEncoder(annotate(content, {"classes": '["a", "b", "c"]'}), tokenizer, b"")
    sentences = ["The ministry denied the report.", "", "river " * 300]
    tokens = encoder.tokenize(sentences)
    assert [len(one) for one in tokens] == [8, 2, 128]
    expected = [torch.softmax(network(torch.tensor([one])), -1)[0].detach().numpy() for one in tokens]
    assert np.allclose(encoder.predict_proba(sentences), expected, atol=1e-6)
    small = FittedEncoder(annotate(quantize(content), {"classes": '["a", "b", "c"]'}), tokenizer, b"")
    assert np.allclose(small.predict_proba(sentences), expected, atol=0.05)
    assert len(small.onnx) < len(encoder.onnx)


def test_file_says_what_it_is_and_nothing_of_this_computer(network):
    import onnx

    content = annotate(export_network(network, 128), {"encoder": "tiny"})
    model = onnx.load_from_string(content)
    assert {entry.key: entry.value for entry in model.metadata_props} == {"encoder": "tiny"}
    assert (model.producer_name, model.producer_version) == ("toolkit", "")
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    assert b".py" not in content
    assert content == annotate(export_network(network, 128), {"encoder": "tiny"})


def test_weights_are_those_that_were_tuned(network):
    from safetensors.numpy import load

    weights = load(dump_weights(network))
    assert sorted(weights) == ["head.bias", "head.weight"]
    assert np.array_equal(weights["head.weight"], network.head.weight.detach().numpy())
