"""An experiment's record in, a fitted classifier out, saved and loaded.

In reading order:

- ``pipelines``: a record -> an unfitted pipeline; recalibration of a fitted one.
- ``averaging``: a fitted encoder and the probabilities of n-grams -> their weighted mean.
- ``soft_labels``: a teacher's probabilities -> weighted rows to learn from.
- ``search``: a pipeline and a grid -> the best candidate, fitted.
- ``skops_files``: a pipeline <-> bytes that open safely.
- ``manifests``: plain data of a manifest -> what is wrong with its keys.
- ``encoder_files``: an encoder <-> its files in a model's folder.
- ``saving``: a model's folder, written and read.
- ``adaptation``: label shares of training and of a text -> probabilities that fit the text.
- ``classifier``: a loaded model labels text.
- ``scikit_learn``: what scikit-learn expects of a classifier that is fitted already.
- ``table_labels``: batches of a table -> the same with labels and probabilities.
- ``explanation``: what n-grams contribute to a label.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
