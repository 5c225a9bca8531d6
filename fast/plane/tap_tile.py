"""A tile of taps of one plane's weight gradient, emitted as LLVM IR.

The gradient of a tap is a sum over outputs, of the output gradient times what the tap read. Here a tile is a square of
`side` x `side` taps, one vector of sums for each, and the lanes are neighbouring outputs. A strip, the outputs of a
vector and those below it, is gone through some rows at a time; what is loaded from a row of the plane serves all of
them::

                              grad row 0     grad row 1     grad row 2
      row 0 of the plane    sum of tap 0
      row 1                 sum of tap 1   sum of tap 0
      row 2                 sum of tap 2   sum of tap 1   sum of tap 0
      row 3                                sum of tap 2   sum of tap 1
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    addresses_of,
    fused_multiply_add,
    lanes_from,
    literal_of,
    load_lanes,
    load_vector,
    store_vector,
    vector_of,
)

SIDES = (3, 4) if VECTOR_BITS == 512 else (3, 2)
"""Taps in a row and in a column of a tile: with some rows of the gradient they fit the registers."""


@intrinsic(prefer_literal=True)
def correlate_taps(  # type: ignore[no-untyped-def]
    typing_context,
    side,
    rows,
    x,
    start,
    pitch,
    offsets,
    first,
    grad,
    grad_start,
    grad_step,
    times,
    count,
    sums,
    sums_start,
):
    """Add one strip of outputs to the sums of a tile of taps.

    Parameters
    ----------
    side, rows : literal int
        Taps in a row and in a column of the tile; rows of the strip that are gone through at a time.
    x : array of one dimension
        What tap (i, j) of output row p reads begins at x[start + offsets[first + j] + (p + i) * pitch].
    grad : array of one dimension
        The output gradient; row p of the strip begins at grad[grad_start + p * grad_step].
    times : int
        The strip has ``times * rows`` rows.
    count : int
        Number of outputs in a row; what is more than a vector of them is left out.
    sums : array of one dimension
        The vector of tap (i, j) is at sums[sums_start + (i * side + j) * lanes].
    """
    edge, height = (literal_of(size) for size in (side, rows))
    number = types.intp
    signature = types.void(
        side, rows, x, number, number, offsets, number, grad, *[number] * 4, sums, number
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, pitch, _, first, _, grad_start, grad_step, times, count, _, sums_start = arguments[3:]
        x, offsets, grad, sums = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[2])
        zeros = ir.Constant(vector, None)

        def constant(value: int) -> Any:
            return ir.Constant(start.type, value)

        # Lanes beyond the row are zeros in both factors: an infinity there must not meet a zero.
        wanted = builder.not_(lanes_from(builder, count, vector.count))
        taps = [(i, j) for i in range(edge) for j in range(edge)]
        totals = {tap: cgutils.alloca_once_value(builder, zeros) for tap in taps}
        columns = [
            builder.gep(x, [builder.add(start, builder.load(builder.gep(offsets, [builder.add(first, constant(j))])))])
            for j in range(edge)
        ]
        with cgutils.for_range(builder, times) as loop:
            row = builder.mul(loop.index, constant(height))
            line = builder.gep(grad, [builder.add(grad_start, builder.mul(row, grad_step))])
            grads = [
                load_lanes(builder, builder.gep(line, [builder.mul(grad_step, constant(p))]), wanted, zeros)
                for p in range(height)
            ]
            for j, column in enumerate(columns):
                for r in range(height + edge - 1):
                    place = builder.gep(column, [builder.mul(builder.add(row, constant(r)), pitch)])
                    loaded = load_lanes(builder, place, wanted, zeros)
                    for p in range(max(r - edge + 1, 0), min(r + 1, height)):
                        total = totals[r - p, j]
                        builder.store(fused_multiply_add(builder, grads[p], loaded, builder.load(total)), total)
        for n, tap in enumerate(taps):
            place = builder.gep(sums, [builder.add(sums_start, constant(n * vector.count))])
            total = builder.fadd(load_vector(builder, place, vector), builder.load(totals[tap]))
            store_vector(builder, total, place)
        return context.get_dummy_value()

    return signature, generate
