"""Token patterns of scikit-learn that machine code knows; apart, since labelling needs no scikit-learn."""

from __future__ import annotations

from toolkit.engine.layout import CHUNKS, LONG_RUNS, RUNS, RUNS_AND_MARKS
from toolkit.estimators.lexicon import WORD_OR_MARK

# The kind of token that each pattern asks for.
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
