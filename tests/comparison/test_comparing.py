"""comparing: scores, pairs, changes and baseline are those of a hand count and of each run alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import toolkit
from tests.comparison.builders import change_manifest, different_runs, make_run
from toolkit.comparison.comparing import compare
from toolkit.exceptions import RunError
from toolkit.statistics.permutation import holm

FORMS = ("to_html", "to_markdown", "to_latex", "to_json", "to_text")


# --- sentences


def test_changes_are_those_of_a_hand_count(three):
    comparison = compare(three)
    assert comparison.baseline == "base"
    numbers = {
        entry.name: {
            kind: sorted(comparison.disagreements[index].text[9] for index in getattr(changes, kind))
            for kind in ("gained", "lost", "unique")
        }
        for entry, changes in zip(comparison.entries, comparison.changes, strict=True)
    }
    assert numbers["better"] == {"gained": ["1", "2"], "lost": ["3"], "unique": ["2"]}
    assert numbers["other"] == {"gained": ["1"], "lost": ["0"], "unique": []}
    assert numbers["base"] == {"gained": [], "lost": [], "unique": []}


def test_disagreements_that_the_fewest_runs_get_correct_come_first(three):
    comparison = compare(three)
    n_correct = [one.predicted.count(one.gold) for one in comparison.disagreements]
    assert n_correct == [1, 2, 2, 2]
    assert {one.article for one in comparison.disagreements} == {"a-0", "a-1"}


def test_disagreements_are_of_the_training_sentences_alone():
    comparison = compare([make_run("base", "dpnd", test="pp"), make_run("other", "dpnd", test="dp")])
    assert comparison.disagreements == ()


# --- pairs


def test_scores_are_those_of_each_run_alone(three):
    runs = {run.name: run for run in (*three, change_manifest(three[0], seed=8, name="seed"))}
    for entry in compare(list(runs.values())).entries:
        for split in ("train", "test"):
            assert entry.scores[split].to_dict() == runs[entry.name].scores(split).to_dict()


@pytest.mark.parametrize("baseline", ["base", "better"])
def test_difference_to_the_baseline_is_that_of_the_pair(three, baseline):
    comparison = compare(three, against=baseline)
    index = comparison.baseline_index
    n_pairs = 0
    for split in ("train", "test"):
        for pair in comparison.pairs[split]:
            if index not in (pair.first, pair.second):
                continue
            is_turned = pair.first == index
            against = comparison.entries[pair.second if is_turned else pair.first].differences[split]
            value, low, high = pair.difference.value, pair.difference.low, pair.difference.high
            assert (against.low, against.high) == ((-high, -low) if is_turned else (low, high))
            assert against.value == (-value if is_turned else value)
            assert against.p_value == pair.p_corrected
            n_pairs += 1
    assert n_pairs == 4
    assert comparison.entries[index].differences == {"train": None, "test": None}


def test_run_that_is_always_correct_differs_significantly_from_one_that_never_is():
    assert compare(different_runs()).pairs["train"][0].p_corrected < 0.05


# --- trained runs


def copy_run(folder, name):
    """Copy a run beside itself under another name."""
    copy = Path(shutil.copytree(folder, folder.parent / name))
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "manifest.json").write_text(json.dumps({**manifest, "name": name}))
    return copy


def test_runs_are_sorted_and_paired(workplace):
    comparison = toolkit.compare([workplace / "runs/majority", str(workplace / "runs/words")])
    assert [entry.name for entry in comparison.entries] == ["words", "majority"]
    assert comparison.baseline == "majority"
    assert comparison.entries[1].differences["train"] is None
    # Majority always predicts one of the two acts, which a third of the sentences have: F1 of 1/2 and 0.
    assert comparison.entries[0].differences["train"].value == pytest.approx(0.75)
    assert "better than 'majority': words" in comparison.conclusion()
    assert ("classifier.name", ("logistic-regression", "majority")) in comparison.settings
    assert all(len(set(one.predicted)) == 2 for one in comparison.disagreements)
    assert "+0.750" in comparison.to_text()
    assert "| words |" in comparison.to_markdown()
    assert "✗ " in comparison.to_html()


def test_p_values_are_corrected_for_all_comparisons_shown(trained):
    copy = copy_run(trained / "majority", "twin")
    comparison = compare([trained / "words", trained / "majority", copy], against="majority")
    pairs = [pair for split in ("train", "test") for pair in comparison.pairs[split]]
    # Three pairs on two splits.
    assert comparison.n_comparisons == len(pairs) == 6
    assert [pair.p_corrected for pair in pairs] == holm([pair.difference.p_value for pair in pairs])
    # The smallest is multiplied by their number.
    smallest = min(pairs, key=lambda pair: pair.difference.p_value)
    assert smallest.p_corrected == pytest.approx(6 * smallest.difference.p_value)
    assert comparison.entries[0].differences["train"].p_value == comparison.pairs["train"][0].p_corrected


def test_baseline_may_be_chosen(workplace):
    comparison = compare([workplace / "runs/words", workplace / "runs/majority"], against="words")
    assert comparison.entries[1].differences["test"].value < 0
    assert "worse than 'words': majority" in comparison.conclusion()
    with pytest.raises(RunError, match=r"'wrods' is none of the runs .*did you mean 'words'\?"):
        compare([workplace / "runs/words", workplace / "runs/majority"], against="wrods")


def test_equal_runs_do_not_differ_significantly(trained):
    comparison = compare([trained / "words", copy_run(trained / "words", "twin")])
    assert any(
        f"not significantly different from '{first}': {second}" in comparison.conclusion()
        for first, second in (("words", "twin"), ("twin", "words"))
    )
    assert comparison.settings == ()
    assert comparison.disagreements == ()
    for text in (comparison.to_text(), comparison.to_markdown(), comparison.to_html()):
        assert "Settings that differ\n" not in text


# --- whatever the runs


def test_order_of_the_runs_does_not_matter(three):
    one, other = compare(three), compare(three[::-1])
    for write in FORMS:
        assert getattr(one, write)() == getattr(other, write)()


@pytest.mark.slow
def test_same_folders_give_the_same_bytes_in_any_process(folders):
    code = (
        "import sys, hashlib, toolkit; comparison = toolkit.compare(sys.argv[1:]);"
        "print(hashlib.sha256((comparison.to_html() + comparison.to_json()).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code, *map(str, folders)],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parent.parent.parent), "HOME": "/tmp"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("first", "second", "values"),
    [
        # One sentence; one label present; a label never predicted; no act at all.
        ("d", "p", {"gold": "d", "test": "d"}),
        ("dddd", "pppp", {"gold": "dddd"}),
        ("nnnn", "dddd", {}),
        ("nnnn", "nnnn", {"gold": "nnnn"}),
    ],
)
def test_smallest_runs_are_compared(first, second, values):
    comparison = compare([make_run("base", first, **values), make_run("other", second, **values)])
    for write in FORMS:
        assert getattr(comparison, write)()


@pytest.mark.slow
def test_fifty_runs_are_compared():
    rng = np.random.default_rng(0)
    gold = "dpnd" * 20
    runs = [
        make_run(f"run-{number}", "".join(rng.choice(list("dpn"), size=len(gold))), gold=gold) for number in range(49)
    ]
    comparison = compare([make_run("base", gold, gold=gold), *runs], against="base")
    assert comparison.n_comparisons == 50 * 49
    # A run can differ significantly even among so many comparisons.
    assert comparison.least_p < 0.05
    assert comparison.entries[1].differences["train"].p_value < 0.05
    assert "and 43 more" in comparison.conclusion()
    page = comparison.to_html()
    assert len(page) < 3_000_000
    matrix = page.split("<caption><span>Cross-validated on train</span></caption>")[1].partition("</table>")[0]
    assert matrix.count("<tr>") == 50
    assert matrix.count('title="&#39;') == 50 * 49 / 2
    assert r"\begin{longtable}" in comparison.to_latex()
