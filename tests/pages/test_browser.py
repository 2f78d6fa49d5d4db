"""Pages in a real browser: what can be clicked, read without a script, printed, and reached by everyone.

Run by ``make test-pages``, which brings what is needed. Pictures of the pages go to ``.cache/pages``.
"""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.builders import ARABIC, HOSTILE, split_predictions
from tests.pages.builders import page_of
from toolkit.analysis.findings import contrast_labels, reading_list
from toolkit.comparison.comparing import compare
from toolkit.experiment.runs import load_run
from toolkit.experiment.training import train
from toolkit.labels import Label, LabelSet
from toolkit.pages import article_page, sentence_lists

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
AXE = ROOT / "node_modules/axe-core/axe.min.js"
SHOTS = ROOT.parent / ".cache/pages"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("accusation", "denial", "statement", "none")
LABELS = LabelSet(
    (
        Label("accusation", "accusation", ""),
        Label("denial", "denial <b>&</b>", ""),
        Label("statement", "diplomatic statement", ""),
        Label("none", "no speech act", ""),
    ),
    "none",
)
N_SENTENCES = 400


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    path = next((executable for name in names if name and (executable := shutil.which(name))), None)
    assert path, "there is no chromium; install it or name it in CHROMIUM"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def some_predictions():
    """Sentences of which every third is labelled wrongly, with hostile and right-to-left ones among them."""
    gold = [NAMES[row % 4] for row in range(N_SENTENCES)]
    predicted = [NAMES[(row + (row % 3 == 0)) % 4] for row in range(N_SENTENCES)]
    odd = {0: HOSTILE, 3: ARABIC, 6: "long " * 5000, 9: "The ministry denied that it had denied the (report) of Merit."}
    text = [odd.get(row, f"The minister said sentence {row} was untrue.") for row in range(N_SENTENCES)]
    predictions = split_predictions(gold, predicted, LABELS, text)
    confidence = np.linspace(0.4, 0.97, N_SENTENCES)
    proba = np.repeat((1 - confidence)[:, None] / 3, 4, axis=1)
    proba[np.arange(N_SENTENCES), [NAMES.index(name) for name in predicted]] = confidence
    return replace(predictions, proba=proba)


@pytest.fixture(scope="session")
def pages(tmp_path_factory, workplace, corpus_folder, some_predictions):
    """Paths of a report, one with repeated cross-validation, an article and a comparison."""
    folder = tmp_path_factory.mktemp("pages")
    repeated = [
        train(workplace / f"experiments/{name}.toml", corpus_folder, folder / "runs", ["evaluation.repeats=3"])
        for name in ("words", "majority")
    ]
    run = load_run(workplace / "runs/words")
    contributions = dict.fromkeys(
        reading_list(some_predictions), (("said", 0.5, "words"), (" untru", -0.25, "characters"))
    )
    contributions[9] = (
        ("denied", 0.75, "words"),
        ("the report", -0.5, "words"),
        ("it", 0.1, "words"),
        ("nist", 0.1, "characters"),
    )
    text = (
        "Ministry denies it\n\nThe old ministry denied the report about the tower. The ministry said it hoped for the "
        f"road. The old river rose by the tower at night.\n\n{HOSTILE}\n\n{ARABIC}\n"
    )
    written = {
        "report": page_of(run, some_predictions, contributions=contributions, question=f"Does it work? {HOSTILE}"),
        "article": article_page.render_articles([("a.txt", run.model.label_article(text))], "words"),
        "comparison": compare([workplace / "runs/words", *repeated]).to_html(),
        "repeats": (repeated[0].folder / "report.html").read_text(encoding="utf-8"),
    }
    for name, page in written.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in written}


@pytest.fixture
def visit(chromium, pages):
    """Open a page; when the test ends nothing may have been loaded, shown in a dialog or logged."""
    contexts, complaints = [], []

    def call(name, size="desktop", dark=False, script=True, **more):
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=script,
            **more,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: request.url == page_url or complaints.append(request.url))
        page_url = pages[name].as_uri()
        page.goto(page_url)
        return page

    call.complaints = complaints
    yield call
    for context in contexts:
        context.close()
    assert complaints == []


def rows(page):
    """Cells of the listed sentences, a list for each."""
    return page.eval_on_selector_all(
        "#reading tbody tr", "rows => rows.map(row => Array.from(row.cells, cell => cell.innerText.trim()))"
    )


def count(page):
    return page.inner_text("#count")


# --- for everyone


@pytest.mark.parametrize("name", ["report", "repeats", "article", "comparison"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_no_violation(visit, name, size, dark):
    page = visit(name, size, dark)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    listed = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in results["violations"]]
    assert listed == [], json.dumps(listed, indent=1)
    assert len(results["passes"]) > 10
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{size}-{'dark' if dark else 'light'}.png", full_page=True)


def test_lists_of_sentences_need_no_sideways_scrolling_on_a_phone(visit):
    page = visit("report", "phone")
    for name in ("#reading", "#suspected"):
        assert page.locator(f"{name} tbody tr").count() > 10
        assert page.locator(name).evaluate("list => list.scrollWidth - list.clientWidth") == 0


@pytest.mark.parametrize("name", ["report", "repeats", "article"])
@pytest.mark.parametrize("size", SIZES)
def test_page_is_no_wider_than_its_window(visit, name, size):
    page = visit(name, size)
    assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]


