"""A compiled pipeline is read back as it was written; whatever does not fit is refused."""

import io
import json
import unicodedata
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from tests.engine.inference.pipelines import CLASSIFIERS, LABELS, SENTENCES
from toolkit.engine.inference.compilation import compile_fitted
from toolkit.engine.inference.scorer import Scorer
from toolkit.engine.inference.storage import dump_compiled, load_compiled


def test_compiled_pipeline_is_read_back_and_written_again_as_the_same_bytes(fitted):
    for name in ("default", "rules", "calibrated machines", "accents, unicode"):
        pipeline, scorer = fitted(name)
        content = dump_compiled(compile_fitted(pipeline))
        loaded = load_compiled(content)
        assert dump_compiled(loaded) == content
        again = Scorer(loaded, pipeline.predict_proba).predict_proba(SENTENCES)
        assert (again == scorer.predict_proba(SENTENCES)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step_columns", 10**6),
        ("symbol_nodes", 10**6),
        ("symbol_columns", -2),
        ("stems", 10**6),
        ("letter_parents", 10**6),
        ("letter_symbols", 0x110000),
        ("parts", 77),
    ],
)
def test_file_whose_numbers_lead_out_of_an_array_is_refused(fitted, name, value):
    compiled = compile_fitted(fitted("default")[0])
    getattr(compiled, name).flat[-1] = value
    with pytest.raises(ValueError, match=f"{name.split('_')[0]}.*compile the pipeline again"):
        load_compiled(dump_compiled(compiled))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("classes", {"classes": ("denial", "pledge")}),
        ("classes", {"classes": ("none",) * 5}),
        ("link", {"inverse_link": "expit"}),
        ("link", {"inverse_link": "eval"}),
        ("views", {"views": ((True, ["ascii"]),) * 2}),
        ("views", {"views": ((True, "latin"),) * 2}),
    ],
)
def test_file_whose_classes_do_not_fit_its_scores_is_refused(fitted, name, changes):
    compiled = replace(compile_fitted(fitted("default")[0]), **changes)
    with pytest.raises(ValueError, match=f"'{name}' of the compiled pipeline does not fit"):
        load_compiled(dump_compiled(compiled))


@pytest.mark.parametrize("kind", ["calibrated machines", "rules"])
def test_file_whose_inverse_link_lacks_settings_is_refused(fitted, kind):
    compiled = compile_fitted(fitted(kind)[0])
    with pytest.raises(ValueError, match="does not hold a compiled pipeline"):
        load_compiled(dump_compiled(replace(compiled, settings={})))
    cut = {key: array[:1] for key, array in compiled.settings.items()}
    with pytest.raises(ValueError, match="'settings' of the compiled pipeline does not fit"):
        load_compiled(dump_compiled(replace(compiled, settings=cut)))


@pytest.mark.parametrize("name", ["calibrated by curves", "calibrated by a factor"])
def test_file_whose_calibration_does_not_fit_is_refused(name):
    pipeline = make_pipeline(CountVectorizer(), clone(CLASSIFIERS[name])).fit(SENTENCES * 3, LABELS * 3)
    compiled = compile_fitted(pipeline)
    for key, array in compiled.settings.items():
        for changed in (array[:-1], np.append(array, 7.5)):
            damaged = replace(compiled, settings={**compiled.settings, key: changed})
            if key != "n_members" or len(changed) == 0:
                with pytest.raises(ValueError, match="compile the pipeline again"):
                    load_compiled(dump_compiled(damaged))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", 3),
        ("view_number", 1),
        ("tokens", 5),
        ("shortest", 0),
        ("longest", 1000),
        ("norm", 10**30),
        ("growth", 3),
        ("second_norm", -1),
        ("weights", np.zeros((3, 4))),
        ("idf", np.zeros(3)),
        ("stop_hashes", np.zeros(1, np.int32)),
        ("stop_bounds", np.array([0, 9])),
        ("stop_bytes", np.zeros(1, np.int32)),
    ],
)
def test_file_whose_hashed_part_does_not_fit_is_refused(hashed, name, value):
    compiled = compile_fitted(hashed("words")[0])
    damaged = replace(compiled, hashed=(compiled.hashed[0]._replace(**{name: value}),))
    with pytest.raises(ValueError, match=r"'hashed.*of the compiled pipeline does not fit"):
        load_compiled(dump_compiled(damaged))


def test_array_without_dimensions_is_refused(fitted):
    compiled = compile_fitted(fitted("words")[0])
    with pytest.raises(ValueError, match="does not hold a compiled pipeline"):
        load_compiled(dump_compiled(replace(compiled, offsets=np.float64(0.5).reshape(()))))


def test_value_outside_of_the_columns_is_not_a_feature(fitted):
    compiled = compile_fitted(fitted("default")[0])
    compiled.values[compiled.values >= 0] = 10**6
    loaded = load_compiled(dump_compiled(compiled))
    assert np.isfinite(Scorer(loaded, fitted("default")[0].predict_proba).predict_proba(SENTENCES)).all()


def changed_file(content, name, change):
    """A file of which one entry is changed."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(changed, "w") as copy:
        for entry in archive.namelist():
            copy.writestr(entry, change(archive.read(entry)) if entry == name else archive.read(entry))
    return changed.getvalue()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': (",
        "(" * 3000,
        "  a\n b",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1125899906842624,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1180591620717411303424,)}",
    ],
)
def test_file_whose_array_cannot_be_read_is_refused(fitted, header):
    array = b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header.encode() + b"\n"
    content = dump_compiled(compile_fitted(fitted("words")[0]))
    with pytest.raises(ValueError, match="does not hold a compiled pipeline"):
        load_compiled(changed_file(content, "offsets.npy", lambda _: array))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("n_scores", float("inf"), "does not hold a compiled pipeline"),
        ("views", [[True, None]] * 1000, "'views' of the comp"),
    ],
)
def test_file_that_needs_unlimited_memory_is_refused(fitted, name, value, reason):
    content = dump_compiled(compile_fitted(fitted("words")[0]))
    with pytest.raises(ValueError, match=reason):
        load_compiled(changed_file(content, "about.json", lambda old: json.dumps({**json.loads(old), name: value})))


@pytest.mark.parametrize("name", ["values", "step_columns", "symbol_nodes", "cues.first"])
def test_array_with_one_dimension_too_many_is_refused(fitted, name):
    compiled = compile_fitted(fitted("default")[0])
    if name == "cues.first":
        changed = replace(compiled, cues=compiled.cues._replace(first=compiled.cues.first[:, None]))
    else:
        changed = replace(compiled, **{name: getattr(compiled, name)[:, None]})
    with pytest.raises(ValueError, match=f"'{name}' of the compiled pipeline does not fit"):
        load_compiled(dump_compiled(changed))


def test_damaged_file_is_refused(fitted, monkeypatch):
    content = dump_compiled(compile_fitted(fitted("words")[0]))
    with pytest.raises(ValueError, match="does not hold a compiled pipeline"):
        load_compiled(b"PK" + content[:100])
    monkeypatch.setattr(unicodedata, "unidata_version", "1.0")
    with pytest.raises(ValueError, match="another Unicode version"):
        load_compiled(content)
