"""A JSON file -> plain data, refusing what JSON or UTF-8 cannot express."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> Any:
    """Read a JSON file; NaN and infinity, which are not JSON, and lone surrogates are refused.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not valid JSON in UTF-8, or nested too deeply.
    """
    text = path.read_text(encoding="utf-8")
    try:
        record = json.loads(text, parse_constant=_refuse)
        if "\\ud" in text.lower():
            json.dumps(record, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return record


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")
