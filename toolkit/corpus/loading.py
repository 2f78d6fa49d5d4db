"""The two tables of a corpus <-> Hugging Face ``datasets``: read, validate, fingerprint."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.exceptions import CorpusError, did_you_mean
from toolkit.files.csv_cells import LONGEST_CELL, cell_reader, unescape_formula
from toolkit.labels import LabelSet, read_labels

if TYPE_CHECKING:
    from datasets import DatasetDict

SPLITS = ("train", "test")
ARTICLE_COLUMNS = ("article", "date", "title", "genre", "split")
SENTENCE_COLUMNS = ("article", "position", "paragraph", "text", "label", "also", "first", "second")
LABEL_COLUMNS = ("label", "also", "first", "second")
# Order in which a sentence's fields enter the fingerprint; a new column goes last.
FINGERPRINT_COLUMNS = ("article", "date", "genre", "title", "position", "paragraph", "text", *LABEL_COLUMNS)
_Row = tuple[int, dict[str, str]]


@dataclass
class _Reader:
    """Problems and rows of the files of one corpus, gathered before anything is raised."""

    labels: LabelSet
    problems: list[str] = field(default_factory=list)

    def complain(self, message: str, path: Path, line: int | None = None) -> None:
        self.problems.append(f"{message} [{path}{'' if line is None else f':{line}'}]")

    def rows(self, path: Path, required: Iterable[str]) -> Iterator[_Row]:
        """Yield line number and record of a CSV file; complain of what is no record."""
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            self.complain(f"byte 0x{error.object[error.start]:02x} is not UTF-8; save the file as UTF-8", path, line)
            return
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            self.complain("a NUL character stands in the table; save it as plain CSV text", path, line)
            return
        reader = cell_reader(io.StringIO(text, newline=""), strict=True)
        try:
            header: list[str] = next(reader, [])
            missing = [name for name in required if name not in header]
            for name in missing:
                near = did_you_mean(name, header)
                self.complain(f"column {name!r} is missing from the header ({', '.join(header)}){near}", path, 1)
            if missing:
                return
            yield from self._records(path, header, reader)
        except csv.Error:
            self.complain(
                f"the quoting breaks off here, or a cell is longer than {LONGEST_CELL:,} characters; "
                "close the quote, double it or shorten the cell",
                path,
                reader.line_num,
            )

    def _records(self, path: Path, header: list[str], reader: Any) -> Iterator[_Row]:
        line = 2
        for cells in reader:
            # A record may span lines; the number that helps is that of its first.
            first, line = line, reader.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                self.complain(f"{len(cells)} cells came, {len(header)} were expected as in the header", path, first)
                continue
            yield first, dict(zip(header, map(unescape_formula, cells), strict=True))


def load_corpus(folder: str | Path = "data", needed: Sequence[str] = SPLITS) -> DatasetDict:
    """Read and validate a corpus.

    Parameters
    ----------
    folder : str or Path
        Folder with ``labels.toml``, ``sentences.csv`` and, unless every sentence is its
        own article, ``articles.csv``.
    needed : sequence of str
        Splits that must have a sentence; without them the whole corpus must have one.

    Returns
    -------
    datasets.DatasetDict
        ``train`` and ``test``. One row a sentence in the order of the file, columns
        ``article, date, title, genre, position, paragraph, text`` and, as ``ClassLabel``
        in the order of the label set, ``label, also, first, second`` (null where empty).

    Raises
    ------
    CorpusError
        If anything is wrong: all problems of the folder at once, each one sentence with
        its file and line.

    Notes
    -----
    Without ``articles.csv`` a sentence's article is its ``article`` cell if there is such
    a column, else the sentence itself. Its split is its ``split`` cell if there is one,
    else a hash of its article puts it into the fifth that is the test, so that equal
    sentences never stand on both sides and adding rows moves none. Positions count from 0
    and paragraphs are 0, unless there are columns of them; then a corpus that was exported
    as one flat table comes back as it was. An apostrophe that an export put before a cell,
    lest a spreadsheet run it as a formula, is taken away.

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
    articles_path, sentences_path = folder / "articles.csv", folder / "sentences.csv"
    if not sentences_path.is_file():
        raise CorpusError([f"there is no sentences.csv; write one row a sentence [{sentences_path}]"])
    if articles_path.exists() and not articles_path.is_file():
        raise CorpusError([f"articles.csv is no file; write one row an article, or remove it [{articles_path}]"])
    if articles_path.exists():
        articles = _read_articles(reader, articles_path)
        sentences = _read_sentences(reader, sentences_path, articles)
    else:
        sentences = _read_foreign_sentences(reader, sentences_path)
    if not reader.problems and not sentences:
        reader.complain("there is no sentence; write one row a sentence", sentences_path)
    if not reader.problems:
        for split in needed:
            if not any(row["split"] == split for row in sentences):
                reader.complain(
                    f"no sentence is in the {split} split; give some article split '{split}'", sentences_path
                )
    if reader.problems:
        raise CorpusError(reader.problems)
    return _to_datasets(sentences, reader.labels)


