"""The records that a run keeps as ``manifest.json`` and ``report.json``.

Everything else follows from their fields: keys and order of the JSON, what a reader accepts,
and what the templates of the page can name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator
from pydantic_core import PydanticCustomError

from toolkit.analysis.distillation import Distillation
from toolkit.analysis.findings import Findings
from toolkit.analysis.prior_curve import PriorCurve
from toolkit.analysis.records import BySplit, Count, Number, Record
from toolkit.analysis.repeats import RepeatedScores
from toolkit.analysis.scores import Difference
from toolkit.labels import LabelSet


def _label_set(value: Any) -> LabelSet:
    try:
        if isinstance(value, Mapping):
            return LabelSet.from_dict(value)
    except (ValueError, TypeError) as error:
        raise PydanticCustomError("label_set", "not a label set") from error
    raise PydanticCustomError("label_set", "not a label set")


@dataclass(frozen=True, slots=True)
class CorpusIdentity(Record):
    """Fingerprint of a corpus, and the number of sentences in each split."""

    fingerprint: str
    sentences: BySplit[Count]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Record):
    """What differs from one execution of an experiment to the next.

    Attributes
    ----------
    finished : str
        Time in ISO 8601, UTC.
    revision : str or None
        Git revision of the working folder.
    training_seconds : float
        All folds and the final fit.
    repeat_seconds : float, optional
        The further repetitions, so that costs of runs with and without them can be compared.
    sentences_per_second : int
        Labelled by one process.
    """

    finished: str
    revision: str | None
    training_seconds: Number
    repeat_seconds: Number | None = None
    sentences_per_second: Count


@dataclass(frozen=True, slots=True)
class Chosen(Record):
    """Hyper-parameters chosen for the final model, and in each fold."""

    final: dict[str, Any]
    folds: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class NgramWeight(Record):
    """An n-gram, its kind (such as ``words`` or ``characters``), and its weight in the model."""

    ngram: str
    kind: str
    value: Number


@dataclass(frozen=True, slots=True)
class ContributionsRecord(Record):
    """What ``contributions.json`` holds: n-gram, contribution and kind, by row of the predictions."""

    schema: Count
    contributions: dict[Count, tuple[tuple[str, Number, str], ...]]


@dataclass(frozen=True, slots=True)
class BaselineDifference(Record):
    """The difference of a run to its baseline on both splits; ``digest`` identifies the baseline's settings."""

    name: str
    digest: str
    train: Difference
    test: Difference


@dataclass(frozen=True, slots=True)
class ModelFile(Record):
    """The saved pipeline; a joblib file has no ``sha256``, since its bytes differ from run to run."""

    file: str
    bytes: Count
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Provenance(Record):
    """Where the results of a run come from.

    Attributes
    ----------
    schema : int
        Version of the layout of run folders.
    name : str
        Of the experiment.
    seed : int
        Of the experiment.
    digest : str
        Of the settings.
    settings : dict
        The experiment, as :meth:`toolkit.config.Experiment.to_dict` returns it.
    corpus : CorpusIdentity
    segmenter : str
        Name and version.
    versions : dict of str to str
        Of Python and of the packages that predictions depend on.
    distillation : Distillation, optional
        Of a run that also learned from unlabelled text.
    """

    schema: Count
    name: str
    seed: Count
    digest: str
    settings: dict[str, Any]
    corpus: CorpusIdentity
    segmenter: str
    versions: dict[str, str]
    distillation: Distillation | None = None


@dataclass(frozen=True, kw_only=True)
class RunManifest(Provenance):
    """What ``manifest.json`` holds."""

    labels: Annotated[LabelSet, PlainValidator(_label_set)]
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Heading(Provenance):
    """What opens a report: the question asked, the baseline's name, and the background label."""

    question: str
    baseline: str | None
    background: str | None


@dataclass(frozen=True, kw_only=True)
class Results(Findings, Heading):
    """What an experiment found: all of a report that is known before its model is saved.

    Attributes
    ----------
    repeats : RepeatedScores, optional
        Of an experiment that repeats its cross-validation.
    chosen : Chosen
    ngrams : dict of str to tuple of NgramWeight
        Of largest weight by label; empty for a model without weights.
    against : BaselineDifference or None
        ``None`` without a baseline, or if it has no run on the same corpus.
    """

    repeats: RepeatedScores | None = None
    chosen: Chosen
    ngrams: dict[str, tuple[NgramWeight, ...]]
    against: BaselineDifference | None


@dataclass(frozen=True, kw_only=True)
class Report(Results):
    """What ``report.json`` holds; a corpus without natural text gives no ``prior_curve``."""

    prior_curve: PriorCurve | None = None
    model: ModelFile
    clock: Clock
