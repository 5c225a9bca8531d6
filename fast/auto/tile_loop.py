"""The register tile over and over, on operands that stay in the nearest cache: what a processor can do at most."""

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.simd.microkernel import ROWS, VECTORS, multiply_tile

DEPTH = 128
"""Terms of a tile, as many as fit: 8 rows and 3 vectors of 512 bits, 128 times, are 28 KiB."""


@kernel
def multiply_tiles(repeats, a, b, offsets, out, lanes):  # type: ignore[no-untyped-def]
    """Compute the same tile of sums `repeats` times."""
    starts, skips = np.arange(VECTORS) * lanes, np.zeros(VECTORS, np.int64)
    for _ in range(repeats):
        multiply_tile(
            ROWS,
            VECTORS,
            DEPTH,
            a,
            0,
            b,
            0,
            starts,
            offsets,
            out,
            0,
            starts,
            VECTORS * lanes,
            ROWS,
            skips,
            0,
            a,
            0,
            False,
        )
