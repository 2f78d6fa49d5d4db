from .atomic import (
    folders_with as folders_with,
    restore_folder as restore_folder,
    write_file as write_file,
    write_folder as write_folder,
)
from .csv_cells import (
    DamagedCells as DamagedCells,
    cell_reader as cell_reader,
    cell_writer as cell_writer,
    find_delimiter as find_delimiter,
    header_misfit as header_misfit,
    header_problem as header_problem,
    read_cells as read_cells,
    unescape_formula as unescape_formula,
)
from .json_files import read_json as read_json
from .reading import (
    ARTICLE_ENDINGS as ARTICLE_ENDINGS,
    TABLE_ENDINGS as TABLE_ENDINGS,
    list_articles as list_articles,
    open_table as open_table,
    read_article as read_article,
    read_table as read_table,
)
from .refusals import list_skipped as list_skipped, refuse_file as refuse_file
from .tables import (
    MISSING_TEXTS as MISSING_TEXTS,
    Row as Row,
    Table as Table,
    as_batches as as_batches,
    find_text_column as find_text_column,
    has_words as has_words,
)
from .writing import TableWriter as TableWriter, json_lines as json_lines
