"""Sentences and labels -> a sentence encoder with a linear head, whose upper layers are tuned to them.

torch is imported by the functions here, when they are called, and nowhere else but in ``exporting``.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from toolkit.encoder.sources import EncoderSource
from toolkit.exceptions import ToolkitError

if TYPE_CHECKING:
    import torch

BATCH = 32
MAX_TOKENS = 128
DROPOUT = 0.1
HEAD_LEARNING_RATE = 1e-3
WEIGHT_DECAY = 0.01
# Share of the steps in which the learning rate rises.
WARM_UP = 0.1
LARGEST_GRADIENT = 1.0
# Sentences are sorted by length within so many batches, so that little is padding but order stays random.
BATCHES_SORTED = 50


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """How an encoder is tuned: layers from the top, epochs, highest learning rate of these layers, seed."""

    layers: int
    epochs: int
    learning_rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class TuningData:
    """Sentences as token ids, with the row of each one's label and its weight.

    Attributes
    ----------
    tokens : sequence of list of int, length n_sentences
        Token ids.
    gold : ndarray of shape (n_sentences,)
        Row of the label among the classes.
    weights : ndarray of shape (n_sentences,)
        How much each sentence counts; 1 on average.
    """

    tokens: Sequence[list[int]]
    gold: NDArray[np.intp]
    weights: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp]) -> TuningData:
        """Return some of the sentences."""
        return TuningData([self.tokens[row] for row in rows], self.gold[rows], self.weights[rows])


def count_batches(n_sentences: int, epochs: int) -> int:
    """Count the batches of a fine-tuning.

    Examples
    --------
    >>> count_batches(65, 2)
    6
    """
    return epochs * math.ceil(n_sentences / BATCH)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Make torch compute the same bytes each time on one machine, and leave its settings as they were.

    It computes in one thread: with several, sums would be added in another order.
    """
    import torch

    n_threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(n_threads)


def make_network(source: EncoderSource, n_labels: int) -> torch.nn.Module:
    """Return the encoder with mean pooling, dropout and an untrained linear head, on the CPU.

    The network takes token ids of shape (n_sentences, n_tokens), and a mask of the same shape if some are
    padding; it returns scores of shape (n_sentences, n_labels).
    """
    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    class Network(torch.nn.Module):
        def __init__(self, encoder: Any) -> None:
            super().__init__()
            self.encoder = encoder
            self.dropout = torch.nn.Dropout(DROPOUT)
            self.head = torch.nn.Linear(encoder.config.hidden_size, n_labels)

        def forward(self, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
            states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            if mask is None:
                pooled = states.mean(1)
            else:
                shown = mask.unsqueeze(-1).to(states.dtype)
                pooled = (states * shown).sum(1) / shown.sum(1)
            scores: torch.Tensor = self.head(self.dropout(pooled))
            return scores

    had_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        # Eager attention is the plainest to export.
        encoder = AutoModel.from_pretrained(
            source.folder,
            attn_implementation="eager",
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
        )
    finally:
        if had_bar:
            logging.enable_progress_bar()
    return Network(encoder)


def tuned_layers(network: Any, n_layers: int) -> Any:
    """Return the upper layers of a network's encoder, of any architecture that lists its layers.

    Raises
    ------
    ToolkitError
        If it has fewer.
    """
    import torch

    modules = network.encoder.modules()
    n_there = network.encoder.config.num_hidden_layers
    lists = [module for module in modules if isinstance(module, torch.nn.ModuleList) and len(module) == n_there]
    if not lists or n_layers > n_there:
        raise ToolkitError(
            f"layers is {n_layers}, expected at most {n_there if lists else 0}, as many as the encoder has; "
            "tune fewer [encoder.layers]"
        )
    return lists[0][n_there - n_layers :]


def fine_tune(
    source: EncoderSource,
    train: TuningData,
    n_labels: int,
    plan: TuningPlan,
    held_out: TuningData | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[torch.nn.Module, int]:
    """Tune an encoder; to be called within :func:`reproducible`.

    Parameters
    ----------
    source : EncoderSource
        The pretrained encoder.
    train : TuningData
        The training sentences.
    n_labels : int
        Number of classes.
    plan : TuningPlan
        How it is tuned: by AdamW, with a learning rate that rises and falls linearly.
    held_out : TuningData, optional
        With it, tuning stops when the log loss of these sentences rises, and the best epoch counts.
    progress : callable, optional
        Called after each batch with the number of batches done, and of all.

    Returns
    -------
    (network, n_epochs)
        The network, ready to predict; the number of epochs that it was tuned for.
    """
    import torch

    network = make_network(source, n_labels).eval().requires_grad_(False)
    tuned = tuned_layers(network, plan.layers).requires_grad_(True)
    network.head.requires_grad_(True)
    groups = [
        {"params": list(tuned.parameters()), "lr": plan.learning_rate},
        {"params": list(network.head.parameters()), "lr": HEAD_LEARNING_RATE},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    n_steps = count_batches(len(train.tokens), plan.epochs)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / (WARM_UP * n_steps)) * max(0, (n_steps - step) / n_steps)
    )
    report = progress or (lambda done, of: None)
    rng, step = np.random.default_rng(plan.seed), 0
    best: tuple[float, int, dict[str, torch.Tensor]] = (math.inf, 0, {})
    for epoch in range(1, plan.epochs + 1):
        # What is frozen has no dropout either.
        tuned.train()
        network.dropout.train()
        for rows in _batches(train.tokens, rng):
            optimizer.zero_grad()
            _loss(network, train.take(rows)).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            step += 1
            report(step, n_steps)
        network.eval()
        if held_out is not None:
            loss = _mean_loss(network, held_out)
            if loss >= best[0]:
                report(n_steps, n_steps)
                break
            best = (loss, epoch, copy.deepcopy(trained_weights(network)))
    if held_out is None:
        return network, plan.epochs
    network.load_state_dict(best[2], strict=False)
    return network, best[1]


def trained_weights(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return the weights that were tuned, by name: those of the upper layers and of the head."""
    return {name: weight.detach() for name, weight in network.named_parameters() if weight.requires_grad}


def _batches(tokens: Sequence[list[int]], rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Return all rows in batches of similar length, in random order."""
    order, room = rng.permutation(len(tokens)), BATCH * BATCHES_SORTED
    batches = []
    for start in range(0, len(order), room):
        part = np.array(sorted(order[start : start + room], key=lambda row: len(tokens[row])))
        batches += [part[first : first + BATCH] for first in range(0, len(part), BATCH)]
    return [batches[number] for number in rng.permutation(len(batches))]


def _loss(network: torch.nn.Module, batch: TuningData) -> torch.Tensor:
    """Return the mean of the weighted cross entropies."""
    import torch

    ids = np.zeros((len(batch.tokens), max(map(len, batch.tokens))), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch.tokens):
        ids[row, : len(tokens)], mask[row, : len(tokens)] = tokens, 1
    scores = network(torch.from_numpy(ids), torch.from_numpy(mask))
    losses = torch.nn.functional.cross_entropy(scores, torch.from_numpy(batch.gold.astype(np.int64)), reduction="none")
    weights = torch.from_numpy(batch.weights.astype(np.float32))
    mean: torch.Tensor = (losses * weights).mean()
    return mean


def _mean_loss(network: torch.nn.Module, data: TuningData) -> float:
    import torch

    parts = [data.take(rows) for rows in np.array_split(np.arange(len(data.gold)), count_batches(len(data.gold), 1))]
    with torch.no_grad():
        return sum(float(_loss(network, part)) * len(part.gold) for part in parts) / len(data.gold)
