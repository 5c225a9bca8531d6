"""The register tile that every fast kernel is built from, emitted as LLVM IR.

Convolutions, their gradients and Winograd's products are all, in the inner loop, one small matrix product: `ROWS` rows
of one operand, packed so that the rows of a column lie together, times up to `VECTORS` vectors of the other, read where
they are. The sums stay in registers from the first term to the last::

      one column of a              VECTORS vectors of b, at b_starts[j] + offsets[k]
                               +----------------+----------------+----------------+
      a[k, 0]  broadcast  ->   | sums of row 0: |  LANES numbers | in one register|
      a[k, 1]  broadcast  ->   | sums of row 1  |                |                |
        ...                    |   ...          |                |                |
      a[k, ROWS - 1]      ->   |                |                |                |
                               +----------------+----------------+----------------+

For every k: sum[i, j] <- a[k, i] * b[b_starts[j] + offsets[k] : ... + LANES] + sum[i, j]. Each sum is one chain of
fused multiply-adds in the order of k, so its bits depend on nothing else: not on its neighbours, nor on the thread.

The table `offsets` is what makes a convolution of it: a tap of the kernel is an offset into the image, whatever its
channel, dilation or stride, so no matrix of columns (im2col) is ever written.

With 32 registers of 512 bits (AVX-512), 8 x 3 sums, 3 vectors and a broadcast fit; with 16 of 256 bits (AVX2) 4 x 3
sums. The third tile is for every other machine, and has been tested only by forcing it on one of the first kind.
"""

import functools
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
    load_vector,
    prefetch,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

ROWS, VECTORS = {512: (8, 3), 256: (4, 3), 128: (4, 2)}[VECTOR_BITS]

HALF = ROWS // 2
"""Rows of a smaller tile, which may have twice as many vectors."""


@intrinsic(prefer_literal=True)
def multiply_tile(  # type: ignore[no-untyped-def]
    typing_context,
    tile_rows,
    vectors,
    depth,
    a,
    a_start,
    b,
    b_start,
    starts,
    offsets,
    out,
    out_start,
    places,
    out_step,
    rows,
    skips,
    first,
    base,
    base_start,
    is_more,
):
    """Multiply packed rows by vectors, and store the sums or add them to others.

    What the next tile reads, `vectors` vectors further on in b, is asked for: it may not be in the second cache yet.
    It need not be inside b.

    Parameters
    ----------
    tile_rows, vectors : int
        Size of the tile, literals: ROWS or HALF rows.
    depth : int
        Number of terms k.
    a : array of one dimension
        Packed rows: a[a_start + k * ROWS + i].
    b : array of one dimension
        Vector j of term k begins at b[b_start + starts[first + j] + offsets[k]]; all of it must be inside b.
    offsets : int64 array
        At least `depth` offsets.
    out : array of one dimension
        Row i of vector j is stored at out[out_start + places[first + j] + i * out_step]; all must be inside out.
    rows : int
        So many first rows are stored, of those that are computed.
    skips : int64 array
        The first skips[first + j] lanes of vector j are computed, but not stored.
    base : array of one dimension
        Row i starts from base[base_start + i].
    is_more : bool
        Add to what is in `out` instead of starting from `base`.
    """
    size = tile_rows.literal_value, vectors.literal_value
    step = types.intp
    signature = types.void(
        tile_rows, vectors, step, a, step, b, step, starts, offsets, out, step, places, step, step, skips, step, base,
        step, types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (_, _, depth, _, a_start, _, b_start, _, _, _, out_start, _, out_step, rows, _, first, _, base_start,
         is_more) = arguments  # fmt: skip
        a, b, starts, offsets, out, places, skips, base = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[3])
        tile = [(i, j) for i in range(size[0]) for j in range(size[1])]
        sums = {position: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for position in tile}
        begin = builder.gep(b, [b_start])
        vectors = [builder.gep(begin, [_entry(builder, starts, first, j)]) for j in range(size[1])]
        first_column = builder.gep(a, [a_start])
        with cgutils.for_range(builder, depth) as loop:
            offset = builder.load(builder.gep(offsets, [loop.index]))
            column = builder.gep(first_column, [builder.mul(loop.index, ir.Constant(loop.index.type, ROWS))])
            parts = [builder.gep(start, [offset]) for start in vectors]
            loaded = [load_vector(builder, part, vector) for part in parts]
            for part in parts:
                prefetch(builder, builder.gep(part, [_int(offset, size[1] * vector.count)]))
            for i, j in tile:
                if j == 0:
                    factor = splat(builder, builder.load(_at(builder, column, i)), vector)
                total = fused_multiply_add(builder, factor, loaded[j], builder.load(sums[i, j]))
                builder.store(total, sums[i, j])

        to = builder.gep(out, [out_start])
        columns = [builder.gep(to, [_entry(builder, places, first, j)]) for j in range(size[1])]
        counts = [_entry(builder, skips, first, j) for j in range(size[1])]
        skipped = functools.reduce(builder.or_, counts)
        is_whole = builder.icmp_signed("==", skipped, _int(skipped, 0))
        masks = [lanes_from(builder, lanes, vector.count) for lanes in counts]
        first_base = builder.gep(base, [base_start])
        for i in range(size[0]):
            with builder.if_then(builder.icmp_signed(">", rows, _int(rows, i))):
                row = builder.mul(out_step, _int(out_step, i))
                parts = [builder.gep(column, [row]) for column in columns]
                with builder.if_else(is_more) as (more, fresh):
                    with more:
                        for j, place in enumerate(parts):
                            builder.store(
                                builder.fadd(load_vector(builder, place, vector), builder.load(sums[i, j])), sums[i, j]
                            )
                    with fresh:
                        start = splat(builder, builder.load(_at(builder, first_base, i)), vector)
                        for j in range(size[1]):
                            builder.store(builder.fadd(start, builder.load(sums[i, j])), sums[i, j])
                with builder.if_else(is_whole) as (whole, part):
                    with whole:
                        for j, place in enumerate(parts):
                            store_vector(builder, builder.load(sums[i, j]), place)
                    with part:
                        for j, place in enumerate(parts):
                            store_lanes(builder, builder.load(sums[i, j]), place, masks[j])
        return context.get_dummy_value()

    return signature, generate


def _entry(builder: Any, table: Any, first: Any, index: int) -> Any:
    """Load table[first + index]."""
    return builder.load(builder.gep(table, [builder.add(first, _int(first, index))]))


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)


def _at(builder: Any, pointer: Any, index: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), index)])
