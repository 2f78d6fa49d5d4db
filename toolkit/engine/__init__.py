"""Text -> probabilities, and text -> count matrices, in machine code; nothing else in the toolkit uses numba.

``inference/``: a fitted pipeline and text come in, its probabilities go out. ``training/``: texts and a
vectoriser's settings come in, scikit-learn's own matrices go out. Both share, in reading order:

- ``layout``: types of arrays, alignment, kinds of tokens.
- ``characters``: what Python knows of each code point, as arrays.
- ``token_patterns``: the token patterns of scikit-learn that are compiled.
- ``compiler``: how functions are compiled and cached.
- ``intrinsics``: vector instructions.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
