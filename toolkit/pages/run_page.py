"""A report and its predictions -> the figures and the page of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from toolkit.analysis import Findings, Predictions, PriorCurve, Report
from toolkit.pages import figures
from toolkit.pages.base_rates import (
    collection_tables,
    observed_scores,
    proportion_tables,
    state_collection,
    state_expected_precision,
    state_rare,
)
from toolkit.pages.formatting import SPLIT_TITLES, flatten, list_titles
from toolkit.pages.rendering import own_markup, render_page, script
from toolkit.pages.run_summary import (
    headline_cards,
    state_distillation,
    state_meaning,
    state_result,
    state_slices,
    state_verdict,
)
from toolkit.pages.run_tables import (
    BRIER,
    OVERALL,
    confusion_tables,
    describe_choice,
    describe_choices,
    environment_rows,
    label_tables,
    repeats_tables,
)
from toolkit.pages.sentence_lists import Contributions, cut, reader_data, worst_mistakes

N_LABEL_ERRORS = 50
CAPTIONS = {
    "label-scores": "F1 of each label, cross-validated. Lines are 95 % intervals over articles; upright bars are the "
    "second annotator, where there is one.",
    "precision-recall": "Precision against recall as the threshold on a label's probability falls, cross-validated.",
    "prior-strength": "Precision against recall as the label shares of training give way to those of natural text, "
    "cross-validated on natural text. Marks: the model as it is (hollow) and with --priors natural (filled).",
    "expected-precision": "Precision of each label where it is as common as the axis says, with 95 % bands over "
    "articles. Marks are at the base rates observed in the corpus.",
    "reliability": "Accuracy of predictions by confidence, on the test split, with 95 % intervals over articles. On "
    "the dotted line, accuracy equals confidence.",
    "risk-coverage": "Error rate on the test split if only the most confident predictions are kept. Marks are "
    "thresholds chosen on train.",
}
# Drawn for papers; the page has the same as a table whose cells can be chosen.
NOT_SHOWN = ("confusion",)


def draw_figures(predictions: Predictions, findings: Findings, prior_curve: PriorCurve | None = None) -> dict[str, str]:
    """Draw a run's figures.

    Parameters
    ----------
    predictions : Predictions
        Of both splits.
    findings : Findings
        Measured on them.
    prior_curve : PriorCurve, optional
        Of a corpus with natural text.

    Returns
    -------
    dict
        SVG text by name.
    """
    ceiling, abstention, observed = findings.ceiling.train, findings.abstention, observed_scores(findings)
    drawn = {
        "label-scores": figures.draw_label_scores(findings.scores.train, ceiling.annotator if ceiling else None),
        "confusion": figures.draw_confusion(findings.scores.train),
        "precision-recall": figures.draw_precision_recall(predictions.take("train")),
        "expected-precision": figures.draw_expected_precision(observed[0][1], predictions.labels.acts, observed),
        "reliability": figures.draw_reliability(findings.calibration.test),
        "risk-coverage": figures.draw_risk_coverage(abstention.curve, abstention.thresholds),
    }
    if prior_curve:
        drawn["prior-strength"] = figures.draw_prior_strength(prior_curve, predictions.labels)
    return drawn


def render_report(
    report: Report,
    predictions: Predictions,
    drawn: Mapping[str, str],
    contributions: Contributions | None = None,
) -> str:
    """Render a run's page.

    Parameters
    ----------
    report : Report
        Of the run.
    predictions : Predictions
        Of the run; the sentences to read come from them.
    drawn : mapping
        SVG text by name, as :func:`draw_figures` returns it.
    contributions : mapping, optional
        N-gram, contribution and kind by row of the predictions.

    Returns
    -------
    str
        One self-contained HTML page. It loads nothing, and its policy allows no script but
        the one whose hash it names; without JavaScript it lists the worst mistakes.
    """
    labels = predictions.labels
    sentences, n_listed = reader_data(predictions, contributions or {})
    n_mistakes = sum(gold != predicted for gold, predicted in zip(predictions.gold, predictions.predicted, strict=True))
    return render_page(
        "report.html.j2",
        report=report,
        result=state_result(report.scores, labels),
        collections=[state_collection(part) for part in report.collections],
        collection_tables=collection_tables(report),
        proportion_tables=proportion_tables(report),
        about_rare=state_rare(report),
        expected=state_expected_precision(observed_scores(report)[0][1], labels),
        verdict=state_verdict(report),
        distilled=state_distillation(report),
        meaning=state_meaning(report, labels),
        cards=headline_cards(report),
        splits=SPLIT_TITLES,
        overall=OVERALL,
        brier=BRIER,
        acts=list_titles(labels, labels.acts),
        titles=dict(zip(labels.names, labels.titles, strict=True)),
        figures=_shown_figures(drawn),
        label_tables=label_tables(report),
        repeats=repeats_tables(report),
        matrices=confusion_tables(report),
        slices_verdict=state_slices(report.slices),
        label_errors=[replace(error, text=cut(error.text)) for error in report.label_errors[:N_LABEL_ERRORS]],
        mistakes=worst_mistakes(predictions),
        n_mistakes=n_mistakes,
        n_listed=min(n_listed, n_mistakes),
        has_contributions=bool(contributions),
        # Escaped for a script, not for HTML.
        sentences=own_markup(sentences),
        settings=flatten(report.settings),
        chosen=describe_choice(report.chosen.final),
        chosen_by_fold=describe_choices(report.chosen.folds),
        environment=environment_rows(report),
        reader=script("report.js"),
    )


def _shown_figures(drawn: Mapping[str, str]) -> dict[str, dict[str, str]]:
    # Figures are our own markup: matplotlib escapes the text in them.
    return {
        name: {"svg": own_markup(svg), "caption": CAPTIONS[name]}
        for name, svg in drawn.items()
        if name not in NOT_SHOWN
    }
