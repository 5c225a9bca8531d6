"""The convolution and its input gradient, plane by plane: an output plane is a sum of correlations of planes.

Any convolution is: every plane of the result belongs to a filter, and sums over the channels of its group. That is fast
where there are few channels to a group, as in depthwise convolutions and filters of images. With many, the register
tile of `convoracle.fast.direct` reads an input once for many filters, which this does not.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from convoracle.fast.correlation_axes import backward_axes, forward_axis
from convoracle.fast.direct.bias_grad import conv2d_bias_grad
from convoracle.fast.kernels import all_gradients, kernel_of
from convoracle.fast.plane import strips, windows
from convoracle.fast.plane.weight_grad import conv2d_weight_grad
from convoracle.fast.readable import conv2d_numba
from convoracle.fast.windows import Ends, Pair, Shape

__all__ = [
    "conv2d",
    "conv2d_backward",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_weight_grad",
]


def bind_conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]:
    """Return the convolution of arrays of these shapes."""
    kernel_size, dtype = weight.shape[2:], x.dtype
    down, across = (
        forward_axis(*axis) for axis in zip(x.shape[2:], kernel_size, stride, padding, dilation, strict=True)
    )
    shape, zeros = (len(x), len(weight), down.outputs, across.outputs), np.zeros(len(weight), dtype)
    if windows.fits(kernel_size, stride, dilation):
        before = padding[0][0], padding[1][0]
        correlate = windows.bind_correlation(x.shape, weight.shape, shape[2:], dtype, groups, stride[0], before)
    else:
        target = strips.Target(0, down.outputs * across.outputs, across.outputs, 1)
        correlate = partial(strips.correlate, groups=groups, down=down, across=across, target=target)

    def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        out = np.empty(shape, dtype)
        correlate(x, weight, zeros if bias is None else bias, out)
        return out

    return convolve


conv2d = kernel_of(bind_conv2d, arrays=3)


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
    """Return the input gradient: with stride 1 a correlation with the flipped kernels, else one for each remainder."""
    if not np.isfinite(weight.sum()):
        # Beyond the edges of grad_output there are zeros, which an infinite weight would turn into NaN.
        return conv2d_numba.conv2d_input_grad(
            grad_output, weight, input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
    channels, *kernel_size = weight.shape[1:]
    (top, _), (left, _) = padding
    # One stack of filters for each channel, where the forward pass has one stack of channels for each filter.
    stacks = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(groups * channels, -1, *kernel_size)
    base = np.zeros(len(stacks), weight.dtype)
    if windows.fits(weight.shape[2:], stride, dilation):
        grad = np.empty(input_shape, weight.dtype)
        if stride == (2, 2):
            windows.spread(grad_output, np.ascontiguousarray(stacks), grad, groups, (top, left))
            return grad
        flipped = np.ascontiguousarray(stacks[:, :, ::-1, ::-1])
        windows.correlate(
            grad_output, flipped, base, grad, groups, 1, (kernel_size[0] - 1 - top, kernel_size[1] - 1 - left)
        )
        return grad
    # Inputs that no tap reads are in no correlation.
    grad = (np.zeros if max(stride) > 1 else np.empty)(input_shape, weight.dtype)
    height, width = input_shape[2:]
    rows, columns = (
        backward_axes(*axis)
        for axis in zip(input_shape[2:], grad_output.shape[2:], kernel_size, stride, padding, dilation, strict=True)
    )
    for first_row, taps_h, down in rows:
        for first_column, taps_w, across in columns:
            target = strips.Target(first_row * width + first_column, height * width, stride[0] * width, stride[1])
            members = np.ascontiguousarray(stacks[:, :, taps_h][..., taps_w])
            strips.correlate(grad_output, members, base, grad, groups, down, across, target)
    return grad


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)
