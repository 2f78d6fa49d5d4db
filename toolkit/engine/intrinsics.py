"""TODO toolkit.engine.intrinsics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# A record is whole lines of the processor's cache, of eight words of eight bytes. It holds in words: a chunk's
# first and last eight bytes; its length, and in the lower half the number of its columns; where its bytes are
# kept, and in the lower half flags; the rules with a cue in it; for each part with tokens their number and, below, one
# or two of them by themselves, of more where in the record they stand; the parts of cues it has; in halves
# of words, its columns but for the frequent ones. From the next line on: sums of weights by part; sets of frequent
# columns, a bit each; tokens.
LINE = 8
# Frequent columns are counted all at once, in binary: a word holds one digit of 64 of them.
N_DIGITS = 6


def compiled(function: Callable[..., Any], makes_arrays: bool = False, inside: bool = False) -> Callable[..., Any]:
    """Compile a function, cached where numba finds a folder it may write to.

    No function here makes an array; told so, numba counts no references to those it gets,
    which takes as long as what is done with them. Code that checks each index is not cached:
    numba keeps it under the same key as code that does not. One that is compiled ``inside``
    its callers gets no arguments: to pass all arrays of a program takes a word's time.
    """
    options = {"nogil": True, "_nrt": makes_arrays, "forceinline": inside}
    try:
        return numba.njit(cache=not numba.config.BOUNDSCHECK, **options)(function)
    except RuntimeError:
        # No such folder: a shared one, like /tmp, would let others plant code.
        return numba.njit(**options)(function)


compiled_inside = partial(compiled, inside=True)


def spread_over(builder: Any, kind: Any, number: Any) -> Any:
    """Return a vector of one number."""
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    )


@intrinsic
def read_word(typing: Any, data: Any, place: Any) -> Any:
    """Read eight bytes as one number; the caller sees to it that they are there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)

    return types.int64(data, types.int64), generate


@intrinsic
def add_eight(typing: Any, totals: Any, to: Any, weights: Any, of: Any, times: Any) -> Any:
    """Add a multiple of eight weights to eight totals; numba leaves such code one number wide."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        eight = ir.VectorType(ir.DoubleType(), 8)
        pointers = []
        for array, place in ((0, 1), (2, 3)):
            held = context.make_array(signature.args[array])(context, builder, arguments[array])
            pointer = builder.gep(held.data, [arguments[place]])
            pointers.append(builder.bitcast(pointer, eight.as_pointer()))
        product = builder.fmul(builder.load(pointers[1], align=8), spread_over(builder, eight, arguments[4]))
        total = builder.fadd(builder.load(pointers[0], align=8), product)
        builder.store(total, pointers[0], align=8)
        return context.get_dummy_value()

    return types.none(totals, types.int64, weights, types.int64, types.float64), generate


@intrinsic
def add_rows_of_eight(
    typing: Any, totals: Any, to: Any, weights: Any, of: Any, numbers: Any, first: Any, last: Any, width: Any
) -> Any:
    """Add eight of each of some rows of weights to eight totals, which stay in a register meanwhile."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        eight = ir.VectorType(ir.DoubleType(), 8)
        totals, weights, numbers = (
            context.make_array(signature.args[place])(context, builder, arguments[place]).data for place in (0, 2, 4)
        )
        target = builder.bitcast(builder.gep(totals, [arguments[1]]), eight.as_pointer())
        total = cgutils.alloca_once_value(builder, builder.load(target, align=8))
        with cgutils.for_range_slice(builder, arguments[5], arguments[6], arguments[6].type(1)) as (which, _):
            number = builder.sext(builder.load(builder.gep(numbers, [which])), ir.IntType(64))
            place = builder.add(builder.mul(number, arguments[7]), arguments[3])
            row = builder.bitcast(builder.gep(weights, [place]), eight.as_pointer())
            builder.store(builder.fadd(builder.load(total), builder.load(row, align=8)), total)
        builder.store(builder.load(total), target, align=8)
        return context.get_dummy_value()

    places = (types.int64,) * 3
    return types.none(totals, types.int64, weights, types.int64, numbers, *places), generate


@intrinsic
def count_bits(typing: Any, bits: Any) -> Any:
    """Return how many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def prefetch(typing: Any, array: Any, place: Any) -> Any:
    """Ask for a part of an array before it is needed; a place outside does no harm."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.bitcast(builder.gep(held.data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, ir.Constant(number, 0), ir.Constant(number, 3), ir.Constant(number, 1)])
        return context.get_dummy_value()

    return types.none(array, types.int64), generate


@intrinsic
def lowest_bit(typing: Any, bits: Any) -> Any:
    """Return the number of the lowest bit that is set; there is one."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


@intrinsic
def matches_at_once(typing: Any, table: Any, place: Any, tag: Any, shift: Any) -> Any:
    """Say of the eight numbers of a line which are a tag, once shifted: a bit each."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = ir.VectorType(ir.IntType(64), LINE)
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.bitcast(builder.gep(held.data, [arguments[1]]), words.as_pointer())
        shifted = builder.ashr(builder.load(pointer, align=8), spread_over(builder, words, arguments[3]))
        same = builder.icmp_signed("==", shifted, spread_over(builder, words, arguments[2]))
        return builder.zext(builder.bitcast(same, ir.IntType(8)), ir.IntType(64))

    return types.int64(table, types.int64, types.int64, types.int64), generate


