"""The convolution as plain loops, compiled by Numba; every value is summed by one thread, in one fixed order.

Padding is explicit zeros. The planes of a result are shared out among threads, each of which takes every so many-th
(`convoracle.fast.threads`), so the bits do not depend on their number. Steps are the stride and the dilation, each down
and across.
"""

import numpy as np

from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import all_gradients
from convoracle.fast.shapes import count_outputs
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape, crop_planes, pad_planes


def conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Convolve: start from the bias, add one tap of the kernel at a time."""
    padded, kernel_size = pad_planes(x, padding), weight.shape[2:]
    rows, columns = map(count_outputs, x.shape[2:], padding, kernel_size, stride, dilation)
    out = np.zeros((len(x), len(weight), rows, columns), x.dtype)
    if bias is not None:
        out += bias[:, None, None]
    stacks = padded.reshape(len(x) * groups, weight.shape[1], *padded.shape[2:])
    planes = out.reshape(-1, rows, columns)
    threads = thread_count(out.size * weight[0].size)
    run_pieces(_convolve, threads, stacks, weight, planes, groups, (*stride, *dilation))
    return out


def conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Return the input gradient: every tap adds its share onto the padded planes."""
    batch, channels, height, width = input_shape
    (top, bottom), (left, right) = padding
    grad = np.zeros((batch, channels, top + height + bottom, left + width + right), weight.dtype)
    stacks = grad_output.reshape(batch * groups, len(weight) // groups, *grad_output.shape[2:])
    filters = weight.reshape(groups, -1, *weight.shape[1:])
    planes = grad.reshape(-1, *grad.shape[2:])
    threads = thread_count(grad_output.size * weight[0].size)
    run_pieces(_add_input_grad, threads, stacks, filters, planes, (*stride, *dilation))
    return crop_planes(grad, padding, (height, width))


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Return the weight gradient: one sum over all outputs per weight."""
    grad = np.zeros(weight_shape, x.dtype)
    threads = thread_count(grad_output.size * grad[0].size)
    run_pieces(_add_weight_grad, threads, grad_output, pad_planes(x, padding), grad, groups, (*stride, *dilation))
    return grad


def conv2d_bias_grad(grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: one sum over all outputs per filter."""
    grad = np.zeros(grad_output.shape[1], grad_output.dtype)
    _add_bias_grad(grad_output, grad)
    return grad


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


@kernel
def _convolve(piece, pieces, stacks, weight, planes, groups, steps):  # type: ignore[no-untyped-def]
    """Add the convolution onto `planes` (N * F, H_out, W_out); `stacks` (N * groups, C / groups, H, W) is padded."""
    filters = len(weight)
    for plane in range(piece, len(planes), pieces):
        _convolve_plane(stacks[plane * groups // filters], weight[plane % filters], planes[plane], steps)


@inner
def _convolve_plane(images, kernel, plane, steps):  # type: ignore[no-untyped-def]
    """Add the convolution of a stack of channels with one filter onto `plane`."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    channels, height, width = kernel.shape
    rows, columns = plane.shape
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                for p in range(rows):
                    for q in range(columns):
                        value = images[c, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                        plane[p, q] += kernel[c, i, j] * value


@kernel
def _add_input_grad(piece, pieces, stacks, filters, planes, steps):  # type: ignore[no-untyped-def]
    """Add the input gradient onto `planes` (N * C, H, W); `stacks` (N * groups, F / groups, H_out, W_out)."""
    groups, _, channels = filters.shape[:3]
    for plane in range(piece, len(planes), pieces):
        stack, channel = divmod(plane, channels)
        _add_plane_grad(stacks[stack], filters[stack % groups, :, channel], planes[plane], steps)


@inner
def _add_plane_grad(grads, kernels, plane, steps):  # type: ignore[no-untyped-def]
    """Add what every filter's output gradient sends back to one channel onto `plane`."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    filters, height, width = kernels.shape
    rows, columns = grads.shape[1:]
    for f in range(filters):
        for i in range(height):
            for j in range(width):
                for p in range(rows):
                    for q in range(columns):
                        value = kernels[f, i, j] * grads[f, p, q]
                        plane[p * stride_h + i * dilation_h, q * stride_w + j * dilation_w] += value


@kernel
def _add_weight_grad(piece, pieces, grad_output, padded, grad, groups, steps):  # type: ignore[no-untyped-def]
    """Add the weight gradient onto `grad`, one channel of one filter at a time."""
    filters, channels = grad.shape[:2]
    for plane in range(piece, filters * channels, pieces):
        f, c = divmod(plane, channels)
        channel = f * groups // filters * channels + c
        _add_kernel_grad(grad_output[:, f], padded[:, channel], grad[f, c], steps)


@inner
def _add_kernel_grad(grads, images, kernel, steps):  # type: ignore[no-untyped-def]
    """Add the gradient of one filter's weights for one channel onto `kernel`."""
    stride_h, stride_w, dilation_h, dilation_w = steps
    height, width = kernel.shape
    batch, rows, columns = grads.shape
    for i in range(height):
        for j in range(width):
            for n in range(batch):
                for p in range(rows):
                    for q in range(columns):
                        value = images[n, p * stride_h + i * dilation_h, q * stride_w + j * dilation_w]
                        kernel[i, j] += grads[n, p, q] * value


@kernel
def _add_bias_grad(grad_output, grad):  # type: ignore[no-untyped-def]
    """Add the bias gradient onto `grad`; reading it once is too little work for threads."""
    batch, filters, rows, columns = grad_output.shape
    for n in range(batch):
        for f in range(filters):
            for p in range(rows):
                for q in range(columns):
                    grad[f] += grad_output[n, f, p, q]
