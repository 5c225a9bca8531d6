"""Sums of windows by vectors, emitted as LLVM IR: down the rows first, then across the columns.

The sums down the rows serve all windows beside each other. They are written with the zeros around them, and for a step
of 2 from window to window apart by parity, so that what neighbouring windows add up lies side by side::

    down the rows       | s0 s1 s2 s3 s4 s5 s6 s7 |
    kept                | s0 s2 s4 s6 |   | s1 s3 s5 s7 |
    windows of 3        | s0 s2 s4    | + | s1 s3 s5    | + | s2 s4 s6    |

Their gradient goes the other way: the sum of the windows that a position is in, even and odd positions by themselves,
shuffled together as they are stored.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.apart import load_apart
from convoracle.fast.simd.vectors import (
    addresses_of,
    counting,
    lanes_from,
    literal_of,
    load_lanes,
    load_vector,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)


@intrinsic(prefer_literal=True)
def add_rows(  # type: ignore[no-untyped-def]
    typing_context, step, source, start, count, width, before, sums, pitch, span
):
    """Add up some rows of a plane, column by column, with zeros beside them.

    Parameters
    ----------
    step : literal int
        1, or 2 to keep even and odd columns apart.
    source : array of one dimension
        The `count` rows of `width` numbers follow each other from source[start] on.
    before : int
        So many zeros come before the first column.
    sums : array of one dimension
        The sum of column c, zeros counted, goes to ``sums[c]``, or to ``sums[c % 2 * pitch + c // 2]``.
    span : int
        Number of columns, zeros counted, that are written at least; at most `step` vectors more are.
    """
    apart = literal_of(step)
    signature = types.void(step, source, *[types.intp] * 4, sums, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, start, count, width, before, _, pitch, span = arguments
        source, sums = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        lanes, zeros = vector.count, ir.Constant(vector, None)

        def constant(value: int) -> Any:
            return ir.Constant(start.type, value)

        chunk = constant(apart * lanes)
        chunks = builder.sdiv(builder.add(span, constant(apart * lanes - 1)), chunk)
        origin = builder.gep(source, [start])
        with cgutils.for_range(builder, chunks) as loop:
            column = builder.sub(builder.mul(loop.index, chunk), before)
            places = [builder.add(column, constant(part * lanes)) for part in range(apart)]
            inside = [_are_inside(builder, place, width, lanes) for place in places]
            totals = [cgutils.alloca_once_value(builder, zeros) for _ in places]
            for total in totals:
                builder.store(zeros, total)
            with cgutils.for_range(builder, count) as row:
                line = builder.mul(row.index, width)
                for place, mask, total in zip(places, inside, totals, strict=True):
                    loaded = load_lanes(builder, builder.gep(origin, [builder.add(line, place)]), mask, zeros)
                    builder.store(builder.fadd(builder.load(total), loaded), total)
            found = [builder.load(total) for total in totals]
            target = builder.gep(sums, [builder.mul(loop.index, constant(lanes))])
            if apart == 1:
                store_vector(builder, found[0], target)
            else:
                for parity in range(2):
                    every = shuffle(builder, found[0], found[1], [parity + 2 * lane for lane in range(lanes)])
                    store_vector(builder, every, builder.gep(target, [builder.mul(pitch, constant(parity))]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def add_lines(typing_context, source, start, count, width, target, to):  # type: ignore[no-untyped-def]
    """Write the sum of `count` lines of `width` numbers, which follow each other from source[start] on, to target[to:].

    Without a line it is zeros.
    """
    number = types.intp
    signature = types.void(source, number, number, number, target, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, count, width, _, to = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        lanes, zeros = ir.Constant(start.type, vector.count), ir.Constant(vector, None)
        chunks = builder.sdiv(builder.add(width, ir.Constant(start.type, vector.count - 1)), lanes)
        with cgutils.for_range(builder, chunks) as chunk:
            column = builder.mul(chunk.index, lanes)
            wanted = _are_inside(builder, column, width, vector.count)
            first = builder.gep(source, [builder.add(start, column)])
            total = cgutils.alloca_once_value(builder, zeros)
            with cgutils.for_range(builder, count) as line:
                place = builder.gep(first, [builder.mul(line.index, width)])
                loaded = load_lanes(builder, place, wanted, zeros)
                builder.store(builder.fadd(builder.load(total), loaded), total)
            store_lanes(builder, builder.load(total), builder.gep(target, [builder.add(to, column)]), wanted)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def average_columns(  # type: ignore[no-untyped-def]
    typing_context, step, sums, pitch, stride, taps, divisors, first, out, start, count
):
    """Add up the columns of neighbouring windows, and divide.

    Parameters
    ----------
    step : literal int
        2 if `add_rows` kept even and odd columns apart, which a stride of 2 takes, 1 for a stride of 1, 0 for others.
    sums, pitch : array of one dimension, int
        What `add_rows` wrote; every window is in it, and a vector more than a pitch can be read.
    stride, taps : int
        From window to window; columns of a window.
    divisors, first : array of one dimension, int
        Window n is divided by divisors[first + n].
    out, start : array of one dimension, int
        The mean of window n goes to out[start + n].
    count : int
        Number of windows.
    """
    apart = getattr(step, "literal_value", 0)
    number = types.intp
    signature = types.void(step, sums, number, number, number, divisors, number, out, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, pitch, stride, taps, _, first, _, start, count = arguments
        sums, divisors, out = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        lanes, zeros = vector.count, ir.Constant(vector, None)

        def constant(value: int) -> Any:
            return ir.Constant(pitch.type, value)

        vectors = builder.sdiv(builder.add(count, constant(lanes - 1)), constant(lanes))
        with cgutils.for_range(builder, vectors) as loop:
            window = builder.mul(loop.index, constant(lanes))
            total = cgutils.alloca_once_value(builder, zeros)
            builder.store(zeros, total)
            with cgutils.for_range(builder, taps) as tap:
                if apart == 2:
                    parity = builder.mul(builder.and_(tap.index, constant(1)), pitch)
                    place = builder.add(builder.add(window, builder.ashr(tap.index, constant(1))), parity)
                else:
                    place = builder.add(builder.mul(window, stride), tap.index)
                if apart:
                    loaded = load_vector(builder, builder.gep(sums, [place]), vector)
                else:
                    loaded = load_apart(builder, 0, sums, place, stride, pitch, zeros)
                builder.store(builder.fadd(builder.load(total), loaded), total)
            wanted = builder.not_(lanes_from(builder, builder.sub(count, window), lanes))
            ones = ir.Constant(vector, [1.0] * lanes)
            divisor = load_lanes(builder, builder.gep(divisors, [builder.add(first, window)]), wanted, ones)
            mean = builder.fdiv(builder.load(total), divisor)
            store_lanes(builder, mean, builder.gep(out, [builder.add(start, window)]), wanted)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def spread_columns(  # type: ignore[no-untyped-def]
    typing_context, step, sums, origin, taps, before, grad, start, width
):
    """Write a row of positions, each the sum of the windows it is in.

    Parameters
    ----------
    step : literal int
        From window to window, 1 or 2.
    sums, origin : array of one dimension, int
        Window n is sums[origin + n]; there are as many zeros on both sides as are read.
    taps : int
        Columns of a window.
    before : int
        Columns of the padding, which come before the first position.
    grad, start, width : array of one dimension, int, int
        Position n goes to grad[start + n], if it is not beyond the width.
    """
    apart = literal_of(step)
    number = types.intp
    signature = types.void(step, sums, number, number, number, grad, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, origin, taps, before, _, start, width = arguments
        sums, grad = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        lanes, zeros = vector.count, ir.Constant(vector, None)

        def constant(value: int) -> Any:
            return ir.Constant(origin.type, value)

        columns = builder.add(before, width)
        chunks = builder.sdiv(builder.add(columns, constant(apart * lanes - 1)), constant(apart * lanes))
        with cgutils.for_range(builder, chunks) as loop:
            window = builder.mul(loop.index, constant(lanes))
            last = builder.gep(sums, [builder.add(origin, window)])
            totals = []
            for phase in range(apart):
                # Column 2 * n + 1 is in one window less than column 2 * n, if their size is odd.
                windows = builder.sdiv(builder.add(taps, constant(apart - 1 - phase)), constant(apart))
                total = cgutils.alloca_once_value(builder, zeros)
                builder.store(zeros, total)
                with cgutils.for_range(builder, windows) as back:
                    pointer = builder.gep(last, [builder.neg(back.index)])
                    builder.store(builder.fadd(builder.load(total), load_vector(builder, pointer, vector)), total)
                totals.append(builder.load(total))
            for part in range(apart):
                mixed = totals[0]
                if apart == 2:
                    begin = part * lanes // 2
                    lane_pairs = [lane + odd * lanes for lane in range(begin, begin + lanes // 2) for odd in range(2)]
                    mixed = shuffle(builder, totals[0], totals[1], lane_pairs)
                place = builder.add(builder.mul(window, constant(apart)), constant(part * lanes))
                place = builder.sub(place, before)
                inside = _are_inside(builder, place, width, lanes)
                store_lanes(builder, mixed, builder.gep(grad, [builder.add(start, place)]), inside)
        return context.get_dummy_value()

    return signature, generate


def _are_inside(builder: Any, place: Any, width: Any, lanes: int) -> Any:
    """Return the mask of the lanes from `place` on that are not negative and below the width, both below 2**31."""
    number = ir.IntType(32)  # as wide as a float32: the comparison takes one instruction
    first = splat(builder, builder.trunc(place, number), ir.VectorType(number, lanes))
    each = builder.add(first, counting(number, lanes))
    return builder.icmp_unsigned("<", each, splat(builder, builder.trunc(width, number), each.type))
