"""A model opens only if it is what its manifest says, and opening it runs no code from it."""

import hashlib
import io
import json
import zipfile

import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.conftest import WORDS, change_manifest, write_experiment
from toolkit.exceptions import ModelError
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.models.saving import inspect_model, load_saved, save_model
from toolkit.models.skops_files import translated

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"versions": {"scikit-learn": "0.1"}},
            r"fitted with scikit-learn 0\.1, .* is installed; install scikit-learn==0\.1",
        ),
        ({"format": 2}, "has format 2, this toolkit reads 1"),
        ({"file": "../../other.skops"}, "names the file '../../other.skops', expected"),
        ({"sha256": "0"}, "is not the one its manifest names"),
        ({"labels": {}}, "labels is not a valid label set; train or copy the model again"),
        ({"bytes": "9"}, "bytes is '9', expected a whole number; train or copy the model again"),
        ({"bytes": 10**400}, "bytes is 10000.*, expected a whole number"),
        ({"bytes": True}, "bytes is True, expected a whole number"),
        ({"versions": []}, r"versions is \[\], expected keys with values"),
        ({"versions": {"scikit-learn": 1}}, "versions.scikit-learn is 1, expected text"),
        ({"compiled": 3}, "compiled is 3, expected keys with values"),
        ({"compiled": {"bytes": "9"}}, "compiled.bytes is '9', expected a whole number"),
        ({"experiment": 3}, "experiment is 3, expected text"),
        ({"file": "pipeline.joblib"}, "the model's file is missing"),
    ],
)
def test_model_that_is_not_what_it_says_is_refused(runs, values, message):
    change_manifest(runs / "words/model", **values)
    with pytest.raises(ModelError, match=message):
        load_model(runs / "words/model")


def test_missing_model_names_the_nearest(runs):
    with pytest.raises(ModelError, match="there is no model; train one"):
        load_model(runs / "wrods/model")
    with pytest.raises(ModelError, match=r"the folder is a run; name the model in it .*words/model\]"):
        load_model(runs / "words")
    (runs / "words/model/manifest.json").write_text("[]")
    with pytest.raises(ModelError, match=r"the manifest is \[\], expected keys with values; train or copy"):
        load_model(runs / "words/model")


@pytest.mark.parametrize("key", ["format", "file", "sha256", "bytes", "labels", "versions"])
def test_manifest_without_a_key_is_refused(runs, key):
    path = runs / "words/model/manifest.json"
    record = json.loads(path.read_text())
    del record[key]
    path.write_text(json.dumps(record))
    with pytest.raises(ModelError, match=f"the manifest lacks '{key}'; train or copy the model again"):
        load_model(runs / "words/model")


def fitted(*steps):
    return Pipeline(list(steps)).fit(["he denied it", "she said so"], ["denial", "statement"])


PLAIN = (("vectorizer", TfidfVectorizer()), ("classifier", LogisticRegression()))


def test_joblib_model_opens_only_when_trusted(tmp_path, corpus_folder):
    path = write_experiment(tmp_path, "words", WORDS)
    run = train(path, corpus_folder, tmp_path / "runs", ["model.format='joblib'"])
    with pytest.raises(ModelError, match="a joblib model runs code when it is opened"):
        load_model(run.folder / "model")
    assert load_model(run.folder / "model", trusted=True).predict(["He denied the report."]).tolist() == ["denial"]
    assert inspect_model(run.folder / "model")["untrusted"] == ["anything: a joblib file can run code"]
    assert verify(run.folder, corpus_folder) == []
    content = b"no pickle"
    (run.folder / "model/pipeline.joblib").write_bytes(content)
    change_manifest(run.folder / "model", sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="joblib file cannot be opened"):
        load_model(run.folder / "model", trusted=True)


def test_pipeline_that_cannot_come_back_is_not_saved(tmp_path):
    pipeline = fitted(("lower", FunctionTransformer(lambda texts: [text.lower() for text in texts])), *PLAIN)
    with pytest.raises(ModelError, match="cannot be loaded back"):
        save_model(tmp_path, pipeline, LABELS, {}, "card", ["x"])


class Shouting(TfidfVectorizer):
    """A type that no list of trusted ones has."""


def test_type_that_is_not_trusted_is_refused(tmp_path, monkeypatch):
    pipeline = fitted(("vectorizer", Shouting()), ("classifier", LogisticRegression()))
    with monkeypatch.context() as patch:
        patch.setattr("toolkit.models.skops_files.TRUSTED_TYPES", (f"{__name__}.Shouting",))
        save_model(tmp_path, pipeline, LABELS, {}, "card", ["x"])
    assert inspect_model(tmp_path)["untrusted"] == [f"{__name__}.Shouting"]
    with pytest.raises(ModelError, match="Shouting', which is not trusted"):
        load_saved(tmp_path)


def test_model_that_loads_as_another_is_refused(tmp_path, monkeypatch):
    other = fitted(("vectorizer", TfidfVectorizer()), ("classifier", DummyClassifier(strategy="prior")))
    monkeypatch.setattr("toolkit.models.skops_files.load", lambda *_: other)
    with pytest.raises(ModelError, match="gives other probabilities"):
        save_model(tmp_path, fitted(*PLAIN), LABELS, {}, "card", ["he denied it"])


def test_damaged_skops_file_is_refused(runs):
    folder = runs / "words/model"
    for content in (b"no zip", (folder / "pipeline.skops").read_bytes()[:500]):
        (folder / "pipeline.skops").write_bytes(content)
        change_manifest(folder, sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelError, match="skops file is damaged"):
            load_model(folder)
        with pytest.raises(ModelError, match="skops file is damaged"):
            inspect_model(folder)


def test_inspection_tells_types_and_damage_without_opening(runs):
    folder = runs / "words/model"
    found = inspect_model(folder)
    assert found["intact"]
    assert found["untrusted"] == []
    assert "sklearn.pipeline.Pipeline" in found["types"]
    change_manifest(folder, sha256="0")
    assert not inspect_model(folder)["intact"]


def test_moved_modules_are_named_as_today_and_nothing_else_changes(runs):
    content = (runs / "words/model/pipeline.skops").read_bytes()
    assert translated(content) == content
    with pytest.raises(ModelError, match="the skops file is damaged"):
        translated(b"no zip")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", '{"__module__":"toolkit.rules","content":"toolkit.rules"}')
    with zipfile.ZipFile(io.BytesIO(translated(buffer.getvalue()))) as archive:
        schema = json.loads(archive.read("schema.json"))
    assert schema == {"__module__": "toolkit.estimators.rules", "content": "toolkit.rules"}
