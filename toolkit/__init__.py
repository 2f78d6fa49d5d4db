"""Label the sentences of news articles by speech act, and measure how far to trust it.

Heavy packages load when first needed: ``import toolkit`` itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from toolkit.comparison import Comparison, compare
    from toolkit.corpus import corpus_fingerprint, corpus_labels, load_corpus
    from toolkit.exceptions import ToolkitError
    from toolkit.experiment import Run, load_run, train, verify
    from toolkit.labelling import LabelledArticle, SentenceClassifier, load_model
    from toolkit.segmentation import segment
    from toolkit.vectorizers import CompiledCountVectorizer, CompiledTfidfVectorizer

_HOMES = {
    "Comparison": "comparison",
    "CompiledCountVectorizer": "vectorizers",
    "CompiledTfidfVectorizer": "vectorizers",
    "LabelledArticle": "labelling",
    "Run": "experiment",
    "SentenceClassifier": "labelling",
    "ToolkitError": "exceptions",
    "compare": "comparison",
    "corpus_fingerprint": "corpus",
    "corpus_labels": "corpus",
    "load_corpus": "corpus",
    "load_model": "labelling",
    "load_run": "experiment",
    "segment": "segmentation",
    "train": "experiment",
    "verify": "experiment",
}

__all__ = ["__version__", *sorted(_HOMES)]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"toolkit.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'toolkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
