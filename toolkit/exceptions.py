"""The toolkit's own errors, and the phrases that their messages share."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence


class ToolkitError(Exception):
    """A problem with what the user gave: a file, a table, a model, a run.

    The command line catches this class and prints its message; except for what the system
    refuses (a full disk, no memory, an interruption), anything else is a bug in the toolkit
    and keeps its traceback.
    """


class CorpusError(ToolkitError):
    """A corpus that cannot be used as it is.

    Parameters
    ----------
    problems : sequence of str
        One sentence per problem, each with its file and line; all of a file at once.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class ConfigError(ToolkitError):
    """An experiment file that lacks a setting, or has one that is unknown or invalid."""


class ModelError(ToolkitError):
    """A saved model that is missing, damaged, of another version or not trusted."""


class RunError(ToolkitError):
    """A run folder that is missing, incomplete or not comparable to another."""


class TableError(ToolkitError):
    """A text or table given for labelling that cannot be read."""


class EncodingGuessed(UserWarning):
    """A text file whose encoding was guessed; the command line prints the message."""


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Name the option nearest to a mistyped word, as the end of a message.

    Parameters
    ----------
    word : str
        The word that came.
    options : iterable of str
        The words that were expected.

    Returns
    -------
    str
        ``"; did you mean 'x'?"``, or the empty string if no option is near.

    Examples
    --------
    >>> did_you_mean("pldege", ["pledge", "denial"])
    "; did you mean 'pledge'?"
    >>> did_you_mean("text", ["TEXT"])
    "; did you mean 'TEXT'?"
    """
    listed = list(options)
    same = [option for option in listed if option.strip().casefold() == word.strip().casefold()]
    near = same or difflib.get_close_matches(word, listed, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def quote(value: object, at_most: int = 80) -> str:
    """Write a value as Python would, cut if it is too long for a sentence.

    Examples
    --------
    >>> quote("a" * 9, at_most=6)
    "'aaaa…"
    """
    written = repr(value)
    return written if len(written) <= at_most else f"{written[: at_most - 1]}…"


def list_some(values: Iterable[object], at_most: int = 3) -> str:
    """Write the first values and count the rest.

    Examples
    --------
    >>> list_some(["a", "b", "c", "d", "e"])
    "'a', 'b', 'c' and 2 more"
    """
    listed = list(values)
    first = ", ".join(quote(value) for value in listed[:at_most])
    more = len(listed) - at_most
    return f"{first} and {more} more" if more > 0 else first


_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return text as one line that can neither control a terminal nor reverse the reading direction.

    Examples
    --------
    >>> printable("red\x1b[31m")
    'red\ufffd[31m'
    """
    return _CONTROL.sub("\ufffd", text.replace("\r", " ").replace("\n", " ")).encode("utf-8", "replace").decode()
