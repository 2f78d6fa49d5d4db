"""comparison, comparability: what may be said of runs beside each other."""

import base64
import hashlib
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from toolkit.analysis.context import no_context
from toolkit.analysis.findings import Ceiling, measure_findings
from toolkit.analysis.learning_curve import LearningCurve
from toolkit.analysis.predictions import Predictions, write_predictions
from toolkit.analysis.records import BySplit
from toolkit.analysis.repeats import FoldComparison
from toolkit.analysis.report import Chosen, Clock, CorpusIdentity, ModelFile, Report, RunManifest
from toolkit.analysis.scores import score_predictions
from toolkit.comparison.comparing import compare
from toolkit.comparison.loading import MOST_RUNS, load_comparable, read_curve
from toolkit.exceptions import RunError
from toolkit.experiment.run_files import RUN_SCHEMA, write_json
from toolkit.experiment.runs import Run, load_run
from toolkit.labels import LabelSet
from toolkit.pages.figures import draw_costs, draw_learning_curves

LABELS = LabelSet.from_names(["denial", "pledge", "none"], background="none")
LETTER = {"d": "denial", "p": "pledge", "n": "none"}
HOSTILE = "</script><script>alert(1)</script><b>&\"' | $\\input{x}$ 50 %"
# Two articles of two sentences each in train, one in test.
GOLD = "dpnd"


def make_predictions(guesses, gold=GOLD, per_article=2, texts=None, test="dp"):
    """Predictions by one letter a sentence; the test split is predicted right but where told."""
    n, n_test = len(gold), len(test)
    guess = [LETTER[letter] for letter in guesses + test]
    proba = np.full((n + n_test, 3), 0.1)
    proba[np.arange(n + n_test), [LABELS.index(name) for name in guess]] = 0.8
    return Predictions(
        labels=LABELS,
        split=("train",) * n + ("test",) * n_test,
        fold=(0,) * n + (-1,) * n_test,
        article=tuple(f"a-{row // per_article}" for row in range(n)) + ("t-0",) * n_test,
        position=tuple(row % per_article for row in range(n)) + tuple(range(n_test)),
        text=tuple(texts or [f"Sentence {row}." for row in range(n + n_test)]),
        gold=tuple(LETTER[letter] for letter in gold + "dp"[:n_test]),
        predicted=tuple(guess),
        proba=proba,
    )


def make_run(name, guesses, baseline="base", clock=None, folder="nowhere", **values):
    predictions = make_predictions(guesses, **values)
    settings = {"name": name, "question": "?", "classifier": {"name": name}, "evaluation": {"resamples": 50}}
    sizes = BySplit(*(predictions.split.count(split) for split in ("train", "test")))
    provenance = {
        "schema": RUN_SCHEMA,
        "name": name,
        "seed": 7,
        "digest": "0",
        "settings": settings,
        "corpus": CorpusIdentity("f" * 64, sizes),
        "segmenter": "rules 1",
        "versions": {},
    }
    times = {"training_seconds": 1.5, "sentences_per_second": 3000, **(clock or {})}
    clock = Clock(finished="2031-01-01", revision=None, **times)
    # What only a folder holds is missing: comparisons measure it from the predictions.
    missing = dict.fromkeys(("scores", "calibration", "abstention", "slices", "label_errors"))
    report = Report(
        **provenance,
        **missing,
        ceiling=BySplit(None, None),
        question="?",
        baseline=baseline,
        background="none",
        chosen=Chosen({}, ()),
        ngrams={},
        against=None,
        model=ModelFile("pipeline.skops", 2_000_000, None),
        clock=clock,
    )
    return Run(Path(folder), RunManifest(**provenance, labels=LABELS, clock=clock), report, predictions)


