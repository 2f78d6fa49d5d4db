"""The card of a model shows text, never markup."""

from dataclasses import replace

from toolkit.analysis.findings import CollectionScores
from toolkit.experiment.runs import load_run
from toolkit.labels import Label, LabelSet
from toolkit.pages.model_card import render_card


def test_model_card_shows_text_and_no_markup(workplace):
    report = load_run(workplace / "runs/words").report
    labels = LabelSet((Label("denial", "a|b <b>", ""), Label("none", "none", "")), "none")
    test = report.scores.test
    test = replace(test, labels=(replace(test.labels[0], title="a|b <b>"),))
    hostile = replace(report, question="Is <script>\n\n# it?", scores=replace(report.scores, test=test))
    card = render_card(hostile, labels, "runs/words/model")
    assert "Is &lt;script&gt; \\# it?" in card
    assert card.count("a\\|b &lt;b&gt;") == 2
    assert "<b>" not in card


def test_model_card_names_collections_and_other_base_rates(workplace):
    report = load_run(workplace / "runs/words").report
    part = CollectionScores("na|tural", report.scores)
    card = render_card(replace(report, collections=(part,)), report_labels(report), "runs/words/model")
    assert "- **Collection “na\\|tural”**: macro F1 " in card
    assert "- **At other base rates**: Where 4 % of sentences have a label, " in card


def report_labels(report):
    return LabelSet.from_names([label.name for label in report.scores.test.labels], background="none")
