"""Text and progress -> the terminal, which may be closed, narrow in its encoding or no terminal at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from toolkit.exceptions import printable

DONE, PROBLEM, INTERRUPTED = 0, 1, 130


def prepare_streams() -> None:
    """Make sure that printing cannot fail because a stream is closed or its encoding lacks a character."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif hasattr(stream, "reconfigure") and not stream.closed:
            stream.reconfigure(errors="replace")


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
                print(f"{self.name}: {of} of {of} {step}s done", file=sys.stderr)
            return
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=of, desc=self.name, unit=step, leave=False)
        self.bar.update(done - self.bar.n)
        if done == of:
            self.bar.close()
            self.bar = None
