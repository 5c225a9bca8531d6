"""Activations and losses with the wrong formula, or the right one in a form that overflows."""

from typing import Any

import numpy as np

from convoracle.harness.bugs.bug import Bug
from convoracle.harness.bugs.mutants.planting import Function, each, mutant


def naive_softmax(right: Function, x: Any, **options: Any) -> Any:
    """The largest value is not subtracted."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(x)
        return powers / powers.sum(axis=options.get("axis", 1), keepdims=True, dtype=x.dtype)


def naive_log_softmax(right: Function, x: Any, **options: Any) -> Any:
    """The logarithm of the softmax, which is zero for what is far below the largest."""
    axis = options.get("axis", 1)
    with np.errstate(divide="ignore", under="ignore"):
        powers = np.exp(x - x.max(axis=axis, keepdims=True))
        return np.log(powers / powers.sum(axis=axis, keepdims=True, dtype=x.dtype))


def naive_sigmoid(right: Function, x: Any) -> Any:
    """e to the x over one plus itself."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(x) / (1 + np.exp(x))


def last_axis(right: Function, *operands: Any, **options: Any) -> Any:
    """The last axis for the channels."""
    return right(*operands, **{**options, "axis": -1})


def whole_image(right: Function, x: Any, **options: Any) -> Any:
    """One sum for the whole image."""
    powers = np.exp(x - x.max(axis=tuple(range(1, x.ndim)), keepdims=True))
    return powers / powers.sum(axis=tuple(range(1, x.ndim)), keepdims=True, dtype=x.dtype)


def diagonal_only(right: Function, grad: Any, x: Any, **options: Any) -> Any:
    """Only the diagonal of the Jacobian."""
    ones = np.ones_like(grad)
    shifted = x - x.max(axis=options.get("axis", 1), keepdims=True)
    powers = np.exp(shifted)
    p = powers / powers.sum(axis=options.get("axis", 1), keepdims=True, dtype=x.dtype)
    return grad * p * (ones - p)


def of_the_value(right: Function, grad: Any, x: Any) -> Any:
    """x(1 - x), as if x were the activation's value."""
    return grad * x * (1 - x)


def grad_not_subtracted(right: Function, grad: Any, *others: Any, **options: Any) -> Any:
    """The mean of the gradient is not taken away."""
    return grad.copy()


def mean_over_the_batch(right: Function, x: Any, **options: Any) -> Any:
    """The mean over the images for that over the channels."""
    return x - x.mean(axis=0, keepdims=True, dtype=x.dtype)


def scaled(factor: Any) -> Function:
    """Return a function whose result is multiplied by ``factor(first operand)``."""

    def wrong(right: Function, *operands: Any, **options: Any) -> Any:
        result = right(*operands, **options)
        return np.asarray(result * factor(operands[0])).astype(np.asarray(result).dtype)[()]

    return wrong


def second_label(right: Function, logits: Any, targets: Any, *others: Any, **options: Any) -> Any:
    """Labels count from one."""
    number = np.asarray(targets)
    if number.ndim == np.asarray(logits).ndim:
        return right(logits, np.roll(number, 1, axis=1), *others, **options)
    return right(logits, (number + 1) % logits.shape[1], *others, **options)


def sign_turned(right: Function, z: Any, y: Any, *others: Any, **options: Any) -> Any:
    """y - z for z - y."""
    return each(right(z, y, *others, **options), np.negative)


def first_row_only(right: Function, z: Any, y: Any, *others: Any, **options: Any) -> Any:
    """The loss of the first row for that of the batch."""
    return right(z[:1], y[:1], *others, **options)


TABLE: tuple[tuple[str, str, str, str, Function], ...] = (
    ("sigmoid", "numerics", "overflows", "e^x / (1 + e^x), which is nan for large x", naive_sigmoid),
    ("sigmoid", "structure", "scaled", "the oracle's doubled", scaled(lambda x: x.dtype.type(2))),
    ("sigmoid_backward", "structure", "of the value", "grad_output times x (1 - x)", of_the_value),
    ("softmax", "numerics", "overflows", "e^x over the sum of e^x, without the largest subtracted", naive_softmax),
    ("softmax", "structure", "over the image", "the softmax over the whole image", whole_image),
    (
        "softmax_backward",
        "structure",
        "diagonal only",
        "the oracle's with the Jacobian's diagonal alone",
        diagonal_only,
    ),
    ("log_softmax", "numerics", "logarithm of softmax", "log(softmax(x)), -inf where that is zero", naive_log_softmax),
    ("log_softmax_backward", "structure", "not subtracted", "grad_output, nothing subtracted", grad_not_subtracted),
    ("cross_entropy", "structure", "labels from one", "the oracle's with the labels one too large", second_label),
    ("cross_entropy", "structure", "not averaged", "the oracle's times N", scaled(lambda x: x.dtype.type(len(x)))),
    (
        "cross_entropy_backward",
        "structure",
        "labels from one",
        "the oracle's with the labels one too large",
        second_label,
    ),
    ("cross_entropy_backward", "structure", "twice", "the oracle's doubled", scaled(lambda x: x.dtype.type(2))),
    ("euclidean_loss", "structure", "halved", "half the oracle's", scaled(lambda x: x.dtype.type(0.5))),
    ("euclidean_loss", "structure", "first row only", "the oracle's for the first row", first_row_only),
    ("euclidean_loss_backward", "structure", "sign turned", "minus the oracle's", sign_turned),
    ("mean_subtract", "structure", "over the batch", "x minus its mean over the batch", mean_over_the_batch),
    ("mean_subtract_backward", "structure", "not subtracted", "grad_output itself", grad_not_subtracted),
)

EXPONENTIALS: tuple[Bug, ...] = (
    *(mutant(operation, kind, name, says, wrong) for operation, kind, name, says, wrong in TABLE),
    mutant(
        "softmax",
        "structure",
        "last axis",
        "the oracle's along the last axis",
        last_axis,
        added="2026-11-21",
        first_sight=True,
    ),
)
