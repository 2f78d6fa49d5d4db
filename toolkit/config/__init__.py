"""An experiment file (TOML) comes in; a frozen, validated record of the experiment goes out.

In reading order:

- ``record``: the experiment, its parts and its digest
- ``reading``: a file, with the lexicons it names -> the record
- ``overrides``: ``KEY=VALUE`` from the command line, put into the settings
- ``validation``: settings as plain data -> the record, or the first thing wrong with them
- ``table``: one table of a file, and the messages about its keys
- ``finding``: names of experiments -> their files, baselines first
"""

from toolkit.config.finding import find_experiments
from toolkit.config.reading import read_experiment
from toolkit.config.record import (
    CALIBRATIONS,
    CLASSIFIERS,
    MODEL_FORMATS,
    MOST_REPEATS,
    WEIGHTS,
    Classifier,
    EvaluationSettings,
    Experiment,
    Features,
)
from toolkit.config.validation import make_experiment

__all__ = [
    "CALIBRATIONS",
    "CLASSIFIERS",
    "MODEL_FORMATS",
    "MOST_REPEATS",
    "WEIGHTS",
    "Classifier",
    "EvaluationSettings",
    "Experiment",
    "Features",
    "find_experiments",
    "make_experiment",
    "read_experiment",
]