def write_run(run, folder):
    """Write a run as if trained: what only its folder holds is made up or measured."""
    settings = {**run.manifest.settings, "seed": 7, "classifier": {"name": "majority"}}
    settings["evaluation"] = {"resamples": 100}
    findings = measure_findings(run.predictions, no_context(len(run.predictions)), None, 50)
    folder.mkdir(parents=True)
    write_json(folder / "manifest.json", replace(run.manifest, settings=settings))
    write_json(folder / "report.json", replace(run.report, settings=settings, **vars(findings)))
    (folder / "predictions.csv").write_text(write_predictions(run.predictions))
    return folder


@pytest.fixture
def three():
    # Right of the four: base 1 and 4 (d, d); better 1, 2 and 3; other 2 and 4.
    return [make_run("base", "dnpd"), make_run("better", "dpnn"), make_run("other", "npdd")]


@pytest.fixture
def folders(tmp_path, three):
    return [write_run(run, tmp_path / run.name) for run in three]


# --- ceiling


def test_second_annotator_stands_under_the_runs_of_every_table(three):
    scores = score_predictions(make_predictions("dnpd"), 100)
    ceiling = BySplit(None, Ceiling(scores.headline, None, scores))
    found = compare([replace(run, report=replace(run.report, ceiling=ceiling)) for run in three])
    annotator = scores.to_dict()
    assert [row["run"] for row in found.rows("test")][-2:] == [found.entries[-1].name, "second annotator"]
    row = found.rows("test")[-1]
    assert row["macro F1"] == f"{annotator['headline']['value']:.3f}"
    assert (row["difference"], row["p"]) == ("", "")
    assert len(found.rows("train")) == 3
    assert "second annotator" in found.to_text()
    page = found.to_html()
    # Of the headline scores and of the test split.
    assert page.count("<tfoot>") == 2
    forest = page.split('<table class="forest">')[1].partition("</table>")[0].partition("<tfoot>")[2]
    low, high = (f"{annotator['headline'][end]:.3f}" for end in ("low", "high"))
    assert (
        f'<td class="n">–</td><td class="n">{row["macro F1"]} <span class="range">[{low}, {high}]</span></td>' in forest
    )
    assert found.to_dict()["ceiling"]["test"]["headline"] == annotator["headline"]


# --- sentences


def test_changes_are_those_of_a_hand_count(three):
    found = compare(three)
    assert found.baseline == "base"
    names = [entry.name for entry in found.entries]
    texts = {name: {} for name in names}
    for name, changes in zip(names, found.changes, strict=True):
        for kind in ("gained", "lost", "alone"):
            texts[name][kind] = sorted(found.disagreements[place].text[9] for place in getattr(changes, kind))
    assert texts["better"] == {"gained": ["1", "2"], "lost": ["3"], "alone": ["2"]}
    assert texts["other"] == {"gained": ["1"], "lost": ["0"], "alone": []}
    assert texts["base"] == {"gained": [], "lost": [], "alone": []}
    rows = {row["run"]: row for row in found.change_rows()}
    assert rows["better"] == {
        "run": "better",
        "wrong to right": "2",
        "right to wrong": "1",
        "only this run right": "1",
    }
    assert rows["base"]["wrong to right"] == "baseline"


def test_disagreements_come_by_how_few_are_right(three):
    found = compare(three)
    right = [sum(guess == one.gold for guess in one.predicted) for one in found.disagreements]
    assert right == [1, 2, 2, 2]
    assert {one.article for one in found.disagreements} == {"a-0", "a-1"}


def test_sentences_of_the_test_split_are_not_listed():
    found = compare([make_run("base", "dpnd", test="pp"), make_run("other", "dpnd", test="dp")])
    assert found.disagreements == ()
    assert "On none: the runs predict the same." in found.to_html()


# --- pairs


def test_scores_are_those_of_each_run_alone(three):
    other_seed = replace(three[0], manifest=replace(three[0].manifest, seed=8, name="seed"))
    runs = {run.name: run for run in (*three, other_seed)}
    for entry in compare(list(runs.values())).entries:
        for split in ("train", "test"):
            assert entry.scores[split].to_dict() == runs[entry.name].scores(split).to_dict()


