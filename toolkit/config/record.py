"""The record of one experiment: its question, its baseline, its seed and every choice in it; and its digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

# The hyper-parameters of each classifier, with the value used where the file has none. Where ``balanced``
# is true, a label weighs in inverse proportion to its frequency; "sqrt" takes the square root of that.
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "majority": {},
    "keywords": {"rules": ()},
    "naive-bayes": {"alpha": 1.0},
    "logistic-regression": {"C": 1.0, "balanced": False},
    "svm": {"C": 1.0, "balanced": False},
}
WEIGHTS = ("tf-idf", "count", "binary")
MODEL_FORMATS = ("skops", "joblib")
CALIBRATIONS = ("none", "temperature", "bias-corrected-temperature", "isotonic")
# More would not make the mean more certain: all repetitions assign the same articles.
MOST_REPEATS = 100


@dataclass(frozen=True, slots=True)
class Features:
    """Which n-grams represent a sentence; ``None`` leaves a kind out.

    Parameters
    ----------
    words, characters : (int, int) or None
        Shortest and longest n-gram. Character n-grams stay within a word.
    min_count : int
        Number of sentences an n-gram must occur in to be kept.
    weights : str
        ``tf-idf`` (sublinear), ``count`` or ``binary``.
    punctuation : bool
        Whether each punctuation mark is a token of the word n-grams; if not, only marks of direct speech are.
    lowercase : bool
        Whether text is lower-cased.
    cues : tuple of (label, (cue, cue, ...)) or None
        A rule list whose matches are features beside the n-grams.
    classes : tuple of (class, words) or None
        Word classes, as :class:`toolkit.estimators.lexicon.WordClasses` takes them.
    class_ngrams : (int, int) or None
        N-grams of those classes, in the order in which they occur in a sentence.
    """

    words: tuple[int, int] | None = None
    characters: tuple[int, int] | None = None
    min_count: int = 1
    weights: str = "tf-idf"
    lowercase: bool = True
    punctuation: bool = False
    cues: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    classes: tuple[tuple[str, str], ...] | None = None
    class_ngrams: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier and its hyper-parameters: a single value is fixed, several are searched."""

    name: str
    parameters: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def grid(self) -> dict[str, tuple[Any, ...]]:
        """The values of each hyper-parameter, by name."""
        return dict(self.parameters)


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """A sentence encoder, fine-tuned and averaged with the n-grams.

    Parameters
    ----------
    model : str
        As :func:`toolkit.encoder.find_encoder` takes it.
    layers : int
        How many of the upper layers are tuned.
    epochs : int
        Passes over the training sentences.
    learning_rate : float
        Highest learning rate of these layers.
    weight : tuple of float
        Weight, above 0 and at most 1, of the encoder's probabilities in the mean with those
        of the n-grams; several values are searched.
    """

    model: str
    layers: int = 3
    epochs: int = 3
    learning_rate: float = 1e-4
    weight: tuple[float, ...] = (0.5,)


@dataclass(frozen=True, slots=True)
class EvaluationSettings:
    """Number of folds, of inner folds for the search, of bootstrap resamples and of repetitions of the folds."""

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
    encoder: EncoderSettings | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, with the tables and keys of the file."""
        record = asdict(self)
        classifier: dict[str, Any] = {"name": self.classifier.name}
        for name, values in self.classifier.parameters:
            value = values[0] if len(values) == 1 else values
            classifier[name] = _plain_rules(value) if name == "rules" else _to_plain(value)
        record["classifier"] = classifier
        if self.features.cues is not None:
            record["features"]["cues"] = _plain_rules(self.features.cues)
        if self.features.classes is not None:
            record["features"]["classes"] = dict(self.features.classes)
        record["model"] = {"format": record.pop("model_format")}
        # Defaults of settings that came later are left out, so that older digests stay valid.
        calibration = record.pop("calibration")
        if calibration != "none":
            record["calibration"] = {"method": calibration}
        if self.encoder is None:
            del record["encoder"]
        elif len(self.encoder.weight) == 1:
            record["encoder"]["weight"] = self.encoder.weight[0]
        if not self.features.punctuation:
            del record["features"]["punctuation"]
        if self.evaluation.repeats == 1:
            del record["evaluation"]["repeats"]
        return {key: _to_plain(value) for key, value in record.items()}

    @property
    def digest(self) -> str:
        """SHA-256 of all settings except the name, in 64 hexadecimal digits."""
        record = self.to_dict()
        del record["name"]
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _plain_rules(rules: tuple[tuple[str, tuple[str, ...]], ...]) -> list[list[str]]:
    """Write a rule list as a file has it."""
    return [[label, *cues] for label, cues in rules]


def _to_plain(value: Any) -> Any:
    """Turn tuples into lists, so that a record equals what JSON gives back."""
    if isinstance(value, tuple | list):
        return [_to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _to_plain(item) for key, item in value.items()}
    return value
