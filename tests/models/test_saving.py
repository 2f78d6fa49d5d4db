"""A saved model opens if it is what its manifest says, and is refused with the reason if not."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.conftest import WORDS, write_experiment
from toolkit.exceptions import ModelError
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.models.saving import inspect_model, load_saved, save_model

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")


@pytest.fixture
def runs(tmp_path, workplace):
    """A copy of the finished runs that the test may break."""
    return Path(shutil.copytree(workplace / "runs", tmp_path / "runs"))


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, **values}))


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
        ({"file": "pipeline.joblib"}, "the model's file is missing"),
    ],
)
def test_model_that_its_manifest_does_not_describe_is_refused(runs, values, message):
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
    content = b"not a pickle"
    (run.folder / "model/pipeline.joblib").write_bytes(content)
    change_manifest(run.folder / "model", sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="joblib file cannot be opened"):
        load_model(run.folder / "model", trusted=True)


def test_pipeline_that_cannot_be_loaded_back_is_not_saved(tmp_path):
    pipeline = fitted(("lower", FunctionTransformer(lambda texts: [text.lower() for text in texts])), *PLAIN)
    with pytest.raises(ModelError, match="cannot be loaded back"):
        save_model(tmp_path, pipeline, LABELS, {}, "card", ["x"])


class Shouting(TfidfVectorizer):
    """A type that is on no list of trusted ones."""


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
    for content in (b"not a zip file", (folder / "pipeline.skops").read_bytes()[:500]):
        (folder / "pipeline.skops").write_bytes(content)
        change_manifest(folder, sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelError, match="skops file is damaged"):
            load_model(folder)
        with pytest.raises(ModelError, match="skops file is damaged"):
            inspect_model(folder)


def test_inspection_reports_types_and_damage_without_opening(runs):
    folder = runs / "words/model"
    inspection = inspect_model(folder)
    assert inspection["intact"]
    assert inspection["untrusted"] == []
    assert "sklearn.pipeline.Pipeline" in inspection["types"]
    change_manifest(folder, sha256="0")
    assert not inspect_model(folder)["intact"]
