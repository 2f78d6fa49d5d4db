"""A report -> what the page of its run states first: result, verdict, headline numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from toolkit.analysis import BySplit, Estimate, Findings, RepeatedScores, Report, Results, Scores, SliceScore
from toolkit.labels import LabelSet
from toolkit.pages.base_rates import state_absent
from toolkit.pages.formatting import (
    SPLIT_TITLES,
    UNDEFINED,
    describe_difference,
    describe_interval,
    describe_p,
    format_percent,
    format_score,
    format_signed,
)
from toolkit.statistics import ALPHA

# Names of files in a sentence.
MAX_FILES = 3
# Fewer are not counted as if they were 100.
MIN_SENTENCES = 100


def state_result(scores: BySplit[Scores], labels: LabelSet) -> str:
    """State the headline score of both splits in one sentence, and in more what labels it lacks."""
    absent = [(split, state_absent(part, labels)) for split, part in scores.items()]
    titles = dict(SPLIT_TITLES)
    return " ".join(
        [
            f"Macro F1 {_estimate(scores.test.headline)} on {scores.test.n_sentences:,} held-out sentences, "
            f"and {_estimate(scores.train.headline)} cross-validated on train.",
            *(f"{titles[split].capitalize()}: {sentence}" for split, sentence in absent if sentence),
        ]
    )


def state_verdict(report: Report) -> str:
    """Compare with the baseline in one sentence, claiming no more than both the interval and the test allow."""
    if report.baseline is None:
        return "This experiment has no baseline."
    if report.against is None:
        return f"The baseline '{report.baseline}' has no run on this corpus beside this one; train it to compare."
    difference = report.against.train
    includes_zero = math.isnan(difference.low) or difference.low <= 0 <= difference.high
    # An undefined p-value is not below the level either.
    if includes_zero or not difference.p_value < ALPHA:
        verdict = "not significantly different from"
    else:
        verdict = f"significantly {'better' if difference.low > 0 else 'worse'} than"
    name, gap = report.against.name, describe_difference(difference)
    return f"Cross-validated, it is {verdict} the baseline '{name}' (difference {gap})."


def state_distillation(report: Results) -> tuple[str, ...]:
    """Say of a distilled run what it learned from and which of its scores count; nothing of any other run."""
    distillation = report.distillation
    if distillation is None:
        return ()
    teacher, text = f"'{distillation.teacher.experiment}'", distillation.text
    files = f"{', '.join(text.files[:MAX_FILES])}{' and others' if len(text.files) > MAX_FILES else ''}"
    if not distillation.weight:
        return (
            f"Cross-validated on the corpus, {text.sentences:,} sentences of {files} with the labels of {teacher} did "
            f"not help: the text was left out, and this is the experiment '{distillation.plain}' without it.",
        )
    learned = (
        f"It also learned from {text.sentences:,} unlabelled sentences of {files}, with the probabilities of {teacher} "
        f"as their labels, each counting {distillation.weight:g} times as much as a sentence of the corpus; "
        "n-grams of that text are in the model."
    )
    if distillation.teacher.corpus != report.corpus.fingerprint:
        warning = (
            f"The teacher {teacher} was not trained on this corpus and may have seen any of its sentences, the test "
            "split's too: all scores here may be too high."
        )
    else:
        is_given = len({candidate.weight for candidate in distillation.candidates}) == 1
        choice = "" if distillation.refitted or is_given else ", and so may the weight, which was chosen on them"
        warning = (
            f"The teacher {teacher} knows all training articles, so the cross-validated scores may be too high"
            f"{choice}; what counts are those of the test split, which neither has seen."
        )
    return learned, warning, *_difference_on_test(report)


def _difference_on_test(report: Results) -> Iterator[str]:
    if report.against:
        difference = report.against.test
        verb = "is better" if difference.low > 0 else "is worse" if difference.high < 0 else "is not better"
        yield (
            f"On the test split it {verb} than '{report.against.name}', without the text "
            f"(difference {describe_difference(difference)})."
        )


def state_meaning(findings: Findings, labels: LabelSet) -> str:
    """State in one sentence what the scores of the test split, or of its first collection, mean to a reader of news."""
    first = next((part for part in findings.collections if part.scores.test), None)
    scores = first.scores.test if first and first.scores.test else findings.scores.test
    sentence = _state_accuracy(scores, f" of “{first.name}”" if first else "")
    acts = [label for label in scores.labels if label.name in labels.acts and not math.isnan(label.f1.value)]
    if len(acts) > 1:
        worst, *_, best = sorted(acts, key=lambda label: label.f1.value)
        sentence += (
            f"; F1 is highest for {best.title} ({format_score(best.f1.value)}) "
            f"and lowest for {worst.title} ({format_score(worst.f1.value)})"
        )
    return f"{sentence}."


def _state_accuracy(scores: Scores, where: str) -> str:
    accuracy, n_sentences = scores.accuracy, scores.n_sentences
    if n_sentences < MIN_SENTENCES or not accuracy.low < accuracy.high:
        n_correct = round(accuracy.value * n_sentences)
        few = "" if n_sentences >= MIN_SENTENCES else ", too few to say how many of others would"
        return f"{n_correct:,} of {n_sentences:,} held-out sentences{where} get the correct label{few}"
    of_100, low, high = (
        format_percent(value).removesuffix(" %") for value in (accuracy.value, accuracy.low, accuracy.high)
    )
    return f"About {of_100} of 100 held-out sentences{where} (95 % CI {low}–{high}) get the correct label"


def state_slices(slices: Sequence[SliceScore]) -> str:
    """Name the slices on which the score is significantly lower than on the rest."""
    n_tests = sum(not math.isnan(part.p_value) for part in slices)
    if not n_tests:
        return "No slice was tested: a test against the rest needs ten articles on each side."
    correction = f"(5 % level, Holm correction for {n_tests} {'test' if n_tests == 1 else 'tests'})"
    worse = [
        f"{part.group} “{part.name}” ({format_signed(part.difference.value)}, corrected {describe_p(part.corrected)})"
        for part in slices
        if part.is_worse
    ]
    if worse:
        return f"Significantly worse than the rest {correction}: {', '.join(worse)}."
    return f"No slice is significantly worse than the rest {correction}."


def headline_cards(report: Report) -> list[dict[str, str]]:
    """List the headline numbers, each with a title and a note."""
    titles = dict(SPLIT_TITLES)
    cards = [
        _card(f"Macro F1, “{part.name}”, {titles['test']}", part.scores.test)
        for part in report.collections
        if part.scores.test
    ]
    cards += [_card(f"Macro F1, {titles[split]}", scores) for split, scores in reversed(report.scores.items())]
    if report.repeats:
        cards.append(_repeats_card(report.repeats))
    split = "test" if report.ceiling.test else "train"
    ceiling = report.ceiling[split]
    if ceiling:
        annotator = ceiling.annotator
        cards.append(
            {
                "title": f"Macro F1 of the second annotator, {titles[split]}",
                "number": format_score(annotator.headline.value),
                "note": f"{describe_interval(annotator.headline)}; model minus annotator "
                f"{describe_difference(ceiling.gap)}, on the same {annotator.n_sentences:,} sentences",
            }
        )
    return cards


def _card(title: str, scores: Scores) -> dict[str, str]:
    return {
        "title": title,
        "number": format_score(scores.headline.value),
        "note": f"{describe_interval(scores.headline)}; "
        f"{scores.n_sentences:,} sentences of {scores.n_articles:,} articles",
    }


def _repeats_card(repeats: RepeatedScores) -> dict[str, str]:
    scores = [fold.headline for fold in repeats.folds]
    return {
        "title": f"Macro F1, mean of {len(scores)} folds",
        "number": format_score(repeats.headline.value),
        "note": f"corrected {describe_interval(repeats.headline)}; {repeats.n_repeats} repetitions, "
        f"folds from {describe_range(scores)}",
    }


def describe_range(scores: Sequence[float]) -> str:
    """Write the lowest and the highest of the scores that are defined.

    Examples
    --------
    >>> describe_range([0.5, 0.25, float("nan")])
    '0.250 to 0.500'
    """
    defined = [score for score in scores if not math.isnan(score)]
    return f"{format_score(min(defined))} to {format_score(max(defined))}" if defined else UNDEFINED


def _estimate(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "undefined"
    return f"{format_score(estimate.value)} ({describe_interval(estimate)})"
