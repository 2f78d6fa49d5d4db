"""TODO toolkit.cli.output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

DONE, PROBLEM, USAGE = 0, 1, 2


def prepare_streams() -> None:
    """See to it that printing cannot fail: not for a closed stream, nor for what its encoding lacks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif hasattr(stream, "reconfigure") and not stream.closed:
            stream.reconfigure(errors="replace")


def print_safe(text: str) -> str:
    from toolkit.exceptions import printable

    return "\n".join(printable(line) for line in text.split("\n"))


class Progress:
    """A bar on a terminal, a line when done elsewhere, nothing when quiet."""

    def __init__(self, name: str, quiet: bool) -> None:
        self.name, self.quiet = name, quiet
        self.bar: Any = None

    def __call__(self, step: str, done: int, of: int) -> None:
        if self.quiet:
            return
        if not sys.stderr.isatty():
            if done == of:
                print(f"{self.name}: {of} of {of} {step}s done", file=sys.stderr)
            return
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=of, desc=self.name, unit="fit", leave=False)
        self.bar.update(1)
        if done == of:
            self.bar.close()
            self.bar = None
