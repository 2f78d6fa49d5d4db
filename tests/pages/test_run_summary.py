"""The page of a run states the result first, and claims no more than interval and test allow."""

import math
import re
from dataclasses import replace

import pytest

from tests.analysis.builders import distillation_of, split_predictions
from tests.pages.builders import report_of
from toolkit.analysis.context import no_context
from toolkit.analysis.report import BaselineDifference
from toolkit.analysis.scores import Difference, Estimate
from toolkit.analysis.slices import SliceScore
from toolkit.experiment.runs import load_run
from toolkit.pages.base_rates import state_absent
from toolkit.pages.run_page import render_report
from toolkit.pages.run_summary import (
    headline_cards,
    state_distillation,
    state_meaning,
    state_result,
    state_slices,
    state_verdict,
)


@pytest.fixture
def run(workplace):
    return load_run(workplace / "runs/words")


def test_first_sentence_is_the_result(run):
    gold = ["denial", "statement", "none", "denial"] * 2
    scores = report_of(run, split_predictions(gold, gold)).scores
    assert state_result(scores, run.labels) == (
        "Macro F1 1.000 (95 % CI undefined) on 4 held-out sentences, "
        "and 1.000 (95 % CI undefined) cross-validated on train."
    )
    headline = Estimate(math.nan, math.nan, math.nan)
    assert state_result(replace(scores, test=replace(scores.test, headline=headline)), run.labels).startswith(
        "Macro F1 undefined on 4 held-out sentences, and 1.000"
    )
    page = (run.folder / "report.html").read_text()
    first = page.partition('<p class="answer">')[2].partition("</p>")[0]
    assert first == state_result(run.report.scores, run.labels)


def test_meaning_is_a_count_of_100_sentences_where_there_are_so_many(run):
    gold = ["denial", "statement", "none", "denial"] * 2
    report = report_of(run, split_predictions(gold, gold))
    assert state_meaning(report, run.labels) == (
        "4 of 4 held-out sentences get the correct label, too few to say how many of others would; "
        "F1 is highest for statement (1.000) and lowest for denial (1.000)."
    )
    scores = replace(report.scores.test, n_sentences=200)
    many = replace(report, scores=replace(report.scores, test=scores))
    # Without an error there is no interval to claim.
    assert state_meaning(many, run.labels).startswith("200 of 200 held-out sentences get the correct label; F1")
    many = replace(many, scores=replace(many.scores, test=replace(scores, accuracy=Estimate(0.9, 0.8, 0.95))))
    assert state_meaning(many, run.labels).startswith("About 90 of 100 held-out sentences (95 % CI 80–95) get")


def test_label_that_a_split_lacks_is_named_beside_the_headline(run):
    gold = ["denial", "statement", "none", "denial", "denial", "none", "none", "denial"]
    scores = report_of(run, split_predictions(gold, gold)).scores
    absent = "The macro F1 leaves out statement, which no sentence has and none is predicted to have."
    lacking = next(split for split, part in scores.items() if state_absent(part, run.labels))
    assert state_absent(scores[lacking], run.labels) == absent
    assert absent in state_result(scores, run.labels)
    predicted = ["denial", "statement", "none", "denial", "statement", "none", "none", "denial"]
    scores = report_of(run, split_predictions(gold, predicted)).scores
    assert "counts 0 for statement, which no sentence has but some are predicted" in state_result(scores, run.labels)


def test_first_sentences_are_of_the_collections_where_there_are_some(run):
    gold = ["denial", "statement", "none", "denial"] * 4
    context = replace(no_context(16), collection=("acts", "acts", "natural", "natural") * 4)
    predictions = split_predictions(gold, gold)
    report = report_of(run, predictions, context)
    page = render_report(report, predictions, {})
    answers = re.findall('<p class="answer">(.*?)</p>', page)
    assert [answer[:20] for answer in answers[:2]] == ["Collection “natural”", "Collection “acts”: m"]
    assert answers[-1].startswith("4 of 4 held-out sentences of “natural” get the correct label, too few")
    assert [card["title"] for card in headline_cards(report)][:3] == [
        "Macro F1, “natural”, test split",
        "Macro F1, “acts”, test split",
        "Macro F1, test split",
    ]