@pytest.mark.parametrize(("dark", "paper"), [(False, "rgb(255, 255, 255)"), (True, "rgb(20, 23, 26)")])
def test_page_follows_light_and_dark(visit, dark, paper):
    page = visit("report", dark=dark)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


# --- the list of mistakes


def test_mistakes_are_listed_most_confident_first_and_more_on_demand(visit, some_predictions):
    page = visit("report")
    n_wrong = sum(
        gold != predicted for gold, predicted in zip(some_predictions.gold, some_predictions.predicted, strict=True)
    )
    assert n_wrong == 134
    assert count(page) == "50 of 134 sentences shown."
    confidences = [float(cells[3]) for cells in rows(page)]
    assert confidences == sorted(confidences, reverse=True)
    for shown in (100, 134):
        page.click("#more")
        assert len(rows(page)) == shown
    assert not page.is_visible("#more")


@pytest.mark.parametrize("size", SIZES)
def test_confusion_cell_shows_its_sentences(visit, size):
    page = visit("report", size)
    cell = page.locator('[data-split="test"][data-gold="1"][data-predicted="2"] button')
    n = int(cell.inner_text())
    assert n > 0
    cell.click()
    assert count(page) == f"{n} of {n} sentences shown."
    found = rows(page)
    assert {tuple(cells[1:3]) for cells in found} == {("denial <b>&</b>", "diplomatic statement")}
    assert all(cells[4].endswith("test") for cells in found)
    assert cell.get_attribute("aria-pressed") == "true"
    assert page.locator('[aria-pressed="true"]').count() == 1
    assert page.evaluate("document.activeElement.id") == "mistakes"
    page.click("#choose-all")
    assert count(page) == "50 of 134 sentences shown."
    assert page.locator('[aria-pressed="true"]').count() == 0


def test_cell_of_correct_predictions_shows_the_least_confident(visit):
    page = visit("report")
    page.click('[data-split="train"][data-gold="0"][data-predicted="0"] button')
    assert count(page) == "20 of 20 sentences shown."
    assert {tuple(cells[1:3]) for cells in rows(page)} == {("accusation", "accusation")}


def test_empty_cell_says_so(visit):
    page = visit("report")
    page.click('[data-split="train"][data-gold="0"][data-predicted="2"] button')
    assert count(page) == "No listed sentence matches."
    assert rows(page) == []


def test_mistakes_are_filtered_by_label_and_confidence(visit):
    page = visit("report")
    page.select_option("#choose-gold", label="no speech act")
    assert {cells[1] for cells in rows(page)} == {"no speech act"}
    page.select_option("#choose-gold", "")
    page.select_option("#choose-predicted", label="accusation")
    assert {cells[2] for cells in rows(page)} == {"accusation"}
    page.select_option("#choose-predicted", "")
    page.fill("#choose-low", "0.5")
    page.fill("#choose-high", "0.6")
    confidences = [float(cells[3]) for cells in rows(page)]
    assert confidences
    assert 0.5 <= min(confidences) <= max(confidences) <= 0.6
    page.select_option("#choose-split", label="test split")
    assert count(page) == "No listed sentence matches."


def test_mistakes_are_sorted_by_each_column(visit):
    page = visit("report")
    heading = page.locator('[data-sort="confidence"]')
    assert heading.get_attribute("aria-sort") == "descending"
    heading.locator("button").click()
    confidences = [float(cells[3]) for cells in rows(page)]
    assert confidences == sorted(confidences)
    assert heading.get_attribute("aria-sort") == "ascending"
    for name, column in (("gold", 1), ("predicted", 2)):
        page.click(f'[data-sort="{name}"] button')
        order = [LABELS.titles.index(cells[column]) for cells in rows(page)]
        assert order == sorted(order)
        assert heading.get_attribute("aria-sort") is None
    page.click('[data-sort="position"] button')
    assert rows(page)[0][4] == "a0, train"


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_sentence_shows_the_contributions_of_its_ngrams(visit, way):
    page = visit("report")
    sentence = page.locator("#reading .sentence", has_text="denied that it had denied")
    page.select_option("#choose-split", label="cross-validated on train")
    page.click('[data-sort="position"] button')
    getattr(sentence, way)()
    panel = page.inner_text("#explanation")
    assert "denied +0.75" in panel
    assert "the·report −0.50" in panel
    # Row 9 is gold denial and predicted statement.
    assert panel.index("diplomatic statement") < panel.index("denied +0.75") < panel.index("denial <b>&</b>")
    assert sentence.locator("mark.for").all_inner_texts() == ["nist", "denied", "it", "denied"]
    assert sentence.locator("mark.against").all_inner_texts() == ["the (report"]
    assert sentence.inner_text() == "The ministry denied that it had denied the (report) of Merit."
    page.hover("h1") if way == "hover" else page.focus("#choose-all")
    assert sentence.locator("mark").count() == 0


