"""An experiment file, the lexicons it names and overrides -> the validated experiment."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toolkit.config.overrides import apply_override
from toolkit.config.record import Experiment
from toolkit.config.validation import make_experiment
from toolkit.encodings import decode
from toolkit.exceptions import ConfigError, did_you_mean

# Table and key that may name a lexicon file, and the part of the lexicon that replaces the name.
_LEXICON_KEYS = (("features", "cues", "cues"), ("features", "classes", "classes"), ("classifier", "rules", "cues"))


def read_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    path : str or Path
        A TOML file; its stem is the experiment's name.
    overrides : iterable of str
        ``KEY=VALUE`` pairs that replace what the file says, such as
        ``classifier.C=3``; the value is TOML, or a bare word. Each is added to the
        experiment's name, so that a varied run never replaces the plain one.

    Returns
    -------
    Experiment

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML in UTF-8, or is not a valid experiment.

    Examples
    --------
    >>> read_experiment("experiments/words.toml", ["classifier.C=3"]).name
    'words+classifier.C=3'
    """
    path = Path(path)
    try:
        record = tomllib.loads(decode(path.read_bytes()))
    except FileNotFoundError as error:
        near = did_you_mean(path.name, (file.name for file in path.parent.glob("*.toml")))
        raise ConfigError(f"there is no experiment file {path.name!r}{near} [{path}]") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the experiment cannot be read as UTF-8 text; name a .toml file [{path}]") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the experiment is not valid TOML: {error}; correct the file [{path}]") from error
    name = path.stem
    for override in overrides:
        name += "+" + apply_override(record, override)
    for table, key, part in _LEXICON_KEYS:
        _include_lexicon(record.get(table), key, part, path)
    return make_experiment(name, record, where=str(path))


def _include_lexicon(table: Any, key: str, part: str, path: Path) -> None:
    """Replace the name of a lexicon file by the part of it that the key needs."""
    if not isinstance(table, dict) or not isinstance(table.get(key), str):
        return
    named = table[key]
    file = path.parent / named
    if Path(named).is_absolute() or ".." in Path(named).parts:
        raise ConfigError(f"{key} is {named!r}; name a lexicon below the experiment's own folder [{path}]")
    try:
        lexicon = tomllib.loads(decode(file.read_bytes()))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no lexicon {named!r} below {path.parent}; correct the name [{path}]") from error
    # ValueError: not UTF-8, not TOML, or a file name with a NUL character.
    except (OSError, ValueError) as error:
        raise ConfigError(f"the lexicon is not TOML in UTF-8; correct the file [{file}]") from error
    if part not in lexicon:
        raise ConfigError(
            f"the lexicon has no {part!r}, only {', '.join(lexicon) or 'nothing'}; add it or name another [{file}]"
        )
    table[key] = lexicon[part]
