from .annotator_agreement import agreement as agreement
from .checking import CorpusCheck as CorpusCheck, check_corpus as check_corpus
from .flat_table import corpus_table as corpus_table
from .folds import Fold as Fold, article_folds as article_folds, check_no_leak as check_no_leak
from .gold_tables import LabelledSentences as LabelledSentences, read_gold_table as read_gold_table
from .loading import (
    NATURAL as NATURAL,
    SPLITS as SPLITS,
    corpus_fingerprint as corpus_fingerprint,
    corpus_labels as corpus_labels,
    load_corpus as load_corpus,
    open_corpus as open_corpus,
)
from .segmentation import Sentence as Sentence, segment as segment, segmenter as segmenter
from .statistics import corpus_stats as corpus_stats
