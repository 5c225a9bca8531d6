"""The tile of a convolution by F(m, r) down the columns only, emitted as LLVM IR.

The lanes are neighbouring outputs of a row; a tile is m rows of them, for a few filters. The n products of a column,
n = m + r - 1, are sums over channels and the r columns of the kernel. They stay in registers from the first term to the
last, and are m rows of outputs when they leave::

      n rows of the plane       n products, of each filter            m rows of outputs
      +-----------------+       +-----------------------------+       +-----------------+
      |  16 columns     |  B d  | sum over c, j of            |  A s  |  16 columns     |
      |                 |  -->  | U[c, j, filter, k] (number) |  -->  |                 |
      |                 |       |  * V[k, c, j : j + 16]      |       +-----------------+
      +-----------------+       +-----------------------------+
"""

import itertools
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.plane.plane_rows import PlaneRows
from convoracle.fast.simd.transforms import apply_matrix
from convoracle.fast.simd.vectors import (
    addresses_of,
    call_intrinsic,
    fused_multiply_add,
    lanes_from,
    load_vector,
    prefetch,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)
from convoracle.fast.winograd.cook_toom import Bilinear


def transform_rows_by(algorithm: Bilinear) -> Any:
    """Return an intrinsic that transforms a vector of columns of some rows of a plane, zeros outside of it.

    It is called with ``(x, plane, height, width, corner, zeros, target, to, to_step)``: the plane begins at x[plane],
    the first of its rows and columns are `corner`, `zeros` are as many as a row has numbers, and product k goes to
    target[to + k * to_step].
    """

    @intrinsic
    def transform_rows(typing_context, x, plane, height, width, corner, zeros, target, to, to_step):  # type: ignore[no-untyped-def]
        step = types.intp
        signature = types.void(x, step, step, step, types.UniTuple(step, 2), zeros, target, step, step)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, plane, height, width, corner, _, _, to, to_step = arguments
            x, zeros, target = addresses_of(context, builder, signature, arguments)
            vector = vector_of(signature.args[0])
            top, left = (builder.extract_value(corner, n) for n in range(2))
            origin, count = builder.gep(x, [plane]), len(algorithm.data)
            rows = PlaneRows(builder, vector, origin, zeros, height, width, top, left, count).load(0)
            for k, value in enumerate(apply_matrix(builder, algorithm.data, rows)):
                place = builder.add(to, builder.mul(to_step, ir.Constant(to.type, k)))
                store_vector(builder, value, builder.gep(target, [place]))
            return context.get_dummy_value()

        return signature, generate

    return transform_rows


def multiply_by(algorithm: Bilinear, filters: int) -> Any:
    """Return an intrinsic that makes a tile of outputs of so many filters, and returns whether all of it is finite.

    It is called with ``(channels, weights, first_weight, source, start, of_product, of_channel, out, out_start, of_row,
    of_filter, base, first_base, filters_wanted, rows_wanted, count)``. The weights lie together in the order in which
    they are needed: channels, columns of the kernel, filters, products. V[k, c, j] begins at source[start + k *
    of_product + c * of_channel + j]. Of so many first filters and rows, so many first numbers are stored.
    """
    products, taps = len(algorithm.filter), len(algorithm.filter[0])

    @intrinsic
    def multiply(  # type: ignore[no-untyped-def]
        typing_context,
        channels,
        weights,
        first_weight,
        source,
        start,
        of_product,
        of_channel,
        out,
        out_start,
        of_row,
        of_filter,
        base,
        first_base,
        filters_wanted,
        rows_wanted,
        count,
    ):
        step = types.intp
        signature = types.boolean(
            step, weights, step, source, *[step] * 3, out, *[step] * 3, base, step, step, step, step
        )

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            channels, _, first_weight, _, start, of_product, of_channel, _, out_start, of_row = arguments[:10]
            of_filter, _, first_base, filters_wanted, rows_wanted, count = arguments[10:]
            weights, source, out, base = addresses_of(context, builder, signature, arguments)
            vector = vector_of(signature.args[3])

            def constant(value: int) -> Any:
                return ir.Constant(start.type, value)

            zeros = ir.Constant(vector, None)
            sums = {(f, k): cgutils.alloca_once_value(builder, zeros) for f in range(filters) for k in range(products)}
            begins = [
                builder.gep(source, [builder.add(start, builder.mul(of_product, constant(k)))]) for k in range(products)
            ]
            places = {}
            for f, i in itertools.product(range(filters), range(len(algorithm.inverse))):
                row = builder.add(out_start, builder.mul(of_row, constant(i)))
                places[f, i] = builder.gep(out, [builder.add(row, builder.mul(of_filter, constant(f)))])
                # Written only after the sums: by then its line is in the cache.
                prefetch(builder, places[f, i], is_written=True)
            first = builder.gep(weights, [first_weight])
            with cgutils.for_range(builder, channels) as loop:
                channel = builder.mul(loop.index, of_channel)
                terms = builder.gep(first, [builder.mul(loop.index, constant(taps * filters * products))])
                for tap in range(taps):
                    for k in range(products):
                        place = builder.gep(begins[k], [builder.add(channel, constant(tap))])
                        value = load_vector(builder, place, vector)
                        for f in range(filters):
                            number = builder.gep(terms, [constant((tap * filters + f) * products + k)])
                            factor = splat(builder, builder.load(number), vector)
                            total = fused_multiply_add(builder, factor, value, builder.load(sums[f, k]))
                            builder.store(total, sums[f, k])

            is_whole = builder.icmp_signed(">=", count, constant(vector.count))
            wanted = builder.not_(lanes_from(builder, count, vector.count))
            tested = zeros
            for f in range(filters):
                is_filter = builder.icmp_signed(">", filters_wanted, constant(f))
                place = builder.select(is_filter, builder.add(first_base, constant(f)), first_base)
                added = splat(builder, builder.load(builder.gep(base, [place])), vector)
                rows = apply_matrix(builder, algorithm.inverse, [builder.load(sums[f, k]) for k in range(products)])
                for i, row in enumerate(rows):
                    value = builder.fadd(row, added)
                    # Zero as long as numbers are finite, NaN for ever after one that is not.
                    tested = fused_multiply_add(builder, value, zeros, tested)
                    is_row = builder.and_(is_filter, builder.icmp_signed(">", rows_wanted, constant(i)))
                    with builder.if_then(is_row, likely=True), builder.if_else(is_whole) as (then, otherwise):
                        with then:
                            store_vector(builder, value, places[f, i])
                        with otherwise:
                            store_lanes(builder, value, places[f, i], wanted)
            lanes = builder.fcmp_ordered("==", tested, zeros)
            return call_intrinsic(builder, f"vector.reduce.and.v{vector.count}i1", ir.IntType(1), lanes)

        return signature, generate

    return multiply
