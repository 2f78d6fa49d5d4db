"""An experiment file (TOML) comes in; a frozen, validated record of the experiment goes out.

In reading order:

- ``record``: the experiment, its parts and its digest
- ``reading``: a file, with the lexicons it names -> the record
- ``overrides``: ``KEY=VALUE`` from the command line, put into the settings
- ``validation``: settings as plain data -> the record, or the first thing wrong with them
- ``table``: one table of a file, and the messages about its keys
- ``finding``: names of experiments -> their files, baselines first
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
