"""A learning curve is written as a figure or a record, and belongs to one run."""

import json

import numpy as np
import pytest

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.exceptions import ToolkitError
from toolkit.experiment.curve_files import curve_path, write_curve
from toolkit.experiment.runs import load_run

CURVE = LearningCurve("words", (4, 8), (12, 24), {"strict": np.array([[0.5], [0.75]])})


def test_ending_decides_what_is_written(tmp_path):
    write_curve(tmp_path / "c.json", CURVE)
    assert json.loads((tmp_path / "c.json").read_text()) == CURVE.to_dict()
    write_curve(tmp_path / "c.SVG", CURVE)
    assert ">strict<" in (tmp_path / "c.SVG").read_text()
    with pytest.raises(
        ToolkitError, match=r"the ending '.png' is none of .svg, .json; name another output \[.*c.png\]"
    ):
        write_curve(tmp_path / "c.png", CURVE)


def test_curve_belongs_to_the_run_of_the_same_experiment_and_corpus(workplace):
    folder = workplace / "runs/words"
    manifest = load_run(folder).manifest
    same = (manifest.digest, manifest.corpus.fingerprint)
    assert curve_path(folder, *same) == (folder / "curve.json", "")
    for other in (("0", same[1]), (same[0], "0")):
        path, reason = curve_path(folder, *other)
        assert path is None
        assert reason.startswith("its run has other settings or another corpus; train it again")
    path, reason = curve_path(workplace / "runs/nothing", *same)
    assert path is None
    assert reason.startswith("the experiment has no run; train it")
