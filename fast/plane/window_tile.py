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
tile below are called for while this one is computed, unless they are a dilation apart (see
`convoracle.fast.plane.windows`).
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.plane.plane_rows import PlaneRows, call_for_rows
from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    addresses_of,
    fused_multiply_add,
    lanes_from,
    literal_of,
    load_lanes,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

ROWS = 7 if VECTOR_BITS == 512 else 4
"""Rows of outputs in a tile: as many as the registers hold. Planes of networks often have a multiple of 7."""

FEW_ROWS = 3
"""Rows of a tile where no more are left: a dilation leaves few rows that are so far apart."""


@intrinsic(prefer_literal=True)
def correlate_windows(  # type: ignore[no-untyped-def]
    typing_context,
    tile_rows,
    size,
    stride,
    share,
    padding,
    is_dilated,
    x,
    plane,
    height,
    width,
    corner,
    apart,
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
    """Correlate some rows of a vector of neighbouring windows, or of half a vector.

    Parameters
    ----------
    tile_rows : literal int
        How many.
    size, stride, share : literal int
        Of the kernel, square; of the step from window to window, 1 or 2; outputs in a row are ``lanes / share``.
    padding : literal int
        0, or so many rows above a plane of so many rows, which is the tile then.
    is_dilated : literal int
        Whether `apart` is not 1; the stride is, then.
    x : array of one dimension
        Planes; the one to correlate begins at x[plane] and has `height` rows of `width` numbers.
    corner : tuple of two ints
        The first row and column of the first window, which may be outside the plane.
    apart : tuple of two ints
        How far the taps of a window are apart, and how far rows of outputs are in the plane: both ways the dilation.
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
    sizes = tile_rows, size, stride, share, padding, is_dilated
    literals = [literal_of(number) for number in sizes]
    number = types.intp
    pair = types.UniTuple(number, 2)
    signature = types.void(
        *sizes, x, number, number, number, pair, pair, zeros, weight, number, out, *[number] * 4, x.dtype, types.boolean
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        plane, height, width, corner, apart = arguments[7:12]
        kernel, _, out_start, out_step, rows, count, base, is_more = arguments[14:]
        x, zeros, weight, out = addresses_of(context, builder, signature, arguments)
        tile_rows, size, stride, share, padding, is_dilated = literals
        lanes = vector_of(signature.args[6]).count // share
        vector = ir.VectorType(vector_of(signature.args[6]).element, lanes)
        top, left = (builder.extract_value(corner, n) for n in range(2))
        steps = tuple(builder.extract_value(apart, n) for n in range(2)) if is_dilated else None

        def constant(value: int) -> Any:
            return ir.Constant(plane.type, value)

        origin = builder.gep(x, [plane])
        reach = (tile_rows - 1) * stride + size
        if not is_dilated:
            below = constant(tile_rows) if padding else builder.add(top, constant(tile_rows * stride + size))
            call_for_rows(builder, origin, width, below, left, tile_rows * stride, lanes * share, -(-stride // share))
        if padding:
            source = PlaneRows(builder, vector, origin, None, height, width, constant(0), left, tile_rows)
        else:
            source = PlaneRows(builder, vector, origin, zeros, height, width, top, left, reach, steps)
        taps = builder.gep(weight, [kernel])
        start = builder.select(is_more, ir.Constant(vector.element, 0), base)
        sums = [splat(builder, start, vector)] * tile_rows
        for j in range(size):
            loaded = source.load(j, stride)
            for i in range(size):
                tap = splat(builder, builder.load(builder.gep(taps, [constant(i * size + j)])), vector)
                for row in range(tile_rows):
                    read = row * stride + i - padding
                    if 0 <= read < len(loaded):
                        sums[row] = fused_multiply_add(builder, tap, loaded[read], sums[row])

        is_full = builder.and_(
            builder.icmp_signed(">=", rows, constant(tile_rows)), builder.icmp_signed(">=", count, constant(lanes))
        )
        wanted = builder.not_(lanes_from(builder, count, lanes))
        places = [
            builder.gep(out, [builder.add(out_start, builder.mul(out_step, constant(row)))]) for row in range(tile_rows)
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
