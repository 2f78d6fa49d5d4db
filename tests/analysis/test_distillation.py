"""The record of a distilled run survives its JSON, and other runs have none of it."""

import json
import re

import pytest

from tests.analysis.builders import distillation_of
from toolkit.analysis.distillation import Distillation
from toolkit.analysis.records import from_plain
from toolkit.exceptions import RunError


def test_record_survives_a_round_trip():
    for record in (distillation_of("f" * 64), distillation_of(None, 0.0, ("a.txt", "b.csv"))):
        plain = json.loads(json.dumps(record.to_dict()))
        assert from_plain(Distillation, plain, "the record", "train again") == record


def test_wrong_weight_is_named():
    plain = {**distillation_of(None).to_dict(), "weight": "much"}
    with pytest.raises(RunError, match=re.escape("weight is 'much', expected a number; train again")):
        from_plain(Distillation, plain, "the record", "train again")


def test_runs_without_text_do_not_mention_it(workplace):
    for name in ("manifest.json", "report.json", "model/manifest.json", "report.html", "model/README.md"):
        assert "istill" not in (workplace / "runs/words" / name).read_text()
