"""conclusions: sentences state what the numbers show, and no more."""

import math
from dataclasses import replace

from tests.analysis.builders import distillation_of
from tests.comparison.builders import change_manifest, different_runs, make_run, with_folds
from toolkit.comparison.comparing import compare
from toolkit.comparison.conclusions import conclusion, may_conclude, may_not_conclude


def test_first_sentence_names_the_best_run_with_its_score_and_whether_it_is_significantly_better(three):
    comparison = compare(three)
    best = comparison.entries[0].scores["train"].headline
    assert conclusion(comparison).startswith(
        f"The best run is 'better', with macro F1 {best.value:.3f} (95 % CI {best.low:.3f}–{best.high:.3f}) on 4 "
        "cross-validated sentences, but it is not significantly better than 'other', 'base'. "
    )
    assert conclusion(compare(different_runs())).startswith(
        "The best run is 'better', with macro F1 1.000 (95 % CI 1.000–1.000) on 40 cross-validated sentences, "
        "and it is significantly better than the other run. "
    )


def test_runs_without_a_score_have_no_best():
    runs = [make_run("base", "nnnn", gold="nnnn"), make_run("other", "nnnn", gold="nnnn")]
    assert conclusion(compare(runs)).startswith("No run has a cross-validated macro F1: ")


def test_difference_to_the_baseline_is_stated_in_its_direction():
    assert (
        may_conclude(compare(different_runs()))[1]
        == "Runs significantly better than 'base': better (5 % level, corrected for all 2 comparisons)."
    )
    assert "significantly worse than 'better': base" in conclusion(compare(different_runs(), against="better"))


def test_limits_are_stated_with_their_numbers(three):
    comparison = compare(three)
    text = " ".join(may_not_conclude(comparison))
    assert "6 comparisons are shown (3 pairs of 3 runs on two splits); 0 are significant." in text
    assert "0.3 would have p < 0.05 by chance" in text
    assert "by Holm for all 6." in text
    assert "Each run predicted the test split once" in text
    assert "rest on 2 training and 1 test articles" in text
    widest = max((pair.difference for pair in comparison.pairs["train"]), key=lambda one: one.high - one.low)
    assert f"reaches from {widest.low:+.3f} to {widest.high:+.3f}." in text
    assert "A significant difference need not be a large one" not in text
    for written in (comparison.to_markdown(), comparison.to_html()):
        assert "are not shown to be equal" in written


def test_difference_that_the_folds_do_not_confirm_is_named_where_it_is_claimed():
    comparison = with_folds(compare(different_runs()), 0.2)
    points = may_conclude(comparison)
    assert points[0].endswith(
        "and it is significantly better than the other run. "
        "Over repeated folds, the corrected t-test does not confirm 'better' minus 'base'."
    )
    assert points[3].endswith("finds 0 of 1 pairs significantly different; the test over articles finds 1.")
    assert points[4].startswith("Significantly different over articles but not over folds: 'better' minus 'base'. ")
    turned = with_folds(compare(different_runs(), "better"), 0.2)
    assert may_conclude(turned)[0].endswith("the corrected t-test does not confirm 'better' minus 'base'.")


def test_folds_that_agree_with_the_test_over_articles_are_one_sentence():
    comparison = with_folds(compare(different_runs()), 0.001)
    points = may_conclude(comparison)
    assert points[3].endswith("finds 1 of 1 pairs significantly different, the same as the test over articles.")
    assert len(points) == 4
    assert "does not confirm" not in conclusion(comparison)
    assert "They do not cover models trained on other articles (which the corrected t-test" in comparison.to_markdown()
    undefined = with_folds(comparison, math.nan)
    assert may_conclude(undefined) == points[:3]
    assert "They do not cover a rerun with another seed" in undefined.to_markdown()


def test_difference_that_only_the_folds_find_is_named():
    same = with_folds(compare([make_run("base", "dddd"), make_run("better", "dpdp")]), 0.001)
    assert "Significantly different over folds but not over articles: 'better' minus 'base'." in may_conclude(same)[4]
    assert "not significantly different from 'base': better" in conclusion(same)


def test_interval_that_excludes_0_without_significance_is_explained(three):
    comparison = compare(three)
    first, *others = comparison.pairs["train"]
    assert "excludes 0" not in " ".join(may_not_conclude(comparison))
    off = replace(first, difference=replace(first.difference, low=0.001, high=9.0))
    text = " ".join(may_not_conclude(replace(comparison, pairs={**comparison.pairs, "train": (off, *others)})))
    assert "from +0.001 to +9.000. An interval that excludes 0 is that of its pair alone: " in text
    assert "only the p-value is corrected for all 6." in text


def test_distilled_runs_are_to_be_compared_on_the_test_split(three):
    assert "labels of a teacher" not in " ".join(may_not_conclude(compare(three)))
    left_out = change_manifest(three[1], distillation=distillation_of("f" * 64, 0.0))
    distilled = change_manifest(three[2], distillation=distillation_of("f" * 64))
    point = may_not_conclude(compare([three[0], left_out, distilled]))[-1]
    assert point.startswith(f"'{distilled.name}' (from '<b>big</b>') learned from labels of a teacher")
    assert point.endswith("compare them on the test split.")
