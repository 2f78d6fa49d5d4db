"""Run folders -> a comparison with intervals and paired tests, from their stored predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis import Difference, Predictions, Scores, compare_folds, score_predictions
from toolkit.comparison import conclusions, export, page, rows
from toolkit.comparison.loading import (
    baseline_of,
    ceiling_of,
    collections_of,
    cost_of,
    load_comparable,
    rare_of,
    read_curve,
    resampling_of,
    settings_of,
)
from toolkit.comparison.record import Changes, ComparisonRecord, Disagreement, Entry
from toolkit.exceptions import RunError, did_you_mean, printable
from toolkit.experiment import Run
from toolkit.pages import SPLIT_TITLES, flatten
from toolkit.statistics import (
    SystemPair,
    article_confusions,
    bootstrap_weights,
    compare_all,
    correct_pairs,
    permutations_needed,
)

# Predictions of each run, by split.
BySplit = Mapping[str, Predictions]


@dataclass(frozen=True)
class Comparison(ComparisonRecord):
    """Runs over the same sentences, compared: the attributes of the record, and what can be written of it."""

    def conclusion(self) -> str:
        """Return which run is best and how the runs differ from the baseline."""
        return conclusions.conclusion(self)

    def may_conclude(self) -> tuple[str, ...]:
        """Return what the comparison shows, in points of a few sentences each."""
        return conclusions.may_conclude(self)

    def may_not_conclude(self) -> tuple[str, ...]:
        """Return what the comparison leaves open, in points of a few sentences each."""
        return conclusions.may_not_conclude(self)

    def rows(self, split: str) -> list[dict[str, str]]:
        """Return the table of scores on one split as text, one row per run."""
        return rows.score_rows(self, split)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data."""
        return export.to_dict(self)

    def to_json(self) -> str:
        """Write the comparison as JSON."""
        return export.to_json(self)

    def to_text(self) -> str:
        """Write the comparison as plain text for a terminal."""
        return export.to_text(self)

    def to_markdown(self) -> str:
        """Write the comparison as Markdown."""
        return export.to_markdown(self)

    def to_latex(self) -> str:
        r"""Write the comparison as LaTeX with booktabs rules, to ``\input`` in a paper."""
        return export.to_latex(self)

    def to_html(self) -> str:
        """Render the comparison as one self-contained page."""
        return page.render_comparison(self)


def compare(runs: Sequence[str | Path | Run], against: str | None = None) -> Comparison:
    """Compare runs by their stored predictions; nothing is trained.

    Parameters
    ----------
    runs : sequence of str, Path or Run
        From 2 to 50 runs, over the same sentences and label set.
    against : str, optional
        Name or folder of the run that differences are relative to. By default the baseline that most of
        the runs name, if it is one of them, else the run with the lowest headline.

    Returns
    -------
    Comparison
        Independent of the order of the runs.

    Raises
    ------
    RunError
        If there are fewer than two runs, one comes twice, they differ in corpus,
        segmenter, split or labels, a folder is incomplete, or ``against`` is not one of them.

    Examples
    --------
    >>> comparison = compare(["runs/default", "runs/words"])  # doctest: +SKIP
    >>> [entry.name for entry in comparison.entries]  # doctest: +SKIP
    ['default', 'words']
    """
    loaded = load_comparable(runs)
    predictions = {run.name: {split: run.predictions.take(split) for split, _ in SPLIT_TITLES} for run in loaded}
    scores = _score_runs(loaded, predictions)
    loaded.sort(key=lambda run: _rank(scores[run.name]["train"].headline.value, run.name))
    baseline = _choose_baseline(loaded, against)
    index = loaded.index(baseline)
    pairs, n_permutations = _compare_pairs([predictions[run.name] for run in loaded], *resampling_of(baseline))
    entries = tuple(
        Entry(
            name=printable(run.name),
            scores=scores[run.name],
            differences={split: _difference(pairs[split], number, index) for split in pairs},
            cost=cost_of(run),
            curve=read_curve(run),
            repeats=run.repeats,
            collections=collections_of(run),
            teacher=_teacher_of(run),
        )
        for number, run in enumerate(loaded)
    )
    disagreements, changes = _disagreements([predictions[run.name]["train"] for run in loaded], index)
    return Comparison(
        entries=entries,
        baseline=printable(baseline.name),
        labels=baseline.labels,
        pairs=pairs,
        settings=_differing_settings(loaded),
        disagreements=disagreements,
        changes=changes,
        n_permutations=n_permutations,
        # All runs have the same one, since they are over the same sentences.
        ceiling=ceiling_of(baseline),
        fold_pairs=compare_folds([run.repeats for run in loaded]),
    )


def _teacher_of(run: Run) -> str | None:
    distillation = run.manifest.distillation
    return printable(distillation.teacher.experiment) if distillation and distillation.weight else None


def _rank(headline: float, name: str) -> tuple[bool, float, str]:
    """Order runs by headline, highest first, and those without one last."""
    is_undefined = math.isnan(headline)
    return is_undefined, 0.0 if is_undefined else -headline, name


