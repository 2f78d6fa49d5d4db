"""evaluation, explanation, artifacts, labelling, figures, report, comparison, experiment."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from tests.conftest import MAJORITY, WORDS, write_experiment
from toolkit.analysis.calibration import measure_calibration
from toolkit.analysis.predictions import make_predictions, read_predictions, write_predictions
from toolkit.analysis.scores import compare_predictions, score_by_ambiguity, score_predictions
from toolkit.comparison.comparing import compare
from toolkit.config import read_experiment
from toolkit.corpus.loading import load_corpus
from toolkit.exceptions import ConfigError, ModelError, RunError, ToolkitError
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.labels import LabelSet
from toolkit.models.classifier import load_model
from toolkit.models.explanation import has_weights, sentence_contributions, top_ngrams
from toolkit.models.saving import inspect_model, load_saved, save_model
from toolkit.pages import article_page, figures, formatting
from toolkit.pages import run_page as report

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


# --- models


def change_manifest(folder, **values):
    path = folder / "manifest.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, **values}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"versions": {"scikit-learn": "0.1"}},
            r"fitted with scikit-learn 0\.1, .* is installed; install scikit-learn==0\.1",
        ),
        ({"format": 2}, "has format 2, this toolkit reads 1"),
        ({"file": "../../other.skops"}, "names the file '../../other.skops', expected"),
        ({"sha256": "0"}, "is not the one its manifest names"),
        ({"labels": {}}, "labels is no label set; train or copy the model again"),
        ({"bytes": "9"}, "bytes is '9', expected a whole number; train or copy the model again"),
        ({"file": "pipeline.joblib"}, "the model's file is missing"),
    ],
)
def test_model_that_is_not_what_it_says_is_refused(runs, values, message):
    change_manifest(runs / "words/model", **values)
    with pytest.raises(ModelError, match=message):
        load_model(runs / "words/model")


def test_missing_model_names_the_nearest(runs):
    with pytest.raises(ModelError, match="there is no model; train one"):
        load_model(runs / "wrods/model")
    with pytest.raises(ModelError, match=r"the folder is a run; name the model in it .*words/model\]"):
        load_model(runs / "words")
    (runs / "words/model/manifest.json").write_text("[]")
    with pytest.raises(ModelError, match=r"the manifest is \[\], expected keys with values; train or copy"):
        load_model(runs / "words/model")


def fitted(*steps):
    return Pipeline(list(steps)).fit(["he denied it", "she said so"], ["denial", "statement"])


PLAIN = (("vectorizer", TfidfVectorizer()), ("classifier", LogisticRegression()))


def test_joblib_model_opens_only_when_trusted(tmp_path, corpus_folder):
    path = write_experiment(tmp_path, "words", WORDS)
    run = train(path, corpus_folder, tmp_path / "runs", ["model.format='joblib'"])
    with pytest.raises(ModelError, match="a joblib model runs code when it is opened"):
        load_model(run.folder / "model")
    assert load_model(run.folder / "model", trusted=True).predict(["He denied the report."]).tolist() == ["denial"]
    assert inspect_model(run.folder / "model")["untrusted"] == ["anything: a joblib file can run code"]
    assert verify(run.folder, corpus_folder) == []
    content = b"no pickle"
    (run.folder / "model/pipeline.joblib").write_bytes(content)
    import hashlib

    change_manifest(run.folder / "model", sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="joblib file cannot be opened"):
        load_model(run.folder / "model", trusted=True)


def test_pipeline_that_cannot_come_back_is_not_saved(tmp_path):
    pipeline = fitted(("lower", FunctionTransformer(lambda texts: [text.lower() for text in texts])), *PLAIN)
    with pytest.raises(ModelError, match="cannot be loaded back"):
        save_model(tmp_path, pipeline, LABELS, {}, "card", ["x"])


class Shouting(TfidfVectorizer):
    """A type that no list of trusted ones has."""


def test_type_that_is_not_trusted_is_refused(tmp_path, monkeypatch):
    pipeline = fitted(("vectorizer", Shouting()), ("classifier", LogisticRegression()))
    with monkeypatch.context() as patch:
        patch.setattr("toolkit.models.saving.TRUSTED_TYPES", (f"{__name__}.Shouting",))
        save_model(tmp_path, pipeline, LABELS, {}, "card", ["x"])
    assert inspect_model(tmp_path)["untrusted"] == [f"{__name__}.Shouting"]
    with pytest.raises(ModelError, match="Shouting', which is not trusted"):
        load_saved(tmp_path)


def test_model_that_loads_as_another_is_refused(tmp_path, monkeypatch):
    other = fitted(("vectorizer", TfidfVectorizer()), ("classifier", DummyClassifier(strategy="prior")))
    monkeypatch.setattr("toolkit.models.saving._load_skops", lambda *_: other)
    with pytest.raises(ModelError, match="gives other probabilities"):
        save_model(tmp_path, fitted(*PLAIN), LABELS, {}, "card", ["he denied it"])


def test_damaged_skops_file_is_refused(runs):
    import hashlib

    folder = runs / "words/model"
    for content in (b"no zip", (folder / "pipeline.skops").read_bytes()[:500]):
        (folder / "pipeline.skops").write_bytes(content)
        change_manifest(folder, sha256=hashlib.sha256(content).hexdigest())
        with pytest.raises(ModelError, match="skops file is damaged"):
            load_model(folder)
        with pytest.raises(ModelError, match="skops file is damaged"):
            inspect_model(folder)


def test_inspection_tells_types_and_damage_without_opening(runs):
    folder = runs / "words/model"
    found = inspect_model(folder)
    assert found["intact"]
    assert found["untrusted"] == []
    assert "sklearn.pipeline.Pipeline" in found["types"]
    change_manifest(folder, sha256="0")
    assert not inspect_model(folder)["intact"]


# --- explanation


def test_ngrams_explain_a_sentence(workplace):
    model = load_model(workplace / "runs/words/model")
    assert top_ngrams(model.pipeline, model.label_set, 3)["denial"][0].ngram in {
        "denied",
        "report",
        "about",
        "ministry denied",
        "denied the",
        "the report",
        "report about",
        "about the",
    }
    pulls = sentence_contributions(model.pipeline, model.label_set, "He denied it.")
    assert {weight.ngram for weight in pulls["denial"]} == {"denied"} | {weight.ngram for weight in pulls["none"]}
    assert max(pulls["denial"], key=lambda weight: weight.value).ngram == "denied"


def test_two_classes_have_a_weight_each():
    union = FeatureUnion([("words", TfidfVectorizer())])
    pipeline = fitted(("vectorizer", union), ("classifier", LogisticRegression()))
    found = top_ngrams(pipeline, LABELS, 1)
    assert list(found) == ["denial", "statement"]
    assert found["denial"][0].ngram in {"he", "denied", "it"}
    assert list(sentence_contributions(pipeline, LABELS, "he")) == ["denial", "statement"]


def test_model_without_weights_explains_nothing(workplace):
    model = load_model(workplace / "runs/majority/model")
    assert not has_weights(model.pipeline)
    assert top_ngrams(model.pipeline, model.label_set) == {}
    with pytest.raises(ModelError, match="no n-gram weights"):
        sentence_contributions(model.pipeline, model.label_set, "x")


def test_calibrated_machine_is_explained_by_its_own_weights(tmp_path, corpus_folder):
    path = write_experiment(tmp_path, "svm", '[features]\nwords = [1, 1]\n[classifier]\nname = "svm"\n')
    assert train(path, corpus_folder, tmp_path / "runs").report["ngrams"]["denial"]


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
