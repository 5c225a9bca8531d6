"""A tile of the input gradient of a small kernel with a stride of 2, emitted as LLVM IR.

In the padded plane, position j is read by output u through tap t where ``2 * u = j - t``: even positions through even
taps, odd ones through odd taps. A tile is `ROWS` pairs of rows, of a vector of pairs of columns; from rows ``u`` of the
output gradient, it has four kinds of sums, of which those of a row are shuffled together as they are stored::

      taps     even  odd                 j: 2u  2u+1  2u+2 ...
             +-----+-----+               | a  b | a  b | ...     row 2u
      even   |  a  |  b  |       ->      | c  d | c  d | ...     row 2u + 1
      odd    |  c  |  d  |
             +-----+-----+

Nothing is multiplied with a zero between numbers of the gradient. The padding has no place in the result: where it is
odd, the first row and column of the first tile are left out.
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
    counting,
    fused_multiply_add,
    literal_of,
    load_lanes,
    shuffle,
    splat,
    store_lanes,
    vector_of,
)

ROWS = 4 if VECTOR_BITS == 512 else 2
"""Pairs of rows in a tile: four sums for each are kept in registers."""


@intrinsic(prefer_literal=True)
def spread_windows(  # type: ignore[no-untyped-def]
    typing_context,
    size,
    share,
    grad,
    plane,
    height,
    width,
    corner,
    zeros,
    weight,
    kernel,
    out,
    out_plane,
    out_height,
    out_width,
    place,
    is_more,
):
    """Gather ROWS pairs of rows of a vector of pairs of input gradients, or of half a vector.

    Parameters
    ----------
    size, share : literal int
        Of the kernel, square; pairs in a row are ``lanes / share``.
    grad : array of one dimension
        Planes; that of the output gradient begins at grad[plane] and has `height` rows of `width` numbers.
    corner : tuple of two ints
        The output that reads the first position of the tile through tap 0; it may be outside the plane.
    zeros : array of one dimension
        `width` zeros.
    weight : array of one dimension
        The kernel, row by row from weight[kernel] on.
    out : array of one dimension
        The plane of the input gradient begins at out[out_plane] and has `out_height` rows of `out_width` numbers.
    place : tuple of two ints
        The row and column of the first position there; what is outside is not stored.
    is_more : bool
        Add to what is in `out`.
    """
    literals = [literal_of(number) for number in (size, share)]
    number = types.intp
    pair = types.UniTuple(number, 2)
    signature = types.void(
        size, share, grad, number, number, number, pair, zeros, weight, number, out, number, number, number, pair,
        types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, plane, height, width, corner, _, _, kernel, _, out_plane, out_height, out_width, place, is_more = arguments[
            2:
        ]
        grad, zeros, weight, out = addresses_of(context, builder, signature, arguments)
        size, share = literals
        lanes = vector_of(signature.args[2]).count // share
        vector = ir.VectorType(vector_of(signature.args[2]).element, lanes)
        top, left = (builder.extract_value(corner, n) for n in range(2))
        out_top, out_left = (builder.extract_value(place, n) for n in range(2))

        def constant(value: int) -> Any:
            return ir.Constant(plane.type, value)

        # Tap t reads (t // 2) rows above and columns before the corner.
        reach = (size - 1) // 2
        above, before = (builder.sub(first, constant(reach)) for first in (top, left))
        origin = builder.gep(grad, [plane])
        call_for_rows(builder, origin, width, builder.add(top, constant(ROWS)), left, ROWS, lanes, 1)
        source = PlaneRows(builder, vector, origin, zeros, height, width, above, before, ROWS + reach)
        taps = builder.gep(weight, [kernel])
        nothing = ir.Constant(vector, None)
        sums = {(row, parity): [nothing, nothing] for row in range(ROWS) for parity in range(2)}
        for j in reversed(range(size)):
            loaded = source.load(reach - j // 2)
            for i in range(size):
                tap = splat(builder, builder.load(builder.gep(taps, [constant(i * size + j)])), vector)
                for row in range(ROWS):
                    total = sums[row, i % 2]
                    total[j % 2] = fused_multiply_add(builder, tap, loaded[row + reach - i // 2], total[j % 2])

        # The two halves of a row of pairs, and which of their lanes are inside the plane.
        halves = [[half * lanes // 2 + n // 2 + n % 2 * lanes for n in range(lanes)] for half in range(2)]
        number = ir.IntType(32)
        first = builder.add(
            counting(number, lanes), splat(builder, builder.trunc(out_left, number), ir.VectorType(number, lanes))
        )
        limit = splat(builder, builder.trunc(out_width, number), first.type)
        masks = [
            builder.icmp_unsigned("<", builder.add(first, ir.Constant(first.type, [half * lanes] * lanes)), limit)
            for half in range(2)
        ]
        target = builder.gep(out, [builder.add(out_plane, out_left)])
        for row in range(ROWS):
            for parity in range(2):
                out_row = builder.add(out_top, constant(2 * row + parity))
                with builder.if_then(builder.icmp_unsigned("<", out_row, out_height)):
                    line = builder.gep(target, [builder.mul(out_row, out_width)])
                    even, odd = sums[row, parity]
                    for half in range(2):
                        pointer = builder.gep(line, [constant(half * lanes)])
                        total = cgutils.alloca_once_value(builder, shuffle(builder, even, odd, halves[half]))
                        with builder.if_then(is_more):
                            earlier = load_lanes(builder, pointer, masks[half], nothing)
                            builder.store(builder.fadd(earlier, builder.load(total)), total)
                        store_lanes(builder, builder.load(total), pointer, masks[half])
        return context.get_dummy_value()

    return signature, generate
