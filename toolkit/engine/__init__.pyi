from .characters import spaces as spaces
from .inference.classifier import CompiledClassifier as CompiledClassifier, compile_pipeline as compile_pipeline
from .inference.compilation import compile_fitted as compile_fitted
from .inference.linear_models import CannotCompile as CannotCompile
from .inference.records import CompiledPipeline as CompiledPipeline
from .inference.scorer import Scorer as Scorer
from .inference.storage import dump_compiled as dump_compiled, load_compiled as load_compiled
from .inference.text_columns import (
    checked_texts as checked_texts,
    column_texts as column_texts,
    numbered_chunks as numbered_chunks,
)
from .training.counted_sentences import CountedSentences as CountedSentences
from .training.products import OrderedRows as OrderedRows
from .training.vectorizers import (
    CompiledCountVectorizer as CompiledCountVectorizer,
    CompiledTfidfVectorizer as CompiledTfidfVectorizer,
    to_compiled_vectorizers as to_compiled_vectorizers,
    to_sklearn_vectorizers as to_sklearn_vectorizers,
)
