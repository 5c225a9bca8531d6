"""The gradients of windows of 2 x 2 that tile a plane, a vector of them at a time, emitted as LLVM IR.

Every position is in one window at most: instead of adding each value where its maximum was, one compares the index of a
window with its four positions, and writes all of them once, zeros included. Lanes are windows; the two positions of a
row are shuffled together to lie as they do in the plane::

    values                      | g0 g1 g2 g3 |           even   | g0 0  g2 0  |         | g0 0  0  g1 |
    index - first position      | 0  1  0  W  |           odd    | 0  g1 0  0  |   ->    | g2 0  0  0  |   row W alike
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    call_intrinsic,
    counting,
    lanes_from,
    load_lanes,
    shuffle,
    splat,
    store_lanes,
    vector_of,
)


@intrinsic
def place_tiles(typing_context, values, indices, start, count, width, corner, grad, target):  # type: ignore[no-untyped-def]
    """Write the positions of up to a vector of neighbouring 2 x 2 windows; tell whether each index was one of its four.

    Parameters
    ----------
    values, indices : array of one dimension
        The value and the index of window n are at start + n.
    count : int
        Number of windows; what is more than a vector of them is left out.
    width : int
        Of the plane, whose number of positions fits 32 bits.
    corner : int
        Position in the plane where the first window begins.
    grad : array of one dimension
        That position is grad[target].
    """
    signature = types.boolean(values, indices, types.intp, types.intp, types.intp, types.intp, grad, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, start, count, width, corner, _, target = arguments
        values, indices, grad = (
            context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (0, 1, 6)
        )
        vector = vector_of(signature.args[0])
        lanes, zeros = vector.count, ir.Constant(vector, None)
        index, wide = (ir.VectorType(ir.IntType(bits), lanes) for bits in (32, 64))
        is_beyond = lanes_from(builder, count, lanes)
        wanted = builder.not_(is_beyond)
        value = load_lanes(builder, builder.gep(values, [start]), wanted, zeros)
        found = load_lanes(builder, builder.gep(indices, [start]), wanted, ir.Constant(wide, None))
        first = builder.add(splat(builder, corner, wide), counting(ir.IntType(64), lanes, 2))
        step = builder.trunc(builder.sub(found, first), index)
        is_placed = is_beyond
        for row in range(2):
            line = builder.mul(width, ir.Constant(width.type, row))
            pair = []
            for column in range(2):
                place = builder.trunc(builder.add(line, ir.Constant(line.type, column)), index.element)
                is_here = builder.icmp_signed("==", step, splat(builder, place, index))
                pair.append(builder.select(is_here, value, zeros))
                is_placed = builder.or_(is_placed, is_here)
            for half in range(2):
                begin = half * lanes // 2
                mixed = [lane + odd * lanes for lane in range(begin, begin + lanes // 2) for odd in range(2)]
                before = ir.Constant(line.type, half * lanes)
                place = builder.gep(grad, [builder.add(builder.add(target, line), before)])
                rest = builder.sub(builder.shl(count, ir.Constant(count.type, 1)), before)
                is_wanted = builder.not_(lanes_from(builder, rest, lanes))
                store_lanes(builder, shuffle(builder, pair[0], pair[1], mixed), place, is_wanted)
        return call_intrinsic(builder, f"vector.reduce.and.v{lanes}i1", ir.IntType(1), is_placed)

    return signature, generate
