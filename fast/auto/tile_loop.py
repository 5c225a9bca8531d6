"""The register tile over and over, on operands that stay in the nearest cache: what a processor can do at most."""

import functools
from collections.abc import Callable

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.microkernel import ROWS, VECTORS, multiply_tile
from convoracle.fast.simd.vectors import lanes_of

DEPTH = 128
"""Terms of a tile, as many as fit: 8 rows and 3 vectors of 512 bits, 128 times, are 28 KiB."""

PRODUCTS = DEPTH * ROWS * VECTORS
"""Vectors that are multiplied and added for one tile."""


def tile_loop(dtype: np.dtype, repeats: int) -> Callable[[], None]:
    """Return a function that computes the same tile of sums `repeats` times, in arrays of its own."""
    width = VECTORS * lanes_of(dtype)
    a, b, out = np.ones(DEPTH * ROWS, dtype), np.ones(DEPTH * width, dtype), np.empty(ROWS * width, dtype)
    starts, offsets = np.arange(VECTORS, dtype=np.int64) * lanes_of(dtype), np.arange(DEPTH, dtype=np.int64) * width
    skips = np.zeros(VECTORS, np.int64)
    return functools.partial(_multiply_tiles, repeats, a, b, starts, offsets, out, width, skips)


@kernel
def _multiply_tiles(repeats, a, b, starts, offsets, out, width, skips):  # type: ignore[no-untyped-def]
    """Compute a tile of sums `repeats` times."""
    keep_small()
    for _ in range(repeats):
        multiply_tile(
            ROWS, VECTORS, DEPTH, a, 0, b, 0, starts, offsets, out, 0, starts, width, ROWS, skips, 0, a, 0, False
        )
