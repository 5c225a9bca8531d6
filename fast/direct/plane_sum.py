"""The sum of numbers that lie together, emitted as LLVM IR: what a mean over whole planes takes.

Lane n adds the numbers n, n + LANES, n + 2 * LANES, ...; then the upper half of the lanes is added to the lower one,
and so on, until one is left. The order depends on nothing but how many there are.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import addresses_of, lanes_from, load_lanes, load_vector, shuffle, vector_of


@intrinsic
def sum_numbers(typing_context, numbers, start, count):  # type: ignore[no-untyped-def]
    """Return the sum of `count` numbers from numbers[start] on."""
    signature = numbers.dtype(numbers, types.intp, types.intp)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, count = arguments
        (numbers,) = addresses_of(context, builder, signature, arguments)
        first = builder.gep(numbers, [start])
        vector = vector_of(signature.args[0])
        lanes, zeros = vector.count, ir.Constant(vector, None)
        whole = builder.sdiv(count, ir.Constant(count.type, lanes))
        total = cgutils.alloca_once_value(builder, zeros)
        with cgutils.for_range(builder, whole) as loop:
            place = builder.gep(first, [builder.mul(loop.index, ir.Constant(count.type, lanes))])
            builder.store(builder.fadd(builder.load(total), load_vector(builder, place, vector)), total)
        done = builder.mul(whole, ir.Constant(count.type, lanes))
        wanted = builder.not_(lanes_from(builder, builder.sub(count, done), lanes))
        rest = load_lanes(builder, builder.gep(first, [done]), wanted, zeros)
        sums = builder.fadd(builder.load(total), rest)
        while lanes > 1:
            lanes //= 2
            halves = (shuffle(builder, sums, sums, list(range(begin, begin + lanes))) for begin in (0, lanes))
            sums = builder.fadd(*halves)
        return builder.extract_element(sums, ir.Constant(ir.IntType(32), 0))

    return signature, generate
