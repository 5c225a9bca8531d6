"""The register tile whose rows are numbers anywhere in memory, and whose vectors somebody has packed.

`convoracle.fast.simd.microkernel` takes vectors of neighbouring numbers from where they lie, and packed rows. Here it
is the other way round: a row is one number for each term, read where it is and broadcast, so neighbours do not matter;
the vectors of a term lie together in a *panel*::

                                          the panel: ``vectors`` vectors in line lines[k], for every term k
                                       +----------------+----------------+----------------+
      a[starts[0] + offsets[k]]   ->   | sums of row 0: |  LANES numbers | in one register|
      a[starts[1] + offsets[k]]   ->   | sums of row 1  |                |                |
        ...                            |   ...          |                |                |
      a[starts[7] + offsets[k]]   ->   |                |                |                |
                                       +----------------+----------------+----------------+

For every k: sum[i, j] <- a[starts[i] + offsets[k]] * b[lines[k], j] + sum[i, j]. Each sum is one chain of fused
multiply-adds in the order of k, the same as in the other tile for the same numbers. Offsets and lines are one table, so
that a term may be left out; eight addresses, that table and a panel are as much as sixteen general registers hold.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import addresses_of, fused_multiply_add, load_vector, splat, store_vector, vector_of


@intrinsic(prefer_literal=True)
def multiply_scattered(  # type: ignore[no-untyped-def]
    typing_context,
    rows,
    vectors,
    depth,
    a,
    a_start,
    starts,
    terms,
    first_term,
    b,
    b_start,
    out,
    out_start,
    places,
    out_step,
    first,
    base,
    base_start,
    is_more,
):
    """Multiply `rows` scattered rows by a panel of `vectors` vectors, both literals; store the sums or add to others.

    Parameters
    ----------
    depth : int
        Number of terms k.
    a : array of one dimension
        Row i of term k is a[a_start + starts[first + i] + terms[first_term + k, 0]].
    b : array of one dimension
        The panel: vector j of term k begins at b[b_start + (terms[first_term + k, 1] * vectors + j) * LANES].
    terms : int64 array of shape (terms, 2)
        Offsets and lines.
    out : array of one dimension
        Vector j of row i is stored at out[out_start + places[first + i] + j * out_step].
    base : array of one dimension
        Vector j starts from base[base_start + j * LANES : ... + LANES].
    is_more : bool
        Add to what is in `out` instead of starting from `base`.
    """
    size = rows.literal_value, vectors.literal_value
    step = types.intp
    signature = types.void(
        rows, vectors, step, a, step, starts, terms, step, b, step, out, step, places, step, step, base, step,
        types.boolean,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (_, _, depth, _, a_start, _, _, first_term, _, b_start, _, out_start, _, out_step, first, _, base_start,
         is_more) = arguments  # fmt: skip
        a, starts, terms, b, out, places, base = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[8])
        tile = [(i, j) for i in range(size[0]) for j in range(size[1])]
        sums = {position: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for position in tile}
        begin = builder.gep(a, [a_start])
        rows = [builder.gep(begin, [_entry(builder, starts, first, i)]) for i in range(size[0])]
        table = builder.gep(terms, [builder.mul(first_term, _int(first_term, 2))])
        panel = builder.gep(b, [b_start])
        with cgutils.for_range(builder, depth) as loop:
            term = builder.gep(table, [builder.mul(loop.index, _int(loop.index, 2))])
            offset, number = builder.load(term), builder.load(builder.gep(term, [_int(loop.index, 1)]))
            line = builder.gep(panel, [builder.mul(number, _int(number, size[1] * vector.count))])
            parts = [builder.gep(line, [_int(offset, j * vector.count)]) for j in range(size[1])]
            loaded = [load_vector(builder, part, vector) for part in parts]
            for i, j in tile:
                if j == 0:
                    factor = splat(builder, builder.load(builder.gep(rows[i], [offset])), vector)
                builder.store(fused_multiply_add(builder, factor, loaded[j], builder.load(sums[i, j])), sums[i, j])

        to, initial = builder.gep(out, [out_start]), builder.gep(base, [base_start])
        for j in range(size[1]):
            column = builder.gep(to, [builder.mul(out_step, _int(out_step, j))])
            fresh = builder.gep(initial, [_int(base_start, j * vector.count)])
            for i in range(size[0]):
                place = builder.gep(column, [_entry(builder, places, first, i)])
                before = load_vector(builder, builder.select(is_more, place, fresh), vector)
                store_vector(builder, builder.fadd(before, builder.load(sums[i, j])), place)
        return context.get_dummy_value()

    return signature, generate


def _entry(builder: Any, table: Any, first: Any, index: int) -> Any:
    """Load table[first + index]."""
    return builder.load(builder.gep(table, [builder.add(first, _int(first, index))]))


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)