@pytest.mark.parametrize("baseline", ["base", "better"])
def test_difference_to_the_baseline_is_that_of_the_pair(three, baseline):
    found = compare(three, against=baseline)
    base = [entry.name for entry in found.entries].index(baseline)
    seen = 0
    for split in ("train", "test"):
        for pair in found.pairs[split]:
            if base not in (pair.first, pair.second):
                continue
            is_turned = pair.first == base
            against = found.entries[pair.second if is_turned else pair.first].differences[split]
            ends = (-pair.found.high, -pair.found.low) if is_turned else (pair.found.low, pair.found.high)
            assert (against.low, against.high) == ends
            assert against.value == (-pair.found.value if is_turned else pair.found.value)
            assert against.p_value == pair.p_corrected
            seen += 1
    assert seen == 4
    assert found.entries[base].differences == {"train": None, "test": None}


def test_every_pair_stands_in_the_matrix_once(three):
    page = compare(three).to_html()
    for split in ("Cross-validated on train", "Test split"):
        matrix = page.split(f"<caption><span>{split}</span></caption>")[1].partition("</table>")[0]
        assert matrix.count('title="&#39;') == 3
    assert "chance of reversal" in page


def test_clear_difference_is_marked_by_more_than_colour():
    gold = "dp" * 20
    runs = [make_run("base", "pd" * 20, gold=gold), make_run("better", gold, gold=gold)]
    found = compare(runs)
    assert found.pairs["train"][0].p_corrected < 0.05
    page = found.to_html()
    assert re.search(r'<td class="better" title="[^"]*">\+1\.000 ▲</td>', page)
    worse = compare(runs, against="better")
    assert "worse than 'better': base" in worse.conclusion()
    assert found.may_conclude()[0] == "Cross-validated, at the 5 % level after correction, better than 'base': better."
    assert "and is told apart from the other run." in found.may_conclude()[1]


# --- what may be concluded


def test_limits_are_stated_with_their_numbers(three):
    found = compare(three)
    text = " ".join(found.may_not_conclude())
    assert "6 comparisons are shown (3 pairs of 3 runs on two splits); 0 are clear." in text
    assert "0.3 would be below p = 0.05 by chance" in text
    assert "by Holm, for all 6." in text
    assert "The test split was labelled once by each run" in text
    assert "rest on 2 training and 1 test articles" in text
    widest = max(found.pairs["train"], key=lambda pair: pair.found.high - pair.found.low).found
    assert f"reaches from {widest.low:+.3f} to {widest.high:+.3f}." in text
    assert "A clear difference need not be a large one" not in text
    assert "they share the first place" in found.may_conclude()[1]
    for written in (found.to_markdown(), found.to_html()):
        assert "are not shown to be equal" in written


def test_least_possible_p_value_is_told(three):
    found = compare(three)
    assert found.n_permutations == 600
    assert found.least_p == 6 / 601
    assert "none can come out below 0.010" in found.to_html()


def with_folds(found, p_value):
    """The same comparison of two runs, with a corrected t-test over folds that gave this."""
    return replace(found, fold_pairs=(FoldComparison(0, 1, 0.1, -0.1, 0.3, p_value, p_value, 15),))


