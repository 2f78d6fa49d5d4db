from .lexicon import (
    END as END,
    START as START,
    WORD_OR_MARK as WORD_OR_MARK,
    WordClasses as WordClasses,
    split_classes as split_classes,
)
from .recalibration import (
    CALIBRATORS as CALIBRATORS,
    BiasCorrectedTemperature as BiasCorrectedTemperature,
    Calibrator as Calibrator,
    Isotonic as Isotonic,
    Recalibrated as Recalibrated,
    Temperature as Temperature,
)
from .rules import CueIndicators as CueIndicators, KeywordRules as KeywordRules
