"""The card of a model shows text, never markup."""

from dataclasses import replace

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
