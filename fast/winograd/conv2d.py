"""The convolution with 3x3 kernels of stride and dilation 1, and its gradients, by Winograd's algorithm.

The input gradient is a convolution of the output gradient too: kernels are turned by half a turn, filters and channels
change places, and the padding p of a side becomes 2 - p.

An infinite or NaN number spreads over its tile, and transforms of huge numbers overflow where their convolution does
not. Both end in an output that is not finite. An image with such an output is computed again by the `direct` kernels:
results have the infinities and NaN of the definition.
"""

from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.direct import conv2d as direct
from convoracle.fast.kernels import all_gradients
from convoracle.fast.windows import Ends, Pair, Shape
from convoracle.fast.winograd.convolution import convolve, transform_weights
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

conv2d_bias_grad = direct.conv2d_bias_grad


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
    """Convolve."""
    plan = _plan_forward(x.shape, weight.shape, padding, groups, x.dtype)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _finish(*convolve(plan, x, weight, bias), x, weight, bias, options)


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
    """Return the input gradient."""
    plan = _plan_input_grad(grad_output.shape, weight.shape, input_shape, padding, groups, weight.dtype)
    grad, is_finite = convolve(plan, grad_output, weight, None)
    for image in np.flatnonzero(~is_finite):
        grad[image] = direct.conv2d_input_grad(
            grad_output[image : image + 1],
            weight,
            (1, *input_shape[1:]),
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )[0]
    return grad


conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


class Prepared(NamedTuple):
    """What `prepare` makes of a weight: all that `conv2d_prepared` needs besides the input and the bias."""

    plan: Plan
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
    weight : array (F, C / groups, 3, 3)
        Copied, so that later changes of it make no difference.
    x_shape : tuple (N, C, H, W)
        N does not matter.

    Returns
    -------
    Prepared
    """
    plan = _plan_forward(x_shape, weight.shape, padding, groups, weight.dtype)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    kept = np.array(weight, order="C")
    return Prepared(plan, kept, transform_weights(plan, kept), options)


def conv2d_prepared(x: np.ndarray, prepared: Prepared, bias: np.ndarray | None) -> np.ndarray:
    """Convolve with a prepared weight: the same as `conv2d`, bit for bit."""
    out, is_finite = convolve(prepared.plan, x, prepared.weight, bias, prepared.transformed)
    return _finish(out, is_finite, x, prepared.weight, bias, prepared.options)


def _finish(
    out: np.ndarray,
    is_finite: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    options: dict[str, Any],
) -> np.ndarray:
    """Compute the images again that are not finite."""
    for image in np.flatnonzero(~is_finite):
        out[image] = direct.conv2d(x[image : image + 1], weight, bias, **options)[0]
    return out


def _plan_forward(x_shape: Shape, weight_shape: Shape, padding: Ends, groups: int, dtype: np.dtype) -> Plan:
    """Plan the convolution: its sums run over the channels, and the kernels of a filter follow each other."""
    filters, channels = weight_shape[0] // groups, weight_shape[1]
    (top, bottom), (left, right) = padding
    height, width = x_shape[2:]
    outputs = height + top + bottom - 2, width + left + right - 2
    steps = filters * channels * 9, channels * 9, 9
    return plan_tiles(groups, channels, filters, (height, width), outputs, (top, left), steps, dtype, is_flipped=False)


def _plan_input_grad(
    grad_shape: Shape, weight_shape: Shape, input_shape: Shape, padding: Ends, groups: int, dtype: np.dtype
) -> Plan:
    """Plan the input gradient: its sums run over the filters."""
    filters, channels = weight_shape[0] // groups, weight_shape[1]
    (top, _), (left, _) = padding
    steps = filters * channels * 9, 9, channels * 9
    return plan_tiles(
        groups, filters, channels, grad_shape[2:], input_shape[2:], (2 - top, 2 - left), steps, dtype, is_flipped=True
    )
