"""A fitted scikit-learn pipeline and text in, its probabilities out.

In reading order:

- ``tries``: strings as flat arrays.
- ``cues``: cue lists as an automaton.
- ``inverse_links``: linear scores -> probabilities.
- ``linear_models``: a fitted classifier -> weights, offsets and an inverse link.
- ``records``: what a compiled pipeline is.
- ``compilation``: a fitted pipeline -> such a record, or the reason why not.
- ``storage``: the record <-> bytes of a file.
- ``kernel``: machine code, from bytes to scores.
- ``hashing``: the same for n-grams without a vocabulary.
- ``tables``: the record -> what the kernel works with.
- ``text_columns``: lists and Arrow columns -> bytes.
- ``scorer``: text -> probabilities, on several threads.
- ``classifier``: ``compile_pipeline`` for any scikit-learn user.
"""
