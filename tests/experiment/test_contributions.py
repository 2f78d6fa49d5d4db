"""Each listed prediction has the n-grams of the pipeline that made it."""

import pytest

from toolkit.analysis.findings import contrast_labels, reading_list
from toolkit.experiment.runs import load_run
from toolkit.models.explanation import contrast_contributions


def test_contributions_are_of_listed_rows_in_their_order(workplace):
    run = load_run(workplace / "runs/words")
    rows = list(reading_list(run.predictions))
    assert [row for row in rows if row in run.contributions] == list(run.contributions)
    assert set(run.contributions) <= set(rows)


def test_test_sentence_is_explained_by_the_saved_model(workplace):
    run = load_run(workplace / "runs/words")
    row = next(row for row in run.contributions if run.predictions.split[row] == "test")
    text, predicted = run.predictions.text[row], run.predictions.predicted[row]
    contrast = contrast_labels(run.predictions, [row])
    [ngrams] = contrast_contributions(run.model.pipeline, run.labels, [text], [predicted], contrast)
    assert [name for name, _, _ in run.contributions[row]] == [ngram.ngram for ngram in ngrams]
    assert [value for _, value, _ in run.contributions[row]] == pytest.approx(
        [ngram.value for ngram in ngrams], abs=0.005
    )


def test_model_without_weights_has_no_contributions(workplace):
    assert load_run(workplace / "runs/majority").contributions == {}
