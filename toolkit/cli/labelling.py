"""``toolkit label``, ``evaluate``, ``explain`` and ``inspect``: a saved model at work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.options import (
    add_column_options,
    add_command,
    add_encoding_option,
    add_model_options,
    add_text_option,
)
from toolkit.cli.output import DONE, safe, say
from toolkit.cli.priors import adapt_model, add_prior_options, print_comparison
from toolkit.exceptions import TableError, ToolkitError, list_some

if TYPE_CHECKING:
    from toolkit.experiment import TableEvaluation
    from toolkit.files import Table
    from toolkit.models import LabelledArticle, SentenceClassifier

N_CONFUSIONS = 10
# The column that names the table of a row, where several are labelled at once.
SOURCE = "table"


def add_commands(commands: Any) -> None:
    """Add the commands that use a saved model to the parser's."""
    label = add_command(commands, "label", _label, "label articles (.txt, .md, -), folders of them, or tables")
    label.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="article, folder or tables (.csv, .tsv, .jsonl, .parquet)"
    )
    add_model_options(label)
    label.add_argument("--output", metavar="FILE", help=".csv, .tsv, .jsonl, .parquet or, for articles, .html")
    add_text_option(label)
    label.add_argument("--prefix", default="", metavar="TEXT", help="put before the names of a table's new columns")
    label.add_argument("--label-as", metavar="NAME", help="name of a table's new column of labels (default: label)")
    add_encoding_option(label)
    add_prior_options(label)

    evaluate = add_command(commands, "evaluate", _evaluate, "score a model on a table with gold labels")
    evaluate.add_argument("table", metavar="TABLE", help="a .csv, .tsv, .jsonl or .parquet file")
    add_model_options(evaluate)
    add_column_options(evaluate)
    add_prior_options(evaluate)
    evaluate.add_argument(
        "--article-column", metavar="NAME", help="its column of articles; intervals then resample whole articles"
    )
    evaluate.add_argument("--output", metavar="DIR", help="write predictions.csv and scores.json there")

    explain = add_command(commands, "explain", _explain, "show the n-grams that contribute most to a sentence's label")
    explain.add_argument("text", metavar="TEXT", help="one sentence")
    add_model_options(explain)

    summary = "say what a model is and needs, without running anything from it"
    inspect = add_command(commands, "inspect", _inspect, summary)
    inspect.add_argument("model", metavar="MODEL", help="a model's folder")


def _load(options: argparse.Namespace) -> SentenceClassifier:
    import gc

    from toolkit.models import load_model

    # The garbage collector would search all that is imported, again and again, and free nothing.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        model = load_model(options.model, trusted=options.trust)
        # Opens what labels, which is otherwise opened at first use.
        _ = model.engine
        return model
    finally:
        if was_enabled:
            gc.enable()


def _label(options: argparse.Namespace) -> int:
    from toolkit.files import TABLE_ENDINGS

    inputs = [path for name in options.inputs for path in _expand(name)]
    tables = [path for path in inputs if Path(path).suffix.lower() in TABLE_ENDINGS]
    if tables and len(inputs) > len(tables):
        raise ToolkitError(f"articles and tables came together; label a table by itself [{tables[0]}]")
    if tables:
        return _label_tables(options, tables)
    if options.text_column or options.prefix or options.label_as is not None:
        raise ToolkitError(
            "an article has no columns; leave --text-column, --prefix and --label-as out or name a table"
        )
    return _label_articles(options, inputs)


