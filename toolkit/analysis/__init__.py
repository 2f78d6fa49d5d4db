"""Predictions in, findings out: every number and list of a run's report.

Files in reading order:

- ``records``: frozen records and their JSON, the form of everything below
- ``predictions``: sentences with gold label, predicted label and probabilities; their CSV
- ``context``: what the corpus knows of the predicted sentences; its CSV
- ``scores``: scores of predictions with 95 % intervals, and differences between two systems
- ``ceiling``: a second annotator scored as if a model
- ``calibration``: how well probabilities match outcomes
- ``abstention``: labelling only above a confidence threshold
- ``slices``: parts of the corpus on which the scores are lower
- ``label_errors``: gold labels worth a second look
- ``prior_curve``: precision and recall of acts as the natural label shares take hold
- ``findings``: all of these for one run
- ``repeats``: scores over repeated k-fold cross-validation
- ``distillation``: the teacher and the text that a distilled run learned from
- ``report``: the record that a run keeps as ``report.json``, and its manifest
- ``learning_curve``: scores against the number of training articles
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
