"""Small runs whose comparison can be recounted by hand, in memory and as folders."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from toolkit.analysis.context import no_context
from toolkit.analysis.findings import Ceiling, CollectionScores, measure_findings
from toolkit.analysis.predictions import Predictions, format_predictions
from toolkit.analysis.records import BySplit
from toolkit.analysis.repeats import FoldComparison
from toolkit.analysis.report import Chosen, Clock, CorpusIdentity, ModelFile, Report, RunManifest
from toolkit.analysis.scores import Estimate, score_predictions
from toolkit.experiment.run_files import RUN_SCHEMA, write_json
from toolkit.experiment.runs import Run
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "pledge", "none"], background="none")
LETTER = {"d": "denial", "p": "pledge", "n": "none"}
HOSTILE = "</script><script>alert(1)</script><b>&\"' | $\\input{x}$ 50 %"
# Two articles of two sentences each in train, one in test.
GOLD = "dpnd"


def make_predictions(predicted, gold=GOLD, per_article=2, texts=None, test="dp"):
    """Make predictions from one letter per sentence; the test split is predicted correctly by default."""
    n, n_test = len(gold), len(test)
    labels = [LETTER[letter] for letter in predicted + test]
    proba = np.full((n + n_test, 3), 0.1)
    proba[np.arange(n + n_test), [LABELS.index(name) for name in labels]] = 0.8
    return Predictions(
        labels=LABELS,
        split=("train",) * n + ("test",) * n_test,
        fold=(0,) * n + (-1,) * n_test,
        article=tuple(f"a-{row // per_article}" for row in range(n)) + ("t-0",) * n_test,
        position=tuple(row % per_article for row in range(n)) + tuple(range(n_test)),
        text=tuple(texts or [f"Sentence {row}." for row in range(n + n_test)]),
        gold=tuple(LETTER[letter] for letter in gold + "dp"[:n_test]),
        predicted=tuple(labels),
        proba=proba,
    )


def make_run(name, predicted, baseline="base", clock=None, folder="nowhere", **values):
    predictions = make_predictions(predicted, **values)
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
    report = Report(
        **provenance,
        # Comparisons measure these anew from the predictions, and take from the scores which labels are rare.
        **dict.fromkeys(("calibration", "abstention", "slices", "label_errors")),
        scores=BySplit(*(score_predictions(predictions.take(split), 10) for split in ("train", "test"))),
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


def change_manifest(run, **values):
    return replace(run, manifest=replace(run.manifest, **values))


def change_report(run, **values):
    return replace(run, report=replace(run.report, **values))


def with_annotator(runs, predicted):
    """Return runs over a corpus whose test split was annotated twice, and the scores of the second annotator."""
    scores = score_predictions(make_predictions(predicted), 100)
    ceiling = BySplit(None, Ceiling(model=scores.headline, gap=None, annotator=scores))
    return [change_report(run, ceiling=ceiling) for run in runs], scores.to_dict()


def with_collections(run):
    """Return a run whose report has scores of two collections, one of them without a test split."""
    test = run.report.scores.test
    scores = replace(test, headline=Estimate(0.5, 0.25, 0.75), accuracy=Estimate(0.625, 0.5, 0.75))
    parts = (CollectionScores("natural", BySplit(test, scores)), CollectionScores("acts", BySplit(scores, None)))
    return change_report(run, collections=parts)


def without_costs(run):
    """Return a run that records no costs."""
    clock = replace(run.report.clock, training_seconds=0, sentences_per_second=0)
    return change_report(run, clock=clock, model=replace(run.report.model, bytes=0))


def change_predictions(run, **values):
    return replace(run, predictions=replace(run.predictions, **values))


def write_run(run, folder):
    """Write a run as if it had been trained; what is not in its predictions is made up."""
    settings = {**run.manifest.settings, "seed": 7, "classifier": {"name": "majority"}}
    settings["evaluation"] = {"resamples": 100}
    findings = measure_findings(run.predictions, no_context(len(run.predictions)), None, 50)
    folder.mkdir(parents=True)
    write_json(folder / "manifest.json", replace(run.manifest, settings=settings))
    write_json(folder / "report.json", replace(run.report, settings=settings, **vars(findings)))
    (folder / "predictions.csv").write_text(format_predictions(run.predictions))
    return folder


def make_curve(name, grades=("cross-validated",)):
    """Make the record of a learning curve with two points and two orders."""
    scores = {grade: [[0.2, 0.3], [0.4, 0.5]] for grade in grades}
    return {"experiment": name, "n_articles": [2, 4], "n_sentences": [4, 8], "scores": scores}


def with_folds(comparison, p_value):
    """Return the same comparison of two runs with a corrected t-test over folds that has this p-value."""
    return replace(comparison, fold_pairs=(FoldComparison(0, 1, 0.1, -0.1, 0.3, p_value, p_value, 15),))


def different_runs():
    """Make two runs that differ significantly: one is always correct, the other never."""
    gold = "dp" * 20
    return [make_run("base", "pd" * 20, gold=gold), make_run("better", gold, gold=gold)]
