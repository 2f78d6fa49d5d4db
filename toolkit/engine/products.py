"""Products of sparse rows with a few dense columns, summed in SciPy's order: the same to the last bit, sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from toolkit.engine.kernel import compiled
from toolkit.engine.program import Floats, Int32s, Int64s

# Beyond so many columns a row of sums does not stay in the machine's registers.
MOST_LANES = 16


@intrinsic
def sum_two_rows(
    typing: Any, indices: Any, values: Any, bounds: Any, rows: Any, lanes: Any, sums: Any, places: Any
) -> Any:
    """Write the sums of multiples of ``rows`` for two rows at once, each in its order.

    An addition waits for the one before; those of another row do not. ``bounds`` holds where
    the rows start and end, ``places`` where their sums go, and ``lanes`` is a tuple whose
    length says how many numbers a row of ``rows`` has.
    """
    width = lanes.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, vector = ir.IntType(64), ir.VectorType(ir.DoubleType(), width)
        indices, values, rows, sums = (
            context.make_array(signature.args[which])(context, builder, arguments[which]).data for which in (0, 1, 3, 5)
        )
        bounds = cgutils.unpack_tuple(builder, arguments[2])
        places = cgutils.unpack_tuple(builder, arguments[6])
        widen = builder.sext if signature.args[0].dtype.signed else builder.zext
        zero = ir.Constant(vector, [0.0] * width)
        totals = [cgutils.alloca_once_value(builder, zero) for _ in range(2)]

        def add(at: Any, total: Any) -> None:
            row = widen(builder.load(builder.gep(indices, [at])), number)
            start = builder.mul(row, ir.Constant(number, width))
            pointer = builder.bitcast(builder.gep(rows, [start]), vector.as_pointer())
            value = builder.load(builder.gep(values, [at]))
            first = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
            mask = ir.Constant(ir.VectorType(ir.IntType(32), width), [0] * width)
            times = builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)
            product = builder.fmul(times, builder.load(pointer, align=8))
            builder.store(builder.fadd(builder.load(total), product), total)

        sizes = [builder.sub(bounds[which + 1], bounds[which]) for which in (0, 2)]
        shorter = builder.select(builder.icmp_signed("<", *sizes), *sizes)
        with cgutils.for_range(builder, shorter, intp=number) as loop:
            add(builder.add(bounds[0], loop.index), totals[0])
            add(builder.add(bounds[2], loop.index), totals[1])
        for first, size, total in ((bounds[0], sizes[0], totals[0]), (bounds[2], sizes[1], totals[1])):
            with cgutils.for_range(builder, builder.sub(size, shorter), intp=number) as loop:
                add(builder.add(builder.add(first, shorter), loop.index), total)
        for place, total in zip(places, totals, strict=True):
            pointer = builder.bitcast(builder.gep(sums, [place]), vector.as_pointer())
            builder.store(builder.load(total), pointer, align=8)
        return context.get_dummy_value()

    four, two = types.UniTuple(types.int64, 4), types.UniTuple(types.int64, 2)
    return types.none(indices, values, four, rows, lanes, sums, two), generate


@compiled
def multiply_in_order(
    begins: Int64s,
    ends: Int64s,
    places: Int64s,
    indices: Int32s,
    values: Floats,
    rows: Floats,
    lanes: tuple[int, ...],
    sums: Floats,
) -> None:
    """Multiply compressed rows with ``rows``, flat, into ``sums``, flat.

    Two rows that follow each other are summed at once, best where both are as long. ``begins``
    and ``ends`` say where each stands in ``indices`` and ``values``, ``places`` where it goes.
    """
    width, n_rows = len(lanes), len(places)
    for row in range(0, n_rows - 1, 2):
        bounds = begins[row], ends[row], begins[row + 1], ends[row + 1]
        sum_two_rows(indices, values, bounds, rows, lanes, sums, (places[row] * width, places[row + 1] * width))
    if n_rows % 2:
        last = n_rows - 1
        # Of two rows the second is written last: here it is the one there is.
        bounds, place = (ends[last], ends[last], begins[last], ends[last]), places[last] * width
        sum_two_rows(indices, values, bounds, rows, lanes, sums, (place, place))


class OrderedRows(sp.csr_matrix):
    """Compressed sparse rows whose products with some dense columns are SciPy's to the last bit.

    The same rows are laid down by column too. What was multiplied last is remembered, since an
    optimiser asks for the loss, the gradient and the curvature of one point in turn. Its numbers
    must not be changed; whatever else is asked of it, it does as any other matrix.

    Examples
    --------
    >>> rows = OrderedRows(sp.csr_matrix([[1.0, 0.0], [2.0, 3.0]]))
    >>> (rows @ np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]])).tolist()
    [[1.0, 2.0, 0.0], [5.0, 7.0, 3.0]]
    >>> (np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]) @ rows).tolist()
    [[3.0, 3.0], [2.0, 3.0], [1.0, 0.0]]
    """

    def __matmul__(self, other: Any) -> Any:
        return self._multiply(_by_row, other) if self._is_ours(other) else super().__matmul__(other)

    def __rmatmul__(self, other: Any) -> Any:
        turned = other.T if isinstance(other, np.ndarray) else other
        return self._multiply(_by_column, turned).T if self._is_ours(turned) else super().__rmatmul__(other)

    def _is_ours(self, other: Any) -> bool:
        return (
            type(other) is np.ndarray
            and other.ndim == 2
            and 2 < other.shape[1] <= MOST_LANES
            and other.dtype == self.dtype == np.float64
            and self.indices.dtype == np.int32
        )

    def _multiply(self, lay_down: Callable[[Any], Any], other: Floats) -> Floats:
        known = vars(self).setdefault("_known", {})
        if lay_down not in known:
            known[lay_down] = [lay_down(self), None, None]
        laid_down, last, product = known[lay_down]
        flat = np.ascontiguousarray(other).ravel()
        # The few first numbers tell most apart.
        if last is None or last.shape != flat.shape or (last[:64] != flat[:64]).any() or (last != flat).any():
            width = other.shape[1]
            product = np.empty((len(laid_down[2]), width))
            multiply_in_order(*laid_down, flat, (0,) * width, product.ravel())
            known[lay_down][1:] = flat.copy(), product
        # A copy: an optimiser goes on to write into what it got.
        return product.copy()


def _by_row(rows: Any) -> Any:
    order = np.argsort(np.diff(rows.indptr), kind="stable")
    begins, ends = (bounds.astype(np.int64)[order] for bounds in (rows.indptr[:-1], rows.indptr[1:]))
    return begins, ends, order, rows.indices, rows.data


def _by_column(rows: Any) -> Any:
    """Return the columns, moved so that those that are summed at once, being short, stand together."""
    columns = rows.tocsc()
    sizes = np.diff(columns.indptr)
    order = np.argsort(sizes, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(sizes[order])])
    # Where each number of the new order stood in the old one.
    shifts = (columns.indptr[:-1][order] - bounds[:-1]).astype(np.int32)
    source = np.arange(bounds[-1], dtype=np.int32) + np.repeat(shifts, sizes[order])
    # Half as wide where they fit: how long a product takes is a matter of how much is read.
    kind = np.int32 if rows.shape[0] > np.iinfo(np.uint16).max else np.uint16
    return bounds[:-1], bounds[1:], order, columns.indices.astype(kind)[source], columns.data[source]
