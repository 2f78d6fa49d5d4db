"""TODO toolkit.cli.corpus."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.output import DONE, print_safe
from toolkit.exceptions import CorpusError, ToolkitError

if TYPE_CHECKING:
    from toolkit.statistics.intervals import Estimate

N_ALIKE = 10


def _corpus_check(options: argparse.Namespace) -> int:
    from toolkit.corpus.audit import audit_corpus
    from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus

    try:
        corpus = load_corpus(options.corpus)
        labels = corpus_labels(corpus)
        rows = [{**row, "label": labels.names[row["label"]]} for split in corpus.values() for row in split]
        found = audit_corpus(rows, labels)
        problems = list(found.problems) + (_most_alike(rows, options) if options.against else [])
        if found.names:
            print(
                f"of {found.names.n_sentences} sentences with names a classifier that sees names alone labels "
                f"{found.names.accuracy:.1%} right, one that sees how many {found.names.by_number:.1%}, the commonest "
                f"label {found.names.majority:.1%}; names gain {found.names.low:+.1%} to {found.names.high:+.1%}"
            )
        for warning in found.warnings:
            print(print_safe(f"worth a look: {warning}"))
        if problems:
            raise CorpusError(problems)
    except CorpusError as error:
        if len(error.problems) > 1:
            print(f"{len(error.problems)} problems", file=sys.stderr)
        raise
    sizes = ", ".join(f"{len(split)} sentences in {name}" for name, split in corpus.items())
    print(f"no problem found: {sizes}; fingerprint {corpus_fingerprint(corpus)}")
    return DONE


def _most_alike(rows: list[dict[str, Any]], options: argparse.Namespace) -> list[str]:
    """Print the sentences most like one of a table's; return a problem for each that is a copy."""
    from toolkit.corpus.duplicates import MAX_SIMILARITY, most_similar
    from toolkit.files.tables import read_table, text_column

    others = [row for batch in read_table(options.against) for row in batch]
    if not others:
        raise ToolkitError(f"the table has no row; name one with sentences [{options.against}]")
    text = text_column(others, options.text_column, options.against)
    pairs = most_similar([row["text"] for row in rows], [str(row.get(text) or "") for row in others], len(rows))
    print("most like a sentence of the table, by share of 5-grams:")
    for pair in pairs[:N_ALIKE]:
        own, other = rows[pair.first], others[pair.second]
        print(print_safe(f"  {pair.similarity:.2f}  {own['article']}:{own['position']}  {own['text']}"))
        print(print_safe(f"        row {pair.second + 1}  {other.get(text) or ''}"))
    return [
        f"the sentence shares {pair.similarity:.0%} of its 5-grams with row {pair.second + 1} of {options.against}; "
        f"rewrite it [{rows[pair.first]['article']}:{rows[pair.first]['position']}]"
        for pair in pairs
        if pair.similarity > MAX_SIMILARITY
    ]


def _corpus_stats(options: argparse.Namespace) -> int:
    from collections import Counter

    from toolkit.corpus.loading import corpus_labels, load_corpus

    corpus = load_corpus(options.corpus, needed=())
    labels = corpus_labels(corpus)
    names = labels.names
    rows = [{**row, "split": split} for split, sentences in corpus.items() for row in sentences]
    groups: dict[str, Callable[[dict[str, Any]], str]] = {
        "split": lambda row: row["split"],
        "genre": lambda row: row["genre"] or "–",
        "year": lambda row: row["date"][:4] or "–",
        "words": lambda row: _length_group(len(row["text"].split())),
    }
    drawn: dict[str, dict[str, list[int]]] = {}
    for title, key in groups.items():
        table = Counter((key(row), row["label"]) for row in rows)
        drawn[title] = {
            value: [table[value, place] for place in range(len(names))]
            for value in sorted({found for found, _ in table})
        }
    # First the file: a reader that stops early, such as head, must not cost it.
    if options.output:
        _draw_stats(options.output, drawn, [label.title for label in labels.labels])
    articles = len({row["article"] for row in rows})
    print(f"{len(rows)} sentences in {articles} articles; {sum(len(row['text'].split()) for row in rows)} words")
    for title, by_value in drawn.items():
        print()
        _print_counts(title, by_value, names, totals=True)
    _print_cues([row["text"] for row in rows], [names[row["label"]] for row in rows], labels.acts)
    return DONE