def test_difference_that_the_folds_do_not_confirm_is_named_where_it_is_claimed_and_marked_hollow():
    gold = "dp" * 20
    clear = compare([make_run("base", "pd" * 20, gold=gold), make_run("better", gold, gold=gold)])
    found = with_folds(clear, 0.2)
    assert found.conclusion().endswith(
        "better than 'base': better. That is by the test over articles; over repeated folds better is not told apart "
        "from it."
    )
    assert found.may_conclude()[3].endswith("tells 0 of 1 pairs apart; the test over articles tells 1.")
    assert found.may_conclude()[4].startswith("Told apart over articles but not over folds: 'better' minus 'base'. ")
    page = found.to_html()
    assert re.search(r'<td class="better" title="[^"]*">\+1\.000 △</td>', page)
    # The test split has no folds.
    both = replace(found, pairs=dict.fromkeys(found.pairs, found.pairs["train"])).to_html()
    assert both.count("△</td>") == both.count("▲</td>") == 1
    assert "Hollow △ or ▽" in page
    assert "Hollow" not in clear.to_html()
    turned = with_folds(
        compare([make_run("base", "pd" * 20, gold=gold), make_run("better", gold, gold=gold)], "better"), 0.2
    )
    assert turned.conclusion().endswith("over repeated folds base is not told apart from it.")


def test_folds_that_agree_with_the_test_over_articles_are_one_sentence():
    gold = "dp" * 20
    found = with_folds(compare([make_run("base", "pd" * 20, gold=gold), make_run("better", gold, gold=gold)]), 0.001)
    assert found.may_conclude()[3].endswith("tells 1 of 1 pairs apart, the same as the test over articles.")
    assert len(found.may_conclude()) == 4
    assert "That is by the test over articles" not in found.conclusion()
    assert "+1.000 ▲" in found.to_html()
    assert "They say nothing of models trained on other articles, of which the corrected t-test" in found.to_markdown()
    undefined = with_folds(found, math.nan)
    assert undefined.may_conclude() == found.may_conclude()[:3]
    assert "They say nothing of a rerun with another seed" in undefined.to_markdown()


def test_difference_that_the_folds_alone_tell_is_named():
    same = with_folds(compare([make_run("base", "dddd"), make_run("better", "dpdp")]), 0.001)
    assert "Told apart over folds but not over articles: 'better' minus 'base'." in same.may_conclude()[4]
    assert "not told apart from 'base': better." in same.conclusion()


def test_interval_that_leaves_0_out_though_the_runs_are_not_told_apart_is_explained(three):
    found = compare(three)
    first, *others = found.pairs["train"]
    assert "leaves 0 out" not in " ".join(found.may_not_conclude())
    off = replace(first, found=replace(first.found, low=0.001, high=9.0))
    text = " ".join(replace(found, pairs={**found.pairs, "train": (off, *others)}).may_not_conclude())
    assert "from +0.001 to +9.000. An interval that leaves 0 out is of its pair alone: " in text
    assert "only the p-value is corrected for all 6." in text


# --- bytes


def test_order_of_the_runs_does_not_matter(three):
    one, other = compare(three), compare(three[::-1])
    for write in ("to_html", "to_markdown", "to_latex", "to_json", "to_text"):
        assert getattr(one, write)() == getattr(other, write)()


@pytest.mark.slow
def test_same_folders_give_the_same_bytes_in_any_process(folders):
    code = (
        "import sys, hashlib, toolkit; found = toolkit.compare(sys.argv[1:]);"
        "print(hashlib.sha256((found.to_html() + found.to_json()).encode()).hexdigest())"
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


def test_only_script_of_the_page_is_the_one_its_policy_names(three):
    named = [replace(run, manifest=replace(run.manifest, name=f"{HOSTILE} {run.name}")) for run in three]
    texts = [f"{HOSTILE} {row}" for row in range(6)]
    hostile = [replace(run, predictions=replace(run.predictions, text=tuple(texts))) for run in named]
    page = compare(hostile).to_html()
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 1 == page.count("<script")
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{digest}'"
    )
    assert "<b>" not in page
    assert not re.search(r"\son\w+=", page)


def test_links_of_the_page_lead_somewhere(three):
    page = compare(three).to_html()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert not re.search(r'(src|href)="(?!#)', page)


