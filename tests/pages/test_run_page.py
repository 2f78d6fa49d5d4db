"""context, findings, and the page of a run: what it says, that it is safe, and that it is stable."""

import base64
import hashlib
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.analysis.context import Context, no_context, read_context, write_context
from toolkit.analysis.findings import measure_findings, reading_list, rivals
from toolkit.analysis.predictions import Predictions, make_predictions, read_predictions, write_predictions
from toolkit.cli import main as cli
from toolkit.exceptions import RunError
from toolkit.experiment.runs import load_run
from toolkit.experiment.verification import report as render_again
from toolkit.experiment.verification import verify
from toolkit.files.csv_cells import LONGEST_CELL
from toolkit.labels import Label, LabelSet
from toolkit.models.explanation import contrast_contributions
from toolkit.pages import article_page, rendering
from toolkit.pages import run_page as report

LABELS = LabelSet.from_names(["denial", "statement", "none"], background="none")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&<!-- =1+1"
ARABIC = "قال الوزير إن التقرير غير صحيح."
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def runs(tmp_path, workplace):
    """A copy of the finished runs that the test may break."""
    return Path(shutil.copytree(workplace / "runs", tmp_path / "runs"))


def told(gold, predicted, labels=LABELS, text=None, sure=0.8):
    """Predictions with half of the sentences in train and half in test, two an article."""
    n, size = len(gold), len(labels.names)
    proba = np.full((n, size), (1 - sure) / (size - 1))
    for row, name in enumerate(predicted):
        proba[row, labels.index(name)] = sure
    plain = make_predictions(labels, text or [f"Sentence {row}." for row in range(n)], gold, proba)
    split = tuple("train" if row < n // 2 else "test" for row in range(n))
    return replace(
        plain,
        split=split,
        fold=tuple(0 if side == "train" else -1 for side in split),
        article=tuple(f"a{row // 2}" for row in range(n)),
        position=tuple(row % 2 for row in range(n)),
    )


def page_of(run, predictions, context=None, pulls=None, question=None):
    """Measure and render predictions under the cover of a finished run."""
    found = measure_findings(predictions, context or no_context(len(predictions)), None, 50, 7)
    record = {**run.report, **found.to_dict(), "question": question or run.report["question"]}
    record["background"] = predictions.labels.background
    record["ngrams"] = {}
    return report.render_report(record, predictions, report.draw_figures(predictions, found), pulls)


@pytest.fixture
def run(workplace):
    return load_run(workplace / "runs/words")


class _Elements(HTMLParser):
    """All elements of a page with their attributes, and the text of scripts."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.scripts, self._inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data


# --- context


def test_context_survives_a_round_trip():
    ours = Context(("2031-01-01", ""), ("=wire", 'a,"b"'), ("denial", ""), ("", "none"))
    predictions = told(["denial", "none"], ["denial", "none"])
    text = write_context(ours, predictions)
    assert "'=wire" in text
    assert read_context(text, predictions) == ours


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("genre", "kind", "column 4 is 'kind', expected 'genre'; train again"),
        ("a0,1", "a0,7", r"the row is not of the sentence predicted there; .*\.csv:3\]"),
        ("a0,1,,,,\n", "", "1 sentences came, 2 were predicted"),
        ("a0,1,,,,", "a0,1,,,denail,", r"label 'denail' is not in the label set .*\.csv:3\]"),
        ("a0,1,,,,", "a0,1", "the row is not of the sentence"),
    ],
)
def test_damaged_context_is_refused(old, new, message):
    predictions = told(["denial", "none"], ["denial", "none"])
    text = write_context(no_context(2), predictions)
    assert old in text
    with pytest.raises(RunError, match=message):
        read_context(text.replace(old, new, 1), predictions)


def test_empty_context_is_refused():
    with pytest.raises(RunError, match="the table of sentences cannot be read"):
        read_context("", told(["denial"], ["denial"]))


# --- findings


def test_ceiling_scores_the_second_annotator_beside_the_model():
    # Test split: rows 2 and 3. The annotator has both right, the model one of two.
    predictions = told(["denial", "statement"] * 2, ["denial", "statement", "denial", "denial"])
    context = replace(no_context(4), second=("", "", "denial", "statement"))
    found = measure_findings(predictions, context, None, 50).ceiling
    assert found["train"] is None
    assert found["test"].annotator.headline.value == 1
    # F1 of denial 2/3, of statement 0.
    assert found["test"].model.value == pytest.approx((2 / 3 + 0) / 2)
    assert found["test"].gap.value == pytest.approx(1 / 3 - 1)


def test_findings_are_plain_data_and_thin_the_curve():
    gold = ["denial", "statement", "none"] * 300
    predictions = told(gold, gold)
    proba = np.random.default_rng(0).dirichlet([1, 1, 1], 900)
    predictions = replace(
        predictions, proba=proba, predicted=tuple(LABELS.names[place] for place in proba.argmax(axis=1))
    )
    record = measure_findings(predictions, no_context(900), None, 20).to_dict()
    json.dumps(record, allow_nan=False)
    curve = record["abstention"]["curve"]
    assert len(curve["coverage"]) == 200
    assert curve["coverage"][-1] == 1
    assert curve["risk"][-1] == pytest.approx(1 - record["scores"]["test"]["accuracy"]["value"], abs=1e-6)


def test_context_of_another_length_is_refused():
    with pytest.raises(ValueError, match="the context has 1 rows, there are 2 predictions"):
        measure_findings(told(["denial", "none"], ["denial", "none"]), no_context(1))


def test_reading_list_has_mistakes_first_and_their_rivals():
    predictions = told(["denial", "none", "none", "denial"], ["denial", "statement", "none", "none"])
    predictions = replace(
        predictions, proba=np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0, 0.1, 0.9], [0.1, 0.2, 0.7]])
    )
    assert reading_list(predictions) == (3, 1, 2, 0)
    assert rivals(predictions, [3, 1, 2, 0]) == ["denial", "none", "statement", "statement"]


def test_contrast_adds_up_to_the_margin(run):
    pipeline, text = run.model.pipeline, run.predictions.text[0]
    [pulls] = contrast_contributions(pipeline, run.labels, [text], ["denial"], ["none"], n=1000)
    scores = pipeline.decision_function([text])[0] - pipeline.named_steps["classifier"].intercept_
    classes = list(pipeline.classes_)
    expected = scores[classes.index("denial")] - scores[classes.index("none")]
    assert sum(weight.value for weight in pulls) == pytest.approx(expected)
    assert contrast_contributions(pipeline, run.labels, [], [], []) == []


def test_model_without_weights_pulls_nowhere(workplace):
    run = load_run(workplace / "runs/majority")
    assert run.pulls == {}
    assert contrast_contributions(run.model.pipeline, run.labels, ["x"], ["denial"], ["none"]) == [[]]
    assert "has no n-gram weights" in (run.folder / "report.html").read_text()


# --- the page


def test_page_answers_first():
    labels = LabelSet.from_names(["denial", "statement", "none"], background="none")
    gold = ["denial", "statement", "none", "denial"] * 2
    found = measure_findings(told(gold, gold, labels), no_context(8), None, 50).to_dict()
    sentence = report._meaning(found, labels)
    assert sentence == (
        "Of 100 sentences from articles it was not trained on, about 100 (100 to 100) get the right label; "
        "of the acts it is best at statement (F1 1.000) and weakest at denial (1.000)."
    )


def test_second_annotator_stands_on_the_page(run):
    assert "The same of a second annotator, test split" in (run.folder / "report.html").read_text()
    bare = page_of(run, told(["denial", "none"] * 4, ["denial", "none"] * 4))
    assert "second annotator, test" not in bare
    assert "F1 of the second annotator" not in bare


def test_worse_slices_are_named_first():
    part = {"group": "genre", "name": "radio", "difference": {"value": -0.21}, "corrected": 0.012, "p_value": 0.002}
    text = report._slice_answer([{**part, "is_worse": True}, {**part, "name": "wire", "is_worse": False}])
    assert text == (
        "Significantly worse than the rest, at the 5 % level, corrected by Holm for 2 tests: "
        "genre “radio” (-0.210, corrected p = 0.012)."
    )
    assert report._slice_answer([{**part, "is_worse": False}]).startswith("No part of the corpus is significantly")
    assert "ten articles" in report._slice_answer([{**part, "p_value": None, "is_worse": False}])


def test_policy_names_the_hash_of_the_only_script(run):
    page = (run.folder / "report.html").read_text()
    elements = _Elements(page)
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
    predictions = told(gold, gold[::-1], labels, [f"{HOSTILE} {ARABIC} {row}" for row in range(12)])
    predictions = replace(predictions, article=tuple(f"{HOSTILE}{row // 2}" for row in range(12)))
    page = page_of(run, predictions, pulls={"0": [[HOSTILE, 0.5, "words"]]}, question=HOSTILE)
    elements = _Elements(page)
    assert [tag for tag, _ in elements.elements].count("script") == 2
    assert "img" not in [tag for tag, _ in elements.elements]
    data = json.loads(elements.scripts[0])
    assert data["head"]["labels"] == list(labels.titles)
    assert sorted(row[0] for row in data["rows"])[0].startswith(HOSTILE)
    assert [row[8] for row in data["rows"] if row[8]] == [[[HOSTILE, 0.5]]]
    assert "<" not in elements.scripts[0]
    assert 'dir="auto"' in page


@given(st.text())
@example("</script>&<!--\u2028\u2029")
def test_json_of_any_text_stays_in_its_script(text):
    written = rendering._script_json([text])
    assert json.loads(written) == [text]
    assert not re.search("[<>&\u2028\u2029\ud800-\udfff]", written)
    written.encode("utf-8")


def test_model_card_shows_text_and_no_markup(run):
    labels = LabelSet((Label("denial", "a|b <b>", ""), Label("none", "none", "")), "none")
    found = {**run.report, "question": "Is <script>\n\n# it?"}
    found["scores"] = {split: {**scores} for split, scores in run.report["scores"].items()}
    found["scores"]["test"]["labels"] = [{**run.report["scores"]["test"]["labels"][0], "title": "a|b <b>"}]
    card = report.render_card(found, labels, "runs/words/model")
    assert "Is &lt;script&gt; \\# it?" in card
    assert card.count("a\\|b &lt;b&gt;") == 2
    assert "<b>" not in card


def test_label_titles_are_no_mathematics_and_hide_nowhere(run):
    titles = ["$\\frac$", "_hidden", "<b>&\x01"]
    labels = LabelSet(tuple(Label(name, title, "") for name, title in zip(LABELS.names, titles, strict=True)), "none")
    gold = ["denial", "statement", "none"] * 4
    page = page_of(run, told(gold, gold, labels))
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
    page = page_of(run, told(gold, predicted))
    assert "nan" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL).lower().replace("finance", "")
    assert page.endswith("</html>\n")


def test_sentence_of_100000_characters_is_cut(run):
    gold = ["denial", "statement"] * 4
    predictions = told(gold, gold[::-1], text=["x" * 100_000] * 8)
    page = page_of(run, predictions)
    assert "x… (100,000 characters)" in page
    assert len(page) < 300_000


def test_text_from_right_to_left_has_its_own_direction(run):
    gold = ["denial", "statement"] * 4
    page = page_of(run, told(gold, gold[::-1], text=[ARABIC] * 8))
    assert f'<td role="cell" dir="auto"><span class="sentence">{ARABIC}</span>' in page


def test_page_of_10000_sentences_stays_small(run, monkeypatch):
    gold = [LABELS.names[row % 3] for row in range(10_000)]
    predicted = [LABELS.names[(row // 2) % 3] for row in range(10_000)]
    predictions = told(gold, predicted, text=[f"{row} " + ARABIC * 15 for row in range(10_000)])
    pulls = {str(row): [[f"some ngram {n}", -0.25, "words"] for n in range(8)] for row in range(10_000)}
    found = load_run(run.folder).report
    page = report.render_report(found, predictions, {}, pulls)
    assert len(page.encode()) < 3_000_000
    n_wrong = sum(one != other for one, other in zip(gold, predicted, strict=True))
    assert f"{n_wrong:,} sentences got a wrong label, of which the " in page


def test_page_is_byte_stable(run):
    again = report.render_report(run.report, run.predictions, {}, run.pulls)
    assert report.render_report(run.report, run.predictions, {}, run.pulls) == again
    before = (run.folder / "report.html").read_bytes()
    assert render_again(run.folder).report == run.report
    assert (run.folder / "report.html").read_bytes() == before


GOLDEN_REPORT = {
    "name": "golden",
    "question": "Does it <work>?",
    "baseline": None,
    "background": "none",
    "chosen": {"final": {"C": 1}, "folds": [{"C": 1}, {"C": 3}]},
    "ngrams": {"denial": [{"ngram": " denied ", "kind": "characters", "value": 1.0}]},
    "against": None,
    "digest": "0" * 64,
    "settings": {"seed": 1},
    "corpus": {"fingerprint": "f" * 64, "sentences": {"train": 6, "test": 6}},
    "segmenter": "nupunkt 0 + rules 0",
    "versions": {"python": "3.11"},
    "model": {"file": "pipeline.skops", "bytes": 1000, "sha256": "0"},
    "clock": {"finished": "2031-01-01", "revision": None, "training_seconds": 1.0, "sentences_per_second": 1000},
}


def golden_page():
    gold = ["denial", "statement", "none", "denial", "statement", "none"] * 2
    predictions = told(gold, ["denial", "denial", "none", "none", "statement", "none"] * 2)
    context = replace(no_context(12), genre=("wire", "radio") * 6, second=tuple(gold))
    found = measure_findings(predictions, context, None, 50, 7)
    pulls = {"1": [["denied", 0.5, "words"], ["said ", -0.25, "characters"], ["any cue: denial 1", 0.1, "cues"]]}
    return report.render_report({**GOLDEN_REPORT, **found.to_dict()}, predictions, {}, pulls)


def test_page_is_the_golden_one():
    # To accept a change: python tests/test_report.py, and look at the difference in git.
    assert golden_page() == (GOLDEN / "report.html").read_text(encoding="utf-8")


# --- rendering again, and what is refused


def test_report_is_measured_again_from_what_lies_in_the_folder(runs, capsys):
    (runs / "words/report.html").unlink()
    shutil.rmtree(runs / "words/figures")
    before = (runs / "words/report.json").read_text()
    assert cli.main(["report", str(runs / "words")]) == 0
    assert capsys.readouterr().out == f"{runs}/words/report.html\n"
    assert (runs / "words/figures/risk-coverage.svg").is_file()
    assert (runs / "words/report.json").read_text() == before
    assert cli.main(["report", str(runs / "words"), "--resamples", "10"]) == 0
    assert load_run(runs / "words").report["scores"]["test"]["n_resamples"] == 10


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("step", ["draw_figures", "render_report", "standalone", "_write_json"])
def test_interrupted_report_leaves_all_files_as_they_were(runs, monkeypatch, step):
    before = content(runs / "words")

    def interrupted(*_):
        raise KeyboardInterrupt

    home = "verification" if step == "_write_json" else "training"
    monkeypatch.setattr(f"toolkit.experiment.{home}.{step}", interrupted)
    assert cli.main(["report", str(runs / "words"), "--resamples", "10"]) == 130
    assert content(runs / "words") == before
    assert sorted(path.name for path in runs.iterdir()) == ["majority", "words"]


def test_report_of_a_run_that_is_read_only_is_refused(runs, monkeypatch, capsys):
    monkeypatch.setattr("os.access", lambda *_: False)
    assert cli.main(["report", str(runs / "words")]) == 1
    assert capsys.readouterr().err == f"the folder is read-only; free it or copy it [{runs}/words]\n"


def test_report_keeps_what_else_lies_in_the_folder(runs):
    (runs / "words/curve.json").write_text("{}")
    (runs / "words/model/notes.txt").write_text("mine")
    (runs / "words/figures/old.svg").write_text("drawn by an older toolkit")
    before = content(runs / "words")
    render_again(runs / "words", 10)
    after = content(runs / "words")
    assert set(before) - set(after) == {Path("figures/old.svg")}
    changed = {str(name) for name in after if after[name] != before[name]}
    assert {"report.json", "report.html"} <= changed
    assert all(name.startswith(("report.", "figures/")) for name in changed)


def test_report_with_other_resamples_says_so_and_is_verified(runs, corpus_folder):
    assert ">draws of articles<" not in (runs / "words/report.html").read_text()
    found = render_again(runs / "words", 10)
    assert found.n_resamples == load_run(runs / "words").n_resamples == 10
    assert "10; 100 as trained, for the difference to the baseline" in (runs / "words/report.html").read_text()
    assert verify(runs / "words", corpus_folder) == []
    path = runs / "words/report.json"
    path.write_text(path.read_text().replace('"n_resamples": 10,', '"n_resamples": 11,'))
    assert "report.json differs" in verify(runs / "words", corpus_folder)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("context.csv", None, "the run misses a file; train again"),
        ("context.csv", lambda text: text[: len(text) // 2], "sentences came|is not of the sentence"),
        ("pulls.json", None, "the run misses a file"),
        ("pulls.json", lambda text: text[:40], "is no JSON"),
        ("pulls.json", lambda _: '{"schema": 1, "pulls": {}}', "has schema 1, this toolkit reads 2"),
        ("pulls.json", lambda _: '{"schema": 2, "pulls": {"x": 1}}', "does not hold n-grams and their weights"),
        ("pulls.json", lambda _: '{"schema": 2}', "does not hold n-grams"),
        ("pulls.json", lambda _: '{"schema": 2, "pulls": {"0": [["a", NaN, "words"]]}}', "is no JSON"),
        ("pulls.json", lambda _: '{"schema": 2, "pulls": {"0": [["a", 1e999, "words"]]}}', "does not hold n-grams"),
        (
            "predictions.csv",
            lambda text: text.rpartition("\n")[0].rpartition("\n")[0] + "\n",
            "8 test predictions came",
        ),
        ("predictions.csv", lambda text: text[:-12], "no prediction of this label set|probabilities of the row sum"),
        ("predictions.csv", lambda text: re.sub(r",0\.\d+\n", ",0.999999\n", text, count=1), "expected a sum of 1"),
        ("report.json", lambda text: text[:100], "is no JSON"),
        ("report.json", lambda text: text.replace('"schema": 2', '"schema": 1'), "schema 1, this toolkit reads 2"),
    ],
)
def test_broken_run_is_one_sentence(runs, capsys, name, change, message):
    path = runs / "words" / name
    if change is None:
        path.unlink()
    else:
        path.write_text(change(path.read_text()))
    assert cli.main(["report", str(runs / "words")]) == 1
    error = capsys.readouterr().err
    assert re.search(message, error)
    assert error.count("\n") == 1


def test_file_that_is_not_utf_8_is_one_sentence(runs, capsys):
    (runs / "words/context.csv").write_bytes(b"\xff\xfe")
    assert cli.main(["report", str(runs / "words")]) == 1
    assert "the file is not UTF-8; train again" in capsys.readouterr().err


@pytest.mark.parametrize("shares", ["0.900000,0.900000,0.000000", "nan,0.5,0.5", "-0.5,1.5,0", "inf,0,0"])
def test_probabilities_that_are_none_are_refused(shares):
    text = write_predictions(told(["denial", "none"], ["denial", "none"]))
    text = text.replace("0.800000,0.100000,0.100000", shares)
    with pytest.raises(RunError, match=r"the probabilities of the row sum to .*\.csv:2\]"):
        read_predictions(text, LABELS)


def test_field_beyond_what_a_table_can_hold_is_refused():
    text = write_predictions(told(["denial"], ["denial"], text=["x" * (LONGEST_CELL + 1)]))
    with pytest.raises(RunError, match=r"the table cannot be read from here on"):
        read_predictions(text, LABELS)


def test_predictions_of_a_long_sentence_survive():
    ours = told(["denial"], ["denial"], text=["x" * 200_000])
    theirs = read_predictions(write_predictions(ours), LABELS)
    assert isinstance(theirs, Predictions)
    assert theirs.text == ours.text


# --- the page of an article


def test_letters_of_acts_differ():
    assert article_page._letters(["accusation", "denial", "pledge", "diplomatic statement"]) == ["A", "D", "P", "S"]
    assert article_page._letters(["1", "2"]) == ["1", "2"]


def test_article_keeps_its_paragraphs_and_marks_by_letter(run):
    text = f"The old ministry denied the report.\n\nThe ministry said it hoped for the road. {HOSTILE}\n\n{ARABIC}"
    found = run.model.label_article(text)
    page = article_page.render_articles([("a.txt", found)], "words")
    elements = _Elements(page)
    article = page[page.index("<article") : page.index("</article>")]
    assert article.count('<p dir="auto">') == 3
    assert '<b aria-hidden="true">D</b> [denial, ' in article
    assert "script" not in [tag for tag, _ in elements.elements]
    assert "script-src" not in page
    assert f'<span class="sentence">{ARABIC}</span>' in article
    assert article.count('<span class="sentence">') == len(found)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_several_articles_share_a_page(run):
    pages = [(name, run.model.label_article(text)) for name, text in (("<a>", "He denied it."), ("b", ""))]
    page = article_page.render_articles(pages, "words")
    assert '<h1 dir="auto">2 articles</h1>' in page
    assert '<h2 dir="auto">&lt;a&gt;</h2>' in page


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "report.html").write_text(golden_page(), encoding="utf-8", newline="\n")