def test_report_without_its_baseline_says_so(run, workplace):
    assert state_verdict(replace(run.report, against=None)) == (
        "The baseline 'majority' has no run on this corpus beside this one; train it to compare."
    )
    assert "has no baseline" in (workplace / "runs/majority/report.html").read_text()
    assert "significantly better than the baseline" in (workplace / "runs/words/report.html").read_text()


def test_verdict_claims_no_more_than_the_interval_and_the_test(run):
    def verdict(low, high, p_value):
        difference = Difference(0.1, low, high, p_value)
        return state_verdict(replace(run.report, against=BaselineDifference("majority", "0", difference, difference)))

    assert verdict(-0.1, 0.3, 0.0001) == (
        "Cross-validated, it is not significantly different from the baseline 'majority' "
        "(difference +0.100, 95 % CI -0.100 to +0.300, p < 0.001)."
    )
    assert "it is significantly worse than" in verdict(-0.3, -0.1, 0.0001)
    assert "it is significantly better than" in verdict(0.001, 0.3, 0.0001)
    assert "it is not significantly different from" in verdict(0.001, 0.3, 0.06)
    for values in ((math.nan, math.nan, 0.0001), (0.001, 0.3, math.nan)):
        assert "it is not significantly different from" in verdict(*values)


def test_worse_slices_are_named(run):
    headline, difference = Estimate(0.5, 0.4, 0.6), Estimate(-0.21, -0.3, -0.1)
    worse = SliceScore("genre", "radio", 100, 20, headline, difference, 0.002, 0.012)
    other = replace(worse, name="wire", corrected=0.5)
    assert state_slices([worse, other]) == (
        "Significantly worse than the rest (5 % level, Holm correction for 2 tests): "
        "genre “radio” (-0.210, corrected p = 0.012)."
    )
    assert (
        state_slices([other])
        == "No slice is significantly worse than the rest (5 % level, Holm correction for 1 test)."
    )
    assert "needs ten articles" in state_slices([replace(worse, p_value=math.nan, corrected=math.nan)])


def test_cards_hold_both_splits_and_the_second_annotator(run):
    titles = [card["title"] for card in headline_cards(run.report)]
    assert titles == [
        "Macro F1, test split",
        "Macro F1, cross-validated on train",
        "Macro F1 of the second annotator, test split",
    ]
    assert headline_cards(run.report)[0]["note"].endswith("; 9 sentences of 3 articles")


def test_distilled_run_says_what_it_learned_from_and_which_scores_count(run):
    assert state_distillation(run.report) == ()
    fingerprint = run.report.corpus.fingerprint
    difference = Difference(0.25, 0.125, 0.375, 0.01)
    against = BaselineDifference("words", "0", difference, difference)
    report = replace(run.report, distillation=distillation_of(fingerprint, files=("a", "b", "c", "d")), against=against)
    assert state_distillation(report) == (
        "It also learned from 1,234 unlabelled sentences of a, b, c and others, with the probabilities of '<b>big</b>' "
        "as their labels, each counting 0.5 times as much as a sentence of the corpus; n-grams of that text are in the "
        "model.",
        "The teacher '<b>big</b>' knows all training articles, so the cross-validated scores may be too high, and so "
        "may the weight, which was chosen on them; what counts are those of the test split, which neither has seen.",
        "On the test split it is better than 'words', without the text (difference +0.250, 95 % CI +0.125 to +0.375, "
        "p = 0.010).",
    )
    for change, verb in (({"low": -0.125}, "is not better"), ({"low": -0.25, "high": -0.125}, "is worse")):
        other = replace(against, test=replace(difference, **change))
        assert f"it {verb} than 'words'" in state_distillation(replace(report, against=other))[2]
    refitted, given = distillation_of(fingerprint, refitted=True), distillation_of(fingerprint)
    for one in (refitted, replace(given, candidates=given.candidates[1:])):
        assert "scores may be too high; what counts" in state_distillation(replace(report, distillation=one))[1]
    for other in (None, "f" * 64):
        said = state_distillation(replace(report, distillation=distillation_of(other), against=None))
        assert len(said) == 2
        assert "may have seen any of its sentences, the test split's too: all scores here may be too high." in said[1]


def test_text_that_was_left_out_is_said_to_be(run):
    report = replace(run.report, distillation=distillation_of(run.report.corpus.fingerprint, 0.0))
    assert state_distillation(report) == (
        "Cross-validated on the corpus, 1,234 sentences of a.txt with the labels of '<b>big</b>' did not help: "
        "the text was left out, and this is the experiment 'words' without it.",
    )
