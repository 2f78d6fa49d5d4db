"""Token patterns of scikit-learn -> the kinds of tokens that machine code reads; no scikit-learn is imported."""

from __future__ import annotations

from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS, RUNS_AND_MARKS
from toolkit.estimators.lexicon import WORD_OR_MARK

TOKENS = {
    r"(?u)\b\w\w+\b": LONG_RUNS,
    r"\b\w\w+\b": LONG_RUNS,
    r"(?u)\b\w+\b": RUNS,
    r"\b\w+\b": RUNS,
    r"(?u)\w+": RUNS,
    r"\w+": RUNS,
    WORD_OR_MARK: RUNS_AND_MARKS,
    r"(?u)\S+": CHUNKS,
    r"\S+": CHUNKS,
}
