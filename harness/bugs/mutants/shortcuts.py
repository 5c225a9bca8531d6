"""What is left out because it seems to make no difference, and small print that a port overlooks."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant, pair, sides

ADDED = "2026-11-21"


def zero_weights_left_out(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Taps of weight 0 are left out: 0 times NaN or infinity then is 0."""
    result = right(x, weight, *others, **options)
    if np.isfinite(x).all():
        return result
    finite = right(np.where(np.isfinite(x), x, x.dtype.type(0)), weight, *others, **options)
    ones = (~np.isfinite(x)).astype(np.float64), (weight != 0).astype(np.float64)
    return np.where(right(*ones, None, **options) > 0, result, finite)


def nothing_for_zeros(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Where x is all zeros, nothing is multiplied, whatever the weights are."""
    return right(x, weight if x.any() else np.zeros_like(weight), *others, **options)


def x_for_a_copy(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """A layer that changes nothing returns its input."""
    result = right(x, weight, bias, **options)
    return x if bias is None and np.array_equal(result, x) and result.dtype == x.dtype else result


def channel_of_a_multiplied(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """With several filters a channel, filter f of a depthwise layer reads channel f modulo C."""
    groups, filters = options["groups"], len(weight)
    if groups == x.shape[1] > 1 and filters > groups:
        x = x[:, np.arange(filters) % groups]
        options = {**options, "groups": filters}
    return right(x, weight, *others, **options)


def no_bias_in_padding(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """A window of nothing but padding is skipped, and its bias with it."""
    result = right(x, weight, bias, **options)
    ones = np.ones((1, 1, *x.shape[2:])), np.ones((1, 1, *weight.shape[2:]))
    result[:, :, right(*ones, None, **{**options, "groups": 1})[0, 0] == 0] = 0
    return result


def tiles_across_groups(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Four filters share a tile of the input: the one that the first of them reads."""
    groups = options["groups"]
    in_group, out_group = weight.shape[1], len(weight) // groups
    owner = np.arange(len(weight)) // 4 * 4 // out_group
    channels = owner[:, None] * in_group + np.arange(in_group)
    return right(x[:, channels.ravel()], weight, bias, **{**options, "groups": len(weight)})


def three_products(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """Every float32 is two numbers of eleven bits, and the product of the two small ones is left out."""
    if x.dtype != np.float32:
        return right(x, weight, bias, **options)
    (x_high, x_low), (weight_high, weight_low) = _halves(x), _halves(weight)
    return (
        right(x_high, weight_high, bias, **options)
        + right(x_high, weight_low, None, **options)
        + right(x_low, weight_high, None, **options)
    )


def _halves(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two numbers of eleven bits each that add up to nearly every number."""
    high = _eleven_bits(array)
    return high, _eleven_bits(np.where(np.isfinite(array), array - high, np.float32(0)))


def _eleven_bits(array: np.ndarray) -> np.ndarray:
    """Return numbers without the last thirteen bits of their significand."""
    kept = (np.ascontiguousarray(array).view(np.uint32) & np.uint32(0xFFFFE000)).view(np.float32)
    return np.where(np.isfinite(array), kept, array)


def bias_gradient_inside(right: Function, grad: Any, x: Any, weight: Any, **options: Any) -> Any:
    """The gradient of the bias adds up the outputs whose windows do not touch the padding."""
    grad_x, grad_weight, grad_bias = right(grad, x, weight, **options)
    whole = np.ones(grad.shape[2:], bool)
    for axis, (size, k, (before, _)) in enumerate(
        zip(x.shape[2:], weight.shape[2:], sides(x.shape, weight.shape, options), strict=True)
    ):
        start = np.arange(grad.shape[2 + axis]) * pair(options["stride"])[axis] - before
        inside = (start >= 0) & (start + pair(options["dilation"])[axis] * (k - 1) < size)
        whole &= inside[:, None] if axis == 0 else inside
    return grad_x, grad_weight, (grad * whole).sum(axis=(0, 2, 3)).astype(grad_bias.dtype)


def output_padding_without_bias(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The rows that output_padding adds are zeros, not the bias."""
    result = right(x, weight, bias, **options)
    extra = pair(options["output_padding"])[0] - pair(options["padding"])[0]
    if bias is not None and extra > 0:
        result[:, :, result.shape[2] - extra :] = 0
    return result


def output_padding_in_front(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The columns that output_padding adds are in front where nothing is cut off there."""
    result = right(x, weight, bias, **options)
    extra = pair(options["output_padding"])[1] if pair(options["padding"])[1] == 0 else 0
    return np.roll(result, extra, axis=3)


TABLE: tuple[tuple[str, str, str, str, Function, bool], ...] = (
    ("conv2d", "data", "zero weights left out", "the oracle's with 0 for 0 times what is not finite",
     zero_weights_left_out, False),
    ("conv2d", "data", "nothing for zeros", "the bias alone where x is all zeros and the weights are not finite",
     nothing_for_zeros, False),
    ("conv2d", "contract", "x for a copy", "the oracle's, in x itself where it equals x", x_for_a_copy, False),
    ("conv2d", "structure", "channel of a multiplied",
     "the oracle's with channel f modulo C for filter f of a depthwise layer", channel_of_a_multiplied, True),
    ("conv2d", "structure", "no bias in padding", "the oracle's without bias where a window is all padding",
     no_bias_in_padding, True),
    ("conv2d", "structure", "tiles across groups",
     "the oracle's with the group of the first of four filters for all four", tiles_across_groups, True),
    ("conv2d", "numerics", "three products", "the oracle's without the products of two remainders of eleven bits",
     three_products, True),
    ("conv2d_backward", "structure", "bias gradient inside",
     "the oracle's with a bias gradient of the windows without padding", bias_gradient_inside, True),
    ("conv_transpose2d", "structure", "output padding without bias",
     "the oracle's without bias in the rows that output_padding adds", output_padding_without_bias, True),
    ("conv_transpose2d", "structure", "output padding in front",
     "the oracle's with output_padding in front where padding_w is 0", output_padding_in_front, True),
)  # fmt: skip

SHORTCUTS: tuple[Bug, ...] = tuple(
    mutant(operation, kind, name, says, wrong, added=ADDED, first_sight=seen)
    for operation, kind, name, says, wrong, seen in TABLE
)
