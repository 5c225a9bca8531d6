"""Products of lines: rows of numbers that lie together, times others, each summed to one number.

Where a sum runs over what lies together in both operands, nothing has to be packed: lanes are terms of the sum. The
lanes of a sum are added up in the end, halves first::

      a[0]  | k0 k1 ... k15 | k16 ... k31 | ...        sum of lane l:  a[0, l] b[0, l] + a[0, 16 + l] b[0, 16 + l] + ...
      a[1]  |               |             |
        x
      b[0]  | k0 k1 ... k15 | k16 ... k31 | ...

The order of a sum depends on the number of its terms alone. `add_lines` is the other product of the same numbers, where
the sum runs over the rows of a.
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
    load_lanes,
    load_vector,
    prefetch,
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

LINES = {512: 4, 256: 2, 128: 2}[VECTOR_BITS]
"""Lines of b that share what is read of a, if there are so many."""


@intrinsic(prefer_literal=True)
def multiply_lines(  # type: ignore[no-untyped-def]
    typing_context,
    rows,
    lines,
    terms,
    wanted,
    a,
    a_start,
    a_step,
    b,
    b_start,
    b_step,
    out,
    out_start,
    out_step,
    base,
    start,
):
    """Write base[start + i] plus the sum of ``a[i, k] * b[j, k]`` over `terms` numbers k to out[i, j].

    `rows` and `lines` are literals, the numbers of i and j; only the first `wanted` rows are read and written. Row i of
    a begins at a[a_start + i * a_step], line j of b at b[b_start + j * b_step], and out[i, j] is at out_start + i + j *
    out_step.
    """
    size, step = (rows.literal_value, lines.literal_value), types.intp
    signature = types.void(rows, lines, step, step, a, step, step, b, step, step, out, step, step, base, step)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, terms, wanted, _, a_start, a_step, _, b_start, b_step, _, out_start, out_step, _, start = arguments
        a, b, out, base = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[4])
        tile = [(i, j) for i in range(size[0]) for j in range(size[1])]
        sums = {place: cgutils.alloca_once_value(builder, ir.Constant(vector, None)) for place in tile}
        last = builder.sub(wanted, _int(wanted, 1))
        is_wanted = [builder.icmp_signed(">", wanted, _int(wanted, i)) for i in range(size[0])]
        # Rows that are not wanted are the last one again.
        numbers = [builder.select(is_wanted[i], _int(wanted, i), last) for i in range(size[0])]
        of_rows = [builder.gep(a, [builder.add(a_start, builder.mul(number, a_step))]) for number in numbers]
        of_lines = [
            builder.gep(b, [builder.add(b_start, builder.mul(b_step, _int(b_step, j)))]) for j in range(size[1])
        ]

        def add(factors: list[Any], others: list[Any]) -> None:
            for i, j in tile:
                builder.store(fused_multiply_add(builder, factors[i], others[j], builder.load(sums[i, j])), sums[i, j])

        lanes = _int(terms, vector.count)
        vectors = builder.sdiv(terms, lanes)
        with cgutils.for_range(builder, vectors) as loop:
            place = builder.mul(loop.index, lanes)
            add(
                *([load_vector(builder, builder.gep(p, [place]), vector) for p in part] for part in (of_rows, of_lines))
            )
        done = builder.mul(vectors, lanes)
        mask = builder.not_(lanes_from(builder, builder.sub(terms, done), vector.count))
        zeros = ir.Constant(vector, None)
        add(*([load_lanes(builder, builder.gep(p, [done]), mask, zeros) for p in part] for part in (of_rows, of_lines)))

        for i in range(size[0]):
            with builder.if_then(is_wanted[i]):
                first = builder.load(builder.gep(base, [builder.add(start, _int(start, i))]))
                for j in range(size[1]):
                    place = builder.add(
                        out_start, builder.add(_int(out_step, i), builder.mul(out_step, _int(out_step, j)))
                    )
                    total = builder.fadd(first, _add_lanes(builder, builder.load(sums[i, j])))
                    builder.store(total, builder.gep(out, [place]))
        return context.get_dummy_value()

    return signature, generate


@intrinsic(prefer_literal=True)
def add_lines(  # type: ignore[no-untyped-def]
    typing_context, rows, lines, ahead, count, a, a_start, a_step, b, b_start, b_step, out, out_start, out_step
):
    """Add the sum of ``b[j, i] * a[i, k]`` over i, one product after the other, to `count` numbers k of out[j].

    `rows` and `lines` are literals, the numbers of i and j. Row i of a begins at a[a_start + i * a_step], b[j, i] is
    b[b_start + j * b_step + i], and line j of out begins at out[out_start + j * out_step]. If the literal `ahead` is 1,
    as many rows after these are asked for.
    """
    size, step = (rows.literal_value, lines.literal_value), types.intp
    signature = types.void(rows, lines, ahead, step, a, step, step, b, step, step, out, step, step)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, count, _, a_start, a_step, _, b_start, b_step, _, out_start, out_step = arguments
        a, b, out = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[4])

        def places(array: Any, start: Any, step: Any, number: int) -> list[Any]:
            steps = (builder.mul(step, _int(step, n)) for n in range(number))
            return [builder.gep(array, [builder.add(start, step)]) for step in steps]

        of_rows, of_lines = places(a, a_start, a_step, size[0]), places(out, out_start, out_step, size[1])
        factors = [
            [splat(builder, builder.load(builder.gep(place, [_int(count, i)])), vector) for i in range(size[0])]
            for place in places(b, b_start, b_step, size[1])
        ]
        lanes, zeros = _int(count, vector.count), ir.Constant(vector, None)
        vectors = builder.sdiv(count, lanes)
        with cgutils.for_range(builder, vectors) as loop:
            place = builder.mul(loop.index, lanes)
            loaded = [load_vector(builder, builder.gep(row, [place]), vector) for row in of_rows]
            if ahead.literal_value:
                _ask_for_next(builder, of_rows, a_step, place)
            for line, of_line in zip(of_lines, factors, strict=True):
                total = load_vector(builder, builder.gep(line, [place]), vector)
                for factor, row in zip(of_line, loaded, strict=True):
                    total = fused_multiply_add(builder, factor, row, total)
                store_vector(builder, total, builder.gep(line, [place]))
        done = builder.mul(vectors, lanes)
        with builder.if_then(builder.icmp_signed(">", count, done)):
            mask = builder.not_(lanes_from(builder, builder.sub(count, done), vector.count))
            loaded = [load_lanes(builder, builder.gep(row, [done]), mask, zeros) for row in of_rows]
            for line, of_line in zip(of_lines, factors, strict=True):
                total = load_lanes(builder, builder.gep(line, [done]), mask, zeros)
                for factor, row in zip(of_line, loaded, strict=True):
                    total = fused_multiply_add(builder, factor, row, total)
                store_lanes(builder, total, builder.gep(line, [done]), mask)
        return context.get_dummy_value()

    return signature, generate


def _ask_for_next(builder: Any, rows: list[Any], step: Any, place: Any) -> None:
    """Ask the caches for these places of the rows after these, which are often read next: short lines are no streams.

    There need not be any.
    """
    after = builder.add(place, builder.mul(step, _int(step, len(rows))))
    for row in rows:
        prefetch(builder, builder.gep(row, [after]))


def _add_lanes(builder: Any, vector: Any) -> Any:
    """Return the sum of the lanes of a vector: the upper half is added to the lower one until one is left."""
    while vector.type.count > 1:
        half = vector.type.count // 2
        lower, upper = (shuffle(builder, vector, vector, list(range(n, n + half))) for n in (0, half))
        vector = builder.fadd(lower, upper)
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


def _int(like: Any, value: int) -> Any:
    return ir.Constant(like.type, value)
