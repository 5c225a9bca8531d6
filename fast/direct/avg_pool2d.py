"""Mean pooling a row at a time: the rows of the windows are added up first, then the columns of each window.

The sums down the columns serve all windows beside each other, and are contiguous, which makes vectors of them. The
gradient goes the same way back: what the windows above each other leave in a row is added up first, and then every
column collects from the windows beside each other that it is in. Where these are more than two columns apart, and so
fewer than rows of the plane, columns collect first.

A single window over the whole plane, as at the end of a network, is one run of numbers in memory, and taken as that.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convoracle.fast.direct.plane_sum import sum_numbers
from convoracle.fast.direct.window_sums import add_lines, add_rows, average_columns, spread_columns
from convoracle.fast.jit import kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair

SPREAD = 1 << 14
"""Numbers of the rows of a plane that are done at a time, where columns collect first."""


class Sizes(NamedTuple):
    """Planes, windows, and the numbers in a vector."""

    planes: int
    height: int
    width: int
    rows: int
    columns: int
    kernel_h: int
    kernel_w: int
    stride_h: int
    stride_w: int
    padding_h: int
    padding_w: int
    lanes: int


def bind_avg_pool2d(
    x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the window sums, divided by `divisors`, of arrays of this shape."""
    (images, channels, height, width), numbers, dtype = x.shape, x.size, x.dtype
    planes, (rows, columns), shape = images * channels, divisors.shape, (images, channels, *divisors.shape)
    if _is_whole((height, width), divisors.shape, kernel_size, padding):
        divisor = divisors.item()

        def average_planes(x: np.ndarray) -> np.ndarray:
            out = np.empty(shape, dtype)
            pieces = min(threads_to_move(numbers), planes) or 1
            run_pieces(_average_planes, pieces, x.reshape(-1), height * width, divisor, out.reshape(-1))
            return out

        return average_planes

    sizes = pack(Sizes(planes, height, width, rows, columns, *kernel_size, *stride, *padding, lanes_of(dtype)))
    divided_by = np.ascontiguousarray(divisors).reshape(-1)

    def average(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        pieces = min(threads_to_move(numbers), planes) or 1
        run_pieces(_average, pieces, x.reshape(-1), divided_by, out.reshape(-1), sizes)
        return out

    return average


def bind_avg_pool2d_backward(
    grad_output: np.ndarray,
    divisors: np.ndarray,
    input_shape: tuple[int, ...],
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of this shape: each divided value added to all positions of its window."""
    images, channels, height, width = input_shape
    planes, (rows, columns), dtype = images * channels, divisors.shape, grad_output.dtype
    numbers = planes * height * width
    if _is_whole((height, width), divisors.shape, kernel_size, padding):
        divisor = divisors.item()

        def fill_planes(grad_output: np.ndarray) -> np.ndarray:
            grad = np.empty(input_shape, dtype)
            pieces = min(threads_to_move(numbers), planes) or 1
            run_pieces(_fill_planes, pieces, grad_output.reshape(-1), divisor, grad.reshape(-1), height * width)
            return grad

        return fill_planes

    windows = np.empty((0, 0), np.uint64)
    if stride[1] > 2:
        windows = _windows_of_columns(width, divisors.shape[1], kernel_size[1], stride[1], padding[1])
    fill = _spread_apart if stride[1] > 2 else _spread
    sizes = pack(Sizes(planes, height, width, rows, columns, *kernel_size, *stride, *padding, lanes_of(dtype)))
    divided_by = np.ascontiguousarray(divisors).reshape(-1)

    def spread(grad_output: np.ndarray) -> np.ndarray:
        grad = np.empty(input_shape, dtype)
        pieces = min(threads_to_move(numbers), planes) or 1
        run_pieces(fill, pieces, grad_output.reshape(-1), divided_by, grad.reshape(-1), windows, sizes)
        return grad

    return spread


avg_pool2d = kernel_from(bind_avg_pool2d, arrays=1)
avg_pool2d_backward = kernel_from(bind_avg_pool2d_backward, arrays=1)


def _is_whole(size: Pair, output_size: tuple[int, ...], kernel_size: Pair, padding: Pair) -> bool:
    """Tell whether there is one window, over all of the plane."""
    return output_size == (1, 1) and all(k - p >= n for n, k, p in zip(size, kernel_size, padding, strict=True))


@functools.lru_cache(maxsize=256)
def _windows_of_columns(width: int, windows: int, kernel_size: int, stride: int, padding: int) -> np.ndarray:
    """Return the windows each column is in, one row for the last of them, one for the one before it, and so on.

    Where there are fewer, the number is `windows`, one beyond the last window.
    """
    columns = np.arange(width, dtype=np.int64) + padding
    numbers = columns // stride - np.arange(-(-kernel_size // stride), dtype=np.int64)[:, None]
    is_window = (numbers >= 0) & (numbers < windows) & (columns - numbers * stride < kernel_size)
    return np.where(is_window, numbers, windows).astype(np.uint64)


@kernel
def _average_planes(piece, pieces, x, positions, divisor, out):  # type: ignore[no-untyped-def]
    """Fill some numbers of `out`, each the mean of a plane."""
    for plane in range(len(out) * piece // pieces, len(out) * (piece + 1) // pieces):
        out[plane] = sum_numbers(x, plane * positions, positions) / x.dtype.type(divisor)


@kernel
def _fill_planes(piece, pieces, grad_output, divisor, grad, positions):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`, each with one divided value."""
    planes = len(grad_output)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        grad[plane * positions : (plane + 1) * positions] = grad_output[plane] / grad.dtype.type(divisor)


@kernel
def _average(piece, pieces, x, divisors, out, sizes):  # type: ignore[no-untyped-def]
    """Fill some planes of `out`."""
    planes, height, width, rows, columns, kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, lanes = unpack(
        Sizes, sizes, 0, ()
    )
    step = stride_w if stride_w == 2 else 1
    # The zeros on both sides are counted, as far as any window reaches.
    span = (columns - 1) * stride_w + kernel_w
    pitch = (-(-span // (step * lanes)) + 1) * lanes
    sums = np.zeros(step * pitch + lanes, x.dtype)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for p in range(rows):
            top = p * stride_h - padding_h
            bottom = min(top + kernel_h, height)
            top = max(top, 0)
            start, place = (plane * height + top) * width, (plane * rows + p) * columns
            if stride_w == 2:
                add_rows(2, x, start, bottom - top, width, padding_w, sums, pitch, span)
                average_columns(2, sums, pitch, 2, kernel_w, divisors, p * columns, out, place, columns)
            else:
                add_rows(1, x, start, bottom - top, width, padding_w, sums, pitch, span)
                if stride_w == 1:
                    average_columns(1, sums, pitch, 1, kernel_w, divisors, p * columns, out, place, columns)
                else:
                    average_columns(0, sums, pitch, stride_w, kernel_w, divisors, p * columns, out, place, columns)


@kernel
def _spread(piece, pieces, grad_output, divisors, grad, windows, sizes):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    planes, height, width, rows, columns, kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, lanes = unpack(
        Sizes, sizes, 0, ()
    )
    shares = np.empty(rows * columns, grad.dtype)
    # Zeros on both sides, as many as are read for columns in fewer windows than others.
    margin = (kernel_w - 1) // stride_w
    span = margin + max(columns, -(-(padding_w + width) // stride_w)) + 1
    sums = np.zeros((span // lanes + 2) * lanes, grad.dtype)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for n in range(rows * columns):
            shares[n] = grad_output[np.uint64(plane * rows * columns + n)] / divisors[n]
        before = (0, 0)
        for row in range(height):
            # Windows `begin` to `end` cover this row.
            begin = max(-((kernel_h - 1 - row - padding_h) // stride_h), 0)
            end = min((row + padding_h) // stride_h + 1, rows)
            start = (plane * height + row) * width
            if before == (begin, end) and row > 0:
                for column in range(width):
                    grad[np.uint64(start + column)] = grad[np.uint64(start - width + column)]
                continue
            before = (begin, end)
            add_rows(1, shares, begin * columns, end - begin, columns, margin, sums, 0, span)
            if stride_w == 1:
                spread_columns(1, sums, margin, kernel_w, padding_w, grad, start, width)
            else:
                spread_columns(2, sums, margin, kernel_w, padding_w, grad, start, width)


@kernel
def _spread_apart(piece, pieces, grad_output, divisors, grad, windows, sizes):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad` whose windows are more than two columns apart."""
    planes, height, width, rows, columns, kernel_h, _, stride_h, _, padding_h, _, _ = unpack(Sizes, sizes, 0, ())
    tall = max(SPREAD // width, 1)
    lines = np.empty(((tall + kernel_h) // stride_h + 2) * width, grad.dtype)
    shares = np.zeros(columns + 1, grad.dtype)  # the last one is that of no window
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for top in range(0, height, tall):
            bottom = min(top + tall, height)
            first = max(-((kernel_h - 1 - top - padding_h) // stride_h), 0)
            last = min((bottom - 1 + padding_h) // stride_h + 1, rows)
            for row in range(first, last):
                for n in range(columns):
                    shares[n] = grad_output[np.uint64((plane * rows + row) * columns + n)] / divisors[row * columns + n]
                start = np.uint64((row - first) * width)
                for column in range(width):
                    lines[start + np.uint64(column)] = shares[windows[0, column]]
                for nth in range(1, len(windows)):
                    for column in range(width):
                        lines[start + np.uint64(column)] += shares[windows[nth, column]]
            for row in range(top, bottom):
                # Windows `begin` to `end` cover this row.
                begin = max(-((kernel_h - 1 - row - padding_h) // stride_h), 0)
                end = min((row + padding_h) // stride_h + 1, rows)
                add_lines(lines, (begin - first) * width, end - begin, width, grad, (plane * height + row) * width)
