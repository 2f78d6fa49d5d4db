"""``toolkit corpus``: check, describe and export a corpus."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.options import add_command, add_corpus_option, add_text_option
from toolkit.cli.output import DONE, safe, say
from toolkit.exceptions import CorpusError, ToolkitError

if TYPE_CHECKING:
    from toolkit.corpus import CorpusCheck
    from toolkit.statistics import Estimate

N_MATCHES = 10


def add_commands(commands: Any) -> None:
    """Add ``corpus`` and its commands to the parser's."""
    summary = "check and describe a corpus"
    corpus = commands.add_parser("corpus", help=summary, description=f"{summary.capitalize()}.")
    subcommands = corpus.add_subparsers(title="commands", metavar="COMMAND", required=True)

    agreement = add_command(subcommands, "agreement", _agreement, "measure how far the two annotators agree")
    add_corpus_option(agreement)

    check = add_command(subcommands, "check", _check, "validate the tables and the texts; list all problems")
    check.add_argument("--against", metavar="TABLE", help="also list the sentences most similar to one of this table's")
    add_text_option(check)
    add_corpus_option(check)

    stats = add_command(subcommands, "stats", _stats, "count sentences by label, collection, genre, year and length")
    stats.add_argument("--output", metavar="FILE.svg", help="draw the counts")
    add_corpus_option(stats)

    export = add_command(subcommands, "export", _export, "write all sentences as one flat table")
    export.add_argument("output", metavar="FILE", help="a .csv, .tsv, .jsonl or .parquet file")
    add_corpus_option(export)


def _check(options: argparse.Namespace) -> int:
    from toolkit.corpus import check_corpus

    try:
        check = check_corpus(options.corpus, options.against, options.text_column)
        _print_check(check, options.against is not None)
        if check.problems:
            raise CorpusError(check.problems)
    except CorpusError as error:
        if len(error.problems) > 1:
            say(f"{len(error.problems)} problems")
        raise
    sizes = ", ".join(f"{count} sentences in {split}" for split, count in check.n_sentences.items())
    print(f"no problem found: {sizes}; fingerprint {check.fingerprint}")
    return DONE


def _print_check(check: CorpusCheck, is_compared: bool) -> None:
    if is_compared:
        print("most similar to a sentence of the table, by proportion of shared 5-grams:")
        for match in check.matches[:N_MATCHES]:
            print(safe(f"  {match.similarity:.2f}  {match.position}  {match.text}"))
            print(safe(f"        row {match.row}  {match.other_text}"))
    for collection, names in check.audit.names.items():
        print(
            safe(f"{collection}: " if collection else "")
            + f"of {names.n_sentences} sentences with names, a classifier that sees only the names labels "
            f"{names.accuracy:.1%} correctly, one that sees only their number {names.by_number:.1%}, and the most "
            f"common label is correct for {names.majority:.1%}; names gain {names.low:+.1%} to {names.high:+.1%}"
        )
    for warning in check.audit.warnings:
        print(safe(f"worth a look: {warning}"))


def _stats(options: argparse.Namespace) -> int:
    from toolkit.corpus import corpus_stats

    if options.output and Path(options.output).suffix.lower() != ".svg":
        raise ToolkitError(
            f"the ending {Path(options.output).suffix!r} is not .svg; name another output [{options.output}]"
        )
    stats = corpus_stats(options.corpus)
    # The file comes before the text: a reader of the text that stops early, such as head, must not prevent it.
    if options.output:
        _draw_counts(options.output, stats.counts, stats.labels.titles)
    print(f"{stats.n_sentences} sentences in {stats.n_articles} articles; {stats.n_words} words")
    for title, counts in stats.counts.items():
        print()
        _print_counts(title, counts, stats.labels.names, totals=True)
    for act, cues in stats.cues.items():
        listed = ", ".join(f"{cue.stem} {cue.proportion:.0%}" for cue in cues.cues)
        print(safe(f"\n{act}: most common cues {listed}"))
        print(
            safe(f"{act}: {cues.cueless:.0%} have none of them; {cues.n_misleading} sentences of other labels have one")
        )
    return DONE


def _draw_counts(output: str, counts: Mapping[str, Mapping[str, Sequence[int]]], titles: Sequence[str]) -> None:
    from toolkit.files import write_file
    from toolkit.pages import draw_corpus, standalone

    lists = {title: {value: list(row) for value, row in table.items()} for title, table in counts.items()}
    with write_file(output) as file:
        file.write(standalone(draw_corpus(lists, list(titles))).encode("utf-8"))


def _print_counts(title: str, rows: Mapping[str, Sequence[int]], names: Sequence[str], totals: bool = False) -> None:
    """Print a table of counts by label, its columns as wide as the longest label needs."""
    labels, groups = [safe(name) for name in names], [safe(group) for group in rows]
    first, width = max(16, *map(len, groups)) + 2, max(10, *map(len, labels)) + 2
    print(f"{title:<{first}}{''.join(f'{name:>{width}}' for name in labels)}" + (f"{'all':>8}" if totals else ""))
    for group, counts in zip(groups, rows.values(), strict=True):
        cells = "".join(f"{count:>{width}}" for count in counts)
        print(f"{group:<{first}}{cells}" + (f"{sum(counts):>8}" if totals else ""))


def _agreement(options: argparse.Namespace) -> int:
    from toolkit.corpus import agreement

    measured = agreement(options.corpus)
    names = tuple(measured.by_label)
    used = [
        name
        for name, row, column in zip(names, measured.confusion, measured.confusion.T, strict=True)
        if row.any() or column.any()
    ]
    print(f"{measured.n_sentences} sentences labelled twice; 95 % intervals from resampled articles\n")
    one_label = f"undefined: both annotators use only {used[0]!r}, so that chance would agree as well"
    width = max(20, *map(len, names)) + 2
    _print_estimate("Cohen's kappa", measured.kappa, width, one_label)
    _print_estimate("Krippendorff's alpha", measured.alpha, width, one_label)
    print("\nkappa of each label against the rest")
    for name, estimate in measured.by_label.items():
        reason = one_label if name in used else "undefined: neither annotator uses it"
        _print_estimate(name, estimate, width, reason)
    for collection, part in measured.by_collection.items():
        print(safe(f"\ncollection {collection}: {part.n_sentences} sentences"))
        reason = "undefined: both annotators use one label alone"
        _print_estimate("Cohen's kappa", part.kappa, width, reason)
        _print_estimate("Krippendorff's alpha", part.alpha, width, reason)
        for name, estimate in part.by_label.items():
            _print_estimate(name, estimate, width, "undefined: no more than one of the two labels occurs")
    print()
    counts = {name: [round(count) for count in row] for name, row in zip(names, measured.confusion, strict=True)}
    _print_counts("first, second", counts, names)
    return DONE


def _print_estimate(title: str, estimate: Estimate, width: int, reason: str) -> None:
    """Print a coefficient with its interval, or why it is undefined."""
    interval = f"[{estimate.low:.3f}, {estimate.high:.3f}]"
    shown = f"{'–':>7}  {reason}" if math.isnan(estimate.value) else f"{estimate.value:>7.3f}  {interval}"
    print(f"{safe(title):<{width}}{safe(shown)}")


def _export(options: argparse.Namespace) -> int:
    from toolkit.corpus import corpus_table
    from toolkit.files import TableWriter

    TableWriter(options.output).write([corpus_table(options.corpus)])
    return DONE
