"""Whatever is wrong with the files of a run: a command works, or says in one sentence what is wrong."""

import json
import random
import shutil
from functools import partial
from pathlib import Path

import pytest

from toolkit.cli import main as cli
from toolkit.exceptions import ToolkitError
from toolkit.experiment.runs import load_run

# What replaces a value: each kind of JSON, and numbers beyond the range of arithmetic.
REPLACEMENTS = (None, True, -1, 0, 10**400, 0.5, 1e308, "", "x", "\ud800", [], [None], {}, {"x": 1})
TABLES = ("predictions.csv", "context.csv")
RECORDS = ("manifest.json", "report.json", "contributions.json", "curve.json", "model/manifest.json")
CURVE = {
    "experiment": "words",
    "n_articles": [2, 4],
    "n_sentences": [4, 8],
    "scores": {"cross-validated": [[0.2, 0.3], [0.4, None]]},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory, workplace):
    """A copy of the finished runs with a learning curve, which each test leaves as it was."""
    folder = Path(shutil.copytree(workplace / "runs", tmp_path_factory.mktemp("damage") / "runs"))
    (folder / "words/curve.json").write_text(json.dumps(CURVE))
    return folder


def paths(value, above=()):
    """List the paths to each key and item of plain data; of a list the first and the last."""
    if isinstance(value, dict):
        items = list(value.items())
    else:
        items = (
            [(index, value[index]) for index in sorted({0, len(value) - 1})]
            if isinstance(value, list) and value
            else []
        )
    for key, item in items:
        yield (*above, key)
        yield from paths(item, (*above, key))


def change(text, path, act):
    """Act on the key or item at the end of a path, and write the JSON again."""
    record = json.loads(text)
    *above, last = path
    inside = record
    for key in above:
        inside = inside[key]
    act(inside, last)
    return json.dumps(record)


def drop(inside, last):
    del inside[last]


def put(value, inside, last):
    inside[last] = value


def rename(inside, last):
    inside["<b>" + last] = inside.pop(last)


def damaged_records(text):
    """Yield descriptions of damage to a JSON file, and functions that return the damaged text."""
    for path in paths(json.loads(text)):
        yield f"without {path}", partial(change, text, path, drop)
        for value in REPLACEMENTS:
            yield f"{path} = {value!r:.20}", partial(change, text, path, partial(put, value))
        if isinstance(path[-1], str):
            yield f"{path} renamed", partial(change, text, path, rename)


def damaged_texts(text):
    step = max(1, len(text) // 40)
    for start in range(0, len(text), step):
        yield f"cut at {start}", partial(text.__getitem__, slice(start))
        for character in ("\0", '"', ",", "\n", "9", "\ufeff", "\u2028"):
            yield f"{character!r} at {start}", partial("".join, (text[:start], character, text[start + 1 :]))
    yield "deep", partial("[".__mul__, 100_000)
    yield "empty", str


def damaged_tables(text):
    lines = text.split("\n")
    for number in (0, 1, len(lines) - 2):
        before, line, after = lines[:number], lines[number], lines[number + 1 :]
        yield f"without line {number}", partial("\n".join, [*before, *after])
        yield f"line {number} twice", partial("\n".join, [*before, line, line, *after])
        cells = line.split(",")
        for column in range(len(cells)):
            for cell in ("", "x", "-1", "nan", "1e999", "9" * 5000, "=1+1", '"', "\ud7ff" * 200_000):
                changed = ",".join([*cells[:column], cell, *cells[column + 1 :]])
                what = f"line {number} cell {column} = {cell[:9]!r}"
                yield what, partial("\n".join, [*before, changed, *after])


def all_damages(folder):
    for name in (*RECORDS, *TABLES):
        text = (folder / name).read_text(encoding="utf-8")
        structured = damaged_records(text) if name in RECORDS else damaged_tables(text)
        for kind in (structured, damaged_texts(text)):
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
    if name in ("contributions.json", "context.csv"):
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
                message = capsys.readouterr().err
                if code not in (0, 1) or (code == 1 and (message.count("\n") != 1 or len(message) > 1000)):
                    wrong.append(f"{arguments[0]}: {name} {what}: {code} {message}"[:400])
            for written in ("report.json", "report.html", name):
                shutil.copyfile(kept / written, folder / written)
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)
    assert wrong == []


def test_damaged_run_is_loaded_or_refused_in_one_sentence(runs):
    folder = runs / "words"
    damages = [damage for damage in all_damages(folder) if damage[0] in ("manifest.json", "report.json", *TABLES)]
    messages = []
    for name, _, damage in random.Random(0).sample(damages, 60):
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(damage().encode("utf-8", "surrogatepass"))
        try:
            _ = load_run(folder).context
        except ToolkitError as error:
            messages.append((folder / name, str(error)))
        finally:
            (folder / name).write_bytes(kept)
    assert len(messages) > 30
    assert [text for _, text in messages if "\n" in text] == []
    assert [text for path, text in messages if str(path) not in text and path.suffix == ".json"] == []


@pytest.mark.slow
def test_damage_gives_no_command_a_traceback(runs, capsys):
    # A sample, which depends on the seed: all 19,000 take hours.
    check(runs, random.Random(3).sample(list(all_damages(runs / "words")), 250), capsys)
