"""A fine-tuned encoder <-> the folder ``encoder`` of a model, each file with its digest in the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.exceptions import ModelError, ToolkitError
from toolkit.models.averaging import EncoderVote
from toolkit.models.manifests import misfits

# Fixed here: a manifest does not choose what is opened.
FOLDER = "encoder"
FILES = {"onnx": "model.onnx", "tokenizer": "tokenizer.json", "weights": "model.safetensors"}
_ENTRY = {"model": str, "digest": str, "weight": float, "precision": str, "agreement": float, "files": dict}
_FILE = {"sha256": str, "bytes": int}


def write_encoder(folder: Path, vote: EncoderVote) -> dict[str, Any]:
    """Write an encoder into a model's folder; return its entry in the manifest."""
    (folder / FOLDER).mkdir(exist_ok=True)
    about, files = vote.encoder.about, {}
    for part, name in FILES.items():
        content = getattr(vote.encoder, part)
        content = content.encode("utf-8") if isinstance(content, str) else content
        (folder / FOLDER / name).write_bytes(content)
        files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return {
        "model": about["encoder"],
        "digest": about["digest"],
        "weight": vote.weight,
        "precision": about["precision"],
        "agreement": float(about["agreement"]),
        "files": files,
    }


def read_encoder(folder: Path, manifest: Mapping[str, Any]) -> EncoderVote | None:
    """Read the encoder of a model whose manifest has one.

    Raises
    ------
    ModelError
        If a file is missing or is not the one that the manifest names, or holds another encoder.
    ToolkitError
        If onnxruntime or tokenizers is not installed.
    """
    from toolkit.encoder import FittedEncoder

    entry = manifest.get("encoder")
    if entry is None:
        return None
    contents = {part: _read_file(folder / FOLDER / name, entry["files"][name]) for part, name in FILES.items()}
    encoder = FittedEncoder(contents["onnx"], contents["tokenizer"].decode("utf-8", "replace"), contents["weights"])
    try:
        encoder.open()
    except ToolkitError:
        raise
    except Exception as error:
        raise ModelError(f"the encoder cannot be opened; train or copy the model again [{folder / FOLDER}]") from error
    for key, name in (("model", "encoder"), ("digest", "digest"), ("precision", "precision")):
        if encoder.about.get(name) != entry[key]:
            raise ModelError(
                f"the manifest names the encoder's {key} {entry[key]!r}, its file has {encoder.about.get(name)!r}; "
                f"train or copy the model again [{folder / FOLDER / FILES['onnx']}]"
            )
    return EncoderVote(encoder, entry["weight"])


def _read_file(path: Path, entry: Mapping[str, Any]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"a file of the encoder is missing; train or copy the model again [{path}]") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ModelError(
            f"the file is not the one its manifest names (SHA-256 differs); train or copy it again [{path}]"
        )
    return content


def is_intact(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """Return whether all files of the encoder are those that the manifest names; nothing is opened."""
    entry = manifest.get("encoder")
    try:
        return entry is None or all(_read_file(folder / FOLDER / name, entry["files"][name]) for name in FILES.values())
    except ModelError:
        return False


def encoder_misfit(entry: Any) -> str | None:
    """Say what is wrong with the encoder's entry in a manifest."""
    found = next(misfits(entry, "encoder", _ENTRY), None)
    found = found or next(misfits(entry["files"], "encoder.files", dict.fromkeys(FILES.values(), dict)), None)
    for name in FILES.values():
        found = found or next(misfits(entry["files"][name], f"encoder.files.{name}", _FILE), None)
    if not found and not 0 < entry["weight"] <= 1:
        found = f"encoder.weight is {entry['weight']!r}, expected a number above 0 and at most 1"
    return found
