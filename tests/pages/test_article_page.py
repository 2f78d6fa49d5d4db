"""The page of an article keeps its paragraphs and marks each act by letter, line and name."""

import re

import pytest

from tests.analysis.builders import ARABIC, HOSTILE
from tests.pages.builders import Elements
from toolkit.experiment.runs import load_run
from toolkit.pages import article_page


@pytest.fixture
def run(workplace):
    return load_run(workplace / "runs/words")


def test_letters_of_acts_differ():
    assert article_page._letters(["accusation", "denial", "pledge", "diplomatic statement"]) == ["A", "D", "P", "S"]
    assert article_page._letters(["1", "2"]) == ["1", "2"]


def test_article_keeps_its_paragraphs_and_marks_by_letter(run):
    text = f"The old ministry denied the report.\n\nThe ministry said it hoped for the road. {HOSTILE}\n\n{ARABIC}"
    labelled = run.model.label_article(text)
    page = article_page.render_articles([("a.txt", labelled)], "words")
    elements = Elements(page)
    article = page[page.index("<article") : page.index("</article>")]
    assert article.count('<p dir="auto">') == 3
    assert '<b aria-hidden="true">D</b> [denial, ' in article
    assert "script" not in [tag for tag, _ in elements.elements]
    assert "script-src" not in page
    assert f'<span class="sentence">{ARABIC}</span>' in article
    assert article.count('<span class="sentence">') == len(labelled)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_several_articles_share_a_page(run):
    pages = [(name, run.model.label_article(text)) for name, text in (("<a>", "He denied it."), ("b", ""))]
    page = article_page.render_articles(pages, "words")
    assert '<h1 dir="auto">2 articles</h1>' in page
    assert '<h2 dir="auto">&lt;a&gt;</h2>' in page


def test_acts_are_marked_by_name_and_markup_is_text(run):
    page = article_page.render_articles(
        [("a.txt", run.model.label_article(f"The old ministry denied the report. {HOSTILE}"))], "words"
    )
    assert "[denial, " in page
    assert "<script" not in page
