"""Batches that several processes have done -> one progress: each writes a byte to a file, whose length is watched."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BatchCounter:
    """Called in any process when a batch is done; it can be pickled."""

    path: Path

    def __call__(self, done: int, of: int) -> None:
        """Count one batch."""
        # Appending is atomic, so that no byte is lost between processes.
        with self.path.open("ab") as file:
            file.write(b".")


@contextmanager
def counted_batches(n_batches: int, progress: Callable[[str, int, int], None]) -> Iterator[BatchCounter]:
    """Report batches while they are done, from a thread.

    Parameters
    ----------
    n_batches : int
        Of all processes.
    progress : callable
        Called with ``fine-tuning step``, the number of batches done, and ``n_batches``.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-batches-") as scratch:
        path = Path(scratch, "batches")
        path.touch()
        is_over = threading.Event()

        def watch() -> None:
            shown = 0
            while not is_over.wait(SECONDS):
                done = path.stat().st_size
                if done > shown:
                    progress("fine-tuning step", min(done, n_batches - 1), n_batches)
                    shown = done

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield BatchCounter(path)
        finally:
            is_over.set()
            watcher.join()
        progress("fine-tuning step", n_batches, n_batches)
