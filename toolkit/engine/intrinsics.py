"""Vector instructions that numba does not emit by itself, as functions for compiled code.

None of them checks an index: the caller makes sure that what is read or written lies inside its array.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# A cache line of the processor, in words of eight bytes.
LINE = 8
# Frequent columns are counted in binary, 64 at once: a word holds one binary digit of 64 counts.
N_DIGITS = 6

_WORD = ir.IntType(64)
_EIGHT_DOUBLES = ir.VectorType(ir.DoubleType(), 8)
_EIGHT_WORDS = ir.VectorType(_WORD, LINE)


def splat(builder: Any, kind: Any, number: Any) -> Any:
    """Return a vector with the same number in every lane."""
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    )


def data_pointer(context: Any, builder: Any, signature: Any, arguments: Any, which: int) -> Any:
    """Return the pointer to the first element of an array that is an argument."""
    return context.make_array(signature.args[which])(context, builder, arguments[which]).data


def pointer_to(builder: Any, data: Any, index: Any, kind: Any) -> Any:
    """Return a pointer to an element, as one to another type."""
    return builder.bitcast(builder.gep(data, [index]), kind.as_pointer())


@intrinsic
def read_word(typing: Any, data: Any, index: Any) -> Any:
    """Read eight bytes as one little-endian number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = data_pointer(context, builder, signature, arguments, 0)
        return builder.load(pointer_to(builder, data, arguments[1], _WORD), align=1)

    return types.int64(data, types.int64), generate


@intrinsic
def add_eight(typing: Any, totals: Any, to: Any, weights: Any, of: Any, factor: Any) -> Any:
    """Add a multiple of eight weights to eight totals; numba does not vectorise the loop that does the same."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        totals, weights = (data_pointer(context, builder, signature, arguments, which) for which in (0, 2))
        target = pointer_to(builder, totals, arguments[1], _EIGHT_DOUBLES)
        source = pointer_to(builder, weights, arguments[3], _EIGHT_DOUBLES)
        product = builder.fmul(builder.load(source, align=8), splat(builder, _EIGHT_DOUBLES, arguments[4]))
        builder.store(builder.fadd(builder.load(target, align=8), product), target, align=8)
        return context.get_dummy_value()

    return types.none(totals, types.int64, weights, types.int64, types.float64), generate


@intrinsic
def add_rows_of_eight(
    typing: Any, totals: Any, to: Any, weights: Any, of: Any, numbers: Any, first: Any, last: Any, width: Any
) -> Any:
    """Add eight columns of several rows of weights to eight totals, which stay in a register throughout."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        totals, weights, numbers = (data_pointer(context, builder, signature, arguments, which) for which in (0, 2, 4))
        target = pointer_to(builder, totals, arguments[1], _EIGHT_DOUBLES)
        total = cgutils.alloca_once_value(builder, builder.load(target, align=8))
        with cgutils.for_range_slice(builder, arguments[5], arguments[6], arguments[6].type(1)) as (which, _):
            number = builder.sext(builder.load(builder.gep(numbers, [which])), _WORD)
            index = builder.add(builder.mul(number, arguments[7]), arguments[3])
            row = pointer_to(builder, weights, index, _EIGHT_DOUBLES)
            builder.store(builder.fadd(builder.load(total), builder.load(row, align=8)), total)
        builder.store(builder.load(total), target, align=8)
        return context.get_dummy_value()

    indexes = (types.int64,) * 3
    return types.none(totals, types.int64, weights, types.int64, numbers, *indexes), generate


