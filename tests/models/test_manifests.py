"""What a manifest lacks or holds in another type is said by name."""

import pytest

from toolkit.models.manifests import misfits


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"weight": 1}, None),
        ({"weight": 0.5}, None),
        ({"weight": True}, "encoder.weight is True, expected a number"),
        ({}, "encoder lacks 'weight'"),
        ([], r"encoder is [], expected keys with values"),
        ({"weight": 1, "bytes": -1}, "encoder.bytes is -1, expected a whole number"),
    ],
)
def test_misfit_is_named(value, message):
    assert next(misfits(value, "encoder", {"weight": float}, {"bytes": int}), None) == message