def test_hostile_name_is_text_in_latex_and_markdown(three):
    named = [replace(run, manifest=replace(run.manifest, name=f"{HOSTILE} {run.name}")) for run in three]
    found = compare(named)
    latex = found.to_latex()
    assert r"\textbackslash{}input\{x\}" in latex
    assert r"\input{x}" not in latex
    assert latex.count("\\begin{") == latex.count("\\end{")
    # The head of a table that breaks across pages comes again.
    n_tables, n_long = (latex.count(f"\\begin{{{kind}}}") for kind in ("tabular", "longtable"))
    for rule, again in (("\\toprule", 2), ("\\midrule", 2), ("\\bottomrule", 1)):
        assert latex.count(rule) == n_tables + again * n_long
    bare = re.sub(r"\\[{}]", "", latex)
    assert bare.count("{") == bare.count("}")
    assert "<b>" not in found.to_markdown()


def test_name_that_steers_a_terminal_or_a_file_is_defused(three):
    odd = replace(three[1], manifest=replace(three[1].manifest, name="a\x1b[31m\ud800\u202eb"))
    found = compare([three[0], odd])
    for text in (found.to_html(), found.to_markdown(), found.to_latex(), found.to_json()):
        text.encode("utf-8")
        assert "\x1b" not in text
        assert "\u202e" not in text


# --- plain data


def test_json_holds_all_and_only_numbers_that_json_has(three):
    record = json.loads(compare(three).to_json())
    assert [run["name"] for run in record["runs"]] == ["better", "other", "base"]
    assert record["n_comparisons"] == 6
    assert set(record["pairs"]["train"][0]) >= {
        "value",
        "p_value",
        "p_corrected",
        "standardised",
        "reversal_probability",
    }
    assert len(record["sentences"]) == 4
    gained = record["runs"][0]["changes"]["gained"]
    assert sorted(record["sentences"][place]["text"] for place in gained) == ["Sentence 1.", "Sentence 2."]
    assert record["settings"] == {"classifier.name": ["better", "other", "base"]}


def test_tables_of_markdown_and_latex_hold_every_run(three):
    found = compare(three)
    for text in (found.to_markdown(), found.to_latex()):
        for name in ("better", "other", "base"):
            # Scores of two splits, two tables of pairs, costs, settings, changes, sentences.
            assert text.count(name) >= 8
    assert found.to_latex().count("\\label{tab:") == 8


# --- cost and curves


def test_costs_are_those_of_the_folder_and_missing_ones_a_dash(three):
    odd = make_run("odd", "dnpd", clock={"training_seconds": 0, "sentences_per_second": -1})
    without = make_run("none", "dnpd", clock={"training_seconds": 0, "sentences_per_second": 0})
    without = replace(without, report=replace(without.report, model=ModelFile("pipeline.skops", 0, None)))
    rows = {row["run"]: row for row in compare([three[0], odd, without]).cost_rows()}
    assert list(rows["base"].values())[2:] == ["1.5", "3,000", "2.000"]
    assert list(rows["odd"].values())[2:] == ["–", "–", "2.000"]
    assert list(rows["none"].values())[2:] == ["–", "–", "–"]
    page = compare([without, make_run("no", "dpnd", clock={"training_seconds": -1.0})]).to_html()
    assert "training time, s: not recorded" in page
    both = [without, replace(without, manifest=replace(without.manifest, name="two"))]
    assert "No run records what it cost." in compare(both).to_html()


def test_frontier_holds_what_no_other_beats_in_both():
    from toolkit.pages.figures import _frontier

    # The second is dearer and worse than the first, the last as dear as the third and worse.
    assert _frontier([(1.0, 0.5), (2.0, 0.4), (3.0, 0.8), (3.0, 0.7)]) == [0, 2]


def test_run_far_below_the_rest_stands_at_the_edge():
    svg = draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)
    assert ">3 (0.10)<" in svg
    assert svg == draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)
    page = compare([make_run("base", "nnnn", test="nn"), make_run("better", "dpnd")]).to_html()
    assert page.count("◂ 0.000") == 2


