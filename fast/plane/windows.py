"""Square kernels of 3, 5 or 7, with a stride of 1 or 2 or dilated: convolutions and input gradients, planes in place.

Each plane is gone through in bands, of as many rows as a tile has, each band in vectors of neighbouring outputs; the
last vector of a row may be one of half the lanes. Each channel's sum, in the order of the taps in the tile, is added to
those of the channels before it, the first to the base.

With a dilation of d, the rows of a band are d apart, and so are those that they read: again a row serves all outputs it
is a tap of. Bands are numbered as they begin, those of d interleaved ones after each other. Rows so far apart are no
stream that the hardware would notice, above all those that are written. So each band asks for its share of the memory
ahead, in the order it lies in: what the d bands after these d read and write, or the next plane.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.finite import are_finite
from convoracle.fast.jit import kernel
from convoracle.fast.plane import spread_tile, window_tile
from convoracle.fast.plane.spread_tile import spread_windows
from convoracle.fast.plane.window_tile import correlate_windows
from convoracle.fast.simd.copying import ask_for, ask_to_write
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair, Shape

SIZES, STRIDES = (3, 5, 7), (1, 2)
"""Kernels and strides there is code for; each is compiled when it is first needed."""

LINE = 64
"""Bytes that come from memory at a time."""

MOVED = 4
"""Multiply-adds that reading and writing an output counts for: threads share the memory, and gain less there."""


def fits(kernel_size: Shape, stride: Pair, dilation: Pair) -> bool:
    """Tell whether there is code for this kernel."""
    is_dilated = tuple(dilation) != (1, 1)
    return kernel_size[0] == kernel_size[1] in SIZES and stride[0] == stride[1] in STRIDES[: 1 if is_dilated else None]


def count_bands(rows: int, apart: int) -> int:
    """Return how many bands of rows that are `apart` from each other there are."""
    whole, rest = divmod(rows, window_tile.ROWS * apart)
    return whole * apart + min(rest, apart)


def bind_correlation(
    source_shape: Shape,
    weight_shape: Shape,
    output_size: Shape,
    dtype: np.dtype,
    groups: int,
    stride: int,
    before: tuple[int, int],
    dilation: Pair = (1, 1),
    *,
    is_reversed: bool = False,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (source, weight, base, out) that writes the correlation of arrays of these shapes into `out`.

    Source is (N, C, H, W), weight (F, C / groups, k, k), or all its numbers from the last to the first. The first
    window begins `before` the first row and column.
    """
    filters, channels, size, _ = weight_shape
    images, _, height, width = source_shape
    work = images * filters * math.prod(output_size) * (channels * size * size + MOVED)
    bands = count_bands(output_size[0], dilation[0])
    tasks, is_dilated = (images * filters * bands, bands), dilation != (1, 1)
    zeros, function = np.zeros(width, dtype), _kernel(size, stride, is_dilated=is_dilated)
    above = before[0]
    # Zeros beside a plane do not count, unless an infinite weight makes NaN of them.
    is_tile = stride == 1 and not is_dilated and 0 < above == size // 2 and height == output_size[0] == window_tile.ROWS
    fewer = _kernel(size, 1, above) if is_tile else function
    kernels = (filters * channels - 1, -1) if is_reversed else (0, 1)
    planes = groups, filters // groups, channels, height, width
    sizes = (*planes, *output_size, *before, *kernels, lanes_of(dtype))

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        pieces, taps = min(thread_count(work), tasks[0]) or 1, weight.reshape(-1)
        chosen = fewer if is_tile and are_finite(taps) else function
        run_pieces(chosen, pieces, tasks, source.reshape(-1), taps, base, zeros, out.reshape(-1), sizes, dilation)

    return correlate


