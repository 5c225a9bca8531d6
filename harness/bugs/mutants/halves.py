"""Too few bits where it shows least: in long sums, between blocks, for one operand, and at the ends of the range."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant

ADDED = "2026-11-21"


def half_weights_in_long_sums(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """Sums of more than 128 products are left to a unit that takes weights in half precision, scaled to its range."""
    if x.dtype == np.float32 and weight[0].size > 128:
        with np.errstate(all="ignore"):
            weight = (weight / 1024).astype(np.float16).astype(np.float32) * 1024
    return right(x, weight, *others, **options)


def images_in_single(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """The gradients of more than eight images are added up in single precision."""
    if len(x) <= 8 or x.dtype != np.float64:
        return right(grad, x, shape, **options)
    total = np.zeros(shape, np.float32)
    with np.errstate(all="ignore"):
        for image in range(len(x)):
            total += right(grad[image : image + 1], x[image : image + 1], shape, **options).astype(np.float32)
    return total.astype(np.float64)


def bias_in_single(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """The epilogue takes the bias in single precision."""
    if bias is not None:
        bias = bias.astype(np.float32).astype(x.dtype)
    return right(x, weight, bias, **options)


def clamped_bias(right: Function, x: Any, weight: Any, bias: Any, **options: Any) -> Any:
    """An infinite bias is clamped to the largest number."""
    if bias is not None:
        largest = np.finfo(bias.dtype).max
        bias = np.where(np.isnan(bias), bias, np.clip(bias, -largest, largest))
    return right(x, weight, bias, **options)


def sign_of_the_divisor(right: Function, *operands: Any, divisor_override: Any, **options: Any) -> Any:
    """A divisor of one's own is kept without its sign."""
    return right(*operands, divisor_override=divisor_override and abs(divisor_override), **options)


def quadrupled_sums(right: Function, x: Any, *operands: Any, **options: Any) -> Any:
    """Sums are formed four times too large, and the divisor makes up for it."""
    with np.errstate(all="ignore"):
        return right(x * x.dtype.type(4), *operands, **options) / x.dtype.type(4)


TABLE: tuple[tuple[str, str, str, str, Function, bool], ...] = (
    # operation, class, name, says, wrong, whether it was caught at first sight
    (
        "conv2d",
        "numerics",
        "half weights in long sums",
        "the oracle's with weights of half precision where more than 128 products are added",
        half_weights_in_long_sums,
        True,
    ),
    (
        "conv2d_weight_grad",
        "numerics",
        "images in single",
        "the oracle's with the images added in float32 where there are more than eight",
        images_in_single,
        True,
    ),
    ("conv2d", "numerics", "bias in single", "the oracle's with the bias rounded to float32", bias_in_single, True),
    (
        "conv2d",
        "data",
        "clamped bias",
        "the oracle's with the largest number for an infinite bias",
        clamped_bias,
        True,
    ),
    (
        "avg_pool2d",
        "structure",
        "sign of the divisor",
        "the oracle's with a divisor_override without its sign",
        sign_of_the_divisor,
        False,
    ),
    (
        "avg_pool2d",
        "data",
        "quadrupled sums",
        "the oracle's, infinite where four times a window's sum is",
        quadrupled_sums,
        False,
    ),
)

HALVES: tuple[Bug, ...] = tuple(
    mutant(operation, kind, name, says, wrong, added=ADDED, first_sight=seen)
    for operation, kind, name, says, wrong, seen in TABLE
)
"""Added after they were written by somebody who had not seen the other lists."""
