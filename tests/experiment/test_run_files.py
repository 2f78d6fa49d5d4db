"""Whatever is wrong with the files of a run: a command does its work, or says in one sentence what is wrong."""

import json
import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from toolkit.cli import main as cli
from toolkit.exceptions import ToolkitError
from toolkit.experiment.runs import load_run

# What stands in the place of a value: of each kind of JSON, and numbers that no arithmetic survives.
STRANGERS = (None, True, -1, 0, 10**400, 0.5, 1e308, "", "x", "\ud800", [], [None], {}, {"x": 1})
TABLES = ("predictions.csv", "context.csv")
RECORDS = ("manifest.json", "report.json", "pulls.json", "curve.json", "model/manifest.json")
CURVE = {
    "experiment": "words",
    "n_articles": [2, 4],
    "n_sentences": [4, 8],
    "scores": {"cross-validated": [[0.2, 0.3], [0.4, None]]},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, workplace):
    folder = Path(shutil.copytree(workplace / "runs", tmp_path_factory.mktemp("damage") / "runs"))
    (folder / "words/curve.json").write_text(json.dumps(CURVE))
    return folder


def places(value, above=()):
    """List the ways to each key and item of plain data; of a list the first and the last."""
    if isinstance(value, dict):
        items = list(value.items())
    else:
        items = (
            [(place, value[place]) for place in sorted({0, len(value) - 1})]
            if isinstance(value, list) and value
            else []
        )
    for key, item in items:
        yield (*above, key)
        yield from places(item, (*above, key))


def change(text, way, act):
    """Act on the key or item at the end of a way, and write the JSON again."""
    record = json.loads(text)
    *above, last = way
    inside = record
    for key in above:
        inside = inside[key]
    act(inside, last)
    return json.dumps(record)


def drop(inside, last):
    del inside[last]


def put(stranger, inside, last):
    inside[last] = stranger


def rename(inside, last):
    inside["<b>" + last] = inside.pop(last)


def damaged_records(text):
    """Yield what can be done to a JSON file, and what gives the file."""
    for way in places(json.loads(text)):
        yield f"without {way}", partial(change, text, way, drop)
        for stranger in STRANGERS:
            yield f"{way} = {stranger!r:.20}", partial(change, text, way, partial(put, stranger))
        if isinstance(way[-1], str):
            yield f"{way} renamed", partial(change, text, way, rename)


def damaged_texts(text):
    step = max(1, len(text) // 40)
    for start in range(0, len(text), step):
        yield f"cut at {start}", partial(text.__getitem__, slice(start))
        for stranger in ("\0", '"', ",", "\n", "9", "\ufeff", "\u2028"):
            yield f"{stranger!r} at {start}", partial("".join, (text[:start], stranger, text[start + 1 :]))
    yield "deep", partial("[".__mul__, 100_000)
    yield "nothing", str


def damaged_tables(text):
    lines = text.split("\n")
    for number in (0, 1, len(lines) - 2):
        before, line, after = lines[:number], lines[number], lines[number + 1 :]
        yield f"without line {number}", partial("\n".join, [*before, *after])
        yield f"line {number} twice", partial("\n".join, [*before, line, line, *after])
        cells = line.split(",")
        for place in range(len(cells)):
            for stranger in ("", "x", "-1", "nan", "1e999", "9" * 5000, "=1+1", '"', "\ud7ff" * 200_000):
                changed = ",".join([*cells[:place], stranger, *cells[place + 1 :]])
                what = f"line {number} cell {place} = {stranger[:9]!r}"
                yield what, partial("\n".join, [*before, changed, *after])


def all_damages(folder):
    for name in (*RECORDS, *TABLES):
        text = (folder / name).read_text(encoding="utf-8")
        found = damaged_records(text) if name in RECORDS else damaged_tables(text)
        for kind in (found, damaged_texts(text)):
            for what, damage in kind:
                yield name, what, damage


def commands(name, runs):
    """List the commands that read a file."""
    words = str(runs / "words")
    if name == "model/manifest.json":
        return [["inspect", f"{words}/model"], ["explain", "He denied it.", "--model", f"{words}/model"]]
    compare = ["compare", words, str(runs / "majority"), "--output", str(runs.parent / "x.html")]
    if name == "curve.json":
        return [compare]
    if name in ("pulls.json", "context.csv"):
        return [["report", words]]
    return [compare, ["report", words]]


def check(runs, damages, capsys):
    folder = runs / "words"
    kept = Path(shutil.copytree(folder, runs.parent / "kept"))
    wrong = []
    try:
        for name, what, damage in damages:
            (folder / name).write_bytes(damage().encode("utf-8", "surrogatepass"))
            for arguments in commands(name, runs):
                try:
                    code = cli.main(arguments)
                except Exception as error:
                    wrong.append(f"{arguments[0]}: {name} {what}: {type(error).__name__} {error}"[:400])
                    continue
                told = capsys.readouterr().err
                if code not in (0, 1) or (code == 1 and (told.count("\n") != 1 or len(told) > 1000)):
                    wrong.append(f"{arguments[0]}: {name} {what}: {code} {told}"[:400])
            for written in ("report.json", "report.html", name):
                shutil.copyfile(kept / written, folder / written)
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
    assert wrong == []


def test_damaged_run_is_loaded_or_refused_and_nothing_else(runs):
    folder = runs / "words"
    damages = [damage for damage in all_damages(folder) if damage[0] in ("manifest.json", "report.json", *TABLES)]
    told = []
    for name, _, damage in random.Random(0).sample(damages, 60):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(damage().encode("utf-8", "surrogatepass"))
        try:
            _ = load_run(folder).context
        except ToolkitError as error:
            told.append((folder / name, str(error)))
        finally:
            (folder / name).write_bytes(kept)
    assert len(told) > 30
    assert [text for _, text in told if "\n" in text] == []
    assert [text for path, text in told if str(path) not in text and path.suffix == ".json"] == []


@pytest.mark.slow
def test_damage_gives_no_command_a_traceback(runs, capsys):
    # A sample, a new one for another seed: all 19,000 take hours.
    check(runs, random.Random(3).sample(list(all_damages(runs / "words")), 250), capsys)
