"""The gradient of windows of 2 x 2 beside each other, emitted as LLVM IR: positions look for themselves.

Each value belongs where its index says. Adding it there takes a store for each window, and zeros everywhere before.
Here the lanes are positions: each compares its own number with the index of the one window it can be in, takes the
value if that names it, and is written once. Every window is there twice, for two positions of a row, and is compared
with two rows::

    positions of a row          | 0  1  | 2  3  | 4  5  | 6  7  |        names  0  1  2  3 ...
    and of the one below        | 0  1  | 2  3  | 4  5  | 6  7  |        names  W W+1 W+2 ...
    windows of both             | w0 w0 | w1 w1 | w2 w2 | w3 w3 |

A row is some whole vectors and a last one with masks, which are the same for all rows. The names are counted up from
one vector to the next: what is done for a vector of windows is little more than to read and to write.

Nobody says where the windows are. It is guessed, and every index that a position finds is counted: if there are fewer
than windows, an index lies elsewhere, and the plane has to be done in another way.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.direct.window_gradients import NOWHERE, STEP, WINDOWS_AHEAD
from convoracle.fast.simd.vectors import (
    addresses_of,
    call_intrinsic,
    counting,
    lanes_from,
    load_lanes,
    load_vector,
    prefetch,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

_NAME, _INDEX = ir.IntType(32), ir.IntType(64)


@intrinsic
def place_pairs(  # type: ignore[no-untyped-def]
    typing_context, planes, values, indices, start, rows, columns, width, height, room, grad, target, is_far
):
    """Write the gradients of some planes; give up at the first one with an index in no window, and return how many.

    Parameters
    ----------
    values, indices : array of one dimension
        The windows of the planes, `rows` by `columns` of each, begin at values[start].
    width, height : int
        Of a plane, which has fewer than 2**30 positions: twice the windows, one position more or one less.
    room : array of one dimension
        At least `width` numbers, which are written to.
    grad : array of one dimension
        The planes begin at grad[target]. Rows below all windows are not written.
    is_far : bool
        Whether the arrays are larger than the near caches, so that memory is to be asked for early.
    """
    number = types.intp
    signature = number(
        number, values, indices, number, number, number, number, number, room, grad, number, types.boolean
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        planes, _, _, start, rows, columns, width, height, _, _, target, is_far = arguments
        values, indices, room, grad = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        lanes = vector.count
        windows, half = ir.VectorType(_INDEX, lanes // STEP), ir.VectorType(vector.element, lanes // STEP)
        names, zeros = ir.VectorType(_NAME, lanes), ir.Constant(vector, None)
        # Of a window that is not there: no position's, and no bit in the upper half.
        absent = ir.Constant(windows, [(1 << 31) - 1] * windows.count)
        next_names = ir.Constant(names, [lanes] * lanes)

        def vectors_of(count: Any, of: int) -> Any:
            return builder.udiv(count, _int(of))

        # Vectors that are full of windows and of positions; what is left is less than one of both.
        of_windows, of_positions = vectors_of(columns, lanes // STEP), vectors_of(width, lanes)
        is_less = builder.icmp_signed("<", of_windows, of_positions)
        whole = builder.select(is_less, of_windows, of_positions)
        done = builder.mul(whole, _int(lanes))
        rest = builder.sub(width, done)
        rest_windows = builder.sub(columns, builder.mul(whole, _int(lanes // STEP)))
        is_position = builder.not_(lanes_from(builder, rest, lanes))
        is_window = builder.not_(lanes_from(builder, rest_windows, lanes // STEP))
        found, ready = (cgutils.alloca_once_value(builder, _int(0)) for _ in range(2))
        bits = cgutils.alloca_once(builder, windows)
        tops, lows = (cgutils.alloca_once(builder, names) for _ in range(2))

        def place(line: Any, top: Any, low: Any, column: Any, *, is_whole: bool) -> None:
            """Do the positions of two rows from `column` on: a vector, or what is left."""
            at = builder.add(line, builder.lshr(column, _int(1)))
            with builder.if_then(is_far):
                for array in (indices, values):
                    prefetch(builder, builder.gep(array, [builder.add(at, _int(WINDOWS_AHEAD))]))
            pointers = [builder.gep(array, [at]) for array in (indices, values)]
            if is_whole:
                index, value = load_vector(builder, pointers[0], windows), load_vector(builder, pointers[1], half)
            else:
                index = load_lanes(builder, pointers[0], is_window, absent)
                value = load_lanes(builder, pointers[1], is_window, ir.Constant(half, None))
            builder.store(builder.or_(builder.load(bits), index), bits)
            # Doubled; of the indices only the lower halves.
            index = builder.bitcast(index, names)
            name = shuffle(builder, index, index, [lane - lane % STEP for lane in range(lanes)])
            value = shuffle(builder, value, value, [lane // STEP for lane in range(lanes)])
            # The sign of a zero does not remain where others add one by one.
            value = builder.fadd(value, zeros)
            hits = []
            for row, counted in ((top, tops), (low, lows)):
                own = builder.load(counted)
                hit = builder.icmp_signed("==", name, own)
                # What a window names beside the plane begins the next row: nobody would find it.
                hits.append(hit if is_whole else builder.and_(hit, is_position))
                taken = builder.select(hits[-1], value, zeros)
                pointer = builder.gep(row, [column])
                if is_whole:
                    builder.store(builder.add(own, next_names), counted)
                    store_vector(builder, taken, pointer)
                else:
                    store_lanes(builder, taken, pointer, is_position)
            ones = builder.zext(builder.bitcast(builder.or_(*hits), ir.IntType(lanes)), _INDEX)
            ones = call_intrinsic(builder, "ctpop.i64", _INDEX, ones)
            builder.store(builder.add(builder.load(found), ones), found)

        def spread(number: Any) -> Any:
            return splat(builder, builder.trunc(number, _NAME), names)

        # From the names behind a row to those of the next: of the row below, 1 if that is outside of the plane, else 0.
        step = builder.sub(builder.mul(width, _int(STEP)), done)
        steps = cgutils.alloca_once(builder, names, size=2)
        for n, to_next in enumerate((step, _int(NOWHERE))):
            store_vector(builder, spread(to_next), builder.gep(steps, [_int(n)]))
        of_plane, positions = builder.mul(rows, columns), builder.mul(width, height)
        with cgutils.for_range(builder, planes) as plane:
            builder.store(_int(0), found)
            builder.store(ir.Constant(windows, None), bits)
            builder.store(counting(_NAME, lanes), tops)
            is_inside = builder.icmp_signed("<", width, positions)
            below = builder.select(is_inside, width, _int(NOWHERE))
            builder.store(builder.add(spread(below), counting(_NAME, lanes)), lows)
            source = builder.add(start, builder.mul(plane.index, of_plane))
            begin = builder.add(target, builder.mul(plane.index, positions))
            with cgutils.for_range(builder, rows) as row:
                line = builder.add(source, builder.mul(row.index, columns))
                first = builder.mul(row.index, builder.mul(width, _int(STEP)))
                top = builder.gep(grad, [builder.add(begin, first)])
                is_inside = builder.icmp_signed("<", builder.add(first, width), positions)
                low = builder.select(is_inside, builder.gep(top, [width]), room)
                with cgutils.for_range(builder, whole) as strip:
                    place(line, top, low, builder.mul(strip.index, _int(lanes)), is_whole=True)
                with builder.if_then(builder.icmp_signed(">", rest, _int(0))):
                    place(line, top, low, done, is_whole=False)
                expected = builder.mul(builder.add(row.index, _int(1)), columns)
                with builder.if_then(builder.icmp_signed("!=", builder.load(found), expected)):
                    row.do_break()
                builder.store(builder.add(builder.load(tops), spread(step)), tops)
                end = builder.add(first, builder.mul(width, _int(STEP + 1)))
                is_outside = builder.zext(builder.icmp_signed(">=", end, positions), _INDEX)
                to_next = load_vector(builder, builder.gep(steps, [is_outside]), names)
                builder.store(builder.add(builder.load(lows), to_next), lows)
            # A position is found by half of an index; the other half is to be zero.
            seen = call_intrinsic(builder, f"vector.reduce.or.v{windows.count}i64", _INDEX, builder.load(bits))
            is_right = builder.icmp_unsigned("<", seen, _int(1 << 31))
            is_right = builder.and_(is_right, builder.icmp_signed("==", builder.load(found), of_plane))
            with builder.if_then(builder.not_(is_right)):
                plane.do_break()
            builder.store(builder.add(builder.load(ready), _int(1)), ready)
        return builder.load(ready)

    return signature, generate


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)