def curve_of(name, grades=("cross-validated",)):
    scores = {grade: [[0.2, 0.3], [0.4, 0.5]] for grade in grades}
    return {"experiment": name, "n_articles": [2, 4], "n_sentences": [4, 8], "scores": scores}


def test_curves_are_drawn_together_where_runs_have_them(folders):
    assert "No run has a curve in its folder" in compare(folders).to_html()
    for folder in folders[:2]:
        (folder / "curve.json").write_text(json.dumps(curve_of(folder.name)))
    found = compare(folders)
    page = found.to_html()
    assert "2 of 3 runs have such a curve" in page
    # Means over two draws of 0.2 and 0.3, and of 0.4 and 0.5.
    assert "<td>0.250 with 2, 0.450 with 4</td>" in page
    drawn = [(place, entry.curve) for place, entry in enumerate(found.entries) if entry.curve]
    svg = draw_learning_curves(drawn, "cross-validated")
    assert svg in page
    assert found.to_dict()["runs"][0]["curve"]["n_articles"] == [2, 4]


def test_any_number_of_curves_is_drawn():
    curve = LearningCurve.from_dict(curve_of("base"))
    svg = draw_learning_curves([(place, curve) for place in range(50)], "cross-validated")
    assert all(f">{number}<" in svg for number in range(1, 51))


def test_curves_of_one_grade_alone_share_an_axis(folders):
    for folder, grades in zip(folders, (("strict",), ("strict", "lenient"), ("cross-validated",)), strict=True):
        (folder / "curve.json").write_text(json.dumps(curve_of(folder.name, grades)))
    assert "Mean strict score" in compare(folders).to_html()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "the file is not valid JSON; draw it again or remove it"),
        ("[]", "the curve is \\[\\], expected keys with values; draw it again or remove it"),
        (json.dumps({**curve_of("base"), "n_articles": [1]}), "n_sentences has 2 numbers, expected 1"),
        (json.dumps({**curve_of("base"), "scores": {"strict": "x"}}), "scores.strict is 'x', expected a list"),
        (json.dumps(curve_of("another")), "the curve is of 'another', expected 'base'"),
    ],
)
def test_damaged_curve_is_refused(folders, content, message):
    (folders[0] / "curve.json").write_text(content)
    with pytest.raises(RunError, match=message):
        read_curve(load_run(folders[0]))


# --- bad input


