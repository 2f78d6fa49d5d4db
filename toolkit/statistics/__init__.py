"""Statistics: arrays of labels, probabilities and scores come in, numbers go out. Knows no text, no file, no run.

Read in this order:

- ``metrics``: labels and probabilities to counts per article, counts to scores.
- ``resampling``: counts per article to counts of bootstrap resamples.
- ``intervals``: a score and its resampled values to a 95 % interval.
- ``permutation``: the randomisation test of two systems, and Holm's correction.
- ``effects``: McNemar's test, effect sizes and the probability that new articles reverse an order.
- ``paired``: everything about the difference between two systems.
- ``pairwise``: the same for every pair of many systems, tested together.
- ``fold_tests``: the corrected interval and t-test of scores over repeated folds.
- ``power_law``: a learning curve and its forecast for more articles.
- ``recalibration``: the formulas of temperature scaling and isotonic maps.
- ``prior_shift``: probabilities of unlabelled sentences to their label shares, and back.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
