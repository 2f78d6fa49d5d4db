"""Comparison: folders of runs over the same sentences come in, what may be concluded from them comes out.

Read in this order:

- ``loading``: folders to runs that may be compared, and what is read of their manifests and reports.
- ``record``: the result of a comparison, as data.
- ``comparing``: ``compare``, which scores and tests the runs, and ``Comparison``, which writes the result.
- ``conclusions``: the record in sentences: what may be concluded, and what may not.
- ``rows``: the record in tables of text.
- ``export``: both as plain text, Markdown, LaTeX and JSON.
- ``page``: both as one HTML page with figures.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
