"""The convolution as a matrix product: every window becomes a column (im2col), one image at a time.

One image at a time bounds the memory by the columns of one image, and makes its result independent of the batch.
"""

import numpy as np

from convoracle.fast.kernels import all_gradients
from convoracle.fast.shapes import count_outputs
from convoracle.fast.windows import Ends, Pair, Shape, add_windows, crop_planes, pad_planes, view_windows


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
    """Convolve: weight matrix times columns."""
    filters, kernel_size = len(weight), weight.shape[2:]
    matrix = weight.reshape(groups, filters // groups, -1)
    padded = pad_planes(x, padding)
    output_size = tuple(map(count_outputs, x.shape[2:], padding, kernel_size, stride, dilation))
    out = np.empty((len(x), filters, *output_size), x.dtype)
    for image, result in zip(padded, out, strict=True):
        columns = _columns(image, kernel_size, stride, dilation, groups, output_size)
        result[...] = np.matmul(matrix, columns).reshape(filters, *output_size)
    if bias is not None:
        out += bias[:, None, None]
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
    """Return the input gradient: transposed weight matrix times output gradient, columns added back (col2im)."""
    batch, channels, height, width = input_shape
    filters, kernel_size = len(weight), weight.shape[2:]
    output_size = grad_output.shape[2:]
    transposed = weight.reshape(groups, filters // groups, -1).transpose(0, 2, 1)
    (top, bottom), (left, right) = padding
    grad = np.zeros((batch, channels, top + height + bottom, left + width + right), grad_output.dtype)
    for image_grad, planes in zip(grad_output, grad, strict=True):
        columns = np.matmul(transposed, image_grad.reshape(groups, filters // groups, -1))
        add_windows(planes, columns.reshape(channels, *kernel_size, *output_size), stride, dilation)
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
    """Return the weight gradient: output gradient times transposed columns, summed over the images."""
    filters, kernel_size = weight_shape[0], weight_shape[2:]
    output_size = grad_output.shape[2:]
    grad = np.zeros((groups, filters // groups, np.prod(weight_shape[1:])), x.dtype)
    for image, image_grad in zip(pad_planes(x, padding), grad_output, strict=True):
        columns = _columns(image, kernel_size, stride, dilation, groups, output_size)
        grad += np.matmul(image_grad.reshape(groups, filters // groups, -1), columns.transpose(0, 2, 1))
    return grad.reshape(weight_shape)


def conv2d_bias_grad(grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: the sum over batch, rows and columns."""
    return grad_output.sum(axis=(0, 2, 3))


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


def _columns(
    image: np.ndarray, kernel_size: Shape, stride: Pair, dilation: Pair, groups: int, output_size: Shape
) -> np.ndarray:
    """Return the windows of one padded image as a matrix per group, (groups, C / groups * kH * kW, H_out * W_out)."""
    windows = view_windows(image, kernel_size, stride, dilation, output_size)
    return windows.reshape(groups, -1, output_size[0] * output_size[1])
