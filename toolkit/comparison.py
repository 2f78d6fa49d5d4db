"""Stored predictions of several runs -> a table with intervals and paired tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from toolkit import report as pages
from toolkit.evaluation import Difference, Scores, difference
from toolkit.exceptions import RunError, did_you_mean
from toolkit.experiment import Run, load_run
from toolkit.figures import draw_forest
from toolkit.labels import LabelSet
from toolkit.significance import holm

N_DISAGREEMENTS = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of a comparison: its scores and its differences to the baseline, by split."""

    name: str
    scores: Mapping[str, Scores]
    differences: Mapping[str, Difference | None]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A test sentence on which the runs disagree; ``predicted`` is in the order of the runs."""

    text: str
    gold: str
    predicted: tuple[str, ...]


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
    settings : tuple of (key, values)
        Settings that differ, values in the order of the entries.
    disagreements : tuple of Disagreement
        Test sentences, those first on which fewest runs are right.
    """

    entries: tuple[Entry, ...]
    baseline: str
    labels: LabelSet
    settings: tuple[tuple[str, tuple[str, ...]], ...]
    disagreements: tuple[Disagreement, ...]

    def conclusion(self) -> str:
        """Say in plain words what may be concluded from the cross-validated scores."""
        better: list[str] = []
        worse: list[str] = []
        open_: list[str] = []
        for entry in self.entries:
            found = entry.differences["train"]
            if found is None:
                continue
            clear = found.p_value < 0.05
            (better if clear and found.value > 0 else worse if clear else open_).append(entry.name)
        parts = [
            f"{word} than '{self.baseline}': {', '.join(names)}"
            for word, names in (("better", better), ("worse", worse))
            if names
        ]
        if open_:
            parts.append(f"not told apart from '{self.baseline}': {', '.join(open_)}")
        return "Cross-validated, at the 5 % level after correction, " + "; ".join(parts) + "."

    def rows(self, split: str) -> list[dict[str, str]]:
        """Return the table of one split as text, one row a run."""
        rows = []
        for entry in self.entries:
            found, scores = entry.differences[split], entry.scores[split]
            row = {
                "run": entry.name,
                "macro F1": pages.score(scores.headline.value),
                "95 % interval": pages.range_of(scores.headline),
            }
            row |= {
                label.name: pages.score(label.f1.value) for label in scores.labels if label.name in self.labels.acts
            }
            row["difference"] = "baseline" if found is None else pages.signed(found.value)
            row["interval"] = "" if found is None else pages.range_of(found, pages.signed)
            row["p"] = "" if found is None else pages.p(found.p_value)
            rows.append(row)
        return rows

    def to_text(self) -> str:
        """Return the comparison as plain text for a terminal."""
        parts = []
        for split, title in pages.SPLITS:
            parts.append(f"{title[0].upper()}{title[1:]}\n{_aligned(self.rows(split))}")
        if self.settings:
            names = [entry.name for entry in self.entries]
            rows = [{"setting": key, **dict(zip(names, values, strict=True))} for key, values in self.settings]
            parts.append("Settings that differ\n" + _aligned(rows, width=28))
        parts.append(
            f"{len(self.disagreements)} test sentences on which the runs disagree; --output FILE.html lists them.\n"
            + self.conclusion()
        )
        return "\n\n".join(parts) + "\n"

    def to_markdown(self) -> str:
        """Return the comparison as Markdown."""
        parts = [f"# Comparison of {len(self.entries)} runs", self.conclusion()]
        for split, title in pages.SPLITS:
            parts += [f"## {title[0].upper()}{title[1:]}", _markdown(self.rows(split))]
        names = [entry.name for entry in self.entries]
        if self.settings:
            rows = [{"setting": key, **dict(zip(names, values, strict=True))} for key, values in self.settings]
            parts += ["## Settings that differ", _markdown(rows)]
        if self.disagreements:
            rows = [
                {"sentence": found.text, "gold": found.gold, **dict(zip(names, found.predicted, strict=True))}
                for found in self.disagreements[:N_DISAGREEMENTS]
            ]
            parts += ["## Test sentences on which they disagree", _markdown(rows)]
        return "\n\n".join(parts) + "\n"

    def to_html(self) -> str:
        """Return the comparison as one self-contained page."""
        from markupsafe import Markup

        headlines = [entry.scores["train"].headline for entry in self.entries]
        figure = draw_forest(
            [entry.name for entry in self.entries], [(found.value, found.low, found.high) for found in headlines]
        )
        titles = dict(zip(self.labels.names, self.labels.titles, strict=True))
        return pages.render_page(
            "comparison.html.j2",
            rows=self.entries,
            splits=pages.SPLITS,
            baseline=self.baseline,
            background=self.labels.background,
            conclusion=self.conclusion(),
            acts=", ".join(titles[act] for act in self.labels.acts),
            act_titles=[titles[act] for act in self.labels.acts],
            titles=titles,
            n_tests=len(self.entries) - 1,
            settings=self.settings,
            disagreements=self.disagreements[:N_DISAGREEMENTS],
            n_disagreements=len(self.disagreements),
            figure=Markup(figure),  # noqa: S704 - drawn here; matplotlib escapes names
        )


