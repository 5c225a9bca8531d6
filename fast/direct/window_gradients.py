"""The gradient of windows that are a step of 2 apart, emitted as LLVM IR: positions collect instead of windows adding.

Each value belongs where its index says. Adding it there takes a store for each window, and zeros everywhere before.
Here the lanes are positions: each compares its own number with the indices of the windows it can be in, adds the values
of those that name it, and is written once. A step of 2 gives every window two positions of a row, so that windows are
doubled, and what they are compared with lies as it does in the plane::

    positions of a row          | 0  1  | 2  3  | 4  5  | 6  7  |
    windows that begin there    | w0 w0 | w1 w1 | w2 w2 | w3 w3 |
    and their neighbours        | w1 w1 | w2 w2 | w3 w3 | w4 w4 |        for windows of 3

The windows of a row are gone through once, for all rows of positions they cover. Rows that the windows below cover as
well are stored unfinished, and taken up again. A position adds up in the order of the windows, by rows, as
`convoracle.fast.direct.max_pool2d_backward` does where it adds one by one.

Nobody says where the windows are. It is guessed, and every index that a position finds is counted: if there are fewer
than windows, an index lies elsewhere, and the plane has to be done in another way.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    addresses_of,
    call_intrinsic,
    counting,
    literal_of,
    load_lanes,
    load_vector,
    prefetch,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

STEP = 2
"""From one window to the next."""

NOWHERE = -(1 << 30)
"""The number of a place outside of the plane: with that of any row added, it is still no position."""

WINDOWS_AHEAD, ROWS_AHEAD = 1024, 8
"""Memory that is asked for before it is needed: so many windows are read later, so many rows of the plane written."""

_NUMBER, _INDEX = ir.IntType(32), ir.IntType(64)


@intrinsic(prefer_literal=True)
def place_windows(  # type: ignore[no-untyped-def]
    typing_context, first, size, values, indices, start, rows, columns, places, width, height, margin, grad, target,
    is_far,
):  # fmt: skip
    """Write the gradient of one plane; give up and return False as soon as an index is in no window.

    Parameters
    ----------
    first, size : literal int
        Window n begins at position ``2 * n + first`` and has `size` positions, at least 2, along both axes.
    values, indices : array of one dimension
        The windows of the plane, `rows` by `columns` of them, begin at values[start].
    places : int32 array
        The numbers of the columns, 0 to `width`, and then `NOWHERE` for the rest of a vector.
    width, height : int
        Of the plane, which has fewer than 2**30 positions.
    margin : array of one dimension
        As many zeros as there are places, and then room for as many numbers.
    grad : array of one dimension
        The plane begins at grad[target].
    is_far : bool
        Whether the arrays are larger than the near caches, so that memory is to be asked for early.
    """
    edge, reach = (literal_of(size) for size in (first, size))
    number = types.intp
    signature = types.boolean(
        first, size, values, indices, number, number, number, places, number, number, margin, grad, number,
        types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, _, start, rows, columns, _, width, height, _, _, target, is_far = arguments
        values, indices, places, margin, grad = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[2])
        lanes = vector.count
        windows = ir.VectorType(_INDEX, lanes // STEP)
        numbers = ir.VectorType(_NUMBER, lanes)
        # The windows a pair of positions can be in, counted from the pair.
        offsets = range(-((edge + reach - 1) // STEP), (STEP - 1 - edge) // STEP + 1)

        def constant(value: int) -> Any:
            return ir.Constant(_INDEX, value)

        def spread(found: Any) -> Any:
            """Double the windows of a vector, indices by their lower halves."""
            if found.type == windows:
                found = builder.bitcast(found, numbers)
                return shuffle(builder, found, found, [lane - lane % STEP for lane in range(lanes)])
            return shuffle(builder, found, found, [lane // STEP for lane in range(lanes)])

        vectors = builder.sdiv(builder.add(width, constant(lanes - 1)), constant(lanes))
        room = builder.gep(margin, [builder.mul(vectors, constant(lanes))])
        found = cgutils.alloca_once_value(builder, constant(0))
        bits = cgutils.alloca_once_value(builder, ir.Constant(windows, None))
        with cgutils.for_range(builder, rows) as loop:
            line = builder.add(start, builder.mul(loop.index, columns))
            top = builder.add(builder.mul(loop.index, constant(STEP)), constant(edge))
            is_first = builder.icmp_signed("==", loop.index, constant(0))
            targets = []
            for row in range(reach):
                place = builder.add(top, constant(row))
                is_inside = builder.icmp_unsigned("<", place, height)
                begin = builder.mul(place, width)
                here = builder.gep(grad, [builder.add(target, begin)])
                name = builder.trunc(builder.select(is_inside, begin, constant(NOWHERE)), _NUMBER)
                before = builder.select(is_first, margin, builder.select(is_inside, here, margin))
                targets.append((builder.select(is_inside, here, room), before, splat(builder, name, numbers)))
            with cgutils.for_range(builder, vectors) as strip:
                column = builder.mul(strip.index, constant(lanes))
                window = builder.mul(strip.index, constant(lanes // STEP))
                place = load_vector(builder, builder.gep(places, [column]), numbers)
                with builder.if_then(is_far):
                    later = builder.add(builder.add(line, window), constant(WINDOWS_AHEAD))
                    below = builder.add(column, builder.mul(width, constant(ROWS_AHEAD)))
                    asked = [(indices, later), (values, later), *((to, below) for to, _, _ in targets[-STEP:])]
                    for array, at in asked:
                        prefetch(builder, builder.gep(array, [at]))

                def collect(is_part: bool) -> None:
                    """Do one vector of positions, which may reach beyond the row, or whose windows may."""
                    is_column = builder.icmp_signed(">=", place, ir.Constant(numbers, None))
                    totals: list[Any] = [None] * reach
                    for row, (_, before, _) in enumerate(targets):
                        if row + STEP < reach:
                            pointer = builder.gep(before, [column])
                            nothing = ir.Constant(vector, None)
                            totals[row] = (
                                load_lanes(builder, pointer, is_column, nothing)
                                if is_part
                                else load_vector(builder, pointer, vector)
                            )
                    for offset in offsets:
                        nearest = builder.add(window, constant(offset))
                        at = builder.add(line, nearest)
                        pointers = [builder.gep(array, [at]) for array in (indices, values)]
                        kinds = windows, ir.VectorType(vector.element, lanes // STEP)
                        if is_part:
                            each = splat(builder, nearest, windows)
                            each = builder.add(each, counting(_INDEX, lanes // STEP))
                            is_window = builder.icmp_unsigned("<", each, splat(builder, columns, windows))
                            index, value = (
                                load_lanes(builder, pointer, is_window, ir.Constant(kind, None))
                                for pointer, kind in zip(pointers, kinds, strict=True)
                            )
                            absent = ir.Constant(windows, [(1 << 31) - 1] * (lanes // STEP))
                            name = spread(builder.select(is_window, index, absent))
                        else:
                            index, value = (
                                load_vector(builder, pointer, kind)
                                for pointer, kind in zip(pointers, kinds, strict=True)
                            )
                            name = spread(index)
                        builder.store(builder.or_(builder.load(bits), index), bits)
                        value = spread(value)
                        hits = ir.Constant(ir.VectorType(ir.IntType(1), lanes), None)
                        for row, (_, _, begin) in enumerate(targets):
                            is_here = builder.icmp_signed("==", name, builder.add(begin, place))
                            hits = builder.or_(hits, is_here)
                            # Added to zero, too: the sign of a zero does not remain where others add one by one.
                            before = ir.Constant(vector, None) if totals[row] is None else totals[row]
                            totals[row] = builder.select(is_here, builder.fadd(before, value), before)
                        ones = builder.zext(builder.bitcast(hits, ir.IntType(lanes)), _INDEX)
                        ones = call_intrinsic(builder, "ctpop.i64", _INDEX, ones)
                        builder.store(builder.add(builder.load(found), ones), found)
                    for (to, _, _), total in zip(targets, totals, strict=True):
                        pointer = builder.gep(to, [column])
                        if is_part:
                            store_lanes(builder, total, pointer, is_column)
                        else:
                            store_vector(builder, total, pointer)

                lowest = builder.add(window, constant(offsets[0]))
                end = builder.add(window, constant(offsets[-1] + lanes // STEP))
                is_whole = builder.and_(
                    builder.icmp_signed(">=", lowest, constant(0)), builder.icmp_signed("<=", end, columns)
                )
                end = builder.add(column, constant(lanes))
                is_whole = builder.and_(is_whole, builder.icmp_signed("<=", end, width))
                with builder.if_else(is_whole) as (whole, part):
                    with whole:
                        collect(is_part=False)
                    with part:
                        collect(is_part=True)
            expected = builder.mul(builder.add(loop.index, constant(1)), columns)
            with builder.if_then(builder.icmp_signed("!=", builder.load(found), expected)):
                loop.do_break()
        # A position is found by half of an index; the other half is to be zero.
        seen = call_intrinsic(builder, f"vector.reduce.or.v{lanes // STEP}i64", _INDEX, builder.load(bits))
        return builder.and_(
            builder.icmp_unsigned("<", seen, constant(1 << 31)),
            builder.icmp_signed("==", builder.load(found), builder.mul(rows, columns)),
        )

    return signature, generate
