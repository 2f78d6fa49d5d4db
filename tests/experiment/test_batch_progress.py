"""Batches of several processes make one progress, which ends when all are done."""

import pickle
import time

from toolkit.experiment import batch_progress
from toolkit.experiment.batch_progress import counted_batches


def test_batches_are_reported_while_they_are_done(monkeypatch):
    monkeypatch.setattr(batch_progress, "SECONDS", 0.01)
    reported = []
    with counted_batches(4, lambda *report: reported.append(report)) as counter:
        for batch in range(4):
            pickle.loads(pickle.dumps(counter))(batch + 1, 4)
            time.sleep(0.05)
        assert ("fine-tuning step", 1, 4) in reported
        # The last comes when what follows the batches is done as well.
        assert ("fine-tuning step", 4, 4) not in reported
    assert reported[-1] == ("fine-tuning step", 4, 4)
    assert [done for _, done, _ in reported] == sorted(done for _, done, _ in reported)
