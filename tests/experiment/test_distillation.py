"""A student learns from text that a teacher labels; its run says from what, and claims no more than it shows."""

import json
import re
import shutil

import pytest

from tests.conftest import MAJORITY, PLACES, THINGS, WORDS, change_manifest, write_corpus, write_csv, write_experiment
from toolkit.config import read_experiment
from toolkit.exceptions import ConfigError, ModelError, RunError, TableError
from toolkit.experiment import distillation
from toolkit.experiment.distillation import distill
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.experiment.verification import verify
from toolkit.models import load_model

BAYES = WORDS.replace("logistic-regression", "naive-bayes").replace("C = [1, 10]", "alpha = [0.1, 1]")
VERBS = {"denial": "denies", "statement": "says", "none": "has"}


def sentence(place, label, number, thing):
    return f"The {place} mayor {VERBS[label]}{number} the {thing}."


def write_verbs(folder, shift):
    """Write nine training articles, each with verbs of its own: only text can teach those of an article held out."""
    rows = [
        [f"a-{number:02d}", position, 0, sentence(PLACES[number], label, (number + shift) % 9, THINGS[number]), label]
        for number in range(12)
        for position, label in enumerate(VERBS)
    ]
    header = ["article", "position", "paragraph", "text", "label", "also", "first", "second"]
    write_csv(write_corpus(folder) / "sentences.csv", header, [[*row, "", "", ""] for row in rows])
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_verbs(tmp_path_factory.mktemp("verbs") / "data", 0)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """270 sentences with these verbs, and with a word that the corpus does not have."""
    path = tmp_path_factory.mktemp("archive") / "archive.txt"
    sentences = [
        sentence(f"zealous {place}", label, number, "bridge")
        for place in PLACES[:10]
        for label in VERBS
        for number in range(9)
    ]
    path.write_text("\n\n".join(sentences))
    return path


@pytest.fixture(scope="module")
def place(tmp_path_factory, corpus):
    """A folder with experiments, a plain run, and that of a teacher that learned the same verbs elsewhere."""
    folder = tmp_path_factory.mktemp("distilled")
    for name, text in (("words", WORDS), ("bayes", BAYES), ("majority", MAJORITY)):
        write_experiment(folder / "experiments", name, text)
    train(folder / "experiments/words.toml", corpus, folder / "runs")
    train(folder / "experiments/words.toml", write_verbs(folder / "data", 1), folder / "elsewhere")
    return folder


@pytest.fixture(scope="module")
def teacher(place):
    return place / "elsewhere/words/model"


@pytest.fixture(scope="module")
def run(place, teacher, archive, corpus):
    return distill(place / "experiments/words.toml", teacher, archive, None, corpus, place / "runs")


def test_run_of_a_student_names_teacher_text_and_weight(teacher, run, archive):
    manifest = json.loads((teacher / "manifest.json").read_text())
    record = run.manifest.distillation
    assert run.name == run.folder.name == "words-distilled"
    assert (run.experiment.baseline, record.plain, run.report.against.name) == ("words",) * 3
    assert (record.teacher.experiment, record.teacher.sha256) == ("words", manifest["sha256"])
    assert record.teacher.corpus == manifest["corpus"]["fingerprint"] != run.manifest.corpus.fingerprint
    assert not record.refitted
    assert (record.text.files, record.text.sentences, record.text.limit) == (("archive.txt",), 270, None)
    assert run.report.distillation == record
    assert run.model.manifest["distillation"] == record.to_dict()
    assert str(archive.parent) not in "".join(path.read_text() for path in run.folder.glob("*.json"))


def test_weight_and_hyper_parameters_are_those_of_the_best_candidate(run):
    record = run.manifest.distillation
    best = max(record.candidates, key=lambda one: one.macro_f1)
    assert record.weight == best.weight > 0
    tried = [(one.weight, one.parameters["C"]) for one in record.candidates]
    assert tried == [(weight, C) for weight in (0.0, *distillation.WEIGHTS) for C in (1, 10)]
    assert run.manifest.settings["classifier"] == {"name": "logistic-regression", **best.parameters}


def test_student_knows_words_of_the_text_but_the_run_has_no_sentence_of_it(run, place):
    assert "zealous" in run.model.pipeline["vectorizer"]["words"].vocabulary_
    assert "zealous" not in load_model(place / "runs/words/model").pipeline["vectorizer"]["words"].vocabulary_
    for name in ("predictions.csv", "report.json", "manifest.json", "report.html", "contributions.json"):
        assert not re.search("zealous .* (denies|says|has)", (run.folder / name).read_text())
    assert len(run.predictions) == 36


def test_student_learns_from_the_text(run, place):
    plain = load_run(place / "runs/words")
    assert run.report.scores.train.headline.value > plain.report.scores.train.headline.value + 0.2


def test_page_and_card_say_which_scores_count(run):
    page, card = (run.folder / "report.html").read_text(), (run.folder / "model/README.md").read_text()
    for text in (page, card):
        assert "270 unlabelled sentences of archive.txt" in text
        assert "was not trained on this corpus and may have seen any of its sentences" in text
    assert "without the text (difference" in page
    assert run.manifest.distillation.text.sha256 in page
    assert run.manifest.distillation.teacher.sha256 in page
    again = report(run.folder)
    assert again.report.distillation == run.report.distillation
    assert (run.folder / "report.html").read_text() == page


