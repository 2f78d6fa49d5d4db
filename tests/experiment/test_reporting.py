"""A report is measured and rendered again from the run's own files, all of it or nothing."""

import shutil
from pathlib import Path

import pytest

from toolkit.cli import main as cli
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run


def test_report_is_measured_again_from_the_files_of_the_run(runs, capsys):
    (runs / "words/report.html").unlink()
    shutil.rmtree(runs / "words/figures")
    before = (runs / "words/report.json").read_text()
    assert cli.main(["report", str(runs / "words")]) == 0
    assert capsys.readouterr().out == f"{runs}/words/report.html\n"
    assert (runs / "words/figures/risk-coverage.svg").is_file()
    assert (runs / "words/report.json").read_text() == before
    assert cli.main(["report", str(runs / "words"), "--resamples", "10"]) == 0
    assert load_run(runs / "words").report.scores.test.n_resamples == 10


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("step", ["draw_figures", "render_report", "standalone", "write_json"])
def test_interrupted_report_leaves_all_files_as_they_were(runs, monkeypatch, step):
    before = content(runs / "words")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"toolkit.experiment.reporting.{step}", interrupted)
    assert cli.main(["report", str(runs / "words"), "--resamples", "10"]) == 130
    assert content(runs / "words") == before
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_report_of_a_run_that_is_read_only_is_refused(runs, monkeypatch, capsys):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert cli.main(["report", str(runs / "words")]) == 1
    assert capsys.readouterr().err == f"the folder is read-only; make it writable or copy it [{runs}/words]\n"


def test_report_keeps_the_other_files_of_the_folder(runs):
    (runs / "words/curve.json").write_text("{}")
    (runs / "words/model/notes.txt").write_text("a note")
    (runs / "words/figures/old.svg").write_text("drawn by an older toolkit")
    before = content(runs / "words")
    report(runs / "words", 10)
    after = content(runs / "words")
    assert set(before) - set(after) == {Path("figures/old.svg")}
    changed = {str(name) for name in after if after[name] != before[name]}
    assert {"report.json", "report.html"} <= changed
    assert all(name.startswith(("report.", "figures/")) for name in changed)
