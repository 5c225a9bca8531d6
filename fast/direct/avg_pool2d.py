"""Mean pooling a row at a time: the rows of the windows are added up first, then the columns of each window.

The sums down the columns serve all windows beside each other, and are contiguous, which makes vectors of them. The
gradient goes the same way back: what the windows above each other leave in a row is added up first, and then every
column collects from the windows beside each other that it is in.
"""

import numpy as np
from numba import njit

from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair


def avg_pool2d(x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """Return the window sums divided by `divisors`."""
    images, channels, height, width = x.shape
    out = np.empty((images, channels, *divisors.shape), x.dtype)
    planes = images * channels
    run_pieces(
        _average,
        min(threads_to_move(x.size), max(planes, 1)),
        x.reshape(planes, height, width),
        divisors,
        out.reshape(planes, *divisors.shape),
        (*kernel_size, *stride, *padding),
    )
    return out


def avg_pool2d_backward(
    grad_output: np.ndarray,
    divisors: np.ndarray,
    input_shape: tuple[int, ...],
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
) -> np.ndarray:
    """Return the input gradient: each divided value added to all positions of its window."""
    images, channels, height, width = input_shape
    grad = np.empty(input_shape, grad_output.dtype)
    planes = images * channels
    run_pieces(
        _spread,
        min(threads_to_move(grad.size), max(planes, 1)),
        grad_output.reshape(planes, *divisors.shape),
        divisors,
        grad.reshape(planes, height, width),
        _windows_of_columns(width, divisors.shape[1], kernel_size[1], stride[1], padding[1]),
        (kernel_size[0], stride[0], padding[0]),
    )
    return grad


def _windows_of_columns(width: int, windows: int, kernel_size: int, stride: int, padding: int) -> np.ndarray:
    """Return the windows each column is in, one row for the last of them, one for the one before it, and so on.

    Where there are fewer, the number is `windows`, one beyond the last window.
    """
    columns = np.arange(width, dtype=np.int64) + padding
    numbers = columns // stride - np.arange(-(-kernel_size // stride), dtype=np.int64)[:, None]
    is_window = (numbers >= 0) & (numbers < windows) & (columns - numbers * stride < kernel_size)
    return np.where(is_window, numbers, windows).astype(np.uint64)


@njit(nogil=True, cache=True, error_model="numpy")
def _average(piece, pieces, x, divisors, out, options):  # type: ignore[no-untyped-def]
    """Fill some planes of `out`."""
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w = options
    planes, height, width = x.shape
    rows, columns = divisors.shape
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


@njit(nogil=True, cache=True, error_model="numpy")
def _spread(piece, pieces, grad_output, divisors, grad, windows, down):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    kernel_h, stride_h, padding_h = down
    planes, height, width = grad.shape
    rows, columns = divisors.shape
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
                grad[plane, row] = grad[plane, row - 1]
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


@njit(nogil=True, cache=True, error_model="numpy")
def _add(source, target):  # type: ignore[no-untyped-def]
    """Add one row onto another."""
    for q in range(len(target)):
        target[q] += source[q]
