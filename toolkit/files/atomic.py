"""Folders that appear whole or not at all, also where a crash comes between."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from toolkit.exceptions import RunError, TableError

_ASIDE = ".old"
# Eight characters are what tempfile draws.
_DRAWN = "[a-z0-9_]{8}"
# A folder as young as this may be of a process that has not locked it yet, in seconds.
_GRACE = 60


@contextmanager
def write_folder(folder: str | Path) -> Iterator[Path]:
    """Give a folder to write in, which takes the place of the old one when all is done.

    Not every system can swap two folders in one step: for a moment the old one stands
    aside. After an interruption it is in its place again; after a crash :func:`restore_folder`
    puts it there. What a killed process left half written is deleted by the next one.

    Parameters
    ----------
    folder : str or Path
        The place; it need not be there. A link is followed.

    Raises
    ------
    RunError
        If its parent or the folder cannot be written to, or the disk is full.
    """
    folder = Path(folder).resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_leftovers(folder)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise RunError(f"the folder cannot be written to; free it or name another [{folder.parent}]") from error
    aside = part.with_name(part.name + _ASIDE)
    try:
        part.chmod(0o755)
        with _locked(part):
            yield part
            if folder.exists():
                folder.replace(aside)
            part.replace(folder)
    except BaseException as error:
        restore_folder(folder)
        shutil.rmtree(part, ignore_errors=True)
        if isinstance(error, OSError) and error.strerror:
            raise RunError(
                f"the folder cannot be written ({error.strerror}); make room or free it [{folder}]"
            ) from error
        raise
    finally:
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)


def restore_folder(folder: str | Path) -> None:
    """Put a folder in its place again that a crash left aside; do nothing where none is."""
    folder = Path(folder).resolve()
    if folder.exists() or not folder.parent.is_dir():
        return
    ours = re.compile(rf"\.{re.escape(folder.name)}\.{_DRAWN}{re.escape(_ASIDE)}")
    for other in sorted(folder.parent.iterdir()):
        if ours.fullmatch(other.name):
            with suppress(OSError):
                other.replace(folder)
            return


def _delete_leftovers(folder: Path) -> None:
    """Delete what killed processes left of this folder: half written, or stood aside and replaced."""
    ours = re.compile(rf"\.{re.escape(folder.name)}\.{_DRAWN}({re.escape(_ASIDE)})?")
    found = [(other, named[1]) for other in sorted(folder.parent.iterdir()) if (named := ours.fullmatch(other.name))]
    for other, is_aside in found:
        if folder.exists() if is_aside else _is_abandoned(other):
            shutil.rmtree(other, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Say whether nobody writes a folder: the system frees the lock of a process that ends, however it ends."""
    try:
        with _locked(folder) as is_ours:
            return is_ours and time.time() - folder.stat().st_mtime > _GRACE
    except OSError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Try to lock a folder, and give whether that went; where there are no such locks no leftover is deleted."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        is_ours = False
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = True
        yield is_ours
    finally:
        os.close(handle)


def folders_with(parent: str | Path, name: str) -> list[Path]:
    """List the folders that hold a file, in order of their names; hidden ones are being written.

    Parameters
    ----------
    parent : str or Path
        Where to look; not deeper. It need not be there.
    name : str
        Name of the file.
    """
    parent = Path(parent)
    for aside in sorted(parent.glob(f".*{_ASIDE}")):
        restore_folder(parent / aside.name[1 : -len(_ASIDE) - 9])
    return sorted(path.parent for path in parent.glob(f"[!.]*/{name}"))


@contextmanager
def write_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name only when all of it is written.

    Raises
    ------
    TableError
        If the folder does not exist or cannot be written to, or the place is a folder.
    """
    path = Path(path)
    if path.is_dir():
        raise TableError(f"the output is a folder; name a file [{path}]")
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise TableError(f"the output cannot be written; name a file in a folder that exists [{path}]") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        # A temporary file is the owner's alone; a written one has the usual rights.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
