"""A learning curve -> a figure or a record in a file, which may be that of the experiment's run."""

from __future__ import annotations

import json
from pathlib import Path

from toolkit.analysis import LearningCurve
from toolkit.exceptions import ToolkitError
from toolkit.experiment.run_files import CURVE, MANIFEST
from toolkit.experiment.runs import load_run
from toolkit.files import write_file
from toolkit.pages import draw_learning_curve, standalone

CURVE_ENDINGS = (".svg", ".json")


def check_curve_ending(path: str | Path) -> None:
    """Check that a learning curve can be written to a file of this name.

    Raises
    ------
    ToolkitError
        If it ends neither in ``.svg`` nor in ``.json``.
    """
    ending = Path(path).suffix
    if ending.lower() not in CURVE_ENDINGS:
        raise ToolkitError(f"the ending {ending!r} is none of {', '.join(CURVE_ENDINGS)}; name another output [{path}]")


def write_curve(path: str | Path, curve: LearningCurve) -> None:
    """Write a learning curve as a figure (``.svg``) or as a record (``.json``).

    Raises
    ------
    ToolkitError
        If it ends otherwise or cannot be written.
    """
    check_curve_ending(path)
    if Path(path).suffix.lower() == ".svg":
        text = standalone(draw_learning_curve(curve))
    else:
        text = json.dumps(curve.to_dict(), indent=1) + "\n"
    with write_file(path) as file:
        file.write(text.encode("utf-8"))


def curve_path(run_folder: str | Path, digest: str, fingerprint: str) -> tuple[Path | None, str]:
    """Find the file for a curve in the folder of its experiment's run.

    Parameters
    ----------
    run_folder : str or Path
        Folder of the experiment's run, if there is one.
    digest, fingerprint : str
        Of the experiment and of the corpus.

    Returns
    -------
    path : Path or None
        The file; ``None`` if there is no run, or it has other settings or another corpus.
    reason : str
        Why there is no such file, else empty.

    Raises
    ------
    RunError
        If the run is damaged.
    """
    folder = Path(run_folder)
    if not (folder / MANIFEST).is_file():
        return None, f"the experiment has no run; train it or name an --output [{folder}]"
    manifest = load_run(folder).manifest
    if (manifest.digest, manifest.corpus.fingerprint) != (digest, fingerprint):
        return None, f"its run has other settings or another corpus; train it again or name an --output [{folder}]"
    return folder / CURVE, ""
