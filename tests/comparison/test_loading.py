"""loading: runs whose scores may not be compared are refused in one sentence."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.comparison.builders import LABELS, change_manifest, change_predictions, make_curve, make_run
from tests.conftest import MAJORITY, write_corpus, write_experiment
from toolkit.comparison.comparing import compare
from toolkit.comparison.loading import MAX_RUNS, load_comparable, read_curve
from toolkit.exceptions import RunError
from toolkit.experiment.run_files import RUN_SCHEMA
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.labels import LabelSet


def test_one_run_and_too_many_are_refused(three):
    with pytest.raises(RunError, match=r"^1 run came; name at least two to compare, and at most 50$"):
        load_comparable(three[:1])
    with pytest.raises(RunError, match="51 runs came"):
        load_comparable([make_run(f"r{number}", "dpnd") for number in range(MAX_RUNS + 1)])


def test_run_that_comes_twice_is_refused(three):
    with pytest.raises(RunError, match=r"the run 'base' came twice; name each run once \[nowhere\]"):
        load_comparable([three[0], three[0]])


def test_path_alone_is_one_run():
    with pytest.raises(RunError, match=r"^1 run came; name at least two"):
        load_comparable("runs/words")


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["x/before/words", "x/after/words"], ["before/words", "after/words"]),
        (["x/after/words", "x/after/again"], ["words", "again"]),
        (["x/other", "x/after/again"], ["x/other", "after/again"]),
        (["a/x/words", "b/x/words"], ["a/x/words", "b/x/words"]),
    ],
)
def test_runs_of_one_name_are_told_apart_by_their_folders(folders, names):
    runs = [make_run("words", "dpnd", folder=folder) for folder in folders]
    loaded = load_comparable([*runs, make_run("other", "dpnd")])
    assert [run.name for run in loaded] == [*names, "other"]
    for folder, name in zip(folders, names, strict=True):
        assert compare(runs, folder).baseline == compare(runs, name).baseline


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: change_manifest(run, segmenter="rules 2"), r"segmenters \(rules 1 and rules 2\)"),
        (
            lambda run: change_manifest(run, corpus=replace(run.manifest.corpus, fingerprint="e")),
            r"different corpora \(f{16} and e\)",
        ),
        (lambda run: change_predictions(run, text=("x",) * 6), "differ in the text"),
        (lambda run: change_predictions(run, gold=("none",) * 6), "differ in the gold"),
        (lambda run: change_predictions(run, article=("z",) * 6), "differ in the article"),
        (lambda run: change_predictions(run, position=(9,) * 6), "differ in the position"),
        (lambda run: change_predictions(run, proba=np.full((6, 3), 0.3)), "do not sum to 1"),
        (lambda run: change_predictions(run, proba=np.full((6, 3), np.nan)), "do not sum to 1"),
        (lambda run: change_predictions(run, split=("dev",) * 6), "has sentences of 'dev'"),
        (lambda run: change_predictions(run, labels=LabelSet(LABELS.labels, None)), "different label sets"),
    ],
)
def test_runs_that_may_not_be_compared_are_refused(three, change, message):
    with pytest.raises(RunError, match=message) as error:
        load_comparable([three[0], change(three[1])])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        # Cut at the end of a row, within a row, and to nothing.
        (
            "predictions.csv",
            lambda text: text[: text.rindex("test,")],
            "1 test predictions came, expected 2 as in the manifest",
        ),
        ("predictions.csv", lambda text: text[:-12], "not a prediction over this label set"),
        ("predictions.csv", lambda text: "", "column 1 is missing, expected 'split'"),
        ("manifest.json", lambda text: text[: len(text) // 2], "JSON"),
        ("report.json", lambda text: text[: len(text) // 2], "JSON"),
        ("report.json", lambda text: text.replace(f'"schema": {RUN_SCHEMA}', '"schema": 0'), "schema 0, this toolkit"),
        ("manifest.json", lambda text: text.replace('"segmenter"', '"cutter"'), "manifest lacks 'segmenter'"),
        ("manifest.json", lambda text: text.replace('"seed"', '"sead"'), "manifest lacks 'seed'"),
    ],
)
def test_damaged_folder_is_refused_in_one_sentence(folders, name, change, message):
    path = folders[1] / name
    path.write_text(change(path.read_text()))
    with pytest.raises(RunError, match=message) as error:
        compare(folders)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


def test_trained_runs_that_may_not_be_compared_are_refused(trained, tmp_path):
    with pytest.raises(RunError, match="1 run came; name at least two"):
        compare([trained / "words"])
    with pytest.raises(RunError, match="the run 'words' came twice"):
        compare([trained / "words", trained / "words"])
    other = write_corpus(tmp_path / "other")
    (other / "sentences.csv").write_text((other / "sentences.csv").read_text().replace("bridge", "tunnel"))
    elsewhere = train(write_experiment(tmp_path, "there", MAJORITY), other, tmp_path / "elsewhere")
    with pytest.raises(RunError, match="'words' and 'there' are over different corpora"):
        compare([trained / "words", elsewhere.folder])
    path = trained / "majority/predictions.csv"
    text = path.read_text()
    path.write_text(text.replace("test,-1,a-09,0,", "test,-1,a-09,7,"))
    with pytest.raises(RunError, match="differ in the position of their sentences"):
        compare([trained / "words", trained / "majority"])
    path.write_text(text)
    manifest = json.loads((trained / "majority/manifest.json").read_text())
    manifest["labels"]["label"][0]["title"] = "refutation"
    (trained / "majority/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="have different label sets"):
        compare([trained / "words", trained / "majority"])


@pytest.mark.parametrize("name", ["manifest.json", "report.json", "predictions.csv"])
def test_missing_file_is_named(folders, name):
    (folders[1] / name).unlink()
    with pytest.raises(RunError, match=re.escape(name)):
        compare(folders)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "the file is not valid JSON; draw it again or remove it"),
        ("[]", "the curve is \\[\\], expected keys with values; draw it again or remove it"),
        (json.dumps({**make_curve("base"), "n_articles": [1]}), "n_sentences has 2 numbers, expected 1"),
        (json.dumps({**make_curve("base"), "scores": {"strict": "x"}}), "scores.strict is 'x', expected a list"),
        (json.dumps(make_curve("another")), "the curve is of 'another', expected 'base'"),
    ],
)
def test_damaged_curve_is_refused(folders, content, message):
    (folders[0] / "curve.json").write_text(content)
    with pytest.raises(RunError, match=message):
        read_curve(load_run(folders[0]))


def test_curve_beside_a_run_does_not_unmake_it(workplace, corpus_folder, tmp_path):
    from toolkit.experiment.verification import verify

    folder = Path(shutil.copytree(workplace / "runs/majority", tmp_path / "majority"))
    (folder / "curve.json").write_text(json.dumps(make_curve("majority")))
    assert verify(folder, corpus_folder) == []
