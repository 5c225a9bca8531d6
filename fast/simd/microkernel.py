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
    load_apart,
    load_vector,
    shuffle,
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
            loaded = [load_vector(builder, builder.gep(start, [offset]), vector) for start in vectors]
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


@intrinsic
def copy_vector(typing_context, source, source_start, target, target_start):  # type: ignore[no-untyped-def]
    """Copy one vector from source[source_start] on to target[target_start] on; both must hold all of it."""
    signature = types.void(source, types.intp, target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (0, 2))
        vector = vector_of(signature.args[0])
        loaded = load_vector(builder, builder.gep(source, [arguments[1]]), vector)
        store_vector(builder, loaded, builder.gep(target, [arguments[3]]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_lanes(typing_context, source, source_start, target, target_start, count):  # type: ignore[no-untyped-def]
    """Copy the first `count` numbers of a vector; source must hold all of it, target only those."""
    signature = types.void(source, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (0, 2))
        vector = vector_of(signature.args[0])
        loaded = load_vector(builder, builder.gep(source, [arguments[1]]), vector)
        wanted = builder.not_(lanes_from(builder, arguments[4], vector.count))
        store_lanes(builder, loaded, builder.gep(target, [arguments[3]]), wanted)
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def copy_apart(  # type: ignore[no-untyped-def]
    typing_context, stride, source, source_start, width, column, target, target_start
):
    """Fill a vector of target with the numbers from `column` on, `stride` apart, of a line of source; zeros beyond it.

    The line is the `width` numbers from source[source_start] on. Strides that are a literal 1 or 2 are done as vectors.
    """
    step = getattr(stride, "literal_value", 0)
    # The literal belongs to the signature: Numba would else take one stride's instructions for another's.
    signature = types.void(stride, source, types.intp, types.intp, types.intp, target, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stride, _, source_start, width, column, _, target_start = arguments
        source, target = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (1, 5))
        zeros = ir.Constant(vector_of(signature.args[1]), None)
        line = builder.gep(source, [source_start])
        loaded = load_apart(builder, step, line, column, stride, width, zeros)
        store_vector(builder, loaded, builder.gep(target, [target_start]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def pack_columns(  # type: ignore[no-untyped-def]
    typing_context, source, source_start, source_step, target, target_start, target_step
):
    """Transpose ROWS rows of one vector each, `source_step` apart, into LANES columns, `target_step` apart.

    Row i is source[source_start + i * source_step : ... + LANES]; its number k becomes
    target[target_start + k * target_step + i]. Laid end to end the rows are a string of numbers whose first half is
    interleaved with its second, as one riffles a deck of cards: each time the highest bit of the row becomes the lowest
    bit of the place, until all of them are.
    """
    signature = types.void(source, types.intp, types.intp, target, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, source_start, source_step, _, target_start, target_step = arguments
        source, target = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (0, 3))
        vector = vector_of(signature.args[0])
        lanes = vector.count
        starts = [builder.add(source_start, builder.mul(source_step, _int(source_step, i))) for i in range(ROWS)]
        string = [load_vector(builder, builder.gep(source, [start]), vector) for start in starts]
        halves = [[lane // 2 + lane % 2 * lanes for lane in part] for part in (range(lanes), range(lanes, 2 * lanes))]
        for _ in range(ROWS.bit_length() - 1):
            pairs = zip(string[: ROWS // 2], string[ROWS // 2 :], strict=True)
            string = [shuffle(builder, *pair, half) for pair in pairs for half in halves]
        piece = min(ROWS, lanes)
        for number in range(0, ROWS * lanes, piece):
            mixed, lane = string[number // lanes], number % lanes
            part = mixed if piece == lanes else shuffle(builder, mixed, mixed, list(range(lane, lane + piece)))
            column = builder.add(target_start, builder.mul(target_step, _int(target_step, number // ROWS)))
            store_vector(builder, part, builder.gep(target, [builder.add(column, _int(column, number % ROWS))]))
        return context.get_dummy_value()

    return signature, generate


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)


def _at(builder: Any, pointer: Any, index: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), index)])
