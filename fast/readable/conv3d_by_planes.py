"""3-D convolution as 2-D convolutions; `planes` is a module with the kernels of `conv2d`.

The taps along the depth become channels: the planes that meet in one output plane are stacked, and every output plane
is an image of its own. So all the terms of one output are added up by one call of the 2-D kernel. The stacks hold every
plane once for each tap that meets it, so only a *slab* of them exists at a time: some volumes, or some output planes of
one. An output's sum is the same whatever the slab.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from convoracle.fast.conv_geometry import Ends, Shape

SLAB_BYTES = 16 << 20
"""Stacks and their results take so many bytes at a time, or one output plane's worth if that is more."""

Slab = tuple[slice, slice]
"""Some volumes of the batch, and some of their output planes."""


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
    options = _of_planes(stride, padding, dilation, groups)
    size = tuple(
        (n + sum(ends) - d * (k - 1) - 1) // s + 1
        for n, ends, d, k, s in zip(x.shape[2:], padding, dilation, weight.shape[2:], stride, strict=True)
    )
    out = np.empty((len(x), len(weight), *size), x.dtype)
    for slab in _slabs(x, weight.shape, out.shape):
        stacks = _stack_planes(x, slab, weight.shape[2], stride[0], padding[0][0], dilation[0])
        result = planes.conv2d(stacks, _stack_taps(weight), bias, **options)
        out[slab[0], :, slab[1]] = np.swapaxes(_volumes(result, slab), 1, 2)
    return out


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
    channels, depth, height, width = input_shape[1:]
    taps = weight.shape[2]
    options = _of_planes(stride, padding, dilation, groups)
    grad = np.zeros(input_shape, grad_output.dtype)
    for slab in _slabs(grad, weight.shape, grad_output.shape):
        images = _images(grad_output, slab)
        shape = (len(images), channels * taps, height, width)
        stacks = planes.conv2d_input_grad(images, _stack_taps(weight), shape, **options)
        of_taps = _volumes(stacks, slab).reshape(-1, slab[1].stop - slab[1].start, channels, taps, height, width)
        for tap in range(taps):
            met, of_slab = _reached(tap, slab[1], depth, stride[0], padding[0][0], dilation[0])
            grad[slab[0], :, met] += np.swapaxes(of_taps[:, of_slab, :, tap], 1, 2)
    return grad


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
    """Return the weight gradient: the sum of those of the stacks."""
    filters, channels, taps, *kernel_size = weight_shape
    shape = (filters, channels * taps, *kernel_size)
    options = _of_planes(stride, padding, dilation, groups)
    grad = np.zeros(shape, x.dtype)
    for slab in _slabs(x, weight_shape, grad_output.shape):
        stacks = _stack_planes(x, slab, taps, stride[0], padding[0][0], dilation[0])
        grad += planes.conv2d_weight_grad(_images(grad_output, slab), stacks, shape, **options)
    return grad.reshape(weight_shape)


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


def _slabs(x: np.ndarray, weight_shape: Shape, output_shape: Shape) -> Iterator[Slab]:
    """Yield all volumes and output planes, so many at a time as may be stacked; `x` has the shape of the input."""
    batch, channels, _, height, width = x.shape
    filters, depth, rows, columns = output_shape[1:]
    of_plane = x.itemsize * (channels * weight_shape[2] * height * width + filters * rows * columns)
    wanted = max(SLAB_BYTES // of_plane, 1)
    volumes, at_once = max(wanted // depth, 1), min(wanted, depth)
    for first in range(0, batch, volumes):
        for plane in range(0, depth, at_once):
            yield slice(first, min(first + volumes, batch)), slice(plane, min(plane + at_once, depth))


def _stack_planes(x: np.ndarray, slab: Slab, taps: int, stride: int, before: int, dilation: int) -> np.ndarray:
    """Return x (N, C, D, H, W) as images (output planes, C * kD, H, W), one for each output plane of the slab."""
    volumes = x[slab[0]]
    batch, channels, depth, height, width = volumes.shape
    stacks = np.zeros((batch, slab[1].stop - slab[1].start, channels, taps, height, width), x.dtype)
    for tap in range(taps):
        met, of_slab = _reached(tap, slab[1], depth, stride, before, dilation)
        stacks[:, of_slab, :, tap] = np.swapaxes(volumes[:, :, met], 1, 2)
    return stacks.reshape(-1, channels * taps, height, width)


def _reached(tap: int, planes: slice, depth: int, stride: int, before: int, dilation: int) -> Slab:
    """Return the planes of the input that a tap of the output `planes` meets, and which of those outputs meet any."""
    offset = tap * dilation - before
    first = max(planes.start, -(offset // stride))
    last = min(planes.stop, (depth - 1 - offset) // stride + 1)
    if first >= last:
        return slice(0, 0), slice(0, 0)
    met = slice(first * stride + offset, (last - 1) * stride + offset + 1, stride)
    return met, slice(first - planes.start, last - planes.start)


def _stack_taps(weight: np.ndarray) -> np.ndarray:
    """Return the filters (F, C / groups, kD, kH, kW) as (F, C / groups * kD, kH, kW)."""
    filters, channels, taps, *kernel_size = weight.shape
    return weight.reshape(filters, channels * taps, *kernel_size)


def _images(grad_output: np.ndarray, slab: Slab) -> np.ndarray:
    """Return a slab of the output planes (N, F, D_out, H_out, W_out) as images (output planes, F, H_out, W_out)."""
    planes = np.swapaxes(grad_output[slab[0], :, slab[1]], 1, 2)
    return np.ascontiguousarray(planes).reshape(-1, *planes.shape[2:])


def _volumes(images: np.ndarray, slab: Slab) -> np.ndarray:
    """Return images, one for each output plane of a slab, as (volumes, output planes, ...)."""
    return images.reshape(-1, slab[1].stop - slab[1].start, *images.shape[1:])


def _of_planes(stride: Shape, padding: Ends, dilation: Shape, groups: int) -> dict[str, Any]:
    """Return the options of the 2-D convolution."""
    return {"stride": stride[1:], "padding": padding[1:], "dilation": dilation[1:], "groups": groups}
