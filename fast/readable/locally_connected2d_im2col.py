"""The locally connected layer as matrix products: one per position, of its filters with its windows.

The forward pass goes image by image, so that an image's bits do not depend on the batch.
"""

import numpy as np

from convoracle.fast.windows import Ends, Pair, add_windows, crop_planes, pad_planes, view_windows


def locally_connected2d(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, *, stride: Pair, padding: Ends, dilation: Pair
) -> np.ndarray:
    """Return the product of each position's filters with its windows."""
    rows, columns, filters = weight.shape[:3]
    matrices = weight.reshape(rows, columns, filters, -1)
    result = np.empty((len(x), filters, rows, columns), x.dtype)
    for image, maps in zip(pad_planes(x, padding), result, strict=True):
        windows = _columns(image[None], weight.shape, stride, dilation)
        maps[...] = np.matmul(matrices, windows)[..., 0].transpose(2, 0, 1)
    return result if bias is None else result + bias


def locally_connected2d_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, *, stride: Pair, padding: Ends, dilation: Pair
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    rows, columns, filters = weight.shape[:3]
    padded = pad_planes(x, padding)
    windows = _columns(padded, weight.shape, stride, dilation)
    grads = grad_output.transpose(2, 3, 1, 0)
    grad_weight = np.matmul(grads, windows.swapaxes(2, 3)).reshape(weight.shape)
    shares = np.matmul(weight.reshape(rows, columns, filters, -1).swapaxes(2, 3), grads)
    grad_x = np.zeros_like(padded)
    for planes, share in zip(grad_x, shares.transpose(3, 2, 0, 1), strict=True):
        add_windows(planes, share.reshape(*weight.shape[3:], rows, columns), stride, dilation)
    return crop_planes(grad_x, padding, x.shape[2:]), grad_weight, grad_output.sum(axis=0)


def _columns(padded: np.ndarray, weight_shape: tuple[int, ...], stride: Pair, dilation: Pair) -> np.ndarray:
    """Return the windows of all images as a matrix per position, (H_out, W_out, C * kH * kW, N)."""
    rows, columns, _, channels, height, width = weight_shape
    matrices = np.empty((len(padded), channels * height * width, rows, columns), padded.dtype)
    for image, matrix in zip(padded, matrices, strict=True):
        windows = view_windows(image, (height, width), stride, dilation, (rows, columns))
        matrix[...] = windows.reshape(matrix.shape)
    return matrices.transpose(2, 3, 1, 0)
