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

from toolkit.engine.intrinsics import compiled
from toolkit.engine.layout import Floats, Int32s, Int64s

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


@compiled
def move_to_columns(
    indptr: Int32s, indices: Int32s, values: Floats, next_places: Int64s, rows: Int32s, moved: Floats
) -> None:
    """Write the row and the value of each number at the next place of its column, row after row."""
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            place = next_places[indices[at]]
            next_places[indices[at]] = place + 1
            rows[place] = row
            moved[place] = values[at]


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
        return self._multiply(lay_by_row, other) if self._is_ours(other) else super().__matmul__(other)

    def __rmatmul__(self, other: Any) -> Any:
        turned = other.T if isinstance(other, np.ndarray) else other
        return self._multiply(lay_by_column, turned).T if self._is_ours(turned) else super().__rmatmul__(other)

    def _is_ours(self, other: Any) -> bool:
        return (
            type(other) is np.ndarray
            and other.ndim == 2
            and 2 < other.shape[1] <= MOST_LANES
            and other.dtype == self.dtype == np.float64
            and self.indices.dtype == np.int32
        )

    def laid_down(self, lay_down: Callable[[Any], Any]) -> Any:
        """Return what a way of laying the rows down gives, which is done once."""
        known = vars(self).setdefault("_laid_down", {})
        if lay_down not in known:
            known[lay_down] = lay_down(self)
        return known[lay_down]

    def _multiply(self, lay_down: Callable[[Any], Any], other: Floats) -> Floats:
        last, product = vars(self).setdefault("_known", {}).get(lay_down, (None, None))
        flat = np.ascontiguousarray(other).ravel()
        # The few first numbers tell most apart.
        if last is None or last.shape != flat.shape or (last[:64] != flat[:64]).any() or (last != flat).any():
            laid_down, width = self.laid_down(lay_down), other.shape[1]
            product = np.empty((len(laid_down[2]), width))
            multiply_in_order(*laid_down, flat, (0,) * width, product.ravel())
            self._known[lay_down] = flat.copy(), product
        # A copy: an optimiser goes on to write into what it got.
        return product.copy()


def lay_by_row(rows: Any) -> Any:
    """Return rows as :func:`multiply_in_order` takes them: those that are summed at once, being as long, together."""
    order = np.argsort(np.diff(rows.indptr), kind="stable")
    begins, ends = (bounds.astype(np.int64)[order] for bounds in (rows.indptr[:-1], rows.indptr[1:]))
    return begins, ends, order, rows.indices, rows.data


def lay_by_column(rows: Any) -> Any:
    """Return the columns likewise, moved so that those that are summed at once, being short, stand together."""
    n_rows, n_columns = rows.shape
    sizes = np.bincount(rows.indices, minlength=n_columns)
    # Narrow numbers are sorted by their digits.
    narrow = sizes.astype(np.uint16) if n_rows <= np.iinfo(np.uint16).max else sizes
    order = np.argsort(narrow, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(sizes[order])])
    next_places = np.empty(n_columns, np.int64)
    next_places[order] = bounds[:-1]
    # Half as wide where they fit: how long a product takes is a matter of how much is read.
    kind = np.int32 if n_rows > np.iinfo(np.uint16).max else np.uint16
    indices, values = np.empty(len(rows.data), kind), np.empty(len(rows.data))
    move_to_columns(rows.indptr, rows.indices, rows.data, next_places, indices, values)
    return bounds[:-1], bounds[1:], order, indices, values
