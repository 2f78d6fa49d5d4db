"""Texts and a vectoriser's settings in, scikit-learn's own matrices out, to the last bit.

In reading order:

- ``units``: machine code, texts -> numbered tokens or words.
- ``ngrams``: machine code, sequences -> counted n-grams.
- ``term_counts``: texts -> counts of a vectoriser's terms.
- ``vectorizers``: the compiled vectorisers.
- ``counted_sentences``: n-grams counted once for many folds.
- ``products``: fast products of sparse rows, for solvers.
"""
