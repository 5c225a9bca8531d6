"""A tile of neighbouring windows of one plane under a small kernel, emitted as LLVM IR.

The lanes of a vector are neighbouring outputs of a row; a tile is `ROWS` such vectors under each other. For each column
of the kernel, every row of the plane that the windows reach is loaded once, and serves all outputs it is a tap of::

                               out 0    out 1    out 2   ...  out 6
      row 0 of the plane      * k[0]
      row 1                   * k[1]   * k[0]
      row 2                   * k[2]   * k[1]   * k[0]
      row 3                            * k[2]   * k[1]
      ...                                       * k[2]        * k[0]

With a stride of 2 a row serves every second output, and the even or odd numbers of two vectors are shuffled together.
The plane is read where it is: columns in the padding are masked lanes, rows in the padding are read from a line of
zeros, and nothing branches. Where a whole plane is one tile, these rows are left out. A sum is one chain of fused
multiply-adds, by columns of the kernel and in them by rows, whatever the tile it is computed in. The rows of the next
tile below are called for while this one is computed.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.plane.plane_rows import PlaneRows, call_for_rows
from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    fused_multiply_add,
    lanes_from,
    load_lanes,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

ROWS = 7 if VECTOR_BITS == 512 else 4
"""Rows of outputs in a tile: as many as the registers hold. Planes of networks often have a multiple of 7."""


@intrinsic(prefer_literal=True)
def correlate_windows(  # type: ignore[no-untyped-def]
    typing_context,
    size,
    stride,
    share,
    padding,
    x,
    plane,
    height,
    width,
    corner,
    zeros,
    weight,
    kernel,
    out,
    out_start,
    out_step,
    rows,
    count,
    base,
    is_more,
):
    """Correlate ROWS rows of a vector of neighbouring windows, or of half a vector.

    Parameters
    ----------
    size, stride, share : literal int
        Of the kernel, square; of the step from window to window, 1 or 2; outputs in a row are ``lanes / share``.
    padding : literal int
        0, or so many rows above a plane of ROWS rows, which is the tile then.
    x : array of one dimension
        Planes; the one to correlate begins at x[plane] and has `height` rows of `width` numbers.
    corner : tuple of two ints
        The first row and column of the first window, which may be outside the plane.
    zeros : array of one dimension
        `width` zeros.
    weight : array of one dimension
        The kernel, row by row from weight[kernel] on.
    out : array of one dimension
        Row i is stored from out[out_start + i * out_step] on.
    rows, count : int
        So many first rows, and of each so many first outputs, are stored.
    base : number
        What a sum starts from.
    is_more : bool
        Start from 0 instead, and add what is in `out`.
    """
    literals = [getattr(number, "literal_value", 1) for number in (size, stride, share, padding)]
    number = types.intp
    signature = types.void(
        size, stride, share, padding, x, number, number, number, types.UniTuple(number, 2), zeros, weight, number, out,
        *[number] * 4, x.dtype, types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, plane, height, width, corner, _, _, kernel, _, out_start, out_step, rows, count, base, is_more = arguments[
            4:
        ]
        x, zeros, weight, out = (
            context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (4, 9, 10, 12)
        )
        size, stride, share, padding = literals
        lanes = vector_of(signature.args[4]).count // share
        vector = ir.VectorType(vector_of(signature.args[4]).element, lanes)
        top, left = (builder.extract_value(corner, n) for n in range(2))

        def constant(value: int) -> Any:
            return ir.Constant(plane.type, value)

        origin = builder.gep(x, [plane])
        reach = (ROWS - 1) * stride + size
        below = constant(ROWS) if padding else builder.add(top, constant(ROWS * stride + size))
        call_for_rows(builder, origin, width, below, left, ROWS * stride, lanes * share, -(-stride // share))
        if padding:
            source = PlaneRows(builder, vector, origin, None, height, width, constant(0), left, ROWS)
        else:
            source = PlaneRows(builder, vector, origin, zeros, height, width, top, left, reach)
        taps = builder.gep(weight, [kernel])
        start = builder.select(is_more, ir.Constant(vector.element, 0), base)
        sums = [splat(builder, start, vector)] * ROWS
        for j in range(size):
            loaded = source.load(j, stride)
            for i in range(size):
                tap = splat(builder, builder.load(builder.gep(taps, [constant(i * size + j)])), vector)
                for row in range(ROWS):
                    read = row * stride + i - padding
                    if 0 <= read < len(loaded):
                        sums[row] = fused_multiply_add(builder, tap, loaded[read], sums[row])

        is_full = builder.and_(
            builder.icmp_signed(">=", rows, constant(ROWS)), builder.icmp_signed(">=", count, constant(lanes))
        )
        wanted = builder.not_(lanes_from(builder, count, lanes))
        places = [
            builder.gep(out, [builder.add(out_start, builder.mul(out_step, constant(row)))]) for row in range(ROWS)
        ]
        totals = [cgutils.alloca_once_value(builder, total) for total in sums]
        with builder.if_then(is_more):
            for row, (place, total) in enumerate(zip(places, totals, strict=True)):
                with builder.if_then(builder.icmp_signed(">", rows, constant(row))):
                    before = load_lanes(builder, place, wanted, ir.Constant(vector, None))
                    builder.store(builder.fadd(before, builder.load(total)), total)
        with builder.if_else(is_full) as (whole, part):
            with whole:
                for place, total in zip(places, totals, strict=True):
                    store_vector(builder, builder.load(total), place)
            with part:
                for row, (place, total) in enumerate(zip(places, totals, strict=True)):
                    with builder.if_then(builder.icmp_signed(">", rows, constant(row))):
                        store_lanes(builder, builder.load(total), place, wanted)
        return context.get_dummy_value()

    return signature, generate
