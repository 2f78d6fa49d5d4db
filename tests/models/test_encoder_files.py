"""The encoder of a model is written beside the pipeline, and opens only if it is what the manifest says."""

import json
import pickle
from importlib.util import find_spec

import pyarrow as pa
import pytest

from tests.conftest import change_manifest
from tests.encoder.builders import StubEncoder
from toolkit.exceptions import ModelError, ToolkitError
from toolkit.models.averaging import EncoderVote
from toolkit.models.classifier import SentenceClassifier, load_model
from toolkit.models.explanation import explain
from toolkit.models.saving import SavedModel, inspect_model, load_saved, save_model

TEXTS = ["The old ministry denied the report.", "The river rose."]


@pytest.fixture
def saved(runs, tmp_path):
    """A model saved with an encoder, and the model it was made from."""
    words = load_saved(runs / "words/model")
    folder = tmp_path / "both"
    vote = EncoderVote(StubEncoder(), 0.25)
    manifest = save_model(folder, words.pipeline, words.labels, {}, "card", TEXTS, vote=vote)
    return folder, manifest, words


def test_manifest_names_encoder_and_files(saved):
    folder, manifest, _ = saved
    assert json.loads((folder / "manifest.json").read_text())["encoder"] == manifest["encoder"]
    assert sorted(path.name for path in (folder / "encoder").iterdir()) == [
        "model.onnx",
        "model.safetensors",
        "tokenizer.json",
    ]
    entry = manifest["encoder"]
    assert (entry["model"], entry["digest"], entry["weight"], entry["precision"]) == ("stub", "0" * 64, 0.25, "int8")
    assert entry["files"]["model.onnx"]["bytes"] == len(b"network")
    assert inspect_model(folder)["intact"]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.safetensors"])
def test_changed_or_missing_file_is_refused(saved, name):
    folder = saved[0]
    (folder / "encoder" / name).write_bytes(b"other")
    assert not inspect_model(folder)["intact"]
    with pytest.raises(ModelError, match=rf"is not the one its manifest names .*{name}\]"):
        load_model(folder)
    (folder / "encoder" / name).unlink()
    with pytest.raises(ModelError, match=rf"a file of the encoder is missing; .*{name}\]"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (3, "encoder is 3, expected keys with values"),
        ({"weight": 2}, "encoder.weight is 2, expected a number above 0 and at most 1"),
        ({"weight": "1"}, "encoder.weight is '1', expected a number"),
        ({"files": {}}, "encoder.files lacks 'model.onnx'"),
        ({"digest": 3}, "encoder.digest is 3, expected text"),
    ],
)
def test_wrong_entry_is_refused(saved, change, message):
    folder, manifest, _ = saved
    change_manifest(folder, encoder={**manifest["encoder"], **change} if isinstance(change, dict) else change)
    with pytest.raises(ModelError, match=f"{message}; train or copy the model again"):
        load_model(folder)


@pytest.mark.skipif(find_spec("onnxruntime") is not None, reason="onnxruntime is installed")
def test_model_with_an_encoder_says_what_to_install(saved):
    with pytest.raises(ToolkitError, match="onnxruntime is not installed, which the model's encoder needs; run pip"):
        load_model(saved[0])


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")
def test_network_that_is_none_is_refused(saved):
    with pytest.raises(ModelError, match="the encoder cannot be opened; train or copy the model again"):
        load_model(saved[0])


def test_model_averages_and_names_both_engines(saved):
    words = saved[2]
    both = SentenceClassifier(
        SavedModel(words.labels, words.manifest, words.open_pipeline, words.compiled, EncoderVote(StubEncoder(), 0.25))
    )
    assert both.engine == "compiled + encoder (onnxruntime, int8)"
    assert both.ngram_weight == 0.75
    alone = SentenceClassifier(words)
    expected = 0.75 * alone.label_proba(TEXTS)
    expected[:, words.labels.index("none")] += 0.25
    assert both.label_proba(TEXTS).tolist() == expected.tolist()
    assert (alone.engine, alone.ngram_weight) == ("compiled", 1)
    explanation = explain(both, TEXTS[0])
    assert explanation.ngram_weight == 0.75
    assert explanation.contributions == explain(alone, TEXTS[0]).contributions
    assert pickle.loads(pickle.dumps(both)).label_proba(TEXTS).tolist() == expected.tolist()
    assert both.label_proba_column(pa.array(TEXTS)).tolist() == expected.tolist()


@pytest.mark.slow
def test_saved_encoder_labels_as_before_and_refuses_another(runs, tmp_path, tuned):
    words = load_saved(runs / "words/model")
    vote = EncoderVote(tuned.fitted_, 0.5)
    manifest = save_model(tmp_path / "both", words.pipeline, words.labels, {}, "card", TEXTS, vote=vote)
    model = load_model(tmp_path / "both")
    expected = vote.average(SentenceClassifier(words).label_proba(TEXTS), TEXTS, words.labels)
    assert model.label_proba(TEXTS).tolist() == expected.tolist()
    assert model.engine.startswith("compiled + encoder (onnxruntime, ")
    for key, value in (("model", "other"), ("digest", "1" * 64), ("precision", "int4")):
        change_manifest(tmp_path / "both", encoder={**manifest["encoder"], key: value})
        with pytest.raises(ModelError, match=rf"the manifest names the encoder's {key} '{value}', its file has"):
            load_model(tmp_path / "both")
