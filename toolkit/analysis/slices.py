"""Sentences and their predictions -> the parts of a corpus on which scores are lower, tested."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.analysis.predictions import Predictions
from toolkit.analysis.records import Count, NumberOrNan, Record
from toolkit.analysis.scores import Estimate
from toolkit.estimators import CueIndicators
from toolkit.statistics import ALPHA, TIE, Counts, bootstrap_weights, encode, holm, interval, macro_f1

SliceNames = tuple[str | None, ...]
# Lower bounds of the length groups, in words.
LENGTHS = (1, 10, 20, 30)
# With fewer articles on a side the spread of the resamples says little about the corpus.
LEAST_ARTICLES = 10
_WORD = re.compile(r"\w+")
_QUOTE = re.compile(r'["“”„«»]')


@dataclass(frozen=True, slots=True)
class SliceScore(Record):
    """The score of a part of the sentences against that of the rest.

    Attributes
    ----------
    group, name : str
        What the sentences were grouped by, and which slice this is.
    n_sentences, n_articles : int
        What the score was computed from.
    headline : Estimate
        Headline score of the slice.
    difference : Estimate
        That score minus the headline score of the group's other slices together.
    p_value : float
        Two-sided, of the difference; ``nan`` if the slice or the rest has fewer than ten
        articles or a score is undefined.
    corrected : float
        The same, corrected by Holm for all slices tested.
    """

    group: str
    name: str
    n_sentences: Count
    n_articles: Count
    headline: Estimate
    difference: Estimate
    p_value: NumberOrNan
    corrected: NumberOrNan

    @property
    def is_worse(self) -> bool:
        """Whether the score is significantly lower than that of the rest."""
        return self.difference.value < 0 and self.corrected < ALPHA

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data for JSON, with the verdict."""
        # A class with slots is made anew by its decorator: super() without arguments fails in it.
        return {**Record.to_dict(self), "is_worse": self.is_worse}


def slice_sentences(
    text: Sequence[str],
    article: Sequence[str],
    position: Sequence[int],
    genre: Sequence[str | None] | None = None,
    date: Sequence[str | None] | None = None,
    first: Sequence[str | None] | None = None,
    second: Sequence[str | None] | None = None,
    cues: Sequence[tuple[str, Sequence[str]]] | None = None,
) -> dict[str, SliceNames]:
    """Group sentences in ways in which a classifier may be worse at some of them.

    Parameters
    ----------
    text, article, position : sequence of length n_sentences
        Sentences, their articles, and their positions in them.
    genre, date : sequence of length n_sentences, optional
        Of the article; dates begin with the year.
    first, second : sequence of length n_sentences, optional
        Labels by two annotators; ``None`` or empty where there is none.
    cues : sequence of (label, (cue, cue, ...)), optional
        As :class:`toolkit.estimators.rules.KeywordRules` takes them.

    Returns
    -------
    dict of tuple of length n_sentences
        By group (``genre``, ``year``, ``words``, ``position``, ``quoted``, ``cue``,
        ``annotators``): the slice of each sentence, ``None`` if it is in none. A group
        whose columns are not given is left out. The only sentence of an article is its
        first.

    Raises
    ------
    ValueError
        If columns differ in length.

    Examples
    --------
    >>> slice_sentences(["Rain fell.", '"No," he said.'], ["x", "x"], [0, 1])["quoted"]
    ('not quoted', 'quoted')
    """
    _check_lengths(text, article=article, position=position, genre=genre, date=date, first=first, second=second)
    groups: dict[str, SliceNames] = {}
    if genre is not None:
        groups["genre"] = tuple(name or None for name in genre)
    if date is not None:
        groups["year"] = tuple(str(day)[:4] if day else None for day in date)
    groups["words"] = tuple(_length(sentence) for sentence in text)
    groups["position"] = _positions(article, position)
    groups["quoted"] = tuple("quoted" if _QUOTE.search(sentence) else "not quoted" for sentence in text)
    if cues is not None:
        n_cues = CueIndicators(cues).transform(list(text)).sum(axis=1)
        groups["cue"] = tuple("cue word" if count else "no cue word" for count in np.asarray(n_cues).ravel())
    if first is not None and second is not None:
        groups["annotators"] = tuple(
            ("agreed" if one == two else "disagreed") if one and two else None
            for one, two in zip(first, second, strict=True)
        )
    return groups


def _check_lengths(text: Sequence[str], **columns: Sequence[Any] | None) -> None:
    for name, column in columns.items():
        if column is not None and len(column) != len(text):
            raise ValueError(f"column {name!r} has {len(column)} cells, text has {len(text)}; pass one per sentence")


def _length(sentence: str) -> str:
    count = len(_WORD.findall(sentence))
    group = max(0, sum(count >= low for low in LENGTHS) - 1)
    return f"{LENGTHS[group]}-{LENGTHS[group + 1] - 1}" if group + 1 < len(LENGTHS) else f"{LENGTHS[group]} and more"


def _positions(article: Sequence[str], position: Sequence[int]) -> SliceNames:
    start, end = dict[str, int](), dict[str, int]()
    for name, number in zip(article, position, strict=True):
        start[name], end[name] = min(number, start.get(name, number)), max(number, end.get(name, number))
    return tuple(
        "first" if number == start[name] else "last" if number == end[name] else "middle"
        for name, number in zip(article, position, strict=True)
    )


