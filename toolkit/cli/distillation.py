"""``toolkit distill``: an experiment, a teacher and unlabelled text -> a run, and the scores side by side."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from toolkit.cli.options import add_command, add_corpus_option, add_jobs_options, add_text_option, whole_number
from toolkit.cli.output import DONE, Progress, safe

if TYPE_CHECKING:
    from toolkit.analysis import Estimate
    from toolkit.experiment import Run


def add_commands(commands: Any) -> None:
    """Add ``distill`` to the parser's commands."""
    summary = "train an experiment on the corpus and on text of your own that a stronger model labels"
    distill = add_command(commands, "distill", _distill, summary)
    distill.add_argument("experiment", metavar="EXPERIMENT", help="a .toml file, or the name of one in experiments/")
    add_teacher_options(distill, required=True)
    add_text_option(distill)
    distill.add_argument("--trust", action="store_true", help="open a joblib teacher, which can run code")
    distill.add_argument(
        "--limit", type=whole_number, metavar="N", help="learn from a random sample of N sentences (default: all)"
    )
    distill.add_argument(
        "--weight",
        type=float,
        metavar="W",
        help="weight of a sentence of the text (default: chosen on the corpus)",
    )
    distill.add_argument("--name", metavar="NAME", help="name of the run (default: EXPERIMENT-distilled)")
    distill.add_argument("--runs", default="runs", metavar="DIR", help="where run folders go (default: runs)")
    distill.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a setting, as in classifier.C=3"
    )
    add_corpus_option(distill)
    add_jobs_options(distill)


def add_teacher_options(parser: argparse.ArgumentParser, required: bool) -> None:
    """Add ``--teacher`` and ``--texts``."""
    parser.add_argument("--teacher", required=required, metavar="MODEL", help="model folder of the teacher")
    parser.add_argument(
        "--texts",
        nargs="+",
        default=(),
        required=required,
        metavar="FILE",
        help="unlabelled text: articles (.txt, .md, .txt.gz), folders of them, tables (.csv, .tsv, .jsonl, .parquet)",
    )


def _distill(options: argparse.Namespace) -> int:
    from toolkit.config import find_experiments
    from toolkit.experiment import distill
    from toolkit.models import load_model
    from toolkit.pages import format_interval, format_score, state_distillation

    [path] = find_experiments([options.experiment])
    run = distill(
        path,
        load_model(options.teacher, options.trust),
        options.texts,
        options.limit,
        options.corpus,
        options.runs,
        options.name,
        options.set,
        options.text_column,
        options.weight,
        options.jobs,
        Progress(f"distill {path.stem}", options.quiet),
    )
    if not options.quiet:
        print(f"{'macro F1 on the test split':<38}  {'score':>5}  95 % interval")
        for name, estimate in _scores(run):
            print(f"{safe(name):<38}  {format_score(estimate.value):>5}  {format_interval(estimate)}")
        print("\n" + safe("\n".join(state_distillation(run.report))))
        print(f"{run.folder}/report.html")
    return DONE


def _scores(run: Run) -> Iterator[tuple[str, Estimate]]:
    """Yield the scores of teacher, plain student (if it has a run on the same corpus) and distilled student."""
    from toolkit.experiment import load_run

    distillation = run.report.distillation
    if distillation:
        yield f"teacher {distillation.teacher.experiment}", distillation.teacher.macro_f1
    if run.report.against:
        plain = load_run(run.folder.parent / run.report.against.name)
        yield f"plain student {plain.name}", plain.report.scores.test.headline
    yield f"distilled student {run.name}", run.report.scores.test.headline
