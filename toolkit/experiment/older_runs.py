"""Run folders of older schemas -> the file names, keys and module names of this one.

Nothing else knows how older runs looked. Schema 2 named n-grams and their contributions
``pulls``, in ``pulls.json``, and its pipelines name modules of the toolkit that have moved.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from toolkit.exceptions import ModelError

OLDEST = 2
_NEWEST = 2
_FILES = {"pulls.json": "contributions.json"}
_KEYS = {"pulls": "contributions"}


def is_known(schema: object) -> bool:
    """Say whether this is an older schema that can be translated."""
    return type(schema) is int and OLDEST <= schema <= _NEWEST


def lacks_fields(report: Mapping[str, Any], model: Mapping[str, Any]) -> bool:
    """Say whether a report, or the manifest of a model, was written before it had all the fields of today."""
    return "collections" not in report or "shares" not in model


def find_file(path: Path) -> Path:
    """Return where a file of a run is: the path itself, or that of the older name if only it is there."""
    older = [path.with_name(old) for old, name in _FILES.items() if name == path.name]
    return next((found for found in older if found.is_file() and not path.exists()), path)


def translate_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a JSON file of an older run under the keys of today."""
    return {_KEYS.get(key, key): value for key, value in record.items()}


def upgrade(folder: Path, target: Path, schema: int) -> None:
    """Copy a run folder, with file names, keys and module names of today.

    Parameters
    ----------
    folder : Path
        The run; a run of today is copied as it is.
    target : Path
        Must not exist.
    schema : int
        That of today.
    """
    shutil.copytree(folder, target)
    for old, name in _FILES.items():
        if (target / old).is_file():
            (target / old).rename(target / name)
    pipelines = dict(_translate_pipelines(target / "model"))
    for path in target.rglob("*.json"):
        try:
            record = json.loads(path.read_bytes())
        except ValueError:
            # A damaged file is compared as it is.
            continue
        if isinstance(record, dict):
            if is_known(record.get("schema")):
                record = {**translate_record(record), "schema": schema}
            path.write_text(json.dumps(_with_digests(record, pipelines)), encoding="utf-8")


def _translate_pipelines(model: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    """Translate the saved pipelines, and yield each old digest with the new digest and size."""
    from toolkit.models import translated

    for path in model.glob("*.skops"):
        old = path.read_bytes()
        try:
            new = translated(old)
        except ModelError:
            # A damaged pipeline is compared as it is.
            continue
        path.write_bytes(new)
        yield hashlib.sha256(old).hexdigest(), (hashlib.sha256(new).hexdigest(), len(new))


def _with_digests(value: Any, pipelines: Mapping[str, tuple[str, int]]) -> Any:
    """Replace digest and size of each translated pipeline wherever plain data name them."""
    if isinstance(value, list):
        return [_with_digests(item, pipelines) for item in value]
    if not isinstance(value, dict):
        return pipelines[value][0] if isinstance(value, str) and value in pipelines else value
    record = {key: _with_digests(item, pipelines) for key, item in value.items()}
    if value.get("sha256") in pipelines:
        record["bytes"] = pipelines[value["sha256"]][1]
    return record
