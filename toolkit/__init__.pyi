from .comparison import Comparison as Comparison, compare as compare
from .corpus import (
    agreement as agreement,
    check_corpus as check_corpus,
    corpus_fingerprint as corpus_fingerprint,
    corpus_labels as corpus_labels,
    corpus_stats as corpus_stats,
    load_corpus as load_corpus,
    segment as segment,
)
from .engine import (
    CannotCompile as CannotCompile,
    CompiledClassifier as CompiledClassifier,
    CompiledCountVectorizer as CompiledCountVectorizer,
    CompiledTfidfVectorizer as CompiledTfidfVectorizer,
    compile_pipeline as compile_pipeline,
)
from .exceptions import ToolkitError as ToolkitError
from .experiment import (
    Run as Run,
    curve as curve,
    distill as distill,
    evaluate as evaluate,
    load_run as load_run,
    report as report,
    train as train,
    verify as verify,
)
from .labels import LabelSet as LabelSet
from .models import (
    LabelledArticle as LabelledArticle,
    SentenceClassifier as SentenceClassifier,
    explain as explain,
    inspect_model as inspect_model,
    load_model as load_model,
)

__version__: str
