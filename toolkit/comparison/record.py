"""The result of a comparison as data: runs with scores, pairs with tests, sentences they disagree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.analysis import BySplit, Difference, FoldComparison, LearningCurve, Repeats, Scores
from toolkit.labels import LabelSet
from toolkit.statistics import SystemPair


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost, as recorded in its folder; ``None`` where it is not recorded.

    Attributes
    ----------
    training_seconds : float or None
        All folds and the final fit, on the machine that trained.
    sentences_per_second : float or None
        Labelling speed of one process on that machine.
    model_bytes : float or None
        Size of the saved model.
    """

    training_seconds: float | None
    sentences_per_second: float | None
    model_bytes: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of a comparison.

    Attributes
    ----------
    name : str
        Name of the run.
    scores : mapping of str to Scores
        By split.
    differences : mapping of str to Difference or None
        By split, headline of the run minus that of the baseline; ``None`` for the baseline.
    cost : Cost
        What the run cost.
    curve : LearningCurve or None
        Its learning curve, if its folder has one.
    repeats : Repeats or None
        Its repeated cross-validation, if the experiment repeats its folds.
    collections : mapping of str to BySplit of Scores or None
        Scores of each collection of the corpus, as the run's report has them; empty if it has none.
    teacher : str or None
        Name of the model whose labels of unlabelled text it learned from, if it was distilled.
    """

    name: str
    scores: Mapping[str, Scores]
    differences: Mapping[str, Difference | None]
    cost: Cost
    curve: LearningCurve | None
    repeats: Repeats | None = None
    collections: Mapping[str, BySplit[Scores | None]] = field(default_factory=dict)
    teacher: str | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A training sentence on which the runs disagree, each run cross-validated.

    Attributes
    ----------
    article, position : str, int
        Article of the sentence, and its position there.
    text, gold : str
        The sentence and its gold label.
    predicted : tuple of str
        Predicted labels, in the order of the runs.
    """

    article: str
    position: int
    text: str
    gold: str
    predicted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Sentences on which one run differs from the others, as indices of the disagreements.

    Attributes
    ----------
    gained : tuple of int
        Wrong in the baseline and correct in this run; those that the fewest runs get correct come first.
    lost : tuple of int
        Correct in the baseline and wrong in this run; those that the most runs get correct come first.
    unique : tuple of int
        Correct only in this run.
    """

    gained: tuple[int, ...]
    lost: tuple[int, ...]
    unique: tuple[int, ...]


@dataclass(frozen=True)
class ComparisonRecord:
    """Runs over the same sentences, ordered by cross-validated headline, the best first.

    Attributes
    ----------
    entries : tuple of Entry
        One per run, ordered by headline.
    baseline : str
        Name of the run that differences are relative to.
    labels : LabelSet
        Label set of all runs.
    pairs : mapping of str to tuple of SystemPair
        By split, every pair of runs, by their indices in the entries. p-values are corrected
        for the pairs on both splits together.
    settings : tuple of (key, values)
        Settings that differ, with values in the order of the entries.
    disagreements : tuple of Disagreement
        Training sentences; those that the fewest runs get correct come first. Sentences of the
        test split are not listed, since a model changed after reading them could no longer be
        tested on them.
    changes : tuple of Changes
        In the order of the entries.
    n_permutations : int
        Random permutations behind each p-value.
    ceiling : mapping of str to dict
        By split, the scores of the second annotator as if a model; without the splits that
        were not annotated twice.
    fold_pairs : tuple of FoldComparison
        Pairs of runs that repeat the same folds; their p-values are corrected for these pairs alone.
    """

    entries: tuple[Entry, ...]
    baseline: str
    labels: LabelSet
    pairs: Mapping[str, tuple[SystemPair, ...]]
    settings: tuple[tuple[str, tuple[str, ...]], ...]
    disagreements: tuple[Disagreement, ...]
    changes: tuple[Changes, ...]
    n_permutations: int
    ceiling: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fold_pairs: tuple[FoldComparison, ...] = ()

    @property
    def collections(self) -> tuple[str, ...]:
        """Names of the collections that every run has scores of, whole articles at natural rates first."""
        first, *others = (entry.collections for entry in self.entries)
        return tuple(name for name in first if all(name in scores for scores in others))

    @property
    def baseline_index(self) -> int:
        """Index of the baseline in the entries."""
        return [entry.name for entry in self.entries].index(self.baseline)

    @property
    def n_comparisons(self) -> int:
        """Number of p-values shown, which are corrected together."""
        return sum(len(pairs) for pairs in self.pairs.values())

    @property
    def least_p(self) -> float:
        """Lowest possible corrected p-value, limited by the number of permutations."""
        return min(1.0, self.n_comparisons / (self.n_permutations + 1))
