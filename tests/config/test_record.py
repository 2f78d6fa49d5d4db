"""The record of an experiment can be written down and read again, and its digest depends on its settings."""

from tests.config.settings import SETTINGS
from toolkit.config import make_experiment
from toolkit.experiment.runs import without_none


def test_settings_survive_a_round_trip():
    record = make_experiment("x", SETTINGS).to_dict()
    record = without_none(record)
    del record["name"]
    assert make_experiment("x", record) == make_experiment("x", SETTINGS)


def test_rule_lists_survive_a_round_trip():
    rules = [["denial", "denied", "no truth"], ["pledge", "vow*"]]
    for change in (
        {"classifier": {"name": "keywords", "rules": rules}},
        {"features": {"words": [1, 1], "cues": rules}},
    ):
        experiment = make_experiment("x", {**SETTINGS, **change})
        record = without_none(experiment.to_dict())
        del record["name"]
        assert make_experiment("x", record) == experiment


def test_digest_is_of_the_settings_and_not_of_the_name():
    assert make_experiment("x", SETTINGS).digest == make_experiment("y", SETTINGS).digest
    assert make_experiment("x", {**SETTINGS, "seed": 2}).digest != make_experiment("x", SETTINGS).digest


def test_experiment_without_repeats_keeps_its_digest():
    # As before experiments could repeat their cross-validation.
    digest = "93e88a26ba67ce4afac4a35d0976d673ab805825b1ba6479f68a1c4ca148fb85"
    assert make_experiment("x", SETTINGS).digest == digest
    assert make_experiment("x", {**SETTINGS, "evaluation": {"repeats": 1}}).digest == digest
    two = make_experiment("x", {**SETTINGS, "evaluation": {"repeats": 2}})
    assert two.digest != digest
    assert two.to_dict()["evaluation"]["repeats"] == 2
