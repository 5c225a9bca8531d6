"""The convolution on scipy.signal, which knows no stride, no dilation, no padding and no groups.

It is `correlate`, or by Fourier transforms `fftconvolve` of flipped filters. Padding is explicit zeros, groups are a
loop, the stride of the forward pass is a subsample of stride 1. Dilation and, in the weight gradient, stride are
split into phases (every d-th position from each of the first d), in which they vanish. Zero-stuffing the kernel
instead would be shorter, but its zeros turn an infinity beside the window into NaN.
"""

from collections.abc import Iterator

import numpy as np
from scipy.signal import correlate, fftconvolve

from convoracle.fast.kernels import all_gradients
from convoracle.fast.windows import Ends, Pair, Shape, crop_planes, pad_planes

TRANSFORMED = 2**20
"""About how many numbers are transformed in one call."""


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
    stacks, filters = np.split(pad_planes(x, padding), groups, axis=1), np.split(weight, groups)
    maps = [_correlate_dilated(stacks[group], filters[group], dilation, method) for group in range(groups)]
    result = np.concatenate(maps, axis=1)[:, :, :: stride[0], :: stride[1]]
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
    flipped = np.split(np.swapaxes(weight[:, :, ::-1, ::-1], 0, 1), groups, axis=1)
    planes = [_correlate_dilated(stacks[group], flipped[group], dilation, method) for group in range(groups)]
    return crop_planes(np.concatenate(planes, axis=1), padding, input_shape[2:])


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
    height, width = weight_shape[2:]
    grad = np.zeros(weight_shape, x.dtype)
    if not len(x):
        return grad
    stacks, grads = np.split(pad_planes(x, padding), groups, axis=1), np.split(grad_output, groups, axis=1)
    at_all_lags = _lags_directly if method == "direct" else _lags_transformed
    for images, image_grads, filters in zip(stacks, grads, np.split(grad, groups), strict=True):
        for rows, lags_down in _phases(height, dilation[0], stride[0]):
            for columns, lags_right in _phases(width, dilation[1], stride[1]):
                sampled = images[:, :, rows[0] * dilation[0] % stride[0] :: stride[0]]
                sampled = sampled[:, :, :, columns[0] * dilation[1] % stride[1] :: stride[1]]
                for f, lags in at_all_lags(sampled, image_grads):
                    filters[f][:, rows[:, None], columns] += lags[:, lags_down[:, None], lags_right]
    return grad


def conv2d_bias_grad(grad_output: np.ndarray) -> np.ndarray:
    """Return the bias gradient: the sum over batch, rows and columns."""
    return grad_output.sum(axis=(0, 2, 3))


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


def _correlate_dilated(images: np.ndarray, kernels: np.ndarray, dilation: Pair, method: str) -> np.ndarray:
    """Correlate images (N, C, H, W) with dilated `kernels` (K, C, kH, kW): (N, K, rows, columns) at stride 1."""
    (down, right), (height, width) = dilation, kernels.shape[2:]
    rows, columns = images.shape[2] - down * (height - 1), images.shape[3] - right * (width - 1)
    result = np.empty((len(images), len(kernels), rows, columns), images.dtype)
    if not len(images):
        return result
    correlate_phase = _correlate_directly if method == "direct" else _correlate_transforms
    for top in range(min(down, rows)):
        for left in range(min(right, columns)):
            correlate_phase(images[:, :, top::down, left::right], kernels, result[:, :, top::down, left::right])
    return result


def _correlate_directly(images: np.ndarray, kernels: np.ndarray, result: np.ndarray) -> None:
    """Correlate all images with one kernel at a time."""
    for at, kernel in enumerate(kernels):
        result[:, at] = correlate(images, kernel[None], "valid", "direct")[:, 0]


def _correlate_transforms(images: np.ndarray, kernels: np.ndarray, result: np.ndarray) -> None:
    """Correlate one image at a time, whose result then depends on no other, with as many kernels as may be."""
    flipped = kernels[:, ::-1, ::-1, ::-1]
    step = max(TRANSFORMED // images[0].size, 1)
    for at in range(0, len(kernels), step):
        for image, maps in zip(images, result, strict=True):
            maps[at : at + step] = fftconvolve(image[None], flipped[at : at + step], "valid", axes=(1, 2, 3))[:, 0]


def _lags_directly(images: np.ndarray, grads: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every filter and the images (N, C, H, W) correlated with its `grads` (N, F, h, w), all images added up."""
    for f in range(grads.shape[1]):
        yield f, correlate(images, grads[:, f : f + 1], "valid", "direct")[0]


def _lags_transformed(images: np.ndarray, grads: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield every filter and one image after the other, correlated with its `grads`."""
    step = max(TRANSFORMED // images[0].size, 1)
    for image, maps in zip(images, grads[:, :, None, ::-1, ::-1], strict=True):
        for at in range(0, len(maps), step):
            yield from enumerate(fftconvolve(image[None], maps[at : at + step], "valid", axes=(2, 3)), at)


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
