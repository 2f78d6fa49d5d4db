"""Options that adapt a model to the label shares of a text, and what is printed of it."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.cli.output import say
from toolkit.exceptions import ToolkitError

if TYPE_CHECKING:
    from toolkit.experiment import TableEvaluation
    from toolkit.models import Adaptation, SentenceClassifier


def add_prior_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--adapt``, ``--priors`` and ``--prior-strength``."""
    shares = parser.add_mutually_exclusive_group()
    shares.add_argument("--adapt", action="store_true", help="estimate the label shares of the input and adapt to them")
    shares.add_argument(
        "--priors",
        metavar="SHARES",
        help="adapt to known label shares: natural, or accusation=0.03,denial=0.02 (the others divide the rest)",
    )
    parser.add_argument(
        "--prior-strength", type=_strength, metavar="S", help="how far to adapt: 0.5 is half-way (default: 1)"
    )


def _strength(text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 <= strength < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} came, expected a number from 0 up; 0.5 is half-way")
    return strength


def adapt_model(
    options: argparse.Namespace, model: SentenceClassifier, adapt: Callable[[float], SentenceClassifier]
) -> SentenceClassifier:
    """Return the model as the options want it.

    Parameters
    ----------
    options : argparse.Namespace
        With those of :func:`add_prior_options`.
    model : SentenceClassifier
        As saved.
    adapt : callable
        Estimates the label shares of the input, given the strength; called for ``--adapt`` only.

    Raises
    ------
    ToolkitError
        If the options do not fit the model or each other.
    """
    strength = 1.0 if options.prior_strength is None else options.prior_strength
    if options.adapt:
        adapted = adapt(strength)
        _print_estimate(adapted)
        return adapted
    if options.priors is not None:
        try:
            return model.with_shares(_read_shares(options.priors), strength)
        except ValueError as error:
            raise ToolkitError(f"{error} [--priors]") from error
    if options.prior_strength is not None:
        raise ToolkitError("a strength came without label shares; add --adapt or --priors [--prior-strength]")
    return model


def _read_shares(text: str) -> dict[str, float] | str:
    """Read ``accusation=0.03,denial=0.02``; a single word is left as it is."""
    if "=" not in text:
        return text
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name in shares:
            raise ValueError(f"label {name!r} came twice; give it one share")
        try:
            shares[name] = float(number)
        except ValueError:
            raise ValueError(f"{part!r} came, expected a label and its share, as in denial=0.02") from None
    return shares


def _print_estimate(model: SentenceClassifier) -> None:
    """Print estimated shares to standard error: what labels the input goes to standard output."""
    estimate = (model.adaptation and model.adaptation.estimate) or {}
    natural = model.manifest["shares"]["natural"]
    say(f"{'label':<12}  {'estimated share':>15}  {'95 % interval':<16}  natural")
    for name, share in estimate.items():
        interval = f"[{share.low:.1%}, {share.high:.1%}]"
        say(f"{name:<12}  {share.value:>15.1%}  {interval:<16}  {natural[name]:>7.1%}")


def print_comparison(plain: TableEvaluation, adapted: TableEvaluation, adaptation: Adaptation) -> None:
    """Print the scores and label shares of a model without and with its adaptation beside each other."""
    print(f"\n{'score':<24}  {'not adapted':>11}  {'adapted':>7}")
    for kind, scores in plain.scores.items():
        for name in ("headline", "accuracy"):
            title = f"{'macro F1' if name == 'headline' else name}, {kind}"
            before, after = getattr(scores, name).value, getattr(adapted.scores[kind], name).value
            print(f"{title:<24}  {before:>11.3f}  {after:>7.3f}")
    print(f"\n{'share of sentences':<24}  {'not adapted':>11}  {'adapted':>7}  {'adapted to':>10}  {'gold':>6}")
    first, second = plain.predictions, adapted.predictions
    before, after, gold = map(Counter, (first.predicted, second.predicted, first.gold))
    for name in first.labels.names:
        shares = [count[name] / len(first) for count in (before, after, gold)]
        print(f"{name:<24}  {shares[0]:>11.1%}  {shares[1]:>7.1%}  {adaptation.shares[name]:>10.1%}  {shares[2]:>6.1%}")
