"""Sparse rows -> their products with a few dense columns: SciPy's results to the last bit, faster."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from toolkit.engine.compiler import compiled
from toolkit.engine.intrinsics import splat
from toolkit.engine.layout import Floats, Int32s, Int64s

# A row of more sums does not fit into the processor's registers.
MAX_LANES = 16


class Arrangement(NamedTuple):
    """Rows (or columns) of a sparse matrix, reordered so that neighbours have about equally many entries.

    Attributes
    ----------
    begins, ends : ndarray of shape (n_rows,)
        Where the entries of each row start and end in ``indices`` and ``values``.
    order : ndarray of shape (n_rows,)
        The index that each row has in the matrix.
    indices, values : ndarray of shape (n_entries,)
        Columns and values of the entries, in SciPy's order of summation.
    """

    begins: Int64s
    ends: Int64s
    order: Int64s
    indices: Int32s
    values: Floats


@intrinsic
def sum_two_rows(
    typing: Any, indices: Any, values: Any, bounds: Any, dense: Any, lanes: Any, sums: Any, targets: Any
) -> Any:
    """Write the weighted sums of rows of ``dense`` for two sparse rows at once, each in its own order.

    An addition has to wait for the previous one of the same row, but not for those of the other
    row. ``bounds`` holds begin and end of both sparse rows, ``targets`` where their sums go, and
    the length of the tuple ``lanes`` is the number of columns of ``dense``.
    """
    width = lanes.count

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, vector = ir.IntType(64), ir.VectorType(ir.DoubleType(), width)
        indices, values, dense, sums = (
            context.make_array(signature.args[which])(context, builder, arguments[which]).data for which in (0, 1, 3, 5)
        )
        bounds = cgutils.unpack_tuple(builder, arguments[2])
        targets = cgutils.unpack_tuple(builder, arguments[6])
        widen = builder.sext if signature.args[0].dtype.signed else builder.zext
        zero = ir.Constant(vector, [0.0] * width)
        totals = [cgutils.alloca_once_value(builder, zero) for _ in range(2)]

        def add(at: Any, total: Any) -> None:
            row = widen(builder.load(builder.gep(indices, [at])), number)
            start = builder.mul(row, ir.Constant(number, width))
            pointer = builder.bitcast(builder.gep(dense, [start]), vector.as_pointer())
            factor = splat(builder, vector, builder.load(builder.gep(values, [at])))
            product = builder.fmul(factor, builder.load(pointer, align=8))
            builder.store(builder.fadd(builder.load(total), product), total)

        sizes = [builder.sub(bounds[which + 1], bounds[which]) for which in (0, 2)]
        shorter = builder.select(builder.icmp_signed("<", *sizes), *sizes)
        with cgutils.for_range(builder, shorter, intp=number) as loop:
            add(builder.add(bounds[0], loop.index), totals[0])
            add(builder.add(bounds[2], loop.index), totals[1])
        for first, size, total in ((bounds[0], sizes[0], totals[0]), (bounds[2], sizes[1], totals[1])):
            with cgutils.for_range(builder, builder.sub(size, shorter), intp=number) as loop:
                add(builder.add(builder.add(first, shorter), loop.index), total)
        for target, total in zip(targets, totals, strict=True):
            pointer = builder.bitcast(builder.gep(sums, [target]), vector.as_pointer())
            builder.store(builder.load(total), pointer, align=8)
        return context.get_dummy_value()

    four, two = types.UniTuple(types.int64, 4), types.UniTuple(types.int64, 2)
    return types.none(indices, values, four, dense, lanes, sums, two), generate


@compiled
def multiply_in_order(
    begins: Int64s,
    ends: Int64s,
    order: Int64s,
    indices: Int32s,
    values: Floats,
    dense: Floats,
    lanes: tuple[int, ...],
    sums: Floats,
) -> None:
    """Multiply an :class:`Arrangement` with a dense matrix of ``len(lanes)`` columns; both matrices are flat.

    Consecutive rows are summed in pairs, which is fastest when both have equally many entries.
    """
    width, n_rows = len(lanes), len(order)
    for row in range(0, n_rows - 1, 2):
        bounds = begins[row], ends[row], begins[row + 1], ends[row + 1]
        sum_two_rows(indices, values, bounds, dense, lanes, sums, (order[row] * width, order[row + 1] * width))
    if n_rows % 2:
        last = n_rows - 1
        # Paired with an empty row. The second sum is written last, so it must be that of the real row.
        bounds, target = (ends[last], ends[last], begins[last], ends[last]), order[last] * width
        sum_two_rows(indices, values, bounds, dense, lanes, sums, (target, target))


@compiled
def transpose_entries(
    indptr: Int32s, indices: Int32s, values: Floats, next_free: Int64s, rows: Int32s, transposed: Floats
) -> None:
    """Write row and value of each entry to the next free position of its column, row by row."""
    for row in range(len(indptr) - 1):
        for at in range(indptr[row], indptr[row + 1]):
            target = next_free[indices[at]]
            next_free[indices[at]] = target + 1
            rows[target] = row
            transposed[target] = values[at]


class OrderedRows(sp.csr_matrix):
    """A CSR matrix whose products with a few dense columns equal SciPy's to the last bit, faster.

    It also keeps its entries by column, and remembers its last product from either side, since
    an optimiser asks for loss, gradient and curvature at one point in turn. Its entries must not
    be changed. All other operations are those of any CSR matrix.

    Examples
    --------
    >>> rows = OrderedRows(sp.csr_matrix([[1.0, 0.0], [2.0, 3.0]]))
    >>> (rows @ np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]])).tolist()
    [[1.0, 2.0, 0.0], [5.0, 7.0, 3.0]]
    >>> (np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]) @ rows).tolist()
    [[3.0, 3.0], [2.0, 3.0], [1.0, 0.0]]
    """

    def __matmul__(self, other: Any) -> Any:
        return self._multiply("rows", other) if self._is_supported(other) else super().__matmul__(other)

    def __rmatmul__(self, other: Any) -> Any:
        transposed = other.T if isinstance(other, np.ndarray) else other
        if not self._is_supported(transposed):
            return super().__rmatmul__(other)
        return self._multiply("columns", transposed).T

    def _is_supported(self, other: Any) -> bool:
        return (
            type(other) is np.ndarray
            and other.ndim == 2
            and 2 < other.shape[1] <= MAX_LANES
            and other.dtype == self.dtype == np.float64
            and self.indices.dtype == np.int32
        )

    @cached_property
    def _rows(self) -> Arrangement:
        return arrange_rows(self)

    @cached_property
    def _columns(self) -> Arrangement:
        return arrange_columns(self)

    @cached_property
    def _last_products(self) -> dict[str, tuple[Floats, Floats]]:
        """The last dense factor and the product, for products of rows and of columns."""
        return {}

    def _multiply(self, axis: str, other: Floats) -> Floats:
        flat = np.ascontiguousarray(other).ravel()
        factor, product = self._last_products.get(axis, (None, None))
        # Nearly all different factors differ in their first numbers already.
        if factor is None or factor.shape != flat.shape or (factor[:64] != flat[:64]).any() or (factor != flat).any():
            arrangement, width = self._rows if axis == "rows" else self._columns, other.shape[1]
            product = np.empty((len(arrangement.order), width))
            multiply_in_order(*arrangement, flat, (0,) * width, product.ravel())
            self._last_products[axis] = flat.copy(), product
        # A copy, since an optimiser writes into what it gets.
        return product.copy()


def arrange_rows(matrix: sp.csr_matrix) -> Arrangement:
    """Return the rows of a CSR matrix, shortest first; the entries stay where they are."""
    order = np.argsort(np.diff(matrix.indptr), kind="stable")
    begins, ends = (bounds.astype(np.int64)[order] for bounds in (matrix.indptr[:-1], matrix.indptr[1:]))
    return Arrangement(begins, ends, order, matrix.indices, matrix.data)


def arrange_columns(matrix: sp.csr_matrix) -> Arrangement:
    """Return the columns of a CSR matrix, shortest first, with their entries moved into this order."""
    n_rows, n_columns = matrix.shape
    sizes = np.bincount(matrix.indices, minlength=n_columns)
    # NumPy sorts integers of 16 bits by radix.
    narrow = sizes.astype(np.uint16) if n_rows <= np.iinfo(np.uint16).max else sizes
    order = np.argsort(narrow, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(sizes[order])])
    next_free = np.empty(n_columns, np.int64)
    next_free[order] = bounds[:-1]
    # The time of a product is that of reading its operands: half as wide where the row numbers fit.
    kind = np.int32 if n_rows > np.iinfo(np.uint16).max else np.uint16
    indices, values = np.empty(len(matrix.data), kind), np.empty(len(matrix.data))
    transpose_entries(matrix.indptr, matrix.indices, matrix.data, next_free, indices, values)
    return Arrangement(bounds[:-1], bounds[1:], order, indices, values)
