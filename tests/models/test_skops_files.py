"""Pipelines come back from their files, even from those written before modules moved; equal ones are equal bytes."""

import copy
import hashlib
import io
import json
import sys
import zipfile

import joblib
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.svm import LinearSVC

from toolkit.estimators.lexicon import WordClasses
from toolkit.estimators.recalibration import Recalibrated, Temperature
from toolkit.estimators.rules import CueIndicators, KeywordRules
from toolkit.exceptions import ModelError
from toolkit.labels import LabelSet
from toolkit.models import skops_files
from toolkit.models.saving import inspect_model, load_saved, save_model
from toolkit.models.skops_files import OLD_MODULES, TRUSTED_TYPES

TEXTS = ["he denied it", "she said so", "they denied it all", "it rained", "he said it", "rain"]
GOLD = ["denial", "statement", "denial", "none", "statement", "none"]
RULES = [("denial", ("den*",)), ("statement", ("said",))]


def recalibrated():
    """Return a fitted pipeline with a type from each of the modules that have moved."""
    classes = make_pipeline(WordClasses({"deny": "den*"}), TfidfVectorizer(token_pattern=r"\S+"))
    union = FeatureUnion([("words", TfidfVectorizer()), ("cues", CueIndicators(RULES)), ("classes", classes)])
    rows = union.fit_transform(TEXTS)
    classifier = LogisticRegression().fit(rows, GOLD)
    scaling = Temperature().fit(classifier.predict_proba(rows), [0, 2, 0, 1, 2, 1])
    return make_pipeline(union, Recalibrated(classifier, scaling))


def with_modules(content, modules):
    """Return a skops file in which modules have other names, and nothing else is changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(changed, "w") as target:
        for entry in archive.infolist():
            data = archive.read(entry)
            if entry.filename == "schema.json":
                text = data.decode()
                for name, other in modules.items():
                    text = text.replace(json.dumps(name), json.dumps(other))
                data = text.encode()
            target.writestr(entry, data, compresslevel=9)
    return changed.getvalue()


def as_before(content):
    return with_modules(content, {new: old for old, new in OLD_MODULES.items()})


def test_pipeline_comes_back_as_it_was():
    pipeline = recalibrated()
    loaded = skops_files.load(skops_files.dump(pipeline), "pipeline.skops")
    assert (loaded.predict_proba(TEXTS) == pipeline.predict_proba(TEXTS)).all()


def test_equal_pipelines_are_equal_bytes():
    assert skops_files.dump(recalibrated()) == skops_files.dump(copy.deepcopy(recalibrated()))


def test_every_old_module_has_types_in_the_present_one():
    trusted = {name.rpartition(".")[0] for name in TRUSTED_TYPES}
    assert set(OLD_MODULES.values()) == {module for module in trusted if module.startswith("toolkit.")}


@pytest.mark.parametrize(
    "make", [recalibrated, lambda: make_pipeline(KeywordRules(RULES, "none").fit(TEXTS, GOLD))], ids=["union", "rules"]
)
def test_file_with_old_names_is_translated_to_the_bytes_that_are_written_today(make):
    content = skops_files.dump(make())
    old = as_before(content)
    assert old != content
    assert skops_files.translated(old) == content
    assert skops_files.translated(content) is content
    assert skops_files.types_in(old, "old.skops") == skops_files.types_in(content, "new.skops")
    assert skops_files.untrusted_types(old, "old.skops") == []
    loaded = skops_files.load(old, "old.skops")
    assert (loaded.predict_proba(TEXTS) == make().predict_proba(TEXTS)).all()


def joblib_as_before(pipeline, monkeypatch):
    """Return a joblib file that names types by their old modules."""
    buffer = io.BytesIO()
    with monkeypatch.context() as patch:
        for old, new in OLD_MODULES.items():
            patch.setitem(sys.modules, old, sys.modules[new])
        for kind in (CueIndicators, KeywordRules, Recalibrated, Temperature, WordClasses):
            old_names = {new: old for old, new in OLD_MODULES.items()}
            patch.setattr(kind, "__module__", old_names[kind.__module__])
        joblib.dump(pipeline, buffer)
    assert all(old.encode() in buffer.getvalue() for old in OLD_MODULES)
    return buffer.getvalue()


@pytest.mark.parametrize("model_format", ["skops", "joblib"])
def test_model_saved_before_modules_moved_still_opens(tmp_path, monkeypatch, model_format):
    pipeline = recalibrated()
    save_model(tmp_path, pipeline, LabelSet.from_names(["denial", "statement", "none"]), {}, "", TEXTS, model_format)
    path = tmp_path / f"pipeline.{model_format}"
    content = as_before(path.read_bytes()) if model_format == "skops" else joblib_as_before(pipeline, monkeypatch)
    path.write_bytes(content)
    # The manifest names the bytes as they lie on disk.
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["sha256"] = manifest["compiled"]["of"] = hashlib.sha256(content).hexdigest()
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    model = load_saved(tmp_path, trusted=True)
    assert model.compiled is not None
    assert np.allclose(model.pipeline.predict_proba(TEXTS), pipeline.predict_proba(TEXTS), rtol=0, atol=1e-12)
    assert inspect_model(tmp_path)["intact"]
    assert not set(OLD_MODULES) & set(sys.modules)


def test_type_under_an_old_name_is_no_more_trusted_than_under_the_new_one():
    content = with_modules(skops_files.dump(recalibrated()), {"CueIndicators": "CueWeights"})
    for file in (content, as_before(content)):
        assert skops_files.untrusted_types(file, "x") == ["toolkit.estimators.rules.CueWeights"]
        with pytest.raises(ModelError, match=r"holds the type 'toolkit\.estimators\.rules\.CueWeights', which is not"):
            skops_files.load(file, "x")


def test_calibrated_svm_is_trusted():
    svm = CalibratedClassifierCV(LinearSVC(), cv=2, ensemble=False)
    pipeline = make_pipeline(TfidfVectorizer(), svm).fit(TEXTS, GOLD)
    assert skops_files.untrusted_types(skops_files.dump(pipeline), "x") == []


@pytest.mark.parametrize("content", [b"", b"not a zip file", skops_files.dump(recalibrated())[:500]])
def test_damaged_file_is_refused(content):
    for read in (skops_files.load, skops_files.types_in, skops_files.untrusted_types):
        with pytest.raises(ModelError, match=r"the skops file is damaged; .* \[x\.skops\]"):
            read(content, "x.skops")
    with pytest.raises(ModelError, match="the skops file is damaged; train or copy the model again"):
        skops_files.translated(content)


def test_file_without_a_schema_of_objects_is_refused():
    for schema in (b"[", b'{"__class__": "X"}', b"\xff"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("schema.json", schema)
        with pytest.raises(ModelError, match="the skops file is damaged"):
            skops_files.types_in(buffer.getvalue(), "x.skops")
