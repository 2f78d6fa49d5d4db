"""Tables of characters agree with this Python and with scikit-learn."""

import re

import numpy as np
import pytest

from toolkit.engine import characters


def test_tables_of_characters_are_those_of_python():
    kinds, view = characters.kinds(), characters.view(True, None)
    spaces = set(np.flatnonzero(kinds & characters.SPACE).tolist())
    assert spaces == {point for point in range(0x110000) if chr(point).isspace()}
    rng = np.random.default_rng(0)
    for point in [*range(0x500), *rng.integers(0, 0x110000, 5000).tolist()]:
        assert bool(kinds[point] & characters.WORD) == bool(re.match(r"\w", chr(point)))
        mapped = view.mapped[point]
        shown = chr(mapped) if mapped >= 0 else expansion(view, mapped)
        assert shown == chr(point).lower()


def expansion(view, mapped):
    return "".join(map(chr, view.expansions[view.bounds[-1 - mapped] : view.bounds[-mapped]]))


@pytest.mark.parametrize("accents", ["unicode", "ascii"])
def test_accents_are_stripped_as_in_scikit_learn(accents):
    from sklearn.feature_extraction.text import strip_accents_ascii, strip_accents_unicode

    strip = strip_accents_unicode if accents == "unicode" else strip_accents_ascii
    view = characters.view(True, accents)
    for point in [*range(0x3000), *range(0xF900, 0x10000), *range(0xAC00, 0xD800, 97)]:
        mapped = view.mapped[point]
        shown = chr(mapped) if mapped >= 0 else expansion(view, mapped)
        assert shown == strip(chr(point).lower()), hex(point)
