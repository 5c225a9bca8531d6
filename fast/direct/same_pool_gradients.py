"""The gradient of max pooling that keeps the size of a plane, emitted as LLVM IR: positions collect.

With a stride of 1, an odd kernel and a padding of half of it there is a window around every position. Neighbouring
windows often share a maximum, and adding one to the other in memory has to wait for the one before it. Here the lanes
are positions: each looks at the windows around it, and adds up the values of those whose maximum it is.

First every index is turned into a *code* of one byte, where in its window it lies: ``4 * column + row``. A position is
the maximum of a window beside it if that window has one certain code, whichever position it is::

    codes in a window          0 4  8       codes that name the position      10 6 2
                               1 5  9       in the middle, of the windows      9 5 1
                               2 6 10       around it                          8 4 0

There is no division. Four times the way from the window's first position to the maximum is `4 * width` more in the
next row, where the code is to be 1 more. So ``4 * width - 1`` is taken away as long as that leaves less: without a
sign, what would be negative is large. What lies outside of the window has a column of 3 or more then, and no such code.

Codes are compared with constants, as many in a register of 128 bits as values in one of 512. Planes that follow each
other are done as one line of positions, wherever rows end. A window is then beside the positions at the end of the row
before it, too: an index there has a code like any other, and the position finds it. Positions add up in the order of
the windows, from zero, as everywhere.

Nobody says how large the windows are. It is guessed, and an index that has no code shows that the guess is wrong.
"""

from functools import partial
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
    shuffle,
    splat,
    store_lanes,
    store_vector,
    vector_of,
)

NO_CODE = 255
"""Where there is no window."""

COLUMN = 4
"""From the code of a position to that of the next in its row."""

SPARE = VECTOR_BITS // 32
"""As many codes and values may be written, or read, beyond those that are meant."""

_CODE, _WORD, _INDEX = ir.IntType(8), ir.IntType(32), ir.IntType(64)


@intrinsic(prefer_literal=True)
def encode_windows(  # type: ignore[no-untyped-def]
    typing_context, size, planes, indices, start, count, first, width, positions, codes, to
):
    """Write the codes of some windows of each of some planes, and return whether all of them have one.

    Parameters
    ----------
    size : literal int
        Of the windows, odd, at most `COLUMN`.
    planes : int
        How many; of more than one, all windows.
    indices : int64 array of one dimension
        The indices are those from indices[start] on, `count` of them for each plane.
    first, width, positions : int
        The number of the first window in its plane; columns and positions of a plane, fewer than 2**29.
    codes : uint8 array of one dimension
        The code of the first window goes to codes[to]; up to `SPARE` more than all of them are written.
    """
    reach = getattr(size, "literal_value", 1)
    number = types.intp
    signature = types.boolean(size, number, indices, number, number, number, number, number, codes, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, planes, _, start, count, first, width, positions, _, to = arguments
        indices, codes = (context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (2, 8))
        lanes = SPARE
        half = lanes // 2
        words, wide = ir.VectorType(_WORD, lanes), ir.VectorType(_INDEX, half)
        one_byte = ir.VectorType(_CODE, lanes)
        scaled = builder.mul(width, _int(COLUMN))
        down = splat(builder, builder.trunc(builder.sub(scaled, _int(1)), _WORD), words)
        # The first position of the window around position 0.
        before = builder.mul(_int(-(reach // 2)), builder.add(width, _int(1)))
        corner = builder.mul(builder.add(first, before), _int(COLUMN))
        corner = splat(builder, builder.trunc(corner, _WORD), words)
        corner = builder.add(corner, counting(_WORD, lanes, COLUMN))
        corners = cgutils.alloca_once(builder, words)
        bits, largest, last_code = (
            cgutils.alloca_once_value(builder, ir.Constant(kind, None)) for kind in (wide, words, one_byte)
        )

        def encode(before: Any, done: Any, wanted: Any) -> None:
            """Do a vector of windows, those of the mask `wanted` if it is not None."""
            done = builder.add(before, done)
            place, target = builder.add(start, done), builder.add(to, done)
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
            builder.store(_largest(builder, builder.load(largest), name), largest)
            scaled = builder.shl(name, ir.Constant(words, [COLUMN.bit_length() - 1] * lanes))
            code = builder.sub(scaled, builder.load(corners))
            next_corners = builder.add(builder.load(corners), ir.Constant(words, [COLUMN * lanes] * lanes))
            builder.store(next_corners, corners)
            for _ in range(reach - 1):
                code = _smallest(builder, code, builder.sub(code, down))
            code = _smallest(builder, code, ir.Constant(words, [NO_CODE] * lanes))
            code = builder.trunc(code, one_byte)
            store_vector(builder, code, builder.gep(codes, [target]))
            if wanted is not None:
                code = builder.select(wanted, code, ir.Constant(one_byte, None))
            builder.store(_largest(builder, builder.load(last_code), code), last_code)

        with cgutils.for_range(builder, planes) as plane:
            builder.store(corner, corners)
            _for_vectors(builder, count, lanes, partial(encode, builder.mul(plane.index, count)))
        seen = call_intrinsic(builder, f"vector.reduce.or.v{half}i64", _INDEX, builder.load(bits))
        name = call_intrinsic(builder, f"vector.reduce.umax.v{lanes}i32", _WORD, builder.load(largest))
        code = call_intrinsic(builder, f"vector.reduce.umax.v{lanes}i8", _CODE, builder.load(last_code))
        # The lower halves of indices are compared with the number of positions, and no higher one may have a bit.
        is_right = builder.icmp_unsigned("<", seen, _int(1 << 31))
        is_right = builder.and_(is_right, builder.icmp_unsigned("<", builder.zext(name, _INDEX), positions))
        return builder.and_(is_right, builder.icmp_unsigned("<", code, ir.Constant(_CODE, COLUMN * reach)))

    return signature, generate


@intrinsic(prefer_literal=True)
def collect_windows(  # type: ignore[no-untyped-def]
    typing_context, size, codes, first, values, place, width, grad, start, count
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
    """
    reach = getattr(size, "literal_value", 1)
    number = types.intp
    signature = types.void(size, codes, number, values, number, number, grad, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, first, _, place, width, _, start, count = arguments
        codes, values, grad = (
            context.make_array(signature.args[n])(context, builder, arguments[n]).data for n in (1, 3, 6)
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
            for n, line in enumerate(lines):
                away = builder.add(line, done)
                nearest = builder.gep(values, [builder.add(place, away)])
                low, high = builder.load(lows[n]), load_vector(builder, builder.gep(nearest, [_int(lanes)]), vector)
                builder.store(high, lows[n])
                for column in range(reach):
                    value = low if column == 0 else shuffle(builder, low, high, list(range(column, column + lanes)))
                    pointer = builder.gep(codes, [builder.add(builder.add(first, away), _int(column))])
                    code = load_vector(builder, pointer, one_byte)
                    wanted_code = COLUMN * (reach - 1 - column) + reach - 1 - n
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


def _largest(builder: Any, a: Any, b: Any) -> Any:
    """Return the larger number of each lane, without a sign."""
    return builder.select(builder.icmp_unsigned(">", a, b), a, b)


def _smallest(builder: Any, a: Any, b: Any) -> Any:
    """Return the smaller number of each lane, without a sign."""
    return builder.select(builder.icmp_unsigned("<", a, b), a, b)


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)
