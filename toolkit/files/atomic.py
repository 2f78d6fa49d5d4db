"""Files and folders that replace the old ones whole or not at all, even if a crash interrupts."""

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
# The random part of a name that tempfile makes.
_RANDOM = "[a-z0-9_]{8}"
# The process that made a folder younger than this, in seconds, may not have locked it yet.
_GRACE = 60


@contextmanager
def write_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a folder to write in, which replaces the old one when all is written.

    Not every system can exchange two folders in one step: for a moment the old one is
    renamed. After an interruption it has its name again; after a crash :func:`restore_folder`
    gives it back. What a killed process left half written is deleted by the next one.

    Parameters
    ----------
    folder : str or Path
        The folder to replace; it need not exist. A link is followed.

    Yields
    ------
    Path
        An empty folder beside it.

    Raises
    ------
    RunError
        If the folder or its parent cannot be written to, or the disk is full.
    """
    folder = Path(folder).resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_leftovers(folder)
        part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise RunError(
            f"the folder cannot be written to; change its permissions or name another [{folder.parent}]"
        ) from error
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
                f"the folder cannot be written ({error.strerror}); free space or change its permissions [{folder}]"
            ) from error
        raise
    finally:
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)


def restore_folder(folder: str | Path) -> None:
    """Give a folder its name back that a crash left renamed; do nothing if there is none."""
    folder = Path(folder).resolve()
    if folder.exists() or not folder.parent.is_dir():
        return
    pattern = re.compile(rf"\.{re.escape(folder.name)}\.{_RANDOM}{re.escape(_ASIDE)}")
    for other in sorted(folder.parent.iterdir()):
        if pattern.fullmatch(other.name):
            with suppress(OSError):
                other.replace(folder)
            return


def _delete_leftovers(folder: Path) -> None:
    """Delete what killed processes left of this folder: half written, or renamed and since replaced."""
    pattern = re.compile(rf"\.{re.escape(folder.name)}\.{_RANDOM}({re.escape(_ASIDE)})?")
    for other in sorted(folder.parent.iterdir()):
        match = pattern.fullmatch(other.name)
        if match and (folder.exists() if match[1] else _is_abandoned(other)):
            shutil.rmtree(other, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    """Say whether no process writes a folder: the system releases the lock of a process however it ends."""
    try:
        with _locked(folder) as is_locked:
            return is_locked and time.time() - folder.stat().st_mtime > _GRACE
    except OSError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Try to lock a folder and yield whether it worked; never on a system without locks that end with their process."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        is_locked = False
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
        yield is_locked
    finally:
        os.close(descriptor)


def folders_with(parent: str | Path, name: str) -> list[Path]:
    """List the folders that contain a file, in order of their names, without hidden ones, which are being written.

    Parameters
    ----------
    parent : str or Path
        Only its direct subfolders are listed. It need not exist.
    name : str
        Name of the file.
    """
    parent = Path(parent)
    for aside in sorted(parent.glob(f".*{_ASIDE}")):
        restore_folder(parent / aside.name[1 : -len(_ASIDE) - 9])
    return sorted(path.parent for path in parent.glob(f"[!.]*/{name}"))


@contextmanager
def write_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that gets its name only when all of it is written.

    Raises
    ------
    TableError
        If its folder does not exist or cannot be written to, or the path is a folder.
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
        # Only the owner may read a temporary file; a written one gets the usual permissions.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
