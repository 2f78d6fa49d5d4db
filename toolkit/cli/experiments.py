"""``toolkit train``, ``report``, ``compare``, ``curve`` and ``verify``: from experiment files to what they show."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.distillation import add_teacher_options
from toolkit.cli.options import (
    add_column_options,
    add_command,
    add_corpus_option,
    add_jobs_options,
    proportion,
    resample_count,
    whole_number,
)
from toolkit.cli.output import DONE, Progress, printing_last, safe, say
from toolkit.exceptions import ToolkitError, list_some

if TYPE_CHECKING:
    from toolkit.analysis import LearningCurve
    from toolkit.experiment import Run

# The method of a comparison that makes a file of each ending.
COMPARISON_ENDINGS = {".html": "to_html", ".md": "to_markdown", ".tex": "to_latex", ".json": "to_json"}


def add_commands(commands: Any) -> None:
    """Add the commands about experiments and their runs to the parser's."""
    train = add_command(commands, "train", _train, "train and evaluate experiments")
    train.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        help="a .toml file or its bare name; none: all without an encoder",
    )
    add_corpus_option(train)
    train.add_argument("--runs", default="runs", metavar="DIR", help="where run folders go (default: runs)")
    train.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a setting, as in classifier.C=3"
    )
    add_jobs_options(train)

    report = add_command(commands, "report", _report, "measure and render a run's report again, from its predictions")
    report.add_argument("run_folders", nargs="+", metavar="RUN", help="run folders")
    report.add_argument(
        "--resamples", type=resample_count, metavar="N", help="bootstrap resamples (default: as the experiment says)"
    )

    compare = add_command(commands, "compare", _compare, "compare runs from their stored predictions")
    compare.add_argument("runs", nargs="*", metavar="RUN", help="run folders; none: all of runs/")
    compare.add_argument("--against", metavar="RUN", help="the run that the others are compared with")
    compare.add_argument("--output", metavar="FILE", help="write .html, .md, .tex or .json instead of printing")

    _add_curve(commands)

    verify = add_command(commands, "verify", _verify, "train a run again; say whether everything is the same")
    verify.add_argument("run_folder", metavar="RUN", help="a run folder")
    add_teacher_options(verify, required=False)
    add_corpus_option(verify)
    add_jobs_options(verify)


def _add_curve(commands: Any) -> None:
    summary = "measure how an experiment's scores rise with the articles it learns from"
    curve = add_command(commands, "curve", _curve, summary)
    curve.add_argument("experiment", metavar="EXPERIMENT", help="a .toml file, or the name of one in experiments/")
    curve.add_argument(
        "--table", metavar="TABLE", help="score on these sentences (default: articles held out of training)"
    )
    add_column_options(curve)
    # --draws is the older spelling.
    curve.add_argument(
        "--repeats",
        "--draws",
        type=whole_number,
        default=3,
        metavar="N",
        help="repetitions, each with the articles in another random order (default: 3)",
    )
    curve.add_argument(
        "--fractions",
        type=proportion,
        nargs="+",
        default=(1 / 8, 1 / 4, 1 / 2, 1.0),
        metavar="FRACTION",
        help="proportions of the articles to learn from (default: 1/8 1/4 1/2 1)",
    )
    curve.add_argument(
        "--output",
        metavar="FILE",
        help="write the curve as .svg or .json (default, without --table: into the experiment's run, for compare)",
    )
    curve.add_argument("--runs", default="runs", metavar="DIR", help="where run folders lie (default: runs)")
    add_corpus_option(curve)
    add_jobs_options(curve)


def _train(options: argparse.Namespace) -> int:
    from toolkit.config import find_experiments
    from toolkit.corpus import load_corpus
    from toolkit.experiment import train

    paths = find_experiments(options.experiments)
    corpus = load_corpus(options.corpus)
    with printing_last() as attempt:
        for path in paths:
            run = train(path, corpus, options.runs, options.set, options.jobs, Progress(path.stem, options.quiet))
            if not options.quiet:
                attempt(_print_run, run)
    return DONE


def _print_run(run: Run) -> None:
    from toolkit.pages import SPLIT_TITLES, state_absent, state_collection

    test, train = (run.report.scores[split].headline.value for split in ("test", "train"))
    folds = ""
    if run.repeats is not None:
        mean = run.repeats.headline()
        folds = f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}] in the mean of {len(run.repeats.folds)} folds, "
    print(
        f"{run.name:<18} macro F1 {train:.3f} cross-validated, {folds}{test:.3f} on test  ->  {run.folder}/report.html"
    )
    for split, title in SPLIT_TITLES:
        absent = state_absent(run.report.scores[split], run.labels)
        if absent:
            print(safe(f"{'':<18} {title}: {absent}"))
    for part in run.report.collections:
        print(safe(f"{'':<18} {state_collection(part)}"))


