"""The command line: parse, call, print, exit. Nothing heavy is imported before it is needed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import __version__
from toolkit.exceptions import CorpusError, ToolkitError, some

if TYPE_CHECKING:
    from toolkit.curves import LearningCurve
    from toolkit.evaluation import Scores
    from toolkit.experiment import Run
    from toolkit.labelling import LabelledArticle, SentenceClassifier
    from toolkit.labels import LabelSet

DONE, PROBLEM, USAGE = 0, 1, 2
DEFAULT_MODEL = "runs/default/model"
# More need gigabytes, and move no third digit of an interval.
MOST_DRAWS = 100_000
N_CONFUSIONS = 10
N_ALIKE = 10
# What writes a comparison to a file of each ending.
COMPARISON_ENDINGS = {".html": "to_html", ".md": "to_markdown", ".tex": "to_latex", ".json": "to_json"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return 0 (done), 1 (a problem with the input) or 2 (wrong usage)."""
    options = make_parser().parse_args(arguments)
    _open_streams()
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except ToolkitError as error:
        print(_plain(str(error)), file=sys.stderr)
        return PROBLEM
    except BrokenPipeError:
        # The reader of the pipe has seen enough; what is left in the buffer has no reader.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        # A full disk and a missing right are no bugs of ours, wherever they are met.
        where = error.filename or "standard output"
        print(_plain(f"the system refuses ({error.strerror}); make room or free it [{where}]"), file=sys.stderr)
        if error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEM
    except MemoryError:
        print("the memory is not enough; give less at once or draw less often", file=sys.stderr)
        return PROBLEM
    except KeyboardInterrupt:
        print("interrupted; nothing was left half written", file=sys.stderr)
        return 130