def _read_articles(reader: _Reader, path: Path) -> dict[str, dict[str, str]]:
    articles: dict[str, dict[str, str]] = {}
    lines: dict[str, int] = {}
    for line, row in reader.rows(path, ARTICLE_COLUMNS):
        name, split = row["article"], row["split"]
        if not name.strip():
            reader.complain("the article has no id; give it one", path, line)
        if not _is_date(row["date"]):
            reader.complain(f"date {row['date']!r} is none; write YYYY-MM-DD", path, line)
        if split not in SPLITS:
            reader.complain(f"split {split!r} is neither 'train' nor 'test'{did_you_mean(split, SPLITS)}", path, line)
        if name in articles and articles[name]["split"] != split:
            reader.complain(
                f"article {name!r} is in both splits (first on line {lines[name]}); keep it in one", path, line
            )
        elif name in articles:
            reader.complain(f"article {name!r} came before on line {lines[name]}; ids must be unique", path, line)
        articles.setdefault(name, row)
        lines.setdefault(name, line)
    return articles


def _read_sentences(reader: _Reader, path: Path, articles: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    sentences: list[dict[str, Any]] = []
    seen: dict[tuple[str, int], int] = {}
    for line, row in reader.rows(path, SENTENCE_COLUMNS):
        if row["article"] not in articles:
            near = did_you_mean(row["article"], articles)
            reader.complain(f"article {row['article']!r} is not in articles.csv{near}", path, line)
        place = _read_place(reader, row, seen, path, line)
        _check_sentence(reader, row, path, line)
        article = articles.get(row["article"], {})
        sentences.append({**row, **{name: article.get(name, "") for name in ARTICLE_COLUMNS[1:]}, **place})
    return sentences


def _read_place(
    reader: _Reader, row: Mapping[str, str], seen: dict[tuple[str, int], int], path: Path, line: int
) -> dict[str, int]:
    """Read position and paragraph as numbers; the position must be the only one of its article."""
    place = {}
    for name in ("position", "paragraph"):
        if row[name].isascii() and row[name].isdigit() and len(row[name].lstrip("0")) < 10:
            place[name] = int(row[name])
        else:
            reader.complain(f"{name} {row[name]!r} is not a whole number from 0 to 999,999,999", path, line)
    if "position" in place:
        earlier = seen.setdefault((row["article"], place["position"]), line)
        if earlier != line:
            reader.complain(
                f"position {place['position']} of article {row['article']!r} came before on line {earlier}; "
                "ids must be unique",
                path,
                line,
            )
    return place


def _read_foreign_sentences(reader: _Reader, path: Path) -> list[dict[str, Any]]:
    sentences: list[dict[str, Any]] = []
    positions: dict[str, int] = {}
    seen: dict[tuple[str, int], int] = {}
    sides: dict[str, tuple[str, int]] = {}
    for line, row in reader.rows(path, ("text", "label")):
        _check_sentence(reader, row, path, line)
        article = row.get("article") or "s-" + hashlib.sha256(row["text"].encode()).hexdigest()[:12]
        split = row["split"] if "split" in row else _hashed_split(article)
        if split not in SPLITS:
            reader.complain(f"split {split!r} is neither 'train' nor 'test'{did_you_mean(split, SPLITS)}", path, line)
        side, earlier = sides.setdefault(article, (split, line))
        if side != split:
            reader.complain(
                f"article {article!r} is in both splits (first on line {earlier}); keep it in one", path, line
            )
        position = positions[article] = positions.get(article, -1) + 1
        place = {"position": position, "paragraph": 0}
        if {"article", "position", "paragraph"} <= set(row):
            place = _read_place(reader, {**row, "article": article}, seen, path, line)
        blank = dict.fromkeys(("date", "title", "genre", "also", "first", "second"), "")
        sentences.append({**blank, **row, "article": article, "split": split, **place})
    return sentences


def _check_sentence(reader: _Reader, row: Mapping[str, str], path: Path, line: int) -> None:
    if not row["text"].strip():
        reader.complain("the text is empty; write the sentence or remove the row", path, line)
    for name in LABEL_COLUMNS:
        value = row.get(name, "")
        if value not in reader.labels.names and (value or name == "label"):
            reader.complain(reader.labels.unknown(value), path, line)


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

    number = {name: place for place, name in enumerate(labels.names)}
    strings = ("article", "date", "title", "genre")
    features = Features(
        {name: Value("string") for name in strings}
        | {"position": Value("int32"), "paragraph": Value("int32"), "text": Value("string")}
        | {name: ClassLabel(names=list(labels.names)) for name in LABEL_COLUMNS}
    )
    splits = {}
    for split in SPLITS:
        rows = [row for row in sentences if row["split"] == split]
        columns: dict[str, list[Any]] = {
            name: [number.get(row[name]) if name in LABEL_COLUMNS else row[name] for row in rows] for name in features
        }
        table = pa.table(columns, schema=features.arrow_schema)
        info = DatasetInfo(features=features, description=_describe(labels))
        # Two equal tables must carry equal fingerprints; the one datasets draws itself differs.
        mark = _digest(_canonical_rows(rows), labels)[:16]
        splits[split] = Dataset(table, info=info, split=NamedSplit(split), fingerprint=mark)
    return DatasetDict(splits)


def _describe(labels: LabelSet) -> str:
    import json

    return json.dumps(labels.to_dict(), ensure_ascii=False)


def corpus_labels(corpus: DatasetDict) -> LabelSet:
    """Return the label set that a corpus was read with.

    Parameters
    ----------
    corpus : datasets.DatasetDict
        As ``load_corpus`` returns it. A corpus made elsewhere has names alone; then no
        label is the background.
    """
    import json

    train = corpus["train"]
    names = train.features["label"].names
    try:
        labels = LabelSet.from_dict(json.loads(train.info.description))
    except ValueError:
        return LabelSet.from_names(names)
    return labels if list(labels.names) == names else LabelSet.from_names(names)


def corpus_fingerprint(corpus: DatasetDict) -> str:
    """Hash the content of a corpus: every sentence, its labels, article and split.

    Equal content gives an equal fingerprint, whatever the folder, the line ends or the
    version of ``datasets``; one changed letter gives another.

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256).

    Examples
    --------
    >>> corpus_fingerprint(load_corpus("data")) == corpus_fingerprint(load_corpus("data"))
    True
    """
    labels = corpus_labels(corpus)
    names = labels.names
    rows = []
    for split in SPLITS:
        for row in corpus[split]:
            named = {name: "" if row[name] is None else names[row[name]] for name in LABEL_COLUMNS}
            rows.append({**row, **named, "split": split})
    return _digest(_canonical_rows(rows), labels)


def _canonical_rows(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield str(row["split"])
        for name in FINGERPRINT_COLUMNS:
            yield str(row[name])


def _digest(cells: Iterable[str], labels: LabelSet) -> str:
    digest = hashlib.sha256()
    for cell in (str(labels.background), *labels.names, *cells):
        # The length goes before the text, so that no two cells can trade letters.
        encoded = cell.encode("utf-8")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
