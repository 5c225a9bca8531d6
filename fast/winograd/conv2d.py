"""The convolution with 3x3 or 5x5 kernels of stride 1, and its gradients, by Winograd's algorithm.

It goes by tiles (`convoracle.fast.winograd.convolution`), or, where channels are few, down the columns only
(`convoracle.fast.winograd.one_axis`). The input gradient is a convolution of the output gradient too: kernels are
turned by half a turn, filters and channels change places, and the padding p of a side becomes (r - 1) d - p, with r
taps along it and a dilation of d.

An infinite or NaN number spreads over its tile, and transforms of huge numbers overflow where their convolution does
not. Both end in an output that is not finite. An image with such an output is computed again by the `direct` kernels:
results have the infinities and NaN of the definition.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.direct.bias_grad import conv2d_bias_grad
from convoracle.fast.kernels import all_gradients, kernel_from
from convoracle.fast.recomputed import direct, replace_images
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.windows import Ends, Pair, Shape
from convoracle.fast.winograd import convolution, one_axis, weights
from convoracle.fast.winograd.few_channels import fits
from convoracle.fast.winograd.joined_groups import groups_to_join, join
from convoracle.fast.winograd.plan import Plan, plan_tiles
from convoracle.fast.winograd.weight_grad import conv2d_weight_grad

__all__ = [
    "Prepared",
    "conv2d",
    "conv2d_backward",
    "conv2d_bias_grad",
    "conv2d_input_grad",
    "conv2d_prepared",
    "conv2d_weight_grad",
    "prepare",
]


def bind_conv2d(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    *,
    padding: Ends,
    dilation: Pair,
    groups: int,
    **stride: Pair,
) -> Callable[[np.ndarray, np.ndarray, np.ndarray | None], np.ndarray]:
    """Return the convolution of arrays of these shapes."""
    plan, joined = _plan_forward(x.shape, weight.shape, padding, dilation, groups, x.dtype)
    convolve = _bind(plan, len(x), x.dtype)
    options: dict[str, Any] = {"padding": padding, "dilation": dilation, "groups": groups, **stride}

    def conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        return replace_images(
            *convolve(x, join(weight, groups, joined), bias),
            lambda one: direct("conv2d")(x[one], weight, bias, **options),
        )

    return conv2d


def bind_conv2d_input_grad(
    grad_output: np.ndarray,
    weight: np.ndarray,
    input_shape: Shape,
    *,
    padding: Ends,
    dilation: Pair,
    groups: int,
    **stride: Pair,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of these shapes."""
    plan, joined = _plan_input_grad(
        grad_output.shape, weight.shape, input_shape, padding, dilation, groups, weight.dtype
    )
    convolve = _bind(plan, len(grad_output), weight.dtype)
    options: dict[str, Any] = {"padding": padding, "dilation": dilation, "groups": groups, **stride}
    one_image = 1, *input_shape[1:]

    def conv2d_input_grad(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        return replace_images(
            *convolve(grad_output, join(weight, groups, joined), None),
            lambda one: direct("conv2d_input_grad")(grad_output[one], weight, one_image, **options),
        )

    return conv2d_input_grad


conv2d = kernel_from(bind_conv2d, arrays=3)
conv2d_input_grad = kernel_from(bind_conv2d_input_grad, arrays=2)
conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


class Prepared(NamedTuple):
    """What `prepare` makes of a weight: all that `conv2d_prepared` needs besides the input and the bias."""

    plan: Plan | one_axis.Plan
    weight: np.ndarray
    transformed: np.ndarray
    options: dict[str, Any]

    @property
    def nbytes(self) -> int:
        """How many bytes it keeps."""
        return self.weight.nbytes + self.transformed.nbytes


def prepare(
    weight: np.ndarray, x_shape: Shape, *, stride: Pair, padding: Ends, dilation: Pair, groups: int
) -> Prepared:
    """Transform a weight once, for convolutions of any number of images of one shape.

    Parameters
    ----------
    weight : array (F, C / groups, 3, 3) or (F, C / groups, 5, 5)
        Copied, so that later changes of it make no difference.
    x_shape : tuple (N, C, H, W)
        N does not matter.

    Returns
    -------
    Prepared
    """
    plan, joined = _plan_forward(x_shape, weight.shape, padding, dilation, groups, weight.dtype)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    kept = np.array(weight, order="C")
    if isinstance(plan, one_axis.Plan):
        return Prepared(plan, kept, one_axis.transform_weights(plan, kept), options)
    return Prepared(plan, kept, weights.transform_weights(plan, join(kept, groups, joined)), options)


def conv2d_prepared(x: np.ndarray, prepared: Prepared, bias: np.ndarray | None) -> np.ndarray:
    """Convolve with a prepared weight: the same as `conv2d`, bit for bit."""
    plan, weight, transformed, options = prepared
    convolve = _bind(plan, len(x), x.dtype)
    return replace_images(
        *convolve(x, weight, bias, transformed), lambda one: direct("conv2d")(x[one], weight, bias, **options)
    )


def _bind(plan: Plan | one_axis.Plan, images: int, dtype: np.dtype) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return the function that computes what is planned, for so many images."""
    if isinstance(plan, one_axis.Plan):
        return one_axis.bind_convolution(plan, images, dtype)
    return convolution.bind_convolution(plan, images, dtype)


def _plan_forward(
    x_shape: Shape, weight_shape: Shape, padding: Ends, dilation: Pair, groups: int, dtype: np.dtype
) -> tuple[Plan | one_axis.Plan, int]:
    """Plan the convolution, and say how many groups to join.

    Its sums run over the channels, and the kernels of a filter follow each other.
    """
    filters, channels, taps = weight_shape[0] // groups, *weight_shape[1:3]
    (top, bottom), (left, right) = padding
    height, width = x_shape[2:]
    reach_h, reach_w = ((taps - 1) * d for d in dilation)
    outputs = height + top + bottom - reach_h, width + left + right - reach_w
    if fits(channels, outputs[1], dilation, lanes_of(dtype), dtype.itemsize):
        steps = filters * channels * taps**2, channels * taps**2, taps**2
        sizes = groups, channels, filters, (height, width), outputs, (top, left), taps
        return one_axis.plan_rows(*sizes, steps, dtype, is_flipped=False), 1
    joined = groups_to_join(groups, filters, lanes_of(dtype))
    groups, filters, channels = groups // joined, filters * joined, channels * joined
    steps = filters * channels * taps**2, channels * taps**2, taps**2
    plan = plan_tiles(
        groups, channels, filters, (height, width), outputs, (top, left), taps, dilation, steps, dtype, is_flipped=False
    )
    return plan, joined


def _plan_input_grad(
    grad_shape: Shape,
    weight_shape: Shape,
    input_shape: Shape,
    padding: Ends,
    dilation: Pair,
    groups: int,
    dtype: np.dtype,
) -> tuple[Plan | one_axis.Plan, int]:
    """Plan the input gradient, whose sums run over the filters, and say how many groups to join."""
    filters, channels, taps = weight_shape[0] // groups, *weight_shape[1:3]
    (top, _), (left, _) = padding
    before = (taps - 1) * dilation[0] - top, (taps - 1) * dilation[1] - left
    size, outputs = grad_shape[2:], input_shape[2:]
    if fits(filters, outputs[1], dilation, lanes_of(dtype), dtype.itemsize):
        steps = filters * channels * taps**2, taps**2, channels * taps**2
        sizes = groups, filters, channels, size, outputs, before, taps
        return one_axis.plan_rows(*sizes, steps, dtype, is_flipped=True), 1
    joined = groups_to_join(groups, channels, lanes_of(dtype))
    groups, filters, channels = groups // joined, filters * joined, channels * joined
    steps = filters * channels * taps**2, taps**2, channels * taps**2
    plan = plan_tiles(groups, filters, channels, size, outputs, before, taps, dilation, steps, dtype, is_flipped=True)
    return plan, joined
