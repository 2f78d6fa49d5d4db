from .article_page import render_articles as render_articles
from .base_rates import (
    describe_rare as describe_rare,
    state_absent as state_absent,
    state_collection as state_collection,
    state_expected_precision as state_expected_precision,
)
from .documents import (
    NUMBER as NUMBER,
    PROSE as PROSE,
    TEXT as TEXT,
    Block as Block,
    Heading as Heading,
    Paragraph as Paragraph,
    Table as Table,
    render_latex as render_latex,
    render_markdown as render_markdown,
)
from .figures import (
    draw_corpus as draw_corpus,
    draw_costs as draw_costs,
    draw_learning_curve as draw_learning_curve,
    draw_learning_curves as draw_learning_curves,
    floor_of as floor_of,
    standalone as standalone,
)
from .formatting import (
    SPLIT_TITLES as SPLIT_TITLES,
    describe_p as describe_p,
    flatten as flatten,
    format_interval as format_interval,
    format_p as format_p,
    format_score as format_score,
    format_signed as format_signed,
)
from .model_card import render_card as render_card
from .rendering import own_markup as own_markup, render_page as render_page, script as script
from .run_page import draw_figures as draw_figures, render_report as render_report
from .run_summary import state_distillation as state_distillation
