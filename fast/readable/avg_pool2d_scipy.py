"""Mean pooling on scipy.signal.correlate: a box of ones slides over the planes."""

import numpy as np
from scipy.signal import correlate

from convoracle.fast.windows import Pair, crop_planes, pad_planes, pool_ends

NO_DILATION = (1, 1)


def avg_pool2d(x: np.ndarray, divisors: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair) -> np.ndarray:
    """Return the window sums divided by `divisors`."""
    rows, columns = divisors.shape
    padded = pad_planes(x, pool_ends(x.shape[2:], kernel_size, stride, padding, NO_DILATION, divisors.shape))
    box = np.ones((1, *kernel_size), x.dtype)
    sums = np.empty((*x.shape[:2], rows, columns), x.dtype)
    for image, result in zip(padded, sums, strict=True):
        everywhere = correlate(image, box, "valid", "direct")
        result[...] = everywhere[:, :: stride[0], :: stride[1]]
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
    """Return the input gradient: the divided values, zero-stuffed by the stride and padded, correlated with the box.

    The padding makes it a full correlation. SciPy's own exchanges its operands where the box is the larger one, and
    then multiplies its padding by an infinity.
    """
    (height, width), (rows, columns) = input_shape[2:], divisors.shape
    ends = pool_ends((height, width), kernel_size, stride, padding, NO_DILATION, divisors.shape)
    (top, bottom), (left, right) = ends
    box = np.ones((1, *kernel_size), grad_output.dtype)
    grad = np.zeros((*input_shape[:2], top + height + bottom, left + width + right), box.dtype)
    above, before = kernel_size[0] - 1, kernel_size[1] - 1
    for image_grad, planes in zip(grad_output / divisors, grad, strict=True):
        size = ((rows - 1) * stride[0] + 1, (columns - 1) * stride[1] + 1)
        upsampled = np.zeros((len(planes), size[0] + 2 * above, size[1] + 2 * before), box.dtype)
        inside = upsampled[:, above : above + size[0], before : before + size[1]]
        inside[:, :: stride[0], :: stride[1]] = image_grad
        everywhere = correlate(upsampled, box, "valid", "direct")
        planes[:, : everywhere.shape[1], : everywhere.shape[2]] = everywhere
    return crop_planes(grad, ends, (height, width))
