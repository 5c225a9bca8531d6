"""Max pooling by vectors of neighbouring windows (`convoracle.fast.direct.window_maxima`), and its gradient."""

import numpy as np
from numba import njit

from convoracle.fast.direct.window_maxima import find_maxima
from convoracle.fast.readable import max_pool2d_numba
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair


def max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Return the maxima and where they are."""
    images, channels, height, width = x.shape
    position = np.dtype(f"i{x.itemsize}")
    if height * width + stride[1] * lanes_of(x.dtype) > np.iinfo(position).max:
        # Positions in such a plane, or steps across it, do not fit the lanes of a vector of its numbers.
        return max_pool2d_numba.max_pool2d(
            x, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation, output_size=output_size
        )
    values = np.empty((images, channels, *output_size), x.dtype)
    indices = np.empty(values.shape, np.int64)
    planes, lanes = images * channels, lanes_of(x.dtype)
    lefts = np.arange(output_size[1]) * stride[1] - padding[1]
    # A negative position modulo the dilation is the first one of the window inside the plane.
    firsts = np.append(np.where(lefts < 0, lefts % dilation[1], lefts), np.zeros(lanes, np.int64)).astype(position)
    run_pieces(
        _find_maxima,
        min(threads_to_move(x.size), max(planes, 1)),
        x.reshape(-1),
        values.reshape(-1),
        indices.reshape(-1),
        firsts,
        (planes, height, width, *output_size, lanes),
        (*kernel_size, *stride, *padding, *dilation),
    )
    return values, indices


def max_pool2d_backward(grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, ...]) -> np.ndarray:
    """Return the input gradient: each value added where its maximum was."""
    images, channels, height, width = input_shape
    grad = np.empty(input_shape, grad_output.dtype)
    planes, outputs = images * channels, grad_output.shape[2] * grad_output.shape[3]
    run_pieces(
        _scatter,
        min(threads_to_move(grad.size), max(planes, 1)),
        grad_output.reshape(planes, outputs),
        indices.reshape(planes, outputs),
        grad.reshape(planes, height * width),
    )
    return grad


@njit(nogil=True, cache=True, error_model="numpy")
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


@njit(nogil=True, cache=True, error_model="numpy")
def _scatter(piece, pieces, grad_output, indices, grad):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad` (planes, H * W): zeros, and each value added where its maximum was."""
    planes, outputs = grad_output.shape
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        target = grad[plane]
        target[:] = 0
        for p in range(outputs):
            # An unsigned index is not counted from the end: nothing has to be compared.
            target[np.uint64(indices[plane, p])] += grad_output[plane, p]
