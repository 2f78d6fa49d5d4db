"""``KEY=VALUE`` from the command line -> the setting it replaces, and a part of the experiment's name."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from toolkit.exceptions import ConfigError


def apply_override(record: dict[str, Any], override: str) -> str:
    """Put a ``KEY=VALUE`` setting into a record; return it in a form that a folder's name may have.

    Parameters
    ----------
    record : dict
        The tables and keys of an experiment file; changed in place.
    override : str
        Such as ``classifier.C=3``; the value is TOML, or a bare word.

    Raises
    ------
    ConfigError
        If it is not ``KEY=VALUE``, or the key lies within something that is not a table.

    Examples
    --------
    >>> record = {"seed": 1}
    >>> apply_override(record, "classifier.C=[1, 3]"), record
    ('classifier.C=-1-3', {'seed': 1, 'classifier': {'C': [1, 3]}})
    """
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"setting {override!r} is not KEY=VALUE; write it as in classifier.C=3 [--set]")
    *parents, last = key.strip().split(".")
    table = record
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(
                f"setting {override!r} expects {parent!r} to be a table, but it is a single value; correct it [--set]"
            )
    try:
        table[last] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        table[last] = value
    # The name of a folder must be safe on every file system.
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", override.strip()).strip("-.")
