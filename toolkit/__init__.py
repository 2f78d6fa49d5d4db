"""Label the sentences of news articles by speech act, and measure how far to trust it.

Heavy packages load when first needed: ``import toolkit`` itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from toolkit.comparison.comparing import Comparison, compare
    from toolkit.corpus.loading import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.corpus.segmentation import segment
    from toolkit.engine.inference.classifier import CompiledClassifier, compile_pipeline
    from toolkit.engine.inference.linear_models import CannotCompile
    from toolkit.engine.training.vectorizers import CompiledCountVectorizer, CompiledTfidfVectorizer
    from toolkit.exceptions import ToolkitError
    from toolkit.experiment.runs import Run, load_run
    from toolkit.experiment.training import train
    from toolkit.experiment.verification import verify
    from toolkit.models.classifier import LabelledArticle, SentenceClassifier, load_model

_HOMES = {
    "CannotCompile": "engine.inference.linear_models",
    "Comparison": "comparison.comparing",
    "CompiledClassifier": "engine.inference.classifier",
    "CompiledCountVectorizer": "engine.training.vectorizers",
    "CompiledTfidfVectorizer": "engine.training.vectorizers",
    "LabelledArticle": "models.classifier",
    "Run": "experiment.runs",
    "SentenceClassifier": "models.classifier",
    "ToolkitError": "exceptions",
    "compare": "comparison.comparing",
    "compile_pipeline": "engine.inference.classifier",
    "corpus_fingerprint": "corpus.loading",
    "corpus_labels": "corpus.loading",
    "load_corpus": "corpus.loading",
    "load_model": "models.classifier",
    "load_run": "experiment.runs",
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
