"""The tables and the articles of a corpus come in; sentences, labels, folds and findings about them go out.

In reading order:

- ``loading``: the folder of a corpus -> ``datasets.DatasetDict``, label set, fingerprint
- ``segmentation``: the text of an article -> sentences with offsets
- ``folds``: articles and labels -> cross-validation folds that never cut an article
- ``annotator_agreement``: the labels of two annotators -> kappa and alpha with intervals
- ``checking``: a folder, and a table it must not copy from -> everything wrong with it
- ``statistics``: a corpus -> counts by label, collection, genre, year and length
- ``flat_table``: a corpus -> one table, to export
- ``gold_tables``: a user's table with gold labels -> sentences to score on
- ``audit``: all that a reviewer would object to, gathered from the files below
- ``duplicates``: pairs of texts that share much of their wording
- ``templates``: skeletons and openings that many sentences share
- ``names``: which words are names, and whether names give labels away
- ``cues``: the word stems that set a label apart
- ``words``: what the last three count as a word
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
