"""Machine code of Newton's method with conjugate gradients, in the order in which NumPy adds numbers up.

What several regressions ask the same matrix to be multiplied with stands side by side, a row a
column of the matrix; what is their own lies one regression after another.
"""

from __future__ import annotations

from toolkit.engine.intrinsics import compiled, copy_at_once
from toolkit.engine.layout import Floats, Int64s

# NumPy adds up so many numbers at once, in blocks of so many; more than those it halves.
N_SUMS, BLOCK = 8, 128


@compiled
def join_points(points: Floats, begins: Int64s, n_labels: int, width: int, lanes: Floats) -> None:
    """Write points, each a row of ``n_labels`` a column of the matrix, beside each other into rows of ``width``.

    Whatever comes after the numbers of one is written over by the next: rows and points go up.
    """
    for row in range(len(lanes) // width):
        for which in range(len(begins)):
            copy_at_once(lanes, row * width + which * n_labels, points, begins[which] + row * n_labels)


@compiled
def part_sums(lanes: Floats, width: int, n_labels: int, begins: Int64s, sums: Floats) -> None:
    """Write sums that stand beside each other in rows of ``width`` apart, as :func:`join_points` found the points."""
    for row in range(len(lanes) // width):
        for which in range(len(begins)):
            copy_at_once(sums, begins[which] + row * n_labels, lanes, row * width + which * n_labels)


@compiled
def weigh_rows(
    sums: Floats, lane: int, width: int, offsets: Floats, proba: Floats, weights: Floats, totals: Floats
) -> None:
    """Replace products of rows with a direction by those of the loss's curvature with it; add up their columns."""
    n_labels = len(totals)
    for row in range(len(sums) // width):
        first, said = row * width + lane, row * n_labels
        mean = 0.0
        for label in range(n_labels):
            sums[first + label] += offsets[label]
            part = proba[said + label] * sums[first + label]
            # As NumPy has it: zero is not added to.
            mean = part if label == 0 else mean + part
        for label in range(n_labels):
            part = (sums[first + label] - mean) * proba[said + label] * weights[row]
            sums[first + label] = part
            totals[label] = part if row == 0 else totals[label] + part


@compiled
def add_penalty(sums: Floats, total: float, penalty: float, point: Floats) -> None:
    """Divide sums by ``total`` and add a multiple of the point."""
    for place in range(len(point)):
        sums[place] = sums[place] / total + penalty * point[place]


@compiled
def advance(step: float, curved: Floats, residual: Floats, begin: int, end: int) -> float:
    """Take a step off what is left; return the sum of its sizes, in NumPy's order."""
    size = end - begin
    if size > BLOCK:
        middle = begin + size // 2 - size // 2 % N_SUMS
        first = advance(step, curved, residual, begin, middle)
        return first + advance(step, curved, residual, middle, end)
    for place in range(begin, end):
        residual[place] += step * curved[place]
    whole = end - size % N_SUMS
    total = 0.0
    if size >= N_SUMS:
        a, b, c, d = abs(residual[begin]), abs(residual[begin + 1]), abs(residual[begin + 2]), abs(residual[begin + 3])
        e, f, g, h = (
            abs(residual[begin + 4]),
            abs(residual[begin + 5]),
            abs(residual[begin + 6]),
            abs(residual[begin + 7]),
        )
        for place in range(begin + N_SUMS, whole, N_SUMS):
            a, b = a + abs(residual[place]), b + abs(residual[place + 1])
            c, d = c + abs(residual[place + 2]), d + abs(residual[place + 3])
            e, f = e + abs(residual[place + 4]), f + abs(residual[place + 5])
            g, h = g + abs(residual[place + 6]), h + abs(residual[place + 7])
        total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for place in range(whole, end):
        total += abs(residual[place])
    return total


@compiled
def turn(step: float, share: float, residual: Floats, solution: Floats, direction: Floats) -> None:
    """Go a step of conjugate gradients, and make the next direction."""
    for place in range(len(direction)):
        solution[place] += step * direction[place]
        direction[place] = -residual[place] + share * direction[place]
