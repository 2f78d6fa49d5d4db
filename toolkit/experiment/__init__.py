"""An experiment and a corpus in, a run folder out; the only package that reads the clock.

Files in reading order:

- ``batch_progress``: batches that several processes have done -> one progress
- ``fitting``: cross-validate on train, fit on all of it, label the test split
- ``repeats``: the same cross-validation with other assignments of articles to folds
- ``contributions``: the n-grams behind each listed prediction
- ``results``: what was fitted and measured -> the record of a report
- ``run_files``: names, schema and reading of the files in a run folder
- ``older_runs``: run folders of older schemas
- ``runs``: a run folder, read
- ``reporting``: page and figures of a run; measuring and rendering it again
- ``training``: all of these in order -> a run folder
- ``unlabelled``: files of text -> the sentences of it that an experiment may learn from
- ``distillation``: a teacher and such sentences -> a run that learned from them too
- ``verification``: train again and list what differs
- ``curves``: learning curves
- ``curve_files``: a learning curve in a file, which may be in the folder of a run
- ``evaluation``: a saved model scored on a table with gold labels
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
