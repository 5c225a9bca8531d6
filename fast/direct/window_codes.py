"""Codes of windows: where in its window a maximum lies, as one byte, emitted as LLVM IR.

The code of a position is ``4 * column + row``, both counted from the first of the window, whose number in the plane is
its *corner*::

    codes in a window of 3      0 4  8
                                1 5  9
                                2 6 10

There is no division. Four times the way from the corner to the maximum is `4 * width` more in the next row, where the
code is to be 1 more. So ``4 * width - 1`` is taken away as long as that leaves less: without a sign, what would be
negative is large. What lies outside of the window has a column of 3 or more then, and no such code.

A window at an edge may have columns outside of the plane, whose numbers are those of positions at the other end of the
next row, or of the one before. So every window has a least code and how many there are; rows outside of the plane have
numbers that no position has.
"""

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import (
    VECTOR_BITS,
    address_of,
    addresses_of,
    call_intrinsic,
    counting,
    lanes_from,
    literal_of,
    load_lanes,
    load_vector,
    shuffle,
    splat,
    store_vector,
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
    typing_context, size, planes, indices, start, count, tables, base, width, positions, codes, to, pitch
):
    """Write the codes of some windows of each of some planes, and return whether all of them have one.

    Parameters
    ----------
    size : literal int
        Of the windows, at most `COLUMN`.
    planes : int
        How many; of more than one, all windows.
    indices : int64 array of one dimension
        The indices are those from indices[start] on, `count` of them for each plane.
    tables : (int32 array, uint8 array, uint8 array) or None
        For each window COLUMN times its corner, counted from `base`, its least code, and how much more its largest is.
        Without them corners follow each other, and have all codes.
    base, width, positions : int
        The position from which corners are counted; columns and positions of a plane, fewer than 2**29.
    codes : uint8 array of one dimension
        The code of the first window goes to codes[to], those of the next plane are `pitch` further on. Up to `SPARE`
        more are written for each plane: `NO_CODE`.
    """
    reach = literal_of(size)
    number = types.intp
    signature = types.boolean(
        size, number, indices, number, number, tables, number, number, number, codes, number, number
    )

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, planes, _, start, count, tables, base, width, positions, _, to, pitch = arguments
        indices, codes = addresses_of(context, builder, signature, arguments)
        has_tables = isinstance(signature.args[5], types.BaseTuple)
        known = [
            address_of(context, builder, kind, builder.extract_value(tables, n))
            for n, kind in enumerate(signature.args[5] if has_tables else ())
        ]
        lanes = SPARE
        half = lanes // 2
        words, wide = ir.VectorType(_WORD, lanes), ir.VectorType(_INDEX, half)
        one_byte = ir.VectorType(_CODE, lanes)
        nowhere = ir.Constant(one_byte, [NO_CODE] * lanes)
        down = builder.sub(builder.mul(width, _int(COLUMN)), _int(1))
        down, origin = (
            splat(builder, builder.trunc(distance, _WORD), words)
            for distance in (down, builder.mul(base, _int(COLUMN)))
        )
        bits, largest, wrong = (
            cgutils.alloca_once_value(builder, ir.Constant(kind, None)) for kind in (wide, words, one_byte)
        )
        counted = cgutils.alloca_once(builder, words)

        def encode(before: Any, first: Any, done: Any, wanted: Any) -> None:
            """Do a vector of windows, those of the mask `wanted` if it is not None."""
            place, target = builder.add(before, done), builder.add(first, done)
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
            if has_tables:
                corner = builder.add(load_vector(builder, builder.gep(known[0], [done]), words), origin)
            else:
                corner = builder.load(counted)
                builder.store(builder.add(corner, ir.Constant(words, [COLUMN * lanes] * lanes)), counted)
            code = builder.sub(scaled, corner)
            for _ in range(reach - 1):
                code = _smallest(builder, code, builder.sub(code, down))
            code = _smallest(builder, code, ir.Constant(words, [NO_CODE] * lanes))
            code = builder.trunc(code, one_byte)
            if has_tables:
                least, most = (load_vector(builder, builder.gep(array, [done]), one_byte) for array in known[1:])
            else:
                least, most = ir.Constant(one_byte, None), ir.Constant(one_byte, [COLUMN * reach - 1] * lanes)
            # More than 0 is left of a code that is too large, or too small: that is large without a sign.
            beyond = call_intrinsic(builder, f"usub.sat.v{lanes}i8", one_byte, builder.sub(code, least), most)
            if wanted is not None:
                beyond = builder.select(wanted, beyond, ir.Constant(one_byte, None))
                code = builder.select(wanted, code, nowhere)
            builder.store(builder.or_(builder.load(wrong), beyond), wrong)
            store_vector(builder, code, builder.gep(codes, [target]))

        with cgutils.for_range(builder, planes) as plane:
            before = builder.add(start, builder.mul(plane.index, count))
            first = builder.add(to, builder.mul(plane.index, pitch))
            builder.store(builder.add(origin, counting(_WORD, lanes, COLUMN)), counted)
            for_vectors(builder, count, lanes, partial(encode, before, first))
        seen = call_intrinsic(builder, f"vector.reduce.or.v{half}i64", _INDEX, builder.load(bits))
        name = call_intrinsic(builder, f"vector.reduce.umax.v{lanes}i32", _WORD, builder.load(largest))
        beyond = call_intrinsic(builder, f"vector.reduce.or.v{lanes}i8", _CODE, builder.load(wrong))
        # The lower halves of indices are compared with the number of positions, and no higher one may have a bit.
        is_right = builder.icmp_unsigned("<", seen, _int(1 << 31))
        is_right = builder.and_(is_right, builder.icmp_unsigned("<", builder.zext(name, _INDEX), positions))
        return builder.and_(is_right, builder.icmp_unsigned("==", beyond, ir.Constant(_CODE, 0)))

    return signature, generate


def for_vectors(builder: Any, count: Any, lanes: int, body: Any) -> None:
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