def _expand(name: str) -> list[str]:
    """List the articles of a folder; a file stands for itself."""
    from toolkit.files import ARTICLE_ENDINGS, TABLE_ENDINGS, list_articles, list_skipped, refuse_file

    if not name:
        raise ToolkitError("the input has no name; name an article, a folder or a table")
    path = Path(name)
    if name != "-" and path.is_dir():
        articles = list_articles(name)
        skipped = list_skipped(name, articles)
        if skipped:
            endings = sorted({Path(file).suffix.lower() or "no ending" for file in skipped})
            say(f"{len(skipped)} other files in the folder are not labelled ({list_some(endings)}) [{name}]")
        return articles
    if name != "-" and path.suffix.lower() not in (*ARTICLE_ENDINGS, *TABLE_ENDINGS):
        raise refuse_file(name, (*ARTICLE_ENDINGS, *TABLE_ENDINGS))
    return [name]


def _label_tables(options: argparse.Namespace, paths: Sequence[str]) -> int:
    from toolkit.files import read_table
    from toolkit.models import label_names

    if _is_page(options.output):
        raise ToolkitError(
            f"only articles are shown as a page; name a .csv, .tsv, .jsonl or .parquet file [{options.output}]"
        )
    loaded, column, naming = _load(options), options.text_column, (options.prefix, options.label_as)
    encoding = options.encoding

    def adapt(strength: float) -> SentenceClassifier:
        rows = (row for path in paths for batch in read_table(path, encoding) for row in batch)
        return loaded.adapt_to_table(
            paths[0] if len(paths) == 1 else rows, column, strength=strength, encoding=encoding
        )

    model = adapt_model(options, loaded, adapt)
    labelled = (
        (path, table)
        for path in paths
        for table in model.label_table(read_table(path, encoding), column, path, *naming)
    )
    tables = (table for _, table in labelled) if len(paths) == 1 else _name_tables(labelled, options.output)
    return _write_tables(options.output, tables, label=label_names(model.label_set.names, *naming)[0])


def _name_tables(labelled: Iterable[tuple[str, Table]], output: str | None) -> Iterator[Table]:
    """Add a column that names the table of each row; only JSON lines may hold tables with different columns."""
    first: list[str] = []
    for path, table in labelled:
        if SOURCE in table.columns:
            raise ToolkitError(f"column {SOURCE!r} is in the table already; label the table by itself [{path}]")
        first = first or list(table.columns)
        if output and not output.lower().endswith(".jsonl") and set(table.columns) != set(first):
            raise ToolkitError(f"the columns are not those of the first table; write .jsonl instead [{path}]")
        yield table.with_columns({SOURCE: [path] * len(table)}, {SOURCE: str})


def _is_page(output: str | None) -> bool:
    return output is not None and output.lower().endswith(".html")


def _label_articles(options: argparse.Namespace, inputs: Sequence[str]) -> int:
    problems: list[str] = []
    texts = _read_articles(inputs, options.encoding, problems)
    # Without any text nothing is written.
    first = next(texts, None)
    if first is not None:
        _write_articles(options, inputs, chain([first], texts))
    if problems:
        say(f"{len(problems)} of {len(inputs)} articles could not be read and have no labels")
        raise ToolkitError("\n".join(problems))
    return DONE


