"""Texts and labels of a corpus -> what a referee would object to: copies, templates, cues, names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.corpus.cues import find_cues
from toolkit.corpus.duplicates import MOST_SKELETONS, near_duplicates, repeated_openings, repeated_skeletons
from toolkit.corpus.names import NameCheck, check_names
from toolkit.exceptions import list_some
from toolkit.labels import LabelSet

MOST_OPENINGS = 0.002
FEW = 50
MOST_CUE = 0.2
LEAST_CUELESS = 1 / 3


@dataclass(frozen=True, slots=True)
class Audit:
    """What is wrong with a corpus, and what is worth a look: one sentence each; and what names tell."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    names: NameCheck | None = None


def audit_corpus(rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Audit:
    """Look for what makes a corpus easier, or less honest, than it seems.

    Parameters
    ----------
    rows : sequence of mapping
        One a sentence, with ``article``, ``position``, ``text`` and ``label`` (a name).
    labels : LabelSet
        Of the corpus.

    Returns
    -------
    Audit
        Problems: near-duplicate sentences and articles, skeletons that occur more than
        twice, names that give labels away. Warnings: openings that many sentences share,
        cue words that carry much of an act, labels with few sentences.
    """
    texts = [str(row["text"]) for row in rows]
    gold = [str(row["label"]) for row in rows]
    articles = [str(row["article"]) for row in rows]
    places = [f"{row['article']}:{row['position']}" for row in rows]
    problems = [
        f"two sentences share {pair.similarity:.0%} of their 5-grams; rewrite one "
        f"[{places[pair.first]}, {places[pair.second]}]"
        for pair in near_duplicates(texts)
    ]
    problems += _alike_articles(texts, articles)
    problems += [
        f"{len(found)} sentences are built alike: {key!r}; rewrite all but {MOST_SKELETONS} "
        f"[{list_some([places[row] for row in found])}]"
        for key, found in repeated_skeletons(texts)
    ]
    names = check_names(texts, gold, articles)
    if names is not None and names.gives_away:
        problems.append(
            f"names alone label {names.accuracy:.1%} of {names.n_sentences} sentences right, their "
            f"number {names.by_number:.1%} ({names.low:+.1%} to {names.high:+.1%}); use names evenly over the labels"
        )
    return Audit(tuple(problems), tuple(_warnings(texts, gold, places, labels)), names)


def _alike_articles(texts: Sequence[str], articles: Sequence[str]) -> list[str]:
    whole: defaultdict[str, list[str]] = defaultdict(list)
    for text, article in zip(texts, articles, strict=True):
        whole[article].append(text)
    names = list(whole)
    return [
        f"two articles share {pair.similarity:.0%} of their 5-grams; drop one "
        f"[{names[pair.first]}, {names[pair.second]}]"
        for pair in near_duplicates([" ".join(whole[name]) for name in names])
        # An article of one sentence was told of already.
        if max(len(whole[names[pair.first]]), len(whole[names[pair.second]])) > 1
    ]


def _warnings(texts: Sequence[str], gold: Sequence[str], places: Sequence[str], labels: LabelSet) -> Iterator[str]:
    most = max(3, int(MOST_OPENINGS * len(texts)))
    for opening, found in repeated_openings(texts, most):
        where = list_some([places[row] for row in found])
        yield f"{len(found)} sentences open with {opening!r}, more than {most} [{where}]"
    counts = Counter(gold)
    for name in labels.names:
        if counts[name] < FEW:
            yield f"label {name!r} has {counts[name]} sentences, fewer than {FEW}; its scores will be uncertain"
    for name in labels.acts:
        if not counts[name]:
            continue
        found_cues = find_cues(texts, gold, name)
        for cue in found_cues.cues:
            if cue.share > MOST_CUE:
                yield (
                    f"{cue.stem!r} is in {cue.share:.0%} of {name!r} sentences (elsewhere {cue.elsewhere:.1%}), "
                    f"over {MOST_CUE:.0%}"
                )
        if found_cues.cueless < LEAST_CUELESS:
            stems = ", ".join(cue.stem for cue in found_cues.cues)
            yield (
                f"{found_cues.cueless:.0%} of {name!r} sentences have none of its {len(found_cues.cues)} commonest "
                f"cues ({stems}), under {LEAST_CUELESS:.0%}"
            )
