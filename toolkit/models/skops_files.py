"""A fitted pipeline <-> a skops file: equal bytes for equal pipelines, opened without running code from the file."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.exceptions import ModelError
from toolkit.private_names import SKLEARN_CALIBRATION_TYPES, SKLEARN_STOP_WORDS_ID, SKOPS_PLAIN_VALUE

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# Types in our pipelines that skops does not trust by itself. The list is here and never in a model's
# folder: a file must not say what it may run.
TRUSTED_TYPES = (
    *SKLEARN_CALIBRATION_TYPES,
    "toolkit.estimators.lexicon.WordClasses",
    "toolkit.estimators.recalibration.BiasCorrectedTemperature",
    "toolkit.estimators.recalibration.Isotonic",
    "toolkit.estimators.recalibration.Recalibrated",
    "toolkit.estimators.recalibration.Temperature",
    "toolkit.estimators.rules.CueIndicators",
    "toolkit.estimators.rules.KeywordRules",
)
# Where the types of older models are today: these modules moved before 0.1.0 was released.
OLD_MODULES = {
    "toolkit.lexicon": "toolkit.estimators.lexicon",
    "toolkit.recalibration": "toolkit.estimators.recalibration",
    "toolkit.rules": "toolkit.estimators.rules",
}
_SCHEMA = "schema.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
# What reading a damaged file raises.
_DAMAGE = (zipfile.BadZipFile, KeyError, TypeError, ValueError, NotImplementedError, EOFError, zlib.error)


def dump(pipeline: Pipeline) -> bytes:
    """Write a pipeline as the bytes of a skops file; equal pipelines give equal bytes."""
    import skops.io

    return _canonical(skops.io.dumps(pipeline))


def load(content: bytes, where: str) -> Pipeline:
    """Open a pipeline, unless its file holds a type that is not trusted.

    Parameters
    ----------
    content : bytes
        As :func:`dump` returned it, today or before modules moved.
    where : str
        The file, for messages.

    Raises
    ------
    ModelError
        If the file is damaged or holds a type that is not trusted.
    """
    import skops.io

    current = translated(content, where)
    untrusted = _untrusted(current, where)
    if untrusted:
        raise ModelError(f"the model holds the type {untrusted[0]!r}, which is not trusted; train it again [{where}]")
    try:
        return skops.io.loads(current, trusted=list(TRUSTED_TYPES))
    except Exception as error:
        raise _damaged(where) from error


def translated(content: bytes, where: str = "") -> bytes:
    """Return a skops file in which modules that have moved have their present names.

    For an older model the result is what :func:`dump` writes for the same pipeline today; a
    file without old names is returned as it is.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    try:
        schema = _read_schema(content)
        old_nodes = [node for node in _nodes(schema) if node.get("__module__") in OLD_MODULES]
        if not old_nodes:
            return content
        for node in old_nodes:
            node["__module__"] = OLD_MODULES[node["__module__"]]
        return _write(schema, _read_files(content))
    except _DAMAGE as error:
        raise _damaged(where) from error


def types_in(content: bytes, where: str) -> list[str]:
    """Return the names of all types in a skops file, sorted; nothing is opened.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    try:
        nodes = _nodes(_read_schema(content))
        modules = [OLD_MODULES.get(node["__module__"], node["__module__"]) for node in nodes if "__class__" in node]
        classes = [node["__class__"] for node in nodes if "__class__" in node]
    except _DAMAGE as error:
        raise _damaged(where) from error
    return sorted({f"{module}.{name}" for module, name in zip(modules, classes, strict=True)})


def untrusted_types(content: bytes, where: str) -> list[str]:
    """Return the names of the types in a skops file that are not trusted, sorted; nothing is opened.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    return _untrusted(translated(content, where), where)


def _untrusted(current: bytes, where: str) -> list[str]:
    import skops.io

    try:
        return sorted(set(skops.io.get_untrusted_types(data=current)) - set(TRUSTED_TYPES))
    except Exception as error:
        raise _damaged(where) from error


def _damaged(where: str = "") -> ModelError:
    return ModelError(f"the skops file is damaged; train or copy the model again{f' [{where}]' if where else ''}")


def _read_schema(content: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read(_SCHEMA))


def _read_files(content: bytes) -> dict[str, bytes]:
    """Return all files but the schema, in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != _SCHEMA}


def _write(schema: Any, files: dict[str, bytes]) -> bytes:
    """Return a skops file whose bytes depend on its content only, and not on the time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in {**files, _SCHEMA: json.dumps(schema, separators=(",", ":")).encode()}.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
    return buffer.getvalue()


def _nodes(value: Any) -> list[dict[str, Any]]:
    """Return all JSON objects in a value, parents first, in order."""
    nodes, remaining = [], [value]
    while remaining:
        item = remaining.pop()
        if isinstance(item, dict):
            nodes.append(item)
            remaining.extend(reversed(item.values()))
        elif isinstance(item, list):
            remaining.extend(reversed(item))
    return nodes


def _canonical(content: bytes) -> bytes:
    """Rewrite a file as skops writes it, so that equal pipelines are equal bytes.

    skops numbers nodes and files by memory address, and writes the time; here they are numbered
    in order, and the time is fixed. Each plain value gets a number of its own: whether two
    equal ones are the same object in memory depends on how the pipeline was transferred.
    """
    numbers = itertools.count(1)
    shared: dict[int, int] = {}
    renamed: dict[str, str] = {}
    schema, files = _read_schema(content), _read_files(content)
    for node in _nodes(schema):
        node.pop(SKLEARN_STOP_WORDS_ID, None)
        if "__id__" in node:
            plain = node.get("__loader__") == SKOPS_PLAIN_VALUE
            node["__id__"] = next(numbers) if plain else shared.setdefault(node["__id__"], next(numbers))
        if isinstance(node.get("file"), str):
            name = renamed.setdefault(node["file"], f"{len(renamed)}{Path(node['file']).suffix}")
            node["file"] = name
    return _write(schema, {name: files[old] for old, name in renamed.items()})
