"""Mean pooling on NumPy: the windows as columns, their sums divided."""

import numpy as np

from convoracle.fast.windows import Pair, add_windows, crop_planes, pad_planes, pool_ends, view_windows

NO_DILATION = (1, 1)


def avg_pool2d(x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """Return the window sums divided by `divisors`."""
    output_size = divisors.shape
    ends = pool_ends(x.shape[2:], kernel_size, stride, padding, NO_DILATION, output_size)
    sums = np.empty((*x.shape[:2], *output_size), x.dtype)
    for image, result in zip(pad_planes(x, ends), sums, strict=True):
        view_windows(image, kernel_size, stride, NO_DILATION, output_size).sum(axis=(1, 2), out=result)
    return sums / divisors


def avg_pool2d_backward(
    grad_output: np.ndarray,
    divisors: np.ndarray,
    input_shape: tuple[int, ...],
    *,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair,
) -> np.ndarray:
    """Return the input gradient: each divided value added to all positions of its window (col2im)."""
    size = input_shape[2:]
    ends = pool_ends(size, kernel_size, stride, padding, NO_DILATION, divisors.shape)
    (top, bottom), (left, right) = ends
    grad = np.zeros((*input_shape[:2], top + size[0] + bottom, left + size[1] + right), grad_output.dtype)
    for image_grad, planes in zip(grad_output / divisors, grad, strict=True):
        channels = len(planes)
        shares = np.broadcast_to(image_grad[:, None, None], (channels, *kernel_size, *divisors.shape))
        add_windows(planes, shares, stride, NO_DILATION)
    return crop_planes(grad, ends, size)
