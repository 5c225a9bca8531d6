"""The maxima of neighbouring windows, a vector of them at a time, emitted as LLVM IR.

One lane for each window: the best number so far and its position stay in registers while the windows are gone through,
row by row, and each number takes their place where it is better. Numbers in the padding are never loaded.
Large windows that overlap are done otherwise (`convoracle.fast.direct.line_maxima`).
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
    load_vector,
    splat,
    store_lanes,
    vector_of,
)


@intrinsic(prefer_literal=True)
def find_maxima(  # type: ignore[no-untyped-def]
    typing_context,
    stride,
    x,
    plane,
    width,
    rows,
    top,
    dilation_h,
    columns,
    left,
    dilation_w,
    firsts,
    first,
    values,
    indices,
    start,
    count,
):
    """Write the maxima of up to a vector of neighbouring windows, and where they are.

    Parameters
    ----------
    stride : literal int or int
        Of the windows. A literal 1 or 2 is done with vectors, every other number by number.
    x : array of one dimension
        Planes; the one the windows are in begins at x[plane] and has rows of `width` numbers.
    rows, top, dilation_h : int
        The windows' rows, all inside the plane: `rows` of them, the first at `top`.
    columns, left, dilation_w : int
        The columns of the first window, of which some may be outside the plane.
    firsts : array of the integer type that is as wide as a number of x
        firsts[first + n] is the first column of window n that is inside the plane; a whole vector of them is read.
    values, indices : arrays of one dimension
        The maximum of window n goes to values[start + n], its position in the plane to indices[start + n].
    count : int
        Number of windows; what is more than a vector of them is left out.
    """
    step = getattr(stride, "literal_value", 0)
    numbers = [types.intp] * 8
    signature = types.void(stride, x, *numbers, firsts, types.intp, values, indices, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stride, _, plane, width, rows, top, dilation_h, columns, left, dilation_w, _, first, _, _, start, count = (
            arguments
        )
        x, firsts, values, indices = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        index = ir.IntType(signature.args[10].dtype.bitwidth)
        positions = ir.VectorType(index, vector.count)

        def as_index(number: Any) -> Any:
            return number if number.type == index else builder.trunc(number, index)

        corner = builder.add(
            load_vector(builder, builder.gep(firsts, [first]), positions),
            splat(builder, as_index(builder.mul(top, width)), positions),
        )
        lowest = ir.Constant(vector, [float("-inf")] * vector.count)
        best = cgutils.alloca_once_value(builder, lowest)
        winner = cgutils.alloca_once_value(builder, corner)
        apart = builder.mul(counting(index, vector.count), splat(builder, as_index(stride), positions))
        with cgutils.for_range(builder, rows) as row:
            offset = builder.mul(builder.add(top, builder.mul(row.index, dilation_h)), width)
            line = builder.gep(x, [builder.add(plane, offset)])
            with cgutils.for_range(builder, columns) as tap:
                column = builder.add(left, builder.mul(tap.index, dilation_w))
                value = load_apart(builder, step, line, column, stride, width, lowest)
                position = builder.add(splat(builder, as_index(builder.add(offset, column)), positions), apart)
                take_better(builder, best, winner, value, position)
        write_maxima(builder, best, winner, builder.gep(values, [start]), builder.gep(indices, [start]), count)
        return context.get_dummy_value()

    return signature, generate


def take_better(builder: Any, best: Any, winner: Any, value: Any, position: Any) -> None:
    """Put values, and their positions, in the place of those that are smaller; a NaN stays, and is larger than all."""
    before = builder.load(best)
    is_number = builder.fcmp_ordered("ord", before, before)
    is_better = builder.and_(builder.fcmp_unordered(">", value, before), is_number)
    builder.store(builder.select(is_better, value, before), best)
    builder.store(builder.select(is_better, position, builder.load(winner)), winner)


def write_maxima(builder: Any, best: Any, winner: Any, values: Any, indices: Any, count: Any) -> None:
    """Write the maxima and the positions of up to a vector of windows."""
    value, position = builder.load(best), builder.load(winner)
    wanted = builder.not_(lanes_from(builder, count, value.type.count))
    if position.type.element.width < 64:
        position = builder.zext(position, ir.VectorType(ir.IntType(64), value.type.count))
    store_lanes(builder, value, values, wanted)
    store_lanes(builder, position, indices, wanted)
