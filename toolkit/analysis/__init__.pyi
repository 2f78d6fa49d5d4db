from .abstention import RiskCoveragePoints as RiskCoveragePoints, Threshold as Threshold
from .calibration import Calibration as Calibration
from .context import (
    Context as Context,
    corpus_context as corpus_context,
    format_context as format_context,
    read_context as read_context,
)
from .distillation import (
    Candidate as Candidate,
    Distillation as Distillation,
    Teacher as Teacher,
    UnlabelledText as UnlabelledText,
)
from .findings import (
    CollectionScores as CollectionScores,
    Findings as Findings,
    contrast_labels as contrast_labels,
    measure_findings as measure_findings,
    reading_list as reading_list,
)
from .learning_curve import LearningCurve as LearningCurve
from .predictions import (
    N_DECIMALS as N_DECIMALS,
    Predictions as Predictions,
    format_predictions as format_predictions,
    make_predictions as make_predictions,
    read_predictions as read_predictions,
)
from .prior_curve import PriorCurve as PriorCurve, measure_prior_curve as measure_prior_curve
from .records import BySplit as BySplit, Record as Record, from_plain as from_plain, to_plain as to_plain
from .repeats import (
    N_DIGITS as N_DIGITS,
    FoldComparison as FoldComparison,
    FoldCounts as FoldCounts,
    RepeatedScores as RepeatedScores,
    Repeats as Repeats,
    check_repeats as check_repeats,
    compare_folds as compare_folds,
)
from .report import (
    BaselineDifference as BaselineDifference,
    Chosen as Chosen,
    Clock as Clock,
    ContributionsRecord as ContributionsRecord,
    CorpusIdentity as CorpusIdentity,
    ModelFile as ModelFile,
    NgramWeight as NgramWeight,
    Provenance as Provenance,
    Report as Report,
    Results as Results,
    RunManifest as RunManifest,
)
from .scores import (
    Difference as Difference,
    Estimate as Estimate,
    LabelScores as LabelScores,
    RareLabels as RareLabels,
    Scores as Scores,
    compare_predictions as compare_predictions,
    lenient_gold as lenient_gold,
    score_by_ambiguity as score_by_ambiguity,
    score_predictions as score_predictions,
)
from .slices import SliceScore as SliceScore
