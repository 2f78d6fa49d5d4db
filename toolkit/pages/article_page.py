"""Labelled articles -> one page on which each act is marked in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolkit.models import LabelledArticle
from toolkit.pages.figures import COLOURS
from toolkit.pages.formatting import format_percent
from toolkit.pages.rendering import render_page

# Marks of lower probability are drawn as uncertain ones.
UNCERTAIN = 0.5
LINES = ("solid", "dashed", "dotted", "double")


def render_articles(articles: Sequence[tuple[str, LabelledArticle]], model: str) -> str:
    """Render labelled articles, each act marked in the text by line, colour and name.

    Parameters
    ----------
    articles : sequence of (name, LabelledArticle)
        In the order of the page; at least one.
    model : str
        Name of the model.
    """
    labels = articles[0][1].label_set
    counts = Counter(label for _, article in articles for label in article.labels)
    letters = _letters([labels.titles[labels.index(name)] for name in labels.acts])
    acts = [
        {
            "title": labels.titles[labels.index(name)],
            "letter": letters[index],
            "count": counts[name],
            "colour": COLOURS[index % len(COLOURS)],
            "line": LINES[index % len(LINES)],
        }
        for index, name in enumerate(labels.acts)
    ]
    pages = [
        {
            "name": name,
            "n_sentences": len(article),
            "lanes": _lanes(article),
            "paragraphs": _paragraphs(article),
        }
        for name, article in articles
    ]
    background = labels.background
    return render_page(
        "article.html.j2",
        name=articles[0][0],
        title=articles[0][0] if len(articles) == 1 else f"{len(articles)} articles",
        articles=pages,
        acts=acts,
        model=model,
        uncertain=UNCERTAIN,
        background="not labelled" if background is None else labels.titles[labels.index(background)],
    )


def _letters(titles: Sequence[str]) -> list[str]:
    """Choose a different letter for each title: an initial, else another of its letters, else a number.

    Examples
    --------
    >>> _letters(["denial", "demand", "diplomatic statement", "d"])
    ['D', 'E', 'S', '1']
    """
    taken: list[str] = []
    for title in titles:
        initials = "".join(word[0] for word in title.split())
        candidates = [letter for letter in (initials + title).upper() if letter.isalpha()]
        numbers = (str(number) for number in range(1, len(titles) + 1))
        taken.append(next(letter for letter in (*candidates, *numbers) if letter not in taken))
    return taken


def _lanes(article: LabelledArticle) -> list[list[dict[str, Any]]]:
    """Position the sentences of each act on a line from the beginning of the text to its end, in percent."""
    length = max(len(article.text), 1)
    rows = list(zip(article.sentences, article.labels, article.proba, strict=True))
    return [
        [
            {
                "number": number,
                "left": f"{100 * sentence.start / length:.2f}",
                "width": f"{100 * (sentence.end - sentence.start) / length:.2f}",
                "probability": format_percent(proba.max()),
                "text": sentence.text[:80],
            }
            for number, (sentence, label, proba) in enumerate(rows)
            if label == act
        ]
        for act in article.label_set.acts
    ]


def _paragraphs(article: LabelledArticle) -> list[list[dict[str, Any]]]:
    paragraphs: dict[int, list[dict[str, Any]]] = {}
    labels = article.label_set
    rows = zip(article.sentences, article.labels, article.proba, strict=True)
    for number, (sentence, label, proba) in enumerate(rows):
        mark = {
            "number": number,
            "text": sentence.text,
            "act": labels.acts.index(label) if label in labels.acts else None,
            "title": labels.titles[labels.index(label)],
            "probability": format_percent(proba.max()),
            "is_uncertain": proba.max() < UNCERTAIN,
        }
        paragraphs.setdefault(sentence.paragraph, []).append(mark)
    return list(paragraphs.values())
