"""The locally connected layer as plain loops, compiled by Numba; every value is summed in one fixed order."""

import numpy as np
from numba import njit, prange

from convoracle.fast.windows import Ends, Pair, crop_planes, pad_planes


def locally_connected2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, *, stride: Pair, padding: Ends, dilation: Pair
) -> np.ndarray:
    """Start from the bias, add one product at a time."""
    rows, columns, filters = weight.shape[:3]
    out = np.zeros((len(x), filters, rows, columns), x.dtype)
    if bias is not None:
        out += bias
    _connect(pad_planes(x, padding), weight, out, (*stride, *dilation))
    return out


def locally_connected2d_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, *, stride: Pair, padding: Ends, dilation: Pair
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    padded = pad_planes(x, padding)
    grad_x, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    _add_input_grad(grad_output, weight, grad_x, (*stride, *dilation))
    _add_weight_grad(grad_output, padded, grad_weight, (*stride, *dilation))
    return crop_planes(grad_x, padding, x.shape[2:]), grad_weight, grad_output.sum(axis=0)


@njit(parallel=True, cache=True)
def _connect(padded, weight, out, steps):  # type: ignore[no-untyped-def]
    """Add the layer's sums onto `out`, one image per iteration."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    rows, columns, filters, channels, height, width = weight.shape
    for n in prange(len(padded)):
        for p in range(rows):
            for q in range(columns):
                for f in range(filters):
                    for c in range(channels):
                        for i in range(height):
                            for j in range(width):
                                value = padded[n, c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                                out[n, f, p, q] += weight[p, q, f, c, i, j] * value


@njit(parallel=True, cache=True)
def _add_input_grad(grad_output, weight, grad, steps):  # type: ignore[no-untyped-def]
    """Add the input gradient onto the padded planes `grad`, one image per iteration."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    rows, columns, filters, channels, height, width = weight.shape
    for n in prange(len(grad)):
        for p in range(rows):
            for q in range(columns):
                for f in range(filters):
                    for c in range(channels):
                        for i in range(height):
                            for j in range(width):
                                share = weight[p, q, f, c, i, j] * grad_output[n, f, p, q]
                                grad[n, c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w] += share


@njit(parallel=True, cache=True)
def _add_weight_grad(grad_output, padded, grad, steps):  # type: ignore[no-untyped-def]
    """Add the weight gradient onto `grad`, one row of the result per iteration."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    _, columns, filters, channels, height, width = grad.shape
    for p in prange(len(grad)):
        row = np.int64(p)  # the counter of a parallel loop is unsigned
        for q in range(columns):
            for f in range(filters):
                for c in range(channels):
                    for i in range(height):
                        for j in range(width):
                            for n in range(len(padded)):
                                value = padded[n, c, row * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                                grad[row, q, f, c, i, j] += grad_output[n, f, row, q] * value
