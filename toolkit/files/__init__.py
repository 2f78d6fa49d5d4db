"""The user's files in, rows out; rows in, files that appear whole or not at all.

Read in this order:

- ``tables``: a table held by column, its rows made only when asked for
- ``csv_cells``: cells as CSV text that no spreadsheet runs
- ``refusals``: a file that cannot be read, or text that is no article -> what to do
- ``reading``: CSV, TSV, JSON lines, Parquet and plain text -> tables and articles
- ``writing``: tables -> CSV, TSV, JSON lines and Parquet
- ``atomic``: files and folders that replace the old ones in one step
- ``json_files``: a JSON file -> plain data
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
