"""scikit-learn estimators of our own: sentences or probabilities in, features or probabilities out.

- ``rules``: cue lists, as a classifier and as features.
- ``lexicon``: words -> their classes, in order.
- ``recalibration``: probabilities -> recalibrated ones.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
