"""The record of how a run was distilled: its teacher, the unlabelled text, and how much that text counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.analysis.records import Count, Number, Record
from toolkit.analysis.scores import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher(Record):
    """The model that labelled the text.

    Attributes
    ----------
    experiment : str
        Its name.
    file, sha256 : str
        The saved pipeline.
    corpus : str or None
        Fingerprint of the corpus it was fitted on; ``None`` if its manifest does not say.
    macro_f1 : Estimate
        Its headline score on the test split of the student's corpus.
    """

    experiment: str
    file: str
    sha256: str
    corpus: str | None
    macro_f1: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlabelledText(Record):
    """The text that the teacher labelled; no sentence of it is kept.

    Attributes
    ----------
    files : tuple of str
        Names without folders.
    sentences : int
        Sentences used: each once, and none that the corpus has.
    sha256 : str
        Of these sentences, a line each.
    limit : int, optional
        The most sentences asked for.
    text_column : str, optional
        The column named for tables.
    """

    files: tuple[str, ...]
    sentences: Count
    sha256: str
    limit: Count | None = None
    text_column: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate(Record):
    """A mixing weight with hyper-parameters, and the mean macro F1 of the inner folds."""

    weight: Number
    parameters: dict[str, Any]
    macro_f1: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Distillation(Record):
    """How a run was distilled.

    Attributes
    ----------
    plain : str
        Name of the experiment without the text.
    teacher : Teacher
    text : UnlabelledText
    weight : float
        Weight of an unlabelled sentence beside a sentence of the corpus, as chosen; with 0 the text is not used.
    refitted : bool
        Whether the weight was chosen with teachers that did not know the held-out articles.
    candidates : tuple of Candidate
        All that were tried.
    """

    plain: str
    teacher: Teacher
    text: UnlabelledText
    weight: Number
    refitted: bool
    candidates: tuple[Candidate, ...]
