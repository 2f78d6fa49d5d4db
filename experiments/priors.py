"""Choose how many sentences the natural label shares are worth when those of a text are estimated.

Cross-validated predictions of a run on the natural collection (on all of train, if the corpus has none) are
drawn to batches with known label shares, natural ones and four other mixes. What the classifier takes for
granted is fitted on the first three folds, batches come from the others. Printed: the mean error of the
shares, in percentage points, and what adapting adds to accuracy and macro F1 over the acts, in points.

    python experiments/priors.py runs/default data
"""

from __future__ import annotations

import sys

import numpy as np

from toolkit import load_corpus, load_run
from toolkit.statistics import accuracy, confusion, estimate_shares, implied_shares, macro_f1, reweight

SIZES = {50: 200, 300: 100, 1000: 60, 5000: 20}  # sentences in a batch: batches
PSEUDO_COUNTS = (0, 30, 100, 300, 1000)
FITTED_FOLDS = 3


def mixes(natural: np.ndarray) -> dict[str, np.ndarray]:
    """Return label shares by name; rare labels are those with less than half of an equal share."""
    rare = natural < 0.5 / len(natural)
    odd = {"fewer rare": np.where(rare, natural / 4, natural), "more rare": np.where(rare, 4 * natural, natural)}
    odd["one more"] = np.where(np.arange(len(natural)) == np.flatnonzero(rare)[:1], 3 * natural, natural)
    odd["tilted"] = natural ** np.where(np.arange(len(natural)) % 2, 0.5, 1.0)
    return {"natural": natural, **{name: shares / shares.sum() for name, shares in odd.items()}}


def main(run_folder: str = "runs/default", corpus_folder: str = "data") -> None:
    """Print a table."""
    predictions, split = load_run(run_folder).predictions.take("train"), load_corpus(corpus_folder)["train"]
    names, rng = predictions.labels.names, np.random.default_rng(0)
    acts = [names.index(name) for name in predictions.labels.acts]
    collections = split["collection"][:] if "collection" in split.column_names else [""] * len(predictions)
    is_used = np.array(collections) == "natural"
    is_used |= not is_used.any()
    gold = np.array([names.index(name) for name in predictions.gold])
    is_fitted = np.array(predictions.fold) < FITTED_FOLDS
    fitted, drawn = np.flatnonzero(is_used & is_fitted), np.flatnonzero(is_used & ~is_fitted)
    natural = (np.bincount(gold[fitted], minlength=len(names)) + 0.5) / (len(fitted) + len(names) / 2)
    training = implied_shares(predictions.proba[fitted], natural)
    pools = [drawn[gold[drawn] == label] for label in range(len(names))]
    print(f"{'mix':<10}  {'sentences':>9}  {'prior':>5}  {'error':>5}  {'accuracy':>8}  {'macro F1':>8}")
    for mix, shares in mixes(natural).items():
        for size, n_batches in SIZES.items():
            results: dict[int, list[tuple[float, float, float]]] = {count: [] for count in PSEUDO_COUNTS}
            for _ in range(n_batches):
                counts = rng.multinomial(size, shares)
                rows = np.concatenate([rng.choice(pool, count) for pool, count in zip(pools, counts, strict=True)])
                proba, y_true = predictions.proba[rows], np.array(names)[gold[rows]]

                def score(proba: np.ndarray, y_true: np.ndarray = y_true) -> np.ndarray:
                    table = confusion(y_true, np.array(names)[proba.argmax(axis=1)], names)
                    return np.array([accuracy(table), np.nan_to_num(macro_f1(table, acts))])

                for pseudo_count, found in results.items():
                    estimate = estimate_shares(proba, training, natural, pseudo_count, tolerance=1e-6).shares
                    gain = score(reweight(proba, training, estimate)) - score(proba)
                    found.append((np.abs(estimate - counts / size).mean(), *gain))
            for pseudo_count, found in results.items():
                error, *gains = 100 * np.mean(found, axis=0)
                print(f"{mix:<10}  {size:>9}  {pseudo_count:>5}  {error:>5.2f}  {gains[0]:>+8.2f}  {gains[1]:>+8.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
