"""Compare sentence segmenters on the annotated sentences of a corpus.

The sentences of each paragraph are joined by a space and the paragraphs by a blank line;
a segmenter is then asked to find the ends again. Run it with the candidates installed:

    pip install nupunkt==0.8.0 sentencex==1.0.32 pysbd==0.3.4 syntok==1.4.4
    python experiments/segmenters.py data/sentences.csv

It prints a Markdown table: boundary precision, recall and F1 over all sentences, F1 over
sentences with a quote mark, the share of articles cut exactly right, and speed as a
multiple of the slowest. Paragraph breaks are given to all of them alike.
"""

from __future__ import annotations

import csv
import importlib
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

Split = Callable[[str], list[str]]
QUOTES = re.compile('["“”]')


def read_paragraphs(path: Path) -> dict[str, list[list[str]]]:
    """Return the sentences of each paragraph of each article, in reading order."""
    articles: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            articles[row["article"]][row["paragraph"]].append(row["text"])
    return {name: list(paragraphs.values()) for name, paragraphs in articles.items()}


def naive(text: str) -> list[str]:
    """Split after a full stop, question or exclamation mark, with the quote mark after it."""
    return re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"”])\s+", text)


def candidates() -> dict[str, Split]:
    """Return the segmenters, each as text in, sentences out."""
    nupunkt = importlib.import_module("nupunkt")
    pysbd = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
    sentencex = importlib.import_module("sentencex")
    syntok = importlib.import_module("syntok.segmenter")
    toolkit = importlib.import_module("toolkit.segmentation")

    def split_syntok(text: str) -> list[str]:
        return [
            "".join(token.spacing + token.value for token in sentence)
            for paragraph in syntok.analyze(text)
            for sentence in paragraph
        ]

    return {
        "naive rule": naive,
        f"nupunkt {version('nupunkt')}": lambda text: list(nupunkt.sent_tokenize(text)),
        f"sentencex {version('sentencex')}": lambda text: list(sentencex.segment("en", text)),
        f"pysbd {version('pysbd')}": pysbd.segment,
        f"syntok {version('syntok')}": split_syntok,
        "this toolkit": lambda text: [sentence.text for sentence in toolkit.segment(text)],
    }


def ends(sentences: list[str]) -> set[int]:
    """Return where sentences end, counted in characters that are not white space."""
    found, place = set(), 0
    for sentence in sentences:
        place += len("".join(sentence.split()))
        found.add(place)
    return found


def f1(right: int, found: int, gold: int) -> float:
    """Return the harmonic mean of right / found and right / gold."""
    return 2 * right / (found + gold)


def measure(split: Split, articles: dict[str, list[list[str]]]) -> tuple[float, float, float, float, float, float]:
    """Return precision, recall, F1, F1 on quotes, share of exact articles, seconds."""
    right = found = gold = quoted_right = quoted_found = quoted_gold = exact = 0
    seconds = 0.0
    for paragraphs in articles.values():
        whole = True
        for sentences in paragraphs:
            text = " ".join(sentences)
            start = time.perf_counter()
            cut = ends(split(text))
            seconds += time.perf_counter() - start
            wanted = ends(sentences)
            right, found, gold = right + len(cut & wanted), found + len(cut), gold + len(wanted)
            if QUOTES.search(text):
                quoted_right += len(cut & wanted)
                quoted_found, quoted_gold = quoted_found + len(cut), quoted_gold + len(wanted)
            whole = whole and cut == wanted
        exact += whole
    quoted = f1(quoted_right, quoted_found, quoted_gold)
    return right / found, right / gold, f1(right, found, gold), quoted, exact / len(articles), seconds


def main() -> None:
    """Print the table for the corpus named on the command line."""
    articles = read_paragraphs(Path(sys.argv[1] if len(sys.argv) > 1 else "data/sentences.csv"))
    rows = {name: measure(split, articles) for name, split in candidates().items()}
    slowest = max(row[-1] for row in rows.values())
    print("| segmenter | precision | recall | F1 | F1, quotes | exact articles | speed |")
    print("|---|---|---|---|---|---|---|")
    for name, (*scores, seconds) in rows.items():
        print(f"| {name} | {' | '.join(f'{score:.3f}' for score in scores)} | {slowest / seconds:.0f} x |")


if __name__ == "__main__":
    main()
