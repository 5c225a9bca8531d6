"""Numbers of a line that are a stride apart, collected into one vector; emitted as LLVM IR."""

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from convoracle.fast.simd.vectors import counting, load_lanes, load_vector, shuffle, splat


def load_apart(builder: Any, step: int, line: Any, column: Any, stride: Any, width: Any, other: Any) -> Any:
    """Return the numbers of `line` from `column` on that are `stride` apart, as in `other` where it has none.

    A line has the columns 0 to `width`; `column` may be outside, and memory outside is not touched. A `step` of 1, 2 or
    4 is the stride, and is done with vectors; with another one, numbers are collected one by one. For a stride of 2 the
    even numbers are shuffled out of two vectors, of which the last begins early, to end with the last number wanted::

        line   | s0 s1 s2 s3 | s4 s5 s6 |
                        | s3 s4 s5 s6 |            lanes   | s0 s2 s4 s6 |
    """
    vector, lanes = other.type, other.type.count
    collected = cgutils.alloca_once_value(builder, other)
    if step in (1, 2, 4):
        begins = [part * lanes for part in range(step - 1)] + [(step - 1) * (lanes - 1)]
        places = [builder.add(column, ir.Constant(column.type, begin)) for begin in begins]
        end = builder.add(places[-1], ir.Constant(column.type, lanes))
        is_inside = builder.and_(
            builder.icmp_signed(">=", column, ir.Constant(column.type, 0)), builder.icmp_signed("<=", end, width)
        )
        with builder.if_else(is_inside) as (inside, across):
            for branch, load in ((inside, _load_line), (across, _load_inside)):
                with branch:
                    parts = [load(builder, line, place, width, other) for place in places]
                    builder.store(_every(builder, step, parts), collected)
        return builder.load(collected)
    numbers = builder.bitcast(collected, vector.element.as_pointer())
    builder.store(other, collected)
    with cgutils.for_range(builder, ir.Constant(column.type, lanes)) as lane:
        place = builder.add(column, builder.mul(lane.index, stride))
        with builder.if_then(builder.icmp_unsigned("<", place, width)):
            builder.store(builder.load(builder.gep(line, [place])), builder.gep(numbers, [lane.index]))
    return builder.load(collected)


def _every(builder: Any, step: int, parts: list[Any]) -> Any:
    """Return the numbers `step` apart, a power of two, of as many vectors, the last one of which begins early."""
    if step == 1:
        return parts[0]
    lanes = parts[0].type.count
    numbers = [n if n < (step - 1) * lanes else n + step - 1 for n in range(0, step * lanes, step)]

    def pick(half: int) -> Any:
        first, last = half * step // 2, step // 2 * (half + 1) - 1
        wanted = numbers[half * lanes // 2 : (half + 1) * lanes // 2]
        return shuffle(builder, parts[first], parts[last], [n - first * lanes for n in wanted])

    return shuffle(builder, pick(0), pick(1), list(range(lanes)))


def _load_line(builder: Any, line: Any, begin: Any, width: Any, other: Any) -> Any:
    """Load the numbers of a line from `begin` on."""
    return load_vector(builder, builder.gep(line, [begin]), other.type)


def _load_inside(builder: Any, line: Any, begin: Any, width: Any, other: Any) -> Any:
    """Load the numbers of a line from `begin` on, as in `other` where it has none."""
    lanes = other.type.count
    each = builder.add(splat(builder, begin, ir.VectorType(begin.type, lanes)), counting(begin.type, lanes))
    is_inside = builder.icmp_unsigned("<", each, splat(builder, width, each.type))
    return load_lanes(builder, builder.gep(line, [begin]), is_inside, other)
