from .classifier import EncoderClassifier as EncoderClassifier
from .extra import check_extra as check_extra
from .fine_tuning import count_batches as count_batches
from .fitted import FittedEncoder as FittedEncoder
from .sources import EncoderSource as EncoderSource, find_encoder as find_encoder
