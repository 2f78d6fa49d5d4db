"""Small predictions for tests of what is measured on them and of what pages show."""

from dataclasses import replace

import numpy as np

from toolkit.analysis.distillation import Candidate, Distillation, Teacher, UnlabelledText
from toolkit.analysis.predictions import Predictions, make_predictions
from toolkit.analysis.scores import Estimate
from toolkit.labels import LabelSet

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!-- =1+1"
ARABIC = "قال الوزير إن التقرير غير صحيح."


def outside_predictions(gold, predicted, text=None):
    """Predictions of sentences from outside a corpus, each with probability 0.8."""
    proba = np.full((len(gold), 3), 0.1)
    for row, name in enumerate(predicted):
        proba[row, LABELS.index(name)] = 0.8
    return make_predictions(LABELS, text or [f"Sentence {row}." for row in range(len(gold))], gold, proba)


def split_predictions(gold, predicted, labels=LABELS, text=None, confidence=0.8) -> Predictions:
    """Predictions with the first half of the sentences in train and the second in test, two per article."""
    n, n_labels = len(gold), len(labels.names)
    proba = np.full((n, n_labels), (1 - confidence) / (n_labels - 1))
    for row, name in enumerate(predicted):
        proba[row, labels.index(name)] = confidence
    outside = make_predictions(labels, text or [f"Sentence {row}." for row in range(n)], gold, proba)
    split = tuple("train" if row < n // 2 else "test" for row in range(n))
    return replace(
        outside,
        split=split,
        fold=tuple(0 if name == "train" else -1 for name in split),
        article=tuple(f"a{row // 2}" for row in range(n)),
        position=tuple(row % 2 for row in range(n)),
    )


def distillation_of(fingerprint, weight=0.5, files=("a.txt",), refitted=False):
    """Make the record of a distilled run, whose teacher was fitted on the corpus with this fingerprint."""
    return Distillation(
        plain="words",
        teacher=Teacher(
            experiment="<b>big</b>",
            file="pipeline.skops",
            sha256="7" * 64,
            corpus=fingerprint,
            macro_f1=Estimate(0.75, 0.5, 1.0),
        ),
        text=UnlabelledText(files=files, sentences=1234, sha256="8" * 64, limit=2000),
        weight=weight,
        refitted=refitted,
        candidates=(Candidate(0.0, {"C": 1}, 0.5), Candidate(0.5, {"C": 1}, 0.625)),
    )
