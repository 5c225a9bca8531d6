"""3-D convolution as one 2-D convolution; `planes` is a module with the kernels of `conv2d`.

The taps along the depth become channels: the planes that meet in one output plane are stacked, and every output plane
is an image of its own. So all the terms of one output are added up by one call of the 2-D kernel.
"""

from types import ModuleType
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Ends, Shape


def conv3d(
    planes: ModuleType,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    stride: Shape,
    padding: Ends,
    dilation: Shape,
    groups: int,
) -> np.ndarray:
    """Convolve the stacks of planes."""
    taps, (before, after) = weight.shape[2], padding[0]
    depth = (x.shape[2] + before + after - dilation[0] * (taps - 1) - 1) // stride[0] + 1
    stacks = _stack_planes(x, taps, depth, stride[0], padding[0], dilation[0])
    result = planes.conv2d(stacks, _stack_taps(weight), bias, **_of_planes(stride, padding, dilation, groups))
    return np.swapaxes(result.reshape(len(x), depth, *result.shape[1:]), 1, 2)


def conv3d_input_grad(
    planes: ModuleType,
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Shape,
    padding: Ends,
    dilation: Shape,
    groups: int,
) -> np.ndarray:
    """Return the input gradient: that of the stacks, added back onto the planes they were made of."""
    batch, channels, size, height, width = input_shape
    taps, depth, (before, after) = weight.shape[2], grad_output.shape[2], padding[0]
    grads = planes.conv2d_input_grad(
        _images(grad_output),
        _stack_taps(weight),
        (batch * depth, channels * taps, height, width),
        **_of_planes(stride, padding, dilation, groups),
    ).reshape(batch, depth, channels, taps, height, width)
    padded = np.zeros((batch, channels, before + size + after, height, width), grads.dtype)
    for tap in range(taps):
        padded[:, :, _reached(tap, depth, stride[0], dilation[0])] += np.swapaxes(grads[:, :, :, tap], 1, 2)
    return padded[:, :, before : before + size]


def conv3d_weight_grad(
    planes: ModuleType,
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Shape,
    padding: Ends,
    dilation: Shape,
    groups: int,
) -> np.ndarray:
    """Return the weight gradient of the stacks."""
    filters, channels, taps, *kernel_size = weight_shape
    stacks = _stack_planes(x, taps, grad_output.shape[2], stride[0], padding[0], dilation[0])
    result: np.ndarray = planes.conv2d_weight_grad(
        _images(grad_output),
        stacks,
        (filters, channels * taps, *kernel_size),
        **_of_planes(stride, padding, dilation, groups),
    )
    return result.reshape(weight_shape)


def conv3d_bias_grad(planes: ModuleType, grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: that of planes as high as the volumes' depth and height together."""
    batch, filters, depth, height, width = grad_output.shape
    result: np.ndarray = planes.conv2d_bias_grad(grad_output.reshape(batch, filters, depth * height, width))
    return result


def conv3d_backward(
    planes: ModuleType, grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    return (
        conv3d_input_grad(planes, grad_output, weight, x.shape, **options),
        conv3d_weight_grad(planes, grad_output, x, weight.shape, **options),
        conv3d_bias_grad(planes, grad_output),
    )


def _stack_planes(
    x: np.ndarray, taps: int, depth: int, stride: int, padding: tuple[int, int], dilation: int
) -> np.ndarray:
    """Return x (N, C, D, H, W) as images (N * D_out, C * kD, H, W), one for each output plane."""
    batch, channels, _, height, width = x.shape
    padded = np.pad(x, ((0, 0), (0, 0), padding, (0, 0), (0, 0)))
    stacks = np.empty((batch, depth, channels, taps, height, width), x.dtype)
    for tap in range(taps):
        stacks[:, :, :, tap] = np.swapaxes(padded[:, :, _reached(tap, depth, stride, dilation)], 1, 2)
    return stacks.reshape(batch * depth, channels * taps, height, width)


def _reached(tap: int, depth: int, stride: int, dilation: int) -> slice:
    """Return the planes one tap meets, as many as there are output planes."""
    first = tap * dilation
    return slice(first, first + (depth - 1) * stride + 1, stride)


def _stack_taps(weight: np.ndarray) -> np.ndarray:
    """Return the filters (F, C / groups, kD, kH, kW) as (F, C / groups * kD, kH, kW)."""
    filters, channels, taps, *kernel_size = weight.shape
    return weight.reshape(filters, channels * taps, *kernel_size)


def _images(grad_output: np.ndarray) -> np.ndarray:
    """Return the output planes (N, F, D_out, H_out, W_out) as images (N * D_out, F, H_out, W_out)."""
    batch, filters, depth, *size = grad_output.shape
    return np.ascontiguousarray(np.swapaxes(grad_output, 1, 2)).reshape(batch * depth, filters, *size)


def _of_planes(stride: Shape, padding: Ends, dilation: Shape, groups: int) -> dict[str, Any]:
    """Return the options of the 2-D convolution."""
    return {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
