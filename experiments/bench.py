"""Time labelling side by side: this engine, scikit-learn, fastText, and two bare passes that show the limits.

Run ``make bench`` or ``python experiments/bench.py --help``. Each system runs in processes of its own, in
turn with the others, so that a busy machine slows all of them equally; what counts are the ratios of medians.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SYSTEMS = ("engine, 1 thread", "engine, 2 threads", "scikit-learn", "fastText", "bare n-grams", "bare words")
# scikit-learn is so much slower that it gets only part of the text; rates are per sentence.
SLOW_SENTENCES = 10_000
BATCH = 1 << 16


def read_sentences(path: str | None, corpus: str) -> list[str]:
    """Read sentences, one per line, from a file, possibly a .gz; without one, those of the corpus."""
    if path is None:
        from toolkit.corpus.loading import load_corpus

        return [text for split in load_corpus(corpus).values() for text in split["text"]]
    content = Path(path).read_bytes()
    text = (gzip.decompress(content) if path.endswith(".gz") else content).decode("utf-8")
    return [line for line in text.split("\n") if line.strip()]


def bare_words(data: np.ndarray, offsets: np.ndarray, lower: np.ndarray) -> int:
    """Split at ASCII white space, lower and hash each word; look nothing up."""
    total = np.uint64(0)
    for row in range(len(offsets) - 1):
        hashed, inside = np.uint64(14695981039346656037), False
        for place in range(offsets[row], offsets[row + 1]):
            byte = data[place]
            if byte > 32:
                hashed = (hashed ^ np.uint64(lower[byte])) * np.uint64(1099511628211)
                inside = True
            elif inside:
                total ^= hashed
                hashed, inside = np.uint64(14695981039346656037), False
        if inside:
            total ^= hashed
    return total


def bare_ngrams(data: np.ndarray, offsets: np.ndarray, lower: np.ndarray, shortest: int, longest: int) -> int:
    """Hash every n-gram of bytes of every word between two blanks; look nothing up."""
    total = np.uint64(0)
    word = np.empty(1 << 16, np.uint8)
    word[0] = 32
    for row in range(len(offsets) - 1):
        size, end = 1, offsets[row + 1]
        for place in range(offsets[row], end + 1):
            byte = data[place] if place < end else np.uint8(32)
            if byte > 32 and size < len(word) - 1:
                word[size] = lower[byte]
                size += 1
                continue
            if size > 1:
                word[size] = 32
                for begin in range(size + 1):
                    hashed = np.uint64(14695981039346656037)
                    for last in range(begin, min(begin + longest, size + 1)):
                        hashed = (hashed ^ np.uint64(word[last])) * np.uint64(1099511628211)
                        if last - begin + 1 >= shortest:
                            total ^= hashed
            size = 1
    return total


def prepare(system: str, options: argparse.Namespace, sentences: list[str]) -> Callable[[list[str]], object]:
    """Return a function that labels sentences with one system, with all preparation done."""
    if system.startswith("engine"):
        import pyarrow as pa

        from toolkit.engine.inference.scorer import Scorer
        from toolkit.models.saving import load_saved

        model = load_saved(options.model)
        if model.compiled is None:
            raise SystemExit("the model is not compiled; name another with --model")

        def fall_back(texts: list[str]) -> np.ndarray:
            # As when a file is labelled, the pipeline is opened only if a sentence needs it.
            return model.pipeline.predict_proba(texts)

        scorer = Scorer(model.compiled, fall_back, n_threads=int(system.split()[1]))
        # A file is read into such a column. The engine is timed cold: it has cached no word yet.
        column = pa.array(sentences)
        scorer.predict_proba_column(column.slice(0, 1))

        def label(some: list[str]) -> None:
            # As a file is labelled: one batch after another, whose probabilities are not kept.
            for first in range(0, len(column), BATCH):
                scorer.predict_proba_column(column.slice(first, BATCH))

        return label
    if system == "scikit-learn":
        from toolkit.models.classifier import load_model

        pipeline = load_model(options.model).pipeline
        return pipeline.predict_proba
    if system == "fastText":
        import fasttext

        model = fasttext.load_model(options.fasttext)
        flat = [sentence.replace("\n", " ") for sentence in sentences]
        return lambda some: model.predict(flat[: len(some)], k=-1)
    import numba

    from toolkit.engine.inference.text_columns import encode

    data, offsets = encode(sentences)
    lower = np.frombuffer(bytes(range(256)).lower(), np.uint8)
    if system == "bare words":
        run = numba.njit(nogil=True)(bare_words)
        run(data, offsets[:2], lower)
        return lambda some: run(data, offsets, lower)
    run = numba.njit(nogil=True)(bare_ngrams)
    run(data, offsets[:2], lower, 2, 5)
    return lambda some: run(data, offsets, lower, 2, 5)


def measure(system: str, options: argparse.Namespace) -> dict[str, float]:
    """Time one complete run of one system in this process."""
    sentences = read_sentences(options.text, options.corpus) * options.times
    run = prepare(system, options, sentences)
    some = sentences[:SLOW_SENTENCES] if system == "scikit-learn" else sentences
    before = peak_kilobytes()
    wall, cpu = time.perf_counter(), time.process_time()
    run(some)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = peak_kilobytes()
    size = sum(len(sentence.encode("utf-8", "surrogatepass")) for sentence in some)
    return {
        "sentences": len(some),
        "bytes": size,
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "peak_mb": peak / 1024,
        "grown_mb": (peak - before) / 1024,
    }


def peak_kilobytes() -> int:
    """Return the peak memory of this process alone; getrusage may include its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(status.read_text().partition("VmHWM:")[2].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def train_fasttext(options: argparse.Namespace, folder: str) -> str | None:
    """Train fastText, if it is installed, on the corpus with the same lengths of n-grams."""
    try:
        import fasttext
    except ImportError:
        return None
    from toolkit.corpus.loading import corpus_labels, load_corpus

    corpus = load_corpus(options.corpus)
    names = corpus_labels(corpus).names
    path = Path(folder) / "train.txt"
    with path.open("w", encoding="utf-8") as file:
        for row in corpus["train"]:
            text = " ".join(row["text"].lower().split())
            file.write(f"__label__{names[row['label']]} {text}\n")
    lengths = {} if options.words_only else {"minn": 2, "maxn": 5}
    model = fasttext.train_supervised(str(path), wordNgrams=2, epoch=5, thread=1, verbose=0, **lengths)
    model.save_model(str(Path(folder) / "model.bin"))
    return str(Path(folder) / "model.bin")


def main() -> None:
    """Run all systems in turn, print medians and ratios, and write them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?", help="sentences, one per line, also .gz (default: those of the corpus)")
    parser.add_argument("--model", default="runs/default/model")
    parser.add_argument("--corpus", default="data")
    parser.add_argument("--times", type=int, default=1, help="label the text this many times over")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--words-only", action="store_true", help="fastText without character n-grams")
    parser.add_argument("--output", default="bench.json")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), metavar="SYSTEM", help=", ".join(SYSTEMS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--fasttext", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options)))
        return
    with tempfile.TemporaryDirectory() as folder:
        options.fasttext = train_fasttext(options, folder) if "fastText" in options.systems else None
        systems = [name for name in options.systems if name != "fastText" or options.fasttext]
        if len(systems) < len(options.systems):
            print("fastText is not installed and left out; install the extra 'bench'", file=sys.stderr)
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in systems}
        for _ in range(options.repeats):
            for name in systems:
                runs[name].append(run_apart(name, options))
    record = summarise(runs, options)
    print_table(record)
    Path(options.output).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def run_apart(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Measure one system in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--one", name, "--model", options.model]
    command += ["--corpus", options.corpus, "--times", str(options.times)]
    command += ["--fasttext", options.fasttext] if options.fasttext else []
    command += [options.text] if options.text else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def summarise(runs: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> dict[str, object]:
    """Return the medians of each system, and the ratio of the engine's rate on one thread to its rate."""
    rows = {}
    for name, measured in runs.items():
        walls = [one["wall_seconds"] / one["sentences"] for one in measured]
        cpus = [one["cpu_seconds"] / one["sentences"] for one in measured]
        rows[name] = {
            "sentences": measured[0]["sentences"],
            "sentences_per_second": 1 / statistics.median(walls),
            "best_sentences_per_second": 1 / min(walls),
            "sentences_per_cpu_second": 1 / statistics.median(cpus),
            "mb_per_second": measured[0]["bytes"] / measured[0]["sentences"] / statistics.median(walls) / 1e6,
            "peak_mb": statistics.median(one["peak_mb"] for one in measured),
            "grown_mb": statistics.median(one["grown_mb"] for one in measured),
            "runs": measured,
        }
    for row in rows.values():
        for key in ("sentences_per_second", "sentences_per_cpu_second"):
            if "engine, 1 thread" in rows:
                row[f"ratio_{key}"] = rows["engine, 1 thread"][key] / row[key]
    return {
        "text": options.text or options.corpus,
        "times": options.times,
        "model": options.model,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]},
        "systems": rows,
    }


def print_table(record: dict[str, object]) -> None:
    """Print one row per system; its ratio is how many times faster the engine is on one thread."""
    load = record["machine"]["load"]
    print(f"{record['text']} x {record['times']}, model {record['model']}, load {load:.1f} at the end")
    print(f"{'':<18}{'sentences/s':>12}{'best':>10}{'MB/s':>8}{'peak MB':>9}{'ratio':>8}{'of CPU time':>13}")
    for name, row in record["systems"].items():
        ratios = (row.get("ratio_sentences_per_second", 1), row.get("ratio_sentences_per_cpu_second", 1))
        print(
            f"{name:<18}{row['sentences_per_second']:>12,.0f}{row['best_sentences_per_second']:>10,.0f}"
            f"{row['mb_per_second']:>8.1f}{row['peak_mb']:>9.0f}{ratios[0]:>8.2f}{ratios[1]:>13.2f}"
        )


if __name__ == "__main__":
    main()
