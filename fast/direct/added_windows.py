"""The gradient of max pooling where nothing is known of the windows: each value is added where its maximum was.

An addition in memory has to wait for the one before it in the same place, and neighbouring windows often share a
maximum. So four planes are gone through side by side, whose additions never meet::

    window      0  1  2  3 ...
    plane 0     a  e  i  m                 order of the additions   a b c d  e f g h  i j k l ...
    plane 1     b  f  j  n
    plane 2     c  g  k  o
    plane 3     d  h  l  p

They are cleared right before, and their indices looked through, so that these are in the nearest cache by then. The
loop is as plain as it can be, four instructions a window: asking for memory ahead makes it slower.
"""

import numpy as np

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_apart
from convoracle.fast.simd.copying import clear

SIDE_BY_SIDE = 4
"""Planes whose windows take turns."""

CLEARED = 1 << 11
"""Numbers of the gradient that are cleared at a time, in each of the planes side by side, if a plane has fewer."""


@inner
def add_planes(plane, end, values, indices, outputs, grad, positions):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`; return whether an index is outside of them, and leave them unfinished then."""
    keep_apart()
    block = SIDE_BY_SIDE * max(CLEARED // positions, 1)
    for first in range(plane, end, block):
        last = min(first + block, end)
        clear(grad, first * positions, (last - first) * positions)
        if _largest(indices, first * outputs, last * outputs) >= np.uint64(positions):
            return True
        whole = last - (last - first) % SIDE_BY_SIDE
        for n in range(first, whole, SIDE_BY_SIDE):
            _add_side_by_side(values, indices, n * outputs, outputs, grad, n * positions, positions)
        for n in range(whole, last):
            for window in range(n * outputs, (n + 1) * outputs):
                grad[np.uint64(n * positions + indices[np.uint64(window)])] += values[np.uint64(window)]
    return False


@inner
def _largest(indices, start, end):  # type: ignore[no-untyped-def]
    """Return the largest index, without a sign: a negative one is larger than all others."""
    largest = np.uint64(0)
    for n in range(start, end):
        largest = max(largest, np.uint64(indices[np.uint64(n)]))
    return largest


@inner
def _add_side_by_side(values, indices, start, outputs, grad, target, positions):  # type: ignore[no-untyped-def]
    """Add the windows of four planes."""
    keep_apart()
    # An index without a sign is not counted from the end.
    step, more = np.uint64(outputs), np.uint64(positions)
    source_0, grad_0 = np.uint64(start), np.uint64(target)
    source_1, grad_1 = source_0 + step, grad_0 + more
    source_2, grad_2 = source_1 + step, grad_1 + more
    source_3, grad_3 = source_2 + step, grad_2 + more
    for n in range(outputs):
        window = np.uint64(n)
        grad[grad_0 + np.uint64(indices[source_0 + window])] += values[source_0 + window]
        grad[grad_1 + np.uint64(indices[source_1 + window])] += values[source_1 + window]
        grad[grad_2 + np.uint64(indices[source_2 + window])] += values[source_2 + window]
        grad[grad_3 + np.uint64(indices[source_3 + window])] += values[source_3 + window]