def score_slices(
    predictions: Predictions, groups: Mapping[str, Sequence[str | None]], n_resamples: int = 2000, seed: int = 0
) -> tuple[SliceScore, ...]:
    """Score slices and test each against the rest of its group; worse slices come first.

    Slice and rest are scored on the same bootstrap resamples of the articles: the difference
    is paired where they share articles, and unpaired where they do not. The test is Student's
    t, with the standard deviation of the resampled differences as the standard error, and one
    degree of freedom fewer than the side with fewer articles has: the bootstrap p-value alone
    rejects too often in slices of few articles.

    Parameters
    ----------
    predictions : Predictions
        At least one sentence, none of which the classifier was fitted on.
    groups : mapping of str to sequence of length n_sentences
        The slice of each sentence by group, in the order of the predictions, as
        :func:`slice_sentences` returns them; ``None`` if it is in none.
    n_resamples, seed : int
        Number of bootstrap resamples of the articles, and their seed.

    Returns
    -------
    tuple of SliceScore
        Those significantly worse than the rest, worst first; then the others by difference,
        lowest first; last those whose difference is undefined.

    Raises
    ------
    ValueError
        If there is no sentence, or a group has another length.

    Notes
    -----
    A slice without one of the labels is scored over those it has: compare slices that have
    the same labels.

    References
    ----------
    .. [1] B. Efron and R. J. Tibshirani (1993). An introduction to the bootstrap, chapter
       12. Chapman & Hall. doi:10.1201/9780429246593

    Examples
    --------
    >>> from toolkit.analysis.predictions import make_predictions
    >>> from toolkit.labels import LabelSet
    >>> labels = LabelSet.from_names(["a", "b"])
    >>> proba = np.array([[0.9, 0.1]] * 3 + [[0.1, 0.9]])
    >>> predictions = make_predictions(labels, [""] * 4, ["a", "b", "a", "b"], proba)
    >>> slices = score_slices(predictions, {"half": ["old", "old", "new", "new"]}, 100)
    >>> [(part.name, round(part.difference.value, 4)) for part in slices]
    [('old', -0.6667), ('new', 0.6667)]
    """
    _check_groups(predictions, groups)
    weights = bootstrap_weights(len(set(predictions.article)), n_resamples, np.random.default_rng(seed))
    scored = [part for group, names in groups.items() for part in _score_group(predictions, group, names, weights)]
    corrected = holm([part.p_value for part in scored])
    tested = [replace(part, corrected=p_value) for part, p_value in zip(scored, corrected, strict=True)]
    return tuple(sorted(tested, key=_rank))


def _check_groups(predictions: Predictions, groups: Mapping[str, Sequence[str | None]]) -> None:
    if len(predictions) == 0:
        raise ValueError("0 sentences came, expected at least one; a score of nothing is undefined")
    for group, names in groups.items():
        if len(names) != len(predictions):
            raise ValueError(
                f"group {group!r} has {len(names)} cells, there are {len(predictions)} predictions; "
                "pass one per sentence"
            )


def _rank(part: SliceScore) -> tuple[bool, bool, float, str, str]:
    undefined = bool(np.isnan(part.difference.value))
    return not part.is_worse, undefined, 0.0 if undefined else part.difference.value, part.group, part.name


def _score_group(
    predictions: Predictions, group: str, names: Sequence[str | None], weights: NDArray[np.float64]
) -> list[SliceScore]:
    labels = predictions.labels
    acts = [labels.index(act) for act in labels.acts]
    parts = sorted({name for name in names if name is not None})
    inside = _count(predictions, names, parts)
    outside = inside.sum(axis=1, keepdims=True) - inside
    resampled_inside = np.tensordot(weights, inside, axes=1)
    # The resampled rest is the resampled group less the slice.
    resampled_outside = resampled_inside.sum(axis=1, keepdims=True) - resampled_inside
    headlines, rests = (macro_f1(counts.sum(axis=0), acts) for counts in (inside, outside))
    resampled = macro_f1(resampled_inside, acts)
    differences = resampled - macro_f1(resampled_outside, acts)
    n_inside, n_outside = ((counts.sum(axis=(2, 3)) > 0).sum(axis=0) for counts in (inside, outside))
    scored = []
    for index, name in enumerate(parts):
        difference = float(headlines[index] - rests[index])
        n_articles = int(min(n_inside[index], n_outside[index]))
        testable = n_articles >= LEAST_ARTICLES and not np.isnan(difference)
        scored.append(
            SliceScore(
                group=group,
                name=name,
                n_sentences=int(inside[:, index].sum()),
                n_articles=int(n_inside[index]),
                headline=Estimate(float(headlines[index]), *interval(resampled[:, index])),
                difference=Estimate(difference, *interval(differences[:, index])),
                p_value=_p_value(difference, differences[:, index], n_articles) if testable else float("nan"),
                corrected=float("nan"),
            )
        )
    return scored


def _count(predictions: Predictions, names: Sequence[str | None], parts: Sequence[str]) -> Counts:
    """Count gold and predicted labels by article and slice, shape (n_articles, n_slices, n_labels, n_labels)."""
    labels = predictions.labels.names
    rows = np.array([row for row, name in enumerate(names) if name is not None], dtype=np.intp)
    index = {name: number for number, name in enumerate(parts)}
    slice_of = np.array([index[name] for name in names if name is not None], dtype=np.intp)
    articles, article = np.unique(np.asarray(predictions.article), return_inverse=True)
    gold, predicted = encode(predictions.gold, labels), encode(predictions.predicted, labels)
    counts = np.zeros((len(articles), len(parts), len(labels), len(labels)))
    np.add.at(counts, (article[rows], slice_of, gold[rows], predicted[rows]), 1)
    return counts


def _p_value(observed: float, resampled: Counts, n_articles: int) -> float:
    from scipy.stats import t

    defined = resampled[~np.isnan(resampled)]
    error = float(defined.std())
    if error < TIE:
        # All resamples agree: the least p-value that so many resamples can give.
        return 1.0 if abs(observed) < TIE else 1 / (len(defined) + 1)
    return float(2 * t.sf(abs(observed) / error, n_articles - 1))
