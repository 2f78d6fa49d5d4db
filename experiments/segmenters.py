"""Compare sentence segmenters on the annotated sentences of a corpus.

The sentences of each paragraph are joined by a space, and each segmenter has to find
their ends again. Run it with the candidates installed:

    pip install nupunkt==0.8.0 sentencex==1.0.32 pysbd==0.3.4 syntok==1.4.4
    python experiments/segmenters.py data/sentences.csv

It prints a Markdown table: boundary precision, recall and F1 over all sentences, F1 over
paragraphs with a quotation mark, the proportion of articles segmented without an error,
and speed as a multiple of the slowest. All of them get the same paragraphs.
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
    """Split after a full stop, question mark or exclamation mark, and the closing quotation mark after it."""
    return re.split(r"(?<=[.!?])\s+|(?<=[.!?][\"”])\s+", text)


def candidates() -> dict[str, Split]:
    """Return the segmenters, each as text in, sentences out."""
    nupunkt = importlib.import_module("nupunkt")
    pysbd = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
    sentencex = importlib.import_module("sentencex")
    syntok = importlib.import_module("syntok.segmenter")
    toolkit = importlib.import_module("toolkit.corpus.segmentation")

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
    offsets, offset = set(), 0
    for sentence in sentences:
        offset += len("".join(sentence.split()))
        offsets.add(offset)
    return offsets


def f1(n_correct: int, n_proposed: int, n_gold: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * n_correct / (n_proposed + n_gold)


def measure(split: Split, articles: dict[str, list[list[str]]]) -> tuple[float, float, float, float, float, float]:
    """Return precision, recall, F1, F1 of paragraphs with quotes, proportion of exact articles, seconds."""
    counts, quoted_counts, n_exact = [0, 0, 0], [0, 0, 0], 0
    seconds = 0.0
    for paragraphs in articles.values():
        is_exact = True
        for sentences in paragraphs:
            text = " ".join(sentences)
            start = time.perf_counter()
            proposed = ends(split(text))
            seconds += time.perf_counter() - start
            gold = ends(sentences)
            for total in (counts, quoted_counts) if QUOTES.search(text) else (counts,):
                for index, number in enumerate((len(proposed & gold), len(proposed), len(gold))):
                    total[index] += number
            is_exact = is_exact and proposed == gold
        n_exact += is_exact
    n_correct, n_proposed, n_gold = counts
    precision, recall = n_correct / n_proposed, n_correct / n_gold
    return precision, recall, f1(*counts), f1(*quoted_counts), n_exact / len(articles), seconds


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
