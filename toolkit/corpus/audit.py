"""Rows and labels of a corpus -> what a reviewer would object to: copies, templates, names, cues, small labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from toolkit.corpus.cues import find_cues
from toolkit.corpus.duplicates import near_duplicates
from toolkit.corpus.names import NameCheck, check_names
from toolkit.corpus.templates import MAX_SAME_SKELETON, repeated_openings, repeated_skeletons
from toolkit.exceptions import list_some, quote
from toolkit.labels import LabelSet

# A shorter line, such as a day in a listing or a clock time in a live blog, may recur.
MIN_WORDS = 4
MAX_SAME_OPENING = 0.002
MIN_SENTENCES = 50
MAX_CUE_PROPORTION = 0.2
MIN_CUELESS = 1 / 3


@dataclass(frozen=True, slots=True)
class Audit:
    """What must be corrected in a corpus and what is worth a look, one sentence each.

    Attributes
    ----------
    problems, warnings : tuple of str
        As :func:`audit_corpus` lists them.
    names : mapping of str to NameCheck
        Whether names give labels away, by collection (empty text: none); absent where it cannot be measured.
    """

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    names: Mapping[str, NameCheck] = field(default_factory=dict)


def audit_corpus(rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Audit:
    """Look for what makes a corpus easier, or less representative, than it seems.

    Parameters
    ----------
    rows : sequence of mapping
        One per sentence, with ``article``, ``position``, ``text`` and ``label`` (a name).
    labels : LabelSet
        Of the corpus.

    Returns
    -------
    Audit
        Problems: equal sentences with different labels, near-duplicate sentences and articles, skeletons that
        occur more than twice, names that give labels away. Sentences of fewer than four words may recur.
        Warnings: such sentences with different labels, openings that many sentences share, a cue in a
        large proportion of an act's sentences, acts with few sentences without a cue, labels with few sentences.

    Examples
    --------
    >>> row = {"position": 0, "text": "It rained all day.", "label": "none"}
    >>> rows = [{"article": name, **row} for name in ("a", "b")]
    >>> audit_corpus(rows, LabelSet.from_names(["none", "denial"])).problems
    ('two sentences share 100% of their 5-grams; rewrite one [a:0, b:0]',)
    """
    texts = [str(row["text"]) for row in rows]
    gold = [str(row["label"]) for row in rows]
    articles = [str(row["article"]) for row in rows]
    locations = [f"{row['article']}:{row['position']}" for row in rows]
    names = _names_by_collection(rows)
    problems = [
        *_contradictions(texts, gold, locations, is_short=False),
        *_similar_sentences(texts, gold, locations),
        *_similar_articles(texts, articles),
        *_templates(texts, locations),
    ]
    problems += [
        f"a classifier that sees only names labels {check.accuracy:.1%} of {check.n_sentences} sentences "
        f"correctly, one that sees their number {check.by_number:.1%} ({check.low:+.1%} to {check.high:+.1%}); "
        f"use names evenly over the labels{f' [collection {collection}]' if collection else ''}"
        for collection, check in names.items()
        if check.gives_away
    ]
    warnings = [*_contradictions(texts, gold, locations, is_short=True)]
    warnings += [*_openings(texts, locations), *_small_labels(gold, labels), *_cue_warnings(texts, gold, labels)]
    return Audit(tuple(problems), tuple(warnings), names)


def _names_by_collection(rows: Sequence[Mapping[str, Any]]) -> dict[str, NameCheck]:
    """Check names within each collection: each has its own label shares, and names that only it uses."""
    checks = {}
    for collection in dict.fromkeys(str(row.get("collection") or "") for row in rows):
        own = [row for row in rows if str(row.get("collection") or "") == collection]
        texts, gold, articles = ([str(row[name]) for row in own] for name in ("text", "label", "article"))
        check = check_names(texts, gold, articles)
        if check is not None:
            checks[collection] = check
    return checks


def _contradictions(
    texts: Sequence[str], gold: Sequence[str], locations: Sequence[str], is_short: bool
) -> Iterator[str]:
    """List equal texts with different labels; a short one may mean another thing in another article."""
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        rows_of[" ".join(text.lower().split())].append(row)
    for text, rows in rows_of.items():
        labels = list(dict.fromkeys(gold[row] for row in rows))
        if len(labels) > 1 and is_short == (len(text.split()) < MIN_WORDS):
            yield (
                f"the same text {quote(texts[rows[0]])} has {len(labels)} labels ({', '.join(labels)}); "
                f"correct them or drop all but one [{list_some(locations[row] for row in rows)}]"
            )


def _similar_sentences(texts: Sequence[str], gold: Sequence[str], locations: Sequence[str]) -> Iterator[str]:
    for pair in near_duplicates(texts):
        first, second = (texts[row].lower().split() for row in (pair.first, pair.second))
        # Equal texts with different labels were listed as contradictions already.
        if max(len(first), len(second)) < MIN_WORDS or (first == second and gold[pair.first] != gold[pair.second]):
            continue
        yield (
            f"two sentences share {pair.similarity:.0%} of their 5-grams; rewrite one "
            f"[{locations[pair.first]}, {locations[pair.second]}]"
        )


def _similar_articles(texts: Sequence[str], articles: Sequence[str]) -> Iterator[str]:
    sentences_of: defaultdict[str, list[str]] = defaultdict(list)
    for text, article in zip(texts, articles, strict=True):
        sentences_of[article].append(text)
    names = list(sentences_of)
    for pair in near_duplicates([" ".join(sentences_of[name]) for name in names]):
        first, second = names[pair.first], names[pair.second]
        # Two articles of one sentence each were listed as similar sentences already.
        if max(len(sentences_of[first]), len(sentences_of[second])) > 1:
            yield f"two articles share {pair.similarity:.0%} of their 5-grams; drop one [{first}, {second}]"


def _templates(texts: Sequence[str], locations: Sequence[str]) -> Iterator[str]:
    for skeleton, rows in repeated_skeletons(texts):
        if len(skeleton.split()) < MIN_WORDS:
            continue
        yield (
            f"{len(rows)} sentences have the skeleton {skeleton!r}; rewrite all but {MAX_SAME_SKELETON} "
            f"[{list_some([locations[row] for row in rows])}]"
        )


def _openings(texts: Sequence[str], locations: Sequence[str]) -> Iterator[str]:
    most = max(3, int(MAX_SAME_OPENING * len(texts)))
    for opening, rows in repeated_openings(texts, most):
        where = list_some([locations[row] for row in rows])
        yield f"{len(rows)} sentences open with {opening!r}, more than {most} [{where}]"


def _small_labels(gold: Sequence[str], labels: LabelSet) -> Iterator[str]:
    counts = Counter(gold)
    for name in labels.names:
        if counts[name] < MIN_SENTENCES:
            yield (
                f"label {name!r} has only {counts[name]} of the {MIN_SENTENCES} sentences expected; "
                "its scores will be uncertain"
            )


def _cue_warnings(texts: Sequence[str], gold: Sequence[str], labels: LabelSet) -> Iterator[str]:
    for name in labels.acts:
        if name not in gold:
            continue
        cues = find_cues(texts, gold, name)
        for cue in cues.cues:
            if cue.proportion > MAX_CUE_PROPORTION:
                yield (
                    f"{cue.stem!r} is in {cue.proportion:.0%} of {name!r} sentences (elsewhere {cue.elsewhere:.1%}), "
                    f"over {MAX_CUE_PROPORTION:.0%}"
                )
        if cues.cueless < MIN_CUELESS:
            stems = ", ".join(cue.stem for cue in cues.cues)
            yield (
                f"{cues.cueless:.0%} of {name!r} sentences have none of its {len(cues.cues)} most common "
                f"cues ({stems}), under {MIN_CUELESS:.0%}"
            )
