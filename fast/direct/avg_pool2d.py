"""Mean pooling a row at a time: the rows of the windows are added up first, then the columns of each window.

The sums down the columns serve all windows beside each other, and are contiguous, which makes vectors of them. The
gradient goes the same way back: what the windows above each other leave in a row is added up first, and then every
column collects from the windows beside each other that it is in.

A single window over the whole plane, as at the end of a network, is one run of numbers in memory, and taken as that.
"""

import functools
from collections.abc import Callable

import numpy as np

from convoracle.fast.direct.plane_sum import sum_numbers
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair


def bind_avg_pool2d(
    x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the window sums, divided by `divisors`, of arrays of this shape."""
    (images, channels, height, width), numbers, dtype = x.shape, x.size, x.dtype
    planes, shape = images * channels, (images, channels, *divisors.shape)
    if _is_whole((height, width), divisors.shape, kernel_size, padding):
        divisor = divisors.item()

        def average_planes(x: np.ndarray) -> np.ndarray:
            out = np.empty(shape, dtype)
            pieces = min(threads_to_move(numbers), planes) or 1
            run_pieces(_average_planes, pieces, x.reshape(-1), height * width, divisor, out.reshape(-1))
            return out

        return average_planes

    options = *kernel_size, *stride, *padding

    def average(x: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        run_pieces(_average, min(threads_to_move(numbers), planes) or 1, x, divisors, out, options)
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
    planes, dtype = images * channels, grad_output.dtype
    numbers = planes * height * width
    if _is_whole((height, width), divisors.shape, kernel_size, padding):
        divisor = divisors.item()

        def fill_planes(grad_output: np.ndarray) -> np.ndarray:
            grad = np.empty(input_shape, dtype)
            pieces = min(threads_to_move(numbers), planes) or 1
            run_pieces(_fill_planes, pieces, grad_output.reshape(-1), divisor, grad.reshape(-1), height * width)
            return grad

        return fill_planes

    windows = _windows_of_columns(width, divisors.shape[1], kernel_size[1], stride[1], padding[1])
    options = kernel_size[0], stride[0], padding[0]

    def spread(grad_output: np.ndarray) -> np.ndarray:
        grad = np.empty(input_shape, dtype)
        pieces = min(threads_to_move(numbers), planes) or 1
        run_pieces(_spread, pieces, grad_output, divisors, grad, windows, options)
        return grad

    return spread


avg_pool2d = kernel_of(bind_avg_pool2d, arrays=1)
avg_pool2d_backward = kernel_of(bind_avg_pool2d_backward, arrays=1)


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
def _average(piece, pieces, x, divisors, out, options):  # type: ignore[no-untyped-def]
    """Fill some planes of `out`."""
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w = options
    planes, (height, width) = x.shape[0] * x.shape[1], x.shape[2:]
    rows, columns = divisors.shape
    x, out = x.reshape(planes, height, width), out.reshape(planes, rows, columns)
    # Zeros on both sides, as far as any window reaches.
    padded = np.zeros(max((columns - 1) * stride_w + kernel_w, padding_w + width), x.dtype)
    sums = padded[padding_w : padding_w + width]
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for p in range(rows):
            top = p * stride_h - padding_h
            sums[:] = 0
            for row in range(max(top, 0), min(top + kernel_h, height)):
                _add(x[plane, row], sums)
            for q in range(columns):
                total = padded[q * stride_w]
                for column in range(q * stride_w + 1, q * stride_w + kernel_w):
                    total += padded[column]
                out[plane, p, q] = total / divisors[p, q]


@kernel
def _spread(piece, pieces, grad_output, divisors, grad, windows, down):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    kernel_h, stride_h, padding_h = down
    planes, (height, width) = grad.shape[0] * grad.shape[1], grad.shape[2:]
    rows, columns = divisors.shape
    grad_output, grad = grad_output.reshape(planes, rows, columns), grad.reshape(planes, height, width)
    shares = np.empty((rows, columns), grad.dtype)
    sums = np.zeros(columns + 1, grad.dtype)  # the last one stays zero, for columns in fewer windows than others
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for p in range(rows):
            for q in range(columns):
                shares[p, q] = grad_output[plane, p, q] / divisors[p, q]
        before = (0, 0)
        for row in range(height):
            # Windows `begin` to `end` cover this row.
            begin = max(-((kernel_h - 1 - row - padding_h) // stride_h), 0)
            end = min((row + padding_h) // stride_h + 1, rows)
            if before == (begin, end) and row > 0:
                for column in range(width):
                    grad[plane, row, column] = grad[plane, row - 1, column]
                continue
            before = (begin, end)
            sums[:] = 0
            for p in range(begin, end):
                _add(shares[p], sums[:columns])
            for column in range(width):
                total = sums[windows[0, column]]
                for n in range(1, len(windows)):
                    total += sums[windows[n, column]]
                grad[plane, row, column] = total


@inner
def _add(source, target):  # type: ignore[no-untyped-def]
    """Add one row onto another."""
    for q in range(len(target)):
        target[q] += source[q]
