"""Max pooling as plain loops, compiled by Numba; a plane is worked on by one thread, so the bits are always the same.

A window is clipped at the plane; no value stands for the padding.
"""

import numpy as np

from convoracle.fast.jit import inner, kernel
from convoracle.fast.threads import run_pieces, thread_count, threads_to_move
from convoracle.fast.windows import Pair


def max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima and where they are."""
    planes = x.reshape(-1, *x.shape[2:])
    values, indices = np.empty((len(planes), *output_size), x.dtype), np.empty((len(planes), *output_size), np.int64)
    threads = thread_count(values.size * kernel_size[0] * kernel_size[1])
    run_pieces(_find_maxima, threads, planes, values, indices, (*kernel_size, *stride, *padding, *dilation))
    shape = (*x.shape[:2], *output_size)
    return values.reshape(shape), indices.reshape(shape)


def max_pool2d_backward(grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """Return the input gradient: each value added where its maximum was."""
    batch, channels, height, width = input_shape
    grad = np.zeros((batch * channels, height * width), grad_output.dtype)
    flat = (batch * channels, grad_output.shape[2] * grad_output.shape[3])
    run_pieces(_scatter, threads_to_move(grad.size), grad_output.reshape(flat), indices.reshape(flat), grad)
    return grad.reshape(input_shape)


@kernel
def _find_maxima(piece, pieces, x, values, indices, options):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices`, one plane at a time."""
    for plane in range(piece, len(x), pieces):
        _find_plane_maxima(x[plane], values[plane], indices[plane], options)


@inner
def _find_plane_maxima(x, values, indices, options):  # type: ignore[no-untyped-def]
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w = options
    height, width = x.shape
    rows, columns = values.shape
    for p in range(rows):
        top = p * stride_h - padding_h
        bottom = min(top + (kernel_h - 1) * dilation_h + 1, height)
        # A negative position modulo the dilation is the first one of the window inside the plane.
        if top < 0:
            top %= dilation_h
        for q in range(columns):
            left = q * stride_w - padding_w
            right = min(left + (kernel_w - 1) * dilation_w + 1, width)
            if left < 0:
                left %= dilation_w
            best, winner = x[top, left], top * width + left
            for row in range(top, bottom, dilation_h):
                for column in range(left, right, dilation_w):
                    value = x[row, column]
                    # NaN is the value that does not equal itself; only the first one wins.
                    if value > best or (value != value and best == best):
                        best, winner = value, row * width + column
            values[p, q], indices[p, q] = best, winner


@kernel
def _scatter(piece, pieces, grad_output, indices, grad):  # type: ignore[no-untyped-def]
    """Add each value onto `grad` (planes, H * W) where its maximum was, one plane at a time."""
    planes, outputs = grad_output.shape
    for plane in range(piece, planes, pieces):
        for p in range(outputs):
            grad[plane, indices[plane, p]] += grad_output[plane, p]