@intrinsic
def count_bits(typing: Any, bits: Any) -> Any:
    """Return the number of bits that are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def prefetch(typing: Any, array: Any, index: Any) -> Any:
    """Prefetch the cache line of an element; an index outside the array does no harm."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = data_pointer(context, builder, signature, arguments, 0)
        pointer, number = pointer_to(builder, data, arguments[1], ir.IntType(8)), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # For reading (0), into all levels of the cache (3), of data (1).
        builder.call(function, [pointer, ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.none(array, types.int64), generate


@intrinsic
def lowest_bit(typing: Any, bits: Any) -> Any:
    """Return the index of the lowest bit that is set; at least one must be."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(bits), generate


@intrinsic
def matches_at_once(typing: Any, table: Any, index: Any, tag: Any, shift: Any) -> Any:
    """Return a bit for each of the eight words of a line: whether it equals a tag once it is shifted right."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        table = data_pointer(context, builder, signature, arguments, 0)
        words = builder.load(pointer_to(builder, table, arguments[1], _EIGHT_WORDS), align=8)
        shifted = builder.ashr(words, splat(builder, _EIGHT_WORDS, arguments[3]))
        same = builder.icmp_signed("==", shifted, splat(builder, _EIGHT_WORDS, arguments[2]))
        return builder.zext(builder.bitcast(same, ir.IntType(8)), _WORD)

    return types.int64(table, types.int64, types.int64, types.int64), generate


@intrinsic
def blanks_at_once(typing: Any, data: Any, index: Any) -> Any:
    """Return a bit for each of 64 bytes, the first lowest: whether it may be, or may start, white space."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = data_pointer(context, builder, signature, arguments, 0)
        kind = ir.VectorType(ir.IntType(8), 64)
        # All bytes but those from 0x21 to 0x7F.
        shifted = builder.sub(
            builder.load(pointer_to(builder, data, arguments[1], kind), align=1), ir.Constant(kind, [0x21] * 64)
        )
        return builder.bitcast(builder.icmp_unsigned(">=", shifted, ir.Constant(kind, [0x80 - 0x21] * 64)), _WORD)

    return types.int64(data, types.int64), generate


@intrinsic
def copy_at_once(typing: Any, target: Any, to: Any, source: Any, of: Any) -> Any:
    """Copy 64 bytes of numbers, aligned to one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.get_data_type(signature.args[0].dtype)
        size = context.get_abi_sizeof(number)
        several = ir.VectorType(number, 64 // size)
        target, source = (
            pointer_to(
                builder, data_pointer(context, builder, signature, arguments, which), arguments[which + 1], several
            )
            for which in (0, 2)
        )
        builder.store(builder.load(source, align=size), target, align=size)
        return context.get_dummy_value()

    return types.none(target, types.int64, source, types.int64), generate


@intrinsic
def count_at_once(typing: Any, digits: Any, records: Any, lines: Any, first: Any, last: Any) -> Any:
    """Add one to the binary counts of all columns in several bit sets; the counts stay in registers throughout."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        digits, records, lines = (data_pointer(context, builder, signature, arguments, which) for which in range(3))
        pointers = [
            pointer_to(builder, digits, ir.Constant(_WORD, digit * LINE), _EIGHT_WORDS) for digit in range(N_DIGITS)
        ]
        counts = [cgutils.alloca_once_value(builder, builder.load(pointer, align=8)) for pointer in pointers]
        with cgutils.for_range_slice(builder, arguments[3], arguments[4], _WORD(1)) as (which, _):
            line = builder.sext(builder.load(builder.gep(lines, [which])), _WORD)
            members = pointer_to(builder, records, builder.mul(line, _WORD(LINE)), _EIGHT_WORDS)
            carry = builder.load(members, align=8)
            for digit in counts:
                before = builder.load(digit)
                builder.store(builder.xor(before, carry), digit)
                carry = builder.and_(before, carry)
        for digit, pointer in zip(counts, pointers, strict=True):
            builder.store(builder.load(digit), pointer, align=8)
        return context.get_dummy_value()

    return types.none(digits, records, lines, types.int64, types.int64), generate


@intrinsic
def read_times_at_once(typing: Any, times: Any, digits: Any) -> Any:
    """Write the binary counts of all columns as one byte each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flags, numbers = ir.VectorType(ir.IntType(1), 64), ir.VectorType(ir.IntType(8), 64)
        times, digits = (data_pointer(context, builder, signature, arguments, which) for which in range(2))
        for lane in range(LINE):
            counts = ir.Constant(numbers, [0] * 64)
            for digit in range(N_DIGITS):
                word = builder.load(builder.gep(digits, [ir.Constant(_WORD, digit * LINE + lane)]))
                place_value, zero = (ir.Constant(numbers, [number] * 64) for number in (1 << digit, 0))
                counts = builder.or_(counts, builder.select(builder.bitcast(word, flags), place_value, zero))
            target = pointer_to(builder, times, ir.Constant(_WORD, 64 * lane), numbers)
            builder.store(counts, target, align=1)
        return context.get_dummy_value()

    return types.none(times, digits), generate


@intrinsic
def add_changes_of_eight(
    typing: Any,
    totals: Any,
    to: Any,
    weights: Any,
    of: Any,
    width: Any,
    changes: Any,
    at: Any,
    numbers: Any,
    times: Any,
    first: Any,
    last: Any,
) -> Any:
    """Correct eight totals for columns that occur repeatedly: add each column's weights times its correction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        totals, weights, changes, numbers, times = (
            data_pointer(context, builder, signature, arguments, which) for which in (0, 2, 5, 7, 8)
        )
        target = pointer_to(builder, totals, arguments[1], _EIGHT_DOUBLES)
        total = cgutils.alloca_once_value(builder, builder.load(target, align=8))
        is_last = builder.icmp_signed("==", builder.add(arguments[3], _WORD(8)), arguments[4])
        with cgutils.for_range_slice(builder, arguments[9], arguments[10], _WORD(1)) as (which, _):
            column = builder.sext(builder.load(builder.gep(numbers, [which])), _WORD)
            count = builder.zext(builder.load(builder.gep(times, [column])), _WORD)
            index = builder.add(arguments[6], builder.mul(count, _WORD(2)))
            change = builder.load(builder.gep(changes, [index]))
            of_length = builder.load(builder.gep(changes, [builder.add(index, _WORD(1))]))
            # The last lane holds the length of the part, which has a correction of its own.
            of_length = builder.select(is_last, builder.fadd(change, of_length), change)
            factors = builder.insert_element(splat(builder, _EIGHT_DOUBLES, change), of_length, ir.IntType(32)(7))
            index = builder.add(builder.mul(column, arguments[4]), arguments[3])
            row = builder.load(pointer_to(builder, weights, index, _EIGHT_DOUBLES), align=8)
            builder.store(builder.fadd(builder.load(total), builder.fmul(row, factors)), total)
        builder.store(builder.load(total), target, align=8)
        return context.get_dummy_value()

    indexes = (types.int64,) * 2
    given = (totals, types.int64, weights, *indexes, changes, types.int64, numbers, times, *indexes)
    return types.none(*given), generate
