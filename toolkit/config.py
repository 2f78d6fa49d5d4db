"""An experiment file -> a frozen, validated record and its digest."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from toolkit.estimators.lexicon import split_classes
from toolkit.exceptions import ConfigError, ToolkitError, did_you_mean

# Hyper-parameters each classifier takes, with the value used when the file is silent.
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "majority": {},
    "keywords": {"rules": ()},
    "naive-bayes": {"alpha": 1.0},
    "logistic-regression": {"C": 1.0, "balanced": False},
    "svm": {"C": 1.0, "balanced": False},
}
WEIGHTS = ("tf-idf", "count", "binary")
MODEL_FORMATS = ("skops", "joblib")
CALIBRATIONS = ("none", "temperature", "isotonic")
# More would move the mean no further: all dealings are of the same articles.
MOST_REPEATS = 100


@dataclass(frozen=True, slots=True)
class Features:
    """Which n-grams stand for a sentence. ``None`` leaves a kind out.

    Parameters
    ----------
    words, characters : (int, int) or None
        Shortest and longest n-gram. Character n-grams stay within a word.
    min_count : int
        Sentences an n-gram must occur in to be kept.
    weights : str
        ``tf-idf`` (sublinear), ``count`` or ``binary``.
    lowercase : bool
        Whether case is dropped.
    cues : tuple of (label, (cue, cue, ...)) or None
        A rule list whose hits are features beside the n-grams.
    classes : tuple of (class, words) or None
        Classes of words, as :class:`toolkit.estimators.lexicon.WordClasses` takes them.
    class_ngrams : (int, int) or None
        N-grams of those classes, in the order in which a sentence has them.
    """

    words: tuple[int, int] | None = None
    characters: tuple[int, int] | None = None
    min_count: int = 1
    weights: str = "tf-idf"
    lowercase: bool = True
    cues: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    classes: tuple[tuple[str, str], ...] | None = None
    class_ngrams: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier and its hyper-parameters: one value fixes, several are searched."""

    name: str
    parameters: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def grid(self) -> dict[str, tuple[Any, ...]]:
        """Values of each hyper-parameter by name."""
        return dict(self.parameters)


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """How articles are dealt out to folds, how often, and how many resamples an interval takes."""

    folds: int = 5
    inner_folds: int = 4
    resamples: int = 2000
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment: its question, its baseline, its seed, and every choice in it."""

    name: str
    question: str
    seed: int
    classifier: Classifier
    baseline: str | None = None
    features: Features = Features()
    evaluation: EvaluationSettings = EvaluationSettings()
    model_format: str = "skops"
    calibration: str = "none"

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, in the shape of the file."""
        record = asdict(self)
        classifier: dict[str, Any] = {"name": self.classifier.name}
        for name, values in self.classifier.parameters:
            value = values[0] if len(values) == 1 else values
            classifier[name] = _file_rules(value) if name == "rules" else _to_plain(value)
        record["classifier"] = classifier
        if self.features.cues is not None:
            record["features"]["cues"] = _file_rules(self.features.cues)
        if self.features.classes is not None:
            record["features"]["classes"] = dict(self.features.classes)
        record["model"] = {"format": record.pop("model_format")}
        # Left out when silent: the digest of an experiment without them stays what it was.
        calibration = record.pop("calibration")
        if calibration != "none":
            record["calibration"] = {"method": calibration}
        if self.evaluation.repeats == 1:
            del record["evaluation"]["repeats"]
        return {key: _to_plain(value) for key, value in record.items()}

    @property
    def digest(self) -> str:
        """SHA-256 of all settings but the name, in 64 hexadecimal digits."""
        record = self.to_dict()
        del record["name"]
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def read_experiment(path: str | Path, overrides: Iterable[str] = ()) -> Experiment:
    """Read an experiment file.

    Parameters
    ----------
    path : str or Path
        A TOML file; its stem is the experiment's name.
    overrides : iterable of str
        ``KEY=VALUE`` pairs that replace what the file says, such as
        ``classifier.C=3``; the value is TOML, or a bare word. Each is added to the
        experiment's name, so that a varied run never takes the place of the plain one.

    Returns
    -------
    Experiment

    Raises
    ------
    ConfigError
        If the file is missing or no TOML, or says something that no experiment has.
    """
    path = Path(path)
    try:
        record = tomllib.loads(path.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        near = did_you_mean(path.name, (file.name for file in path.parent.glob("*.toml")))
        raise ConfigError(f"there is no experiment file {path.name!r}{near} [{path}]") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the experiment cannot be read as UTF-8 text; name a .toml file [{path}]") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the experiment is not TOML: {error}; correct the file [{path}]") from error
    name = path.stem
    for override in overrides:
        name += "+" + _apply(record, override)
    for table, key, name_there in (
        ("features", "cues", "cues"),
        ("features", "classes", "classes"),
        ("classifier", "rules", "cues"),
    ):
        _include(record.get(table), key, name_there, path)
    return make_experiment(name, record, where=str(path))


