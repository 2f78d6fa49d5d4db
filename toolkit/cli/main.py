"""The command line: parse, call, print, exit. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from toolkit import __version__
from toolkit.cli.corpus import _corpus_agreement, _corpus_check, _corpus_export, _corpus_stats
from toolkit.cli.experiments import _compare, _curve, _report, _train, _verify
from toolkit.cli.labelling import _evaluate, _explain, _inspect, _label
from toolkit.cli.output import DONE, PROBLEM, prepare_streams, print_safe
from toolkit.exceptions import ToolkitError

DEFAULT_MODEL = "runs/default/model"
# More need gigabytes, and move no third digit of an interval.
MOST_RESAMPLES = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 (done), 1 (a problem with the input) or 2 (wrong usage)."""
    options = make_parser().parse_args(arguments)
    prepare_streams()
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except ToolkitError as error:
        print(print_safe(str(error)), file=sys.stderr)
        return PROBLEM
    except BrokenPipeError:
        # The reader of the pipe has seen enough; what is left in the buffer has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        # A full disk and a missing right are no bugs of ours, wherever they are met.
        where = error.filename or "standard output"
        print(print_safe(f"the system refuses ({error.strerror}); make room or free it [{where}]"), file=sys.stderr)
        if error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEM
    except MemoryError:
        print("the memory is not enough; give less at once or draw less often", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        print("interrupted; nothing was left half written", file=sys.stderr)
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="toolkit",
        description="Label the sentences of news articles as accusation, denial, pledge, diplomatic statement or none, "
        "and measure how far the labels can be trusted.",
    )
    parser.add_argument("--version", action="version", version=f"toolkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = _command(commands, "train", _train, "train and evaluate experiments")
    train.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help="a .toml file or its bare name; none: all of experiments/"
    )
    _corpus_option(train)
    train.add_argument("--runs", default="runs", metavar="DIR", help="where run folders go (default: runs)")
    train.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a setting, as in classifier.C=3"
    )
    _jobs_options(train)

    report = _command(commands, "report", _report, "measure and render a run's report again, from its predictions")
    report.add_argument("run_folders", nargs="+", metavar="RUN", help="run folders")
    report.add_argument(
        "--resamples", type=_draws, metavar="N", help="draws of articles (default: as the experiment says)"
    )

    compare = _command(commands, "compare", _compare, "compare runs from their stored predictions")
    compare.add_argument("runs", nargs="*", metavar="RUN", help="run folders; none: all of runs/")
    compare.add_argument("--against", metavar="RUN", help="the run that differences are to")
    compare.add_argument("--output", metavar="FILE", help="write .html, .md, .tex or .json instead of printing")

    label = _command(commands, "label", _label, "label articles (.txt, .md, -), folders of them, or a table")
    label.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="article, folder or table (.csv, .tsv, .jsonl, .parquet)"
    )
    _model_options(label)
    label.add_argument("--output", metavar="FILE", help=".csv, .tsv, .jsonl, .parquet or, for articles, .html")
    label.add_argument("--text-column", metavar="NAME", help="the table's column of text (default: text or sentence)")

    evaluate = _command(commands, "evaluate", _evaluate, "score a model on a table with gold labels")
    evaluate.add_argument("table", metavar="TABLE", help="a .csv, .tsv, .jsonl or .parquet file")
    _model_options(evaluate)
    _column_options(evaluate)
    evaluate.add_argument("--output", metavar="DIR", help="write predictions.csv and scores.json there")

    explain = _command(commands, "explain", _explain, "show the n-grams that pull a sentence to its label")
    explain.add_argument("text", metavar="TEXT", help="one sentence")
    _model_options(explain)

    curve = _command(commands, "curve", _curve, "draw how an experiment's scores rise with the articles it learns from")
    curve.add_argument("experiment", metavar="EXPERIMENT", help="a .toml file, or the name of one in experiments/")
    curve.add_argument(
        "--table", metavar="TABLE", help="score on these sentences (default: articles held out of training)"
    )
    _column_options(curve)
    curve.add_argument(
        "--draws", type=_whole, default=3, metavar="N", help="random orders of the articles (default: 3)"
    )
    curve.add_argument(
        "--fractions",
        type=_share,
        nargs="+",
        default=(1 / 8, 1 / 4, 1 / 2, 1.0),
        metavar="SHARE",
        help="shares of the articles to learn from (default: 1/8 1/4 1/2 1)",
    )
    curve.add_argument(
        "--output",
        metavar="FILE",
        help="write the curve as .svg or .json (default, without --table: into the experiment's run, for compare)",
    )
    curve.add_argument("--runs", default="runs", metavar="DIR", help="where run folders lie (default: runs)")
    _corpus_option(curve)
    _jobs_options(curve)

    corpus = commands.add_parser(
        "corpus", help="check and describe a corpus", description="Check and describe a corpus."
    )
    about = corpus.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, run, text in (("agreement", _corpus_agreement, "measure how far the two annotators agree"),):
        _corpus_option(_command(about, name, run, text))
    check = _command(about, "check", _corpus_check, "validate the tables and the texts; list all problems")
    check.add_argument("--against", metavar="TABLE", help="also list the sentences most like one of this table's")
    check.add_argument("--text-column", metavar="NAME", help="the table's column of text (default: text or sentence)")
    _corpus_option(check)
    stats = _command(about, "stats", _corpus_stats, "count sentences by label, genre, year and length")
    stats.add_argument("--output", metavar="FILE.svg", help="draw the counts")
    _corpus_option(stats)
    export = _command(about, "export", _corpus_export, "write all sentences as one flat table")
    export.add_argument("output", metavar="FILE", help="a .csv, .tsv, .jsonl or .parquet file")
    _corpus_option(export)

    verify = _command(commands, "verify", _verify, "train a run again; say whether everything is the same")
    verify.add_argument("run_folder", metavar="RUN", help="a run folder")
    _corpus_option(verify)
    _jobs_options(verify)

    inspect = _command(commands, "inspect", _inspect, "say what a model is and needs, without running anything from it")
    inspect.add_argument("model", metavar="MODEL", help="a model's folder")
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _corpus_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", default="data", metavar="DIR", help="the corpus folder (default: data)")


def _column_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text-column", metavar="NAME", help="default: text or sentence")
    parser.add_argument("--label-column", default="label", metavar="NAME", help="default: label")
    parser.add_argument("--also-column", metavar="NAME", help="a second defensible label, for lenient scores")


def _jobs_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=_whole, default=_cores(), metavar="N", help="folds fitted at once (default: all cores)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but problems")


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="DIR", help=f"a model's folder (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--trust", action="store_true", help="open a joblib model, which can run code")


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, a whole number from 1 up was expected")
    return number


def _draws(text: str) -> int:
    number = _whole(text)
    if number > MOST_RESAMPLES:
        raise argparse.ArgumentTypeError(f"{text!r} came, at most {MOST_RESAMPLES:,} draws were expected")
    return number


def _share(text: str) -> float:
    try:
        share = float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, a share above 0 and at most 1 was expected")
    return share


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main())