def bind_spread(
    source_shape: Shape, weight_shape: Shape, input_shape: Shape, dtype: np.dtype, groups: int, before: tuple[int, int]
) -> Callable[[np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (grad_output, weight, grad) that writes the input gradient of a convolution with a stride of 2.

    Its weight is (C, F / groups, k, k).
    """
    filters, channels, size, _ = weight_shape
    above, left = before
    pairs = [(n - 1 + b) // 2 - b // 2 + 1 for n, b in zip(input_shape[2:], before, strict=True)]
    work = math.prod(input_shape) * (channels * size * size // 4 + MOVED)
    tasks = input_shape[0] * filters * -(-pairs[0] // spread_tile.ROWS)
    zeros, function = np.zeros(source_shape[3], dtype), _spread_kernel(size)
    sizes = (groups, filters // groups, channels, *source_shape[2:], *input_shape[2:], lanes_of(dtype))
    places = (above // 2, left // 2, *pairs, *before)

    def spread(grad_output: np.ndarray, weight: np.ndarray, grad: np.ndarray) -> None:
        pieces = min(thread_count(work), tasks) or 1
        arrays = grad_output.reshape(-1), weight.reshape(-1), zeros, grad.reshape(-1)
        run_pieces(function, pieces, tasks, *arrays, sizes, places)

    return spread


@functools.cache
def _kernel(size: int, stride: int, padding: int = 0, *, is_dilated: bool = False) -> Callable[..., None]:
    """Return the function that does one piece of the work, some bands, for one kernel size and stride.

    With a padding it is for planes that are one tile, and weights that are finite.
    """
    dilated, most_rows, few_rows = int(is_dilated), window_tile.ROWS, window_tile.FEW_ROWS

    @kernel
    def correlate_bands(piece, pieces, tasks, x, weight, base, zeros, out, sizes, dilation):  # type: ignore[no-untyped-def]
        groups, filters, channels, height, width, rows, columns, above, before, first_kernel, step, lanes = sizes
        apart = dilation if dilated else (1, 1)
        tasks, bands = tasks
        first = tasks * piece // pieces
        plane, band = divmod(first, bands)
        filter = plane % (groups * filters)
        for _ in range(first, tasks * (piece + 1) // pieces):
            source = plane if filters == channels == 1 else plane // filters * channels
            p = band // apart[0] * most_rows * apart[0] + band % apart[0]
            to, count = (plane * rows + p) * columns, -((p - rows) // apart[0])
            if dilated:
                ahead, line = min(rows, (most_rows + size) * apart[0]), LINE // x.itemsize
                begin, numbers = (source + channels - 1) * height * width + ahead * width, height * width
                for at in range(numbers * band // bands, numbers * (band + 1) // bands, line):
                    ask_for(x, begin + at)
                begin, numbers = (plane * rows + ahead) * columns, rows * columns
                for at in range(numbers * band // bands, numbers * (band + 1) // bands, line):
                    ask_to_write(out, begin + at)
            for channel in range(channels):
                start = (source + channel) * height * width
                kernel = (first_kernel + (filter * channels + channel) * step) * size * size
                q = 0
                while q < columns:
                    place = (p * stride - above, q * stride - before)
                    if dilated and count <= few_rows:
                        correlate_windows(
                            few_rows, size, stride, 1, padding, dilated, x, start, height, width, place,
                            apart, zeros, weight, kernel, out, to + q, columns * apart[0], count, columns - q,
                            base[filter], channel > 0,
                        )  # fmt: skip
                    elif columns - q > lanes // 2:
                        correlate_windows(
                            most_rows, size, stride, 1, padding, dilated, x, start, height, width, place,
                            apart, zeros, weight, kernel, out, to + q, columns * apart[0], count, columns - q,
                            base[filter], channel > 0,
                        )  # fmt: skip
                    else:
                        correlate_windows(
                            most_rows, size, stride, 2, padding, dilated, x, start, height, width, place,
                            apart, zeros, weight, kernel, out, to + q, columns * apart[0], count, columns - q,
                            base[filter], channel > 0,
                        )  # fmt: skip
                    q += lanes
            band += 1
            if band == bands:
                band = 0
                plane += 1
                filter += 1
                if filter == groups * filters:
                    filter = 0

    return correlate_bands


@functools.cache
def _spread_kernel(size: int) -> Callable[..., None]:
    """Return the function that does some bands of an input gradient, for one kernel size and a stride of 2."""

    @kernel
    def spread_bands(piece, pieces, tasks, grad_output, weight, zeros, grad, sizes, pairs):  # type: ignore[no-untyped-def]
        groups, filters, channels, height, width, rows, columns, lanes = sizes
        first_row, first_column, pairs_h, pairs_w, above, left = pairs
        bands = -(-pairs_h // spread_tile.ROWS)
        first = tasks * piece // pieces
        plane, band = divmod(first, bands)
        filter = plane % (groups * filters)
        for _ in range(first, tasks * (piece + 1) // pieces):
            source = plane if filters == channels == 1 else plane // filters * channels
            row = first_row + band * spread_tile.ROWS
            for channel in range(channels):
                start = (source + channel) * height * width
                kernel = (filter * channels + channel) * size * size
                q = 0
                while q < pairs_w:
                    corner = (row, first_column + q)
                    place = (2 * row - above, 2 * (first_column + q) - left)
                    if pairs_w - q > lanes // 2:
                        spread_windows(
                            size, 1, grad_output, start, height, width, corner, zeros, weight, kernel, grad,
                            plane * rows * columns, rows, columns, place, channel > 0,
                        )  # fmt: skip
                    else:
                        spread_windows(
                            size, 2, grad_output, start, height, width, corner, zeros, weight, kernel, grad,
                            plane * rows * columns, rows, columns, place, channel > 0,
                        )  # fmt: skip
                    q += lanes
            band += 1
            if band == bands:
                band = 0
                plane += 1
                filter += 1
                if filter == groups * filters:
                    filter = 0

    return spread_bands
