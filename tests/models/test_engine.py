"""A saved model names its engine, and labels without loading scikit-learn."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest


def test_labelling_loads_no_scikit_learn(workplace, tmp_path):
    (tmp_path / "a.txt").write_text("The old ministry denied the report about the tower.")
    code = (
        "import sys; from toolkit.cli import main as cli;"
        f"cli.main(['label', 'a.txt', '--model', {str(workplace / 'runs/words/model')!r}]);"
        "print(sorted(set(sys.modules) & {'sklearn', 'skops', 'datasets', 'matplotlib', 'jinja2', 'pyarrow'}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent.parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    row, loaded = done.stdout.splitlines()
    assert '"label": "denial"' in row
    assert loaded == "[]"


def test_model_names_its_engine(workplace, tmp_path):
    import shutil

    import toolkit

    words, majority = (toolkit.load_model(workplace / f"runs/{name}/model") for name in ("words", "majority"))
    assert words.engine == "compiled"
    assert majority.engine == "scikit-learn: DummyClassifier is not compiled"
    texts = ["The old ministry denied the report.", "The river rose by night."]
    column = pa.chunked_array([texts[:1], texts[1:]])
    for model in (words, majority):
        assert (model.predict_proba_column(column) == model.predict_proba(texts)).all()
        with pytest.raises(ValueError, match="row 0 is missing"):
            model.predict_proba_column(pa.array([None], pa.string()))
        with pytest.raises(ValueError, match="row 3 is missing"):
            model.predict_proba_column(pa.chunked_array([texts, ["a", None]]))
    parts = [pa.array(texts), pa.array([b"a", b"\xff"]).view(pa.string())]
    for model in (words, majority):
        with pytest.raises(ValueError, match="row 3 is not UTF-8; decode the column again or drop the row"):
            model.predict_proba_column(pa.chunked_array(parts))
    assert np.allclose(words.predict_proba(texts), words.pipeline.predict_proba(texts), atol=1e-12)
    # A compiled file that is missing or damaged is replaced by compiling the pipeline again.
    for number, damage in enumerate((None, b"PK")):
        folder = tmp_path / str(number)
        shutil.copytree(workplace / "runs/words/model", folder)
        (folder / "compiled.npz").unlink() if damage is None else (folder / "compiled.npz").write_bytes(damage)
        again = toolkit.load_model(folder)
        assert (again.predict_proba(texts) == words.predict_proba(texts)).all()
        assert again.engine == "compiled"
