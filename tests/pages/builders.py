"""Pages for tests: any predictions rendered under the report of a finished run, and a page taken apart."""

from dataclasses import replace
from html.parser import HTMLParser

from toolkit.analysis.context import no_context
from toolkit.analysis.findings import measure_findings
from toolkit.pages.run_page import draw_figures, render_report


def report_of(run, predictions, context=None, question=None):
    """Measure predictions, and put the findings into the report of a finished run."""
    findings = measure_findings(predictions, context or no_context(len(predictions)), None, 50, 7)
    changes = {"question": question or run.report.question, "background": predictions.labels.background, "ngrams": {}}
    return replace(run.report, **vars(findings), **changes)


def page_of(run, predictions, context=None, contributions=None, question=None):
    """Measure and render predictions under the report of a finished run."""
    report = report_of(run, predictions, context, question)
    return render_report(report, predictions, draw_figures(predictions, report), contributions)


class Elements(HTMLParser):
    """All elements of a page with their attributes, and the text of scripts."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.scripts, self._inside = [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
