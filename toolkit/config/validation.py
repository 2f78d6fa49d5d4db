"""The settings of an experiment as plain data -> the validated record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from toolkit.config.record import (
    CALIBRATIONS,
    CLASSIFIERS,
    MODEL_FORMATS,
    MOST_REPEATS,
    WEIGHTS,
    Classifier,
    EncoderSettings,
    EvaluationSettings,
    Experiment,
    Features,
)
from toolkit.config.table import Table
from toolkit.estimators import split_classes
from toolkit.exceptions import did_you_mean

_Rules = tuple[tuple[str, tuple[str, ...]], ...]


def make_experiment(name: str, record: Mapping[str, Any], where: str = "experiment") -> Experiment:
    """Validate plain data into an :class:`Experiment`.

    Parameters
    ----------
    name : str
        Name of the experiment and of its run's folder.
    record : mapping
        The tables and keys of an experiment file.
    where : str
        Named last in messages.

    Raises
    ------
    ConfigError
        If a key is unknown (the most similar one is named), missing, of the wrong type or
        out of range.

    Examples
    --------
    >>> make_experiment("most", {"question": "?", "seed": 1, "classifier": {"name": "majority"}}).seed
    1
    """
    table = Table(record, where)
    classifier = _read_classifier(table.table("classifier", required=True))
    features = _read_features(table.table("features"))
    if classifier.name not in ("majority", "keywords") and not (features.words or features.characters):
        table.fail("[features] names no n-grams; write words = [1, 2] or characters = [2, 5]")
    experiment = Experiment(
        name=name,
        question=table.take("question", str),
        baseline=table.take("baseline", str, None),
        seed=table.take(
            "seed", int, check=lambda seed: 0 <= seed < 2**32, expected="a whole number from 0 to 2^32 - 1"
        ),
        classifier=classifier,
        features=features,
        evaluation=_read_evaluation(table.table("evaluation")),
        model_format=_read_choice(table.table("model"), "format", MODEL_FORMATS),
        calibration=_read_choice(table.table("calibration"), "method", CALIBRATIONS),
        encoder=_read_encoder(table.table("encoder"), "encoder" in record),
    )
    if experiment.encoder and experiment.calibration != "none":
        table.fail("[calibration] and [encoder] came together, but an average is not recalibrated; leave one out")
    table.refuse_unknown_keys()
    return experiment


def _read_features(table: Table) -> Features:
    default = Features()
    features = Features(
        words=_read_range(table, "words"),
        characters=_read_range(table, "characters"),
        min_count=table.take("min_count", int, default.min_count, *_at_least(1)),
        weights=table.take("weights", str, default.weights, WEIGHTS.__contains__, f"one of {', '.join(WEIGHTS)}"),
        punctuation=table.take("punctuation", bool, default.punctuation),
        lowercase=table.take("lowercase", bool, default.lowercase),
        cues=_read_rules(table, table.take("cues", list, None)) if "cues" in table.left else None,
        classes=_read_classes(table, table.take("classes", dict, None)) if "classes" in table.left else None,
        class_ngrams=_read_range(table, "class_ngrams"),
    )
    if (features.classes is None) != (features.class_ngrams is None):
        table.fail("[features] needs both classes and class_ngrams, as in class_ngrams = [1, 4], or neither")
    table.refuse_unknown_keys()
    return features


def _read_range(table: Table, key: str) -> tuple[int, int] | None:
    expected = "two whole numbers, the shortest and the longest n-gram, as in [1, 2]"
    bounds = table.take(key, list, None, _is_range, expected)
    return (bounds[0], bounds[1]) if bounds else None


def _is_range(value: list[Any]) -> bool:
    whole = all(isinstance(bound, int) and not isinstance(bound, bool) for bound in value)
    return len(value) == 2 and whole and 1 <= value[0] <= value[1] <= 10


def _read_classes(table: Table, value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    for name, words in value.items():
        if not isinstance(words, str) or not words.split() or not name.isidentifier():
            table.fail(
                f"class {name!r} of [{table.path}.classes] is {words!r}; "
                "expected words separated by spaces, as in say = 'said says tell*'"
            )
    try:
        split_classes(value)
    except ValueError as error:
        table.fail(f"{error} [{table.path}.classes]")
    return tuple(value.items())


def _read_classifier(table: Table) -> Classifier:
    name = table.take("name", str)
    if name not in CLASSIFIERS:
        table.fail(
            f"classifier {name!r} is unknown; expected one of {', '.join(CLASSIFIERS)}{did_you_mean(name, CLASSIFIERS)}"
        )
    parameters = []
    for key, default in CLASSIFIERS[name].items():
        value = table.take(key, object, default)
        if key == "rules":
            values: tuple[Any, ...] = (_read_rules(table, value),)
        else:
            values = tuple(value) if isinstance(value, list) else (value,)
            _check_values(table, key, values, default)
            if name == "svm" and "sqrt" in values:
                # Its calibration numbers the labels, so that weights by name would not be found.
                table.fail(f"{table.full_name(key)} is 'sqrt', which svm does not take; write true or false")
        parameters.append((key, values))
    table.refuse_unknown_keys()
    return Classifier(name, tuple(parameters))


def _read_encoder(table: Table, is_there: bool) -> EncoderSettings | None:
    if not is_there:
        return None
    default = {field.name: field.default for field in fields(EncoderSettings)}
    weight = table.take("weight", object, 0.5)
    settings = EncoderSettings(
        model=table.take("model", str),
        layers=table.take("layers", int, default["layers"], *_at_least(1)),
        epochs=table.take("epochs", int, default["epochs"], *_at_least(1)),
        learning_rate=table.take(
            "learning_rate", float, default["learning_rate"], lambda rate: 0 < rate < 1, "a number between 0 and 1"
        ),
        weight=tuple(weight) if isinstance(weight, list) else (weight,),
    )
    _check_values(table, "weight", settings.weight, 0.5)
    if max(settings.weight) > 1:
        table.fail(f"{table.full_name('weight')} is {max(settings.weight)}; expected a number above 0 and at most 1")
    table.refuse_unknown_keys()
    return settings


def _check_values(table: Table, key: str, values: tuple[Any, ...], default: Any) -> None:
    if not values or len(set(map(repr, values))) < len(values):
        table.fail(f"{table.full_name(key)} is {list(values)}; expected at least one value, each once")
    for value in values:
        if isinstance(default, bool):
            if not isinstance(value, bool) and value != "sqrt":
                table.fail(f"{table.full_name(key)} is {value!r}; expected true, false or 'sqrt'")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            table.fail(f"{table.full_name(key)} is {value!r}; expected a number above 0")


def _read_rules(table: Table, value: Any) -> _Rules:
    """Validate an ordered rule list: ``[[label, cue, cue, ...], ...]``."""
    if not isinstance(value, list) or not value:
        table.fail(f"[{table.path}] needs a rule list; write it as in [['denial', 'denied', 'denies'], ...]")
    for rule in value:
        if not isinstance(rule, list) or len(rule) < 2 or not all(isinstance(cue, str) and cue.strip() for cue in rule):
            table.fail(f"{rule!r} is not a rule; expected a label and at least one cue, as in ['denial', 'denied']")
        for cue in rule[1:]:
            if not re.fullmatch(r"\w(?:.*\w)?\*?", cue):
                table.fail(
                    f"cue {cue!r} can never occur between word boundaries; "
                    "begin it with a letter or digit, and end it with one or with *"
                )
    return tuple((rule[0], tuple(rule[1:])) for rule in value)


def _read_evaluation(table: Table) -> EvaluationSettings:
    default = {field.name: field.default for field in fields(EvaluationSettings)}
    settings = EvaluationSettings(
        folds=table.take("folds", int, default["folds"], *_at_least(2)),
        inner_folds=table.take("inner_folds", int, default["inner_folds"], *_at_least(2)),
        resamples=table.take("resamples", int, default["resamples"], *_at_least(100)),
        repeats=table.take(
            "repeats",
            int,
            default["repeats"],
            lambda number: 1 <= number <= MOST_REPEATS,
            f"a whole number from 1 to {MOST_REPEATS}",
        ),
    )
    table.refuse_unknown_keys()
    return settings


def _read_choice(table: Table, key: str, choices: tuple[str, ...]) -> str:
    """Take the one key of a table; the first choice is the default."""
    chosen: str = table.take(key, str, choices[0], choices.__contains__, f"one of {', '.join(choices)}")
    table.refuse_unknown_keys()
    return chosen


def _at_least(least: int) -> tuple[Callable[[int], bool], str]:
    """Return the check of a whole number, and the words for what it expects."""
    return lambda number: number >= least, f"a whole number from {least} up"
