"""The gradient of windows of 3 x 3 a step of 2 apart, emitted as LLVM IR: pairs of positions collect.

Windows share maxima here, and adding one to the other in memory has to wait for the one before it. So positions look at
the windows that they can be in, by their codes (`convoracle.fast.direct.window_codes`). A lane is two positions of a
row, the even and the odd one, and two rows are done together: four positions, and as many kinds of them. Those of
windows that begin at an even one (with a padding of 1 the odd ones are in most windows instead)::

    window     w(i,j)           is in the windows
    even even | odd             i-1,j-1  i-1,j  i,j-1  i,j   |   i-1,j  i,j
    odd  even | odd             i,j-1    i,j                 |   i,j

That makes nine comparisons and nine additions for a vector of windows, one for each position of a window. At the end
the even ones and the odd ones are shuffled together. Codes of rows of windows follow each other without a gap, so the
neighbour before the first one is masked, and in the last vector of a row what is beyond the row; the masks are the same
for all rows. A position adds up from zero in the order of the windows, by rows, as everywhere.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.direct.window_codes import COLUMN
from convoracle.fast.direct.window_gradients import STEP
from convoracle.fast.simd.vectors import (
    addresses_of,
    counting,
    lanes_from,
    literal_of,
    load_vector,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

_CODE, _INDEX = ir.IntType(8), ir.IntType(64)


@intrinsic(prefer_literal=True)
def collect_pairs(  # type: ignore[no-untyped-def]
    typing_context, edge, size, planes, codes, first, pitch, values, place, step, columns, width, grad, start,
    positions, rows,
):  # fmt: skip
    """Write the gradient of some rows, that follow each other, of each of some planes.

    Parameters
    ----------
    edge, size : literal int
        Window n begins at position ``2 * n + edge``, edge is 0 or -1, and has `size` positions, along both axes.
    codes, values : uint8 array, array of one dimension
        The windows of the first two rows begin at codes[first] and values[place], `columns` of them, and those of the
        next plane `pitch` codes and `step` values further on. Windows of the two rows before, or behind all others, are
        looked at, too, and `SPARE` and one more in front of and behind all; where there is no window the code is
        `NO_CODE`, and the value may be any.
    width : int
        Columns of a plane: twice the windows, one more or less, or two; with an edge of -1, no more.
    grad : array of one dimension
        The rows begin at grad[start], those of the next plane `positions` further on; the first one is an even one of
        the plane.
    """
    corner, reach = (literal_of(option) for option in (edge, size))
    number = types.intp
    signature = types.void(
        edge, size, number, codes, number, number, values, number, number, number, number, grad, number, number,
        number,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, planes, _, first, pitch, _, place, step, columns, width, _, start, positions, rows = arguments
        codes, values, grad = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[6])
        lanes = vector.count
        one_byte = ir.VectorType(_CODE, lanes)
        # The windows a pair can be in, from the one of its own number, along either axis.
        offsets = range(-((corner + reach - 1) // STEP), (STEP - 1 - corner) // STEP + 1)

        # Vectors all of whose windows and positions exist.
        full = builder.udiv(builder.sub(columns, _int(offsets[-1])), _int(lanes))
        wide = builder.udiv(width, _int(STEP * lanes))
        whole = builder.select(builder.icmp_signed("<", full, wide), full, wide)
        last = builder.mul(whole, _int(lanes))
        rest = builder.sub(width, builder.mul(last, _int(STEP)))
        lane = builder.add(counting(_INDEX, lanes), splat(builder, last, ir.VectorType(_INDEX, lanes)))
        exists = {}
        for offset in offsets:
            window = builder.add(lane, ir.Constant(lane.type, [offset] * lanes))
            exists[offset] = builder.icmp_unsigned("<", window, splat(builder, columns, lane.type))
        is_stored = [
            builder.not_(lanes_from(builder, builder.sub(rest, _int(half * lanes)), lanes)) for half in range(STEP)
        ]
        mask = ir.IntType(lanes)

        def collect(coded: Any, valued: Any, targets: list[Any], done: Any, *, is_whole: bool) -> None:
            """Do a vector of pairs of two rows: all of them, or what is left."""
            terms: dict[tuple[int, int], list[tuple[Any, Any]]] = {}
            for offset in offsets:
                above = builder.add(builder.mul(columns, _int(offset)), done)
                for beside in offsets:
                    window = builder.add(above, _int(beside))
                    code = load_vector(builder, builder.gep(coded, [window]), one_byte)
                    value = load_vector(builder, builder.gep(valued, [window]), vector)
                    if not is_whole:
                        is_here = exists[beside]
                    elif beside < 0:
                        is_start = builder.icmp_signed("==", done, _int(0))
                        is_here = builder.select(is_start, ir.Constant(mask, -2), ir.Constant(mask, -1))
                        is_here = builder.bitcast(is_here, ir.VectorType(ir.IntType(1), lanes))
                    else:
                        is_here = None
                    for row in range(STEP):
                        for column in range(STEP):
                            down, right = row - STEP * offset - corner, column - STEP * beside - corner
                            if 0 <= down < reach and 0 <= right < reach:
                                named = ir.Constant(one_byte, [COLUMN * right + down] * lanes)
                                hit = builder.icmp_signed("==", code, named)
                                hit = hit if is_here is None else builder.and_(hit, is_here)
                                terms.setdefault((row, column), []).append((hit, value))
            # One term of each sum after the other: a processor that looks few instructions ahead finds some to do.
            totals = {which: ir.Constant(vector, None) for which in terms}
            for number in range(max(map(len, terms.values()))):
                for which, parts in terms.items():
                    if number < len(parts):
                        hit, value = parts[number]
                        total = totals[which]
                        totals[which] = builder.select(hit, builder.fadd(total, value), total)
            # The lower row first: if there is none, it is written where the upper one is, and overwritten.
            for row in reversed(range(STEP)):
                even, odd = (totals[row, column] for column in range(STEP))
                for half in range(STEP):
                    mixed = [(half * lanes + n) // STEP + n % STEP * lanes for n in range(lanes)]
                    found = shuffle(builder, even, odd, mixed)
                    pointer = builder.gep(
                        targets[row], [builder.add(builder.mul(done, _int(STEP)), _int(half * lanes))]
                    )
                    if is_whole:
                        store_vector(builder, found, pointer)
                    else:
                        store_lanes(builder, found, pointer, is_stored[half])

        lines = builder.udiv(builder.add(rows, _int(STEP - 1)), _int(STEP))
        with cgutils.for_range(builder, planes) as plane:
            origins = [
                builder.gep(array, [builder.add(begin, builder.mul(plane.index, distance))])
                for array, begin, distance in ((codes, first, pitch), (values, place, step), (grad, start, positions))
            ]
            with cgutils.for_range(builder, lines) as pair:
                line, row = builder.mul(pair.index, columns), builder.mul(pair.index, _int(STEP))
                coded, valued = (builder.gep(origin, [line]) for origin in origins[:2])
                upper = builder.gep(origins[2], [builder.mul(row, width)])
                is_two = builder.icmp_signed("<", builder.add(row, _int(1)), rows)
                lower = builder.gep(upper, [builder.select(is_two, width, _int(0))])
                with cgutils.for_range(builder, whole) as strip:
                    done = builder.mul(strip.index, _int(lanes))
                    collect(coded, valued, [upper, lower], done, is_whole=True)
                with builder.if_then(builder.icmp_signed(">", rest, _int(0))):
                    collect(coded, valued, [upper, lower], last, is_whole=False)
        return context.get_dummy_value()

    return signature, generate


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)
