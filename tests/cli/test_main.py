"""Every problem with the input is one sentence and an exit code; help comes at once."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.helpers import ARTICLE, MODEL
from toolkit.cli import main as cli


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("label", "b.txt", *MODEL), "cannot be read"),
        (("label", "", *MODEL), "the input has no name"),
        (("label", "nowhere.pdf", *MODEL), "there is no such file; name one that exists [nowhere.pdf]"),
        (("label", "nowhere/", *MODEL), "there is no such file; name one that exists [nowhere/]"),
        (
            ("label", "b.pdf", *MODEL),
            "the ending '.pdf' is none of .txt, .md, .csv",
        ),
        (
            ("evaluate", "a.txt", *MODEL),
            "the ending '.txt' is none of .csv, .tsv, .jsonl",
        ),
        (("label", "a.txt", "t.csv", *MODEL), "label a table by itself"),
        (("label", "a.txt", *MODEL, "--text-column", "x"), "an article has no columns"),
        (("label", "t.csv", *MODEL, "--output", "x.html"), "only articles are shown as a page"),
        (("label", "a.txt", *MODEL, "--output", "x.doc"), "the ending '.doc' is none of"),
        (("label", "empty", *MODEL), "the folder holds no article"),
        (("label", "a.txt"), "there is no model; train one with 'toolkit train'"),
        (("compare", "runs/words"), "name at least two"),
        (("compare", "--output", "x.pdf"), "the ending '.pdf' is none of .html, .md, .tex, .json"),
        (("explain", " ", *MODEL), "the sentence is empty"),
        (("train",), "there is no experiment"),
        (("train", "wrods"), "there is no experiment file"),
        (("corpus", "check"), "there is no corpus folder"),
        (("verify", "runs/wrods"), "did you mean 'words'?"),
        (("inspect", "runs"), "there is no model"),
    ],
)
def test_problem_with_the_input_is_one_sentence_and_code_one(run, arguments, message):
    Path("empty").mkdir()
    Path("b.pdf").write_text("x")
    error = run(*arguments, code=1)
    assert message in error
    assert error.count("\n") == 1


def test_reader_that_stops_early_and_interrupt_leave_no_traceback(run, monkeypatch):
    def broken(options):
        raise BrokenPipeError

    monkeypatch.setattr("toolkit.cli.labelling._inspect", broken)
    with Path(os.devnull).open("w") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        assert cli.main(["inspect", "x"]) == 141

    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr("toolkit.cli.labelling._inspect", interrupted)
    assert cli.main(["inspect", "x"]) == 130


# Each runs in a process of its own, with the streams that a shell would give it.
STREAMS = {
    "stdin closed": ("label - --model {model} <&-", 1, "standard input is closed; pipe an article to it"),
    "stdout closed": ("inspect {model} >&-", 1, "[standard output]"),
    "help closed": ("label --help >&-", 1, "[standard output]"),
    "help full": ("--help >/dev/full", 1, "[standard output]"),
    "version full": ("--version >/dev/full", 1, "[standard output]"),
    "stderr full": ("inspect nowhere 2>/dev/full", 1, ""),
    "no reader": ("inspect {model} | true", 141, "the reader of the output stopped before its end"),
    "stderr closed": ("inspect nowhere 2>&-", 1, ""),
    "stdout full": (
        "inspect {model} >/dev/full",
        1,
        "the operating system reports 'No space left on device'; free space",
    ),
    "table full": ("corpus stats --corpus {corpus} >/dev/full", 1, "[standard output]"),
    "labels full": ("label a.txt --model {model} >/dev/full", 1, "[standard output]"),
    "file full": ("label a.txt --model {model} --output full.csv", 1, "full.csv]"),
}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", STREAMS)
def test_lost_output_is_never_code_zero_and_gives_no_traceback(workplace, corpus_folder, tmp_path, name, unbuffered):
    (tmp_path / "a.txt").write_text(ARTICLE)
    (tmp_path / "full.csv").symlink_to("/dev/full")
    command, code, message = STREAMS[name]
    line = command.format(model=workplace / "runs/words/model", corpus=corpus_folder)
    finished = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m toolkit {line}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert finished.returncode == code
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr
    assert "Exception ignored" not in finished.stderr


def test_error_of_the_operating_system_is_one_sentence(run, monkeypatch, tmp_path):
    def refuse(options):
        raise PermissionError(13, "Permission denied", "there")

    monkeypatch.setattr("toolkit.cli.labelling._inspect", refuse)
    assert run("inspect", "x", code=1) == (
        "the operating system reports 'Permission denied'; free space or change permissions [there]\n"
    )

    def fill(options):
        raise MemoryError

    monkeypatch.setattr("toolkit.cli.labelling._inspect", fill)
    assert "there is not enough memory" in run("inspect", "x", code=1)


def test_help_and_import_load_nothing_heavy():
    heavy = "{'numpy', 'sklearn', 'datasets', 'matplotlib'}"
    code = f"import sys, toolkit.cli.main as cli; cli.make_parser(); print(sorted(set(sys.modules) & {heavy}))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_help_comes_at_once():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "toolkit", "--help"], capture_output=True, check=True)
        seconds.append(time.perf_counter() - start)
    # Measured at 0.05 s; the bound is for a machine under load.
    assert min(seconds) < 0.5
