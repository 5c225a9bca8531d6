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


@intrinsic
def multiply_tile(  # type: ignore[no-untyped-def]
    typing_context,
    depth,
    a,
    a_start,
    b,
    b_starts,
    offsets,
    out,
    out_starts,
    out_step,
    rows,
    skips,
    base,
    base_start,
    is_more,
):
    """Multiply ROWS packed rows by as many vectors as `b_starts` has, and store the sums or add them to others.

    Parameters
    ----------
    depth : int
        Number of terms k.
    a : array of one dimension
        Packed rows: a[a_start + k * ROWS + i].
    b : array of one dimension
        Vector j of term k begins at b[b_starts[j] + offsets[k]]; all of it must be inside b.
    offsets : int64 array
        At least `depth` offsets.
    out : array of one dimension
        Row i of vector j is stored at out[out_starts[j] + i * out_step]; all of it must be inside out.
    rows : int
        So many first rows are stored, of those that are computed.
    skips : tuple of int
        So many first lanes of each vector are computed, but not stored.
    base : array of one dimension
        Row i starts from base[base_start + i].
    is_more : bool
        Add to what is in `out` instead of starting from `base`.
    """
    return _tile(a, b, b_starts, offsets, out, base, is_ahead=False)


@intrinsic
def multiply_tile_ahead(  # type: ignore[no-untyped-def]
    typing_context,
    depth,
    a,
    a_start,
    b,
    b_starts,
    offsets,
    out,
    out_starts,
    out_step,
    rows,
    skips,
    base,
    base_start,
    is_more,
):
    """Do as `multiply_tile`, and ask for what is VECTORS vectors further on in b: the next tile is to read it there.

    For numbers that are not in the second cache yet. What lies there need not be inside b.
    """
    return _tile(a, b, b_starts, offsets, out, base, is_ahead=True)


def _tile(a: Any, b: Any, b_starts: Any, offsets: Any, out: Any, base: Any, *, is_ahead: bool) -> tuple[Any, Any]:
    """Return the signature of `multiply_tile` and what emits it."""
    count = len(b_starts)
    starts = types.UniTuple(types.intp, count)
    signature = types.void(
        types.intp,
        a,
        types.intp,
        b,
        starts,
        offsets,
        out,
        starts,
        types.intp,
        types.intp,
        starts,
        base,
        types.intp,
        types.boolean,
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        depth, _, a_start, _, b_starts, _, _, out_starts, out_step, rows, skips, _, base_start, is_more = arguments
        a, b, offsets, out, base = (
            context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (1, 3, 5, 6, 11)
        )
        vector = vector_of(signature.args[1])
        tile = [(i, j) for i in range(ROWS) for j in range(count)]
        sums = {position: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for position in tile}
        vectors = [builder.gep(b, [builder.extract_value(b_starts, j)]) for j in range(count)]
        first_column = builder.gep(a, [a_start])
        with cgutils.for_range(builder, depth) as loop:
            offset = builder.load(builder.gep(offsets, [loop.index]))
            column = builder.gep(first_column, [builder.mul(loop.index, ir.Constant(loop.index.type, ROWS))])
            places = [builder.gep(start, [offset]) for start in vectors]
            loaded = [load_vector(builder, place, vector) for place in places]
            if is_ahead:
                for place in places:
                    prefetch(builder, builder.gep(place, [_int(offset, VECTORS * vector.count)]))
            for i, j in tile:
                if j == 0:
                    factor = splat(builder, builder.load(_at(builder, column, i)), vector)
                total = fused_multiply_add(builder, factor, loaded[j], builder.load(sums[i, j]))
                builder.store(total, sums[i, j])

        starts = [builder.extract_value(out_starts, j) for j in range(count)]
        counts = [builder.extract_value(skips, j) for j in range(count)]
        skipped = functools.reduce(builder.or_, counts)
        is_whole = builder.icmp_signed("==", skipped, _int(skipped, 0))
        masks = [lanes_from(builder, lanes, vector.count) for lanes in counts]
        first_base = builder.gep(base, [base_start])
        for i in range(ROWS):
            with builder.if_then(builder.icmp_signed(">", rows, _int(rows, i))):
                row = builder.gep(out, [builder.mul(out_step, _int(out_step, i))])
                places = [builder.gep(row, [start]) for start in starts]
                with builder.if_else(is_more) as (more, fresh):
                    with more:
                        for j, place in enumerate(places):
                            builder.store(
                                builder.fadd(load_vector(builder, place, vector), builder.load(sums[i, j])), sums[i, j]
                            )
                    with fresh:
                        start = splat(builder, builder.load(_at(builder, first_base, i)), vector)
                        for j in range(count):
                            builder.store(builder.fadd(start, builder.load(sums[i, j])), sums[i, j])
                with builder.if_else(is_whole) as (whole, part):
                    with whole:
                        for j, place in enumerate(places):
                            store_vector(builder, builder.load(sums[i, j]), place)
                    with part:
                        for j, place in enumerate(places):
                            store_lanes(builder, builder.load(sums[i, j]), place, masks[j])
        return context.get_dummy_value()

    return signature, generate


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)


def _at(builder: Any, pointer: Any, index: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), index)])
