"""Products of vectors that a table lists, added to sums, emitted as LLVM IR."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import addresses_of, fused_multiply_add, load_vector, store_vector, vector_of


@intrinsic
def add_listed(typing_context, a, b, products, count, sums):  # type: ignore[no-untyped-def]
    """Add the product of the vectors at a[products[k, 0]] and b[products[k, 1]] to that at sums[products[k, 2]].

    So for every k of `count`, one after the other. Where those of one sum are not neighbours, none waits for another.
    """
    signature = types.void(a, b, products, types.intp, sums)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        count = arguments[3]
        a, b, products, sums = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        with cgutils.for_range(builder, count) as loop:
            numbers = builder.gep(products, [builder.mul(loop.index, ir.Constant(count.type, 3))])
            places = (builder.load(builder.gep(numbers, [ir.Constant(count.type, n)])) for n in range(3))
            of_a, of_b, of_sum = (
                builder.gep(array, [place]) for array, place in zip((a, b, sums), places, strict=True)
            )
            factors = load_vector(builder, of_a, vector), load_vector(builder, of_b, vector)
            store_vector(builder, fused_multiply_add(builder, *factors, load_vector(builder, of_sum, vector)), of_sum)
        return context.get_dummy_value()

    return signature, generate
