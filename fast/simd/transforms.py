"""Small constant matrices applied to vectors, and square transpositions: what Winograd's algorithm is made of.

A matrix becomes straight-line code: every lane of every vector goes through it on its own, nothing is looked up.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    addresses_of,
    call_intrinsic,
    fused_multiply_add,
    lanes_from,
    load_lanes,
    load_vector,
    shuffle,
    store_lanes,
    store_vector,
    vector_of,
)

Matrix = Sequence[Sequence[Fraction]]


def transform_by(down: Matrix, across: Matrix | None = None, *, is_checked: bool = False) -> Any:
    """Return an intrinsic that computes ``M X N'`` for a block X of vectors, M and N the given matrices, or M twice.

    It is called with ``(source, start, row_step, column_step, target, to, to_row_step, to_column_step)``: vector (i, j)
    of X begins at source[start + i * row_step + j * column_step], and the result's likewise in target. It returns
    whether all numbers it stored are finite if `is_checked`, else True.
    """

    of_rows = down if across is None else across

    @intrinsic
    def transform(  # type: ignore[no-untyped-def]
        typing_context, source, start, row_step, column_step, target, to, to_row_step, to_column_step
    ):
        step = types.intp
        signature = types.boolean(source, step, step, step, target, step, step, step)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, start, row_step, column_step, _, to, to_row_step, to_column_step = arguments
            source, target = addresses_of(context, builder, signature, arguments)
            vector = vector_of(signature.args[0])
            sources = _places(builder, source, start, (len(down[0]), row_step), (len(of_rows[0]), column_step))
            columns = [
                apply_matrix(builder, down, [load_vector(builder, place, vector) for place in places])
                for places in zip(*sources, strict=True)
            ]
            targets = _places(builder, target, to, (len(down), to_row_step), (len(of_rows), to_column_step))
            zeros = ir.Constant(vector, None)
            tested = zeros
            for i, row in enumerate(zip(*columns, strict=True)):
                for j, value in enumerate(apply_matrix(builder, of_rows, list(row))):
                    store_vector(builder, value, targets[i][j])
                    if is_checked:
                        # Zero as long as numbers are finite, NaN for ever after one that is not.
                        tested = fused_multiply_add(builder, value, zeros, tested)
            if not is_checked:
                return ir.Constant(ir.IntType(1), 1)
            lanes = builder.fcmp_ordered("==", tested, zeros)
            return call_intrinsic(builder, f"vector.reduce.and.v{vector.count}i1", ir.IntType(1), lanes)

        return signature, generate

    return transform


def apply_matrix(builder: Any, matrix: Matrix, vectors: Sequence[Any]) -> list[Any]:
    """Emit the product of a matrix of constants and a column of vectors, and return its vectors.

    Points of opposite sign make two rows, or two columns, that are equal but for signs: ``e + o`` and ``e - o``. They
    share sums and differences. No number is rounded more often on its way than there are columns.
    """
    rows = [list(row) for row in matrix]
    vectors = list(vectors)
    for j, k in _twins(list(zip(*rows, strict=True))):
        vectors[j], vectors[k] = builder.fadd(vectors[j], vectors[k]), builder.fsub(vectors[j], vectors[k])
        for row in rows:
            row[j], row[k] = (row[j], Fraction(0)) if row[j] == row[k] else (Fraction(0), row[j])
    results: list[Any] = [None] * len(rows)
    for i, k in _twins(rows):
        even = _combine(builder, [(a, v) for a, b, v in zip(rows[i], rows[k], vectors, strict=True) if a == b])
        odd = _combine(builder, [(a, v) for a, b, v in zip(rows[i], rows[k], vectors, strict=True) if a != b])
        results[i], results[k] = builder.fadd(even, odd), builder.fsub(even, odd)
    for i, row in enumerate(rows):
        if results[i] is None:
            results[i] = _combine(builder, list(zip(row, vectors, strict=True)))
    return results


def _twins(rows: Sequence[Sequence[Fraction]]) -> list[tuple[int, int]]:
    """Return pairs of different rows that are equal but for signs, no row in two of them.

    Both what has the same sign and what has not must be something: else there would be nothing to share.
    """
    found: list[tuple[int, int]] = []
    for i, first in enumerate(rows):
        for k in range(i + 1, len(rows)):
            pairs = list(zip(first, rows[k], strict=True))
            is_twin = all(abs(a) == abs(b) for a, b in pairs)
            is_shared = any(a == b != 0 for a, b in pairs) and any(a != b for a, b in pairs)
            if is_twin and is_shared and not any({i, k} & set(pair) for pair in found):
                found.append((i, k))
    return found


def _combine(builder: Any, terms: Sequence[tuple[Fraction, Any]]) -> Any:
    """Emit the sum of constants times vectors, those of plus or minus one first and without a product."""
    wanted = sorted((term for term in terms if term[0]), key=lambda term: (term[0] != 1, abs(term[0]) != 1))
    (constant, total), *others = wanted
    if constant != 1:
        total = builder.fmul(_splat(constant, total.type), total)
    for constant, vector in others:
        if constant == 1:
            total = builder.fadd(total, vector)
        elif constant == -1:
            total = builder.fsub(total, vector)
        else:
            total = fused_multiply_add(builder, _splat(constant, vector.type), vector, total)
    return total


MOST_SQUARE = 8
"""Rows that `transpose_in` turns at once, at most: as many as may be a power of two apart and stay in the first cache,
which has eight places for each line of memory, or more."""


@intrinsic
def transpose_in(typing_context, source, start, step, rows, count, target, to, pitch):  # type: ignore[no-untyped-def]
    """Turn a square of numbers, whose rows are `step` apart in source, into one whose rows are `pitch` apart in target.

    It has LANES rows, or MOST_SQUARE if that is less. Only the first `rows` rows are read, and the last of them in
    place of the others, be it one before `start`; and only their first `count` numbers, the others are zero. All
    numbers of the result are written, from target[to] on.
    """
    step_type = types.intp
    signature = types.void(source, step_type, step_type, step_type, step_type, target, step_type, step_type)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, step, rows, count, _, to, pitch = arguments
        source, target = addresses_of(context, builder, signature, arguments)
        whole = vector_of(signature.args[0])
        vector = ir.VectorType(whole.element, min(whole.count, MOST_SQUARE))
        mask = builder.not_(lanes_from(builder, count, vector.count))
        last = builder.add(start, builder.mul(step, builder.sub(rows, ir.Constant(rows.type, 1))))
        square = []
        for i in range(vector.count):
            is_row = builder.icmp_signed(">", rows, ir.Constant(rows.type, i))
            begin = builder.select(is_row, builder.add(start, builder.mul(step, ir.Constant(step.type, i))), last)
            square.append(load_lanes(builder, builder.gep(source, [begin]), mask, ir.Constant(vector, None)))
        for i, row in enumerate(_transpose(builder, square)):
            store_vector(builder, row, _place(builder, target, to, (i, pitch)))
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def transpose_out(typing_context, source, start, base, base_start, target, to, step, rows, count):  # type: ignore[no-untyped-def]
    """Turn LANES rows of LANES numbers that lie together in source into as many rows, `step` apart in target.

    Only the first `rows` rows and their first `count` numbers are written. base[base_start + i] is added to row i.
    """
    step_type = types.intp
    signature = types.void(source, step_type, base, step_type, target, step_type, step_type, step_type, step_type)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, start, _, base_start, _, to, step, rows, count = arguments
        source, base, target = addresses_of(context, builder, signature, arguments)
        vector = vector_of(signature.args[0])
        added = load_vector(builder, builder.gep(base, [base_start]), vector)
        places = [
            _place(builder, source, start, (i, ir.Constant(start.type, vector.count))) for i in range(vector.count)
        ]
        square = [builder.fadd(load_vector(builder, place, vector), added) for place in places]
        mask = builder.not_(lanes_from(builder, count, vector.count))
        is_whole = builder.icmp_signed(">=", count, ir.Constant(count.type, vector.count))
        for i, row in enumerate(_transpose(builder, square)):
            place = _place(builder, target, to, (i, step))
            is_row = builder.icmp_signed(">", rows, ir.Constant(rows.type, i))
            # A store under a mask takes longer, even where the mask leaves nothing out.
            with builder.if_then(is_row, likely=True), builder.if_else(is_whole) as (then, otherwise):
                with then:
                    store_vector(builder, row, place)
                with otherwise:
                    store_lanes(builder, row, place, mask)
        return context.get_dummy_value()

    return signature, generate


def _transpose(builder: Any, square: Sequence[Any]) -> list[Any]:
    """Return the transposed square of vectors: blocks of 1, 2, 4, ... numbers are exchanged across the diagonal."""
    rows, lanes = list(square), len(square)
    size = 1
    while size < lanes:
        upper = [lane if not lane & size else lanes + lane - size for lane in range(lanes)]
        lower = [lane + size if not lane & size else lanes + lane for lane in range(lanes)]
        for i in range(lanes):
            if not i & size:
                a, b = rows[i], rows[i + size]
                rows[i], rows[i + size] = shuffle(builder, a, b, upper), shuffle(builder, a, b, lower)
        size *= 2
    return rows


def _place(builder: Any, pointer: Any, start: Any, *axes: tuple[int, Any]) -> Any:
    """Return the address of number ``start + sum of index * step``."""
    for index, step in axes:
        start = builder.add(start, builder.mul(step, ir.Constant(step.type, index)))
    return builder.gep(pointer, [start])


def _places(builder: Any, pointer: Any, start: Any, rows: tuple[int, Any], columns: tuple[int, Any]) -> list[list[Any]]:
    """Return the addresses of a block: of so many rows and columns, each a step from the one before."""
    lines, steps = (
        [builder.mul(step, ir.Constant(step.type, index)) for index in range(count)] for count, step in (rows, columns)
    )
    firsts = [builder.gep(pointer, [builder.add(start, line)]) for line in lines]
    return [[builder.gep(first, [step]) for step in steps] for first in firsts]


def _splat(constant: Fraction, vector: Any) -> Any:
    return ir.Constant(vector, [float(constant)] * vector.count)