def _choose_baseline(runs: Sequence[Run], against: str | None) -> Run:
    by_name = {run.name: run for run in runs}
    if against is not None:
        folder, name = Path(against).resolve(), Path(against).name
        for run in runs:
            if run.name == against or run.folder.resolve() == folder:
                return run
        if name not in by_name:
            names = conclusions.list_names(list(by_name))
            raise RunError(f"{against!r} is none of the runs ({names}){did_you_mean(name, by_name)}")
        return by_name[name]
    named = [name for name in map(baseline_of, runs) if name in by_name]
    if named:
        return by_name[max(sorted(set(named)), key=named.count)]
    return runs[-1]


def _score_runs(runs: Sequence[Run], predictions: Mapping[str, BySplit]) -> dict[str, dict[str, Scores]]:
    """Score runs as their own reports do; runs with the same seed share their resamples."""
    weights: dict[tuple[int, int, int], NDArray[np.float64]] = {}
    scores: dict[str, dict[str, Scores]] = {}
    for run in runs:
        n_resamples, seed = resampling_of(run)
        for split, part in predictions[run.name].items():
            key = (len(set(part.article)), n_resamples, seed)
            if key not in weights:
                weights[key] = bootstrap_weights(*key[:2], np.random.default_rng(seed))
            scores.setdefault(run.name, {})[split] = score_predictions(part, weights=weights[key], rare=rare_of(run))
    return scores


def _compare_pairs(
    predictions: Sequence[BySplit], n_resamples: int, seed: int
) -> tuple[dict[str, tuple[SystemPair, ...]], int]:
    """Compare every pair of runs on both splits; return the pairs by split, and the number of permutations."""
    splits = [split for split, _ in SPLIT_TITLES]
    n_permutations = permutations_needed(len(splits) * math.comb(len(predictions), 2), n_resamples)
    families = [
        _compare_on_split([parts[split] for parts in predictions], n_resamples, n_permutations, seed)
        for split in splits
    ]
    return dict(zip(splits, correct_pairs(*families), strict=True)), n_permutations


def _compare_on_split(
    predictions: Sequence[Predictions], n_resamples: int, n_permutations: int, seed: int
) -> tuple[SystemPair, ...]:
    labels = predictions[0].labels
    acts = [labels.index(name) for name in labels.acts]
    confusions = [article_confusions(one.gold, one.predicted, one.article, labels.names) for one in predictions]
    correct = [[label == gold for label, gold in zip(one.predicted, one.gold, strict=True)] for one in predictions]
    rng = np.random.default_rng(seed)
    return compare_all(np.stack(confusions), correct, acts, n_resamples, n_permutations, rng)


def _difference(pairs: Sequence[SystemPair], index: int, baseline: int) -> Difference | None:
    """Return the difference between one run and the baseline, whichever of the two comes first in their pair."""
    for pair in pairs:
        difference = pair.difference
        if (pair.first, pair.second) == (index, baseline):
            return Difference(difference.value, difference.low, difference.high, pair.p_corrected)
        if (pair.first, pair.second) == (baseline, index):
            # Subtracted from 0 rather than negated, so that no difference is -0.
            value, low, high = 0.0 - difference.value, 0.0 - difference.high, 0.0 - difference.low
            return Difference(value, low, high, pair.p_corrected)
    return None


def _differing_settings(runs: Sequence[Run]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tables = [dict(flatten(settings_of(run))) for run in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table if key not in ("name", "question", "baseline")))
    by_key = ((key, tuple(table.get(key, "–") for table in tables)) for key in keys)
    return tuple((key, values) for key, values in by_key if len(set(values)) > 1)


def _disagreements(
    predictions: Sequence[Predictions], baseline: int
) -> tuple[tuple[Disagreement, ...], tuple[Changes, ...]]:
    """Find the sentences on which runs disagree, those that the fewest get correct first, and what each run changes."""
    first = predictions[0]
    by_sentence = list(zip(*(one.predicted for one in predictions), strict=True))
    differing = [row for row, predicted in enumerate(by_sentence) if len(set(predicted)) > 1]
    differing.sort(key=lambda row: by_sentence[row].count(first.gold[row]))
    disagreements = tuple(
        Disagreement(first.article[row], first.position[row], first.text[row], first.gold[row], by_sentence[row])
        for row in differing
    )
    correct = np.array([[predicted == one.gold for predicted in one.predicted] for one in disagreements], dtype=bool)
    correct = correct.reshape(len(disagreements), len(predictions)).T
    return disagreements, tuple(_changes(correct, index, baseline) for index in range(len(predictions)))


def _changes(correct: NDArray[np.bool_], index: int, baseline: int) -> Changes:
    """Find what one run changes; ``correct`` is of shape (n_runs, n_sentences)."""
    here, in_baseline = correct[index], correct[baseline]
    return Changes(
        gained=tuple(np.flatnonzero(here & ~in_baseline).tolist()),
        # Reversed, since the sentences that the fewest runs get correct come first.
        lost=tuple(np.flatnonzero(~here & in_baseline)[::-1].tolist()),
        unique=tuple(np.flatnonzero(here & (correct.sum(axis=0) == 1)).tolist()),
    )