def test_hostile_text_is_text(visit):
    page = visit("report")
    page.click('[data-sort="position"] button')
    assert rows(page)[0][0] == HOSTILE
    page.locator("#reading .sentence").first.hover()
    assert page.locator("#reading img, #reading script").count() == 0
    assert HOSTILE in page.inner_text("h1")
    assert page.locator("#reading td", has_text=ARABIC).evaluate("cell => getComputedStyle(cell).direction") == "rtl"


def test_policy_stops_a_script_that_is_not_ours(visit):
    page = visit("report")
    page.evaluate(
        """() => {
            const [script, image] = ["script", "img"].map((name) => document.createElement(name));
            script.textContent = "window.hit = 1";
            image.setAttribute("onerror", "window.hit = 2");
            image.src = "https://example.invalid/x.png";
            document.body.append(script, image);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    complaints = " ".join(visit.complaints)
    assert "Executing inline script violates" in complaints
    assert "Loading the image 'https://example.invalid/x.png' violates" in complaints
    visit.complaints.clear()


def test_report_without_a_script_can_be_read(visit):
    page = visit("report", script=False)
    assert page.locator("#reading tbody tr").count() == sentence_lists.N_SHOWN
    assert page.is_visible("text=The most confident ones are shown.")
    for hidden in ("#choose-gold", "#more", "#explanation", "#count"):
        assert not page.is_visible(hidden)
    assert page.locator(".cell").first.inner_text() == "33"
    assert page.locator("button:visible").count() == 0


def test_report_prints_without_its_controls(visit, tmp_path):
    page = visit("report")
    page.emulate_media(media="print")
    for hidden in ("#choose-gold", "nav", "#explanation"):
        assert not page.is_visible(hidden)
    assert page.is_visible("#reading table")
    # A number that is a button on the screen is still a number on paper.
    assert page.locator(".cell").first.inner_text() == "33"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 20_000


@pytest.mark.parametrize("name", ["report", "repeats", "comparison"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_printed_table_is_no_wider_than_the_paper(visit, name, script):
    page = visit(name, script=script)
    page.emulate_media(media="print")
    # A4 without margins of 15 mm.
    page.set_viewport_size({"width": 680, "height": 1000})
    wide = """parts => parts.filter((one) => one.scrollWidth > one.clientWidth)
        .map((one) => [one.getAttribute("aria-label"), one.scrollWidth])"""
    assert page.eval_on_selector_all(".scroll", wide) == []


def test_numbers_of_every_pair_are_printed_though_shut(visit):
    page = visit("comparison")
    are_visible = "tables => tables.map((one) => one.checkVisibility())"
    assert page.eval_on_selector_all(".numbers table", are_visible) == [False, False]
    page.emulate_media(media="print")
    assert page.eval_on_selector_all(".numbers table", are_visible) == [True, True]
    assert not any(page.eval_on_selector_all(".changes table", are_visible))


# --- the page of an article


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_marks_of_a_label_can_be_hidden(visit, script):
    page = visit("article", script=script)
    marks, lane = page.locator("article .a0 .mark"), page.locator(".lane", has_text="denial")
    assert marks.first.is_visible()
    text = page.locator("article .sentence").all_inner_texts()
    page.get_by_label("denial").uncheck()
    assert not marks.first.is_visible()
    assert not lane.locator("dt").is_visible()
    assert page.locator("article .a1 .mark").first.is_visible()
    assert page.locator("article .sentence").all_inner_texts() == text


def test_timeline_leads_to_its_sentence(visit):
    page = visit("article", "phone")
    link = page.locator(".lane a").first
    text = link.get_attribute("title").partition(": ")[2]
    link.click()
    assert text in page.locator(":target").inner_text()


def test_article_keeps_its_text_and_paragraphs(visit):
    page = visit("article")
    paragraphs = page.locator("article p")
    assert paragraphs.count() == 4
    assert HOSTILE in page.locator("article").inner_text().replace("\n", " ")
    assert "D [denial, " in paragraphs.nth(1).inner_text()
    assert page.locator("article script, article img").count() == 0
    directions = paragraphs.evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
    assert directions == ["ltr", "ltr", "ltr", "rtl"]


def test_article_prints_with_its_marks(visit, tmp_path):
    page = visit("article")
    page.emulate_media(media="print")
    assert not page.is_visible("fieldset")
    assert page.locator("article .mark").first.is_visible()
    page.pdf(path=tmp_path / "article.pdf")
    assert (tmp_path / "article.pdf").stat().st_size > 5_000


def test_explained_sentence_is_listed(some_predictions):
    listed = reading_list(some_predictions)
    assert 9 in listed
    assert contrast_labels(some_predictions, [9]) == ["denial"]
