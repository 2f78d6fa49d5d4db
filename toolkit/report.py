"""Records and figures -> one self-contained page; the sole place where markup is made."""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from toolkit import figures
from toolkit.evaluation import Predictions, Scores
from toolkit.figures import COLOURS
from toolkit.labelling import LabelledArticle
from toolkit.labels import LabelSet

if TYPE_CHECKING:
    from jinja2 import Environment

SPLITS = (("train", "cross-validated on train"), ("test", "test split"))
OVERALL = (
    ("accuracy", "accuracy"),
    ("mcc", "Matthews correlation"),
    ("log_loss", "log loss (nats)"),
    ("brier", "Brier score (0 to 2)"),
    ("calibration_error", "expected calibration error"),
)
N_MISTAKES = 40
LINES = ("solid", "dashed", "dotted", "double")
CAPTIONS = {
    "label-scores": "F1 of each label; the line is the 95 % interval over articles.",
    "confusion": "Sentences by gold and predicted label; the shade is the share of the row.",
    "precision-recall": "Precision against recall as the threshold on a label's probability falls.",
    "reliability": "How often a prediction of a given confidence is right; on the dotted line, as often as it says.",
}


def draw_figures(predictions: Predictions, scores: Scores) -> dict[str, str]:
    """Draw a run's figures from its cross-validated predictions.

    Returns
    -------
    dict
        SVG text by name, in the order of the page.
    """
    return {
        "label-scores": figures.draw_label_scores(scores),
        "confusion": figures.draw_confusion(scores),
        "precision-recall": figures.draw_precision_recall(predictions),
        "reliability": figures.draw_reliability(predictions),
    }


def render_report(report: Mapping[str, Any], predictions: Predictions, drawn: Mapping[str, str]) -> str:
    """Render a run's page.

    Parameters
    ----------
    report : mapping
        As in ``report.json``.
    predictions : Predictions
        Of the run; the worst mistakes come from them.
    drawn : mapping
        SVG text by name, as :func:`draw_figures` returns it.

    Returns
    -------
    str
        One self-contained HTML page. It runs no script and loads nothing.
    """
    from markupsafe import Markup

    labels = predictions.labels
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            answer=_answer(report),
            splits=SPLITS,
            overall=OVERALL,
            acts=_listed(labels, labels.acts),
            titles=dict(zip(labels.names, labels.titles, strict=True)),
            # Figures are our own markup: matplotlib escapes the text it draws.
            figures=[{"svg": Markup(svg), "caption": CAPTIONS[name]} for name, svg in drawn.items()],  # noqa: S704
            mistakes=worst_mistakes(predictions),
            settings=flatten(report["settings"]),
            chosen=describe_choice(report["chosen"]["final"]),
            chosen_by_fold=_by_fold(report["chosen"]["folds"]),
            environment=_environment_rows(report),
        )
    )


