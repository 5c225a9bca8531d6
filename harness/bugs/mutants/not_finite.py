"""Right for numbers: NaN, infinities and what is hardly more than zero, in operands other than x and results of pools.

Whoever leaves out what is zero, or nearly, or what is no number, changes what is not finite in one operand for whatever
the other one holds.
"""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, mutant, pair

ADDED = "2026-11-22"


def numbers_of(position: int) -> Function:
    """Return a function that takes NaN in operand `position` for zero."""

    def wrong(right: Function, *operands: Any, **options: Any) -> Any:
        given = operands[position]
        numbers = None if given is None else np.where(np.isnan(given), 0, given).astype(given.dtype)
        return right(*operands[:position], numbers, *operands[position + 1 :], **options)

    return wrong


def numbers_at_a_stride(right: Function, grad: Any, x: Any, shape: Any, **options: Any) -> Any:
    """The gather for a stride replaces NaN, the other one does not."""
    if max(pair(options["stride"])) > 1:
        x = np.where(np.isnan(x), 0, x).astype(x.dtype)
    return right(grad, x, shape, **options)


def numbers_for_the_weight(right: Function, grad: Any, x: Any, weight: Any, **options: Any) -> Any:
    """Of three gradients, that of the weight is of the finite part of grad_output."""
    grad_x, _, grad_bias = right(grad, x, weight, **options)
    finite = np.where(np.isfinite(grad), grad, 0).astype(grad.dtype)
    return grad_x, right(finite, x, weight, **options)[1], grad_bias


def zeros_skipped(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """A scatter that goes on at a zero of x: the infinities of a weight do not meet it."""
    result = right(x, weight, *others, **options)
    if np.isfinite(weight).all():
        return result
    finite = right(x, np.where(np.isfinite(weight), weight, 0).astype(weight.dtype), *others, **options)
    there = right((x != 0).astype(x.dtype), (~np.isfinite(weight)).astype(x.dtype), None, **options)
    return np.where(there != 0, result, finite)


def sparse_weights(right: Function, x: Any, weight: Any, *others: Any, **options: Any) -> Any:
    """What is smaller than the machine epsilon is taken for zero and not multiplied."""
    return right(
        x, np.where(np.abs(weight) < np.finfo(np.float32).eps, 0, weight).astype(weight.dtype), *others, **options
    )


def infinity_over_nan(right: Function, x: Any, kernel_size: Any, **options: Any) -> Any:
    """An infinity ends the search for something larger, and nobody asks for a NaN after it."""
    result = right(x, kernel_size, **options)
    numbers = right(np.where(np.isnan(x), -np.inf, x).astype(x.dtype), kernel_size, **options)
    both = zip(result, numbers, strict=True) if isinstance(result, tuple) else ((result, numbers),)
    ended = (numbers[0] if isinstance(numbers, tuple) else numbers) == np.inf
    chosen = tuple(np.where(ended, other, one) for one, other in both)
    return chosen if isinstance(result, tuple) else chosen[0]


def one_hot_product(right: Function, grad: Any, indices: Any, shape: Any) -> Any:
    """The gradient times a plane that is one at the maximum and zero elsewhere, where zero times infinity is NaN."""
    result = right(grad, indices, shape)
    for plane in np.argwhere(~np.isfinite(grad).all(axis=(2, 3))):
        spread = result[tuple(plane)]
        spread[np.isfinite(spread)] = np.nan
    return result


TABLE: tuple[tuple[str, str, str, str, Function], ...] = (
    ("conv2d_input_grad", "data", "NaN of the weight skipped", "the oracle's with NaN of the weight taken for zero",
     numbers_of(1)),
    ("conv_transpose2d", "data", "NaN of the bias skipped", "the oracle's with NaN of the bias taken for zero",
     numbers_of(2)),
    ("conv2d_weight_grad", "data", "NaN of x skipped at a stride",
     "the oracle's with NaN of x taken for zero where there is a stride", numbers_at_a_stride),
    ("conv2d_backward", "data", "finite gradients for the weight",
     "the oracle's with grad_weight of the finite part of grad_output", numbers_for_the_weight),
    ("conv_transpose2d", "data", "zeros of x skipped",
     "the oracle's without what an infinite weight makes of a zero of x", zeros_skipped),
    ("conv2d", "data", "sparse weights", "the oracle's with weights below 2**-23 taken for zero", sparse_weights),
    ("max_pool2d", "data", "infinity over NaN", "the oracle's with an infinity where a window has that and a NaN",
     infinity_over_nan),
    ("max_pool2d_backward", "data", "one-hot product",
     "the oracle's with NaN all over a plane of which a gradient is not finite", one_hot_product),
)  # fmt: skip

NOT_FINITE: tuple[Bug, ...] = tuple(
    mutant(operation, kind, name, says, wrong, added=ADDED, first_sight=False)
    for operation, kind, name, says, wrong in TABLE
)
"""Those of the weight and of the one-hot product passed an examination by a stranger, the others a search after it."""
