"""TODO toolkit.comparison.record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.analysis.learning_curve import LearningCurve
from toolkit.analysis.repeats import Repeats
from toolkit.analysis.scores import Difference, Scores


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost, as its folder records it; ``None`` where it does not.

    Attributes
    ----------
    training_seconds : float or None
        All folds and the final fit, on the machine that trained.
    sentences_per_second : float or None
        Labelled by one process there.
    model_bytes : float or None
        Size of the saved model.
    """

    training_seconds: float | None
    sentences_per_second: float | None
    model_bytes: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of a comparison: its scores and its differences to the baseline, by split.

    ``repeats`` is ``None`` if it does not repeat its folds.
    """

    name: str
    scores: Mapping[str, Scores]
    differences: Mapping[str, Difference | None]
    cost: Cost
    curve: LearningCurve | None
    repeats: Repeats | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A training sentence on which the runs disagree, each cross-validated.

    Attributes
    ----------
    article, position : str, int
        Where it stands.
    text, gold : str
        The sentence and its label.
    predicted : tuple of str
        In the order of the runs.
    """

    article: str
    position: int
    text: str
    gold: str
    predicted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Where one run is right and others are wrong, as places in the disagreements.

    Attributes
    ----------
    gained : tuple of int
        Sentences that the baseline has wrong and this run right, those first that fewest runs have right.
    lost : tuple of int
        Sentences that the baseline has right and this run wrong, those first that most runs have right.
    alone : tuple of int
        Sentences that this run alone has right.
    """

    gained: tuple[int, ...]
    lost: tuple[int, ...]
    alone: tuple[int, ...]
