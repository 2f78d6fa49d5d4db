"""A run trained again is the same, and each file that differs is named."""

import json

import pytest

from toolkit.exceptions import RunError
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run
from toolkit.experiment.verification import verify


def test_equal_inputs_give_equal_bytes_on_any_number_of_jobs(workplace, corpus_folder):
    assert verify(workplace / "runs/words", corpus_folder, n_jobs=2) == []


def test_verify_finds_a_changed_file(runs, corpus_folder):
    path = runs / "words/predictions.csv"
    path.write_text(path.read_text().replace("northern", "southern", 1))
    (runs / "words/figures/confusion.svg").unlink()
    (runs / "words/model/README.md").write_text("changed")
    record = json.loads((runs / "words/model/manifest.json").read_text())
    (runs / "words/model/manifest.json").write_text(json.dumps({**record, "bytes": 1}))
    assert verify(runs / "words", corpus_folder) == [
        "figures/confusion.svg is in one of the two only",
        "model/README.md differs",
        "model/manifest.json differs",
        "predictions.csv differs",
    ]


def test_run_whose_model_was_saved_without_label_shares_is_verified(runs, corpus_folder):
    path = runs / "words/model/manifest.json"
    record = json.loads(path.read_text())
    shares = record.pop("shares")
    path.write_text(json.dumps(record))
    assert verify(runs / "words", corpus_folder) == []
    path.write_text(json.dumps({**record, "shares": {**shares, "natural": shares["training"]}}))
    assert verify(runs / "words", corpus_folder) == ["model/manifest.json differs"]


def test_verify_wants_the_corpus_of_the_run(workplace, own_corpus):
    path = own_corpus / "sentences.csv"
    path.write_text(path.read_text().replace("bridge", "tunnel"))
    with pytest.raises(RunError, match="name its corpus with --corpus"):
        verify(workplace / "runs/words", own_corpus)


def test_report_with_other_resamples_says_so_and_is_verified(runs, corpus_folder):
    assert ">bootstrap resamples<" not in (runs / "words/report.html").read_text()
    again = report(runs / "words", 10)
    assert again.n_resamples == load_run(runs / "words").n_resamples == 10
    assert "10; 100 as trained, for the difference to the baseline" in (runs / "words/report.html").read_text()
    assert verify(runs / "words", corpus_folder) == []
    path = runs / "words/report.json"
    path.write_text(path.read_text().replace('"n_resamples": 10,', '"n_resamples": 11,'))
    assert "report.json differs" in verify(runs / "words", corpus_folder)
