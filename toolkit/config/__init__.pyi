from .finding import find_experiments as find_experiments
from .reading import read_experiment as read_experiment
from .record import (
    CALIBRATIONS as CALIBRATIONS,
    CLASSIFIERS as CLASSIFIERS,
    MODEL_FORMATS as MODEL_FORMATS,
    MOST_REPEATS as MOST_REPEATS,
    WEIGHTS as WEIGHTS,
    Classifier as Classifier,
    EncoderSettings as EncoderSettings,
    EvaluationSettings as EvaluationSettings,
    Experiment as Experiment,
    Features as Features,
)
from .validation import make_experiment as make_experiment
