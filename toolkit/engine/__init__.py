"""Machine code: fitted pipelines, from the bytes of a column of text to probabilities in one pass; and training.

In reading order: ``characters`` (what Python knows of each code point), ``tries`` (strings as flat
arrays), ``cues`` (cue lists as an automaton), ``links`` (scores -> probabilities), ``heads``
(classifiers as weights and a link), ``program`` (the record of all of it), ``compilation`` (pipeline ->
program), ``kernel`` and ``hashing`` (the machine code) and ``scorer`` (text in, probabilities out). For
training, ``counting`` (text -> n-grams), ``products`` (of sparse rows), ``steps`` and ``newton`` (logistic
regressions side by side), ``coordinates`` and ``machines`` (support vector machines).
"""
