"""Token patterns of scikit-learn -> kinds of tokens; apart from ``layout``, since labelling needs no scikit-learn."""

from __future__ import annotations

from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS, RUNS_AND_MARKS, RUNS_AND_PUNCTUATION
from toolkit.estimators import WORD_OR_MARK, WORD_OR_PUNCTUATION

TOKENS = {
    r"(?u)\b\w\w+\b": LONG_RUNS,
    r"\b\w\w+\b": LONG_RUNS,
    r"(?u)\b\w+\b": RUNS,
    r"\b\w+\b": RUNS,
    r"(?u)\w+": RUNS,
    r"\w+": RUNS,
    WORD_OR_MARK: RUNS_AND_MARKS,
    WORD_OR_PUNCTUATION: RUNS_AND_PUNCTUATION,
    r"(?u)\S+": CHUNKS,
    r"\S+": CHUNKS,
}
