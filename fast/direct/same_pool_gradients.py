"""The gradient of max pooling that keeps the size of a plane, emitted as LLVM IR: positions collect.

With a stride of 1, an odd kernel and a padding of half of it there is a window around every position. Neighbouring
windows often share a maximum, and adding one to the other in memory has to wait for the one before it. Here the lanes
are positions: each looks at the windows around it, and adds up the values of those whose maximum it is.

Where in its window a maximum lies is a code of one byte (`convoracle.fast.direct.window_codes`). A position is the
maximum of a window beside it if that window has one certain code, whichever position it is::

    codes in a window          0 4  8       codes that name the position      10 6 2
                               1 5  9       in the middle, of the windows      9 5 1
                               2 6 10       around it                          8 4 0

Codes are compared with constants, as many in a register of 128 bits as values in one of 512. Planes that follow each
other are done as one line of positions, wherever rows end. A window is then beside the positions at the end of the row
before it, too: an index there has a code like any other, and the position finds it. Positions add up in the order of
the windows, from zero, as everywhere.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from convoracle.fast.direct.window_codes import COLUMN, for_vectors
from convoracle.fast.simd.vectors import (
    addresses_of,
    literal_of,
    load_vector,
    shuffle,
    store_lanes,
    store_vector,
    vector_of,
)

_CODE, _INDEX = ir.IntType(8), ir.IntType(64)


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
    reach = literal_of(size)
    number = types.intp
    signature = types.void(size, codes, number, values, number, number, grad, number, number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, first, _, place, width, _, start, count = arguments
        codes, values, grad = addresses_of(context, builder, signature, arguments)
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

        for_vectors(builder, count, lanes, collect)
        return context.get_dummy_value()

    return signature, generate


def _int(value: int) -> Any:
    return ir.Constant(_INDEX, value)
