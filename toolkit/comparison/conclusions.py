"""A comparison -> sentences: what may be concluded from it, and what may not.

A difference is significant if its p-value, from the randomisation test over articles and
corrected for all comparisons shown, is below ``ALPHA``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from toolkit.comparison.record import ComparisonRecord
from toolkit.pages import SPLIT_TITLES, format_score, format_signed
from toolkit.statistics import ALPHA, SystemPair

# Names in a sentence; of more, only the number is given.
MAX_NAMES = 6


def may_conclude(comparison: ComparisonRecord) -> tuple[str, ...]:
    """Return what the comparison shows, in points of a few sentences each; the first states the result."""
    result = " ".join(sentence for sentence in (_best_run(comparison), _unconfirmed(comparison)) if sentence)
    return (result, _against_baseline(comparison), _on_test_split(comparison), *_over_folds(comparison))


def conclusion(comparison: ComparisonRecord) -> str:
    """Return which run is best and how the runs differ from the baseline, cross-validated."""
    return " ".join(may_conclude(comparison)[:2])


def _best_run(comparison: ComparisonRecord) -> str:
    """Return which run is best, its score, and whether it is significantly better than the others."""
    best, n_others = comparison.entries[0], len(comparison.entries) - 1
    scores = best.scores["train"]
    if math.isnan(scores.headline.value):
        return "No run has a cross-validated macro F1: the acts occur neither as gold nor as predicted labels."
    sentence = (
        f"The best run is '{best.name}', with macro F1 {format_score(scores.headline.value)} (95 % CI "
        f"{format_score(scores.headline.low)}–{format_score(scores.headline.high)}) on {scores.n_sentences:,} "
        "cross-validated sentences"
    )
    equals = [
        f"'{comparison.entries[pair.second].name}'"
        for pair in comparison.pairs["train"]
        if pair.first == 0 and not _is_significant(pair)
    ]
    if equals:
        return f"{sentence}, but it is not significantly better than {list_names(equals)}."
    others = "the other run" if n_others == 1 else f"each of the other {n_others} runs"
    return f"{sentence}, and it is significantly better than {others}."


def _against_baseline(comparison: ComparisonRecord) -> str:
    """Return how the other runs differ from the baseline."""
    better: list[str] = []
    worse: list[str] = []
    others: list[str] = []
    for entry in comparison.entries:
        difference = entry.differences["train"]
        if difference is not None:
            is_significant = difference.p_value < ALPHA
            (others if not is_significant else better if difference.value > 0 else worse).append(entry.name)
    relations = {
        "significantly better than": better,
        "significantly worse than": worse,
        "not significantly different from": others,
    }
    parts = [
        f"{relation} '{comparison.baseline}': {list_names(names)}" for relation, names in relations.items() if names
    ]
    level = f"{ALPHA:.0%}".replace("%", " %")
    return f"Runs {'; '.join(parts)} ({level} level, corrected for all {comparison.n_comparisons:,} comparisons)."


def _unconfirmed(comparison: ComparisonRecord) -> str:
    """Return which differences to the best run and to the baseline the t-test over folds does not confirm, if any."""
    claimed = (0, comparison.baseline_index)
    pairs = [
        pair
        for pair, is_confirmed in fold_verdicts(comparison)
        if not is_confirmed and _is_significant(pair) and (pair.first in claimed or pair.second in claimed)
    ]
    if not pairs:
        return ""
    titles = list_names([pair_title(comparison, pair) for pair in pairs])
    return f"Over repeated folds, the corrected t-test does not confirm {titles}."


def _on_test_split(comparison: ComparisonRecord) -> str:
    """Return whether the differences to the baseline are found again on the test split."""
    pairs = [
        (train, test)
        for train, test in ((entry.differences["train"], entry.differences["test"]) for entry in comparison.entries)
        if train is not None and test is not None
    ]
    n_same_sign = sum(train.value * test.value > 0 for train, test in pairs)
    significant = [(train, test) for train, test in pairs if train.p_value < ALPHA]
    n_again = sum(test.p_value < ALPHA and test.value * train.value > 0 for train, test in significant)
    point = (
        f"On the test split, {n_same_sign} of {len(pairs)} differences to '{comparison.baseline}' have the same sign"
    )
    if significant:
        point += f", and {n_again} of the {len(significant)} that are significant cross-validated are significant again"
    return f"{point}."


def _over_folds(comparison: ComparisonRecord) -> Iterable[str]:
    """Yield where the corrected t-test over folds and the test over articles disagree."""
    verdicts = fold_verdicts(comparison)
    if not verdicts:
        return
    over_articles = [pair for pair, is_confirmed in verdicts if _is_significant(pair) and not is_confirmed]
    over_folds = [pair for pair, is_confirmed in verdicts if is_confirmed and not _is_significant(pair)]
    point = (
        "Over repeated folds, the corrected t-test, which covers other assignments to folds and other training sets, "
        f"finds {sum(is_confirmed for _, is_confirmed in verdicts)} of {len(verdicts)} pairs significantly different"
    )
    if not (over_articles or over_folds):
        yield f"{point}, the same as the test over articles."
        return
    yield f"{point}; the test over articles finds {sum(_is_significant(pair) for pair, _ in verdicts)}."
    if over_articles:
        yield (
            "Significantly different over articles but not over folds: "
            f"{list_names([pair_title(comparison, pair) for pair in over_articles])}. "
            "The models at hand differ on articles like these; it is not shown that models trained on other articles "
            "would differ in the same way. All other sentences and marks here follow the test over articles."
        )
    if over_folds:
        yield (
            "Significantly different over folds but not over articles: "
            f"{list_names([pair_title(comparison, pair) for pair in over_folds])}. "
            "They differ in the same way whichever of these articles they learn from; it is not shown that they would "
            "on other articles, so they are not marked as different."
        )


def may_not_conclude(comparison: ComparisonRecord) -> tuple[str, ...]:
    """Return what the comparison leaves open, in points of a few sentences each."""
    return (
        _limit_of_many_comparisons(comparison),
        *_limit_of_significance(comparison),
        f"Each run predicted the test split once, with a model whose settings were chosen on train. The highest of "
        f"{len(comparison.entries)} test scores is still too high on average: choose a run by its cross-validated "
        "score, then report the test score of that run.",
        _limit_of_articles(comparison),
        *_limit_of_distillation(comparison),
    )


def _limit_of_many_comparisons(comparison: ComparisonRecord) -> str:
    pairs = [pair for pairs in comparison.pairs.values() for pair in pairs]
    return (
        f"{len(pairs):,} comparisons are shown ({len(pairs) // 2:,} pairs of {len(comparison.entries)} runs on two "
        f"splits); {sum(map(_is_significant, pairs)):,} are significant. If no run differed from any other, "
        f"{ALPHA * len(pairs):,.1f} would have p < {ALPHA} by chance: all p-values are therefore corrected by Holm for "
        f"all {len(pairs):,}."
    )


def _limit_of_significance(comparison: ComparisonRecord) -> Iterable[str]:
    pairs = comparison.pairs["train"]
    others = [pair for pair in pairs if not _is_significant(pair) and not math.isnan(pair.difference.low)]
    if others:
        widest = max(others, key=lambda pair: pair.difference.high - pair.difference.low)
        yield (
            "Runs that are not significantly different are not shown to be equal. The widest interval of such a "
            f"difference, {pair_title(comparison, widest)}, reaches from {_ends(widest.difference)}."
            + _about_intervals_without_0(comparison, others)
        )
    significant = [pair for pair in pairs if _is_significant(pair)]
    if significant:
        smallest = min(significant, key=lambda pair: abs(pair.difference.value))
        yield (
            "A significant difference need not be a large one. The smallest significant one, "
            f"{pair_title(comparison, smallest)}, is {format_signed(smallest.difference.value)}, and its interval "
            f"reaches from {_ends(smallest.difference)}."
        )


def _about_intervals_without_0(comparison: ComparisonRecord, pairs: Sequence[SystemPair]) -> str:
    """Explain how an interval can exclude 0 although the test is not significant; empty if none does."""
    if all(pair.difference.low <= 0 <= pair.difference.high for pair in pairs):
        return ""
    return (
        " An interval that excludes 0 is that of its pair alone: "
        f"only the p-value is corrected for all {comparison.n_comparisons:,}."
    )


def _limit_of_articles(comparison: ComparisonRecord) -> str:
    train, test = (comparison.entries[0].scores[split].n_articles for split, _ in SPLIT_TITLES)
    training = "a rerun with another seed"
    if fold_verdicts(comparison):
        training = "models trained on other articles (which the corrected t-test over folds does cover)"
    return (
        f"Intervals and tests over articles rest on {train} training and {test} test articles and take the trained "
        f"models as given. They do not cover {training}, other annotators, or articles unlike these."
    )


def _limit_of_distillation(comparison: ComparisonRecord) -> Iterable[str]:
    distilled = [f"'{entry.name}' (from '{entry.teacher}')" for entry in comparison.entries if entry.teacher]
    if distilled:
        yield (
            f"{list_names(distilled)} learned from labels of a teacher that may know all training articles. "
            "The cross-validated scores may be too high, and with them every difference to another run; compare them "
            "on the test split."
        )


def explain_fold_test(comparison: ComparisonRecord) -> str:
    """Return how repeated folds are tested."""
    n_pairs = len(comparison.fold_pairs)
    return (
        "Runs that repeat the same folds are compared fold by fold, by the paired t-test of Nadeau and Bengio, "
        "corrected for the training articles that folds share, and by Holm for the "
        f"{n_pairs:,} {'pair' if n_pairs == 1 else 'pairs'} tested. It covers other assignments of these articles to "
        "folds and other training sets; the test over articles covers other articles to score: decide which of the "
        "two counts before reading them. A dash means that a fold has no score."
    )


def explain_missing_fold_tests(comparison: ComparisonRecord) -> str:
    """Return which pairs have no corrected t-test and why, in one sentence; empty if all have one."""
    repeats = [entry.repeats for entry in comparison.entries if entry.repeats is not None]
    without = [f"'{entry.name}'" for entry in comparison.entries if entry.repeats is None]
    if not repeats:
        return (
            "There is no corrected t-test over folds, since no run repeats its folds; "
            "train with --set evaluation.repeats=10 to have one."
        )
    n_assignments = len({one.fold_assignment for one in repeats})
    reasons = []
    if without:
        reasons.append(f"{list_names(without)} {'does' if len(without) == 1 else 'do'} not repeat the folds")
    if n_assignments > 1:
        reasons.append(
            f"the {'others' if without else 'runs'} assign the articles to folds in {n_assignments} different ways, "
            "with another seed or number of folds or repetitions"
        )
    return f"Pairs without a corrected t-test have no folds in common: {' and '.join(reasons)}." if reasons else ""


def fold_verdicts(comparison: ComparisonRecord) -> list[tuple[SystemPair, bool]]:
    """Return each pair on train that has a corrected t-test, and whether that test is significant."""
    tested = {(pair.first, pair.second): pair for pair in comparison.fold_pairs if not math.isnan(pair.p_corrected)}
    return [
        (pair, tested[pair.first, pair.second].p_corrected < ALPHA)
        for pair in comparison.pairs["train"]
        if (pair.first, pair.second) in tested
    ]


def pair_title(comparison: ComparisonRecord, pair: SystemPair) -> str:
    """Return the difference that a pair stands for, as in ``'words' minus 'cues'``."""
    return f"'{comparison.entries[pair.first].name}' minus '{comparison.entries[pair.second].name}'"


def list_names(names: Sequence[str]) -> str:
    """List names; of many, the first and how many more there are.

    Examples
    --------
    >>> list_names(list("abc")), list_names(list("abcdefgh"))
    ('a, b, c', 'a, b, c, d, e, f and 2 more')
    """
    n_more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {n_more} more" if n_more > 0 else "")


def _is_significant(pair: SystemPair) -> bool:
    return pair.p_corrected < ALPHA


def _ends(difference: Any) -> str:
    return f"{format_signed(difference.low)} to {format_signed(difference.high)}"