def _print_counts(title: str, rows: Mapping[str, Sequence[int]], names: Sequence[str], totals: bool = False) -> None:
    """Print a table of counts by label, its columns as wide as the longest label needs."""
    shown = [print_safe(name) for name in names]
    groups = [print_safe(group) for group in rows]
    first, width = max(16, *map(len, groups)) + 2, max(10, *map(len, shown)) + 2
    print(f"{title:<{first}}{''.join(f'{name:>{width}}' for name in shown)}" + (f"{'all':>8}" if totals else ""))
    for group, counts in zip(groups, rows.values(), strict=True):
        cells = "".join(f"{count:>{width}}" for count in counts)
        print(f"{group:<{first}}{cells}" + (f"{sum(counts):>8}" if totals else ""))


def _print_cues(texts: list[str], gold: list[str], acts: Sequence[str]) -> None:
    from toolkit.corpus.cues import find_cues

    for act in acts:
        if act in gold:
            found = find_cues(texts, gold, act)
            listed = ", ".join(f"{cue.stem} {cue.proportion:.0%}" for cue in found.cues)
            print(f"\n{act}: commonest cues {listed}")
            print(f"{act}: {found.cueless:.0%} have none of them; {found.n_misleading} other sentences have one")


def _draw_stats(output: str, counts: dict[str, dict[str, list[int]]], titles: list[str]) -> None:
    from toolkit.files.atomic import write_file
    from toolkit.pages.figures import draw_corpus, standalone

    if Path(output).suffix.lower() != ".svg":
        raise ToolkitError(f"the ending {Path(output).suffix!r} is not .svg; name another output [{output}]")
    with write_file(output) as file:
        file.write(standalone(draw_corpus(counts, titles)).encode("utf-8"))


def _length_group(n_words: int) -> str:
    return next((f"{most - 9}-{most}" for most in (10, 20, 30, 40) if n_words <= most), "41+")


def _corpus_agreement(options: argparse.Namespace) -> int:
    from toolkit.corpus.agreement import measure_agreement
    from toolkit.corpus.loading import corpus_labels, load_corpus

    corpus = load_corpus(options.corpus, needed=())
    labels = corpus_labels(corpus)
    rows = [row for split in corpus.values() for row in split if row["first"] is not None and row["second"] is not None]
    if not rows:
        raise ToolkitError(f"no sentence has both a first and a second label; annotate twice [{options.corpus}]")
    first, second = ([labels.names[row[name]] for row in rows] for name in ("first", "second"))
    found = measure_agreement(first, second, [row["article"] for row in rows], labels)
    print(f"{found.n_sentences} sentences labelled twice; 95 % intervals resample articles\n")
    alone = f"undefined: both annotators use {first[0]!r} alone, so that chance agrees as well"
    width = max(20, *map(len, labels.names)) + 2
    for title, estimate in {"Cohen's kappa": found.kappa, "Krippendorff's alpha": found.alpha}.items():
        _print_agreement(title, estimate, width, alone)
    print("\nkappa of each label against the rest")
    for name, estimate in found.by_label.items():
        why = "undefined: neither annotator uses it" if name not in (*first, *second) else alone
        _print_agreement(name, estimate, width, why)
    print()
    counts = {name: [round(count) for count in row] for name, row in zip(labels.names, found.confusion, strict=True)}
    _print_counts("first, second", counts, labels.names)
    return DONE


def _print_agreement(title: str, estimate: Estimate, width: int, why: str) -> None:
    """Print a coefficient with its interval, or why it is undefined."""
    interval = f"[{estimate.low:.3f}, {estimate.high:.3f}]"
    text = f"{'–':>7}  {why}" if math.isnan(estimate.value) else f"{estimate.value:>7.3f}  {interval}"
    print(f"{print_safe(title):<{width}}{text}")


def _corpus_export(options: argparse.Namespace) -> int:
    from toolkit.corpus.loading import LABEL_COLUMNS, corpus_labels, load_corpus
    from toolkit.files.tables import TableWriter

    corpus = load_corpus(options.corpus, needed=())
    names = corpus_labels(corpus).names
    rows = [
        {**row, **{key: "" if row[key] is None else names[row[key]] for key in LABEL_COLUMNS}, "split": split}
        for split, sentences in corpus.items()
        for row in sentences
    ]
    TableWriter(options.output).write([rows])
    return DONE