def test_distilled_run_is_verified_with_its_teacher_and_text_alone(run, teacher, archive, corpus, tmp_path):
    assert verify(run.folder, corpus, n_jobs=2, teacher=teacher, texts=[archive]) == []
    with pytest.raises(RunError, match=r"was distilled from 'words' and .*; name both with --teacher and --texts \["):
        verify(run.folder, corpus)
    with pytest.raises(RunError, match=r"the teacher has the SHA-256 .*; name the same teacher"):
        verify(run.folder, corpus, teacher=run.model, texts=archive)
    other = tmp_path / "other.txt"
    other.write_text(archive.read_text() + "\n\nIt rained.")
    with pytest.raises(RunError, match=r"the text has the SHA-256 .*; name the same text"):
        verify(run.folder, corpus, teacher=teacher, texts=other)


def test_teacher_of_the_same_corpus_is_fitted_again_where_the_weight_is_chosen(place, archive, corpus, tmp_path):
    words, teacher = place / "experiments/words.toml", place / "runs/words/model"
    run = distill(words, teacher, archive, None, corpus, tmp_path)
    record = run.manifest.distillation
    assert record.refitted
    assert record.teacher.macro_f1 == load_run(place / "runs/words").report.scores.test.headline
    # A teacher that has not seen the verbs of a held-out article cannot teach them.
    assert max(one.macro_f1 for one in record.candidates) < 0.6
    # A distilled model is not fitted again: its text is not at hand.
    again = distill(words, run.model, archive, None, corpus, tmp_path, "again", weight=2)
    record = again.manifest.distillation
    assert not record.refitted
    assert [(one.weight, one.parameters["C"]) for one in record.candidates] == [(2, 1), (2, 10)]
    assert record.weight == 2
    assert run.manifest.settings["classifier"]["C"] in (1, 10)


def test_naive_bayes_learns_from_a_sample_in_repeated_folds(place, teacher, archive, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(distillation, "WEIGHTS", (1.0,))
    student, loaded = place / "experiments/bayes.toml", load_model(teacher)
    run = distill(student, loaded, archive, 200, corpus, tmp_path, "x", ["evaluation.repeats=2"])
    record = run.manifest.distillation
    assert (run.name, record.plain) == ("x", "bayes+evaluation.repeats=2")
    assert (record.text.sentences, record.text.limit, record.weight) == (200, 200, 1.0)
    assert run.report.against is None
    assert [fold.repeat for fold in run.repeats.folds] == [1, 1, 1, 2, 2, 2]
    assert run.repeats.headline().value > 0.8
    assert run.model.engine == "compiled"


def test_text_that_does_not_help_is_left_out(place, teacher, archive, corpus_folder, tmp_path):
    # The plain student makes no mistake in this corpus: of equals, the smallest weight is chosen.
    run = distill(place / "experiments/words.toml", teacher, archive, None, corpus_folder, tmp_path)
    assert run.manifest.distillation.weight == 0
    assert "did not help: the text was left out" in (run.folder / "report.html").read_text()
    assert "zealous" not in run.model.pipeline["vectorizer"]["words"].vocabulary_
    assert verify(run.folder, corpus_folder) == []


def test_impossible_students_teachers_and_names_are_refused(place, teacher, archive, corpus, tmp_path):
    words = place / "experiments/words.toml"
    with pytest.raises(ConfigError, match="classifier of 'majority' is majority, which learns no weighted sentences"):
        distill(place / "experiments/majority.toml", teacher, archive, corpus=corpus, runs=tmp_path)
    averaged = read_experiment(write_experiment(tmp_path, "averaged", WORDS + '[encoder]\nmodel = "any"\n'))
    with pytest.raises(ConfigError, match=r"'averaged' averages an encoder, which learns no soft labels"):
        distill(averaged, teacher, archive, corpus=corpus, runs=tmp_path)
    for name in ("words", "", "..", "a/b"):
        with pytest.raises(ConfigError, match=r"^the name is '.*', expected that of a new folder in .*\[--name\]$"):
            distill(words, teacher, archive, corpus=corpus, runs=tmp_path, name=name)
    for weight in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match=r"^the weight is .*, expected a number above 0; .*\[--weight\]$"):
            distill(words, teacher, archive, corpus=corpus, runs=tmp_path, weight=weight)
    with pytest.raises(TableError, match=r"20 of .* sentences can be used"):
        distill(words, teacher, archive, 20, corpus, tmp_path)
    other = shutil.copytree(teacher, tmp_path / "other")
    labels = json.loads((other / "manifest.json").read_text())["labels"]
    labels["label"].append({**labels["label"][0], "name": "threat"})
    change_manifest(other, labels=labels)
    with pytest.raises(ModelError, match=r"the teacher has the labels denial, none, statement, threat, expected those"):
        distill(words, other, archive, corpus=corpus, runs=tmp_path)
    assert not list(tmp_path.glob("*distilled"))
