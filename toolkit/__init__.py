"""Label the sentences of news articles by speech act, and measure how far the labels can be trusted.

Each command of ``toolkit`` has a function of the same purpose here:

==========================================  ===================================================
``toolkit corpus check, stats, agreement``  `check_corpus`, `corpus_stats`, `agreement`
``toolkit train, report, verify``           `train`, `report`, `verify`; `load_run` opens a run
``toolkit compare, curve``                  `compare`, `curve`
``toolkit label, evaluate, explain``        `load_model`, `evaluate`, `explain`
``toolkit inspect``                         `inspect_model`
==========================================  ===================================================

Heavy packages are imported when first needed: ``import toolkit`` itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from toolkit.comparison.comparing import Comparison, compare
    from toolkit.corpus.agreement import agreement
    from toolkit.corpus.checking import check_corpus
    from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.corpus.segmentation import segment
    from toolkit.corpus.statistics import corpus_stats
    from toolkit.engine.inference.classifier import CompiledClassifier, compile_pipeline
    from toolkit.engine.inference.linear_models import CannotCompile
    from toolkit.engine.training.vectorizers import CompiledCountVectorizer, CompiledTfidfVectorizer
    from toolkit.exceptions import ToolkitError
    from toolkit.experiment.curves import curve
    from toolkit.experiment.evaluation import evaluate
    from toolkit.experiment.reporting import report
    from toolkit.experiment.runs import Run, load_run
    from toolkit.experiment.training import train
    from toolkit.experiment.verification import verify
    from toolkit.labels import LabelSet
    from toolkit.models.classifier import LabelledArticle, SentenceClassifier, load_model
    from toolkit.models.explanation import explain
    from toolkit.models.saving import inspect_model

_HOMES = {
    "CannotCompile": "engine.inference.linear_models",
    "Comparison": "comparison.comparing",
    "CompiledClassifier": "engine.inference.classifier",
    "CompiledCountVectorizer": "engine.training.vectorizers",
    "CompiledTfidfVectorizer": "engine.training.vectorizers",
    "LabelSet": "labels",
    "LabelledArticle": "models.classifier",
    "Run": "experiment.runs",
    "SentenceClassifier": "models.classifier",
    "ToolkitError": "exceptions",
    "agreement": "corpus.agreement",
    "check_corpus": "corpus.checking",
    "compare": "comparison.comparing",
    "compile_pipeline": "engine.inference.classifier",
    "corpus_fingerprint": "corpus.loading",
    "corpus_labels": "corpus.loading",
    "corpus_stats": "corpus.statistics",
    "curve": "experiment.curves",
    "evaluate": "experiment.evaluation",
    "explain": "models.explanation",
    "inspect_model": "models.saving",
    "load_corpus": "corpus.loading",
    "load_model": "models.classifier",
    "load_run": "experiment.runs",
    "report": "experiment.reporting",
    "segment": "corpus.segmentation",
    "train": "experiment.training",
    "verify": "experiment.verification",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"toolkit.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'toolkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
