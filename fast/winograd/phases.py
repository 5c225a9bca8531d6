"""The phases of a dilated convolution: interleaved planes, each with a convolution of dilation 1.

Along an axis, output u sums the inputs u - before, u - before + d, u - before + 2 d and so on. So outputs d apart read
inputs d apart, and nothing that other outputs read: phase r of the outputs, those that leave the remainder r by d, is a
plane of its own. None is copied. What is d apart are the numbers of a tile. With a dilation of 2 and tiles of four, 14
outputs belong to ::

    tile across   0 1 0 1 0 1 0 1 2 3 2 3 2 3
    tile down     0 2 0 2 0 2 0 2 1 3 1 3 1 3

A row of inputs is read as it lies, so tiles across are numbered as they begin. Rows can be read in any order, so tiles
down are numbered phase by phase. Those of one phase that follow each other, a *run*, read overlapping rows, which are
turned once. The first phases may have a tile more than the last.
"""

import math

from numba import njit


def longest_run(outputs: int, dilation: int, tile: int) -> int:
    """Return how many tiles the longest phase of an axis has."""
    return math.ceil(outputs / (tile * dilation))


def widest_band(tiles: int, bands: int, dilation: int) -> int:
    """Return the most tiles, counting all that are interleaved, in one of so many bands of columns."""
    return math.ceil(math.ceil(tiles / dilation) / bands) * dilation


@njit(inline="always")
def window_of(band, bands, images, tiles_h, tiles_w, dilation):  # type: ignore[no-untyped-def]
    """Return the images, tiles down and tiles across of a band: of each the first, and the first that is beyond."""
    stack, part = divmod(band, bands.rows * bands.columns)
    row_band, column_band = divmod(part, bands.columns)
    together = -(-tiles_w // dilation)
    return (
        stack * bands.images,
        min((stack + 1) * bands.images, images),
        tiles_h * row_band // bands.rows,
        tiles_h * (row_band + 1) // bands.rows,
        together * column_band // bands.columns * dilation,
        min(together * (column_band + 1) // bands.columns * dilation, tiles_w),
    )


@njit(inline="always")
def run_from(first, last, outputs, dilation, tile):  # type: ignore[no-untyped-def]
    """Return where the outputs of a tile begin, and how many of the tiles from it to `last` are in its phase."""
    longest = -(-outputs // (tile * dilation))
    phases = min(outputs - (longest - 1) * tile * dilation, dilation)
    if first < phases * longest:
        phase, place = divmod(first, longest)
        return tile * dilation * place + phase, min(longest - place, last - first)
    phase, place = divmod(first - phases * longest, longest - 1)
    return tile * dilation * place + phases + phase, min(longest - 1 - place, last - first)