def _report(options: argparse.Namespace) -> int:
    from toolkit.experiment import report

    with printing_last() as attempt:
        for folder in options.run_folders:
            run = report(folder, options.resamples)
            attempt(print, f"{run.folder}/report.html")
    return DONE


def _compare(options: argparse.Namespace) -> int:
    from toolkit.comparison import compare
    from toolkit.files import folders_with, write_file

    ending = Path(options.output or "").suffix
    if options.output is not None and ending.lower() not in COMPARISON_ENDINGS:
        raise ToolkitError(
            f"the ending {ending!r} is none of {', '.join(COMPARISON_ENDINGS)}; name another output [{options.output}]"
        )
    folders = options.runs or folders_with("runs", "manifest.json")
    against = options.against
    resolved = [Path(folder).resolve() for folder in folders]
    if against is not None and Path(against).is_dir() and Path(against).resolve() not in resolved:
        folders = [*folders, against]
    comparison = compare(folders, against)
    if options.output is None:
        print(safe(comparison.to_text()), end="")
        return DONE
    text = getattr(comparison, COMPARISON_ENDINGS[ending.lower()])()
    with write_file(options.output) as file:
        file.write(text.encode("utf-8", "replace"))
    return DONE


def _curve(options: argparse.Namespace) -> int:
    from toolkit.config import find_experiments, read_experiment
    from toolkit.corpus import corpus_fingerprint, corpus_labels, load_corpus, read_gold_table
    from toolkit.experiment import check_curve_ending, curve, curve_path, write_curve

    if options.output:
        check_curve_ending(options.output)
    [path] = find_experiments([options.experiment])
    experiment, corpus = read_experiment(path), load_corpus(options.corpus)
    table = None
    if options.table:
        columns = (options.text_column, options.label_column, options.also_column)
        table = read_gold_table(options.table, corpus_labels(corpus), *columns, encoding=options.encoding)
    output = Path(options.output) if options.output else None
    if not output and not table:
        run_folder = Path(options.runs) / experiment.name
        output, reason = curve_path(run_folder, experiment.digest, corpus_fingerprint(corpus))
        if reason:
            # Before the fits, which take minutes.
            say(f"the curve will not be saved: {reason}")
    progress = Progress(f"curve of {experiment.name}", options.quiet)
    points = curve(experiment, corpus, table, options.fractions, options.repeats, options.jobs, progress)
    # The file comes before the text, whose reader may stop early.
    if output:
        write_curve(output, points)
    _print_curve(points)
    if output and not options.output:
        print(f"saved for 'toolkit compare' to draw  ->  {output}")
    return DONE


def _print_curve(curve: LearningCurve) -> None:
    """Print the means over repetitions and, from enough points, the forecast for twice the articles."""
    import numpy as np

    from toolkit.statistics import MIN_POINTS, forecast

    print(f"{'articles':>8}  {'sentences':>9}{''.join(f'{name:>17}' for name in curve.scores)}")
    for point, n_articles in enumerate(curve.n_articles):
        means = "".join(f"{values[point].mean():>17.3f}" for values in curve.scores.values())
        print(f"{n_articles:>8}  {curve.n_sentences[point]:>9}{means}")
    if len(set(curve.n_articles)) < MIN_POINTS or any(np.isnan(values).any() for values in curve.scores.values()):
        return
    laws = [forecast(curve.n_articles, values) for values in curve.scores.values()]
    print(f"{laws[0].n_articles:>8}  {'predicted':>9}{''.join(f'{law.value:>17.3f}' for law in laws)}")
    # Only nan differs from itself.
    ranges = [f"[{law.low:.3f}, {law.high:.3f}]" if law.low == law.low else "–" for law in laws]
    print(f"{'':>8}  {'95 %':>9}{''.join(f'{text:>17}' for text in ranges)}")


def _verify(options: argparse.Namespace) -> int:
    from toolkit.experiment import verify

    progress = Progress("verify", options.quiet)
    differences = verify(options.run_folder, options.corpus, options.jobs, progress, options.teacher, options.texts)
    if differences:
        raise ToolkitError(f"the run is not reproduced: {list_some(differences)} [{options.run_folder}]")
    if not options.quiet:
        print("the same: every prediction, score, figure and byte of the model; only times may differ")
    return DONE
