"""The weight gradient of square kernels of 3, 5 or 7, with a stride of 1 or 2 or dilated, planes read where they are.

Each tap has a vector of sums and one of half the lanes, for the ends of rows, to which the tiles of
`convoracle.fast.plane.window_taps_tile` are added in the order of images, bands, columns; the lanes are added up last.
Bands are those of `convoracle.fast.plane.windows`.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.plane.window_taps_tile import add_lanes, correlate_window_taps
from convoracle.fast.plane.window_tile import ROWS
from convoracle.fast.plane.windows import MOVED, count_bands
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair, Shape

SHARES = 16
"""Into how many shares the outputs are divided where there are fewer pairs of planes than that."""


BLOCK = 32
"""Pairs of planes whose sums are kept at a time: neighbours in memory, gone through image by image."""


def bind_window_weight_grad(
    grad_shape: Shape,
    x_shape: Shape,
    weight_shape: Shape,
    dtype: np.dtype,
    stride: int,
    before: tuple[int, int],
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient of arrays of these shapes; it is NaN where x is not finite beside a window."""
    filters, channels, size, _ = weight_shape
    bands = count_bands(grad_shape[2], dilation[0])
    pairs, units = filters * channels, x_shape[0] * bands
    shares = 1 if pairs >= SHARES else min(SHARES, units)
    work = math.prod(grad_shape) * channels * (size * size + MOVED)
    zeros, function = np.zeros(max(x_shape[3], grad_shape[3]), dtype), _kernel(size, stride, dilation != (1, 1))
    sizes = (groups, filters // groups, channels, *x_shape[2:], *grad_shape[2:], *before, lanes_of(dtype))

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        sums = np.empty((shares, *weight_shape), dtype)
        arrays = x.reshape(-1), grad_output.reshape(-1), zeros, sums.reshape(shares, -1)
        tasks = pairs, shares, units, bands
        run_pieces(function, min(thread_count(work), pairs * shares), tasks, *arrays, sizes, dilation)
        return sums[0] if shares == 1 else add_shares(sums)

    return weight_grad


@np.errstate(over="ignore", invalid="ignore")
def add_shares(sums: np.ndarray) -> np.ndarray:
    """Add up the shares in their order."""
    total: np.ndarray = sums.sum(axis=0)
    return total


@functools.cache
def _kernel(size: int, stride: int, is_dilated: bool) -> Callable[..., None]:
    """Return the function that does one piece of the work, some pairs of planes, for one kernel size and stride."""
    dilated = int(is_dilated)

    @kernel
    def add_planes(piece, pieces, tasks, x, grad, zeros, sums, sizes, dilation):  # type: ignore[no-untyped-def]
        pairs, shares, units, bands = tasks
        groups, filters, channels, height, width, rows, columns, above, before, lanes = sizes
        apart, line = dilation if dilated else (1, 1), size * size * lanes
        vectors, ends = np.empty(BLOCK * line, x.dtype), np.empty(BLOCK * line, x.dtype)
        parts = np.empty(2, x.dtype)
        first, last = pairs * shares * piece // pieces, pairs * shares * (piece + 1) // pieces
        while first < last:
            share, pair = divmod(first, pairs)
            block = min(BLOCK, last - first, pairs - pair)
            vectors[:] = 0
            ends[:] = 0
            unit, end = units * share // shares, units * (share + 1) // shares
            while unit < end:
                image, band = divmod(unit, bands)
                last_band = min(bands, band + end - unit)
                for n in range(block):
                    filter, channel = divmod(pair + n, channels)
                    start = ((image * groups + filter // filters) * channels + channel) * height * width
                    plane = (image * groups * filters + filter) * rows * columns
                    for b in range(band, last_band):
                        p = b // apart[0] * ROWS * apart[0] + b % apart[0]
                        count, q = -((p - rows) // apart[0]), 0
                        while q < columns:
                            corner, place = (p * stride - above, q * stride - before), plane + p * columns + q
                            if columns - q > lanes // 2:
                                correlate_window_taps(
                                    size, stride, 1, dilated, x, start, height, width, corner, apart, zeros, grad,
                                    place, columns * apart[0], count, columns - q, vectors, n * line,
                                )  # fmt: skip
                            else:
                                correlate_window_taps(
                                    size, stride, 2, dilated, x, start, height, width, corner, apart, zeros, grad,
                                    place, columns * apart[0], count, columns - q, ends, n * line,
                                )  # fmt: skip
                            q += lanes
                unit += last_band - band
            for n in range(block):
                for tap in range(size * size):
                    add_lanes(1, vectors, n * line + tap * lanes, parts, 0)
                    add_lanes(2, ends, n * line + tap * lanes, parts, 1)
                    i, j = tap % size, tap // size
                    sums[share, (pair + n) * size * size + i * size + j] = parts[0] + parts[1]
            first += block

    return add_planes
