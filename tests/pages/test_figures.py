"""figures: runs are drawn where they can be told from each other, and numbered."""

from tests.comparison.builders import make_curve
from toolkit.analysis.learning_curve import LearningCurve
from toolkit.pages.figures import _frontier, draw_costs, draw_learning_curves


def test_frontier_holds_what_no_other_beats_in_both():
    # The second is dearer and worse than the first, the last as dear as the third and worse.
    assert _frontier([(1.0, 0.5), (2.0, 0.4), (3.0, 0.8), (3.0, 0.7)]) == [0, 2]


def test_run_far_below_the_best_stands_at_the_edge():
    svg = draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)
    assert ">3 (0.10)<" in svg
    assert svg == draw_costs([("time", True, [1.0, 2.0, 3.0])], [0.8, 0.7, 0.1], 1)


def test_any_number_of_curves_is_drawn():
    curve = LearningCurve.from_dict(make_curve("base"))
    svg = draw_learning_curves([(index, curve) for index in range(50)], "cross-validated")
    assert all(f">{number}<" in svg for number in range(1, 51))
