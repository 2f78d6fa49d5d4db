"""Batches hold each sentence once; only the upper layers and the head are tuned."""

import numpy as np
import pytest

from toolkit.encoder.fine_tuning import (
    BATCH,
    TuningData,
    TuningPlan,
    _batches,
    count_batches,
    fine_tune,
    make_network,
    reproducible,
    trained_weights,
    tuned_layers,
)
from toolkit.encoder.sources import find_encoder
from toolkit.exceptions import ToolkitError


def test_batches_hold_each_sentence_once_and_are_as_many_as_counted():
    rng = np.random.default_rng(0)
    tokens = [[1] * length for length in rng.integers(1, 30, 70)]
    batches = _batches(tokens, rng)
    assert sorted(np.concatenate(batches)) == list(range(70))
    assert len(batches) == count_batches(70, 1) == 3
    assert max(map(len, batches)) == BATCH


def test_sentences_of_a_batch_are_of_similar_length():
    tokens = [[1] * length for length in range(1, 3 * BATCH + 1)]
    spans = [max(batch) - min(batch) for batch in _batches(tokens, np.random.default_rng(0))]
    assert spans == [BATCH - 1] * 3


@pytest.mark.slow
def test_only_upper_layers_and_head_are_tuned(tiny_encoder):
    import torch

    source = find_encoder(str(tiny_encoder))
    data = TuningData([[2, 4, 5, 3]] * 4, np.array([0, 1, 0, 1]), np.ones(4))
    steps = []
    with reproducible(0):
        before = {name: weight.clone() for name, weight in make_network(source, 2).named_parameters()}
        plan = TuningPlan(1, 2, 0.01, 0)
        network, n_epochs = fine_tune(source, data, 2, plan, progress=lambda *step: steps.append(step))
    tuned = trained_weights(network)
    assert {name.partition(".layer.")[2][:1] for name in tuned} == {"1", ""}
    changed = {
        name
        for name, weight in network.named_parameters()
        if name.startswith("encoder") and not torch.equal(weight, before[name])
    }
    assert changed
    assert changed <= set(tuned)
    assert (steps, n_epochs) == ([(1, 2), (2, 2)], 2)


@pytest.mark.slow
def test_settings_of_torch_are_left_as_they_were(tiny_encoder):
    import torch

    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.random.get_rng_state()
    with reproducible(1):
        torch.rand(3)
        assert torch.get_num_threads() == 1
    after = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.random.get_rng_state()
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])


@pytest.mark.slow
def test_more_layers_than_there_are_is_refused(tiny_encoder):
    network = make_network(find_encoder(str(tiny_encoder)), 2)
    assert len(tuned_layers(network, 2)) == 2
    with pytest.raises(ToolkitError, match=r"layers is 3, expected at most 2, .*; tune fewer \[encoder.layers\]"):
        tuned_layers(network, 3)


@pytest.mark.slow
def test_tuning_stops_when_the_held_out_loss_rises(tiny_encoder):
    source = find_encoder(str(tiny_encoder))
    tokens = [[2, 4, 5, 3], [2, 9, 8, 3]] * 8
    train = TuningData(tokens, np.array([0, 1] * 8), np.ones(16))
    # Labels the other way round: whatever is learned makes them worse.
    held_out = TuningData(tokens, np.array([1, 0] * 8), np.ones(16))
    with reproducible(0):
        _, n_epochs = fine_tune(source, train, 2, TuningPlan(2, 30, 0.01, 0), held_out)
        _, n_of_all = fine_tune(source, train, 2, TuningPlan(2, 3, 0.01, 0), train)
    assert n_epochs < 30
    assert n_of_all == 3