def _include(table: Any, key: str, name_there: str, path: Path) -> None:
    """Put the list of a lexicon file in the place of the file's name."""
    if not isinstance(table, dict) or not isinstance(table.get(key), str):
        return
    named = table[key]
    file = path.parent / named
    if Path(named).is_absolute() or ".." in Path(named).parts:
        raise ConfigError(f"{key} is {named!r}; name a lexicon below the experiment's own folder [{path}]")
    try:
        lexicon = tomllib.loads(file.read_bytes().decode("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no lexicon {named!r} below {path.parent}; correct the name [{path}]") from error
    # A ValueError is no UTF-8, no TOML, or a name with a zero byte.
    except (OSError, ValueError) as error:
        raise ConfigError(f"the lexicon is not TOML in UTF-8; correct the file [{file}]") from error
    if name_there not in lexicon:
        raise ConfigError(f"the lexicon has no {name_there!r}; it has {', '.join(lexicon) or 'nothing'} [{file}]")
    table[key] = lexicon[name_there]


def make_experiment(name: str, record: Mapping[str, Any], where: str = "experiment") -> Experiment:
    """Validate plain data into an :class:`Experiment`.

    Parameters
    ----------
    name : str
        Name of the run's folder.
    record : mapping
        The tables and keys of an experiment file.
    where : str
        Named in messages.

    Raises
    ------
    ConfigError
        If a key is unknown (the nearest is named), missing, of a wrong type or out of range.

    Examples
    --------
    >>> make_experiment("most", {"question": "?", "seed": 1, "classifier": {"name": "majority"}}).seed
    1
    """
    table = _Table(record, where, "")
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
    )
    table.done()
    return experiment


def _read_features(table: _Table) -> Features:
    plain = Features()
    words, characters, class_ngrams = (
        table.take(kind, list, None, _is_range, "two whole numbers, the shortest and the longest n-gram, as in [1, 2]")
        for kind in ("words", "characters", "class_ngrams")
    )
    features = Features(
        words=(words[0], words[1]) if words else None,
        characters=(characters[0], characters[1]) if characters else None,
        min_count=table.take("min_count", int, plain.min_count, _is_positive, "a whole number from 1 up"),
        weights=table.take("weights", str, plain.weights, WEIGHTS.__contains__, f"one of {', '.join(WEIGHTS)}"),
        lowercase=table.take("lowercase", bool, plain.lowercase),
        cues=_read_rules(table, table.take("cues", list, None)) if "cues" in table.left else None,
        classes=_read_classes(table, table.take("classes", dict, None)) if "classes" in table.left else None,
        class_ngrams=(class_ngrams[0], class_ngrams[1]) if class_ngrams else None,
    )
    if (features.classes is None) != (features.class_ngrams is None):
        table.fail("[features] needs both classes and class_ngrams, as in class_ngrams = [1, 4], or neither")
    table.done()
    return features


