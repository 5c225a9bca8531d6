"""Many numbers as one argument: a NamedTuple is packed into an array outside of a kernel, and unpacked inside.

Numba takes a tuple apart at every call, field by field through Python's objects: forty fields take five microseconds,
longer than a small convolution. An array of forty numbers takes a tenth of a microsecond.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import addresses_of


def pack(*tuples: Any) -> np.ndarray:
    """Return the numbers of all `tuples`, one after the other; their arrays are left out."""
    return np.array([field for fields in tuples for field in fields if not isinstance(field, np.ndarray)], np.int64)


def known_when_compiled(number: int) -> tuple[int, ...]:
    """Return a tuple so long, for a number that decides which code is needed.

    A kernel takes its length, which the compiler knows from the type: it leaves out what is for other numbers, and is
    asked again for each. An integer's type says nothing of it.
    """
    return (0,) * number


@intrinsic
def unpack(typing_context, kind, numbers, start, arrays):  # type: ignore[no-untyped-def]
    """Return a NamedTuple of class `kind`: the numbers from numbers[start] on, and `arrays` as its last fields."""
    fields = kind.instance_class
    count = len(fields._fields) - len(arrays)
    result = types.NamedTuple([types.int64] * count + list(arrays), fields)
    signature = result(kind, numbers, types.intp, arrays)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, start, last = arguments
        (data,) = addresses_of(context, builder, signature, arguments)
        places = (builder.add(start, ir.Constant(start.type, n)) for n in range(count))
        values = [builder.load(builder.gep(data, [place])) for place in places]
        for n, array in enumerate(arrays):
            value = builder.extract_value(last, n)
            context.nrt.incref(builder, array, value)
            values.append(value)
        return context.make_tuple(builder, result, values)

    return signature, generate
