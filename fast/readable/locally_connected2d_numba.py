"""The locally connected layer as plain loops, compiled by Numba; every value is summed in one fixed order."""

import numpy as np

from convoracle.fast.jit import kernel
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, crop_planes, pad_planes


def locally_connected2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, *, stride: Pair, padding: Ends, dilation: Pair
) -> np.ndarray:
    """Start from the bias, add one product at a time."""
    rows, columns, filters = weight.shape[:3]
    out = np.zeros((len(x), filters, rows, columns), x.dtype)
    if bias is not None:
        out += bias
    run_pieces(_connect, thread_count(len(x) * weight.size), pad_planes(x, padding), weight, out, (*stride, *dilation))
    return out


def locally_connected2d_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, *, stride: Pair, padding: Ends, dilation: Pair
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    padded = pad_planes(x, padding)
    grad_x, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
    threads, steps = thread_count(len(x) * weight.size), (*stride, *dilation)
    run_pieces(_add_input_grad, threads, grad_output, weight, grad_x, steps)
    run_pieces(_add_weight_grad, threads, grad_output, padded, grad_weight, steps)
    return crop_planes(grad_x, padding, x.shape[2:]), grad_weight, grad_output.sum(axis=0)


@kernel
def _connect(piece, pieces, padded, weight, out, steps):  # type: ignore[no-untyped-def]
    """Add the layer's sums onto `out`, one image at a time."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    rows, columns, filters, channels, height, width = weight.shape
    for n in range(piece, len(padded), pieces):
        for p in range(rows):
            for q in range(columns):
                for f in range(filters):
                    for c in range(channels):
                        for i in range(height):
                            for j in range(width):
                                value = padded[n, c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                                out[n, f, p, q] += weight[p, q, f, c, i, j] * value


@kernel
def _add_input_grad(piece, pieces, grad_output, weight, grad, steps):  # type: ignore[no-untyped-def]
    """Add the input gradient onto the padded planes `grad`, one image at a time."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    rows, columns, filters, channels, height, width = weight.shape
    for n in range(piece, len(grad), pieces):
        for p in range(rows):
            for q in range(columns):
                for f in range(filters):
                    for c in range(channels):
                        for i in range(height):
                            for j in range(width):
                                share = weight[p, q, f, c, i, j] * grad_output[n, f, p, q]
                                grad[n, c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w] += share


@kernel
def _add_weight_grad(piece, pieces, grad_output, padded, grad, steps):  # type: ignore[no-untyped-def]
    """Add the weight gradient onto `grad`, one row of the result at a time."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    _, columns, filters, channels, height, width = grad.shape
    for p in range(piece, len(grad), pieces):
        for q in range(columns):
            for f in range(filters):
                for c in range(channels):
                    for i in range(height):
                        for j in range(width):
                            for n in range(len(padded)):
                                value = padded[n, c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                                grad[p, q, f, c, i, j] += grad_output[n, f, p, q] * value
