"""A command line -> its exit code; every problem with the input is one sentence on standard error."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from toolkit import __version__
from toolkit.cli import corpus, distillation, experiments, labelling
from toolkit.cli.options import Parser, ShowVersion
from toolkit.cli.output import CLOSED_PIPE, INTERRUPTED, PROBLEM, discard, prepare_streams, say
from toolkit.exceptions import EncodingGuessed, ToolkitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 (done), 1 (a problem), 2 (wrong usage), 130 (interrupted) or 141 (closed pipe)."""
    prepare_streams()
    try:
        with warnings.catch_warnings():
            _print_guesses()
            return _run(arguments)
    except ToolkitError as error:
        say(str(error))
        return PROBLEM
    except BrokenPipeError:
        discard(sys.stdout)
        say("the reader of the output stopped before its end; the rest was not written [standard output]")
        return CLOSED_PIPE
    except OSError as error:
        # A full disk or a missing permission is not a bug, wherever it is met.
        where = error.filename or "standard output"
        if error.filename is None:
            discard(sys.stdout)
        say(f"the operating system reports {error.strerror!r}; free space or change permissions [{where}]")
        return PROBLEM
    except MemoryError:
        say("there is not enough memory; give less input at once or use fewer resamples")
        return PROBLEM
    except KeyboardInterrupt:
        say("interrupted; nothing was left half written")
        return INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = make_parser().parse_args(arguments)
        code: int = options.run(options)
    except SystemExit:
        # After --help, which must not be lost either.
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return code


def _print_guesses() -> None:
    show = warnings.showwarning

    def show_guess(message: Warning | str, category: type[Warning], *place: Any, **values: Any) -> None:
        if issubclass(category, EncodingGuessed):
            say(str(message))
        else:
            show(message, category, *place, **values)

    warnings.simplefilter("default", EncodingGuessed)
    warnings.showwarning = show_guess


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = Parser(
        prog="toolkit",
        description="Label the sentences of news articles as accusation, denial, pledge, diplomatic statement or none, "
        "and measure how far the labels can be trusted.",
    )
    parser.add_argument(
        "--version", action=ShowVersion, nargs=0, const=f"toolkit {__version__}", help="print the version"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (experiments, distillation, labelling, corpus):
        group.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
