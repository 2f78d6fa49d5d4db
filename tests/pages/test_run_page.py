"""The page of a run: that hostile text is text, that nothing is loaded, that it is small and byte-stable."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from tests.analysis.builders import ARABIC, HOSTILE, LABELS, distillation_of, split_predictions
from tests.pages.builders import Elements, page_of
from tests.pages.golden import GOLDEN, golden_page
from toolkit.comparison.comparing import compare
from toolkit.experiment.reporting import report
from toolkit.experiment.runs import load_run
from toolkit.labels import Label, LabelSet
from toolkit.pages.run_page import render_report


@pytest.fixture
def run(workplace):
    return load_run(workplace / "runs/words")


def test_page_is_the_golden_one():
    assert golden_page() == GOLDEN.read_text(encoding="utf-8")


def test_policy_names_the_hash_of_the_only_script(run):
    page = (run.folder / "report.html").read_text()
    elements = Elements(page)
    policy = next(attrs["content"] for tag, attrs in elements.elements if attrs.get("http-equiv"))
    kinds = [attrs.get("type") for tag, attrs in elements.elements if tag == "script"]
    assert kinds == ["application/json", None]
    digest = base64.b64encode(hashlib.sha256(elements.scripts[1].encode()).digest()).decode()
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        f"script-src 'sha256-{digest}'"
    )
    assert not any(name.startswith("on") for _, attrs in elements.elements for name in attrs)


def test_sentences_in_the_script_cannot_end_it(run):
    gold = ["denial", "statement", "none"] * 4
    labels = LabelSet(tuple(Label(name, f"{HOSTILE} {name}", "") for name in LABELS.names), "none")
    predictions = split_predictions(gold, gold[::-1], labels, [f"{HOSTILE} {ARABIC} {row}" for row in range(12)])
    predictions = replace(predictions, article=tuple(f"{HOSTILE}{row // 2}" for row in range(12)))
    page = page_of(run, predictions, contributions={0: ((HOSTILE, 0.5, "words"),)}, question=HOSTILE)
    elements = Elements(page)
    assert [tag for tag, _ in elements.elements].count("script") == 2
    assert "img" not in [tag for tag, _ in elements.elements]
    data = json.loads(elements.scripts[0])
    assert data["head"]["labels"] == list(labels.titles)
    assert sorted(row[0] for row in data["rows"])[0].startswith(HOSTILE)
    assert [row[8] for row in data["rows"] if row[8]] == [[[HOSTILE, 0.5]]]
    assert "<" not in elements.scripts[0]
    assert 'dir="auto"' in page


def test_page_shows_hostile_text_and_never_runs_it(run):
    texts = tuple(HOSTILE.replace("1+1", str(row)) for row in range(len(run.predictions)))
    wrong = replace(run.predictions, text=texts, predicted=("none",) * len(texts))
    page = render_report(replace(run.report, question=HOSTILE), wrong, {})
    assert page.count("<script") == 2
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_label_titles_are_neither_mathematics_nor_hidden(run):
    titles = ["$\\frac$", "_hidden", "<b>&\x01"]
    labels = LabelSet(tuple(Label(name, title, "") for name, title in zip(LABELS.names, titles, strict=True)), "none")
    gold = ["denial", "statement", "none"] * 4
    page = page_of(run, split_predictions(gold, gold, labels))
    scores, curves = (part.partition("</svg>")[0] for part in page.split("<svg")[1:3])
    assert "$\\frac$" in scores
    assert "_hidden" in curves
    assert "<b>&\x01" not in page


@pytest.mark.parametrize(
    ("gold", "predicted"),
    [
        (["none"] * 4, ["none"] * 4),
        (["denial"] * 4, ["denial"] * 4),
        (["denial", "statement"] * 4, ["denial"] * 8),
        (["denial", "none"], ["none", "denial"]),
    ],
    ids=["background alone", "one label present", "a label never predicted", "one sentence a split"],
)
def test_poor_predictions_render(run, gold, predicted):
    page = page_of(run, split_predictions(gold, predicted))
    assert "nan" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL).lower().replace("finance", "")
    assert page.endswith("</html>\n")


def test_sentence_of_100000_characters_is_cut(run):
    gold = ["denial", "statement"] * 4
    predictions = split_predictions(gold, gold[::-1], text=["x" * 100_000] * 8)
    page = page_of(run, predictions)
    assert "x… (100,000 characters)" in page
    assert len(page) < 300_000


def test_text_from_right_to_left_has_its_own_direction(run):
    gold = ["denial", "statement"] * 4
    page = page_of(run, split_predictions(gold, gold[::-1], text=[ARABIC] * 8))
    assert f'<td role="cell" dir="auto"><span class="sentence">{ARABIC}</span>' in page


def test_page_of_10000_sentences_stays_small(run):
    gold = [LABELS.names[row % 3] for row in range(10_000)]
    predicted = [LABELS.names[(row // 2) % 3] for row in range(10_000)]
    predictions = split_predictions(gold, predicted, text=[f"{row} " + ARABIC * 15 for row in range(10_000)])
    contributions = {row: [(f"some ngram {n}", -0.25, "words") for n in range(8)] for row in range(10_000)}
    page = render_report(run.report, predictions, {}, contributions)
    assert len(page.encode()) < 3_000_000
    n_wrong = sum(one != other for one, other in zip(gold, predicted, strict=True))
    assert f"{n_wrong:,} sentences got a wrong label; the " in page


def test_page_is_byte_stable(run):
    again = render_report(run.report, run.predictions, {}, run.contributions)
    assert render_report(run.report, run.predictions, {}, run.contributions) == again
    before = (run.folder / "report.html").read_bytes()
    assert report(run.folder).report.to_dict() == run.report.to_dict()
    assert (run.folder / "report.html").read_bytes() == before


def test_page_of_a_model_without_weights_says_so(workplace):
    assert "has no n-gram weights" in (workplace / "runs/majority/report.html").read_text()


def test_second_annotator_stands_on_the_page(run):
    assert "Macro F1 of the second annotator, test split" in (run.folder / "report.html").read_text()
    bare = page_of(run, split_predictions(["denial", "none"] * 4, ["denial", "none"] * 4))
    assert "of the second annotator, test" not in bare
    assert "F1 of the second annotator" not in bare


def test_pages_load_nothing_and_repeat_no_id(workplace):
    runs = [workplace / "runs" / name for name in ("words", "majority")]
    pages = [(runs[0] / "report.html").read_text(), compare(runs).to_html()]
    for page in pages:
        assert not re.search(r'(src|href)="(?!#)', page.replace('xlink:href="#', ""))
        assert "url(http" not in page
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        for target in re.findall(r'(?:xlink:href="#|url\(#)([^")]+)', page):
            assert target in ids


def test_page_of_a_distilled_run_names_teacher_text_and_all_that_was_tried(run):
    distilled = replace(run.report, distillation=distillation_of("f" * 64, files=(HOSTILE,)))
    page = render_report(distilled, run.predictions, {})
    assert "&lt;b&gt;big&lt;/b&gt;, pipeline.skops, SHA-256 777" in page
    assert "<b>big" not in page
    assert HOSTILE not in page
    assert "a random sample of at most 2,000; SHA-256 888" in page
    assert "0.5; macro F1 in the inner folds: 0.500 with weight 0, C = 1; 0.625 with weight 0.5, C = 1" in page
