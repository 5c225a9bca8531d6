"""The register tile for operands that nobody has packed: rows read where they are, vectors of a panel side by side.

`convoracle.fast.simd.microkernel` takes rows whose numbers of one term lie together. Transforms leave something else,
the numbers of a row together or of a vector; so here rows and terms are two steps of any size. The vectors of a *panel*
lie together for every term::

      a[k, i] at a_start + i * row_step + k * term_step        VECTORS vectors of b, at b_start + k * VECTORS * LANES

      a[k, 0]  broadcast  ->   | sums of row 0 |               |               |
      a[k, 1]  broadcast  ->   | sums of row 1 |               |               |
        ...                    |   ...         |               |               |

For every k: sum[i, j] <- a[k, i] * b[k, j] + sum[i, j]. Each sum is one chain of fused multiply-adds in the order of k.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    addresses_of,
    fused_multiply_add,
    load_vector,
    prefetch,
    splat,
    store_vector,
    vector_of,
)


@intrinsic(prefer_literal=True)
def multiply_panel(  # type: ignore[no-untyped-def]
    typing_context, rows, vectors, depth, a, a_start, row_step, term_step, b, b_start, out, out_start, out_step, is_more
):
    """Multiply `rows` rows by a panel of `vectors` vectors, both literals; store the sums, or add them to others.

    Row i of the sums is out[out_start + i * out_step : ... + vectors * LANES]. `is_more` says to add to what is there.

    What the next `rows` rows have is asked for, one of them for each term: rows are too short for the processor to see
    where they go on. They need not be inside a.
    """
    size = rows.literal_value, vectors.literal_value
    step = types.intp
    signature = types.void(rows, vectors, step, a, step, step, step, b, step, out, step, step, types.boolean)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, depth, _, a_start, row_step, term_step, _, b_start, _, out_start, out_step, is_more = arguments
        a, b, out = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[3])
        tile = [(i, j) for i in range(size[0]) for j in range(size[1])]
        sums = {position: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for position in tile}
        row_places = [builder.gep(a, [builder.add(a_start, _times(builder, row_step, i))]) for i in range(size[0])]
        next_rows = builder.gep(a, [builder.add(a_start, _times(builder, row_step, size[0]))])
        first = builder.gep(b, [b_start])
        with cgutils.for_range(builder, depth) as loop:
            term = builder.mul(loop.index, term_step)
            turn = builder.urem(loop.index, ir.Constant(loop.index.type, size[0]))
            ahead = builder.mul(builder.sub(loop.index, turn), term_step)
            prefetch(builder, builder.gep(next_rows, [builder.add(ahead, builder.mul(turn, row_step))]))
            line = builder.gep(first, [_times(builder, loop.index, size[1] * vector.count)])
            loaded = [load_vector(builder, _after(builder, line, j * vector.count), vector) for j in range(size[1])]
            for i, j in tile:
                if j == 0:
                    factor = splat(builder, builder.load(builder.gep(row_places[i], [term])), vector)
                builder.store(fused_multiply_add(builder, factor, loaded[j], builder.load(sums[i, j])), sums[i, j])
        out_rows = [builder.gep(out, [builder.add(out_start, _times(builder, out_step, i))]) for i in range(size[0])]
        places = {(i, j): _after(builder, out_rows[i], j * vector.count) for i, j in tile}
        with builder.if_then(is_more):
            for position, place in places.items():
                total = builder.fadd(load_vector(builder, place, vector), builder.load(sums[position]))
                builder.store(total, sums[position])
        for position, place in places.items():
            store_vector(builder, builder.load(sums[position]), place)
        return context.get_dummy_value()

    return signature, generate


def _times(builder: Any, number: Any, factor: int) -> Any:
    return builder.mul(number, ir.Constant(number.type, factor))


def _after(builder: Any, pointer: Any, count: int) -> Any:
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), count)])
