"""Stored predictions of several runs -> a table with intervals and paired tests."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import to_plain
from toolkit.analysis.repeats import FoldComparison, compare_folds
from toolkit.analysis.scores import Difference, Scores, score_predictions
from toolkit.comparison.conclusions import _named, _sizes
from toolkit.comparison.export import (
    N_CHARACTERS,
    N_COLUMNS,
    N_PRINTED,
    N_SETTING,
    _aligned,
    _capital,
    _cut,
    _plain_folds,
    _table,
)
from toolkit.comparison.loading import load_comparable, read_curve
from toolkit.comparison.page import _HOLLOW, _MARKS, FEWEST_CHANGES, N_CHANGES, _cost_panels, _curves, _forest, _p_is
from toolkit.comparison.record import Changes, Cost, Disagreement, Entry
from toolkit.comparison.rows import CEILING, _amount, _effect, _share
from toolkit.exceptions import RunError, did_you_mean, printable
from toolkit.experiment.runs import Run
from toolkit.labels import LabelSet
from toolkit.pages import documents, figures, formatting, rendering
from toolkit.pages.documents import Block, Heading, Paragraph
from toolkit.statistics.metrics import article_confusions
from toolkit.statistics.pairwise import SystemPair, compare_all, correct_pairs, permutations_needed
from toolkit.statistics.resampling import ALPHA, bootstrap_weights

N_DISAGREEMENTS = 100


@dataclass(frozen=True)
class Comparison:
    """Runs over the same sentences, best cross-validated headline first.

    Attributes
    ----------
    entries : tuple of Entry
        Sorted by headline on train, cross-validated.
    baseline : str
        Name of the run that differences are to.
    labels : LabelSet
        Of all runs.
    pairs : mapping of str to tuple of Pair
        By split, every pair of runs; places are those of the entries. p-values are
        corrected for the pairs on both splits together.
    settings : tuple of (key, values)
        Settings that differ, values in the order of the entries.
    disagreements : tuple of Disagreement
        Cross-validated training sentences, those first on which fewest runs are right. Those
        of the test split are not listed: who reads them and then changes a model has used
        the test split up.
    changes : tuple of Changes
        In the order of the entries.
    n_permutations : int
        Random swaps behind each p-value.
    ceiling : mapping of str to dict
        By split, the scores of the second annotator as if a model; a split that nobody
        has annotated twice is left out.
    fold_pairs : tuple of FoldComparison
        Of the pairs that repeat the same folds; p-values are corrected for these alone.
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
    def least_p(self) -> float:
        """Below this no corrected p-value can be: each is a share of finitely many swaps."""
        return min(1.0, self.n_comparisons / (self.n_permutations + 1))

    @property
    def n_comparisons(self) -> int:
        """How many p-values are shown, and corrected together."""
        return sum(len(pairs) for pairs in self.pairs.values())

    def conclusion(self) -> str:
        """Say in plain words what may be concluded from the cross-validated scores."""
        better: list[str] = []
        worse: list[str] = []
        open_: list[str] = []
        for entry in self.entries:
            found = entry.differences["train"]
            if found is None:
                continue
            clear = found.p_value < ALPHA
            (better if clear and found.value > 0 else worse if clear else open_).append(entry.name)
        parts = [
            f"{word} than '{self.baseline}': {_named(names)}"
            for word, names in (("better", better), ("worse", worse))
            if names
        ]
        if open_:
            parts.append(f"not told apart from '{self.baseline}': {_named(open_)}")
        lead = f"Cross-validated, at the {ALPHA:.0%} level after correction, ".replace("%", " %")
        return lead + "; ".join(parts) + "." + self._unconfirmed()

    def _unconfirmed(self) -> str:
        """Say which clear differences to the baseline the corrected t-test does not confirm; empty without any."""
        names = []
        for pair, confirmed in self._fold_verdicts():
            first, second = (self.entries[place].name for place in (pair.first, pair.second))
            if self.baseline in (first, second) and pair.p_corrected < ALPHA and not confirmed:
                names.append(second if first == self.baseline else first)
        if not names:
            return ""
        return (
            f" That is by the test over articles; over repeated folds {_named(names)} "
            f"{'is' if len(names) == 1 else 'are'} not told apart from it."
        )

    def _fold_verdicts(self) -> list[tuple[SystemPair, bool]]:
        """Return each pair on train that has a corrected t-test, and whether that one tells the two apart."""
        tested = {(pair.first, pair.second): pair for pair in self.fold_pairs if not math.isnan(pair.p_corrected)}
        return [
            (pair, tested[pair.first, pair.second].p_corrected < ALPHA)
            for pair in self.pairs["train"]
            if (pair.first, pair.second) in tested
        ]

    def may_conclude(self) -> tuple[str, ...]:
        """Say what the comparison shows, one sentence or two a point."""
        return (self.conclusion(), *self._of_the_best(), *self._of_the_test_split(), *self._of_the_folds())

    def _of_the_best(self) -> Iterable[str]:
        best = self.entries[0]
        found = best.scores["train"].headline
        open_ = [pair for pair in self.pairs["train"] if pair.first == 0 and not pair.p_corrected < ALPHA]
        lead = f"'{best.name}' has the highest cross-validated score, {formatting.format_score(found.value)}"
        lead += f" (95 % interval {formatting.format_interval(found)})"
        if not open_:
            others = "the other run" if len(self.entries) == 2 else f"each of the other {len(self.entries) - 1} runs"
            yield f"{lead}, and is told apart from {others}."
        else:
            names = _named([f"'{self.entries[pair.second].name}'" for pair in open_])
            yield f"{lead}, but is not told apart from {names}: they share the first place."

    def _of_the_test_split(self) -> Iterable[str]:
        both = [entry.differences for entry in self.entries if entry.name != self.baseline]
        same = sum(
            train is not None and test is not None and train.value * test.value > 0
            for train, test in ((found["train"], found["test"]) for found in both)
        )
        clear = [found for found in both if found["train"] is not None and found["train"].p_value < ALPHA]
        held = sum(
            found["test"] is not None
            and found["test"].p_value < ALPHA
            and found["test"].value * found["train"].value > 0
            for found in clear
            if found["train"] is not None
        )
        point = f"On the test split {same} of {len(both)} differences to '{self.baseline}' point the same way"
        if clear:
            point += f", and {held} of the {len(clear)} that are clear cross-validated are clear there too"
        yield f"{point}."

    def _of_the_folds(self) -> Iterable[str]:
        verdicts = self._fold_verdicts()
        if not verdicts:
            return
        over_articles = [pair for pair, confirmed in verdicts if pair.p_corrected < ALPHA and not confirmed]
        over_folds = [pair for pair, confirmed in verdicts if confirmed and not pair.p_corrected < ALPHA]
        point = (
            "Over repeated folds the corrected t-test, which covers other dealings and other training sets, tells "
            f"{sum(confirmed for _, confirmed in verdicts)} of {len(verdicts)} pairs apart"
        )
        if not (over_articles or over_folds):
            yield f"{point}, the same as the test over articles."
            return
        yield f"{point}; the test over articles tells {sum(pair.p_corrected < ALPHA for pair, _ in verdicts)}."
        if over_articles:
            yield (
                f"Told apart over articles but not over folds: {_named([*map(self._title, over_articles)])}. "
                "The models at hand differ on articles like these; that models trained on other articles would differ "
                "alike is not shown. Every other sentence here and every mark goes by the test over articles."
            )
        if over_folds:
            yield (
                f"Told apart over folds but not over articles: {_named([*map(self._title, over_folds)])}. "
                "They differ alike whichever of these articles they learn from; that they would on other articles is "
                "not shown, and they bear no mark for it."
            )

    def why_without_folds(self) -> str:
        """Say in one sentence which pairs have no corrected t-test and why; empty if all have one."""
        without = [f"'{entry.name}'" for entry in self.entries if entry.repeats is None]
        if len(without) == len(self.entries):
            return (
                "There is no corrected t-test over folds, since no run repeats its folds; "
                "train with --set evaluation.repeats=10 to have one."
            )
        dealings = {entry.repeats.fold_assignment for entry in self.entries if entry.repeats is not None}
        reasons = []
        if without:
            reasons.append(f"{_named(without)} {'does' if len(without) == 1 else 'do'} not repeat the folds")
        if len(dealings) > 1:
            reasons.append(
                f"the {'others' if without else 'runs'} deal the articles out in {len(dealings)} ways, "
                "by another seed or number of folds or repeats"
            )
        return f"Pairs without a corrected t-test have no folds in common: {' and '.join(reasons)}." if reasons else ""

    def may_not_conclude(self) -> tuple[str, ...]:
        """Say what the comparison leaves open, one sentence or two a point."""
        return tuple(self._limits())

    def _limits(self) -> Iterable[str]:
        every = [pair for pairs in self.pairs.values() for pair in pairs]
        clear = [pair for pair in every if pair.p_corrected < ALPHA]
        by_chance = ALPHA * len(every)
        yield (
            f"{len(every):,} comparisons are shown ({len(every) // 2:,} pairs of {len(self.entries)} runs on two "
            f"splits); {len(clear):,} are clear. If no run differed from any other, {by_chance:,.1f} would be below "
            f"p = {ALPHA} by chance: so a p-value counts only as corrected, by Holm, for all {len(every):,}."
        )
        held = [pair for pair in self.pairs["train"] if not pair.p_corrected < ALPHA and not math.isnan(pair.found.low)]
        if held:
            widest = max(held, key=lambda pair: pair.found.high - pair.found.low)
            yield (
                "Runs that are not told apart are not shown to be equal. The widest interval of such a difference, "
                f"{self._title(widest)}, reaches from {_sizes(widest.found)}."
                + self._why_off_zero([pair.found for pair in held])
            )
        told = [pair for pair in self.pairs["train"] if pair.p_corrected < ALPHA]
        if told:
            least = min(told, key=lambda pair: abs(pair.found.value))
            yield (
                "A clear difference need not be a large one. The smallest clear one, "
                f"{self._title(least)}, is {formatting.format_signed(least.found.value)}, and its interval "
                f"reaches from {_sizes(least.found)}."
            )
        yield (
            "The test split was labelled once by each run, by a model whose settings were chosen on train. "
            f"The highest of {len(self.entries)} test scores is still too high on average: choose a run by its "
            "cross-validated score, then report the test score of that one."
        )
        train, test = (self.entries[0].scores[split].n_articles for split, _ in formatting.SPLIT_TITLES)
        training = "a rerun with another seed"
        if self._fold_verdicts():
            training = "models trained on other articles, of which the corrected t-test over folds says something"
        yield (
            f"Intervals and tests over articles rest on {train} training and {test} test articles and take the models "
            f"as trained. They say nothing of {training}, of other annotators, or of articles unlike these."
        )

    def _why_off_zero(self, found: Sequence[Any]) -> str:
        """Explain how an interval can leave 0 out where the test tells nothing apart; empty where none does."""
        if all(one.low <= 0 <= one.high for one in found):
            return ""
        return (
            " An interval that leaves 0 out is of its pair alone: "
            f"only the p-value is corrected for all {self.n_comparisons:,}."
        )

    def _title(self, pair: SystemPair) -> str:
        return f"'{self.entries[pair.first].name}' minus '{self.entries[pair.second].name}'"

    def rows(self, split: str) -> list[dict[str, str]]:
        """Return the table of one split as text, one row a run; the last is the second annotator, if there is one."""
        rows = []
        for entry in self.entries:
            found, scores = entry.differences[split], entry.scores[split]
            row = {
                "run": entry.name,
                "macro F1": formatting.format_score(scores.headline.value),
                "95 % interval": formatting.format_interval(scores.headline),
            }
            row |= {
                label.name: formatting.format_score(label.f1.value)
                for label in scores.labels
                if label.name in self.labels.acts
            }
            row["difference"] = "baseline" if found is None else formatting.format_signed(found.value)
            row["interval"] = "" if found is None else formatting.format_interval(found, formatting.format_signed)
            row["p"] = "" if found is None else formatting.format_p(found.p_value)
            rows.append(row)
        annotator = self.ceiling.get(split)
        if annotator:
            row = {
                "run": CEILING,
                "macro F1": formatting.format_score(annotator["headline"]["value"]),
                "95 % interval": formatting.format_interval(annotator["headline"]),
            }
            row |= {
                label["name"]: formatting.format_score(label["f1"]["value"])
                for label in annotator["labels"]
                if label["name"] in self.labels.acts
            }
            rows.append({**row, "difference": "", "interval": "", "p": ""})
        return rows

    def pair_rows(self, split: str) -> list[dict[str, str]]:
        """Return every pair of one split as text: the first run's score minus the second's."""
        return [
            {
                "first": self.entries[pair.first].name,
                "second": self.entries[pair.second].name,
                "difference": formatting.format_signed(pair.found.value),
                "95 % interval": formatting.format_interval(pair.found, formatting.format_signed),
                "p": formatting.format_p(pair.found.p_value),
                "p corrected": formatting.format_p(pair.p_corrected),
                "effect": _effect(pair.found.standardised),
                "reversal": _share(pair.found.reversal_probability),
                "only first": str(pair.found.only_first),
                "only second": str(pair.found.only_second),
                "Cohen's g": _effect(pair.found.cohen_g),
                "McNemar p": formatting.format_p(pair.found.mcnemar_p),
            }
            for pair in self.pairs[split]
        ]

    def fold_rows(self) -> list[dict[str, str]]:
        """Return the mean over folds of each run that repeats them, as text; the last is the second annotator."""
        rows = []
        for entry in self.entries:
            if entry.repeats is not None:
                scores, mean, once = entry.repeats.headlines(), entry.repeats.headline(), entry.scores["train"].headline
                rows.append(
                    {
                        "run": entry.name,
                        "macro F1": formatting.format_score(once.value),
                        "95 % over articles": formatting.format_interval(once),
                        "mean of folds": formatting.format_score(mean.value),
                        "95 % corrected": formatting.format_interval(mean),
                        "lowest": formatting.format_score(float(np.min(scores))),
                        "highest": formatting.format_score(float(np.max(scores))),
                        "folds": str(len(scores)),
                        "dealings": str(entry.repeats.n_repeats),
                    }
                )
        annotator = self.ceiling.get("train")
        if rows and annotator:
            once = annotator["headline"]
            known = {
                "run": CEILING,
                "macro F1": formatting.format_score(once["value"]),
                "95 % over articles": formatting.format_interval(once),
            }
            rows.append(dict.fromkeys(rows[0], "–") | known)
        return rows

    def fold_pair_rows(self) -> list[dict[str, str]]:
        """Return the corrected t-test of each pair with the same folds as text, beside the test over articles."""
        over_articles = {(pair.first, pair.second): pair for pair in self.pairs["train"]}
        rows = []
        for pair in self.fold_pairs:
            other = over_articles[pair.first, pair.second]
            rows.append(
                {
                    "first": self.entries[pair.first].name,
                    "second": self.entries[pair.second].name,
                    "t-test p": formatting.format_p(pair.p_value),
                    "t-test p corrected": formatting.format_p(pair.p_corrected),
                    "p": formatting.format_p(other.found.p_value),
                    "p corrected": formatting.format_p(other.p_corrected),
                    "mean difference": formatting.format_signed(pair.value),
                    "95 % corrected": formatting.format_interval(pair, formatting.format_signed),
                    "difference": formatting.format_signed(other.found.value),
                    "95 % over articles": formatting.format_interval(other.found, formatting.format_signed),
                }
            )
        return rows

    def about_folds(self) -> str:
        """Say how repeated folds are tested."""
        return (
            "Runs that repeat the same folds are compared fold by fold, by the paired t-test of Nadeau and Bengio, "
            "corrected for the training articles that folds share, and by Holm for the "
            f"{len(self.fold_pairs):,} {'pair' if len(self.fold_pairs) == 1 else 'pairs'} tested. It covers other "
            "dealings of these articles and other training sets, the test over articles other articles to score: "
            "choose before reading them which of the two counts. A dash: a fold has no score."
        )

    def cost_rows(self) -> list[dict[str, str]]:
        """Return scores and costs as text, one row a run."""
        return [
            {
                "run": entry.name,
                "macro F1": formatting.format_score(entry.scores["train"].headline.value),
                "training, s": _amount(entry.cost.training_seconds, 1),
                "sentences a second": _amount(entry.cost.sentences_per_second),
                "model, MB": _amount(entry.cost.model_bytes, 3, 1e6),
            }
            for entry in self.entries
        ]

    def change_rows(self) -> list[dict[str, str]]:
        """Return how many sentences each run gained and lost against the baseline, as text."""
        return [
            {
                "run": entry.name,
                "wrong to right": "baseline" if entry.name == self.baseline else str(len(found.gained)),
                "right to wrong": "" if entry.name == self.baseline else str(len(found.lost)),
                "only this run right": str(len(found.alone)),
            }
            for entry, found in zip(self.entries, self.changes, strict=True)
        ]

    def setting_rows(self) -> list[dict[str, str]]:
        """Return the settings that differ as text, the longer of settings and runs downwards."""
        names = [entry.name for entry in self.entries]
        if len(self.settings) >= len(names):
            return [{"setting": key, **dict(zip(names, values, strict=True))} for key, values in self.settings]
        return [
            {"run": name, **{key: values[place] for key, values in self.settings}} for place, name in enumerate(names)
        ]

    def to_text(self) -> str:
        """Return the comparison as plain text for a terminal."""
        parts = [f"{_capital(title)}\n{_aligned(self.rows(split))}" for split, title in formatting.SPLIT_TITLES]
        if self.settings:
            parts.append("Settings that differ\n" + _aligned(self.setting_rows(), width=28))
        parts.append(f"Sentences against '{self.baseline}', cross-validated\n{_aligned(self.change_rows())}")
        parts.append(
            f"{len(self.disagreements)} training sentences on which the runs disagree, and every pair of runs: "
            "--output FILE.html lists them.\n" + self.conclusion()
        )
        return "\n\n".join(parts) + "\n"

    def to_markdown(self) -> str:
        """Return the comparison as Markdown."""
        return documents.to_markdown(self._heading(), self._blocks(N_DISAGREEMENTS))

    def to_latex(self) -> str:
        r"""Return the comparison as LaTeX with booktabs rules, to ``\input`` in a paper."""
        return documents.to_latex(self._heading(), self._blocks(N_PRINTED))

    def _heading(self) -> str:
        return f"Comparison of {len(self.entries)} runs"

    def _blocks(self, n_sentences: int) -> list[Block]:
        blocks: list[Block] = [Heading("What may be concluded"), *map(Paragraph, self.may_conclude())]
        blocks += [Heading("What may not be concluded"), *map(Paragraph, self.may_not_conclude())]
        blocks += [Heading("Scores")]
        note = f"differences are to {self.baseline}, p-values corrected by Holm for {self.n_comparisons:,} comparisons"
        for split, title in formatting.SPLIT_TITLES:
            blocks.append(_table(f"scores-{split}", f"{_capital(title)}; {note}", self.rows(split)))
        blocks.append(Heading("Every pair of runs"))
        blocks.append(
            Paragraph(
                f"Differences in macro F1 with 95 % intervals over articles; p of a randomisation test with "
                f"{self.n_permutations:,} swaps of whole articles; effect in standard deviations between articles; "
                "the chance that as many new articles reverse the order; sentences that only one of the two has right, "
                "with Cohen's g and McNemar's p, which ignores articles."
            )
        )
        for split, title in formatting.SPLIT_TITLES:
            blocks.append(_table(f"pairs-{split}", f"Every pair, {title}", self.pair_rows(split)))
        blocks += self._fold_blocks()
        blocks += [Heading("Cost and quality"), _table("costs", "Cost of each run", self.cost_rows())]
        if self.settings:
            caption = "Settings that differ"
            rows = [{key: _cut(value, N_SETTING) for key, value in row.items()} for row in self.setting_rows()]
            blocks += [Heading(caption), _table("settings", caption, rows, texts=len(rows[0]))]
        blocks += [Heading("Sentences"), _table("changes", f"Sentences against {self.baseline}", self.change_rows())]
        if self.disagreements:
            shown = [self._sentence_row(found) for found in self.disagreements[:n_sentences]]
            caption = f"{len(shown)} of {len(self.disagreements)} training sentences on which the runs disagree"
            blocks.append(_table("sentences", caption, shown, texts=len(shown[0])))
        return blocks

    def _fold_blocks(self) -> list[Block]:
        blocks: list[Block] = [Heading("Repeated folds")]
        why, rows, pair_rows = self.why_without_folds(), self.fold_rows(), self.fold_pair_rows()
        if pair_rows:
            blocks.append(Paragraph(self.about_folds()))
        if why:
            blocks.append(Paragraph(why))
        if rows:
            blocks.append(_table("folds", "Mean over repeated folds, cross-validated", rows))
        if pair_rows:
            blocks.append(_table("fold-pairs", "Every pair with the same folds, cross-validated", pair_rows))
        return blocks

    def _sentence_row(self, found: Disagreement) -> dict[str, str]:
        row = {"sentence": _cut(found.text, N_CHARACTERS), "gold": found.gold}
        if len(self.entries) > N_COLUMNS:
            n_right = sum(guess == found.gold for guess in found.predicted)
            return {**row, "right": f"{n_right} of {len(self.entries)} runs"}
        return row | {entry.name: guess for entry, guess in zip(self.entries, found.predicted, strict=True)}

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain data; undefined is ``None``.

        Sentences are given once, under ``sentences``; ``changes`` are places among them.
        """
        over_folds = {(pair.first, pair.second): pair for pair in self.fold_pairs}
        record: dict[str, Any] = to_plain(
            {
                "baseline": self.baseline,
                "labels": self.labels.to_dict(),
                "level": ALPHA,
                "n_comparisons": self.n_comparisons,
                "n_permutations": self.n_permutations,
                "may_conclude": self.may_conclude(),
                "may_not_conclude": self.may_not_conclude(),
                "runs": [
                    {
                        "name": entry.name,
                        "scores": {split: found.to_dict() for split, found in entry.scores.items()},
                        "differences": {split: found and asdict(found) for split, found in entry.differences.items()},
                        "cost": asdict(entry.cost),
                        "curve": entry.curve and entry.curve.to_dict(),
                        "repeats": entry.repeats and entry.repeats.summary(),
                        "changes": asdict(changes),
                    }
                    for entry, changes in zip(self.entries, self.changes, strict=True)
                ],
                "pairs": {
                    split: [
                        {
                            "first": self.entries[pair.first].name,
                            "second": self.entries[pair.second].name,
                            **asdict(pair.found),
                            "p_corrected": pair.p_corrected,
                            "folds": _plain_folds(over_folds.get((pair.first, pair.second)), split),
                        }
                        for pair in pairs
                    ]
                    for split, pairs in self.pairs.items()
                },
                "why_without_folds": self.why_without_folds(),
                "settings": dict(self.settings),
                "ceiling": dict(self.ceiling),
                "sentences": [asdict(found) for found in self.disagreements],
            }
        )
        return record

    def to_json(self) -> str:
        """Return :meth:`to_dict` as JSON."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_html(self) -> str:
        """Return the comparison as one self-contained page."""
        from markupsafe import Markup

        titles = dict(zip(self.labels.names, self.labels.titles, strict=True))
        scores = [entry.scores["train"].headline.value for entry in self.entries]
        base = next(place for place, entry in enumerate(self.entries) if entry.name == self.baseline)
        grade, curves = _curves(self.entries)
        drawn = {
            "costs": figures.draw_costs(_cost_panels(self.entries), scores, base),
            "curves": figures.draw_learning_curves(curves, grade) if curves else "",
        }
        n_shown = max(FEWEST_CHANGES, N_CHANGES // (3 * len(self.entries)))
        return rendering.render_page(
            "comparison.html.j2",
            reader=rendering.script("comparison.js"),
            comparison=self,
            base=base,
            settings=self.setting_rows() if self.settings else [],
            splits=formatting.SPLIT_TITLES,
            acts=", ".join(titles[act] for act in self.labels.acts),
            act_titles=[titles[act] for act in self.labels.acts],
            titles=titles,
            forest=_forest(self.entries),
            matrices={split: self._matrix(split) for split, _ in formatting.SPLIT_TITLES},
            pair_rows={split: self.pair_rows(split) for split, _ in formatting.SPLIT_TITLES},
            fold_tables=[
                {"title": title, "rows": rows, "texts": texts}
                for title, rows, texts in (
                    ("Mean over repeated folds", self.fold_rows(), 1),
                    ("Every pair with the same folds", self.fold_pair_rows(), 2),
                )
                if rows
            ],
            costs=self.cost_rows(),
            has_cost=any(value is not None for entry in self.entries for value in asdict(entry.cost).values()),
            # Figures are our own markup: matplotlib escapes the text it draws.
            figures={name: Markup(svg) for name, svg in drawn.items()},  # noqa: S704
            curves=[
                {
                    "place": place,
                    "name": self.entries[place].name,
                    "points": list(zip(curve.n_articles, curve.scores[grade].mean(axis=1).tolist(), strict=True)),
                }
                for place, curve in curves
            ],
            grade=grade,
            changes=[self._changes(place, base, n_shown) for place in range(len(self.entries))],
            n_shown=n_shown,
            disagreements=[
                {"text": _cut(found.text, N_CHARACTERS), "gold": found.gold, "predicted": found.predicted}
                for found in self.disagreements[:N_DISAGREEMENTS]
            ],
        )

    def _matrix(self, split: str) -> list[list[dict[str, str] | None]]:
        """Lay the pairs out: row the first run, column the second."""
        n = len(self.entries)
        cells: list[list[dict[str, str] | None]] = [[None] * n for _ in range(n)]
        over_folds = {(pair.first, pair.second): row for pair, row in self._over_folds()} if split == "train" else {}
        unconfirmed = {(pair.first, pair.second) for pair, confirmed in self._fold_verdicts() if not confirmed}
        if split != "train":
            unconfirmed = set()
        for pair, row in zip(self.pairs[split], self.pair_rows(split), strict=True):
            clear = pair.p_corrected < ALPHA
            state = "open" if not clear else "better" if pair.found.value > 0 else "worse"
            marks = _HOLLOW if (pair.first, pair.second) in unconfirmed else _MARKS
            cells[pair.first][pair.second] = {
                "state": state,
                "mark": marks[state],
                "value": row["difference"],
                "about": f"{self._title(pair)}: {row['difference']} {row['95 % interval']}; "
                f"{_p_is(row['p corrected'])} corrected, {_p_is(row['p'])} alone; effect {row['effect']}; "
                f"chance of reversal {row['reversal']}; right alone: {row['only first']} against {row['only second']} "
                f"sentences{over_folds.get((pair.first, pair.second), '')}",
            }
        return cells

    def _over_folds(self) -> Iterable[tuple[FoldComparison, str]]:
        """Write each test over folds as the end of a sentence on its pair."""
        for pair, row in zip(self.fold_pairs, self.fold_pair_rows(), strict=True):
            yield (
                pair,
                f"; over {pair.n_folds} folds {row['mean difference']} {row['95 % corrected']}, "
                f"{_p_is(row['t-test p corrected'])} corrected",
            )

    def _changes(self, place: int, base: int, n_shown: int) -> dict[str, Any]:
        """Collect the sentences shown for one run."""
        found = self.changes[place]
        kinds = (("alone", found.alone), ("gained", found.gained), ("lost", found.lost))
        rows = []
        for kind, places in kinds:
            for number in places[:n_shown]:
                one = self.disagreements[number]
                rows.append(
                    {
                        "kind": kind,
                        "text": _cut(one.text, N_CHARACTERS),
                        "gold": one.gold,
                        "guess": one.predicted[place],
                        "before": one.predicted[base],
                    }
                )
        return {"name": self.entries[place].name, **{kind: len(places) for kind, places in kinds}, "rows": rows}


def compare(runs: Sequence[str | Path | Run], against: str | None = None) -> Comparison:
    """Compare runs from their stored predictions; nothing is trained.

    Parameters
    ----------
    runs : sequence of str, Path or Run
        From two to 50, over the same sentences and label set.
    against : str, optional
        Name of the run that differences are to. Without it: the baseline that most of the
        runs name, if it is among them, else the one with the lowest headline.

    Returns
    -------
    Comparison
        It does not depend on the order of the runs.

    Raises
    ------
    RunError
        If there are fewer than two, two bear one name, they are over different corpora,
        segmenters, splits or labels, a folder is not whole, or ``against`` is none of them.
    """
    loaded = load_comparable(runs)
    held = {run.name: {split: run.predictions.take(split) for split, _ in formatting.SPLIT_TITLES} for run in loaded}
    scores = _scores(loaded, held)
    loaded.sort(key=lambda run: _rank(scores[run.name]["train"].headline.value, run.name))
    base = _choose_baseline(loaded, against)
    place = loaded.index(base)
    plan = base.manifest.settings["evaluation"]
    n_permutations = permutations_needed(len(formatting.SPLIT_TITLES) * math.comb(len(loaded), 2), plan["resamples"])
    found = [
        _pairs([held[run.name][split] for run in loaded], plan["resamples"], n_permutations, base.manifest.seed)
        for split, _ in formatting.SPLIT_TITLES
    ]
    pairs = dict(zip([split for split, _ in formatting.SPLIT_TITLES], correct_pairs(*found), strict=True))
    entries = tuple(
        Entry(
            name=printable(run.name),
            scores=scores[run.name],
            differences={split: _against(pairs[split], number, place) for split in pairs},
            cost=_cost(run),
            curve=read_curve(run),
            repeats=run.repeats,
        )
        for number, run in enumerate(loaded)
    )
    disagreements, changes = _disagreements([held[run.name]["train"] for run in loaded], place)
    return Comparison(
        entries,
        printable(base.name),
        base.labels,
        pairs,
        _settings(loaded),
        disagreements,
        changes,
        n_permutations,
        # The same of all runs, which are over the same sentences.
        {split: found.annotator.to_dict() for split, found in base.report.ceiling.items() if found},
        compare_folds([run.repeats for run in loaded]),
    )


def _rank(value: float, name: str) -> tuple[bool, float, str]:
    """Order runs: best first, those without a score last."""
    return math.isnan(value), 0.0 if math.isnan(value) else -value, name


def _choose_baseline(runs: Sequence[Run], against: str | None) -> Run:
    by_name = {run.name: run for run in runs}
    if against is not None:
        wanted = Path(against).name
        if wanted not in by_name:
            raise RunError(f"{against!r} is none of the runs ({_named(list(by_name))}){did_you_mean(wanted, by_name)}")
        return by_name[wanted]
    named = [run.report.baseline for run in runs if run.report.baseline in by_name]
    if named:
        return by_name[max(sorted(set(named)), key=named.count)]
    return runs[-1]


def _scores(runs: Sequence[Run], held: Mapping[str, Mapping[str, Predictions]]) -> dict[str, dict[str, Scores]]:
    """Score runs as their own reports do; those of one seed share their draws."""
    drawn: dict[tuple[int, int, int], NDArray[np.float64]] = {}
    scores: dict[str, dict[str, Scores]] = {}
    for run in runs:
        n_resamples, seed = run.manifest.settings["evaluation"]["resamples"], run.manifest.seed
        for split, found in held[run.name].items():
            key = (len(set(found.article)), n_resamples, seed)
            if key not in drawn:
                drawn[key] = bootstrap_weights(*key[:2], np.random.default_rng(seed))
            scores.setdefault(run.name, {})[split] = score_predictions(found, weights=drawn[key])
    return scores


def _pairs(held: Sequence[Predictions], n_resamples: int, n_permutations: int, seed: int) -> tuple[SystemPair, ...]:
    labels = held[0].labels
    confusions = np.stack([article_confusions(one.gold, one.predicted, one.article, labels.names) for one in held])
    right = np.array([[guess == gold for guess, gold in zip(one.predicted, one.gold, strict=True)] for one in held])
    acts = [labels.index(name) for name in labels.acts]
    return compare_all(confusions, right, acts, n_resamples, n_permutations, np.random.default_rng(seed))


def _against(pairs: Sequence[SystemPair], place: int, base: int) -> Difference | None:
    """Return the difference of one run to the baseline, whichever of the two comes first."""
    for pair in pairs:
        found = pair.found
        if (pair.first, pair.second) == (place, base):
            return Difference(found.value, found.low, found.high, pair.p_corrected)
        if (pair.first, pair.second) == (base, place):
            # Minus 0 is 0.
            return Difference(0.0 - found.value, 0.0 - found.high, 0.0 - found.low, pair.p_corrected)
    return None


def _cost(run: Run) -> Cost:
    clock, model = run.report.clock, run.report.model
    return Cost(_positive(clock.training_seconds), _positive(clock.sentences_per_second), _positive(model.bytes))


def _positive(value: float) -> float | None:
    return float(value) if value > 0 else None


def _settings(runs: Sequence[Run]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tables = [dict(formatting.flatten(run.manifest.settings)) for run in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table if key not in ("name", "question", "baseline")))
    rows = ((key, tuple(table.get(key, "–") for table in tables)) for key in keys)
    return tuple((key, values) for key, values in rows if len(set(values)) > 1)


def _disagreements(held: Sequence[Predictions], base: int) -> tuple[tuple[Disagreement, ...], tuple[Changes, ...]]:
    first = held[0]
    by_sentence = list(zip(*(one.predicted for one in held), strict=True))
    split = [row for row, guesses in enumerate(by_sentence) if len(set(guesses)) > 1]
    split.sort(key=lambda row: sum(guess == first.gold[row] for guess in by_sentence[row]))
    found = tuple(
        Disagreement(first.article[row], first.position[row], first.text[row], first.gold[row], by_sentence[row])
        for row in split
    )
    right = np.array([[guess == one.gold for guess in one.predicted] for one in found], dtype=bool)
    right = right.reshape(len(found), len(held)).T
    return found, tuple(_changes(right, place, base) for place in range(len(held)))


def _changes(right: NDArray[np.bool_], place: int, base: int) -> Changes:
    """Find where one run is right and others are not; ``right`` is of shape (n_runs, n_sentences)."""
    ours, theirs = right[place], right[base]
    return Changes(
        gained=tuple(np.flatnonzero(ours & ~theirs).tolist()),
        # Sentences come with those first that fewest have right.
        lost=tuple(np.flatnonzero(~ours & theirs)[::-1].tolist()),
        alone=tuple(np.flatnonzero(ours & (right.sum(axis=0) == 1)).tolist()),
    )
