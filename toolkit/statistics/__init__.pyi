from . import metrics as metrics
from .fold_tests import (
    corrected_interval as corrected_interval,
    corrected_mean as corrected_mean,
    corrected_t_test as corrected_t_test,
)
from .intervals import Estimate as Estimate, distance_interval as distance_interval, interval as interval
from .metrics import (
    N_BINS as N_BINS,
    TIE as TIE,
    ArticleCounts as ArticleCounts,
    Counts as Counts,
    accuracy as accuracy,
    article_confusions as article_confusions,
    calibration_gaps as calibration_gaps,
    check_probabilities as check_probabilities,
    confusion as confusion,
    encode as encode,
    macro_f1 as macro_f1,
)
from .paired import compare_pair as compare_pair, make_resamples as make_resamples
from .pairwise import (
    SystemPair as SystemPair,
    compare_all as compare_all,
    correct_pairs as correct_pairs,
    permutations_needed as permutations_needed,
)
from .permutation import ALPHA as ALPHA, holm as holm
from .power_law import MIN_POINTS as MIN_POINTS, forecast as forecast
from .prior_shift import (
    PSEUDO_COUNT as PSEUDO_COUNT,
    estimate_shares as estimate_shares,
    implied_shares as implied_shares,
    reweight as reweight,
    share_intervals as share_intervals,
)
from .recalibration import (
    interpolate_columns as interpolate_columns,
    log_ratios as log_ratios,
    map_isotonic as map_isotonic,
    scale_temperature as scale_temperature,
    scale_with_biases as scale_with_biases,
)
from .resampling import (
    Statistic as Statistic,
    bootstrap_weights as bootstrap_weights,
    resample as resample,
    sum_counts as sum_counts,
    weighted_sums as weighted_sums,
)