def compare(runs: Sequence[str | Path | Run], against: str | None = None) -> Comparison:
    """Compare runs from their stored predictions; nothing is trained.

    Parameters
    ----------
    runs : sequence of str, Path or Run
        At least two, over the same sentences and label set.
    against : str, optional
        Name of the run that differences are to. Without it: the baseline that most of the
        runs name, if it is among them, else the one with the lowest headline.

    Returns
    -------
    Comparison

    Raises
    ------
    RunError
        If there are fewer than two, two bear one name, they are over different corpora,
        splits or labels, or ``against`` is none of them.
    """
    loaded = [run if isinstance(run, Run) else load_run(run) for run in runs]
    if len(loaded) < 2:
        raise RunError(f"{len(loaded)} run came; name at least two to compare")
    names = [run.name for run in loaded]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RunError(f"two runs bear the name {twice[0]!r}; name each run once")
    for run in loaded[1:]:
        _check_comparable(loaded[0], run)
    scores = {run.name: {split: run.scores(split) for split, _ in pages.SPLITS} for run in loaded}
    loaded.sort(key=lambda run: (-scores[run.name]["train"].headline.value, run.name))
    base = _choose_baseline(loaded, against)
    differences = {split: _differences(loaded, base, split) for split, _ in pages.SPLITS}
    entries = tuple(
        Entry(run.name, scores[run.name], {split: differences[split][run.name] for split, _ in pages.SPLITS})
        for run in loaded
    )
    return Comparison(entries, base.name, base.labels, _settings(loaded), _disagreements(loaded))


def _check_comparable(first: Run, other: Run) -> None:
    pair = f"{first.name!r} and {other.name!r}"
    if first.labels != other.labels:
        raise RunError(f"{pair} have different label sets; compare runs over one [{other.folder}]")
    ours, theirs = (run.manifest["corpus"]["fingerprint"] for run in (first, other))
    if ours != theirs:
        raise RunError(
            f"{pair} are over different corpora ({ours[:16]} and {theirs[:16]}); train both on one [{other.folder}]"
        )
    for name in ("split", "article", "position", "gold"):
        if getattr(first.predictions, name) != getattr(other.predictions, name):
            raise RunError(f"{pair} differ in the {name} of their sentences; train both on one corpus [{other.folder}]")


def _choose_baseline(runs: Sequence[Run], against: str | None) -> Run:
    by_name = {run.name: run for run in runs}
    if against is not None:
        wanted = Path(against).name
        if wanted not in by_name:
            raise RunError(f"{against!r} is none of the runs ({', '.join(by_name)}){did_you_mean(wanted, by_name)}")
        return by_name[wanted]
    named = [run.report["baseline"] for run in runs if run.report.get("baseline") in by_name]
    if named:
        return by_name[max(sorted(set(named)), key=named.count)]
    return runs[-1]


def _differences(runs: Sequence[Run], base: Run, split: str) -> dict[str, Difference | None]:
    plan = base.manifest["settings"]["evaluation"]
    held = base.predictions.take(split)
    others = [run for run in runs if run is not base]
    found = [difference(run.predictions.take(split), held, plan["resamples"], base.manifest["seed"]) for run in others]
    corrected = holm([one.p_value for one in found])
    table: dict[str, Difference | None] = {
        run.name: replace(one, p_value=value) for run, one, value in zip(others, found, corrected, strict=True)
    }
    return {**table, base.name: None}


def _settings(runs: Sequence[Run]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    tables = [dict(pages.flatten({**run.manifest["settings"], "segmenter": run.manifest["segmenter"]})) for run in runs]
    keys = list(dict.fromkeys(key for table in tables for key in table if key not in ("name", "question", "baseline")))
    rows = ((key, tuple(table.get(key, "–") for table in tables)) for key in keys)
    return tuple((key, values) for key, values in rows if len(set(values)) > 1)


def _disagreements(runs: Sequence[Run]) -> tuple[Disagreement, ...]:
    held = [run.predictions.take("test") for run in runs]
    found = [
        Disagreement(held[0].text[row], held[0].gold[row], tuple(one.predicted[row] for one in held))
        for row in range(len(held[0]))
    ]
    split = [one for one in found if len(set(one.predicted)) > 1]
    return tuple(sorted(split, key=lambda one: sum(guess == one.gold for guess in one.predicted)))


def _aligned(rows: Sequence[Mapping[str, Any]], width: int = 40) -> str:
    """Write rows as columns of equal width; long cells are cut."""
    header = list(rows[0])
    cells = [header, *([_cut(str(row[key]), width) for key in header] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(size) for cell, size in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    header = list(rows[0])
    lines = [header, ["---"] * len(header), *([_escaped(str(row[key])) for key in header] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _escaped(text: str) -> str:
    """Keep text from being Markdown or HTML."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", plain)
