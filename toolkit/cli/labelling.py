"""TODO toolkit.cli.labelling."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli.output import DONE, print_safe
from toolkit.exceptions import ToolkitError

if TYPE_CHECKING:
    from toolkit.analysis.scores import Scores
    from toolkit.labels import LabelSet
    from toolkit.models.classifier import LabelledArticle, SentenceClassifier

N_CONFUSIONS = 10


def _load(options: argparse.Namespace) -> SentenceClassifier:
    import gc

    from toolkit.models.classifier import load_model

    # The collector would look through all that is imported, again and again, and find nothing.
    was_on = gc.isenabled()
    gc.disable()
    try:
        model = load_model(options.model, trusted=options.trust)
        _ = model.engine
        return model
    finally:
        if was_on:
            gc.enable()


def _label(options: argparse.Namespace) -> int:
    from toolkit.files.tables import TABLE_ENDINGS

    inputs = [path for name in options.inputs for path in _expand(name)]
    tables = [path for path in inputs if Path(path).suffix.lower() in TABLE_ENDINGS]
    if tables and len(inputs) > 1:
        raise ToolkitError(f"{len(inputs)} inputs came with a table among them; label a table by itself [{tables[0]}]")
    if tables:
        return _label_table(options, tables[0])
    if options.text_column:
        raise ToolkitError("an article has no columns; leave --text-column out or name a table")
    return _label_articles(options, inputs)


def _expand(name: str) -> list[str]:
    """List the articles of a folder; a file stands for itself."""
    from toolkit.files.tables import ARTICLE_ENDINGS, TABLE_ENDINGS

    path = Path(name)
    if not name:
        raise ToolkitError("the input has no name; name an article, a folder or a table")
    if name != "-" and path.is_dir():
        found = sorted(
            str(file) for file in path.rglob("*") if file.suffix.lower() in ARTICLE_ENDINGS and file.is_file()
        )
        if not found:
            raise ToolkitError(f"the folder holds no article ({', '.join(ARTICLE_ENDINGS)}); name another [{name}]")
        return found
    if name != "-" and path.suffix.lower() not in (*ARTICLE_ENDINGS, *TABLE_ENDINGS):
        known = ", ".join((*ARTICLE_ENDINGS, *TABLE_ENDINGS))
        raise ToolkitError(f"the ending {path.suffix!r} is none of {known}; rename the file or pipe it to - [{name}]")
    return [name]


def _label_table(options: argparse.Namespace, path: str) -> int:
    from toolkit.files.tables import read_table

    if options.output and options.output.lower().endswith(".html"):
        raise ToolkitError(f"a table has no page to read; name a .csv, .tsv, .jsonl or .parquet [{options.output}]")
    batches = _load(options).label_table(read_table(path), options.text_column, path)
    return _write_rows(options.output, batches)


def _label_articles(options: argparse.Namespace, inputs: list[str]) -> int:
    from toolkit.files.atomic import write_file
    from toolkit.files.tables import read_article

    model = _load(options)
    several = len(inputs) > 1
    if options.output and options.output.lower().endswith(".html"):
        from toolkit.pages.article_page import render_articles

        articles = [
            ("standard input" if name == "-" else name, model.label_article(read_article(name))) for name in inputs
        ]
        with write_file(options.output) as file:
            page = render_articles(articles, str(model.manifest.get("experiment", "?")))
            # A lone surrogate in the text goes into no UTF-8 file.
            file.write(page.encode("utf-8", "replace"))
        return DONE

    def batches() -> Iterator[list[dict[str, Any]]]:
        for name in inputs:
            rows = model.label_article(read_article(name)).rows()
            yield [{"article": name, **row} for row in rows] if several else rows

    if options.output is None and sys.stdout.isatty():
        for name in inputs:
            _print_article(name if several else None, model.label_article(read_article(name)))
        return DONE
    return _write_rows(options.output, batches(), (".html",))


def _write_rows(output: str | None, batches: Iterable[Sequence[dict[str, Any]]], others: Sequence[str] = ()) -> int:
    from toolkit.files.tables import TableWriter, json_lines

    if output is not None:
        TableWriter(output, others).write(batches)
        return DONE
    if sys.stdout.isatty():
        for batch in batches:
            for row in batch:
                text = next((value for value in row.values() if isinstance(value, str)), "")
                print(f"{row['label'] or '–':<12} {print_safe(str(row.get('text', row.get('sentence', text))))}")
        return DONE
    for batch in batches:
        sys.stdout.buffer.write(json_lines(batch).encode("utf-8", "replace"))
    return DONE


def _print_article(name: str | None, article: LabelledArticle) -> None:
    from toolkit.exceptions import printable

    if name is not None:
        print(f"\n{printable(name)}")
    for sentence, label, shares in zip(article.sentences, article.labels, article.proba, strict=True):
        print(f"{label:<12} {shares.max():>4.0%}  {printable(sentence.text)}")


def _evaluate(options: argparse.Namespace) -> int:
    from toolkit.analysis.predictions import make_predictions
    from toolkit.analysis.scores import score_by_ambiguity

    model = _load(options)
    sentences, gold, also = _gold_table(options, model.label_set)
    predictions = make_predictions(model.label_set, sentences, gold, model.predict_proba(sentences))
    graded = score_by_ambiguity(predictions, also)
    _print_grades(graded)
    if options.output:
        _write_evaluation(Path(options.output), predictions, graded)
    return DONE


def _gold_table(options: argparse.Namespace, labels: LabelSet) -> tuple[list[str], list[str], list[str | None] | None]:
    """Read sentences, gold labels and, where asked for, second labels of a table."""
    from toolkit.files.tables import cells_of, read_table, text_column

    sentences: list[str] = []
    gold: list[str] = []
    also: list[str | None] = []
    text = ""
    for batch in read_table(options.table):
        if not text:
            text = text_column(batch, options.text_column, options.table)
            for name in filter(None, (options.label_column, options.also_column)):
                text_column(batch, name, options.table)
        texts, own, others = (cells_of(batch, name) for name in (text, options.label_column, options.also_column))
        if not _is_clean(texts, own, others, labels):
            for place, row in enumerate(batch, len(gold) + 1):
                _check_row(row, place, text, options, labels)
        sentences += texts
        gold += own
        also += others
    if not gold:
        raise ToolkitError(f"the table has no row; name one with sentences and gold labels [{options.table}]")
    return sentences, gold, also if options.also_column else None


def _is_clean(texts: Sequence[Any], gold: Sequence[Any], also: Sequence[Any], labels: LabelSet) -> bool:
    """Say whether no row needs a look by itself."""
    if any(not isinstance(cell, str) for cells in (texts, gold) for cell in cells):
        return False
    other = {cell for cell in also if cell} if all(cell is None or isinstance(cell, str) for cell in also) else {""}
    return set(gold) | other <= set(labels.names) and all(text.strip() for text in texts)


def _check_row(row: dict[str, Any], place: int, text: str, options: argparse.Namespace, labels: LabelSet) -> None:
    if not isinstance(row.get(text), str) or not row[text].strip():
        raise ToolkitError(f"{text!r} of row {place} is {row.get(text)!r}; drop the row or fill it [{options.table}]")
    names = [(options.label_column, False)] + ([(options.also_column, True)] if options.also_column else [])
    for name, may_be_empty in names:
        if row.get(name) not in labels.names and not (may_be_empty and not row.get(name)):
            raise ToolkitError(f"{labels.unknown(str(row.get(name, '')))} [{options.table}, row {place}]")


def _print_grades(graded: dict[str, Scores]) -> None:
    print(f"{'score':<12}  {'sentences':>9}  {'macro F1':>8}  95 % interval")
    for name, scores in graded.items():
        found = scores.headline
        print(f"{name:<12}  {scores.n_sentences:>9}  {found.value:>8.3f}  [{found.low:.3f}, {found.high:.3f}]")
    print(f"\n{'strict':<12}  {'sentences':>9}  {'precision':>9}  {'recall':>6}  {'F1':>5}")
    for label in graded["strict"].labels:
        numbers = (label.precision.value, label.recall.value, label.f1.value)
        shown = ["–" if number != number else f"{number:.3f}" for number in numbers]
        print(f"{label.name:<12}  {label.support:>9}  {shown[0]:>9}  {shown[1]:>6}  {shown[2]:>5}")
    names = [label.name for label in graded["strict"].labels]
    counts = graded["strict"].confusion
    pairs = [(int(counts[g][p]), names[g], names[p]) for g in range(len(names)) for p in range(len(names)) if g != p]
    print("\nmost common confusions (strict)")
    for count, gold, predicted in sorted(pairs, key=lambda pair: -pair[0])[:N_CONFUSIONS]:
        if count:
            print(f"{count:>5}  {gold} taken for {predicted}")


def _write_evaluation(folder: Path, predictions: Any, graded: dict[str, Scores]) -> None:
    from toolkit.analysis.predictions import write_predictions
    from toolkit.files.atomic import write_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolkitError(f"the folder cannot be made; name another with --output [{folder}]") from error
    with write_file(folder / "predictions.csv") as file:
        file.write(write_predictions(predictions).encode("utf-8", "replace"))
    with write_file(folder / "scores.json") as file:
        record = {name: scores.to_dict() for name, scores in graded.items()}
        file.write((json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def _explain(options: argparse.Namespace) -> int:
    from toolkit.models.explanation import explain

    model = _load(options)
    if not options.text.strip():
        raise ToolkitError("the sentence is empty; give one in quotes")
    shares = model.predict_proba([options.text])[0]
    pulls = explain(model.pipeline, model.label_set, options.text)
    for place in shares.argsort(kind="stable")[::-1]:
        name = model.labels[place]
        print(f"{name} {shares[place]:.1%}")
        for weight in pulls.get(name, []):
            ngram = print_safe(weight.ngram).replace(" ", "·")
            print(f"  {weight.value:+.3f}  {ngram}" + ("" if weight.kind == "words" else f"  ({weight.kind})"))
    return DONE


def _inspect(options: argparse.Namespace) -> int:
    from toolkit.models.saving import inspect_model

    found = inspect_model(options.model)
    manifest = found["manifest"]
    print(f"experiment   {print_safe(str(manifest.get('experiment', '–')))}")
    state = "intact" if found["intact"] else "NOT the file its manifest names"
    print(f"file         {manifest['file']}, {manifest['bytes']:,} bytes, {state}")
    print(f"labels       {print_safe(', '.join(label['name'] for label in manifest['labels']['label']))}")
    print(f"segmenter    {print_safe(str(manifest.get('segmenter', '–')))}")
    print(f"engine       {print_safe(_engine_line(manifest))}")
    print("needs        " + print_safe(", ".join(f"{name} {number}" for name, number in manifest["versions"].items())))
    print(f"types        {print_safe(', '.join(found['types']) or '–')}")
    print(f"not trusted  {print_safe(', '.join(found['untrusted']) or 'none')}")
    return DONE


def _engine_line(manifest: dict[str, Any]) -> str:
    compiled = manifest.get("compiled") or {}
    if "reason" in compiled:
        return f"scikit-learn: {compiled['reason']}"
    return f"compiled, {compiled['bytes']:,} bytes" if "bytes" in compiled else "compiled when first used"
