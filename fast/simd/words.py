"""Words of memory that threads share: one adds to a word, another looks at it until it has been added to.

To look takes nothing but a processor: the thread holds no lock of Python's, and goes on within a fraction of a
microsecond, where one that sleeps takes some 50 to wake up.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.jit import kernel
from convoracle.fast.simd.vectors import addresses_of, call_intrinsic

LINE = 16
"""Numbers of a word's array, twice a line of most caches: threads that look at one word do not slow down another."""


def new_word() -> np.ndarray:
    """Return a word that is zero, with no other near it."""
    return np.zeros(LINE, np.int64)


@kernel
def add_and_look(target, number, word, value, looks, more):  # type: ignore[no-untyped-def]
    """Add `number` to a word; look at another until it is `value`, but so many times at most, and then some `more`."""
    _add(target, number)
    for _ in range(looks):
        if _read(word) >= value:
            for _ in range(more):
                _relax()
            break
        _relax()


@intrinsic
def _add(typing_context, word, number):  # type: ignore[no-untyped-def]
    """Add a number to a word, at once."""
    signature = types.int64(word, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (place,) = addresses_of(context, builder, signature, arguments)
        return builder.atomic_rmw("add", place, arguments[1], "release")

    return signature, generate


@intrinsic
def _read(typing_context, word):  # type: ignore[no-untyped-def]
    """Return a word as it is now."""
    signature = types.int64(word)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (place,) = addresses_of(context, builder, signature, arguments)
        return builder.load_atomic(place, "acquire", 8)

    return signature, generate


@intrinsic
def _relax(typing_context):  # type: ignore[no-untyped-def]
    """Tell an x86 processor that this is a loop which waits: it lets the core's other thread go first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if builder.module.triple.startswith(("x86_64", "i686")):
            call_intrinsic(builder, "x86.sse2.pause", ir.VoidType())
        return context.get_dummy_value()

    return types.void(), generate
