"""The register tile over and over, on operands that stay in the nearest cache: what a processor can do at most."""

from convoracle.fast.jit import kernel
from convoracle.fast.simd.microkernel import VECTORS, multiply_tile

DEPTH = 128
"""Terms of a tile, as many as fit: 8 rows and 3 vectors of 512 bits, 128 times, are 28 KiB."""


@kernel
def multiply_tiles(repeats, a, b, offsets, out, lanes):  # type: ignore[no-untyped-def]
    """Compute the same tile of sums `repeats` times."""
    if VECTORS == 3:
        starts, skips = (0, lanes, 2 * lanes), (0, 0, 0)
    else:
        starts, skips = (0, lanes), (0, 0)
    for _ in range(repeats):
        multiply_tile(DEPTH, a, 0, b, starts, offsets, out, starts, len(starts) * lanes, 8, skips, a, 0, False)
