"""Figures are byte-stable, take the colours of the page, and show text as text."""

import re
from dataclasses import replace

import numpy as np

from tests.analysis.builders import outside_predictions
from tests.comparison.builders import make_curve
from toolkit.analysis.calibration import measure_calibration
from toolkit.analysis.learning_curve import LearningCurve
from toolkit.analysis.scores import score_predictions
from toolkit.pages import figures
from toolkit.pages.figures import _frontier, draw_corpus, draw_costs, draw_learning_curve, draw_learning_curves


def test_figures_are_byte_stable_and_survive_missing_labels():
    predictions = outside_predictions(["denial", "none"], ["denial", "denial"])
    scores = score_predictions(predictions, 100)
    for draw in (figures.draw_confusion, figures.draw_label_scores):
        assert draw(scores) == draw(scores)
        assert figures.INK not in draw(scores)
    assert "diplomatic" not in figures.draw_precision_recall(predictions)
    calibration = measure_calibration(predictions, 100)
    assert figures.draw_reliability(calibration) == figures.draw_reliability(calibration)
    background = outside_predictions(["none"], ["none"])
    assert figures.draw_precision_recall(background).startswith('<svg role="img"')


def test_all_text_of_a_figure_takes_the_colour_of_the_page():
    predictions = outside_predictions(["denial", "statement", "none"], ["denial", "statement", "none"])
    scores = score_predictions(predictions, 100)
    drawn = [
        figures.draw_label_scores(scores),
        figures.draw_costs([("time", True, [1.0, 2.0])], [0.5, 0.6], 0),
        figures.draw_reliability(measure_calibration(predictions, 100)),
    ]
    for svg in drawn:
        texts = re.findall(r"<text [^>]*>", svg)
        assert texts
        assert all("fill: currentColor" in text for text in texts)


def test_curve_is_drawn_the_same_each_time():
    scores = {"strict": np.array([[0.2, 0.4], [0.5, 0.5]]), "lenient": np.array([[0.3, 0.5], [0.6, 0.6]])}
    curve = LearningCurve("words", (4, 8), (40, 81), scores)
    drawn = draw_learning_curve(curve)
    assert drawn == draw_learning_curve(curve)
    assert ">strict<" in drawn
    assert ">81<" in drawn


def test_grade_genre_and_title_are_not_mathematics():
    curve = LearningCurve("words", (4, 8), (40, 81), {"$\\frac$": np.array([[0.2], [0.5]])})
    assert "$\\frac$" in draw_learning_curves([(0, curve)], "$\\frac$")
    drawn = draw_corpus({"genre": {"$\\frac$ wire": [1, 2]}}, ["_hidden", "$\\sqrt$"])
    assert all(text in drawn for text in ("$\\frac$ wire", "_hidden", "$\\sqrt$"))


def test_expected_precision_is_drawn_for_acts_with_observed_rates():
    gold = ["denial", "statement", "none", "none"] * 5
    scores = score_predictions(outside_predictions(gold, [*gold[:-2], "denial", "none"]), 100)
    observed = [("$natural$", scores), ("other", scores)]
    drawn = figures.draw_expected_precision(scores, ["denial", "statement"], observed)
    assert drawn == figures.draw_expected_precision(scores, ["denial", "statement"], observed)
    assert all(
        f">{text}<" in drawn for text in ("denial", "statement", "observed in $natural$", "observed in other", "4 %")
    )
    assert ">none<" not in drawn
    without = replace(scores, base_rates=(), labels=tuple(replace(one, expected_precision=()) for one in scores.labels))
    assert figures.draw_expected_precision(without, ["denial"], []).startswith("<svg")


def test_frontier_holds_what_no_other_beats_in_both():
    # The second costs more than the first and is worse; the last costs as much as the third and is worse.
    assert _frontier([(1.0, 0.5), (2.0, 0.4), (3.0, 0.8), (3.0, 0.7)]) == [0, 2]


def test_run_far_below_the_best_stands_at_the_edge():
    svg = draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)
    assert ">3 (0.10)<" in svg
    assert svg == draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)


def test_any_number_of_curves_is_drawn():
    curve = LearningCurve.from_dict(make_curve("base"))
    svg = draw_learning_curves([(index, curve) for index in range(50)], "cross-validated")
    assert all(f">{number}<" in svg for number in range(1, 51))
