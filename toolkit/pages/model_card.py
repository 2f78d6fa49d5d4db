"""Results of an experiment -> the card of its saved model, in Markdown."""

from __future__ import annotations

from toolkit.analysis import Results
from toolkit.labels import LabelSet
from toolkit.pages.base_rates import observed_scores, state_collection, state_expected_precision
from toolkit.pages.formatting import list_titles
from toolkit.pages.rendering import render_page
from toolkit.pages.run_summary import state_distillation
from toolkit.pages.run_tables import describe_choice


def render_card(results: Results, labels: LabelSet, folder: str) -> str:
    """Render a model card.

    Parameters
    ----------
    results : Results
        Of the experiment.
    labels : LabelSet
        Of the model.
    folder : str
        Where the model will be.
    """
    return render_page(
        "card.md.j2",
        report=results,
        collections=[state_collection(part) for part in results.collections],
        expected=state_expected_precision(observed_scores(results)[0][1], labels),
        labels=list_titles(labels, labels.names),
        distilled=state_distillation(results),
        chosen=describe_choice(results.chosen.final),
        folder=folder,
    )
