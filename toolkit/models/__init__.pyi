from .adaptation import Adaptation as Adaptation, measure_shares as measure_shares
from .averaging import (
    EncoderVote as EncoderVote,
    encoder_proba as encoder_proba,
    make_encoder as make_encoder,
    mean_proba as mean_proba,
)
from .classifier import (
    LabelledArticle as LabelledArticle,
    SentenceClassifier as SentenceClassifier,
    load_model as load_model,
    open_model as open_model,
)
from .explanation import contrast_contributions as contrast_contributions, explain as explain, top_ngrams as top_ngrams
from .pipelines import (
    label_proba as label_proba,
    make_grid as make_grid,
    make_pipeline as make_pipeline,
    recalibrate as recalibrate,
)
from .saving import inspect_model as inspect_model, save_model as save_model, versions as versions
from .search import choose as choose, fit as fit
from .skops_files import translated as translated
from .soft_labels import SoftLabels as SoftLabels, soften as soften
from .table_labels import label_names as label_names
