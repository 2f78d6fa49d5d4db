"""Words typed in, words printed: parse the options, call the toolkit, print the result.

Read in this order:

- ``main``: the parser of all commands, and what becomes of an error
- ``options``: options that several commands share, and how their values are read
- ``priors``: options that adapt a model to the label shares of a text
- ``output``: exit codes, text that is safe on a terminal, the progress bar
- ``experiments``: ``train``, ``report``, ``compare``, ``curve``, ``verify``
- ``distillation``: ``distill``
- ``labelling``: ``label``, ``evaluate``, ``explain``, ``inspect``
- ``corpus``: ``corpus check``, ``corpus stats``, ``corpus agreement``, ``corpus export``

No module imports anything heavy at its top: ``toolkit --help`` answers at once.
"""
