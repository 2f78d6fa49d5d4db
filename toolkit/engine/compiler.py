"""Python functions -> machine code by numba, cached on disk for as long as the engine's source stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numba

from toolkit.private_names import NUMBA_NO_ALLOCATION, name_cache_file


def source_digest(folder: Path = Path(__file__).parent) -> str:
    """Return a digest of all Python source in a folder, by default the engine's.

    Examples
    --------
    >>> len(source_digest())
    16
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


_DIGEST = source_digest()
# Whether the environment asks for code that checks every index (NUMBA_BOUNDSCHECK=1).
BOUNDS_CHECKED = bool(numba.config.BOUNDSCHECK)  # type: ignore[attr-defined]


def compiled(function: Callable[..., Any], allocates: bool = False, inline: bool = False) -> Callable[..., Any]:
    """Compile a function when it is first called, cached where numba finds a writable folder.

    numba's cache notices a change of the file that defines a function, but not of a constant, an
    intrinsic or another function that it imports from elsewhere: stale machine code would return
    wrong probabilities without any error. So the name of each cache file contains a digest of the
    whole engine's source. Compiled functions therefore take nothing from outside ``toolkit.engine``.

    Parameters
    ----------
    function : callable
        Of the part of Python that numba compiles.
    allocates : bool
        Whether it creates arrays. If none does, numba leaves out the counting of references to
        its arguments, which would take as long as what is done with them.
    inline : bool
        Whether it becomes part of its callers' machine code: passing all arrays of a compiled
        pipeline as arguments takes as long as scoring a word.
    """
    options: dict[str, Any] = {"nogil": True, "forceinline": inline, **({} if allocates else NUMBA_NO_ALLOCATION)}
    name_cache_file(function, _DIGEST)
    try:
        # Code that checks every index is not cached: numba's key for it is that of code that does not.
        machine_code: Callable[..., Any] = numba.njit(cache=not BOUNDS_CHECKED, **options)(function)
    except RuntimeError:
        # No writable folder. A shared one, such as /tmp, would let other users plant machine code.
        machine_code = numba.njit(**options)(function)
    return machine_code


compiled_inline = partial(compiled, inline=True)
compiled_allocating = partial(compiled, allocates=True)
