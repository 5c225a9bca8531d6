"""Max pooling by vectors of neighbouring windows (`convoracle.fast.direct.window_maxima`).

Large windows that overlap share the maxima of their rows (`convoracle.fast.direct.line_maxima`). One window over a
whole plane, as at the end of a network, is one run of numbers in memory, and taken as that.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from convoracle.fast.direct.line_maxima import find_line_maxima, find_window_maxima
from convoracle.fast.direct.max_pool2d_backward import max_pool2d_backward
from convoracle.fast.direct.plane_maximum import find_maximum
from convoracle.fast.direct.window_maxima import find_maxima
from convoracle.fast.jit import kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.readable import max_pool2d_numba
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair

__all__ = ["bind_max_pool2d", "max_pool2d", "max_pool2d_backward"]

SAVED = 1.5
"""How many times fewer numbers are to be looked at, for rows to be done by themselves."""

KEPT = 1 << 13
"""Rows of a vector of windows that are kept at most: a megabyte."""


def bind_max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return the maxima of arrays of this shape, and where they are."""
    (images, channels, height, width), dtype = x.shape, x.dtype
    position, planes, lanes = np.dtype(f"i{x.itemsize}"), images * channels, lanes_of(dtype)
    if height * width + stride[1] * lanes > np.iinfo(position).max:
        # Positions in such a plane, or steps across it, do not fit the lanes of a vector of its numbers.
        return partial(
            max_pool2d_numba.max_pool2d,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            output_size=output_size,
        )
    shape, numbers = (images, channels, *output_size), x.size
    if (
        output_size == (1, 1)
        and tuple(dilation) == (1, 1)
        and height * width < 1 << 31
        and all(size <= k - p for size, k, p in zip((height, width), kernel_size, padding, strict=True))
    ):
        # One window over the whole plane.
        def pool_planes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, indices = np.empty(shape, dtype), np.empty(shape, np.int64)
            pieces = min(threads_to_move(numbers), planes) or 1
            arrays = x.reshape(-1), values.reshape(-1), indices.reshape(-1)
            run_pieces(_find_plane_maxima, pieces, *arrays, height * width)
            return values, indices

        return pool_planes

    lefts = np.arange(output_size[1]) * stride[1] - padding[1]
    # A negative position modulo the dilation is the first one of the window inside the plane.
    firsts = np.append(np.where(lefts < 0, lefts % dilation[1], lefts), np.zeros(lanes, np.int64)).astype(position)
    sizes = planes, height, width, *output_size, lanes
    options = *kernel_size, *stride, *padding, *dilation
    kernel_h, kernel_w = min(kernel_size[0], height), min(kernel_size[1], width)
    looked_at = kernel_h * kernel_w
    by_rows = min(stride[0], kernel_h) * kernel_w + kernel_h
    is_by_rows = dilation[0] == 1 and kernel_h <= KEPT and looked_at > SAVED * by_rows
    fill = _find_maxima_by_rows if is_by_rows else _find_maxima
    work = numbers + planes * output_size[0] * output_size[1] * (by_rows if is_by_rows else looked_at)

    def pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, indices = np.empty(shape, dtype), np.empty(shape, np.int64)
        run_pieces(
            fill,
            min(threads_to_move(work), planes) or 1,
            x.reshape(-1),
            values.reshape(-1),
            indices.reshape(-1),
            firsts,
            sizes,
            options,
        )
        return values, indices

    return pool


max_pool2d = kernel_from(bind_max_pool2d, arrays=1)


@kernel
def _find_plane_maxima(piece, pieces, x, values, indices, positions):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices` of some planes, each of which is one window."""
    planes = len(values)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        place = find_maximum(x, plane * positions, positions)
        values[plane], indices[plane] = x[plane * positions + place], place


@kernel
def _find_maxima(piece, pieces, x, values, indices, firsts, sizes, options):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices` of some planes."""
    planes, height, width, rows, columns, lanes = sizes
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w = options
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for p in range(rows):
            top = p * stride_h - padding_h
            bottom = min(top + (kernel_h - 1) * dilation_h + 1, height)
            if top < 0:
                top %= dilation_h
            down = top, (bottom - top - 1) // dilation_h + 1
            for q in range(0, columns, lanes):
                left, start = q * stride_w - padding_w, (plane * rows + p) * columns + q
                if stride_w == 1:
                    find_maxima(
                        1, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left, dilation_w,
                        firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip
                elif stride_w == 2:
                    find_maxima(
                        2, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left, dilation_w,
                        firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip
                else:
                    find_maxima(
                        stride_w, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left,
                        dilation_w, firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip


@kernel
def _find_maxima_by_rows(piece, pieces, x, values, indices, firsts, sizes, options):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices` of some planes, where windows have many rows in common."""
    planes, height, width, rows, columns, lanes = sizes
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, _, dilation_w = options
    # The rows of a vector of windows lie in a ring, twice, so that those of a window follow each other.
    kept = min(kernel_h, height)
    best, places = np.empty(2 * kept * lanes, x.dtype), np.empty(2 * kept * lanes, firsts.dtype)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        start = plane * height * width
        for q in range(0, columns, lanes):
            left, ready = q * stride_w - padding_w, 0
            for p in range(rows):
                top = p * stride_h - padding_h
                bottom = min(top + kernel_h, height)
                top = max(top, 0)
                for row in range(max(top, ready), bottom):
                    slot = row % kept * lanes
                    if stride_w == 1:
                        find_line_maxima(
                            1, x, start, row * width, width, kernel_w, left, dilation_w, firsts, q, best, places, slot,
                            kept * lanes,
                        )  # fmt: skip
                    elif stride_w == 2:
                        find_line_maxima(
                            2, x, start, row * width, width, kernel_w, left, dilation_w, firsts, q, best, places, slot,
                            kept * lanes,
                        )  # fmt: skip
                    else:
                        find_line_maxima(
                            stride_w, x, start, row * width, width, kernel_w, left, dilation_w, firsts, q, best, places,
                            slot, kept * lanes,
                        )  # fmt: skip
                ready = bottom
                find_window_maxima(
                    best, places, top % kept * lanes, bottom - top, values, indices, (plane * rows + p) * columns + q,
                    columns - q,
                )  # fmt: skip
