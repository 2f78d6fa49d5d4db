"""TODO toolkit.pages.article_page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from toolkit.models.classifier import LabelledArticle
from toolkit.pages.figures import COLOURS
from toolkit.pages.formatting import format_percent
from toolkit.pages.rendering import _environment

# Below this a mark on an article is drawn as a doubtful one.
UNSURE = 0.5
LINES = ("solid", "dashed", "dotted", "double")


def render_articles(articles: Sequence[tuple[str, LabelledArticle]], model: str) -> str:
    """Render labelled articles as they read, each act marked by line, colour and name.

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
            "letter": letters[place],
            "count": counts[name],
            "colour": COLOURS[place % len(COLOURS)],
            "line": LINES[place % len(LINES)],
        }
        for place, name in enumerate(labels.acts)
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
    several = f"{len(articles)} articles"
    return (
        _environment()
        .get_template("article.html.j2")
        .render(
            name=articles[0][0],
            title=articles[0][0] if len(articles) == 1 else several,
            articles=pages,
            acts=acts,
            model=model,
            unsure=UNSURE,
            background="labelled as nothing"
            if labels.background is None
            else labels.titles[labels.index(labels.background)],
        )
    )


def _letters(titles: Sequence[str]) -> list[str]:
    """Choose a letter for each title, all different: an initial, else one of its own, else a number.

    Examples
    --------
    >>> _letters(["denial", "demand", "diplomatic statement", "d"])
    ['D', 'E', 'S', '1']
    """
    taken: list[str] = []
    for title in titles:
        initials = "".join(word[0] for word in title.split())
        own = [letter for letter in (initials + title).upper() if letter.isalpha()]
        numbers = (str(number) for number in range(1, len(titles) + 1))
        taken.append(next(letter for letter in (*own, *numbers) if letter not in taken))
    return taken


def _lanes(article: LabelledArticle) -> list[list[dict[str, Any]]]:
    """Place the sentences of each act on a line from the text's beginning to its end, in percent."""
    whole = max(len(article.text), 1)
    rows = list(zip(article.sentences, article.labels, article.proba, strict=True))
    return [
        [
            {
                "number": number,
                "left": f"{100 * sentence.start / whole:.2f}",
                "width": f"{100 * (sentence.end - sentence.start) / whole:.2f}",
                "share": format_percent(shares.max()),
                "text": sentence.text[:80],
            }
            for number, (sentence, label, shares) in enumerate(rows)
            if label == act
        ]
        for act in article.label_set.acts
    ]


def _paragraphs(article: LabelledArticle) -> list[list[dict[str, Any]]]:
    paragraphs: dict[int, list[dict[str, Any]]] = {}
    labels = article.label_set
    rows = zip(article.sentences, article.labels, article.proba, strict=True)
    for number, (sentence, label, shares) in enumerate(rows):
        mark = {
            "number": number,
            "text": sentence.text,
            "act": labels.acts.index(label) if label in labels.acts else None,
            "title": labels.titles[labels.index(label)],
            "share": format_percent(shares.max()),
            "unsure": shares.max() < UNSURE,
        }
        paragraphs.setdefault(sentence.paragraph, []).append(mark)
    return list(paragraphs.values())
