"""The convolution on scipy.signal.correlate, which knows no stride, no dilation, no padding and no groups.

Padding is explicit zeros, groups are a loop, the stride of the forward pass is a subsample of stride 1. Dilation and,
in the weight gradient, stride are split into phases (every d-th position from each of the first d), in which they
vanish. Zero-stuffing the kernel instead would be shorter, but its zeros turn an infinity beside the window into NaN.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.signal import correlate

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
    method: str = "direct",
) -> np.ndarray:
    """Convolve: correlate the stack of channels, subsample, add the bias."""
    filters = len(weight)
    stacks = np.split(pad_planes(x, padding), groups, axis=1)
    maps = [_correlate_dilated(stacks[f * groups // filters], weight[f], dilation, method) for f in range(filters)]
    result = np.stack(maps, axis=1)[:, :, :: stride[0], :: stride[1]]
    return result if bias is None else result + bias[:, None, None]


def conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
    method: str = "direct",
) -> np.ndarray:
    """Return the input gradient: the zero-stuffed output gradient, correlated in full with the flipped filters."""
    upsampled = _upsample(grad_output, input_shape, weight.shape[2:], stride, padding, dilation)
    stacks = np.split(upsampled, groups, axis=1)
    # One stack of filters per input channel, where the forward pass has one stack of channels per filter.
    flipped = np.split(weight[:, :, ::-1, ::-1], groups)
    planes = [
        _correlate_dilated(stacks[group], flipped[group][:, channel], dilation, method)
        for group in range(groups)
        for channel in range(weight.shape[1])
    ]
    return crop_planes(np.stack(planes, axis=1), padding, input_shape[2:])


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
    method: str = "direct",
) -> np.ndarray:
    """Return the weight gradient: the input correlated with the output gradient, read at the taps of the kernel."""
    filters, _, height, width = weight_shape
    grad = np.zeros(weight_shape, x.dtype)
    padded = np.split(pad_planes(x, padding), groups, axis=1)
    for f in range(filters):
        images = padded[f * groups // filters]
        for rows, lags_down in _phases(height, dilation[0], stride[0]):
            for columns, lags_right in _phases(width, dilation[1], stride[1]):
                sampled = images[:, :, rows[0] * dilation[0] % stride[0] :: stride[0]]
                sampled = sampled[:, :, :, columns[0] * dilation[1] % stride[1] :: stride[1]]
                for image, image_grad in zip(sampled, grad_output[:, f : f + 1], strict=True):
                    at_all_lags = correlate(image, image_grad, "valid", method)
                    grad[f][:, rows[:, None], columns] += at_all_lags[:, lags_down[:, None], lags_right]
    return grad


def conv2d_bias_grad(grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: the sum over batch, rows and columns."""
    return grad_output.sum(axis=(0, 2, 3))


def conv2d_backward(
    grad_output: np.ndarray, x: np.ndarray, weight: np.ndarray, **options: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gradients of input, weight and bias."""
    return (
        conv2d_input_grad(grad_output, weight, x.shape, **options),
        conv2d_weight_grad(grad_output, x, weight.shape, **options),
        conv2d_bias_grad(grad_output),
    )


def _correlate_dilated(images: np.ndarray, kernel: np.ndarray, dilation: Pair, method: str) -> np.ndarray:
    """Correlate every image (C, H, W) with the dilated `kernel` (C, kH, kW): (N, rows, columns) at stride 1."""
    (down, right), (height, width) = dilation, kernel.shape[1:]
    rows, columns = images.shape[2] - down * (height - 1), images.shape[3] - right * (width - 1)
    result = np.empty((len(images), rows, columns), images.dtype)
    for image, plane in zip(images, result, strict=True):
        for top in range(min(down, rows)):
            for left in range(min(right, columns)):
                phase = image[:, top::down, left::right]
                plane[top::down, left::right] = correlate(phase, kernel, "valid", method)[0]
    return result


def _phases(kernel_size: int, dilation: int, stride: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the taps that fall on the same phase of the stride, and the lag of each in that phase."""
    taps = np.arange(kernel_size)
    for phase in np.unique(taps * dilation % stride):
        members = taps[taps * dilation % stride == phase]
        yield members, members * dilation // stride


def _upsample(
    grad_output: np.ndarray, input_shape: Shape, kernel_size: Shape, stride: Pair, padding: Ends, dilation: Pair
) -> np.ndarray:
    """Return `grad_output` with zeros between its values, as many as the stride skipped, and around them.

    Around are one kernel less one position, and at the end what the stride left over.
    """
    (top, bottom), (left, right) = padding
    down, across = (kernel_size[0] - 1) * dilation[0], (kernel_size[1] - 1) * dilation[1]
    height, width = input_shape[2] + top + bottom + down, input_shape[3] + left + right + across
    upsampled = np.zeros((*grad_output.shape[:2], height, width), grad_output.dtype)
    rows, columns = grad_output.shape[2:]
    upsampled[
        :,
        :,
        down : down + (rows - 1) * stride[0] + 1 : stride[0],
        across : across + (columns - 1) * stride[1] + 1 : stride[1],
    ] = grad_output
    return upsampled
