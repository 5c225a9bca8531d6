"""A tile of outputs of one plane and a kernel of any size, emitted as LLVM IR.

The lanes are neighbouring outputs; a tile is `rows` rows of `vectors` vectors. A *run* is some rows of the kernel that
read neighbouring rows of the plane. Down a column of its taps the products form a band: what is loaded from a row of
the plane is multiplied with as many taps as there are rows in the tile, so that a load pays for `rows` multiply-adds::

      row of the plane        0       1       2       3       4       5
      output row 0          k[0]    k[1]    k[2]    k[3]
      output row 1                  k[0]    k[1]    k[2]    k[3]
      output row 2                          k[0]    k[1]    k[2]    k[3]
                            `--- head ---'  `- body -'  `--- tail ---'

The body is a loop; head and tail are triangles, written out. No tap is filled up with zeros, which would turn an
infinity beside the window into NaN. Rows of the plane that lie in the padding are left out.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    addresses_of,
    fused_multiply_add,
    lanes_from,
    literal_of,
    load_lanes,
    load_vector,
    splat,
    store_lanes,
    vector_of,
)

VECTORS = {512: 4, 256: 2, 128: 2}[VECTOR_BITS]
"""Vectors beside each other in the widest tile of four rows: sums, a row of the plane and a tap fit the registers."""


@intrinsic(prefer_literal=True)
def correlate_strip(  # type: ignore[no-untyped-def]
    typing_context,
    rows,
    vectors,
    source,
    start,
    pitch,
    first,
    last,
    taps,
    taps_start,
    length,
    offsets,
    first_column,
    last_column,
    out,
    out_start,
    out_step,
    rows_wanted,
    count,
    base,
    is_more,
):
    """Add up some columns of taps of a run, for one tile.

    Parameters
    ----------
    rows, vectors : literal int
        Size of the tile; a run of fewer than ``rows - 1`` taps needs a tile of fewer rows.
    source : array of one dimension
        Tap t of column j of output row i is read from source[start + offsets[j] + (i + t) * pitch] on.
    first, last : int
        Rows ``i + t`` outside first to last are left out.
    taps : array of one dimension
        Tap t of column j is taps[taps_start + j * length + t].
    length : int
        Number of taps in a column.
    offsets : int64 array
        One for each column.
    first_column, last_column : int
        The columns to add up.
    out, out_start, out_step : array of one dimension, int, int
        Row i is stored from out[out_start + i * out_step] on.
    rows_wanted, count : int
        So many first rows, and of each so many first outputs, are stored.
    base : number
        What is added to each sum.
    is_more : bool
        Add what is in `out` instead.
    """
    height, across = (literal_of(size) for size in (rows, vectors))
    number = types.intp
    signature = types.void(
        rows, vectors, source, *[number] * 4, taps, number, number, offsets, number, number, out,
        *[number] * 4, source.dtype, types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, start, pitch, first, last, _, taps_start, length, _, first_column, last_column = arguments[:13]
        _, out_start, out_step, rows_wanted, count, base, is_more = arguments[13:]
        source, taps, offsets, out = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[2])
        zeros = ir.Constant(vector, None)
        tile = [(i, j) for i in range(height) for j in range(across)]
        sums = {place: cgutils.alloca_once_value(builder, zeros) for place in tile}

        def constant(value: int) -> Any:
            return ir.Constant(start.type, value)

        def multiply(line: Any, tap: Any, outputs: range) -> None:
            """Multiply one row of the plane with the taps of these output rows; `tap` is that of output row 0."""
            loaded = [
                load_vector(builder, builder.gep(line, [constant(j * vector.count)]), vector) for j in range(across)
            ]
            for i in outputs:
                factor = splat(builder, builder.load(builder.gep(tap, [constant(-i)])), vector)
                for j in range(across):
                    total = fused_multiply_add(builder, factor, loaded[j], builder.load(sums[i, j]))
                    builder.store(total, sums[i, j])

        body_first = _larger(builder, first, constant(height - 1))
        body_last = _smaller(builder, last, length)
        with cgutils.for_range_slice(builder, first_column, last_column, constant(1), start.type) as (column, _):
            offset = builder.load(builder.gep(offsets, [column]))
            origin = builder.gep(source, [builder.add(start, offset)])
            column_taps = builder.gep(taps, [builder.add(taps_start, builder.mul(column, length))])

            def multiply_if_inside(row: Any, outputs: range) -> None:
                is_inside = builder.and_(builder.icmp_signed("<=", first, row), builder.icmp_signed("<", row, last))
                with builder.if_then(is_inside):
                    multiply(builder.gep(origin, [builder.mul(row, pitch)]), builder.gep(column_taps, [row]), outputs)

            for r in range(height - 1):
                multiply_if_inside(constant(r), range(r + 1))
            with cgutils.for_range_slice(builder, body_first, body_last, constant(1), start.type) as (row, _):
                multiply(builder.gep(origin, [builder.mul(row, pitch)]), builder.gep(column_taps, [row]), range(height))
            for r in range(height - 1):
                multiply_if_inside(builder.add(length, constant(r)), range(r + 1, height))

        for i in range(height):
            with builder.if_then(builder.icmp_signed(">", rows_wanted, constant(i))):
                row = builder.gep(out, [builder.add(out_start, builder.mul(out_step, constant(i)))])
                for j in range(across):
                    place = builder.gep(row, [constant(j * vector.count)])
                    left = builder.sub(count, constant(j * vector.count))
                    wanted = builder.not_(lanes_from(builder, left, vector.count))
                    before = cgutils.alloca_once_value(builder, splat(builder, base, vector))
                    with builder.if_then(is_more):
                        builder.store(load_lanes(builder, place, wanted, zeros), before)
                    store_lanes(builder, builder.fadd(builder.load(before), builder.load(sums[i, j])), place, wanted)
        return context.get_dummy_value()

    return signature, generate


def _larger(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_signed(">", a, b), a, b)


def _smaller(builder: Any, a: Any, b: Any) -> Any:
    return builder.select(builder.icmp_signed("<", a, b), a, b)
