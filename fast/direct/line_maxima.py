"""The maxima of large windows that overlap: along the rows first, then down the columns; emitted as LLVM IR.

Windows above each other have rows in common. So the maximum of every row of neighbouring windows is found once, with
its position, and kept; a window is its rows' maxima, one for each row instead of all of its numbers::

    a row of the plane     | 3 1 4 1 5 9 2 6 5 |
    windows of 3               4 4 5 9 9 9 6           9 comes first in three of them
    kept, of five rows         4 4 5 9 9 9 6
                               . . . . . . .           down these: 5 steps for the windows of a vector, not 15

In a row the first of several maxima wins, and down the rows the one above, which is the first in the order of the
plane. A NaN wins over all, the first one over others. The rows of as many windows as a vector has lanes are in the
nearest cache.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.direct.window_maxima import take_better, write_maxima
from convoracle.fast.simd.apart import load_apart
from convoracle.fast.simd.vectors import addresses_of, counting, load_vector, splat, store_vector, vector_of


@intrinsic(prefer_literal=True)
def find_line_maxima(  # type: ignore[no-untyped-def]
    typing_context, stride, x, plane, line, width, columns, left, dilation, firsts, first, best, places, slot, again
):
    """Keep the maxima that a vector of neighbouring windows has in one row, and where they are.

    Parameters
    ----------
    stride : literal int or int
        Of the windows. A literal 1 or 2 is done with vectors, every other number by number.
    x : array of one dimension
        Planes; the one the windows are in begins at x[plane].
    line, width : int
        The position in the plane that the row begins at, and how many it has.
    columns, left, dilation : int
        The columns of the first window, of which some may be outside the plane.
    firsts : array of the integer type that is as wide as a number of x
        firsts[first + n] is the first column of window n that is inside the plane; a whole vector of them is read.
    best, places : arrays of one dimension, of the dtypes of x and firsts
        The maxima and their positions go to best[slot:] and places[slot:], and once more `again` numbers further on.
    """
    step = getattr(stride, "literal_value", 0)
    number = types.intp
    signature = types.void(stride, x, *[number] * 6, firsts, number, best, places, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stride, _, plane, line, width, columns, left, dilation, _, first, _, _, slot, again = arguments
        x, firsts, best, places = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        index = ir.IntType(signature.args[8].dtype.bitwidth)
        positions = ir.VectorType(index, vector.count)

        def spread(number: Any) -> Any:
            return splat(builder, number if number.type == index else builder.trunc(number, index), positions)

        lowest = ir.Constant(vector, [float("-inf")] * vector.count)
        corner = builder.add(load_vector(builder, builder.gep(firsts, [first]), positions), spread(line))
        value, winner = cgutils.alloca_once_value(builder, lowest), cgutils.alloca_once_value(builder, corner)
        apart = builder.mul(counting(index, vector.count), spread(stride))
        row = builder.gep(x, [builder.add(plane, line)])
        with cgutils.for_range(builder, columns) as tap:
            column = builder.add(left, builder.mul(tap.index, dilation))
            loaded = load_apart(builder, step, row, column, stride, width, lowest)
            take_better(builder, value, winner, loaded, builder.add(spread(builder.add(line, column)), apart))
        for to in (slot, builder.add(slot, again)):
            store_vector(builder, builder.load(value), builder.gep(best, [to]))
            store_vector(builder, builder.load(winner), builder.gep(places, [to]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def find_window_maxima(  # type: ignore[no-untyped-def]
    typing_context, best, places, slot, rows, values, indices, start, count
):
    """Write the maxima of up to a vector of neighbouring windows, and where they are.

    Parameters
    ----------
    best, places : arrays of one dimension
        The maxima of their rows, a vector for each of the `rows`, begin at best[slot] and places[slot].
    values, indices : arrays of one dimension
        The maximum of window n goes to values[start + n], its position in the plane to indices[start + n].
    count : int
        Number of windows; what is more than a vector of them is left out.
    """
    number = types.intp
    signature = types.void(best, places, number, number, values, indices, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, slot, rows, _, _, start, count = arguments
        best, places, values, indices = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        positions = ir.VectorType(ir.IntType(signature.args[1].dtype.bitwidth), vector.count)
        lanes = ir.Constant(slot.type, vector.count)

        def load(row: Any) -> tuple[Any, Any]:
            at = builder.add(slot, builder.mul(row, lanes))
            return (
                load_vector(builder, builder.gep(best, [at]), vector),
                load_vector(builder, builder.gep(places, [at]), positions),
            )

        value, winner = (cgutils.alloca_once(builder, kind) for kind in (vector, positions))
        for kept, loaded in zip((value, winner), load(ir.Constant(slot.type, 0)), strict=True):
            builder.store(loaded, kept)
        with cgutils.for_range_slice(builder, ir.Constant(slot.type, 1), rows, ir.Constant(slot.type, 1)) as (row, _):
            take_better(builder, value, winner, *load(row))
        write_maxima(builder, value, winner, builder.gep(values, [start]), builder.gep(indices, [start]), count)
        return context.get_dummy_value()

    return signature, generate