def _read_articles(inputs: Sequence[str], encoding: str | None, problems: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and texts; of several articles, one that cannot be read does not keep the others from it."""
    from toolkit.files import read_article

    for name in inputs:
        try:
            yield name, read_article(name, encoding)
        except TableError as error:
            if len(inputs) == 1:
                raise
            problems.append(str(error))


def _write_articles(options: argparse.Namespace, inputs: Sequence[str], texts: Iterable[tuple[str, str]]) -> int:
    from toolkit.files import Table

    if options.adapt:
        # Read once, since standard input cannot be read again.
        texts = list(texts)
    loaded = _load(options)
    model = adapt_model(options, loaded, lambda strength: _adapt_to_articles(loaded, texts, strength))
    articles = ((name, model.label_article(text)) for name, text in texts)
    is_named = len(inputs) > 1
    if _is_page(options.output):
        return _write_page(options.output, articles, str(model.manifest.get("experiment", "?")))
    if options.output is None and sys.stdout.isatty():
        for name, article in articles:
            _print_article(name if is_named else None, article)
        return DONE

    def tables() -> Iterator[Table]:
        for name, article in articles:
            table = article.to_table()
            yield Table({"article": [name] * len(table), **table.columns}) if is_named else table

    return _write_tables(options.output, tables(), (".html",))


def _adapt_to_articles(
    model: SentenceClassifier, texts: Iterable[tuple[str, str]], strength: float
) -> SentenceClassifier:
    from toolkit.corpus import segment

    named = [(name, sentence.text) for name, text in texts for sentence in segment(text)]
    # A single article says nothing of how articles differ.
    articles = [name for name, _ in named] if len({name for name, _ in named}) > 1 else None
    return model.adapt([text for _, text in named], articles, strength=strength)


def _write_page(output: str, articles: Iterable[tuple[str, LabelledArticle]], model_name: str) -> int:
    from toolkit.files import write_file
    from toolkit.pages import render_articles

    titled = [("standard input" if name == "-" else name, article) for name, article in articles]
    with write_file(output) as file:
        # A lone surrogate in the text cannot go into a UTF-8 file.
        file.write(render_articles(titled, model_name).encode("utf-8", "replace"))
    return DONE


def _write_tables(output: str | None, tables: Iterable[Table], others: Sequence[str] = (), label: str = "label") -> int:
    from toolkit.files import TableWriter, json_lines

    if output is not None:
        TableWriter(output, others).write(tables)
        return DONE
    if sys.stdout.isatty():
        for table in tables:
            for row in table:
                first_text = next((cell for cell in row.values() if isinstance(cell, str)), "")
                print(f"{row[label] or '–':<12} {safe(str(row.get('text', row.get('sentence', first_text))))}")
        return DONE
    for table in tables:
        sys.stdout.buffer.write(json_lines(table).encode("utf-8", "replace"))
        sys.stdout.flush()
    return DONE


def _print_article(name: str | None, article: LabelledArticle) -> None:
    from toolkit.exceptions import printable

    if name is not None:
        print(f"\n{printable(name)}")
    for sentence, label, proba in zip(article.sentences, article.labels, article.proba, strict=True):
        print(f"{label:<12} {proba.max():>4.0%}  {printable(sentence.text)}")


def _evaluate(options: argparse.Namespace) -> int:
    from toolkit.experiment import evaluate

    columns = (options.text_column, options.label_column, options.also_column, options.article_column, options.encoding)
    loaded = _load(options)
    plain = evaluation = evaluate(loaded, options.table, *columns)
    text, article = plain.predictions.text, plain.predictions.article
    model = adapt_model(options, loaded, lambda strength: loaded.adapt(text, article, strength=strength))
    if model.adaptation:
        evaluation = evaluate(model, options.table, *columns)
    # The files come before the text, whose reader may stop early.
    if options.output:
        evaluation.write(options.output)
    _print_evaluation(evaluation)
    if model.adaptation:
        print_comparison(plain, evaluation, model.adaptation)
    return DONE


def _print_evaluation(evaluation: TableEvaluation) -> None:
    from toolkit.pages import describe_rare, format_interval, format_score, state_absent, state_expected_precision

    print(f"{'score':<12}  {'sentences':>9}  {'macro F1':>8}  {'95 % interval':<14}  {'accuracy':>8}  95 % interval")
    for name, scores in evaluation.scores.items():
        cells = [
            f"{format_score(estimate.value):>8}  {format_interval(estimate):<14}"
            for estimate in (scores.headline, scores.accuracy)
        ]
        print(f"{name:<12}  {scores.n_sentences:>9}  {'  '.join(cells)}")
    strict = evaluation.scores["strict"]
    absent = state_absent(strict, evaluation.predictions.labels)
    if absent:
        print(safe(absent))
    if strict.n_articles < 2:
        print(f"intervals are undefined: one {'article' if evaluation.has_articles else 'sentence'} cannot vary")
    width = max(12, *(len(safe(label.name)) for label in strict.labels))
    print(
        f"intervals resample {strict.n_articles:,} whole articles"
        if evaluation.has_articles
        else "each sentence counts as an article of its own; --article-column names the articles to resample"
    )
    print(
        f"\n{'strict':<{width}}  {'sentences':>9}  {'gold':>6}  {'predicted':>9}  "
        f"{'precision':>9}  {'recall':>6}  {'F1':>5}"
    )
    for label in strict.labels:
        proportions = [
            "–" if estimate is None else f"{estimate.value:.1%}"
            for estimate in (label.gold_proportion, label.predicted_proportion)
        ]
        values = [format_score(estimate.value) for estimate in (label.precision, label.recall, label.f1)]
        print(
            f"{safe(label.name):<{width}}  {label.support:>9}  {proportions[0]:>6}  {proportions[1]:>9}  "
            f"{values[0]:>9}  {values[1]:>6}  {values[2]:>5}"
        )
    for sentence in (describe_rare(strict), state_expected_precision(strict, evaluation.predictions.labels)):
        if sentence:
            print(safe(f"\n{sentence[0].upper()}{sentence.removesuffix('.')[1:]}."))
    print("\nmost common confusions (strict)")
    for count, gold, predicted in evaluation.confusions()[:N_CONFUSIONS]:
        print(f"{count:>5}  {gold} predicted as {predicted}")


def _explain(options: argparse.Namespace) -> int:
    from toolkit.models import explain

    model = _load(options)
    if not options.text.strip():
        raise ToolkitError("the sentence is empty; give one in quotes")
    explanation = explain(model, options.text)
    if explanation.ngram_weight < 1:
        print(
            f"n-grams have {explanation.ngram_weight:.0%} of the weight, an encoder, which has none to show, the rest\n"
        )
    for name, probability in explanation.proba.items():
        print(f"{name} {probability:.1%}")
        for contribution in explanation.contributions.get(name, []):
            ngram = safe(contribution.ngram).replace(" ", "·")
            kind = "" if contribution.kind == "words" else f"  ({contribution.kind})"
            print(f"  {contribution.value:+.3f}  {ngram}{kind}")
    return DONE


def _inspect(options: argparse.Namespace) -> int:
    from toolkit.models import inspect_model

    inspection = inspect_model(options.model)
    manifest = inspection["manifest"]
    state = "intact" if inspection["intact"] else "NOT the file its manifest names"
    lines = {
        "experiment": str(manifest.get("experiment", "–")),
        "file": f"{manifest['file']}, {manifest['bytes']:,} bytes, {state}",
        "labels": ", ".join(label["name"] for label in manifest["labels"]["label"]),
        "segmenter": str(manifest.get("segmenter", "–")),
        "engine": _describe_engine(manifest),
        "needs": ", ".join(f"{name} {number}" for name, number in manifest["versions"].items()),
        "types": ", ".join(inspection["types"]) or "–",
        "not trusted": ", ".join(inspection["untrusted"]) or "none",
    }
    for title, text in lines.items():
        print(f"{title:<11}  {safe(text)}")
    return DONE


def _describe_engine(manifest: Mapping[str, Any]) -> str:
    compiled, encoder = manifest.get("compiled") or {}, manifest.get("encoder")
    if "reason" in compiled:
        engine = f"scikit-learn: {compiled['reason']}"
    else:
        engine = f"compiled, {compiled['bytes']:,} bytes" if "bytes" in compiled else "compiled when first used"
    if not encoder:
        return engine
    n_bytes = sum(file["bytes"] for file in encoder["files"].values())
    return (
        f"{engine} + encoder {encoder['model']} (onnxruntime, {encoder['precision']}, weight {encoder['weight']:g}, "
        f"{encoder['agreement']:.1%} of labels equal in int8 and fp32), {n_bytes:,} bytes"
    )
