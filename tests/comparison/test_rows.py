"""rows: tables of text hold what the record holds."""

from tests.comparison.builders import change_manifest, make_run, with_annotator, with_collections, without_costs
from toolkit.comparison.comparing import compare
from toolkit.comparison.rows import change_rows, collection_rows, cost_rows, score_rows, sentence_rows, setting_rows


def test_second_annotator_stands_below_the_runs(three):
    runs, annotator = with_annotator(three, "dnpd")
    comparison = compare(runs)
    assert [row["run"] for row in comparison.rows("test")][-2:] == [comparison.entries[-1].name, "second annotator"]
    row = score_rows(comparison, "test")[-1]
    assert row["macro F1"] == f"{annotator['headline']['value']:.3f}"
    assert (row["difference"], row["p"]) == ("", "")
    assert len(score_rows(comparison, "train")) == 3


def test_collections_are_tables_of_their_own_where_all_runs_have_them(three):
    comparison = compare([with_collections(run) for run in three])
    assert comparison.collections == ("natural", "acts")
    assert [row["run"] for row in collection_rows(comparison, "acts")] == [entry.name for entry in comparison.entries]
    assert collection_rows(comparison, "acts")[0] == {
        "run": "better",
        "macro F1, train": "0.500 [0.250, 0.750]",
        "accuracy, train": "0.625 [0.500, 0.750]",
        "macro F1, test": "–",
        "accuracy, test": "–",
    }
    assert collection_rows(comparison, "natural")[0]["accuracy, test"] == "0.625 [0.500, 0.750]"
    assert compare([*map(with_collections, three[:2]), three[2]]).collections == ()


def test_changes_are_counted_against_the_baseline(three):
    rows = {row["run"]: row for row in change_rows(compare(three))}
    assert rows["better"] == {
        "run": "better",
        "wrong to correct": "2",
        "correct to wrong": "1",
        "correct only in this run": "1",
    }
    assert rows["base"]["wrong to correct"] == "baseline"


def test_costs_are_those_of_the_folder_and_missing_ones_a_dash(three):
    odd = make_run("odd", "dnpd", clock={"training_seconds": 0, "sentences_per_second": -1})
    without = without_costs(change_manifest(odd, name="none"))
    rows = {row["run"]: row for row in cost_rows(compare([three[0], odd, without]))}
    assert list(rows["base"].values())[2:] == ["1.5", "3,000", "2.000"]
    assert list(rows["odd"].values())[2:] == ["–", "–", "2.000"]
    assert list(rows["none"].values())[2:] == ["–", "–", "–"]


def test_settings_are_rows_where_they_are_more_than_the_runs(three):
    assert setting_rows(compare(three)) == [
        {"run": name, "classifier.name": name} for name in ("better", "other", "base")
    ]
    changed = {**three[0].manifest.settings, "seed": 8, "features": {"words": [1, 2]}}
    rows = setting_rows(compare([change_manifest(three[0], settings=changed), three[1]]))
    assert [row["setting"] for row in rows] == ["classifier.name", "seed", "features.words"]
    assert rows[1] == {"setting": "seed", "better": "–", "base": "8"}


def test_of_many_runs_only_the_number_that_is_correct_stands_beside_a_sentence():
    runs = [make_run(f"r{number}", "dpnd" if number else "dpnn") for number in range(9)]
    assert sentence_rows(compare(runs), 5) == [{"sentence": "Sentence 3.", "gold": "denial", "correct": "8 of 9 runs"}]
    few = sentence_rows(compare(runs[:2]), 5)
    assert few == [{"sentence": "Sentence 3.", "gold": "denial", "r1": "denial", "r0": "none"}]
