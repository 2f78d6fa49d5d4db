"""Label shares that a model takes for granted, and those of a text, given or estimated -> probabilities that fit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.exceptions import ModelError, ToolkitError
from toolkit.labels import LabelSet
from toolkit.statistics import (
    PSEUDO_COUNT,
    Estimate,
    estimate_shares,
    implied_shares,
    reweight,
    share_intervals,
)

NATURAL = "natural"
# With fewer, the sentences drawn say less of a share than the corpus does.
MIN_SENTENCES = 50
# As of the probabilities that they are computed from.
N_DECIMALS = 6

Floats = NDArray[np.float64]
Shares = Mapping[str, float]


@dataclass(frozen=True)
class Adaptation:
    """What a model's probabilities were adapted to.

    Attributes
    ----------
    training, shares : mapping of str to float
        Share of each label that the classifier takes for granted, and of the text at hand, in the
        order of the label set.
    strength : float
        How far to go from the ones to the others: 0.5 is half-way in log odds.
    estimate : mapping of str to Estimate, optional
        The shares with 95 % intervals, if they were estimated.
    """

    training: Shares
    shares: Shares
    strength: float = 1.0
    estimate: Mapping[str, Estimate] | None = None

    def __post_init__(self) -> None:
        # Refuses a strength that does not fit before anything is labelled.
        self.apply(np.zeros((0, len(self.shares))))

    def apply(self, proba: Floats) -> Floats:
        """Reweight probabilities, columns in the order of the label set."""
        return reweight(proba, list(self.training.values()), list(self.shares.values()), self.strength)


def recorded_shares(manifest: Mapping[str, Any], labels: LabelSet) -> tuple[Shares, Shares]:
    """Return the label shares that a model takes for granted, and those of natural text, from its manifest.

    Raises
    ------
    ModelError
        If there are none or they are damaged.
    """
    recorded = manifest.get("shares")
    if recorded is None:
        raise ModelError("the model was saved without the label shares of its training; train it again to adapt it")
    return _check_recorded(recorded, "training", labels), _check_recorded(recorded, NATURAL, labels)


def _check_recorded(recorded: Mapping[str, Any], kind: str, labels: LabelSet) -> Shares:
    given = recorded.get(kind)
    numbers = [given.get(name) for name in labels.names] if isinstance(given, dict) else []
    shares = [float(one) for one in numbers if isinstance(one, int | float) and 0 < one <= 1]
    if len(shares) != len(labels.names) or abs(sum(shares) - 1) > 1e-3:
        raise ModelError(
            f"{kind!r} of the model's label shares is not a proportion of each label; train or copy it again"
        )
    return {name: share / sum(shares) for name, share in zip(labels.names, shares, strict=True)}


def measure_shares(
    proba: Floats, gold: Sequence[str], is_natural: ArrayLike, labels: LabelSet
) -> dict[str, dict[str, float]]:
    """Measure what a model's manifest says of label shares.

    Parameters
    ----------
    proba : ndarray of shape (n_sentences, n_labels)
        Cross-validated probabilities of the training sentences, in the order of ``labels``.
    gold : sequence of str
        Their gold labels.
    is_natural : array-like of bool of shape (n_sentences,)
        Which of them occurred as newsrooms write; with none, all count.
    labels : LabelSet
        Order of the probabilities.

    Returns
    -------
    dict
        ``training``: what the classifier takes for granted on natural text; ``natural``: gold shares there, each label
        counted half a sentence more often, so that none has a share of 0. Both by label.

    Examples
    --------
    >>> labels = LabelSet.from_names(["yes", "no"])
    >>> shares = measure_shares(np.full((4, 2), 0.5), ["no", "no", "no", "yes"], np.zeros(4, bool), labels)
    >>> shares["training"], shares["natural"]
    ({'yes': 0.5, 'no': 0.5}, {'yes': 0.3, 'no': 0.7})
    """
    rows = np.asarray(is_natural, dtype=bool)
    rows = rows if rows.any() else np.ones(len(proba), dtype=bool)
    counts = (np.asarray(gold)[rows][:, None] == np.array(labels.names)).sum(axis=0) + 0.5
    natural = counts / counts.sum()
    least = 10.0**-N_DECIMALS
    return {
        kind: dict(zip(labels.names, np.maximum(shares, least).round(N_DECIMALS).tolist(), strict=True))
        for kind, shares in (("training", implied_shares(proba[rows], natural)), (NATURAL, natural))
    }


def complete_shares(given: Shares | str, natural: Shares, labels: LabelSet) -> Shares:
    """Return the share of every label: those not given divide the rest in proportion to the natural ones.

    Raises
    ------
    ValueError
        If a label is unknown, or shares are no proportions or sum to more than 1.

    Examples
    --------
    >>> complete_shares({"a": 0.5}, {"a": 0.2, "b": 0.2, "c": 0.6}, LabelSet.from_names(["a", "b", "c"]))
    {'a': 0.5, 'b': 0.125, 'c': 0.375}
    """
    if isinstance(given, str):
        if given != NATURAL:
            raise ValueError(f"shares {given!r} came, expected {NATURAL!r} or a share for each of some labels")
        return natural
    labels.check(given)
    wrong = next((name for name, share in given.items() if not 0 <= share <= 1), None)
    if wrong:
        raise ValueError(f"the share of {wrong!r} is {given[wrong]!r}, expected a proportion from 0 to 1")
    left, others = 1 - sum(given.values()), [name for name in labels.names if name not in given]
    if left < -1e-9 or (not others and left > 1e-9):
        expected = "at most 1; what is left goes to the other labels" if others else "exactly 1, since no label is left"
        raise ValueError(f"shares that sum to {1 - left:.6g} came, expected {expected}")
    scale = max(left, 0.0) / sum(natural[name] for name in others) if others else 0.0
    return {name: given.get(name, scale * natural[name]) for name in labels.names}


def estimate_adaptation(
    proba: Floats,
    articles: Sequence[Any] | None,
    recorded: tuple[Shares, Shares],
    pseudo_count: float = PSEUDO_COUNT,
    strength: float = 1.0,
    where: str | Path = "texts",
) -> Adaptation:
    """Estimate the label shares of sentences from a model's probabilities of them.

    Parameters
    ----------
    proba : ndarray of shape (n_sentences, n_labels)
        Not adapted.
    articles : sequence or None
        Article of each sentence, for intervals.
    recorded : (training, natural)
        As :func:`recorded_shares` returns them.
    pseudo_count : float
        How many sentences the natural shares are worth.
    strength : float
        How far to go.
    where : str or Path
        Named in messages.

    Raises
    ------
    ToolkitError
        If there are fewer than 50 sentences.
    """
    if len(proba) < MIN_SENTENCES:
        raise ToolkitError(
            f"{len(proba)} sentences came, expected at least {MIN_SENTENCES} to estimate label shares from; "
            f"give more text, or shares that you know [{where}]"
        )
    training, natural = (list(shares.values()) for shares in recorded)
    shares = estimate_shares(proba, training, natural, pseudo_count).shares
    # One seed for all: the same text gives the same intervals.
    rng = np.random.default_rng(0)
    ends = share_intervals(proba, training, natural, shares, rng, articles, pseudo_count)
    estimate = {
        name: Estimate(share, low, high)
        for name, share, (low, high) in zip(recorded[0], shares.tolist(), ends.tolist(), strict=True)
    }
    return Adaptation(recorded[0], {name: one.value for name, one in estimate.items()}, strength, estimate)
