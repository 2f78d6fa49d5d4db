"""TODO toolkit.cli.experiments."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.labelling import _gold_table
from toolkit.cli.output import DONE, Progress, print_safe
from toolkit.exceptions import ToolkitError, list_some

if TYPE_CHECKING:
    from toolkit.analysis.learning_curve import LearningCurve
    from toolkit.experiment.runs import Run

# What writes a comparison to a file of each ending.
COMPARISON_ENDINGS = {".html": "to_html", ".md": "to_markdown", ".tex": "to_latex", ".json": "to_json"}


def _train(options: argparse.Namespace) -> int:
    from toolkit.config import find_experiments
    from toolkit.corpus.loading import load_corpus
    from toolkit.experiment.training import train

    paths = find_experiments(options.experiments)
    loaded = load_corpus(options.corpus)
    for path in paths:
        progress = Progress(path.stem, options.quiet)
        run = train(path, loaded, options.runs, options.set, options.jobs, progress)
        if not options.quiet:
            test, held = (run.report.scores[split].headline.value for split in ("test", "train"))
            print(
                f"{run.name:<18} macro F1 {held:.3f} cross-validated, {_of_folds(run)}{test:.3f} on test"
                f"  ->  {run.folder}/report.html"
            )
    return DONE


def _of_folds(run: Run) -> str:
    if run.repeats is None:
        return ""
    found = run.repeats.headline()
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] in the mean of {len(run.repeats.folds)} folds, "


def _report(options: argparse.Namespace) -> int:
    from toolkit.experiment.reporting import render_again

    for folder in options.run_folders:
        run = render_again(folder, options.resamples)
        print(f"{run.folder}/report.html")
    return DONE


def _compare(options: argparse.Namespace) -> int:
    from toolkit.comparison.comparing import compare
    from toolkit.files.atomic import folders_with, write_file

    if options.output is not None and Path(options.output).suffix.lower() not in COMPARISON_ENDINGS:
        raise ToolkitError(
            f"the ending {Path(options.output).suffix!r} is none of {', '.join(COMPARISON_ENDINGS)}; "
            f"name another output [{options.output}]"
        )
    folders = options.runs or folders_with("runs", "manifest.json")
    against = options.against
    if against is not None and Path(against).is_dir() and against not in map(str, folders):
        folders = [*folders, against]
    comparison = compare(folders, against)
    if options.output is None:
        print(print_safe(comparison.to_text()), end="")
        return DONE
    ending = Path(options.output).suffix.lower()
    text = getattr(comparison, COMPARISON_ENDINGS[ending])()
    with write_file(options.output) as file:
        file.write(text.encode("utf-8", "replace"))
    return DONE


def _curve(options: argparse.Namespace) -> int:
    from toolkit.config import find_experiments, read_experiment
    from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.experiment.curves import LabelledSentences, learning_curve

    if options.output and Path(options.output).suffix.lower() not in (".svg", ".json"):
        raise ToolkitError(
            f"the ending {Path(options.output).suffix!r} is none of .svg, .json; name another output [{options.output}]"
        )
    [path] = find_experiments([options.experiment])
    experiment, corpus = read_experiment(path), load_corpus(options.corpus)
    labels = corpus_labels(corpus)
    outside = None
    if options.table:
        text, gold, also = _gold_table(options, labels)
        outside = LabelledSentences(tuple(text), tuple(gold), tuple(also) if also is not None else None)
    beside = None
    if not options.output and not options.table:
        # Said before: to learn so many times takes minutes.
        beside = _place_beside_run(Path(options.runs) / experiment.name, experiment.digest, corpus_fingerprint(corpus))
    progress = Progress(f"curve of {experiment.name}", options.quiet)
    found = learning_curve(
        experiment,
        corpus,
        labels,
        outside,
        fractions=options.fractions,
        n_orders=options.draws,
        n_jobs=options.jobs,
        progress=progress,
    )
    print(f"{'articles':>8}  {'sentences':>9}{''.join(f'{name:>17}' for name in found.scores)}")
    for place, n_articles in enumerate(found.n_articles):
        means = "".join(f"{values[place].mean():>17.3f}" for values in found.scores.values())
        print(f"{n_articles:>8}  {found.n_sentences[place]:>9}{means}")
    _print_forecast(found)
    if options.output:
        _write_curve(Path(options.output), found)
    elif beside:
        _write_curve(beside, found)
        print(f"saved for 'toolkit compare' to draw  ->  {beside}")
    return DONE


def _place_beside_run(folder: Path, digest: str, fingerprint: str) -> Path | None:
    """Return where a curve goes in the run of the same experiment on the same corpus; say why it goes nowhere."""
    from toolkit.experiment.run_files import CURVE
    from toolkit.experiment.runs import load_run

    if not (folder / "manifest.json").is_file():
        told = f"the curve will not be saved: there is no run of it; train it or name an --output [{folder}]"
    else:
        manifest = load_run(folder).manifest
        if (manifest.digest, manifest.corpus.fingerprint) == (digest, fingerprint):
            return folder / CURVE
        told = (
            "the curve will not be saved: its run has other settings or another corpus; "
            f"train it again or name an --output [{folder}]"
        )
    print(told, file=sys.stderr)
    return None


def _print_forecast(curve: LearningCurve) -> None:
    """Print what a power law through the points predicts for twice the articles, if there are points enough."""
    import numpy as np

    from toolkit.statistics.power_law import MIN_POINTS, forecast

    if len(set(curve.n_articles)) < MIN_POINTS or any(np.isnan(values).any() for values in curve.scores.values()):
        return
    laws = [forecast(curve.n_articles, values) for values in curve.scores.values()]
    print(f"{laws[0].n_articles:>8}  {'predicted':>9}{''.join(f'{law.value:>17.3f}' for law in laws)}")
    ranges = [f"[{law.low:.3f}, {law.high:.3f}]" if law.low == law.low else "–" for law in laws]
    print(f"{'':>8}  {'95 %':>9}{''.join(f'{shown:>17}' for shown in ranges)}")


def _write_curve(path: Path, curve: LearningCurve) -> None:
    from toolkit.files.atomic import write_file
    from toolkit.pages.figures import draw_learning_curve, standalone

    is_figure = path.suffix.lower() == ".svg"
    text = standalone(draw_learning_curve(curve)) if is_figure else json.dumps(curve.to_dict(), indent=1) + "\n"
    with write_file(path) as file:
        file.write(text.encode("utf-8"))


def _verify(options: argparse.Namespace) -> int:
    from toolkit.experiment.verification import verify

    found = verify(options.run_folder, options.corpus, options.jobs, Progress("verify", options.quiet))
    if found:
        raise ToolkitError(f"the run is not reproduced: {list_some(found)} [{options.run_folder}]")
    if not options.quiet:
        print("the same: every prediction, score, figure and model byte, the clock's fields aside")
    return DONE