def _open_streams() -> None:
    """See to it that printing cannot fail: not for a closed stream, nor for what its encoding lacks."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif hasattr(stream, "reconfigure") and not stream.closed:
            stream.reconfigure(errors="replace")


def _plain(text: str) -> str:
    from toolkit.tables import printable

    return "\n".join(printable(line) for line in text.split("\n"))


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="toolkit",
        description="Label the sentences of news articles as accusation, denial, pledge, diplomatic statement or none, "
        "and measure how far the labels can be trusted.",
    )
    parser.add_argument("--version", action="version", version=f"toolkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    train = _command(commands, "train", _train, "train and evaluate experiments")
    train.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help="a .toml file or its bare name; none: all of experiments/"
    )
    _corpus_option(train)
    train.add_argument("--runs", default="runs", metavar="DIR", help="where run folders go (default: runs)")
    train.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="replace a setting, as in classifier.C=3"
    )
    _jobs_options(train)

    report = _command(commands, "report", _report, "measure and render a run's report again, from its predictions")
    report.add_argument("run_folders", nargs="+", metavar="RUN", help="run folders")
    report.add_argument(
        "--resamples", type=_draws, metavar="N", help="draws of articles (default: as the experiment says)"
    )

    compare = _command(commands, "compare", _compare, "compare runs from their stored predictions")
    compare.add_argument("runs", nargs="*", metavar="RUN", help="run folders; none: all of runs/")
    compare.add_argument("--against", metavar="RUN", help="the run that differences are to")
    compare.add_argument("--output", metavar="FILE", help="write .html, .md, .tex or .json instead of printing")

    label = _command(commands, "label", _label, "label articles (.txt, .md, -), folders of them, or a table")
    label.add_argument(
        "inputs", nargs="+", metavar="INPUT", help="article, folder or table (.csv, .tsv, .jsonl, .parquet)"
    )
    _model_options(label)
    label.add_argument("--output", metavar="FILE", help=".csv, .tsv, .jsonl, .parquet or, for articles, .html")
    label.add_argument("--text-column", metavar="NAME", help="the table's column of text (default: text or sentence)")

    evaluate = _command(commands, "evaluate", _evaluate, "score a model on a table with gold labels")
    evaluate.add_argument("table", metavar="TABLE", help="a .csv, .tsv, .jsonl or .parquet file")
    _model_options(evaluate)
    _column_options(evaluate)
    evaluate.add_argument("--output", metavar="DIR", help="write predictions.csv and scores.json there")

    explain = _command(commands, "explain", _explain, "show the n-grams that pull a sentence to its label")
    explain.add_argument("text", metavar="TEXT", help="one sentence")
    _model_options(explain)

    curve = _command(commands, "curve", _curve, "draw how an experiment's scores rise with the articles it learns from")
    curve.add_argument("experiment", metavar="EXPERIMENT", help="a .toml file, or the name of one in experiments/")
    curve.add_argument(
        "--table", metavar="TABLE", help="score on these sentences (default: articles held out of training)"
    )
    _column_options(curve)
    curve.add_argument(
        "--draws", type=_whole, default=3, metavar="N", help="random orders of the articles (default: 3)"
    )
    curve.add_argument(
        "--fractions",
        type=_share,
        nargs="+",
        default=(1 / 8, 1 / 4, 1 / 2, 1.0),
        metavar="SHARE",
        help="shares of the articles to learn from (default: 1/8 1/4 1/2 1)",
    )
    curve.add_argument(
        "--output",
        metavar="FILE",
        help="write the curve as .svg or .json (default, without --table: into the experiment's run, for compare)",
    )
    curve.add_argument("--runs", default="runs", metavar="DIR", help="where run folders lie (default: runs)")
    _corpus_option(curve)
    _jobs_options(curve)

    corpus = commands.add_parser(
        "corpus", help="check and describe a corpus", description="Check and describe a corpus."
    )
    about = corpus.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, run, text in (("agreement", _corpus_agreement, "measure how far the two annotators agree"),):
        _corpus_option(_command(about, name, run, text))
    check = _command(about, "check", _corpus_check, "validate the tables and the texts; list all problems")
    check.add_argument("--against", metavar="TABLE", help="also list the sentences most like one of this table's")
    check.add_argument("--text-column", metavar="NAME", help="the table's column of text (default: text or sentence)")
    _corpus_option(check)
    stats = _command(about, "stats", _corpus_stats, "count sentences by label, genre, year and length")
    stats.add_argument("--output", metavar="FILE.svg", help="draw the counts")
    _corpus_option(stats)
    export = _command(about, "export", _corpus_export, "write all sentences as one flat table")
    export.add_argument("output", metavar="FILE", help="a .csv, .tsv, .jsonl or .parquet file")
    _corpus_option(export)

    verify = _command(commands, "verify", _verify, "train a run again; say whether everything is the same")
    verify.add_argument("run_folder", metavar="RUN", help="a run folder")
    _corpus_option(verify)
    _jobs_options(verify)

    inspect = _command(commands, "inspect", _inspect, "say what a model is and needs, without running anything from it")
    inspect.add_argument("model", metavar="MODEL", help="a model's folder")
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _corpus_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", default="data", metavar="DIR", help="the corpus folder (default: data)")


def _column_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text-column", metavar="NAME", help="default: text or sentence")
    parser.add_argument("--label-column", default="label", metavar="NAME", help="default: label")
    parser.add_argument("--also-column", metavar="NAME", help="a second defensible label, for lenient scores")


def _jobs_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=_whole, default=_cores(), metavar="N", help="folds fitted at once (default: all cores)"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but problems")


def _model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="DIR", help=f"a model's folder (default: {DEFAULT_MODEL})"
    )
    parser.add_argument("--trust", action="store_true", help="open a joblib model, which can run code")


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, a whole number from 1 up was expected")
    return number


def _draws(text: str) -> int:
    number = _whole(text)
    if number > MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"{text!r} came, at most {MOST_DRAWS:,} draws were expected")
    return number


def _share(text: str) -> float:
    try:
        share = float(Fraction(text))
    except (ValueError, ZeroDivisionError):
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} came, a share above 0 and at most 1 was expected")
    return share


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Progress:
    """A bar on a terminal, a line when done elsewhere, nothing when quiet."""

    def __init__(self, name: str, quiet: bool) -> None:
        self.name, self.quiet = name, quiet
        self.bar: Any = None

    def __call__(self, step: str, done: int, of: int) -> None:
        if self.quiet:
            return
        if not sys.stderr.isatty():
            if done == of:
                print(f"{self.name}: {of} of {of} {step}s done", file=sys.stderr)
            return
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=of, desc=self.name, unit="fit", leave=False)
        self.bar.update(1)
        if done == of:
            self.bar.close()
            self.bar = None


def _train(options: argparse.Namespace) -> int:
    from toolkit import corpus, experiment

    paths = experiment.find_experiments(options.experiments)
    loaded = corpus.load_corpus(options.corpus)
    for path in paths:
        progress = _Progress(path.stem, options.quiet)
        run = experiment.train(path, loaded, options.runs, options.set, options.jobs, progress)
        if not options.quiet:
            test, held = (run.report["scores"][split]["headline"]["value"] for split in ("test", "train"))
            print(
                f"{run.name:<18} macro F1 {held:.3f} cross-validated, {_of_folds(run)}{test:.3f} on test"
                f"  ->  {run.folder}/report.html"
            )
    return DONE


def _of_folds(run: Run) -> str:
    if run.repeats is None:
        return ""
    found = run.repeats.headline()
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] in the mean of {len(run.repeats.folds)} folds, "


def _report(options: argparse.Namespace) -> int:
    from toolkit.experiment import render_again

    for folder in options.run_folders:
        run = render_again(folder, options.resamples)
        print(f"{run.folder}/report.html")
    return DONE


def _compare(options: argparse.Namespace) -> int:
    from toolkit.comparison import compare
    from toolkit.folders import folders_with
    from toolkit.tables import whole_file

    if options.output is not None and Path(options.output).suffix.lower() not in COMPARISON_ENDINGS:
        raise ToolkitError(
            f"the ending {Path(options.output).suffix!r} is none of {', '.join(COMPARISON_ENDINGS)}; "
            f"name another output [{options.output}]"
        )
    folders = options.runs or folders_with("runs", "manifest.json")
    against = options.against
    if against is not None and Path(against).is_dir() and against not in map(str, folders):
        folders = [*folders, against]
    comparison = compare(folders, against)
    if options.output is None:
        print(_plain(comparison.to_text()), end="")
        return DONE
    ending = Path(options.output).suffix.lower()
    text = getattr(comparison, COMPARISON_ENDINGS[ending])()
    with whole_file(options.output) as file:
        file.write(text.encode("utf-8", "replace"))
    return DONE


def _load(options: argparse.Namespace) -> SentenceClassifier:
    import gc

    from toolkit.labelling import load_model

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
    from toolkit.tables import TABLE_ENDINGS

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
    from toolkit.tables import ARTICLE_ENDINGS, TABLE_ENDINGS

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
    from toolkit.tables import read_table

    if options.output and options.output.lower().endswith(".html"):
        raise ToolkitError(f"a table has no page to read; name a .csv, .tsv, .jsonl or .parquet [{options.output}]")
    batches = _load(options).label_table(read_table(path), options.text_column, path)
    return _write_rows(options.output, batches)


def _label_articles(options: argparse.Namespace, inputs: list[str]) -> int:
    from toolkit.tables import read_article, whole_file

    model = _load(options)
    several = len(inputs) > 1
    if options.output and options.output.lower().endswith(".html"):
        from toolkit.report import render_articles

        articles = [
            ("standard input" if name == "-" else name, model.label_article(read_article(name))) for name in inputs
        ]
        with whole_file(options.output) as file:
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
    from toolkit.tables import TableWriter, json_lines

    if output is not None:
        TableWriter(output, others).write(batches)
        return DONE
    if sys.stdout.isatty():
        for batch in batches:
            for row in batch:
                text = next((value for value in row.values() if isinstance(value, str)), "")
                print(f"{row['label'] or '–':<12} {_plain(str(row.get('text', row.get('sentence', text))))}")
        return DONE
    for batch in batches:
        sys.stdout.buffer.write(json_lines(batch).encode("utf-8", "replace"))
    return DONE


def _print_article(name: str | None, article: LabelledArticle) -> None:
    from toolkit.tables import printable

    if name is not None:
        print(f"\n{printable(name)}")
    for sentence, label, shares in zip(article.sentences, article.labels, article.proba, strict=True):
        print(f"{label:<12} {shares.max():>4.0%}  {printable(sentence.text)}")


def _evaluate(options: argparse.Namespace) -> int:
    from toolkit.evaluation import grade, make_predictions

    model = _load(options)
    sentences, gold, also = _gold_table(options, model.label_set)
    predictions = make_predictions(model.label_set, sentences, gold, model.predict_proba(sentences))
    graded = grade(predictions, also)
    _print_grades(graded)
    if options.output:
        _write_evaluation(Path(options.output), predictions, graded)
    return DONE


def _gold_table(options: argparse.Namespace, labels: LabelSet) -> tuple[list[str], list[str], list[str | None] | None]:
    """Read sentences, gold labels and, where asked for, second labels of a table."""
    from toolkit.batches import cells_of
    from toolkit.tables import read_table, text_column

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
    from toolkit.evaluation import write_predictions
    from toolkit.tables import whole_file

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolkitError(f"the folder cannot be made; name another with --output [{folder}]") from error
    with whole_file(folder / "predictions.csv") as file:
        file.write(write_predictions(predictions).encode("utf-8", "replace"))
    with whole_file(folder / "scores.json") as file:
        record = {name: scores.to_dict() for name, scores in graded.items()}
        file.write((json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))


def _explain(options: argparse.Namespace) -> int:
    from toolkit.explanation import explain

    model = _load(options)
    if not options.text.strip():
        raise ToolkitError("the sentence is empty; give one in quotes")
    shares = model.predict_proba([options.text])[0]
    pulls = explain(model.pipeline, model.label_set, options.text)
    for place in shares.argsort(kind="stable")[::-1]:
        name = model.labels[place]
        print(f"{name} {shares[place]:.1%}")
        for weight in pulls.get(name, []):
            ngram = _plain(weight.ngram).replace(" ", "·")
            print(f"  {weight.value:+.3f}  {ngram}" + ("" if weight.kind == "words" else f"  ({weight.kind})"))
    return DONE


def _curve(options: argparse.Namespace) -> int:
    from toolkit.config import read_experiment
    from toolkit.corpus import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.curves import LabelledSentences, learning_curve
    from toolkit.experiment import find_experiments

    if options.output and Path(options.output).suffix.lower() not in (".svg", ".json"):
        raise ToolkitError(
            f"the ending {Path(options.output).suffix!r} is none of .svg, .json; name another output [{options.output}]"
        )
    [path] = find_experiments([options.experiment])
    experiment, corpus = read_experiment(path), load_corpus(options.corpus)
    labels = corpus_labels(corpus)
    outside = None
    if options.table:
        text, gold, also = _gold_table(options, labels)
        outside = LabelledSentences(tuple(text), tuple(gold), tuple(also) if also is not None else None)
    beside = None
    if not options.output and not options.table:
        # Said before: to learn so many times takes minutes.
        beside = _place_beside_run(Path(options.runs) / experiment.name, experiment.digest, corpus_fingerprint(corpus))
    progress = _Progress(f"curve of {experiment.name}", options.quiet)
    found = learning_curve(
        experiment,
        corpus,
        labels,
        outside,
        fractions=options.fractions,
        n_draws=options.draws,
        n_jobs=options.jobs,
        progress=progress,
    )
    print(f"{'articles':>8}  {'sentences':>9}{''.join(f'{name:>17}' for name in found.scores)}")
    for place, n_articles in enumerate(found.n_articles):
        means = "".join(f"{values[place].mean():>17.3f}" for values in found.scores.values())
        print(f"{n_articles:>8}  {found.n_sentences[place]:>9}{means}")
    _print_forecast(found)
    if options.output:
        _write_curve(Path(options.output), found)
    elif beside:
        _write_curve(beside, found)
        print(f"saved for 'toolkit compare' to draw  ->  {beside}")
    return DONE


def _place_beside_run(folder: Path, digest: str, fingerprint: str) -> Path | None:
    """Return where a curve goes in the run of the same experiment on the same corpus; say why it goes nowhere."""
    from toolkit.experiment import CURVE, load_run

    if not (folder / "manifest.json").is_file():
        told = f"the curve will not be saved: there is no run of it; train it or name an --output [{folder}]"
    else:
        manifest = load_run(folder).manifest
        if (manifest["digest"], manifest["corpus"]["fingerprint"]) == (digest, fingerprint):
            return folder / CURVE
        told = (
            "the curve will not be saved: its run has other settings or another corpus; "
            f"train it again or name an --output [{folder}]"
        )
    print(told, file=sys.stderr)
    return None


def _print_forecast(curve: LearningCurve) -> None:
    """Print what a power law through the points predicts for twice the articles, if there are points enough."""
    import numpy as np

    from toolkit.powerlaw import FEWEST_POINTS, forecast

    if len(set(curve.n_articles)) < FEWEST_POINTS or any(np.isnan(values).any() for values in curve.scores.values()):
        return
    laws = [forecast(curve.n_articles, values) for values in curve.scores.values()]
    print(f"{laws[0].n_articles:>8}  {'predicted':>9}{''.join(f'{law.value:>17.3f}' for law in laws)}")
    ranges = [f"[{law.low:.3f}, {law.high:.3f}]" if law.low == law.low else "–" for law in laws]
    print(f"{'':>8}  {'95 %':>9}{''.join(f'{shown:>17}' for shown in ranges)}")


def _write_curve(path: Path, curve: LearningCurve) -> None:
    from toolkit.figures import draw_learning_curve, standalone
    from toolkit.tables import whole_file

    is_figure = path.suffix.lower() == ".svg"
    text = standalone(draw_learning_curve(curve)) if is_figure else json.dumps(curve.to_dict(), indent=1) + "\n"
    with whole_file(path) as file:
        file.write(text.encode("utf-8"))


def _corpus_check(options: argparse.Namespace) -> int:
    from toolkit.corpus import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.quality import audit

    try:
        corpus = load_corpus(options.corpus)
        labels = corpus_labels(corpus)
        rows = [{**row, "label": labels.names[row["label"]]} for split in corpus.values() for row in split]
        found = audit(rows, labels)
        problems = list(found.problems) + (_most_alike(rows, options) if options.against else [])
        if found.names:
            print(
                f"of {found.names.n_sentences} sentences with names a classifier that sees names alone labels "
                f"{found.names.accuracy:.1%} right, one that sees how many {found.names.by_number:.1%}, the commonest "
                f"label {found.names.majority:.1%}; names gain {found.names.low:+.1%} to {found.names.high:+.1%}"
            )
        for warning in found.warnings:
            print(_plain(f"worth a look: {warning}"))
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
    from toolkit.quality import MOST_ALIKE, most_alike
    from toolkit.tables import read_table, text_column

    others = [row for batch in read_table(options.against) for row in batch]
    if not others:
        raise ToolkitError(f"the table has no row; name one with sentences [{options.against}]")
    text = text_column(others, options.text_column, options.against)
    pairs = most_alike([row["text"] for row in rows], [str(row.get(text) or "") for row in others], len(rows))
    print("most like a sentence of the table, by share of 5-grams:")
    for pair in pairs[:N_ALIKE]:
        own, other = rows[pair.first], others[pair.second]
        print(_plain(f"  {pair.alike:.2f}  {own['article']}:{own['position']}  {own['text']}"))
        print(_plain(f"        row {pair.second + 1}  {other.get(text) or ''}"))
    return [
        f"the sentence shares {pair.alike:.0%} of its 5-grams with row {pair.second + 1} of {options.against}; "
        f"rewrite it [{rows[pair.first]['article']}:{rows[pair.first]['position']}]"
        for pair in pairs
        if pair.alike > MOST_ALIKE
    ]


def _corpus_stats(options: argparse.Namespace) -> int:
    from collections import Counter

    from toolkit.corpus import corpus_labels, load_corpus

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
    shown = [_plain(name) for name in names]
    groups = [_plain(group) for group in rows]
    first, width = max(16, *map(len, groups)) + 2, max(10, *map(len, shown)) + 2
    print(f"{title:<{first}}{''.join(f'{name:>{width}}' for name in shown)}" + (f"{'all':>8}" if totals else ""))
    for group, counts in zip(groups, rows.values(), strict=True):
        cells = "".join(f"{count:>{width}}" for count in counts)
        print(f"{group:<{first}}{cells}" + (f"{sum(counts):>8}" if totals else ""))


def _print_cues(texts: list[str], gold: list[str], acts: Sequence[str]) -> None:
    from toolkit.quality import find_cues

    for act in acts:
        if act in gold:
            found = find_cues(texts, gold, act)
            listed = ", ".join(f"{cue.stem} {cue.share:.0%}" for cue in found.cues)
            print(f"\n{act}: commonest cues {listed}")
            print(f"{act}: {found.cueless:.0%} have none of them; {found.n_misleading} other sentences have one")


def _draw_stats(output: str, counts: dict[str, dict[str, list[int]]], titles: list[str]) -> None:
    from toolkit.figures import draw_corpus, standalone
    from toolkit.tables import whole_file

    if Path(output).suffix.lower() != ".svg":
        raise ToolkitError(f"the ending {Path(output).suffix!r} is not .svg; name another output [{output}]")
    with whole_file(output) as file:
        file.write(standalone(draw_corpus(counts, titles)).encode("utf-8"))


def _length_group(n_words: int) -> str:
    return next((f"{most - 9}-{most}" for most in (10, 20, 30, 40) if n_words <= most), "41+")


def _corpus_agreement(options: argparse.Namespace) -> int:
    from toolkit.agreement import measure_agreement
    from toolkit.corpus import corpus_labels, load_corpus

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


def _print_agreement(title: str, estimate: tuple[float, float, float], width: int, why: str) -> None:
    """Print a coefficient with its interval, or why it is undefined."""
    value, low, high = estimate
    # Only nan differs from itself.
    told = f"{value:>7.3f}  [{low:.3f}, {high:.3f}]" if value == value else f"{'–':>7}  {why}"
    print(f"{_plain(title):<{width}}{told}")


def _corpus_export(options: argparse.Namespace) -> int:
    from toolkit.corpus import LABEL_COLUMNS, corpus_labels, load_corpus
    from toolkit.tables import TableWriter

    corpus = load_corpus(options.corpus, needed=())
    names = corpus_labels(corpus).names
    rows = [
        {**row, **{key: "" if row[key] is None else names[row[key]] for key in LABEL_COLUMNS}, "split": split}
        for split, sentences in corpus.items()
        for row in sentences
    ]
    TableWriter(options.output).write([rows])
    return DONE


def _verify(options: argparse.Namespace) -> int:
    from toolkit.experiment import verify

    found = verify(options.run_folder, options.corpus, options.jobs, _Progress("verify", options.quiet))
    if found:
        raise ToolkitError(f"the run is not reproduced: {some(found)} [{options.run_folder}]")
    if not options.quiet:
        print("the same: every prediction, score, figure and model byte, the clock's fields aside")
    return DONE


def _inspect(options: argparse.Namespace) -> int:
    from toolkit.artifacts import inspect_model

    found = inspect_model(options.model)
    manifest = found["manifest"]
    print(f"experiment   {_plain(str(manifest.get('experiment', '–')))}")
    state = "intact" if found["intact"] else "NOT the file its manifest names"
    print(f"file         {manifest['file']}, {manifest['bytes']:,} bytes, {state}")
    print(f"labels       {_plain(', '.join(label['name'] for label in manifest['labels']['label']))}")
    print(f"segmenter    {_plain(str(manifest.get('segmenter', '–')))}")
    print(f"engine       {_plain(_engine_line(manifest))}")
    print("needs        " + _plain(", ".join(f"{name} {number}" for name, number in manifest["versions"].items())))
    print(f"types        {_plain(', '.join(found['types']) or '–')}")
    print(f"not trusted  {_plain(', '.join(found['untrusted']) or 'none')}")
    return DONE


def _engine_line(manifest: dict[str, Any]) -> str:
    compiled = manifest.get("compiled") or {}
    if "reason" in compiled:
        return f"scikit-learn: {compiled['reason']}"
    return f"compiled, {compiled['bytes']:,} bytes" if "bytes" in compiled else "compiled when first used"


if __name__ == "__main__":
    sys.exit(main())
