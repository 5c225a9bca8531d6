"""The tasks of one call, handed out to its threads one by one, in the order they ask: the fast one does more of them.

A thread that is woken late, or shares its processor with another program, then delays nobody. Which thread does a task
must not matter to its result.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from convoracle.fast.simd.vectors import addresses_of


def new_counter() -> np.ndarray:
    """Return the counter of a call's tasks, which all its threads are to share."""
    return np.zeros(1, np.int64)


@intrinsic
def take_task(typing_context, counter):  # type: ignore[no-untyped-def]
    """Return the number of the next task that nobody has taken."""
    signature = types.int64(counter)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        (place,) = addresses_of(context, builder, signature, arguments)
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "monotonic")

    return signature, generate
