"""A small corpus and runs over it, made once for all tests."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

LABELS = """
background = "none"
[[label]]
name = "denial"
title = "denial"
definition = "says that a claim is untrue"
[[label]]
name = "statement"
title = "diplomatic statement"
definition = "says anything else"
[[label]]
name = "none"
title = "no speech act"
definition = "nobody says anything"
"""
TEXTS = {
    "denial": "The {} ministry denied the report about the {}.",
    "statement": "The {} ministry said it hoped for the {}.",
    "none": "The {} river rose by the {} at night.",
}
PLACES = ("northern", "coastal", "eastern", "highland", "upper", "lower", "old", "new", "grey", "green", "far", "near")
THINGS = ("bridge", "harbour", "dam", "treaty", "road", "fleet", "mine", "border", "tower", "school", "field", "wall")


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def add_collections(folder: Path) -> Path:
    """Put every second article of a corpus into the collection ``natural``, the others into ``acts``."""
    path = folder / "articles.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    cells = [f"{row},{('acts', 'natural')[number % 2]}" for number, row in enumerate(rows)]
    path.write_text("\n".join([f"{header},collection", *cells]) + "\n", encoding="utf-8")
    return folder


def write_corpus(folder: Path) -> Path:
    """Write 12 articles of three sentences, one per label; the last three are the test split."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.toml").write_text(LABELS, encoding="utf-8")
    articles: list[list[object]] = []
    sentences: list[list[object]] = []
    for number, (place, thing) in enumerate(zip(PLACES, THINGS, strict=True)):
        name = f"a-{number:02d}"
        articles.append(
            [name, f"2031-01-{number + 1:02d}", f"Title {number}", "wire", "test" if number >= 9 else "train"]
        )
        for position, (label, text) in enumerate(TEXTS.items()):
            sentences.append([name, position, 0, text.format(place, thing), label, "", label, label])
    write_csv(folder / "articles.csv", ["article", "date", "title", "genre", "split"], articles)
    header = ["article", "position", "paragraph", "text", "label", "also", "first", "second"]
    write_csv(folder / "sentences.csv", header, sentences)
    return folder


def write_experiment(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    plan = "[evaluation]\nfolds = 3\ninner_folds = 2\nresamples = 100\n"
    path.write_text(f'question = "Does {name} work?"\nseed = 7\n{text}\n{plan}', encoding="utf-8")
    return path


WORDS = 'baseline = "majority"\n[features]\nwords = [1, 2]\n[classifier]\nname = "logistic-regression"\nC = [1, 10]\n'
MAJORITY = '[classifier]\nname = "majority"\n'


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus") / "data")


@pytest.fixture
def own_corpus(tmp_path: Path) -> Path:
    """A corpus that the test may break."""
    return write_corpus(tmp_path / "data")


@pytest.fixture(scope="session")
def noisy_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with half of its labels at random, so that choices and predictions depend on every seed."""
    folder = write_corpus(tmp_path_factory.mktemp("noisy") / "data")
    table, rng = folder / "sentences.csv", np.random.default_rng(0)

    def randomise(match: re.Match[str]) -> str:
        return f",{rng.choice(['denial', 'statement', 'none'])},," if rng.random() < 0.5 else match[0]

    table.write_text(re.sub(r",(denial|statement|none),,", randomise, table.read_text()))
    return folder


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path) -> Path:
    """A folder with experiments/ and two finished runs."""
    from toolkit.experiment.training import train

    folder = tmp_path_factory.mktemp("work")
    for name, text in (("majority", MAJORITY), ("words", WORDS)):
        train(write_experiment(folder / "experiments", name, text), corpus_folder, folder / "runs")
    return folder


@pytest.fixture
def runs(tmp_path: Path, workplace: Path) -> Path:
    """A copy of the finished runs that the test may break."""
    return Path(shutil.copytree(workplace / "runs", tmp_path / "runs"))


def change_manifest(folder: Path, **values: object) -> None:
    """Change keys of the manifest of a run or of a model."""
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.fixture(scope="session")
def repeated_workplace(tmp_path_factory: pytest.TempPathFactory, noisy_corpus: Path) -> Path:
    """A folder with experiments/ and runs on the noisy corpus: with repetitions and without."""
    from toolkit.experiment import train

    folder = tmp_path_factory.mktemp("repeats")
    for name, text in (("majority", MAJORITY), ("words", WORDS)):
        path = write_experiment(folder / "experiments", name, text)
        for overrides in ([], ["evaluation.repeats=3"]):
            train(path, noisy_corpus, folder / "runs", overrides)
    return folder
