"""The softmaxes of numbers that lie together, or the softmaxes of neighbours, each in its lane.

together  | s0 s0 s0 s0 ... | s0 s0 s0 s0 ... |       the largest and the sum are found across all lanes in the end

apart     | s0 s1 s2 s3 ... |                         each lane has its own; the next number of each
          | s0 s1 s2 s3 ... |                         is a step further on
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.exponential import emit_exponential
from convoracle.fast.simd.vectors import (
    addresses_of,
    lanes_from,
    load_lanes,
    load_vector,
    prefetch,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)


@intrinsic(prefer_literal=True)
def write_exponentials(typing_context, is_row, source, start, step, size, count, target, found):  # type: ignore[no-untyped-def]
    """Write the exponentials of numbers, less the largest of them, to the same place of target.

    If the literal `is_row` is 1, these are `size` numbers that lie together, from source[start] on. If it is 0, they
    are `size` numbers `step` apart, and there are `count` neighbours, up to a vector of them. For each of these,
    `found` gets the largest number, and behind a vector of those the sum of the exponentials.
    """
    is_together = is_row.literal_value == 1
    signature = types.void(is_row, source, types.intp, types.intp, types.intp, types.intp, target, found)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target, found = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[1])
        nothing = ir.Constant(vector, [-math.inf] * vector.count)
        steps, place_of = _lines(builder, is_together, vector, arguments[2:6])
        largest, total = cgutils.alloca_once_value(builder, nothing), cgutils.alloca_once_value(builder, nothing)
        with cgutils.for_range(builder, steps) as loop:
            place, mask = place_of(loop.index)
            numbers = load_lanes(builder, builder.gep(source, [place]), mask, nothing)
            # The next neighbours: rows of them are too far apart for the hardware to see where this goes.
            prefetch(builder, builder.gep(source, [builder.add(place, ir.Constant(place.type, 2 * vector.count))]))
            builder.store(_larger(builder, numbers, builder.load(largest)), largest)
        if is_together:
            builder.store(_all_lanes(builder, builder.load(largest), _larger), largest)
        builder.store(ir.Constant(vector, None), total)
        with cgutils.for_range(builder, steps) as loop:
            place, mask = place_of(loop.index)
            numbers = load_lanes(builder, builder.gep(source, [place]), mask, nothing)
            powers = emit_exponential(builder, builder.fsub(numbers, builder.load(largest)))
            store_lanes(builder, powers, builder.gep(target, [place]), mask)
            builder.store(builder.fadd(builder.load(total), powers), total)
        if is_together:
            builder.store(_all_lanes(builder, builder.load(total), lambda builder, a, b: builder.fadd(a, b)), total)
        store_vector(builder, builder.load(largest), found)
        store_vector(builder, builder.load(total), builder.gep(found, [ir.Constant(ir.IntType(64), vector.count)]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def finish_softmax(typing_context, is_row, is_log, source, start, step, size, count, target, found):  # type: ignore[no-untyped-def]
    """Make softmaxes of exponentials, or if the literal `is_log` is 1 their logarithms.

    These are made of the numbers of source. `found` is as `write_exponentials` leaves it, or has the logarithms of the
    sums.
    """
    is_together, is_logarithm = is_row.literal_value == 1, is_log.literal_value == 1
    signature = types.void(is_row, is_log, source, types.intp, types.intp, types.intp, types.intp, target, found)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source, target, found = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[2])
        largest, total = (
            load_vector(builder, builder.gep(found, [ir.Constant(ir.IntType(64), n)]), vector)
            for n in (0, vector.count)
        )
        steps, place_of = _lines(builder, is_together, vector, arguments[3:7])
        with cgutils.for_range(builder, steps) as loop:
            place, mask = place_of(loop.index)
            read, zeros = builder.gep(source if is_logarithm else target, [place]), ir.Constant(vector, None)
            numbers = load_lanes(builder, read, mask, zeros)
            if is_logarithm:
                numbers = builder.fsub(builder.fsub(numbers, largest), total)
            else:
                numbers = builder.fdiv(numbers, total)
            store_lanes(builder, numbers, builder.gep(target, [place]), mask)
        return context.get_dummy_value()

    return signature, generate


def _lines(builder: Any, is_together: bool, vector: Any, sizes: Any) -> tuple[Any, Any]:
    """Return how many vectors some softmaxes are, and what emits the place of one and which lanes of it there are."""
    start, step, size, count = sizes
    lanes = ir.Constant(size.type, vector.count)
    steps = size
    if is_together:
        steps = builder.sdiv(builder.add(size, ir.Constant(size.type, vector.count - 1)), lanes)

    def place_of(index: Any) -> tuple[Any, Any]:
        offset = builder.mul(index, lanes if is_together else step)
        wanted = builder.sub(size, offset) if is_together else count
        return builder.add(start, offset), builder.not_(lanes_from(builder, wanted, vector.count))

    return steps, place_of


def _larger(builder: Any, a: Any, b: Any) -> Any:
    """Return the larger of each two lanes; NaN is not larger."""
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _all_lanes(builder: Any, vector: Any, combine: Any) -> Any:
    """Combine the upper half of a vector with the lower one until one lane is left, and return it in every lane."""
    whole = vector.type
    while vector.type.count > 1:
        half = vector.type.count // 2
        lower, upper = (shuffle(builder, vector, vector, list(range(n, n + half))) for n in (0, half))
        vector = combine(builder, lower, upper)
    return splat(builder, builder.extract_element(vector, ir.Constant(ir.IntType(32), 0)), whole)
