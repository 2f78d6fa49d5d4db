"""The tables of a corpus -> a validated Hugging Face ``DatasetDict``, its label set and its fingerprint."""

from __future__ import annotations

import datetime
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.encodings import decode
from toolkit.exceptions import CorpusError, did_you_mean
from toolkit.files import DamagedCells, find_delimiter, has_words, header_problem, read_cells, unescape_formula
from toolkit.labels import LabelSet, read_labels

if TYPE_CHECKING:
    from datasets import DatasetDict

SPLITS = ("train", "test")
ARTICLE_COLUMNS = ("article", "date", "title", "genre", "split")
# May be missing: which collection an article belongs to.
COLLECTION = "collection"
# The collection of whole articles, in which labels are as common as in ordinary news.
NATURAL = "natural"
SENTENCE_COLUMNS = ("article", "position", "paragraph", "text", "label", "also", "first", "second")
LABEL_COLUMNS = ("label", "also", "first", "second")
# Order in which a sentence's fields enter the fingerprint; a new column goes last.
FINGERPRINT_COLUMNS = ("article", "date", "genre", "title", "position", "paragraph", "text", *LABEL_COLUMNS)
_Row = tuple[int, dict[str, str]]


def load_corpus(folder: str | Path = "data", needed: Sequence[str] = SPLITS) -> DatasetDict:
    """Read and validate a corpus.

    Parameters
    ----------
    folder : str or Path
        Folder with ``labels.toml``, ``sentences.csv`` and, unless every sentence is its
        own article, ``articles.csv``. A column ``collection`` of the articles is optional.
    needed : sequence of str
        Splits that must have a sentence; if empty, the corpus as a whole must have one.

    Returns
    -------
    datasets.DatasetDict
        ``train`` and ``test``. One row per sentence in the order of the file, columns
        ``article, date, title, genre, collection, position, paragraph, text`` and, as ``ClassLabel``
        in the order of the label set, ``label, also, first, second`` (null where empty).

    Raises
    ------
    CorpusError
        If anything is wrong: all problems of the folder at once, each one sentence with
        its file and line.

    Notes
    -----
    Without ``articles.csv``, a sentence's article is its ``article`` cell if there is such
    a column, and otherwise the sentence itself. Its split is its ``split`` cell if there is
    one; otherwise a hash of the article decides, which puts about a fifth into the test
    split. Equal sentences are therefore never in both splits, and adding rows moves none.
    Positions count from 0 and paragraphs are 0, unless the table has columns for them; a
    corpus that was exported as one flat table comes back as it was. An apostrophe that an
    export put before a cell, to keep a spreadsheet from running it as a formula, is removed.

    Examples
    --------
    >>> corpus = load_corpus("data")
    >>> corpus["train"].features["label"].names
    ['accusation', 'denial', 'pledge', 'statement', 'none']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CorpusError([f"there is no corpus folder; name one with labels.toml and sentences.csv [{folder}]"])
    reader = _Reader(read_labels(folder / "labels.toml"))
    sentences = _read_tables(reader, folder / "articles.csv", folder / "sentences.csv")
    if not reader.problems:
        _check_splits(reader, sentences, needed, folder / "sentences.csv")
    if reader.problems:
        raise CorpusError(reader.problems)
    return _to_datasets(sentences, reader.labels)


@dataclass
class _Reader:
    """Reads the tables of one corpus, and collects all their problems before any is raised."""

    labels: LabelSet
    problems: list[str] = field(default_factory=list)
    unknown_splits: set[str] = field(default_factory=set)

    def add_problem(self, message: str, path: Path, line: int | None = None) -> None:
        self.problems.append(f"{message} [{path}{'' if line is None else f':{line}'}]")

    def rows(self, path: Path, required: Iterable[str]) -> Iterator[_Row]:
        """Yield the line number and the record of each row that can be read."""
        try:
            text = decode(path.read_bytes())
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.add_problem(f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8", path, line)
            return
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            self.add_problem("the table contains a NUL character; save it as plain CSV text", path, line)
            return
        try:
            records = read_cells(lambda: io.StringIO(text, newline=""), find_delimiter(text))
            yield from self._records(path, required, records)
        except DamagedCells as error:
            self.add_problem(error.message, path, error.line)

    def _records(self, path: Path, required: Iterable[str], records: Iterator[tuple[int, list[str]]]) -> Iterator[_Row]:
        line, header = next(records, (1, []))
        missing = [name for name in required if name not in header]
        for name in missing:
            near = did_you_mean(name, header)
            self.add_problem(f"column {name!r} is missing from the header ({', '.join(header)}){near}", path, line)
        if problem := header_problem(header):
            self.add_problem(problem, path, line)
        elif not missing:
            for line, cells in records:
                if len(cells) == len(header):
                    yield line, dict(zip(header, map(unescape_formula, cells), strict=True))
                else:
                    wanted = f"expected {len(header)} as in the header; correct the row"
                    self.add_problem(f"{len(cells)} cells came, {wanted}", path, line)


def _read_tables(reader: _Reader, articles_path: Path, sentences_path: Path) -> list[dict[str, Any]]:
    """Read all sentences, each with the fields of its article."""
    if not sentences_path.is_file():
        raise CorpusError([f"there is no sentences.csv; write one row per sentence [{sentences_path}]"])
    if not articles_path.exists():
        return _read_flat_table(reader, sentences_path)
    if not articles_path.is_file():
        raise CorpusError([f"articles.csv is not a file; write one row per article, or remove it [{articles_path}]"])
    return _read_sentences(reader, sentences_path, _read_articles(reader, articles_path))


def _check_splits(reader: _Reader, sentences: Sequence[Mapping[str, Any]], needed: Sequence[str], path: Path) -> None:
    if not sentences:
        reader.add_problem("the table has no sentence; write one row per sentence", path)
        return
    for split in needed:
        if not any(row["split"] == split for row in sentences):
            reader.add_problem(f"no sentence is in the {split} split; give some article the split '{split}'", path)


def open_corpus(corpus: str | Path | DatasetDict, needed: Sequence[str] = SPLITS) -> DatasetDict:
    """Return a corpus that is a folder or is loaded already.

    Parameters
    ----------
    corpus : str, Path or DatasetDict
        Its folder, or the corpus itself, which is returned as it is.
    needed : sequence of str
        As :func:`load_corpus` takes it.

    Examples
    --------
    >>> corpus = open_corpus("data")
    >>> open_corpus(corpus) is corpus
    True
    """
    return load_corpus(corpus, needed) if isinstance(corpus, str | Path) else corpus


def _read_articles(reader: _Reader, path: Path) -> dict[str, dict[str, str]]:
    articles: dict[str, dict[str, str]] = {}
    first_lines: dict[str, int] = {}
    for line, row in reader.rows(path, ARTICLE_COLUMNS):
        name, split = row["article"], row["split"]
        if not name.strip():
            reader.add_problem("the article has no id; give it one", path, line)
        if not _is_date(row["date"]):
            reader.add_problem(f"date {row['date']!r} is not a date; write YYYY-MM-DD", path, line)
        _check_split(reader, split, path, line)
        if name in articles and articles[name]["split"] != split:
            _report_both_splits(reader, name, first_lines[name], path, line)
        elif name in articles:
            reader.add_problem(
                f"article {name!r} already occurs on line {first_lines[name]}; ids must be unique", path, line
            )
        articles.setdefault(name, row)
        first_lines.setdefault(name, line)
    return articles


def _read_sentences(reader: _Reader, path: Path, articles: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    sentences: list[dict[str, Any]] = []
    first_lines: dict[tuple[str, int], int] = {}
    for line, row in reader.rows(path, SENTENCE_COLUMNS):
        if row["article"] not in articles:
            near = did_you_mean(row["article"], articles)
            reader.add_problem(f"article {row['article']!r} is not in articles.csv{near}", path, line)
        numbers = _read_position(reader, row, first_lines, path, line)
        _check_sentence(reader, row, path, line)
        article = articles.get(row["article"], {})
        facts = {name: article.get(name, "") for name in (*ARTICLE_COLUMNS[1:], COLLECTION)}
        sentences.append({**row, **facts, **numbers})
    return sentences


def _read_flat_table(reader: _Reader, path: Path) -> list[dict[str, Any]]:
    """Read sentences that bring no table of articles."""
    sentences: list[dict[str, Any]] = []
    last_positions: dict[str, int] = {}
    first_lines: dict[tuple[str, int], int] = {}
    first_splits: dict[str, tuple[str, int]] = {}
    for line, row in reader.rows(path, ("text", "label")):
        _check_sentence(reader, row, path, line)
        article = row.get("article") or "s-" + hashlib.sha256(row["text"].encode()).hexdigest()[:12]
        split = row["split"] if "split" in row else _hashed_split(article)
        _check_split(reader, split, path, line)
        first_split, first_line = first_splits.setdefault(article, (split, line))
        if first_split != split:
            _report_both_splits(reader, article, first_line, path, line)
        position = last_positions[article] = last_positions.get(article, -1) + 1
        numbers = {"position": position, "paragraph": 0}
        if {"article", "position", "paragraph"} <= set(row):
            numbers = _read_position(reader, {**row, "article": article}, first_lines, path, line)
        empty = dict.fromkeys(("date", "title", "genre", COLLECTION, "also", "first", "second"), "")
        sentences.append({**empty, **row, "article": article, "split": split, **numbers})
    return sentences


def _read_position(
    reader: _Reader, row: Mapping[str, str], first_lines: dict[tuple[str, int], int], path: Path, line: int
) -> dict[str, int]:
    """Read position and paragraph as numbers; no other sentence of the article may have the position."""
    numbers = {}
    for name in ("position", "paragraph"):
        if row[name].isascii() and row[name].isdigit() and len(row[name].lstrip("0")) < 10:
            numbers[name] = int(row[name])
        else:
            reader.add_problem(f"{name} {row[name]!r} is not a whole number from 0 to 999,999,999", path, line)
    if "position" in numbers:
        first_line = first_lines.setdefault((row["article"], numbers["position"]), line)
        if first_line != line:
            reader.add_problem(
                f"position {numbers['position']} of article {row['article']!r} already occurs on line {first_line}; "
                "positions must be unique",
                path,
                line,
            )
    return numbers


def _check_split(reader: _Reader, split: str, path: Path, line: int) -> None:
    if split not in SPLITS and split not in reader.unknown_splits:
        reader.unknown_splits.add(split)
        hint = did_you_mean(split, SPLITS) or "; write 'train' in all such rows: folds of train are what validates"
        reader.add_problem(f"split {split!r} is neither 'train' nor 'test'{hint}", path, line)


def _report_both_splits(reader: _Reader, article: str, first_line: int, path: Path, line: int) -> None:
    reader.add_problem(
        f"article {article!r} is in both splits (first on line {first_line}); keep it in one", path, line
    )


def _check_sentence(reader: _Reader, row: dict[str, str], path: Path, line: int) -> None:
    """Check text and labels, and give these the spelling of the label set."""
    if not has_words(row["text"]):
        reader.add_problem("the text is empty; write the sentence or remove the row", path, line)
    for name in LABEL_COLUMNS:
        value = row.get(name, "")
        label = reader.labels.find(value) if value or name == "label" else ""
        if label is None:
            reader.add_problem(reader.labels.unknown(value), path, line)
        elif label:
            row[name] = label


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _hashed_split(article: str) -> str:
    return "test" if hashlib.sha256(article.encode()).digest()[0] < 256 / 5 else "train"


def _to_datasets(sentences: list[dict[str, Any]], labels: LabelSet) -> DatasetDict:
    import pyarrow as pa
    from datasets import ClassLabel, Dataset, DatasetDict, DatasetInfo, Features, NamedSplit, Value

    label_index = {name: index for index, name in enumerate(labels.names)}
    strings = ("article", "date", "title", "genre", COLLECTION)
    features = Features(
        {name: Value("string") for name in strings}
        | {"position": Value("int32"), "paragraph": Value("int32"), "text": Value("string")}
        | {name: ClassLabel(names=list(labels.names)) for name in LABEL_COLUMNS}
    )
    splits = {}
    for split in SPLITS:
        rows = [row for row in sentences if row["split"] == split]
        columns: dict[str, list[Any]] = {
            name: [label_index.get(row[name]) if name in LABEL_COLUMNS else row[name] for row in rows]
            for name in features
        }
        table = pa.table(columns, schema=features.arrow_schema)
        info = DatasetInfo(features=features, description=json.dumps(labels.to_dict(), ensure_ascii=False))
        # datasets would choose a random fingerprint; equal tables must have equal ones.
        fingerprint = _digest(_canonical_cells(rows), labels)[:16]
        splits[split] = Dataset(table, info=info, split=NamedSplit(split), fingerprint=fingerprint)
    return DatasetDict(splits)


def corpus_labels(corpus: DatasetDict) -> LabelSet:
    """Return the label set that a corpus was read with.

    Parameters
    ----------
    corpus : datasets.DatasetDict
        As ``load_corpus`` returns it. A corpus made elsewhere has only the names of its
        labels; none of them is then the background.

    Examples
    --------
    >>> corpus_labels(load_corpus("data")).background
    'none'
    """
    train = corpus["train"]
    names = train.features["label"].names
    try:
        labels = LabelSet.from_dict(json.loads(train.info.description))
    except ValueError:
        return LabelSet.from_names(names)
    return labels if list(labels.names) == names else LabelSet.from_names(names)


def corpus_fingerprint(corpus: DatasetDict) -> str:
    """Hash the content of a corpus: every sentence, its labels, article and split.

    The fingerprint depends on the content alone, not on the folder, the line endings or
    the version of ``datasets``; a single changed letter changes it. Collections are hashed
    only where an article is in one.

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256).

    Examples
    --------
    >>> from datasets import DatasetDict
    >>> corpus = DatasetDict({name: split.select(range(50)) for name, split in load_corpus("data").items()})
    >>> fingerprint = corpus_fingerprint(corpus)
    >>> fingerprint == corpus_fingerprint(load_corpus("data"))
    False
    """
    labels = corpus_labels(corpus)
    names = labels.names
    rows = []
    for split in SPLITS:
        for row in corpus[split]:
            named = {name: "" if row[name] is None else names[row[name]] for name in LABEL_COLUMNS}
            rows.append({**row, **named, "split": split})
    return _digest(_canonical_cells(rows), labels)


def _canonical_cells(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    # A corpus without collections, or made before there were any, keeps its fingerprint.
    optional = (COLLECTION,) if any(row.get(COLLECTION) for row in rows) else ()
    for row in rows:
        for name in ("split", *FINGERPRINT_COLUMNS, *optional):
            yield str(row[name])


def _digest(cells: Iterable[str], labels: LabelSet) -> str:
    digest = hashlib.sha256()
    for cell in (str(labels.background), *labels.names, *cells):
        # Each length precedes its text: otherwise a letter moved to the next cell would change nothing.
        encoded = cell.encode("utf-8")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
