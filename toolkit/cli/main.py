"""A command line -> its exit code; every problem with the input is one sentence on standard error."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from toolkit import __version__
from toolkit.cli import corpus, distillation, experiments, labelling
from toolkit.cli.output import DONE, INTERRUPTED, PROBLEM, prepare_streams, safe
from toolkit.exceptions import ToolkitError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 (done), 1 (a problem with the input) or 2 (wrong usage)."""
    options = make_parser().parse_args(arguments)
    prepare_streams()
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except ToolkitError as error:
        print(safe(str(error)), file=sys.stderr)
        return PROBLEM
    except BrokenPipeError:
        # The reader of the pipe has stopped; the rest of the buffer must not be flushed to it at exit.
        _discard_output()
        return DONE
    except OSError as error:
        # A full disk or a missing permission is not a bug, wherever it is met.
        where = error.filename or "standard output"
        print(
            safe(f"the operating system reports {error.strerror!r}; free space or change permissions [{where}]"),
            file=sys.stderr,
        )
        if error.filename is None:
            _discard_output()
        return PROBLEM
    except MemoryError:
        print("there is not enough memory; give less input at once or use fewer resamples", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        print("interrupted; nothing was left half written", file=sys.stderr)
        return INTERRUPTED


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="toolkit",
        description="Label the sentences of news articles as accusation, denial, pledge, diplomatic statement or none, "
        "and measure how far the labels can be trusted.",
    )
    parser.add_argument("--version", action="version", version=f"toolkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in (experiments, distillation, labelling, corpus):
        group.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