def test_one_run_and_too_many_are_refused(three):
    with pytest.raises(RunError, match=r"^1 run came; name at least two to compare, and at most 50$"):
        compare(three[:1])
    with pytest.raises(RunError, match="51 runs came"):
        compare([make_run(f"r{number}", "dpnd") for number in range(MOST_RUNS + 1)])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: {"manifest": replace(run.manifest, segmenter="rules 2")}, r"segmenters \(rules 1 and rules 2\)"),
        (
            lambda run: {"manifest": replace(run.manifest, corpus=replace(run.manifest.corpus, fingerprint="e"))},
            r"different corpora \(f{16} and e\)",
        ),
        (lambda run: {"predictions": replace(run.predictions, text=("x",) * 6)}, "differ in the text"),
        (lambda run: {"predictions": replace(run.predictions, gold=("none",) * 6)}, "differ in the gold"),
        (lambda run: {"predictions": replace(run.predictions, article=("z",) * 6)}, "differ in the article"),
        (lambda run: {"predictions": replace(run.predictions, proba=np.full((6, 3), 0.3))}, "do not sum to 1"),
        (lambda run: {"predictions": replace(run.predictions, proba=np.full((6, 3), np.nan))}, "do not sum to 1"),
        (lambda run: {"predictions": replace(run.predictions, split=("dev",) * 6)}, "has sentences of 'dev'"),
        (
            lambda run: {"predictions": replace(run.predictions, labels=LabelSet(LABELS.labels, None))},
            "different label sets",
        ),
    ],
)
def test_run_that_cannot_stand_beside_another_is_refused(three, change, message):
    with pytest.raises(RunError, match=message) as error:
        load_comparable([three[0], replace(three[1], **change(three[1]))])
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        # Cut at the end of a row, within a row, and to nothing.
        (
            "predictions.csv",
            lambda text: text[: text.rindex("test,")],
            "1 test predictions came, expected 2 as in the manifest",
        ),
        ("predictions.csv", lambda text: text[:-12], "not a prediction over this label set"),
        ("predictions.csv", lambda text: "", "column 1 is missing, expected 'split'"),
        ("manifest.json", lambda text: text[: len(text) // 2], "the file is not valid JSON"),
        ("report.json", lambda text: text[: len(text) // 2], "the file is not valid JSON"),
        ("report.json", lambda text: text.replace(f'"schema": {RUN_SCHEMA}', '"schema": 0'), "schema 0, this toolkit"),
        ("manifest.json", lambda text: text.replace('"segmenter"', '"cutter"'), "manifest lacks 'segmenter'"),
        ("manifest.json", lambda text: text.replace('"seed"', '"sead"'), "manifest lacks 'seed'"),
    ],
)
def test_damaged_folder_is_refused_in_one_sentence(folders, name, change, message):
    path = folders[1] / name
    path.write_text(change(path.read_text()))
    with pytest.raises(RunError, match=message) as error:
        compare(folders)
    assert "\n" not in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize("name", ["manifest.json", "report.json", "predictions.csv"])
def test_missing_file_is_named(folders, name):
    (folders[1] / name).unlink()
    with pytest.raises(RunError, match=re.escape(name)):
        compare(folders)


def test_curve_beside_a_run_does_not_unmake_it(workplace, corpus_folder, tmp_path):
    from toolkit.experiment.verification import verify

    folder = Path(shutil.copytree(workplace / "runs/majority", tmp_path / "majority"))
    (folder / "curve.json").write_text(json.dumps(curve_of("majority")))
    assert verify(folder, corpus_folder) == []


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
def test_least_of_runs_are_compared(first, second, values):
    found = compare([make_run("base", first, **values), make_run("other", second, **values)])
    for write in ("to_html", "to_markdown", "to_latex", "to_json", "to_text"):
        assert getattr(found, write)()


def test_very_long_and_right_to_left_sentences_are_shown_safely():
    texts = ["x" * 100_000, "نفى الوزير ذلك.", "a", "b", "c", "d"]
    found = compare([make_run("base", "nndn", texts=texts), make_run("other", "dpnd", texts=texts)])
    page = found.to_html()
    assert len(page) < 400_000
    assert '<td dir="auto"><span class="sentence">نفى الوزير ذلك.</span></td>' in page
    assert "x" * 599 + "…" in page
    assert len(json.loads(found.to_json())["sentences"][0]["text"]) == 100_000


@pytest.mark.slow
def test_fifty_runs_are_compared():
    rng = np.random.default_rng(0)
    gold = "dpnd" * 20
    runs = [
        make_run(f"run-{number}", "".join(rng.choice(list("dpn"), size=len(gold))), gold=gold) for number in range(49)
    ]
    found = compare([make_run("base", gold, gold=gold), *runs], against="base")
    assert found.n_comparisons == 50 * 49
    # So many comparisons do not make it impossible to tell a run apart.
    assert found.least_p < 0.05
    assert found.entries[1].differences["train"].p_value < 0.05
    assert "and 43 more" in found.conclusion()
    page = found.to_html()
    assert len(page) < 3_000_000
    matrix = page.split("<caption><span>Cross-validated on train</span></caption>")[1].partition("</table>")[0]
    assert matrix.count("<tr>") == 50
    assert matrix.count('title="&#39;') == 50 * 49 / 2
    assert r"\begin{longtable}" in found.to_latex()
