"""The gradient of max pooling that keeps the size of a plane, emitted as LLVM IR: positions collect.

With a stride of 1, an odd kernel and a padding of half of it there is a window around every position. Neighbouring
windows often share a maximum, and adding one to the other in memory has to wait for the one before it. Here the lanes
are positions: each looks at the windows around it, and adds up the values of those whose maximum it is.

First every index is turned into a *code* of one byte, where in its window it lies. A position is the maximum of a
window beside it if that window has one certain code, whichever position it is::

    codes in a window          0 1 2        codes that name the position      8 7 6
                               3 4 5        in the middle, of the windows     5 4 3
                               6 7 8        around it                         2 1 0

So codes are compared with constants, as many in a register of 128 bits as values in one of 512. Planes that follow each
other are done as one line of positions, wherever rows end. A window is then beside the positions at the end of the row
before it, too: an index there has a code like any other, and the position finds it. Positions add up in the order of
the windows, from zero, as everywhere.

Nobody says how large the windows are. It is guessed, and an index that has no code shows that the guess is wrong.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    call_intrinsic,
    counting,
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

NO_CODE = 255
"""Where there is no window."""

SPARE = VECTOR_BITS // 32
"""As many codes and values may be written, or read, beyond those that are meant."""

_CODE, _WORD, _INDEX = ir.IntType(8), ir.IntType(32), ir.IntType(64)


@intrinsic(prefer_literal=True)
def encode_windows(  # type: ignore[no-untyped-def]
    typing_context, size, indices, start, count, first, width, positions, codes, to
):
    """Write the codes of some windows of one plane, and return whether all of them have one.

    Parameters
    ----------
    size : literal int
        Of the windows, odd.
    indices : int64 array of one dimension
        The indices are those from indices[start] on, `count` of them.
    first, width, positions : int
        The number of the first window in the plane; columns and positions of the plane, fewer than 2**30.
    codes : uint8 array of one dimension
        The code of the first window goes to codes[to]; up to `SPARE` more than `count` are written.
    """
    reach = getattr(size, "literal_value", 1)
    number = types.intp
    signature = types.boolean(size, indices, number, number, number, number, number, codes, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, start, count, first, width, positions, _, to = arguments
        indices, codes = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (1, 7))
        lanes = SPARE
        half = lanes // 2
        words, wide = ir.VectorType(_WORD, lanes), ir.VectorType(_INDEX, half)
        is_right = cgutils.alloca_once(builder, ir.VectorType(ir.IntType(1), lanes))
        everywhere = ir.Constant(ir.VectorType(ir.IntType(1), lanes), [1] * lanes)
        builder.store(everywhere, is_right)
        row = splat(builder, builder.trunc(width, _WORD), words)
        ends = [splat(builder, builder.trunc(builder.mul(width, _int(n)), _WORD), words) for n in range(reach)]
        limit = splat(builder, builder.trunc(positions, _WORD), words)
        narrower = splat(builder, builder.trunc(builder.sub(_int(reach), width), _WORD), words)
        # The first position of the window around position 0. An index away from there is in row n from n * width on.
        before = builder.mul(_int(-(reach // 2)), builder.add(width, _int(1)))

        corners = cgutils.alloca_once(builder, words)
        corner = splat(builder, builder.trunc(builder.add(first, before), _WORD), words)
        builder.store(builder.add(corner, counting(_WORD, lanes)), corners)
        bits = cgutils.alloca_once(builder, wide)
        builder.store(ir.Constant(wide, None), bits)

        def encode(done: Any, wanted: Any) -> None:
            """Do a vector of windows, those of the mask `wanted` if it is not None."""
            place, target = builder.add(start, done), builder.add(to, done)
            pointer = builder.gep(indices, [place])
            halves = []
            for part in range(2):
                pointer = builder.gep(indices, [builder.add(place, _int(part * half))])
                if wanted is None:
                    index = load_vector(builder, pointer, wide)
                else:
                    is_half = shuffle(builder, wanted, wanted, list(range(part * half, part * half + half)))
                    index = load_lanes(builder, pointer, is_half, ir.Constant(wide, None))
                builder.store(builder.or_(builder.load(bits), index), bits)
                halves.append(builder.bitcast(index, words))
            name = shuffle(builder, halves[0], halves[1], list(range(0, 2 * lanes, 2)))
            corner = builder.load(corners)
            builder.store(builder.add(corner, ir.Constant(words, [lanes] * lanes)), corners)
            away = builder.sub(name, corner)
            column, code = away, away
            for end in ends[1:]:
                is_in_row = builder.icmp_signed(">=", away, end)
                column = builder.select(is_in_row, builder.sub(column, row), column)
                code = builder.select(is_in_row, builder.add(code, narrower), code)
            has_code = builder.icmp_unsigned("<", column, ir.Constant(words, [reach] * lanes))
            has_code = builder.and_(has_code, builder.icmp_unsigned("<", name, limit))
            if wanted is not None:
                has_code = builder.or_(has_code, builder.not_(wanted))
            builder.store(builder.and_(builder.load(is_right), has_code), is_right)
            code = builder.trunc(code, ir.VectorType(_CODE, lanes))
            store_vector(builder, code, builder.gep(codes, [target]))

        _for_vectors(builder, count, lanes, encode)
        seen = call_intrinsic(builder, f"vector.reduce.or.v{half}i64", _INDEX, builder.load(bits))
        is_right = call_intrinsic(builder, f"vector.reduce.and.v{lanes}i1", ir.IntType(1), builder.load(is_right))
        return builder.and_(is_right, builder.icmp_unsigned("<", seen, _int(1 << 31)))

    return signature, generate


@intrinsic(prefer_literal=True)
def collect_windows(  # type: ignore[no-untyped-def]
    typing_context, size, codes, first, values, place, width, grad, start, count, indices, ahead
):
    """Write the gradient of some positions that follow each other.

    Parameters
    ----------
    size : literal int
        Of the windows, odd.
    codes, values : uint8 array, array of one dimension
        The window around the first position has codes[first] and values[place]. Before it and after the last one a row
        of windows and one more are looked at, and `SPARE` numbers more after these are read; where there is no window
        the code is `NO_CODE`, and the value may be any.
    width : int
        Columns of a plane.
    grad : array of one dimension
        The first of the `count` positions goes to grad[start].
    indices : int64 array of one dimension
        Memory from indices[ahead] on, which need not exist, is asked for: as much as `count` indices take.
    """
    reach = getattr(size, "literal_value", 1)
    number = types.intp
    signature = types.void(size, codes, number, values, number, number, grad, number, number, indices, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, first, _, place, width, _, start, count, _, ahead = arguments
        codes, values, grad, indices = (
            context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (1, 3, 6, 9)
        )
        vector = vector_of(signature.args[3])
        lanes = vector.count
        one_byte = ir.VectorType(_CODE, lanes)
        half = reach // 2
        # How far the first window of each row is from the position.
        lines = [builder.add(builder.mul(width, _int(half - row)), _int(-half)) for row in reversed(range(reach))]

        # The values of each row are loaded once, and shifted for the columns of the windows.
        lows = []
        for line in lines:
            low = load_vector(builder, builder.gep(values, [builder.add(place, line)]), vector)
            lows.append(cgutils.alloca_once(builder, vector))
            builder.store(low, lows[-1])

        def collect(done: Any, wanted: Any) -> None:
            """Do a vector of positions, those of the mask `wanted` if it is not None."""
            total = ir.Constant(vector, None)
            for part in range(0, lanes, 8):
                prefetch(builder, builder.gep(indices, [builder.add(builder.add(ahead, done), _int(part))]))
            for n, line in enumerate(lines):
                away = builder.add(line, done)
                nearest = builder.gep(values, [builder.add(place, away)])
                low, high = builder.load(lows[n]), load_vector(builder, builder.gep(nearest, [_int(lanes)]), vector)
                builder.store(high, lows[n])
                for column in range(reach):
                    value = low if column == 0 else shuffle(builder, low, high, list(range(column, column + lanes)))
                    pointer = builder.gep(codes, [builder.add(builder.add(first, away), _int(column))])
                    code = load_vector(builder, pointer, one_byte)
                    wanted_code = (reach - 1 - n) * reach + reach - 1 - column
                    is_here = builder.icmp_signed("==", code, ir.Constant(one_byte, [wanted_code] * lanes))
                    total = builder.select(is_here, builder.fadd(total, value), total)
            target = builder.gep(grad, [builder.add(start, done)])
            if wanted is None:
                store_vector(builder, total, target)
            else:
                store_lanes(builder, total, target, wanted)

        _for_vectors(builder, count, lanes, collect)
        return context.get_dummy_value()

    return signature, generate


def _for_vectors(builder: Any, count: Any, lanes: int, body: Any) -> None:
    """Call `body` for whole vectors, with how many numbers came before and None, and for the rest, with a mask."""
    whole = builder.sdiv(count, _int(lanes))
    with cgutils.for_range(builder, whole) as loop:
        body(builder.mul(loop.index, _int(lanes)), None)
    done = builder.mul(whole, _int(lanes))
    with builder.if_then(builder.icmp_signed("<", done, count)):
        body(done, builder.not_(lanes_from(builder, builder.sub(count, done), lanes)))


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)