@intrinsic
def blanks_at_once(typing: Any, data: Any, place: Any) -> Any:
    """Say of 64 bytes which may be white space or start some: a bit each, the first the lowest; they are there."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        kind = ir.VectorType(ir.IntType(8), 64)
        pointer = builder.bitcast(builder.gep(array.data, [arguments[1]]), kind.as_pointer())
        # Those from 0x21 to 0x7F can not.
        shifted = builder.sub(builder.load(pointer, align=1), ir.Constant(kind, [0x21] * 64))
        return builder.bitcast(
            builder.icmp_unsigned(">=", shifted, ir.Constant(kind, [0x80 - 0x21] * 64)), ir.IntType(64)
        )

    return types.int64(data, types.int64), generate


@intrinsic
def copy_at_once(typing: Any, target: Any, to: Any, source: Any, of: Any) -> Any:
    """Copy 64 bytes of numbers, aligned as one; the caller sees to it that they are there, and that there is room."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = context.get_data_type(signature.args[0].dtype)
        size = context.get_abi_sizeof(number)
        several = ir.VectorType(number, 64 // size)
        pointers = []
        for array, place in ((0, 1), (2, 3)):
            held = context.make_array(signature.args[array])(context, builder, arguments[array])
            pointer = builder.gep(held.data, [arguments[place]])
            pointers.append(builder.bitcast(pointer, several.as_pointer()))
        builder.store(builder.load(pointers[1], align=size), pointers[0], align=size)
        return context.get_dummy_value()

    return types.none(target, types.int64, source, types.int64), generate


@intrinsic
def count_at_once(typing: Any, digits: Any, records: Any, lines: Any, first: Any, last: Any) -> Any:
    """Add one to the binary numbers of all columns of some sets, which stay in registers meanwhile."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words, number = ir.VectorType(ir.IntType(64), LINE), ir.IntType(64)
        digits, records, lines = (
            context.make_array(signature.args[place])(context, builder, arguments[place]).data for place in range(3)
        )
        places = [
            builder.bitcast(builder.gep(digits, [ir.Constant(number, digit * LINE)]), words.as_pointer())
            for digit in range(N_DIGITS)
        ]
        held = [cgutils.alloca_once_value(builder, builder.load(place, align=8)) for place in places]
        with cgutils.for_range_slice(builder, arguments[3], arguments[4], number(1)) as (which, _):
            line = builder.sext(builder.load(builder.gep(lines, [which])), number)
            pointer = builder.gep(records, [builder.mul(line, number(LINE))])
            carry = builder.load(builder.bitcast(pointer, words.as_pointer()), align=8)
            for digit in held:
                before = builder.load(digit)
                builder.store(builder.xor(before, carry), digit)
                carry = builder.and_(before, carry)
        for digit, place in zip(held, places, strict=True):
            builder.store(builder.load(digit), place, align=8)
        return context.get_dummy_value()

    return types.none(digits, records, lines, types.int64, types.int64), generate


@intrinsic
def read_times_at_once(typing: Any, times: Any, digits: Any) -> Any:
    """Write the binary numbers of all columns one after another."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        flags, numbers = ir.VectorType(ir.IntType(1), 64), ir.VectorType(ir.IntType(8), 64)
        times, digits = (
            context.make_array(signature.args[place])(context, builder, arguments[place]).data for place in range(2)
        )
        for lane in range(LINE):
            held = ir.Constant(numbers, [0] * 64)
            for digit in range(N_DIGITS):
                word = builder.load(builder.gep(digits, [ir.Constant(ir.IntType(64), digit * LINE + lane)]))
                place_value = ir.Constant(numbers, [1 << digit] * 64)
                nothing = ir.Constant(numbers, [0] * 64)
                held = builder.or_(held, builder.select(builder.bitcast(word, flags), place_value, nothing))
            target = builder.gep(times, [ir.Constant(ir.IntType(64), 64 * lane)])
            builder.store(held, builder.bitcast(target, numbers.as_pointer()), align=1)
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
    """Add to eight totals what some columns have added too little, for as often as they occur."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        eight, number = ir.VectorType(ir.DoubleType(), 8), ir.IntType(64)
        totals, weights, changes, numbers, times = (
            context.make_array(signature.args[place])(context, builder, arguments[place]).data
            for place in (0, 2, 5, 7, 8)
        )
        target = builder.bitcast(builder.gep(totals, [arguments[1]]), eight.as_pointer())
        total = cgutils.alloca_once_value(builder, builder.load(target, align=8))
        is_last = builder.icmp_signed("==", builder.add(arguments[3], number(8)), arguments[4])
        with cgutils.for_range_slice(builder, arguments[9], arguments[10], number(1)) as (which, _):
            column = builder.sext(builder.load(builder.gep(numbers, [which])), number)
            often = builder.zext(builder.load(builder.gep(times, [column])), number)
            place = builder.add(arguments[6], builder.mul(often, number(2)))
            change = builder.load(builder.gep(changes, [place]))
            longer = builder.load(builder.gep(changes, [builder.add(place, number(1))]))
            # The last lane is that of the length.
            longer = builder.select(is_last, builder.fadd(change, longer), change)
            factors = builder.insert_element(spread_over(builder, eight, change), longer, ir.IntType(32)(7))
            row = builder.gep(weights, [builder.add(builder.mul(column, arguments[4]), arguments[3])])
            product = builder.fmul(builder.load(builder.bitcast(row, eight.as_pointer()), align=8), factors)
            builder.store(builder.fadd(builder.load(total), product), total)
        builder.store(builder.load(total), target, align=8)
        return context.get_dummy_value()

    places = (types.int64,) * 2
    given = (totals, types.int64, weights, *places, changes, types.int64, numbers, times, *places)
    return types.none(*given), generate
