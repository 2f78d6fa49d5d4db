"""``labels.toml`` -> the label set: names, titles and definitions in order, and the background label."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.encodings import decode
from toolkit.exceptions import CorpusError, did_you_mean, list_some, quote


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its name in files, its title for readers, and its definition."""

    name: str
    title: str
    definition: str


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of a corpus, in the order that every table and matrix uses.

    Parameters
    ----------
    labels : tuple of Label
        At least two. Their order is also that of the columns of probabilities.
    background : str or None
        The label of sentences without an act. It is predicted and its confusions
        count, but its own score is not part of the headline average.

    Examples
    --------
    >>> labels = LabelSet.from_names(["yes", "no", "none"], background="none")
    >>> labels.acts
    ('yes', 'no')
    """

    labels: tuple[Label, ...]
    background: str | None

    @classmethod
    def from_names(cls, names: Iterable[str], background: str | None = None) -> LabelSet:
        """Make a label set from names alone; each name is its own title."""
        texts = map(label_text, names)
        return cls(tuple(Label(name, name, "") for name in texts), background)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all labels, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def acts(self) -> tuple[str, ...]:
        """Names of the labels that the headline score averages, in order."""
        return tuple(name for name in self.names if name != self.background)

    @property
    def titles(self) -> tuple[str, ...]:
        """Titles of all labels, in order."""
        return tuple(label.title for label in self.labels)

    def find(self, value: object) -> str | None:
        """Return the label that a cell of a table means; ``None`` if there is none.

        Numbers and truth values mean the same as their text, whatever a format or a spreadsheet made
        of them, and a list of one label that label.

        Examples
        --------
        >>> labels = LabelSet.from_names(["0", "1", "true"])
        >>> labels.find(1), labels.find("1.0"), labels.find(True), labels.find("TRUE"), labels.find(["0"])
        ('1', '1', 'true', 'true', '0')
        """
        name, names = value if isinstance(value, str) else label_text(value), self.names
        if name in names:
            return name
        return next((label for label in names if _spelling(label) == _spelling(name)), None)

    def index(self, name: str) -> int:
        """Return the index of a label; raise ``ValueError`` if it is not in the set."""
        if name not in self.names:
            raise ValueError(self.unknown(name))
        return self.names.index(name)

    def unknown(self, name: str) -> str:
        """Write the message that a label is not in the set, with the most similar one."""
        return f"label {quote(name)} is not in the label set ({', '.join(self.names)}){did_you_mean(name, self.names)}"

    def check(self, names: Iterable[str]) -> None:
        """Raise ``ValueError`` unless every name is in the label set."""
        unknown = sorted({str(name) for name in names} - set(self.names))
        if len(unknown) == 1:
            raise ValueError(self.unknown(unknown[0]))
        if unknown:
            raise ValueError(
                f"labels {list_some(unknown)} are not in the label set ({', '.join(self.names)}); "
                "correct them or add them to labels.toml"
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the label set as plain data, for JSON."""
        return {
            "background": self.background,
            "label": [
                {"name": label.name, "title": label.title, "definition": label.definition} for label in self.labels
            ],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> LabelSet:
        """Make a label set from plain data, as read from ``labels.toml`` or a manifest.

        Raises
        ------
        ValueError
            If there are fewer than two labels, if one is unnamed or repeated, or if the
            background is not one of them.
        """
        rows = record.get("label")
        if not isinstance(rows, list) or len(rows) < 2:
            raise ValueError("a label set needs at least two [[label]] tables, each with a name")
        for number, row in enumerate(rows, 1):
            if not isinstance(row, Mapping) or not _is_name(row.get("name")):
                raise ValueError(f"[[label]] number {number} has no name; give it one, as in name = 'denial'")
        names = [label_text(row["name"]) for row in rows]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"label {list_some(repeated)} is defined twice; keep one [[label]] table per label")
        background = record.get("background")
        background = label_text(background) if isinstance(background, int) else background
        if background is not None and background not in names:
            raise ValueError(
                f"background {background!r} is not one of the labels ({', '.join(names)}); correct it or add the label"
            )
        labels = tuple(
            Label(name, str(row.get("title", name)), str(row.get("definition", "")))
            for name, row in zip(names, rows, strict=True)
        )
        return cls(labels, background)


def _is_name(value: object) -> bool:
    return isinstance(value, str | int | float) and bool(label_text(value).strip())


def label_text(value: Any) -> str:
    """Write a label that came as a number, a truth value or a list of one as text; nothing is the empty text.

    Examples
    --------
    >>> label_text(1), label_text(2.0), label_text(True), label_text(["denial"]), label_text(None)
    ('1', '2', 'true', 'denial', '')
    """
    if isinstance(value, list | tuple) and len(value) == 1:
        return label_text(value[0])
    if hasattr(value, "item"):
        # A number of NumPy is not one of Python's.
        value = value.item()
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _spelling(name: str) -> str:
    """Return what the spellings of a number or of a truth value have in common."""
    if re.fullmatch(r"-?\d+\.0+", name):
        return name.partition(".")[0]
    return name.lower() if name.lower() in ("true", "false") else name


def read_labels(path: str | Path) -> LabelSet:
    """Read a label set from a ``labels.toml`` file.

    Parameters
    ----------
    path : str or Path
        The file: ``background``, then one ``[[label]]`` table per label with ``name``,
        ``title`` and ``definition``.

    Returns
    -------
    LabelSet
        The labels in the order of the file.

    Raises
    ------
    CorpusError
        If the file is missing, is not TOML in UTF-8, or does not define a label set.

    Examples
    --------
    >>> read_labels("data/labels.toml").names
    ('accusation', 'denial', 'pledge', 'statement', 'none')
    """
    path = Path(path)
    try:
        record = tomllib.loads(decode(path.read_bytes()))
        _check_keys(record)
        return LabelSet.from_dict(record)
    except FileNotFoundError as error:
        raise CorpusError([f"there is no label set; write the labels into labels.toml [{path}]"]) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CorpusError([f"the label set is not TOML in UTF-8; correct the file [{path}]"]) from error
    except ValueError as error:
        raise CorpusError([f"{error} [{path}]"]) from error


def _check_keys(record: Mapping[str, Any]) -> None:
    """Refuse an unknown key: most often it is a known one mistyped."""
    rows = record.get("label")
    tables: list[tuple[Mapping[str, Any], tuple[str, ...]]] = [(record, ("background", "label"))]
    if isinstance(rows, list):
        tables += [(row, ("name", "title", "definition")) for row in rows if isinstance(row, Mapping)]
    for table, known in tables:
        for key in table:
            if key not in known:
                raise ValueError(
                    f"key {key!r} is unknown; expected one of {', '.join(known)}{did_you_mean(key, known)}"
                )
