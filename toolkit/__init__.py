"""Label the sentences of news articles by speech act, and measure how far the labels can be trusted.

Each command of ``toolkit`` has a function of the same purpose here:

==========================================  ===================================================
``toolkit corpus check, stats, agreement``  `check_corpus`, `corpus_stats`, `agreement`
``toolkit train, report, verify``           `train`, `report`, `verify`; `load_run` opens a run
``toolkit compare, curve, distill``         `compare`, `curve`, `distill`
``toolkit label, evaluate, explain``        `load_model`, `evaluate`, `explain`
``toolkit inspect``                         `inspect_model`
==========================================  ===================================================

Heavy packages are imported when first needed: ``import toolkit`` itself is quick.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