def _read_classes(table: _Table, value: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    for name, words in value.items():
        if not isinstance(words, str) or not words.split() or not name.isidentifier():
            table.fail(
                f"class {name!r} of [{table.path}.classes] is {words!r}; "
                "expected words between spaces, as in say = 'said says tell*'"
            )
    try:
        split_classes(value)
    except ValueError as error:
        table.fail(f"{error} [{table.path}.classes]")
    return tuple(value.items())


def _read_classifier(table: _Table) -> Classifier:
    name = table.take("name", str)
    if name not in CLASSIFIERS:
        table.fail(f"classifier {name!r} is none of {', '.join(CLASSIFIERS)}{did_you_mean(name, CLASSIFIERS)}")
    parameters = []
    for key, default in CLASSIFIERS[name].items():
        value = table.take(key, object, default)
        if key == "rules":
            values: tuple[Any, ...] = (_read_rules(table, value),)
        else:
            values = tuple(value) if isinstance(value, list) else (value,)
            _check_values(table, key, values, default)
        parameters.append((key, values))
    table.done()
    return Classifier(name, tuple(parameters))


def _check_values(table: _Table, key: str, values: tuple[Any, ...], default: Any) -> None:
    if not values or len(set(map(repr, values))) < len(values):
        table.fail(f"{table.name(key)} must list at least one value, each once; came {list(values)}")
    for value in values:
        if isinstance(default, bool):
            if not isinstance(value, bool):
                table.fail(f"{table.name(key)} is {value!r}; expected true or false")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
            table.fail(f"{table.name(key)} is {value!r}; expected a number above 0")


def _read_rules(table: _Table, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Validate an ordered rule list: ``[[label, cue, cue, ...], ...]``."""
    if not isinstance(value, list) or not value:
        table.fail(f"[{table.path}] needs a rule list; write it as in [['denial', 'denied', 'denies'], ...]")
    for rule in value:
        if not isinstance(rule, list) or len(rule) < 2 or not all(isinstance(cue, str) and cue.strip() for cue in rule):
            table.fail(f"rule {rule!r} is none; expected a label and at least one cue, as in ['denial', 'denied']")
        for cue in rule[1:]:
            if not re.fullmatch(r"\w(?:.*\w)?\*?", cue):
                table.fail(
                    f"cue {cue!r} can never stand between word boundaries; begin it with a word, end it with one or *"
                )
    return tuple((rule[0], tuple(rule[1:])) for rule in value)


def _read_evaluation(table: _Table) -> EvaluationSettings:
    plain = {field.name: field.default for field in fields(EvaluationSettings)}
    plan = EvaluationSettings(
        folds=table.take("folds", int, plain["folds"], lambda n: n >= 2, "a whole number from 2 up"),
        inner_folds=table.take("inner_folds", int, plain["inner_folds"], lambda n: n >= 2, "a whole number from 2 up"),
        resamples=table.take("resamples", int, plain["resamples"], lambda n: n >= 100, "a whole number from 100 up"),
        repeats=table.take(
            "repeats",
            int,
            plain["repeats"],
            lambda n: 1 <= n <= MOST_REPEATS,
            f"a whole number from 1 to {MOST_REPEATS}",
        ),
    )
    table.done()
    return plan


def _read_choice(table: _Table, key: str, choices: tuple[str, ...]) -> str:
    """Take the one key of a table; the first choice is that of a silent file."""
    chosen: str = table.take(key, str, choices[0], choices.__contains__, f"one of {', '.join(choices)}")
    table.done()
    return chosen


def _is_positive(value: int) -> bool:
    return value >= 1


def _is_range(value: list[Any]) -> bool:
    whole = all(isinstance(bound, int) and not isinstance(bound, bool) for bound in value)
    return len(value) == 2 and whole and 1 <= value[0] <= value[1] <= 10


_REQUIRED = object()


class _Table:
    """One table of an experiment file, from which known keys are taken one by one."""

    def __init__(self, record: Any, where: str, path: str) -> None:
        self.where, self.path = where, path
        if not isinstance(record, Mapping):
            self.fail(f"{path!r} is {record!r}; expected a table, as in [{path}]")
        self.left = dict(record)
        self.known: list[str] = []

    def fail(self, message: str) -> None:
        raise ConfigError(f"{message} [{self.where}]")

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def table(self, key: str, required: bool = False) -> _Table:
        self.known.append(key)
        if required and key not in self.left:
            self.refuse_unknown_keys()
            self.fail(f"[{key}] is missing; add the table")
        return _Table(self.left.pop(key, {}), self.where, self.name(key))

    def take(
        self,
        key: str,
        kind: type,
        default: Any = _REQUIRED,
        check: Callable[[Any], bool] = lambda value: True,
        expected: str = "",
    ) -> Any:
        self.known.append(key)
        if key not in self.left:
            if default is _REQUIRED:
                self.refuse_unknown_keys()
                self.fail(f"{self.name(key)} is missing; add it")
            return default
        value = self.left.pop(key)
        right_kind = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
        if not right_kind or not check(value):
            words = {str: "a text", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}
            self.fail(f"{self.name(key)} is {value!r}; expected {expected or words[kind]}")
        return value

    def done(self) -> None:
        for key in self.left:
            near = did_you_mean(key, self.known)
            self.fail(f"key {self.name(key)!r} is unknown; expected one of {', '.join(self.known)}{near}")

    def refuse_unknown_keys(self) -> None:
        """A missing key is most often a mistyped one: name the stranger next to it."""
        for key in self.left:
            near = did_you_mean(key, self.known[-1:])
            if near:
                self.fail(f"key {self.name(key)!r} is unknown{near}")


def _apply(record: dict[str, Any], override: str) -> str:
    """Put ``KEY=VALUE`` into a record; return it as a part of a folder's name."""
    key, equals, value = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"setting {override!r} is no KEY=VALUE; write it as in classifier.C=3 [--set]")
    *parents, last = key.strip().split(".")
    table = record
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise ConfigError(f"setting {override!r} goes into {parent!r}, which is no table [--set]")
    try:
        table[last] = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        table[last] = value
    # What stands in a folder's name must be safe on every file system.
    return re.sub(r"[^A-Za-z0-9._=-]+", "-", override.strip()).strip("-.")


def _file_rules(rules: tuple[tuple[str, tuple[str, ...]], ...]) -> list[list[str]]:
    """Write a rule list as it stands in a file."""
    return [[label, *cues] for label, cues in rules]


def _to_plain(value: Any) -> Any:
    """Turn tuples into lists, so that a record equals what JSON gives back."""
    if isinstance(value, tuple | list):
        return [_to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    return value


def find_experiments(names: Iterable[str | Path], folder: str | Path = "experiments") -> list[Path]:
    """List experiment files in the order to train them: a baseline before what refers to it.

    Parameters
    ----------
    names : iterable of str or Path
        Files; none means all of the folder. A bare name is looked up there.
    folder : str or Path
        Where experiments lie.

    Raises
    ------
    ConfigError
        If there is none.
    """
    folder = Path(folder)
    known = sorted(folder.glob("*.toml"))
    paths = []
    for name in names:
        path = Path(name)
        bare = folder / f"{name}.toml"
        paths.append(bare if not path.suffix and not path.exists() and bare.is_file() else path)
    paths = paths or known
    if not paths:
        raise ConfigError(f"there is no experiment; write one or name a file [{folder}]")
    experiments = {path: read_experiment(path) for path in paths}
    by_name = {experiment.name: path for path, experiment in experiments.items()}
    ordered: list[Path] = []

    def add(path: Path, above: tuple[Path, ...]) -> None:
        baseline = by_name.get(experiments[path].baseline or "")
        if path in above:
            raise ToolkitError(f"the baseline of {path.stem!r} leads back to itself; name another [{path}]")
        if baseline is not None and baseline != path:
            add(baseline, (*above, path))
        if path not in ordered:
            ordered.append(path)

    for path in paths:
        add(path, ())
    return ordered
