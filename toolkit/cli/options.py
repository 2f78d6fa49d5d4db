"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import IO, Any

DEFAULT_MODEL = "runs/default/model"
# More need gigabytes, and change no third digit of an interval.
MOST_RESAMPLES = 100_000


class Parser(argparse.ArgumentParser):
    """A parser whose help is not lost in silence: the library ignores that it cannot be written."""

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]
        """Print the help to standard output or to a file."""
        (file or sys.stdout).write(self.format_help())


class ShowVersion(argparse.Action):
    """Print the constant that it was made with, and end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Act on the option."""
        print(self.const)
        parser.exit()


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str
) -> argparse.ArgumentParser:
    """Add a command to a parser's subcommands; return its own parser.

    Parameters
    ----------
    commands : argparse._SubParsersAction
        As ``add_subparsers`` returns it.
    name : str
        What is typed.
    run : callable
        Given the parsed options, does the work and returns the exit code.
    summary : str
        One line of help, without a capital and a full stop.
    """
    description = f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=description)
    parser.set_defaults(run=run)
    return parser


def add_corpus_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--corpus``."""
    parser.add_argument("--corpus", default="data", metavar="DIR", help="the corpus folder (default: data)")


def add_text_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--text-column``."""
    parser.add_argument(
        "--text-column", metavar="NAME", help="the table's column of sentences (default: text or sentence)"
    )


def add_encoding_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--encoding``."""
    parser.add_argument(
        "--encoding", metavar="NAME", help="encoding of text without byte-order mark, such as cp1252 (default: UTF-8)"
    )


def add_column_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the columns of a table with gold labels."""
    add_text_option(parser)
    add_encoding_option(parser)
    parser.add_argument(
        "--label-column", default="label", metavar="NAME", help="its column of gold labels (default: label)"
    )
    parser.add_argument(
        "--also-column", metavar="NAME", help="its column of second defensible labels, for lenient scores"
    )


def add_jobs_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--jobs`` and ``--quiet``."""
    parser.add_argument(
        "--jobs", type=whole_number, default=count_cores(), metavar="N", help="fits made at once (default: all cores)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but problems")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--model`` and ``--trust``."""
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="DIR", help=f"a model's folder (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--trust", action="store_true", help="open a joblib model, which can run code")


def whole_number(text: str) -> int:
    """Read a whole number from 1 up."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, expected a whole number from 1 up")
    return number


def resample_count(text: str) -> int:
    """Read a number of bootstrap resamples."""
    number = whole_number(text)
    if number > MOST_RESAMPLES:
        raise argparse.ArgumentTypeError(f"{text!r} came, expected at most {MOST_RESAMPLES:,} resamples")
    return number


def proportion(text: str) -> float:
    """Read a proportion above 0, as a decimal number or a fraction."""
    try:
        number = float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        number = 0.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, expected a proportion above 0 and at most 1")
    return number


def count_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
