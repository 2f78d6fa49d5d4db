"""A comparison -> plain text, Markdown, LaTeX or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from toolkit.analysis import FoldComparison, to_plain
from toolkit.comparison.conclusions import (
    explain_fold_test,
    explain_missing_fold_tests,
    may_conclude,
    may_not_conclude,
)
from toolkit.comparison.record import ComparisonRecord
from toolkit.comparison.rows import (
    MAX_SENTENCES,
    Row,
    align,
    change_rows,
    collection_rows,
    cost_rows,
    fold_pair_rows,
    fold_rows,
    pair_rows,
    score_rows,
    sentence_rows,
    setting_rows,
    shorten,
)
from toolkit.pages import (
    NUMBER,
    PROSE,
    SPLIT_TITLES,
    TEXT,
    Block,
    Heading,
    Paragraph,
    Table,
    render_latex,
    render_markdown,
)
from toolkit.statistics import ALPHA

# Sentences in LaTeX, which is for print.
MAX_PRINTED_SENTENCES = 20
# Characters of a setting, in Markdown and LaTeX and on a terminal.
MAX_SETTING, MAX_TERMINAL_SETTING = 120, 28


def to_text(comparison: ComparisonRecord) -> str:
    """Write a comparison as plain text for a terminal, the result first."""
    parts = ["\n".join(may_conclude(comparison)[:2])]
    parts += [f"{title.capitalize()}\n{align(score_rows(comparison, split))}" for split, title in SPLIT_TITLES]
    parts += [
        f"Collection {name}, cross-validated on train and on the test split\n{align(collection_rows(comparison, name))}"
        for name in comparison.collections
    ]
    if comparison.settings:
        parts.append(f"Settings that differ\n{align(setting_rows(comparison), MAX_TERMINAL_SETTING)}")
    parts.append(f"Sentences against '{comparison.baseline}', cross-validated\n{align(change_rows(comparison))}")
    parts.append(
        f"--output FILE.html lists the {len(comparison.disagreements):,} training sentences on which the runs "
        "disagree, and every pair of runs."
    )
    return "\n\n".join(parts) + "\n"


def to_markdown(comparison: ComparisonRecord) -> str:
    """Write a comparison as Markdown."""
    return render_markdown(_title(comparison), _blocks(comparison, MAX_SENTENCES))


def to_latex(comparison: ComparisonRecord) -> str:
    r"""Write a comparison as LaTeX with booktabs rules, to ``\input`` in a paper."""
    return render_latex(_title(comparison), _blocks(comparison, MAX_PRINTED_SENTENCES))


def _title(comparison: ComparisonRecord) -> str:
    return f"Comparison of {len(comparison.entries)} runs"


def _blocks(comparison: ComparisonRecord, n_sentences: int) -> list[Block]:
    return [
        Heading("What may be concluded"),
        *map(Paragraph, may_conclude(comparison)),
        Heading("What may not be concluded"),
        *map(Paragraph, may_not_conclude(comparison)),
        *_score_blocks(comparison),
        *_pair_blocks(comparison),
        *_fold_blocks(comparison),
        Heading("Cost and quality"),
        _table("costs", "Cost of each run", cost_rows(comparison)),
        *_setting_blocks(comparison),
        *_sentence_blocks(comparison, n_sentences),
    ]


def _score_blocks(comparison: ComparisonRecord) -> list[Block]:
    note = (
        f"differences are to {comparison.baseline}, p-values corrected by Holm for "
        f"{comparison.n_comparisons:,} comparisons"
    )
    tables = [
        _table(f"scores-{split}", f"{title.capitalize()}; {note}", score_rows(comparison, split))
        for split, title in SPLIT_TITLES
    ]
    # Numbered: the name of a collection need not be one of a label in LaTeX.
    tables += [
        _table(
            f"collection-{number}",
            f"Collection {name}, cross-validated on train and on the test split, with 95 % intervals",
            collection_rows(comparison, name),
        )
        for number, name in enumerate(comparison.collections, 1)
    ]
    return [Heading("Scores"), *tables]


def _pair_blocks(comparison: ComparisonRecord) -> list[Block]:
    paragraph = Paragraph(
        "Differences in macro F1 with 95 % intervals over articles; p of a randomisation test with "
        f"{comparison.n_permutations:,} permutations of whole articles; effect in standard deviations between "
        "articles; probability that the same number of new articles reverses the order; sentences that only one of "
        "the two runs predicts correctly, with Cohen's g and the p-value of McNemar's test, which ignores articles."
    )
    tables = [
        _table(f"pairs-{split}", f"Every pair, {title}", pair_rows(comparison, split), n_text=2)
        for split, title in SPLIT_TITLES
    ]
    return [Heading("Every pair of runs"), paragraph, *tables]


def _fold_blocks(comparison: ComparisonRecord) -> list[Block]:
    blocks: list[Block] = [Heading("Repeated folds")]
    missing, rows, pairs = explain_missing_fold_tests(comparison), fold_rows(comparison), fold_pair_rows(comparison)
    if pairs:
        blocks.append(Paragraph(explain_fold_test(comparison)))
    if missing:
        blocks.append(Paragraph(missing))
    if rows:
        blocks.append(_table("folds", "Mean over repeated folds, cross-validated", rows))
    if pairs:
        blocks.append(_table("fold-pairs", "Every pair with the same folds, cross-validated", pairs, n_text=2))
    return blocks


def _setting_blocks(comparison: ComparisonRecord) -> list[Block]:
    if not comparison.settings:
        return []
    caption = "Settings that differ"
    rows = [{key: shorten(value, MAX_SETTING) for key, value in row.items()} for row in setting_rows(comparison)]
    return [Heading(caption), _table("settings", caption, rows, n_text=len(rows[0]))]


def _sentence_blocks(comparison: ComparisonRecord, n_sentences: int) -> list[Block]:
    caption = f"Sentences against {comparison.baseline}"
    blocks: list[Block] = [Heading("Sentences"), _table("changes", caption, change_rows(comparison))]
    rows = sentence_rows(comparison, n_sentences)
    if rows:
        caption = f"{len(rows)} of {len(comparison.disagreements)} training sentences on which the runs disagree"
        blocks.append(_table("sentences", caption, rows, n_text=len(rows[0])))
    return blocks


def _table(name: str, caption: str, rows: Sequence[Row], n_text: int = 1) -> Table:
    """Make a table of rows: the first columns are text, the rest numbers; a sentence may break into lines."""
    header = tuple(rows[0])
    kinds = tuple(
        PROSE if key == "sentence" else TEXT if column < n_text else NUMBER for column, key in enumerate(header)
    )
    return Table(name, caption, header, tuple(tuple(row.values()) for row in rows), kinds)


def to_json(comparison: ComparisonRecord) -> str:
    """Write a comparison as JSON, as :func:`to_dict` returns it."""
    return json.dumps(to_dict(comparison), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_dict(comparison: ComparisonRecord) -> dict[str, Any]:
    """Return a comparison as plain data; undefined is ``None``.

    Sentences are given once, under ``sentences``; ``changes`` are indices of these.
    """
    record: dict[str, Any] = to_plain(
        {
            "baseline": comparison.baseline,
            "labels": comparison.labels.to_dict(),
            "level": ALPHA,
            "n_comparisons": comparison.n_comparisons,
            "n_permutations": comparison.n_permutations,
            "may_conclude": may_conclude(comparison),
            "may_not_conclude": may_not_conclude(comparison),
            "runs": _plain_runs(comparison),
            "pairs": {split: _plain_pairs(comparison, split) for split in comparison.pairs},
            "why_without_folds": explain_missing_fold_tests(comparison),
            "settings": dict(comparison.settings),
            "ceiling": dict(comparison.ceiling),
            "sentences": [asdict(sentence) for sentence in comparison.disagreements],
        }
    )
    return record


def _plain_runs(comparison: ComparisonRecord) -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name,
            "scores": {split: scores.to_dict() for split, scores in entry.scores.items()},
            "differences": {
                split: difference and asdict(difference) for split, difference in entry.differences.items()
            },
            "cost": asdict(entry.cost),
            "curve": entry.curve and entry.curve.to_dict(),
            "repeats": entry.repeats and entry.repeats.summary(),
            "changes": asdict(changes),
            "collections": {name: entry.collections[name].to_dict() for name in comparison.collections},
        }
        for entry, changes in zip(comparison.entries, comparison.changes, strict=True)
    ]


def _plain_pairs(comparison: ComparisonRecord, split: str) -> list[dict[str, Any]]:
    # The test split has no folds.
    fold_pairs = comparison.fold_pairs if split == "train" else ()
    over_folds = {(pair.first, pair.second): _plain_fold_pair(pair) for pair in fold_pairs}
    return [
        {
            "first": comparison.entries[pair.first].name,
            "second": comparison.entries[pair.second].name,
            **asdict(pair.difference),
            "p_corrected": pair.p_corrected,
            "folds": over_folds.get((pair.first, pair.second)),
        }
        for pair in comparison.pairs[split]
    ]


def _plain_fold_pair(pair: FoldComparison) -> dict[str, Any]:
    return {key: value for key, value in asdict(pair).items() if key not in ("first", "second")}
