"""The maximum of numbers that lie together, and where it is, emitted as LLVM IR: what one window over a plane takes.

Lane n goes through the numbers n, n + LANES, n + 2 * LANES, ... and keeps the best so far and its place: the first NaN,
else the first of the largest. Of the lanes, the one that is as good as any and has the first place wins.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    addresses_of,
    call_intrinsic,
    counting,
    lanes_from,
    load_lanes,
    splat,
    vector_of,
)


@intrinsic
def find_maximum(typing_context, numbers, start, count):  # type: ignore[no-untyped-def]
    """Return the place of the maximum of `count` numbers, less than 2**31, from numbers[start] on."""
    signature = types.intp(numbers, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, count = arguments
        (numbers,) = addresses_of(context, builder, signature, arguments)
        first = builder.gep(numbers, [start])
        vector = vector_of(signature.args[0])
        lanes, place = vector.count, ir.IntType(32)
        lowest, step = ir.Constant(vector, [float("-inf")] * lanes), ir.Constant(count.type, lanes)
        best = cgutils.alloca_once_value(builder, lowest)
        winner = cgutils.alloca_once_value(builder, counting(place, lanes))
        vectors = builder.sdiv(builder.add(count, ir.Constant(count.type, lanes - 1)), step)
        with cgutils.for_range(builder, vectors) as loop:
            done = builder.mul(loop.index, step)
            wanted = builder.not_(lanes_from(builder, builder.sub(count, done), lanes))
            value = load_lanes(builder, builder.gep(first, [done]), wanted, lowest)
            before = builder.load(best)
            is_first_nan = builder.and_(
                builder.fcmp_unordered("uno", value, value), builder.fcmp_ordered("ord", before, before)
            )
            is_better = builder.or_(builder.fcmp_ordered(">", value, before), is_first_nan)
            places = splat(builder, builder.trunc(done, place), ir.VectorType(place, lanes))
            places = builder.add(places, counting(place, lanes))
            builder.store(builder.select(is_better, value, before), best)
            builder.store(builder.select(is_better, places, builder.load(winner)), winner)
        found, places = builder.load(best), builder.load(winner)
        kind = {4: "f32", 8: "f64"}[signature.args[0].dtype.bitwidth // 8]
        # Not a NaN, unless all are.
        largest = call_intrinsic(builder, f"vector.reduce.fmax.v{lanes}{kind}", vector.element, found)
        is_nan = builder.fcmp_unordered("uno", found, found)
        is_any_nan = builder.icmp_unsigned(
            "!=", builder.bitcast(is_nan, ir.IntType(lanes)), ir.Constant(ir.IntType(lanes), 0)
        )
        is_largest = builder.fcmp_ordered("==", found, splat(builder, largest, vector))
        is_as_good = builder.select(splat(builder, is_any_nan, is_nan.type), is_nan, is_largest)
        beyond = ir.Constant(places.type, [(1 << 31) - 1] * lanes)
        candidates = builder.select(is_as_good, places, beyond)
        nearest = call_intrinsic(builder, f"vector.reduce.umin.v{lanes}i32", place, candidates)
        return builder.zext(nearest, count.type)

    return signature, generate
