"""The convolution and its input gradient by the register tile, without a matrix of columns.

Both are correlations (`convoracle.fast.direct.plan`). The convolution reads, for output u and tap t,

    x[u * stride + t * dilation - before],

and starts from the bias. The input gradient gathers: ``x[i]`` was read by output u through tap t where
``u * stride = i + before - t * dilation``. So the inputs i of one remainder of ``i + before`` by the stride are read by
the taps whose ``t * dilation`` leaves the same remainder, and are a correlation of the output gradient of their own,
with stride 1 and offsets that fall as t rises: one correlation for each pair of remainders, down and across.

Windows of large strides, or of few channels, have patches instead: what each output adds, in one product
(`convoracle.fast.direct.patches`, `convoracle.fast.direct.patch_sums`).

Otherwise neighbouring outputs are side by side in a vector (`convoracle.fast.direct.correlation`), or filters are
(`convoracle.fast.direct.filter_lanes`): whatever takes fewer steps.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from convoracle.fast.correlation_axes import Axis, backward_axes, forward_axis
from convoracle.fast.direct.bias_grad import conv2d_bias_grad
from convoracle.fast.direct.correlation import Target, Weights, bind_correlation
from convoracle.fast.direct.filter_lanes import bind_filter_lanes
from convoracle.fast.direct.filter_plan import filter_steps_of, plan_filter_lanes
from convoracle.fast.direct.patch_sums import bind_patch_sums, patch_sums_steps
from convoracle.fast.direct.patches import are_patches_faster, bind_patches, plan_patches
from convoracle.fast.direct.plan import plan_correlation, steps_of
from convoracle.fast.direct.reading import Phase
from convoracle.fast.direct.single_outputs import are_single, bind_single_input_grads, bind_single_outputs
from convoracle.fast.direct.weight_grad import conv2d_weight_grad
from convoracle.fast.finite import are_finite
from convoracle.fast.kernels import all_gradients, kernel_from
from convoracle.fast.readable import conv2d_numba
from convoracle.fast.windows import Ends, Pair, Shape

__all__ = ["conv2d", "conv2d_backward", "conv2d_bias_grad", "conv2d_input_grad", "conv2d_weight_grad"]


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
    filters, channels, *kernel_size = weight.shape
    down, across = (
        forward_axis(*axis) for axis in zip(x.shape[2:], kernel_size, stride, padding, dilation, strict=True)
    )
    shape, dtype = (len(x), filters, down.outputs, across.outputs), x.dtype
    zeros = np.zeros(filters, dtype)
    if are_single(shape[2:], x.shape[1], weight.shape[2:]):
        multiply = bind_single_outputs(x.shape, weight.shape, (down, across), groups, dtype)
        return lambda x, weight, bias: multiply(x, weight, zeros if bias is None else bias)
    sizes = groups, channels, filters // groups
    plan = plan_correlation(*sizes, down, across, dtype)
    whole = (_whole(kernel_size[0], down),), (_whole(kernel_size[1], across),)
    by_filters = plan_filter_lanes(*sizes, *whole, (1, 1), shape[2:], dtype)
    weights = _filter_weights(filters // groups, channels, *kernel_size)
    is_cut = is_read = False
    if by_filters is not None and filter_steps_of(by_filters) < steps_of(plan):
        correlate = bind_filter_lanes(by_filters, len(x), weights)
        is_cut, is_read = by_filters.is_cut, by_filters.is_read
    else:
        plane = down.outputs * across.outputs
        correlate = bind_correlation(plan, len(x), weights, Target(0, filters * plane, plane, across.outputs, 1))

    def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        out = np.empty(shape, dtype)
        base = zeros if bias is None else bias
        correlate(x, weight, base, out)
        if is_cut and not are_finite((out if is_read and out.size < weight.size else weight).reshape(-1)):
            # The zeros around x make NaN of a weight that is not finite; if all are read, each is part of some output.
            padded = plan_filter_lanes(*sizes, *whole, (1, 1), shape[2:], dtype, is_whole=True)
            assert padded is not None
            bind_filter_lanes(padded, len(x), weights)(x, weight, base, out)
        return out

    return convolve


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
    """Return the input gradient of arrays of these shapes: a correlation for each pair of remainders of the stride."""
    images, channels, (height, width), dtype = len(grad_output), weight.shape[1], input_shape[2:], weight.dtype
    if are_single(grad_output.shape[2:], input_shape[1], weight.shape[2:]):
        down, across = (
            forward_axis(*axis)
            for axis in zip(input_shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
        )
        return bind_single_input_grads(input_shape, weight.shape, (down, across), groups, dtype)
    rows, columns = (
        tuple(backward_axes(*axis))
        for axis in zip(
            input_shape[2:], grad_output.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True
        )
    )
    sizes, is_spread = (groups, len(weight) // groups, channels), max(stride) > 1
    pairs = [
        (row, column, plan_correlation(*sizes, row[2], column[2], dtype, is_spread=is_spread))
        for row in rows
        for column in columns
    ]
    by_filters = plan_filter_lanes(*sizes, rows, columns, stride, input_shape[2:], dtype)
    steps = sum(steps_of(plan, is_spread=is_spread) for _, _, plan in pairs)
    filter_steps = math.inf if by_filters is None else filter_steps_of(by_filters)
    sums_steps = patch_sums_steps(groups, weight.shape, grad_output.shape[2:], stride, dilation, dtype)
    patches = plan_patches(groups, weight.shape, grad_output.shape[2:], dtype) if is_spread else None
    if patches is not None and are_patches_faster(
        patches, (plan for _, _, plan in pairs), min(filter_steps, sums_steps)
    ):
        return bind_patches(
            patches, grad_output, weight, input_shape, stride=stride, padding=padding, dilation=dilation
        )
    if sums_steps < min(steps, filter_steps):
        return bind_patch_sums(
            grad_output, weight, input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
    if by_filters is not None and filter_steps < steps:
        weights = _channel_weights(*weight.shape, groups, tuple((row[1], column[1]) for row, column, _ in pairs))
        correlations = [bind_filter_lanes(by_filters, images, weights)]
        is_padded, is_sparse = by_filters.is_padded, False
    else:
        correlations, is_padded = [], not all(plan.is_inside for _, _, plan in pairs)
        # Inputs that no tap reads are in no correlation.
        is_sparse = len(pairs) < math.prod(stride)
        for (top, taps_h, _), (left, taps_w, _), plan in pairs:
            weights = _channel_weights(*weight.shape, groups, ((taps_h, taps_w),))
            target = Target(
                top * width + left, channels * groups * height * width, height * width, stride[0] * width, stride[1]
            )
            correlations.append(bind_correlation(plan, images, weights, target))
    are_all_read = all(
        sum(len(taps) for _, taps, _ in axes) == size
        for axes, size in zip((rows, columns), weight.shape[2:], strict=True)
    )
    is_small = are_all_read and math.prod(input_shape[1:]) < weight.size
    make = np.zeros if is_sparse else np.empty
    base = np.zeros(channels * groups, dtype)

    def gather(grad_output: np.ndarray, weight: np.ndarray) -> np.ndarray:
        grad: np.ndarray = make(input_shape, dtype)
        for correlate in correlations:
            correlate(grad_output, weight, base, grad)
        # Beyond the edges of grad_output there are zeros, which an infinite weight turns into NaN. Every number depends
        # on all weights of its taps, so if all taps are read, a finite result says as much as finite weights.
        is_harmless = not is_padded or (is_small and are_finite(grad.reshape(-1))) or are_finite(weight.reshape(-1))
        if not is_harmless:
            grad = conv2d_numba.conv2d_input_grad(
                grad_output, weight, input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
            )
        return grad

    return gather


conv2d = kernel_from(bind_conv2d, arrays=3)
conv2d_input_grad = kernel_from(bind_conv2d_input_grad, arrays=2)
conv2d_backward = all_gradients(conv2d_input_grad, conv2d_weight_grad, conv2d_bias_grad)


@functools.lru_cache(maxsize=256)
def _filter_weights(filters: int, channels: int, height: int, width: int) -> Weights:
    """Return where the weights of a convolution are, which sums over the channels."""
    taps = height * width
    return Weights(filters * channels * taps, channels * taps, taps, True, np.arange(taps, dtype=np.int64))


@functools.lru_cache(maxsize=256)
def _channel_weights(
    filters: int,
    channels: int,
    height: int,
    width: int,
    groups: int,
    taps_of_phases: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...],
) -> Weights:
    """Return where the weights of an input gradient are, which sums over the filters."""
    taps = height * width
    places = [tap_h * width + tap_w for taps_h, taps_w in taps_of_phases for tap_h in taps_h for tap_w in taps_w]
    is_run = places == list(range(taps))
    of_taps = np.array(places, np.int64)
    return Weights(filters // groups * channels * taps, taps, channels * taps, is_run, of_taps)


def _whole(kernel_size: int, axis: Axis) -> Phase:
    """Return the only phase of a convolution along an axis."""
    return 0, tuple(range(kernel_size)), axis
