"""The convolution and its input gradient, plane by plane: an output plane is a sum of correlations of planes.

Any convolution is: every plane of the result belongs to a filter, and sums over the channels of its group. That is fast
where there are few channels to a group, as in depthwise convolutions and filters of images. With many, the register
tile of `convoracle.fast.direct` reads an input once for many filters, which this does not.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.fast.correlation_axes import Axis, backward_axes, forward_axis
from convoracle.fast.direct.bias_grad import conv2d_bias_grad
from convoracle.fast.finite import are_finite
from convoracle.fast.kernels import all_gradients, kernel_from
from convoracle.fast.plane import one_axis, single_taps, strips, tiny_planes, windows
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

Correlate = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]
"""A function (source, weight, base, out) that writes a correlation into `out`."""


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
    if single_taps.fits(kernel_size, stride, padding):
        correlate = single_taps.bind_sums(x.shape, len(weight), groups, dtype)
    elif windows.fits(kernel_size, stride, dilation):
        before = padding[0][0], padding[1][0]
        options = groups, stride[0], before, dilation
        correlate = windows.bind_correlation(x.shape, weight.shape, shape[2:], dtype, *options)
    else:
        target = strips.Target(0, down.outputs * across.outputs, across.outputs, 1)
        correlate = strips.bind_correlation(x.shape, weight.shape, dtype, groups, down, across, target)
        if one_axis.fits(len(weight) // groups, down, across):
            along = one_axis.bind_correlation(x.shape, weight.shape, groups, down, across, dtype)
            correlate = _unless_infinite(along, correlate)
    shapes = x.shape, weight.shape, shape
    if tiny_planes.fits(shapes, groups, down, across):
        correlate = _unless_infinite(tiny_planes.bind_convolution(shapes, down, across, dtype), correlate)

    def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        out = np.empty(shape, dtype)
        correlate(x, weight, zeros if bias is None else bias, out)
        return out

    return convolve


def _unless_infinite(correlate: Correlate, padded: Correlate) -> Correlate:
    """Return `correlate` for weights that are finite; others make NaN of zeros that are padding."""

    def choose(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        (correlate if are_finite(weight.reshape(-1)) else padded)(source, weight, base, out)

    return choose


conv2d = kernel_from(bind_conv2d, arrays=3)


def bind_conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of these shapes."""
    dtype = weight.dtype
    options: dict[str, Any] = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    filters, channels, *kernel_size = weight.shape
    # One stack of filters for each channel, where the forward pass has one stack of channels for each filter.
    apart = groups, filters // groups, channels, *kernel_size
    stacks = channels * groups, filters // groups, *kernel_size
    if single_taps.fits(weight.shape[2:], stride, padding):
        base = np.zeros(channels * groups, dtype)
        add_up = single_taps.bind_sums(grad_output.shape, channels * groups, groups, dtype)

        def sum_filters(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
            grad = np.empty(input_shape, dtype)
            add_up(grad_output, np.ascontiguousarray(weight.reshape(apart).swapaxes(1, 2)), base, grad)
            return grad

        return sum_filters
    down, across = (
        forward_axis(*axis) for axis in zip(input_shape[2:], kernel_size, stride, padding, dilation, strict=True)
    )
    shapes = input_shape, weight.shape, grad_output.shape
    if tiny_planes.fits(shapes, groups, down, across):
        gather = _bind_tiny_planes(shapes, down, across, dtype)
    elif windows.fits(weight.shape[2:], stride, dilation):
        gather = _bind_windows(grad_output.shape, stacks, input_shape, dtype, stride, padding, dilation, groups)
    else:
        gather = _bind_strips(grad_output.shape, stacks, input_shape, dtype, stride, padding, dilation, groups)

    def input_grad(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        if not are_finite(weight.reshape(-1)):
            # Beyond the edges of grad_output there are zeros, which an infinite weight would turn into NaN.
            return conv2d_numba.conv2d_input_grad(grad_output, weight, input_shape, **options)
        return gather(grad_output, np.ascontiguousarray(weight.reshape(apart).swapaxes(1, 2)).reshape(stacks))

    return input_grad


def _bind_tiny_planes(
    shapes: tuple[Shape, Shape, Shape], down: Axis, across: Axis, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of tiny planes, whose shapes are those of the input, the weight and the result."""
    collect, base = tiny_planes.bind_input_grad(shapes, down, across, dtype), np.zeros(shapes[0][1], dtype)

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad = np.empty(shapes[0], dtype)
        collect(grad_output, weight, base, grad)
        return grad

    return gather


def _bind_windows(
    source_shape: Shape,
    weight_shape: Shape,
    input_shape: Shape,
    dtype: np.dtype,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of a kernel there is code for: with stride 1 a correlation with the flipped kernels."""
    above, left = padding[0][0], padding[1][0]
    if stride == (2, 2):
        spread = windows.bind_spread(source_shape, weight_shape, input_shape, dtype, groups, (above, left))

        def gather_pairs(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
            grad = np.empty(input_shape, dtype)
            spread(grad_output, weight, grad)
            return grad

        return gather_pairs
    reach, base = weight_shape[2] - 1, np.zeros(weight_shape[0], dtype)
    before = reach * dilation[0] - above, reach * dilation[1] - left
    correlate = windows.bind_correlation(
        source_shape, weight_shape, input_shape[2:], dtype, groups, 1, before, dilation, is_reversed=True
    )

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad = np.empty(input_shape, dtype)
        correlate(grad_output, np.ascontiguousarray(weight.reshape(-1)[::-1]), base, grad)
        return grad

    return gather


def _bind_strips(
    source_shape: Shape,
    weight_shape: Shape,
    input_shape: Shape,
    dtype: np.dtype,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of any kernel: a correlation for each pair of remainders of the stride."""
    height, width = input_shape[2:]
    rows, columns = (
        list(backward_axes(*axis))
        for axis in zip(input_shape[2:], source_shape[2:], weight_shape[2:], stride, padding, dilation, strict=True)
    )
    base = np.zeros(weight_shape[0], dtype)
    # Inputs that no tap reads are in no correlation.
    make = np.zeros if max(stride) > 1 else np.empty
    correlations = []
    for first_row, taps_h, down in rows:
        for first_column, taps_w, across in columns:
            target = strips.Target(first_row * width + first_column, height * width, stride[0] * width, stride[1])
            shape = *weight_shape[:2], len(taps_h), len(taps_w)
            if stride == (1, 1) and one_axis.fits(weight_shape[0] // groups, down, across):
                correlate = one_axis.bind_correlation(source_shape, shape, groups, down, across, dtype)
            else:
                correlate = strips.bind_correlation(source_shape, shape, dtype, groups, down, across, target)
            correlations.append((np.array(taps_h)[:, None], np.array(taps_w), correlate))

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad: np.ndarray = make(input_shape, dtype)
        for taps_h, taps_w, correlate in correlations:
            correlate(grad_output, np.ascontiguousarray(weight[:, :, taps_h, taps_w]), base, grad)
        return grad

    return gather


conv2d_input_grad = kernel_from(bind_conv2d_input_grad, arrays=2)
conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)