def script(name: str) -> dict[str, Any]:
    """Return a script of ``templates/`` and what a page's policy must say to let it run.

    Returns
    -------
    dict
        ``source``, markup to stand alone in a ``script`` element, and ``hash``, as a
        Content-Security-Policy writes it.
    """
    from markupsafe import Markup

    source = (files("toolkit") / "templates" / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")
    return {"source": Markup(source), "hash": f"sha256-{digest}"}  # noqa: S704 - our own file


def render_card(report: Mapping[str, Any], labels: LabelSet, folder: str) -> str:
    """Render a model card in Markdown."""
    return (
        _environment()
        .get_template("card.md.j2")
        .render(
            report=report,
            labels=_listed(labels, labels.names),
            chosen=describe_choice(report["chosen"]["final"]),
            folder=folder,
        )
    )


def render_articles(articles: Sequence[tuple[str, LabelledArticle]], model: str) -> str:
    """Render labelled articles as they read, each act marked by line, colour and name.

    Parameters
    ----------
    articles : sequence of (name, LabelledArticle)
        In the order of the page; at least one.
    model : str
        Name of the model.
    """
    labels = articles[0][1].label_set
    acts = [
        {
            "name": name,
            "title": labels.titles[labels.index(name)],
            "colour": COLOURS[place % len(COLOURS)],
            "line": LINES[place % len(LINES)],
        }
        for place, name in enumerate(labels.acts)
    ]
    pages = [
        {"name": name, "counts": Counter(article.labels), "paragraphs": _paragraphs(article)}
        for name, article in articles
    ]
    return (
        _environment()
        .get_template("article.html.j2")
        .render(name=articles[0][0], articles=pages, acts=acts, model=model)
    )


def _paragraphs(article: LabelledArticle) -> list[list[dict[str, Any]]]:
    paragraphs: dict[int, list[dict[str, Any]]] = {}
    labels = article.label_set
    for sentence, label, shares in zip(article.sentences, article.labels, article.proba, strict=True):
        act = labels.acts.index(label) if label in labels.acts else None
        mark = {
            "text": sentence.text,
            "act": act,
            "title": labels.titles[labels.index(label)],
            "share": f"{shares.max():.0%}",
        }
        paragraphs.setdefault(sentence.paragraph, []).append(mark)
    return list(paragraphs.values())


def render_page(template: str, **values: Any) -> str:
    """Render one of the toolkit's templates; all values are escaped."""
    return _environment().get_template(template).render(**values)


def worst_mistakes(predictions: Predictions, n: int = N_MISTAKES) -> list[dict[str, Any]]:
    """List the wrong predictions of highest confidence.

    Returns
    -------
    list of dict
        ``text, gold, predicted, confidence, article, split``; of equals the first.
    """
    confidence = predictions.proba.max(axis=1)
    wrong = [row for row in range(len(predictions)) if predictions.gold[row] != predictions.predicted[row]]
    wrong.sort(key=lambda row: -confidence[row])
    names = ("text", "gold", "predicted", "article", "split")
    return [
        {"confidence": float(confidence[row]), **{name: getattr(predictions, name)[row] for name in names}}
        for row in wrong[:n]
    ]


def flatten(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """List settings as dotted keys and texts, in order.

    Examples
    --------
    >>> flatten({"seed": 1, "classifier": {"C": [1, 3]}})
    [('seed', '1'), ('classifier.C', '1, 3')]
    """
    rows: list[tuple[str, str]] = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            rows.extend(flatten(value, f"{prefix}{key}."))
        else:
            rows.append((f"{prefix}{key}", _shown(value)))
    return rows


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def describe_choice(chosen: Mapping[str, Any]) -> str:
    """Write chosen hyper-parameters as a phrase."""
    return ", ".join(f"{key} = {_shown(value)}" for key, value in chosen.items()) or "nothing to choose"


def _by_fold(choices: Sequence[Mapping[str, Any]]) -> str:
    counted = Counter(describe_choice(chosen) for chosen in choices)
    return "; ".join(f"{phrase} ({count} of {len(choices)} folds)" for phrase, count in counted.items())


def _listed(labels: LabelSet, names: Sequence[str]) -> str:
    titles = [labels.titles[labels.index(name)] for name in names]
    return ", ".join(titles[:-1]) + " and " + titles[-1]


def _answer(report: Mapping[str, Any]) -> str:
    """Say in one sentence what the experiment found, no more than its interval allows."""
    against = report["against"]
    held, test = (score(report["scores"][split]["headline"]["value"]) for split, _ in SPLITS)
    mean = f"Macro F1 {held} cross-validated, {test} on the test split."
    if report["baseline"] is None:
        return f"{mean} This experiment has no baseline."
    if against is None:
        return f"{mean} The baseline '{report['baseline']}' has not been run on this corpus: train it to compare."
    found = against["train"]
    low, high = found["low"], found["high"]
    if low is None or low <= 0 <= high:
        verdict = f"is not told apart from the baseline '{against['name']}'"
    else:
        verdict = f"is {'better' if low > 0 else 'worse'} than the baseline '{against['name']}'"
    gap = f"difference {signed(found['value'])}, 95 % interval {range_of(found, signed)}, p = {p(found['p_value'])}"
    return f"{mean} Cross-validated, it {verdict} ({gap})."


def _environment_rows(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    clock, corpus = report["clock"], report["corpus"]
    return [
        ("corpus fingerprint", corpus["fingerprint"]),
        ("settings digest", report["digest"]),
        ("segmenter", report["segmenter"]),
        ("git revision", clock["revision"] or "–"),
        ("model size", f"{report['model']['bytes'] / 1e6:.2f} MB, {report['model']['file']}"),
        ("training time", f"{clock['training_seconds']:.1f} s, all folds and the final fit"),
        ("labelling speed", f"{clock['sentences_per_second']:,.0f} sentences a second, one process"),
        ("finished", clock["finished"]),
        *((name, number) for name, number in report["versions"].items()),
    ]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("toolkit", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        score=score, range=range_of, signed=signed, p=p, dots=lambda text: text.replace(" ", "·")
    )
    return environment


def score(value: float | None) -> str:
    """Write a score with three decimals; undefined is a dash.

    Examples
    --------
    >>> score(0.5), score(None)
    ('0.500', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Write a difference with its sign."""
    return "–" if value is None or math.isnan(value) else f"{value:+.3f}"


def p(value: float | None) -> str:
    """Write a p-value; a small one as a bound."""
    if value is None or math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def range_of(estimate: Any, write: Any = score) -> str:
    """Write the interval of an estimate, record or mapping."""
    low, high = (estimate["low"], estimate["high"]) if isinstance(estimate, Mapping) else (estimate.low, estimate.high)
    return f"[{write(low)}, {write(high)}]"
