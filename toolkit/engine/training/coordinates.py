"""Machine code of coordinate descent in the dual of a linear support vector machine."""

from __future__ import annotations

import numpy as np

from toolkit.engine.intrinsics import compiled, prefetch
from toolkit.engine.layout import Floats, Int8s, Int32s, Int64s

# Of each row: its multiplier, what is added to the square of its length, their sum, and its sign.
MULTIPLIER, SLACK, CURVATURE, SIGN, N_FIELDS = np.arange(5).astype(np.uint64)
ONE, LOWER_HALF = np.uint64(1), np.uint64(0xFFFFFFFF)
# A row is asked for so many rows before it is read, a line of the processor's cache after another.
AHEAD, N_LINE = np.uint64(2), 8
LEAST_SLOPE = 1e-12


@compiled
def start_rows(
    begins: Int64s,
    values: Floats,
    rows: Int32s,
    labels: Int8s,
    label: int,
    own_cost: float,
    cost: float,
    fields: Floats,
    order: Int32s,
    weights: Floats,
) -> None:
    """Set all multipliers and weights to zero; rows with the label are told from the others."""
    for column in range(len(weights)):
        weights[column] = 0.0
    for place in range(len(rows)):
        row = np.uint64(rows[place])
        order[place] = rows[place]
        slack = 0.5 / (own_cost if labels[row] == label else cost)
        square = slack
        for at in range(begins[row], begins[row + ONE]):
            square += values[np.uint64(at)] * values[np.uint64(at)]
        first = N_FIELDS * row
        fields[first + MULTIPLIER], fields[first + SLACK], fields[first + CURVATURE] = 0.0, slack, square
        fields[first + SIGN] = 1.0 if labels[row] == label else -1.0


@compiled
def shuffle(order: Int32s, n_active: int, numbers: Int32s, drawn: int) -> int:
    """Put rows in random order; return how many random numbers of 32 bits have been drawn, -1 if there are too few."""
    at, n_rows = np.uint64(drawn), np.uint64(n_active)
    for place in range(n_rows):
        span = n_rows - place
        least = ((ONE << np.uint64(32)) - span) % span
        while True:
            if at >= np.uint64(len(numbers)):
                return -1
            product = np.uint64(numbers[at]) * span
            at += ONE
            # The lowest products are drawn again, so that each number is as likely.
            if product & LOWER_HALF >= least:
                break
        other = place + (product >> np.uint64(32))
        order[place], order[other] = order[other], order[place]
    return np.int64(at)


@compiled
def go_round(
    begins: Int64s,
    indices: Int32s,
    values: Floats,
    order: Int32s,
    n_active: int,
    highest: float,
    fields: Floats,
    weights: Floats,
) -> tuple[int, float, float]:
    """Change the multiplier of one row after another.

    Rows without a multiplier and with a slope above ``highest`` are put behind those that stay.

    Returns
    -------
    n_active, high, low
        How many stay, and between what the slopes of those lay that a multiplier can follow.
    """
    high, low = -np.inf, np.inf
    place, active = np.uint64(0), np.uint64(n_active)
    while place < active:
        row = np.uint64(order[place])
        if place + AHEAD < active:
            later = np.uint64(order[place + AHEAD])
            prefetch(fields, np.int64(N_FIELDS * later))
            for at in range(np.int64(begins[later]), np.int64(begins[later + ONE]), N_LINE):
                prefetch(values, at)
        begin, end, first = np.uint64(begins[row]), np.uint64(begins[row + ONE]), N_FIELDS * row
        slope = 0.0
        for at in range(begin, end):
            slope += weights[np.uint64(indices[at])] * values[at]
        sign, old = fields[first + SIGN], fields[first + MULTIPLIER]
        slope = slope * sign - 1.0
        slope += old * fields[first + SLACK]
        if old == 0.0 and slope > highest:
            active -= ONE
            order[place], order[active] = order[active], order[place]
            continue
        place += ONE
        way = min(slope, 0.0) if old == 0.0 else slope
        high, low = max(high, way), min(low, way)
        if abs(way) > LEAST_SLOPE:
            new = max(old - slope / fields[first + CURVATURE], 0.0)
            fields[first + MULTIPLIER] = new
            change = (new - old) * sign
            for at in range(begin, end):
                weights[np.uint64(indices[at])] += change * values[at]
    return np.int64(active), high, low
