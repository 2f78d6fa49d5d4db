"""Files and folders that replace the old ones whole or not at all, even if a crash interrupts."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from toolkit.exceptions import RunError, TableError

_PART, _ASIDE = ".part", ".old"
# The random part of a name that tempfile makes.
_RANDOM = "[a-z0-9_]{8}"


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
        part, lock = _make_part(folder, is_folder=True)
    except OSError as error:
        raise RunError(
            f"the folder cannot be written to; change its permissions or name another [{folder.parent}]"
        ) from error
    aside = part.with_suffix(_ASIDE)
    try:
        part.chmod(0o755)
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
        _unlock(lock)
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


def _make_part(path: Path, is_folder: bool) -> tuple[Path, int | None]:
    """Make a hidden file or folder beside a path and lock it; return it and its lock."""
    while True:
        prefix = f".{path.name}."
        if is_folder:
            part = Path(tempfile.mkdtemp(_PART, prefix, path.parent))
        else:
            descriptor, name = tempfile.mkstemp(_PART, prefix, path.parent)
            os.close(descriptor)
            part = Path(name)
        lock = _lock(part)
        # Another process may have deleted it before it was locked.
        if part.exists():
            return part, lock
        _unlock(lock)


def _delete_leftovers(path: Path) -> None:
    """Delete what killed processes left of this path: half written, or renamed and since replaced."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.{_RANDOM}({_PART}|{_ASIDE})")
    for other in sorted(path.parent.iterdir()):
        match = pattern.fullmatch(other.name)
        if match and match[1] == _ASIDE and path.exists():
            shutil.rmtree(other, ignore_errors=True)
        elif match and match[1] == _PART:
            lock = _lock(other)
            # The system releases the lock of a process however it ends.
            if lock is not None:
                shutil.rmtree(other, ignore_errors=True) if other.is_dir() else other.unlink(missing_ok=True)
                _unlock(lock)


def _lock(part: Path) -> int | None:
    """Lock a file or folder; ``None`` if another has, or where locks do not end with their process."""
    if sys.platform == "win32":
        return None
    import fcntl

    with suppress(OSError):
        descriptor = os.open(part, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
    return None


def _unlock(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


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
    # A device or a named pipe is not replaced; a link is followed.
    is_stream = path.exists() and not path.is_file()
    try:
        with path.open("wb") if is_stream else _replace_file(path.resolve()) as file:
            yield file
    except OSError as error:
        # An error with a name is that of a file which is read meanwhile.
        if error.filename is not None or not error.strerror:
            raise
        raise TableError(
            f"the output cannot be written ({error.strerror}); free space or name another [{path}]"
        ) from error


@contextmanager
def _replace_file(path: Path) -> Iterator[IO[bytes]]:
    try:
        _delete_leftovers(path)
        part, lock = _make_part(path, is_folder=False)
    except OSError as error:
        raise TableError(f"the output cannot be written; name a file in a folder that exists [{path}]") from error
    try:
        with part.open("wb") as file:
            yield file
        # Only the owner may read a temporary file; a written one gets the usual permissions.
        mask = os.umask(0)
        os.umask(mask)
        part.chmod(0o666 & ~mask)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    finally:
        _unlock(lock)
