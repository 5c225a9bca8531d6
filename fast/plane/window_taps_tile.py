"""A tile of the weight gradient of a small kernel, emitted as LLVM IR.

The gradient of a tap is a sum over outputs, of the output gradient times what the tap read. The lanes are neighbouring
outputs; a tile is `ROWS` rows of them, each in a register. Down one column of the kernel, every row of the plane is
loaded once and meets all rows of the gradient it was a tap of::

                               grad 0        grad 1        grad 2
      row 0 of the plane     -> tap 0
      row 1                  -> tap 1      -> tap 0
      row 2                  -> tap 2      -> tap 1      -> tap 0
      row 3                                -> tap 2      -> tap 1

Outputs beyond the last row or column count as zeros. An infinity in the plane makes a NaN of them, which it must not;
whoever finds one in the result computes it again with `convoracle.fast.plane.tap_tile`, which leaves them out.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.plane.plane_rows import PlaneRows, call_for_rows, times
from convoracle.fast.plane.window_tile import ROWS
from convoracle.fast.simd.vectors import (
    addresses_of,
    fused_multiply_add,
    lanes_from,
    literal_of,
    load_lanes,
    load_vector,
    store_vector,
    vector_of,
)


@intrinsic(prefer_literal=True)
def correlate_window_taps(  # type: ignore[no-untyped-def]
    typing_context,
    size,
    stride,
    share,
    is_dilated,
    x,
    plane,
    height,
    width,
    corner,
    apart,
    zeros,
    grad,
    grad_start,
    grad_step,
    rows,
    count,
    sums,
    sums_start,
):
    """Add ROWS rows of a vector of neighbouring outputs, or of half a vector, to the sums of all taps.

    Parameters
    ----------
    size, stride, share : literal int
        Of the kernel, square; of the step from window to window, 1 or 2; outputs in a row are ``lanes / share``.
    is_dilated : literal int
        Whether `apart` is not 1; the stride is, then.
    x : array of one dimension
        Planes; the input plane begins at x[plane] and has `height` rows of `width` numbers.
    corner : tuple of two ints
        The first row and column of the first window, which may be outside the plane.
    apart : tuple of two ints
        The dilation: how far the taps of a window, and rows of outputs, are apart in the plane.
    zeros : array of one dimension
        As many zeros as a row of the input or of the output gradient has numbers.
    grad : array of one dimension
        Row i of the output gradient begins at grad[grad_start + i * grad_step].
    rows, count : int
        So many first rows, and of each so many first outputs, exist.
    sums : array of one dimension
        The sums of tap (i, j) begin at sums[sums_start + (j * size + i) * lanes].
    """
    literals = [literal_of(number) for number in (size, stride, share, is_dilated)]
    number = types.intp
    pair = types.UniTuple(number, 2)
    signature = types.void(
        size, stride, share, is_dilated, x, number, number, number, pair, pair, zeros, grad, *[number] * 4, sums, number
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        plane, height, width, corner, apart, _, _, grad_start, grad_step, rows, count, _, sums_start = arguments[5:]
        x, zeros, grad, sums = addresses_of(context, builder, signature, arguments)
        size, stride, share, is_dilated = literals
        lanes = vector_of(signature.args[4]).count // share
        vector = ir.VectorType(vector_of(signature.args[4]).element, lanes)
        top, left = (builder.extract_value(corner, n) for n in range(2))
        steps = tuple(builder.extract_value(apart, n) for n in range(2)) if is_dilated else None
        step = steps and steps[0]

        def constant(value: int) -> Any:
            return ir.Constant(plane.type, value)

        origin = builder.gep(x, [plane])
        below = builder.add(top, times(builder, top.type, ROWS * stride + size, step))
        call_for_rows(builder, origin, width, below, left, ROWS * stride, lanes * share, -(-stride // share), step)
        wanted = builder.not_(lanes_from(builder, count, lanes))
        grads = []
        for p in range(ROWS):
            line = builder.gep(grad, [builder.add(grad_start, builder.mul(grad_step, constant(p)))])
            is_there = builder.icmp_signed(">", rows, constant(p))
            grads.append(load_lanes(builder, builder.select(is_there, line, zeros), wanted, ir.Constant(vector, None)))
        reach = (ROWS - 1) * stride + size
        source = PlaneRows(builder, vector, origin, zeros, height, width, top, left, reach, steps)
        for j in range(size):
            totals = [ir.Constant(vector, None)] * size
            loaded = source.load(j, stride)
            for p in range(ROWS):
                for i in range(size):
                    totals[i] = fused_multiply_add(builder, grads[p], loaded[p * stride + i], totals[i])
            for i in range(size):
                place = builder.gep(sums, [builder.add(sums_start, constant((j * size + i) * lanes * share))])
                store_vector(builder, builder.fadd(load_vector(builder, place, vector), totals[i]), place)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def add_lanes(typing_context, share, array, start, target, to):  # type: ignore[no-untyped-def]
    """Write the sum of the vector, or the share of one, from array[start] on to target[to]: half is added to half."""
    literal = literal_of(share)
    signature = types.void(share, array, types.intp, target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        lanes = vector.count // literal
        total = load_vector(builder, builder.gep(array, [arguments[2]]), ir.VectorType(vector.element, lanes))
        while lanes > 1:
            lanes //= 2
            low, high = (
                builder.shuffle_vector(
                    total,
                    ir.Constant(total.type, ir.Undefined),
                    ir.Constant(ir.VectorType(ir.IntType(32), lanes), [*range(first, first + lanes)]),
                )
                for first in (0, lanes)
            )
            total = builder.fadd(low, high)
        number = builder.extract_element(total, ir.Constant(ir.IntType(32), 0))
        builder.store(number, builder.gep(target, [arguments[4]]))
        return context.get_dummy_value()

    return signature, generate
