"""Text and progress -> the terminal, which may be closed, narrow in its encoding or no terminal at all."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from toolkit.exceptions import printable

DONE, PROBLEM, INTERRUPTED = 0, 1, 130
# That of a program which the signal of a closed pipe ends.
CLOSED_PIPE = 141


def prepare_streams() -> None:
    """Make sure that printing fails only if the text is lost, and then always: at the latest when it is flushed."""
    if sys.stdout is None:
        # Nothing can be written to what is open for reading only.
        closed = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = open(closed, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open until the end
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
    # Without buffers (PYTHONUNBUFFERED), Python ignores that a full disk takes a part of a text only.
    raw = getattr(sys.stdout, "buffer", None)
    encoding = getattr(sys.__stdout__, "encoding", None)
    if isinstance(raw, io.RawIOBase) and sys.stdout is sys.__stdout__:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(raw), encoding, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and not stream.closed:
            stream.reconfigure(errors="replace")


def discard(stream: TextIO) -> None:
    """Let nothing more go to a stream that has failed, so that flushing it at exit does not fail again."""
    # Not every stream is a file.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Print to standard error; where nobody can read it, work goes on."""
    try:
        print(safe(text), file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)


@contextmanager
def printing_last() -> Iterator[Callable[..., None]]:
    """Yield a function that calls another, which prints; a failure stops no work and is raised at the end."""
    errors: list[OSError] = []

    def attempt(show: Callable[..., object], *arguments: object) -> None:
        if not errors:
            try:
                show(*arguments)
                sys.stdout.flush()
            except OSError as error:
                errors.append(error)

    yield attempt
    if errors:
        raise errors[0]


def safe(text: str) -> str:
    r"""Return text that cannot control the terminal; its lines stay apart.

    Examples
    --------
    >>> safe("one\ntwo\x1b[31m")
    'one\ntwo\ufffd[31m'
    """
    return "\n".join(printable(line) for line in text.split("\n"))


class Progress:
    """A bar on a terminal, one line at the end elsewhere, nothing if quiet.

    Parameters
    ----------
    name : str
        What progresses, shown before the bar.
    quiet : bool
        Whether to print nothing.
    """

    def __init__(self, name: str, quiet: bool) -> None:
        self.name, self.quiet = name, quiet
        self.bar: Any = None

    def __call__(self, step: str, done: int, of: int) -> None:
        """Show that so many steps of all are done."""
        if self.quiet:
            return
        if not sys.stderr.isatty():
            if done == of:
                say(f"{self.name}: {of} of {of} {step}s done")
            return
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=of, desc=self.name, unit=step, leave=False)
        self.bar.update(done - self.bar.n)
        if done == of:
            self.bar.close()
            self.bar = None
