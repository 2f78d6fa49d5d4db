"""evaluation, explanation, artifacts, labelling, figures, report, comparison, experiment."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.pipeline import Pipeline

import toolkit
from tests.conftest import MAJORITY, WORDS, write_corpus, write_experiment
from toolkit.analysis.calibration import measure_calibration
from toolkit.analysis.predictions import make_predictions, read_predictions, write_predictions
from toolkit.analysis.scores import compare_predictions, score_by_ambiguity, score_predictions
from toolkit.comparison.comparing import compare
from toolkit.config import find_experiments, read_experiment
from toolkit.corpus.loading import load_corpus
from toolkit.exceptions import ConfigError, RunError, TableError, ToolkitError
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.files.tables import Batch
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.pages import article_page, figures, formatting
from toolkit.pages import run_page as report
from toolkit.statistics.permutation import holm

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
HOSTILE = '<script>alert(1)</script> & "quoted" =1+1'


@pytest.fixture
def runs(tmp_path, workplace):
    """A copy of the finished runs that the test may break."""
    return Path(shutil.copytree(workplace / "runs", tmp_path / "runs"))


def predictions(gold, predicted, text=None):
    proba = np.full((len(gold), 3), 0.1)
    for row, name in enumerate(predicted):
        proba[row, LABELS.index(name)] = 0.8
    return make_predictions(LABELS, text or [f"Sentence {row}." for row in range(len(gold))], gold, proba)


# --- evaluation


def test_headline_leaves_the_background_out_and_counts_its_confusions():
    found = score_predictions(
        predictions(["denial", "statement", "none", "none"], ["denial", "statement", "none", "denial"]), 100
    )
    # denial: one of two predicted right, F1 2/3; statement: 1.
    assert found.headline.value == pytest.approx((2 / 3 + 1) / 2)
    assert found.headline.low <= found.headline.value <= found.headline.high
    assert [label.support for label in found.labels] == [1, 1, 2]
    assert found.confusion == ((1, 0, 0), (0, 1, 0), (1, 0, 1))


def test_undefined_score_is_null_in_json():
    record = score_predictions(predictions(["none", "none"], ["none", "none"]), 100).to_dict()
    assert record["labels"][0]["f1"]["value"] is None
    json.dumps(record, allow_nan=False)


def test_lenient_and_unambiguous_scores():
    found = score_by_ambiguity(
        predictions(["denial", "denial", "statement"], ["statement", "denial", "statement"]), ["statement", "", ""], 100
    )
    assert found["strict"].accuracy.value == pytest.approx(2 / 3)
    assert found["lenient"].accuracy.value == 1
    assert found["unambiguous"].n_sentences == 2
    assert list(score_by_ambiguity(predictions(["denial"], ["denial"]), None, 100)) == ["strict"]
    assert list(score_by_ambiguity(predictions(["denial"], ["denial"]), ["none"], 100)) == ["strict", "lenient"]


def test_predictions_survive_a_round_trip():
    ours = predictions(["denial", "none"], ["none", "none"], [HOSTILE, '=SUM(A1)\n"x",'])
    text = write_predictions(ours)
    assert "\n'=SUM" in text.replace("\"'=SUM", "\n'=SUM") or "'=SUM" in text
    theirs = read_predictions(text, LABELS)
    assert theirs.text == ours.text
    assert np.array_equal(theirs.proba, ours.proba)
    assert write_predictions(theirs) == text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gold", "golden", "column 6 is 'golden', expected 'gold'; train again"),
        (",denial,", ",denail,", r"no prediction of this label set; .*\.csv:2\]"),
        ("0.8", "much", "no prediction"),
        (",0.100000\n", "\n", "no prediction"),
    ],
)
def test_damaged_predictions_are_refused(old, new, message):
    text = write_predictions(predictions(["denial", "none"], ["statement", "none"]))
    with pytest.raises(RunError, match=message):
        read_predictions(text.replace(old, new, 1), LABELS)


def test_predictions_without_a_row_are_refused():
    header = write_predictions(predictions(["denial"], ["denial"])).partition("\n")[0]
    with pytest.raises(RunError, match="no prediction in the file"):
        read_predictions(header + "\n", LABELS)


def test_difference_is_paired_and_refuses_other_sentences():
    gold = ["denial", "statement"] * 10
    good, bad = predictions(gold, gold), predictions(gold, ["statement", "denial"] * 10)
    found = compare_predictions(good, bad, 200)
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert found.p_value < 0.05
    with pytest.raises(ValueError, match="differ in gold"):
        compare_predictions(good, predictions(["denial"] * 20, gold))


# --- runs


def test_run_folder_is_whole(workplace):
    names = {path.relative_to(workplace / "runs/words").as_posix() for path in (workplace / "runs/words").rglob("*")}
    assert names >= {
        "manifest.json",
        "predictions.csv",
        "report.json",
        "report.html",
        "figures/confusion.svg",
        "model/manifest.json",
        "model/pipeline.skops",
        "model/README.md",
    }
    assert sorted(path.name for path in (workplace / "runs").iterdir()) == ["majority", "words"]


def test_each_training_sentence_is_predicted_once_and_held_out(workplace):
    run = load_run(workplace / "runs/words")
    held = run.predictions.take("train")
    assert len(held) == 27
    assert set(held.fold) == {0, 1, 2}
    assert set(run.predictions.take("test").fold) == {-1}
    for name in set(held.article):
        assert len({fold for fold, article in zip(held.fold, held.article, strict=True) if article == name}) == 1


def test_report_holds_what_the_predictions_give(workplace):
    run = load_run(workplace / "runs/words")
    assert run.scores("test").to_dict() == run.report["scores"]["test"]
    assert run.report["scores"]["train"]["headline"]["value"] > 0.9
    assert run.report["against"]["name"] == "majority"
    assert run.report["ngrams"]["denial"]
    assert set(run.report["chosen"]["final"]) == {"C"}


def test_equal_inputs_give_equal_bytes_on_any_number_of_jobs(workplace, corpus_folder):
    assert verify(workplace / "runs/words", corpus_folder, n_jobs=2) == []


def test_verify_finds_a_changed_file(runs, corpus_folder):
    path = runs / "words/predictions.csv"
    path.write_text(path.read_text().replace("northern", "southern", 1))
    (runs / "words/figures/confusion.svg").unlink()
    (runs / "words/model/README.md").write_text("mine")
    record = json.loads((runs / "words/model/manifest.json").read_text())
    (runs / "words/model/manifest.json").write_text(json.dumps({**record, "bytes": 1}))
    assert verify(runs / "words", corpus_folder) == [
        "figures/confusion.svg is in one of the two only",
        "model/README.md differs",
        "model/manifest.json differs",
        "predictions.csv differs",
    ]


def test_verify_wants_the_corpus_of_the_run(workplace, own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace("bridge", "tunnel"))
    with pytest.raises(RunError, match="name its corpus with --corpus"):
        verify(workplace / "runs/words", own_corpus)


def test_failed_training_leaves_the_old_run(runs, tmp_path, corpus_folder, monkeypatch):
    before = (runs / "words/report.json").read_bytes()
    monkeypatch.setattr("toolkit.experiment.training.render_report", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, runs)
    assert (runs / "words/report.json").read_bytes() == before
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_new_run_takes_the_place_of_the_old(runs, tmp_path, corpus_folder):
    train(write_experiment(tmp_path, "words", MAJORITY), corpus_folder, runs)
    assert load_run(runs / "words").manifest["settings"]["classifier"]["name"] == "majority"
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_folder_that_is_no_run_is_left_alone(tmp_path, corpus_folder):
    (tmp_path / "runs/words").mkdir(parents=True)
    with pytest.raises(RunError, match="is no run; move it away"):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, tmp_path / "runs")


def test_runs_folder_that_cannot_be_made_is_refused(tmp_path, corpus_folder):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match="cannot be written to"):
        train(write_experiment(tmp_path, "words", WORDS), corpus_folder, tmp_path / "runs")


def test_too_few_articles_and_single_labels_are_refused(tmp_path, own_corpus, corpus_folder):
    path = write_experiment(tmp_path, "words", WORDS.replace("[1, 10]", "1"))
    with pytest.raises(ToolkitError, match="50 folds need at least as many articles"):
        train(path, corpus_folder, tmp_path / "runs", ["evaluation.folds=50"])
    table = own_corpus / "sentences.csv"
    table.write_text(re.sub(r",(denial|statement),", ",none,", table.read_text()))
    with pytest.raises(ToolkitError, match="training has the single label 'none'"):
        train(path, own_corpus, tmp_path / "runs")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest.json", None, "the run misses a file"),
        ("manifest.json", "{", "is no JSON"),
        ("manifest.json", '{"schema": 99}', "has schema 99, this toolkit reads 2"),
        ("report.json", "[]", "has schema None"),
        ("report.json", '{"schema": 1}', "the run has schema 1, this toolkit reads 2; train again"),
        ("report.json", '{"schema": 2, "name": ""}', r"the report lacks 'seed'; train again \[.*report\.json\]"),
        ("manifest.json", '{"schema": 2}', "the manifest lacks 'name'"),
        ("predictions.csv", None, "the run misses a file"),
    ],
)
def test_broken_run_is_refused(runs, name, content, message):
    path = runs / "words" / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(RunError, match=message):
        load_run(runs / "words")


def test_run_without_test_sentences_is_refused(runs):
    path = runs / "words/predictions.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("test,")))
    manifest = json.loads((runs / "words/manifest.json").read_text())
    manifest["corpus"]["sentences"]["test"] = 0
    (runs / "words/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="0 test predictions came, the manifest names 0 and one at least is needed"):
        load_run(runs / "words")


def test_missing_run_names_the_nearest(runs):
    with pytest.raises(RunError, match="did you mean 'words'"):
        load_run(runs / "wrods")


def test_baseline_is_trained_before_what_refers_to_it(tmp_path):
    for name, text in (("a", 'baseline = "b"\n' + MAJORITY), ("b", MAJORITY), ("c", 'baseline = "x"\n' + MAJORITY)):
        write_experiment(tmp_path, name, text)
    assert [path.stem for path in find_experiments([], tmp_path)] == ["b", "a", "c"]
    assert find_experiments(["c"], tmp_path) == [tmp_path / "c.toml"]
    write_experiment(tmp_path, "b", 'baseline = "a"\n' + MAJORITY)
    with pytest.raises(ToolkitError, match="leads back to itself"):
        find_experiments([], tmp_path)
    with pytest.raises(ConfigError, match="there is no experiment"):
        find_experiments([], tmp_path / "none")


# --- models


def test_saved_model_predicts_like_the_run(workplace):
    model = toolkit.load_model(workplace / "runs/words/model")
    held = load_run(workplace / "runs/words").predictions.take("test")
    assert model.predict(held.text).tolist() == list(held.predicted)
    assert np.allclose(model.predict_proba(held.text), held.proba, atol=1e-6)
    assert model.labels == ("denial", "statement", "none")
    assert isinstance(model.pipeline, Pipeline)
    assert "words" in repr(model)
    assert load_run(workplace / "runs/words").model.labels == model.labels


def test_article_is_labelled_sentence_by_sentence(workplace):
    text = "Floods\n\nThe grey ministry denied the report about the dam. The river rose by the wall at night."
    found = load_model(workplace / "runs/words/model").label_article(text)
    assert len(found) == 3
    assert found.labels[1:] == ("denial", "none")
    row = found.rows()[1]
    assert text[row["start"] : row["end"]] == row["text"]
    assert list(row) == ["start", "end", "paragraph", "text", "label", "p_denial", "p_statement", "p_none"]
    assert len(load_model(workplace / "runs/words/model").label_article("")) == 0


def test_table_keeps_its_columns_and_missing_text_has_no_label(workplace):
    model = load_model(workplace / "runs/words/model")
    batch = [{"id": 1, "text": "He denied the report."}, {"id": 2, "text": None}, {"id": 3, "text": float("nan")}]
    (rows,) = model.label_table([batch])
    assert rows[0]["label"] == "denial"
    assert rows[0]["id"] == 1
    assert rows[1] == {"id": 2, "text": None, "label": None, "p_denial": None, "p_statement": None, "p_none": None}
    assert rows[2]["label"] is None
    with pytest.raises(TableError, match="column 'label' is in the table already"):
        list(model.label_table([[{"text": "a", "label": "b"}]]))
    with pytest.raises(TableError, match=r"'text' of row 2 is 5, expected text; .*\[t\]"):
        list(model.label_table([[{"text": "a"}, {"text": 5}]], where="t"))
    with pytest.raises(TableError, match="column 'p_none' is in the table already"):
        list(model.label_table([[{"text": "a"}, {"text": "b", "p_none": 1}]]))


def test_columns_are_labelled_as_rows_are(workplace):
    texts = ["He denied the report.", " ", None, "The river rose by night.", "\x1f"]
    rows = [{"id": place, "text": text} for place, text in enumerate(texts)]
    dictionary = pa.array(texts).dictionary_encode()
    for name in ("words", "majority"):
        model = load_model(workplace / f"runs/{name}/model")
        (expected,) = model.label_table([rows])
        for column in (texts, pa.array(texts), pa.array(texts, pa.large_string()), dictionary):
            (found,) = model.label_table([Batch({"id": range(5), "text": column})])
            assert list(found) == expected
        (found,) = model.label_table([Batch({"text": pa.array(texts[:1])})])
        assert found[0]["label"] == expected[0]["label"]
        (found,) = model.label_table([Batch({"text": pa.array(texts[1:3])})])
        assert [row["label"] for row in found] == [None, None]


def test_classifier_takes_a_sequence_of_texts_only(workplace):
    model = load_model(workplace / "runs/words/model")
    with pytest.raises(TypeError, match="one text came, expected a sequence"):
        model.predict("He denied it.")
    with pytest.raises(TypeError, match="sentence 1 is None, expected text"):
        model.predict(["a", None])
    assert model.predict([]).shape == (0,)


# --- pages


def test_page_shows_hostile_text_and_never_runs_it(workplace):
    run = load_run(workplace / "runs/words")
    gold = [HOSTILE.replace("1+1", str(row)) for row in range(len(run.predictions))]
    wrong = replace(run.predictions, text=tuple(gold), predicted=("none",) * len(gold))
    page = report.render_report({**run.report, "question": HOSTILE}, wrong, {})
    assert page.count("<script") == 2
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_pages_load_nothing_and_repeat_no_id(workplace):
    runs = [workplace / "runs" / name for name in ("words", "majority")]
    pages = [(runs[0] / "report.html").read_text(), compare(runs).to_html()]
    for page in pages:
        assert not re.search(r'(src|href)="(?!#)', page.replace('xlink:href="#', ""))
        assert "url(http" not in page
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for target in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', page):
            assert target in ids


def test_report_without_its_baseline_says_so(workplace):
    run = load_run(workplace / "runs/words")
    page = report.render_report({**run.report, "against": None}, run.predictions, {})
    assert "The baseline &#39;majority&#39; has no run on this corpus beside this one" in page
    assert "has no baseline" in (workplace / "runs/majority/report.html").read_text()
    assert "better than the baseline" in (workplace / "runs/words/report.html").read_text()


def test_answer_claims_no_more_than_the_interval_and_the_test(workplace):
    run = load_run(workplace / "runs/words")
    gap = {"value": 0.1, "low": -0.1, "high": 0.3, "p_value": 0.0001}
    for low, high, words in ((-0.1, 0.3, "is not told apart from"), (-0.3, -0.1, "is worse than")):
        against = {"name": "majority", "train": {**gap, "low": low, "high": high}}
        page = report.render_report({**run.report, "against": against}, run.predictions, {})
        assert words in page
        assert "p &lt; 0.001" in page
    against = {"name": "majority", "train": {**gap, "low": 0.001, "p_value": 0.06}}
    page = report.render_report({**run.report, "against": against}, run.predictions, {})
    assert "it is not told apart from the baseline &#39;majority&#39; (difference +0.100" in page


def test_worst_mistakes_are_the_surest_wrong_ones():
    found = report.worst_mistakes(predictions(["denial", "none", "none"], ["denial", "statement", "none"]))
    assert [(row["gold"], row["predicted"], row["confidence"]) for row in found] == [("none", "statement", 0.8)]


def test_undefined_is_written_as_a_dash():
    assert (formatting.format_score(float("nan")), formatting.format_signed(None), formatting.format_p(None)) == (
        "–",
        "–",
        "–",
    )
    assert formatting.flatten({"a": None, "b": True}) == [("a", "–"), ("b", "true")]
    one, other = (formatting.flatten({"classes": {f"c{n}": word for n in range(13)}}) for word in ("said", "told"))
    assert one[0][1].startswith("13 entries, ")
    assert one != other


def test_figures_are_byte_stable_and_survive_missing_labels():
    found = predictions(["denial", "none"], ["denial", "denial"])
    scores = score_predictions(found, 100)
    for draw in (figures.draw_confusion, figures.draw_label_scores):
        assert draw(scores) == draw(scores)
        assert figures.INK not in draw(scores)
    assert "diplomatic" not in figures.draw_precision_recall(found)
    calibration = measure_calibration(found, 100)
    assert figures.draw_reliability(calibration) == figures.draw_reliability(calibration)
    only = predictions(["none"], ["none"])
    assert figures.draw_precision_recall(only).startswith('<svg role="img"')


def test_all_text_of_a_figure_takes_the_colour_of_the_page():
    found = predictions(["denial", "statement", "none"], ["denial", "statement", "none"])
    scores = score_predictions(found, 100)
    drawn = [
        figures.draw_label_scores(scores),
        figures.draw_costs([("time", True, [1.0, 2.0])], [0.5, 0.6], 0),
        figures.draw_reliability(measure_calibration(found, 100)),
    ]
    for svg in drawn:
        texts = re.findall(r"<text [^>]*>", svg)
        assert texts
        assert all("fill: currentColor" in text for text in texts)


def test_article_page_marks_acts_by_name(workplace):
    model = load_model(workplace / "runs/words/model")
    page = article_page.render_articles(
        [("a.txt", model.label_article(f"The old ministry denied the report. {HOSTILE}"))], "words"
    )
    assert "[denial, " in page
    assert "<script" not in page


# --- comparison


def test_comparison_is_sorted_and_paired(workplace):
    found = toolkit.compare([workplace / "runs/majority", str(workplace / "runs/words")])
    assert [entry.name for entry in found.entries] == ["words", "majority"]
    assert found.baseline == "majority"
    assert found.entries[1].differences["train"] is None
    # Majority answers with one act of two, which a third of the sentences have: F1 of 1/2 and 0.
    assert found.entries[0].differences["train"].value == pytest.approx(0.75)
    assert "better than 'majority': words" in found.conclusion()
    assert ("classifier.name", ("logistic-regression", "majority")) in found.settings
    assert all(len(set(one.predicted)) == 2 for one in found.disagreements)
    assert "+0.750" in found.to_text()
    assert "| words |" in found.to_markdown()
    assert "✗ " in found.to_html()


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, **values}))


def test_p_values_are_corrected_for_all_comparisons_shown(runs):
    shutil.copytree(runs / "majority", runs / "twin")
    change_manifest(runs / "twin", name="twin")
    found = compare([runs / "words", runs / "majority", runs / "twin"], against="majority")
    shown = [pair for split in ("train", "test") for pair in found.pairs[split]]
    # Three pairs on two splits.
    assert found.n_comparisons == len(shown) == 6
    assert [pair.p_corrected for pair in shown] == holm([pair.found.p_value for pair in shown])
    # The smallest is multiplied by their number.
    smallest = min(shown, key=lambda pair: pair.found.p_value)
    assert smallest.p_corrected == pytest.approx(6 * smallest.found.p_value)
    assert found.entries[0].differences["train"].p_value == found.pairs["train"][0].p_corrected


def test_comparison_to_a_chosen_run(workplace):
    found = compare([workplace / "runs/words", workplace / "runs/majority"], against="words")
    assert found.entries[1].differences["test"].value < 0
    assert "worse than 'words': majority" in found.conclusion()
    with pytest.raises(RunError, match=r"'wrods' is none of the runs .*did you mean 'words'\?"):
        compare([workplace / "runs/words", workplace / "runs/majority"], against="wrods")


def test_runs_that_cannot_be_compared_are_refused(runs, tmp_path):
    with pytest.raises(RunError, match="1 run came; name at least two"):
        compare([runs / "words"])
    with pytest.raises(RunError, match="two runs bear the name 'words'"):
        compare([runs / "words", runs / "words"])
    other = write_corpus(tmp_path / "other")
    (other / "sentences.csv").write_text((other / "sentences.csv").read_text().replace("bridge", "tunnel"))
    elsewhere = train(write_experiment(tmp_path, "there", MAJORITY), other, tmp_path / "elsewhere")
    with pytest.raises(RunError, match="'words' and 'there' are over different corpora"):
        compare([runs / "words", elsewhere.folder])
    path = runs / "majority/predictions.csv"
    good = path.read_text()
    path.write_text(good.replace("test,-1,a-09,0,", "test,-1,a-09,7,"))
    with pytest.raises(RunError, match="differ in the position of their sentences"):
        compare([runs / "words", runs / "majority"])
    path.write_text(good)
    manifest = json.loads((runs / "majority/manifest.json").read_text())
    manifest["labels"]["label"][0]["title"] = "refutation"
    (runs / "majority/manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="have different label sets"):
        compare([runs / "words", runs / "majority"])


def test_equal_runs_are_not_told_apart(runs):
    shutil.copytree(runs / "words", runs / "twin")
    manifest = json.loads((runs / "twin/manifest.json").read_text())
    (runs / "twin/manifest.json").write_text(json.dumps({**manifest, "name": "twin"}))
    found = compare([runs / "words", runs / "twin"])
    assert (
        "not told apart from 'words': twin" in found.conclusion()
        or "not told apart from 'twin': words" in found.conclusion()
    )
    assert found.settings == ()
    assert found.disagreements == ()
    for text in (found.to_text(), found.to_markdown(), found.to_html()):
        assert "Settings that differ\n" not in text


def test_markdown_cells_hold_no_markup(runs):
    path = runs / "majority/predictions.csv"
    path.write_text(path.read_text().replace("The", "<b>|*", 1))
    other = runs / "words/predictions.csv"
    other.write_text(other.read_text().replace("The", "<b>|*", 1))
    text = compare([runs / "words", runs / "majority"]).to_markdown()
    assert "<b>" not in text


def test_shipped_experiments_are_valid():
    names = {path.stem for path in find_experiments([], "experiments")}
    assert names >= {"majority", "keywords", "naive-bayes", "words", "svm", "words-characters", "default"}
    assert {read_experiment(f"experiments/{name}.toml").seed for name in names} == {20240427}


def test_loaded_corpus_may_be_passed_on(tmp_path, corpus_folder):
    run = train(
        read_experiment(write_experiment(tmp_path, "m", MAJORITY)), load_corpus(corpus_folder), tmp_path / "runs"
    )
    assert verify(run.folder, load_corpus(corpus_folder)) == []


def test_largest_seed_leaves_room_for_the_inner_folds(workplace, corpus_folder, tmp_path):
    found = train(workplace / "experiments/words.toml", corpus_folder, tmp_path, [f"seed={2**32 - 1}"])
    assert found.manifest["seed"] == 2**32 - 1
    with pytest.raises(ConfigError, match=r"seed is 4294967296; expected a whole number from 0 to 2\^32 - 1"):
        train(workplace / "experiments/words.toml", corpus_folder, tmp_path, [f"seed={2**32}"])
