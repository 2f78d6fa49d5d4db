"""One table of an experiment file: known keys are taken one by one, and unknown ones refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from toolkit.exceptions import ConfigError, did_you_mean

_REQUIRED = object()
_KINDS = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


class Table:
    """One table of an experiment file.

    Parameters
    ----------
    record : mapping
        Keys and values of the table.
    where : str
        The file, named last in every message.
    path : str
        Name of the table, such as ``features``; empty for the file itself.

    Attributes
    ----------
    left : dict
        The keys that nobody has taken yet.

    Raises
    ------
    ConfigError
        If the record is not a table.
    """

    def __init__(self, record: Any, where: str, path: str = "") -> None:
        self.where, self.path = where, path
        if not isinstance(record, Mapping):
            self.fail(f"{path!r} is {record!r}; expected a table, as in [{path}]")
        self.left = dict(record)
        self._known: list[str] = []

    def fail(self, message: str) -> NoReturn:
        """Raise a ``ConfigError`` that names the file."""
        raise ConfigError(f"{message} [{self.where}]")

    def full_name(self, key: str) -> str:
        """Return a key with the name of its table before it."""
        return f"{self.path}.{key}" if self.path else key

    def table(self, key: str, required: bool = False) -> Table:
        """Take a table within this one; an optional one that is missing is empty."""
        self._known.append(key)
        if required and key not in self.left:
            self._refuse_misspelling()
            self.fail(f"[{key}] is missing; add the table")
        return Table(self.left.pop(key, {}), self.where, self.full_name(key))

    def take(
        self,
        key: str,
        kind: type,
        default: Any = _REQUIRED,
        check: Callable[[Any], bool] = lambda value: True,
        expected: str = "",
    ) -> Any:
        """Take the value of a key.

        Parameters
        ----------
        key : str
            Its name.
        kind : type
            Type of the value; ``true`` is not an ``int`` here.
        default : object
            Returned if the key is missing; without it, the key is required.
        check : callable
            Whether a value of this type is acceptable.
        expected : str
            What is acceptable, for the message.

        Raises
        ------
        ConfigError
            If a required key is missing or the value is not acceptable.
        """
        self._known.append(key)
        if key not in self.left:
            if default is _REQUIRED:
                self._refuse_misspelling()
                self.fail(f"{self.full_name(key)} is missing; add it")
            return default
        value = self.left.pop(key)
        is_kind = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
        if not is_kind or not check(value):
            self.fail(f"{self.full_name(key)} is {value!r}; expected {expected or _KINDS[kind]}")
        return value

    def refuse_unknown_keys(self) -> None:
        """Raise a ``ConfigError`` if a key is left; to be called when all known ones are taken."""
        for key in self.left:
            near = did_you_mean(key, self._known)
            self.fail(f"key {self.full_name(key)!r} is unknown; expected one of {', '.join(self._known)}{near}")

    def _refuse_misspelling(self) -> None:
        """Refuse an unknown key that resembles the missing one: most often that one was mistyped."""
        for key in self.left:
            near = did_you_mean(key, self._known[-1:])
            if near:
                self.fail(f"key {self.full_name(key)!r} is unknown{near}")
