"""What keeps code small, and compiling short, where speed does not depend on the compiler's art."""

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

ZERO, ONE = np.int64(0), np.int64(1)
"""Numbers that are no literals: what a literal is passed to, Numba compiles once more for it."""


@intrinsic
def keep_small(typing_context):  # type: ignore[no-untyped-def]
    """Ask LLVM to compile the calling function for size: no loop is unrolled, or turned into vectors.

    A kernel made of intrinsics says itself what is a vector; what is around them is bookkeeping. Left to itself, LLVM
    takes a third more time to compile it, and the result is no faster.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("optsize")
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def keep_apart(typing_context):  # type: ignore[no-untyped-def]
    """Ask LLVM not to make the calling function part of others: what it keeps in registers would be kept in memory."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate
