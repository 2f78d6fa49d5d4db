"""What was fitted and measured -> the record of a report, but for its model and clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.analysis import (
    BaselineDifference,
    BySplit,
    Chosen,
    CorpusIdentity,
    Distillation,
    Findings,
    Predictions,
    Provenance,
    Repeats,
    Results,
    compare_predictions,
)
from toolkit.config import Experiment
from toolkit.corpus import corpus_fingerprint, segmenter
from toolkit.experiment.contributions import label_ngrams
from toolkit.experiment.fitting import Evaluation
from toolkit.experiment.run_files import RUN_SCHEMA
from toolkit.experiment.runs import Run
from toolkit.models import versions

if TYPE_CHECKING:
    from datasets import DatasetDict


def make_provenance(
    experiment: Experiment, corpus: DatasetDict, distillation: Distillation | None = None
) -> Provenance:
    """Say where the results of a run come from."""
    sizes = BySplit(train=len(corpus["train"]), test=len(corpus["test"]))
    return Provenance(
        schema=RUN_SCHEMA,
        name=experiment.name,
        seed=experiment.seed,
        digest=experiment.digest,
        settings=experiment.to_dict(),
        corpus=CorpusIdentity(corpus_fingerprint(corpus), sizes),
        segmenter=segmenter(),
        versions=versions(experiment.encoder is not None),
        distillation=distillation,
    )


def make_results(
    experiment: Experiment,
    provenance: Provenance,
    evaluation: Evaluation,
    predictions: Predictions,
    findings: Findings,
    repeats: Repeats | None,
    baseline: Run | None,
) -> Results:
    """Collect what an experiment found.

    Parameters
    ----------
    experiment : Experiment
        The validated record.
    provenance : Provenance
        Of the same experiment and corpus.
    evaluation : Evaluation
        Its models and what they chose.
    predictions : Predictions
        As read back from the run.
    findings : Findings
        Measured on them.
    repeats : Repeats or None
        Of the repeated cross-validation, if the experiment repeats it.
    baseline : Run or None
        Run of the experiment's baseline, if there is one.
    """
    labels = predictions.labels
    return Results(
        **vars(provenance),
        **vars(findings),
        question=experiment.question,
        baseline=experiment.baseline,
        background=labels.background,
        repeats=repeats.scores() if repeats else None,
        chosen=Chosen(dict(evaluation.chosen), tuple(dict(chosen) for chosen in evaluation.chosen_by_fold)),
        ngrams=label_ngrams(evaluation, labels),
        against=_compare_to_baseline(experiment, predictions, baseline, provenance.corpus.fingerprint),
    )


def _compare_to_baseline(
    experiment: Experiment, predictions: Predictions, baseline: Run | None, fingerprint: str
) -> BaselineDifference | None:
    if baseline is None or baseline.manifest.corpus.fingerprint != fingerprint:
        return None
    n_resamples = experiment.evaluation.resamples
    train, test = (
        compare_predictions(predictions.take(split), baseline.predictions.take(split), n_resamples, experiment.seed)
        for split in ("train", "test")
    )
    return BaselineDifference(baseline.name, baseline.manifest.digest, train, test)
