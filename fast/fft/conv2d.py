"""The convolution and its input gradient as products of spectra (`convoracle.fast.fft.correlation`).

The readable `scipy-fft` hands whole images and filters to SciPy's convolution, and passes a NaN on to every output.
Here long images are cut into blocks, filters are transformed once for all images, threads share out the blocks,
and the workspace is bounded. The error is bounded by norms in both. But what is not finite is as in a direct
convolution: an infinity spreads over its image in a transform, and huge numbers overflow in one; so where a result
holds a number that is not finite, its image is computed again by `convoracle.fast.direct`.
"""

from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.direct.bias_grad import conv2d_bias_grad
from convoracle.fast.fft.correlation import Reading, Tile, correlate, plan_correlation, transform_weights
from convoracle.fast.fft.plan import Plan
from convoracle.fast.fft.weight_grad import conv2d_weight_grad
from convoracle.fast.kernels import all_gradients
from convoracle.fast.recomputed import direct, replace_images
from convoracle.fast.shapes import count_outputs
from convoracle.fast.windows import Ends, Pair, Shape

__all__ = [
    "conv2d",
    "conv2d_backward",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_prepared",
    "conv2d_weight_grad",
    "prepare",
]


class Prepared(NamedTuple):
    """The spectra of the weights of a convolution, and the weights, for images that need a direct one."""

    plan: Plan
    tiles: list[Tile]
    reading: Reading
    outputs: Pair
    weight: np.ndarray
    options: dict[str, Any]


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
    """Convolve, tile by tile, with weights that are transformed now."""
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    outputs, reading = _forward(x.shape, weight.shape, stride, padding, dilation)
    plan = plan_correlation(weight.shape, groups, outputs, reading, x.dtype)
    out = np.empty((len(x), len(weight), *outputs), x.dtype)
    correlate(plan, x, transform_weights(plan, weight, groups, dilation), groups, out, reading)
    return _finish(x, weight, bias, out, options)


def prepare(
    weight: np.ndarray, x_shape: Shape, *, stride: Pair, padding: Ends, dilation: Pair, groups: int
) -> Prepared:
    """Transform the weights for images of one shape; `conv2d_prepared` has the bits of `conv2d`."""
    outputs, reading = _forward(x_shape, weight.shape, stride, padding, dilation)
    plan = plan_correlation(weight.shape, groups, outputs, reading, weight.dtype)
    tiles = list(transform_weights(plan, weight, groups, dilation))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return Prepared(plan, tiles, reading, outputs, weight.copy(), options)


def conv2d_prepared(x: np.ndarray, prepared: Prepared, bias: np.ndarray | None) -> np.ndarray:
    """Convolve with weights that have been transformed."""
    plan, tiles, reading, outputs, weight, options = prepared
    out = np.empty((len(x), len(weight), *outputs), x.dtype)
    correlate(plan, x, tiles, options["groups"], out, reading)
    return _finish(x, weight, bias, out, options)


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
    """Return the input gradient: the output gradient, its numbers a stride apart, correlated with flipped filters."""
    channels, *kernel_size = weight.shape[1:]
    stacks = weight.reshape(groups, -1, *weight.shape[1:]).swapaxes(1, 2).reshape(groups * channels, -1, *kernel_size)
    flipped = stacks[:, :, ::-1, ::-1]
    first_h, first_w = (before - (k - 1) * d for k, (before, _), d in zip(kernel_size, padding, dilation, strict=True))
    reading = Reading((first_h, first_w), (1, 1), dilation, stride)
    outputs = (input_shape[2], input_shape[3])
    plan = plan_correlation(flipped.shape, groups, outputs, reading, weight.dtype)
    grad = np.empty(input_shape, weight.dtype)
    correlate(plan, grad_output, transform_weights(plan, flipped, groups, dilation), groups, grad, reading)

    def compute_again(one: slice) -> np.ndarray:
        shape = (1, *input_shape[1:])
        return direct("conv2d_input_grad")(
            grad_output[one], weight, shape, stride=stride, padding=padding, dilation=dilation, groups=groups
        )

    return replace_images(grad, _are_finite(grad), compute_again)


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


def _forward(x_shape: Shape, weight_shape: Shape, stride: Pair, padding: Ends, dilation: Pair) -> tuple[Pair, Reading]:
    """Return the size of the output and where a convolution reads."""
    rows, columns = map(count_outputs, x_shape[2:], padding, weight_shape[2:], stride, dilation)
    return (rows, columns), Reading((-padding[0][0], -padding[1][0]), stride, dilation, (1, 1))


def _finish(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, out: np.ndarray, options: dict[str, Any]
) -> np.ndarray:
    """Add the bias, and replace images with numbers that are not finite."""
    if bias is not None:
        out += bias[:, None, None]
    return replace_images(out, _are_finite(out), lambda one: direct("conv2d")(x[one], weight, bias, **options))


def _are_finite(out: np.ndarray) -> np.ndarray:
    """Tell of each image whether it is finite. A sum that overflows says no, which is no harm."""
    finite: np.ndarray = np.isfinite(out.sum(axis=(1, 2, 3)))
    return finite
