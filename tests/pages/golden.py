"""The golden page of a run. ``python -m tests.pages.golden`` writes it anew: look at the difference in git."""

from dataclasses import replace
from pathlib import Path

from tests.analysis.builders import split_predictions
from toolkit.analysis.context import no_context
from toolkit.analysis.findings import measure_findings
from toolkit.analysis.records import BySplit
from toolkit.analysis.report import Chosen, Clock, CorpusIdentity, ModelFile, NgramWeight, Report
from toolkit.pages.run_page import render_report

GOLDEN = Path(__file__).parent / "golden" / "report.html"


def golden_page():
    gold = ["denial", "statement", "none", "denial", "statement", "none"] * 2
    predictions = split_predictions(gold, ["denial", "denial", "none", "none", "statement", "none"] * 2)
    collection = ("acts", "acts", "natural", "natural") * 3
    context = replace(no_context(12), genre=("wire", "radio") * 6, second=tuple(gold), collection=collection)
    report = Report(
        **vars(measure_findings(predictions, context, None, 50, 7)),
        schema=3,
        name="golden",
        seed=1,
        digest="0" * 64,
        settings={"seed": 1},
        corpus=CorpusIdentity("f" * 64, BySplit(6, 6)),
        segmenter="nupunkt 0 + rules 0",
        versions={"python": "3.11"},
        question="Does it <work>?",
        baseline=None,
        background="none",
        chosen=Chosen({"C": 1}, ({"C": 1}, {"C": 3})),
        ngrams={"denial": (NgramWeight(" denied ", "characters", 1.0),)},
        against=None,
        model=ModelFile("pipeline.skops", 1000, "0"),
        clock=Clock(finished="2031-01-01", revision=None, training_seconds=1.0, sentences_per_second=1000),
    )
    contributions = {1: (("denied", 0.5, "words"), ("said ", -0.25, "characters"), ("any cue: denial 1", 0.1, "cues"))}
    return render_report(report, predictions, {}, contributions)


if __name__ == "__main__":
    GOLDEN.write_text(golden_page(), encoding="utf-8", newline="\n")
