"""A run folder and its corpus -> what differs when the run is trained again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.corpus import corpus_fingerprint, open_corpus
from toolkit.exceptions import RunError
from toolkit.experiment import older_runs
from toolkit.experiment.distillation import soften_again
from toolkit.experiment.reporting import report
from toolkit.experiment.run_files import CURVE, MANIFEST, MODEL, PAGE, REPORT, RUN_SCHEMA
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import ProgressCallback, baseline_run, write_run

if TYPE_CHECKING:
    from datasets import DatasetDict

    from toolkit.models import SentenceClassifier


def verify(
    folder: str | Path,
    corpus: str | Path | DatasetDict = "data",
    n_jobs: int = 1,
    progress: ProgressCallback = lambda step, done, of: None,
    teacher: str | Path | SentenceClassifier | None = None,
    texts: str | Path | Iterable[str | Path] = (),
) -> list[str]:
    """Train a run again and list what differs.

    Parameters
    ----------
    folder : str or Path
        A run's folder.
    corpus : str, Path or DatasetDict
        The corpus it was trained on.
    n_jobs : int
        Folds fitted in parallel.
    progress : callable
        Called with a step's name, the number of parts done, and the number of parts.
    teacher, texts : optional
        What a distilled run was made with, as :func:`toolkit.distill` takes them. The mixing weight and
        the hyper-parameters are those of the run; they are not searched again.

    Returns
    -------
    list of str
        A sentence for each file that differs; empty if every prediction, figure and number
        is the same, the clock's fields aside. A report measured again with more or fewer
        resamples is compared with one measured alike.

    Raises
    ------
    RunError
        If the folder is not a run, or corpus, teacher or text are not those it was trained on.

    Examples
    --------
    >>> verify("runs/naive-bayes", "data")  # doctest: +SKIP
    []
    """
    run = load_run(folder)
    corpus = open_corpus(corpus)
    given, expected = corpus_fingerprint(corpus), run.manifest.corpus.fingerprint
    if given != expected:
        raise RunError(
            f"the corpus has the fingerprint {given[:16]}, expected {expected[:16]}, on which the run was trained; "
            f"name its corpus with --corpus [{folder}]"
        )
    experiment, distillation = run.experiment, run.manifest.distillation
    soft = soften_again(run, teacher, texts, corpus)
    with tempfile.TemporaryDirectory(prefix="toolkit-verify-") as scratch:
        again, stored = Path(scratch, "again"), run.folder
        again.mkdir()
        baseline = baseline_run(experiment, run.folder.parent)
        write_run(again, experiment, corpus, baseline, n_jobs, progress, distillation, soft)
        if run.n_resamples != experiment.evaluation.resamples:
            report(again, run.n_resamples)
        is_older = older_runs.is_known(json.loads((stored / MANIFEST).read_bytes())["schema"])
        records = (json.loads((stored / name).read_bytes()) for name in (REPORT, f"{MODEL}/manifest.json"))
        lacks_fields = older_runs.lacks_fields(*records)
        if is_older:
            stored = Path(scratch, "stored")
            older_runs.upgrade(run.folder, stored, RUN_SCHEMA)
        return list(_differences(stored, again, is_older or lacks_fields))


def _differences(stored: Path, again: Path, is_older: bool) -> Iterator[str]:
    names = sorted(
        {path.relative_to(root).as_posix() for root in (stored, again) for path in root.rglob("*") if path.is_file()}
    )
    for name in names:
        if _is_free(name) or (is_older and _is_rendered(name)):
            continue
        first, second = stored / name, again / name
        if not (first.is_file() and second.is_file()):
            yield f"{name} is in one of the two only"
        elif _content(first) != (_shared(second, first) if is_older else _content(second)):
            yield f"{name} differs"


def _is_free(name: str) -> bool:
    """Say whether a file may differ: the page shows the clock, a curve comes later, a pickle's bytes vary."""
    return name in (PAGE, CURVE) or name.endswith(".joblib")


def _is_rendered(name: str) -> bool:
    """Say whether a file is rendered from the others: its wording changes from one version to the next."""
    return name == "model/README.md" or name.startswith("figures/")


def _shared(path: Path, older: Path) -> Any:
    """Return the content of a file without the keys that the same file of an older run lacks."""

    def restrict(value: Any, known: Any) -> Any:
        if isinstance(value, dict) and isinstance(known, dict):
            return {key: restrict(item, known[key]) for key, item in value.items() if key in known}
        if isinstance(value, list) and isinstance(known, list) and len(value) == len(known):
            return [restrict(*items) for items in zip(value, known, strict=True)]
        return value

    return restrict(_content(path), _content(older))


def _content(path: Path) -> Any:
    content = path.read_bytes()
    if path.suffix != ".json":
        return content
    try:
        record = json.loads(content)
    except ValueError:
        return content
    if isinstance(record, dict):
        record.pop("clock", None)
        if str(record.get("file", "")).endswith(".joblib"):
            record = {key: value for key, value in record.items() if key not in ("sha256", "bytes")}
    return record
