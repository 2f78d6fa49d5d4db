"""Records in, documents out; the only package that makes markup or loads matplotlib.

Files in reading order:

- ``formatting``: numbers and settings as a person reads them
- ``rendering``: the template environment, and scripts that may run in a page
- ``figures``: records -> SVG
- ``base_rates``: what holds at the rates of ordinary news, in sentences and tables
- ``run_summary``: what the page of a run states first: result, verdict, headline numbers
- ``run_tables``: the data of its other sections
- ``sentence_lists``: the sentences it lists for reading
- ``run_page``: the page of a run
- ``model_card``: the card of a saved model
- ``article_page``: the page of labelled articles
- ``documents``: headings, paragraphs and tables -> Markdown or LaTeX
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
