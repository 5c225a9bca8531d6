"""Mean pooling as plain loops, compiled by Numba; a plane is worked on by one thread, so the bits are always the same.

A window is clipped at the plane: padding adds nothing to a sum, and the divisors already account for it.
"""

import numpy as np

from convoracle.fast.jit import inner, kernel
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Pair


def avg_pool2d(x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """Return the window sums divided by `divisors`."""
    planes = x.reshape(-1, *x.shape[2:])
    sums = np.zeros((len(planes), *divisors.shape), x.dtype)
    threads = thread_count(sums.size * kernel_size[0] * kernel_size[1])
    run_pieces(_add_windows, threads, planes, sums, (*kernel_size, *stride, *padding))
    return (sums / divisors).reshape(*x.shape[:2], *divisors.shape)


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
    shares = (grad_output / divisors).reshape(-1, *divisors.shape)
    grad = np.zeros((len(shares), *input_shape[2:]), grad_output.dtype)
    threads = thread_count(shares.size * kernel_size[0] * kernel_size[1])
    run_pieces(_spread_windows, threads, shares, grad, (*kernel_size, *stride, *padding))
    return grad.reshape(input_shape)


@kernel
def _add_windows(piece, pieces, x, sums, options):  # type: ignore[no-untyped-def]
    """Add the values of each window onto `sums`, one plane at a time."""
    for plane in range(piece, len(x), pieces):
        _add_plane_windows(x[plane], sums[plane], options)


@inner
def _add_plane_windows(x, sums, options):  # type: ignore[no-untyped-def]
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w = options
    height, width = x.shape
    rows, columns = sums.shape
    for p in range(rows):
        top = p * stride_h - padding_h
        for q in range(columns):
            left = q * stride_w - padding_w
            for row in range(max(top, 0), min(top + kernel_h, height)):
                for column in range(max(left, 0), min(left + kernel_w, width)):
                    sums[p, q] += x[row, column]


@kernel
def _spread_windows(piece, pieces, shares, grad, options):  # type: ignore[no-untyped-def]
    """Add each window's share onto all of its positions in `grad`, one plane at a time."""
    for plane in range(piece, len(grad), pieces):
        _spread_plane_windows(shares[plane], grad[plane], options)


@inner
def _spread_plane_windows(shares, grad, options):  # type: ignore[no-untyped-def]
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w = options
    height, width = grad.shape
    rows, columns = shares.shape
    for p in range(rows):
        top = p * stride_h - padding_h
        for q in range(columns):
            left = q * stride_w - padding_w
            for row in range(max(top, 0), min(top + kernel_h, height)):
                for column in range(max(left, 0), min(left + kernel_w, width)):
                    grad[row, column] += shares[p, q]
