"""A run of schema 2 opens, is measured again and verified like a run of today."""

import hashlib
import io
import json
import zipfile

import pytest

from toolkit.exceptions import RunError
from toolkit.experiment.older_runs import find_file, is_known, translate_record, upgrade
from toolkit.experiment.reporting import report
from toolkit.experiment.run_files import RUN_SCHEMA
from toolkit.experiment.runs import load_run
from toolkit.experiment.verification import verify


@pytest.fixture
def older(runs):
    """The run 'words' as a toolkit of schema 2 wrote it."""
    folder = runs / "words"
    record = json.loads((folder / "contributions.json").read_text())
    (folder / "contributions.json").unlink()
    (folder / "pulls.json").write_text(json.dumps({"schema": 2, "pulls": record["contributions"]}))
    for name in ("manifest.json", "report.json"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace(f'"schema": {RUN_SCHEMA}', '"schema": 2', 1))
    # What its pages and figures said in other words.
    for name in ("report.html", "figures/risk-coverage.svg", "model/README.md"):
        (folder / name).write_text("rendered by an older toolkit")
    return folder


def test_schemas_from_the_oldest_to_the_last_one_are_known():
    assert [schema for schema in range(RUN_SCHEMA + 1) if is_known(schema)] == [2]
    assert not any(map(is_known, ("2", 2.0, True, None, [2])))


def test_older_run_opens_as_the_run_of_today(older, workplace):
    run, today = load_run(older), load_run(workplace / "runs/words")
    assert run.contributions == today.contributions
    assert run.contributions
    assert run.report == today.report
    assert run.manifest == today.manifest


def test_file_of_today_is_preferred_to_an_older_name(older):
    assert find_file(older / "contributions.json") == older / "pulls.json"
    (older / "contributions.json").write_text("{}")
    assert find_file(older / "contributions.json") == older / "contributions.json"
    assert find_file(older / "none.json") == older / "none.json"


def test_only_renamed_keys_are_translated():
    assert translate_record({"schema": 2, "pulls": {}, "name": "x"}) == {"schema": 2, "contributions": {}, "name": "x"}


def test_damaged_older_file_is_named_by_its_own_name(older):
    (older / "pulls.json").write_text("{")
    with pytest.raises(RunError, match=r"the file is not valid JSON; train again \[.*pulls\.json\]"):
        _ = load_run(older).contributions


def test_older_run_is_verified(older, corpus_folder):
    assert verify(older, corpus_folder) == []
    path = older / "pulls.json"
    path.write_text(path.read_text().replace("0.", "1.", 1))
    assert verify(older, corpus_folder) == ["contributions.json differs"]


def test_older_run_is_measured_again_and_still_verified(older, corpus_folder, workplace):
    report(older)
    assert (older / "report.json").read_text() == (workplace / "runs/words/report.json").read_text()
    assert (older / "pulls.json").is_file()
    assert verify(older, corpus_folder) == []


def test_moved_modules_are_translated_and_digests_follow(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", '{"__module__":"toolkit.rules","content":"toolkit.rules"}')
    old = buffer.getvalue()
    folder = tmp_path / "run"
    (folder / "model").mkdir(parents=True)
    (folder / "model/pipeline.skops").write_bytes(old)
    digest = hashlib.sha256(old).hexdigest()
    manifest = {"sha256": digest, "bytes": len(old), "compiled": {"of": digest, "sha256": "1", "bytes": 9}}
    (folder / "model/manifest.json").write_text(json.dumps(manifest))
    (folder / "report.json").write_text(json.dumps({"schema": 2, "model": {"bytes": len(old), "sha256": digest}}))
    upgrade(folder, tmp_path / "upgraded", RUN_SCHEMA)
    new = (tmp_path / "upgraded/model/pipeline.skops").read_bytes()
    with zipfile.ZipFile(io.BytesIO(new)) as archive:
        schema = json.loads(archive.read("schema.json"))
    assert schema == {"__module__": "toolkit.estimators.rules", "content": "toolkit.rules"}
    translated = {"sha256": hashlib.sha256(new).hexdigest(), "bytes": len(new)}
    upgraded = json.loads((tmp_path / "upgraded/model/manifest.json").read_text())
    assert upgraded == {**translated, "compiled": {"of": translated["sha256"], "sha256": "1", "bytes": 9}}
    report = json.loads((tmp_path / "upgraded/report.json").read_text())
    assert report == {"schema": RUN_SCHEMA, "model": {"bytes": len(new), "sha256": translated["sha256"]}}
    # The run itself stays as it was.
    assert (folder / "model/pipeline.skops").read_bytes() == old


def test_damaged_pipeline_is_copied_as_it_is(tmp_path):
    (tmp_path / "run/model").mkdir(parents=True)
    (tmp_path / "run/model/pipeline.skops").write_bytes(b"damaged")
    (tmp_path / "run/report.json").write_text("{")
    upgrade(tmp_path / "run", tmp_path / "upgraded", RUN_SCHEMA)
    assert (tmp_path / "upgraded/model/pipeline.skops").read_bytes() == b"damaged"
    assert (tmp_path / "upgraded/report.json").read_text() == "{"
