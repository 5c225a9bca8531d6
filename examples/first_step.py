"""Every call of a network's first step, held against the oracle: exactly, or within its proven bound.

Why per call: rounding in one layer is multiplied by the weights of the next ones, and a ReLU within rounding of zero
may open in one backend and stay shut in another, so two *right* backends may end a step with gradients no theorem holds
close together. Given the very arrays a call received, its result has one exact value and a proven bound around it.
The arrays are those of this backend's own step, so a step whose calls are all right is right from end to end. Then two
backends agree, too: each call of the one is within its bound of the exact result, and so is the other's.

The bounds (docs/tolerance.md): convolutions are the harness's; ReLU, pooling of windows that do not overlap, and their
gradients copy values, so they must equal the oracle's exactly; the fully connected layer is sums of products, with one
rounding per term and one for the bias; the cross-entropy assumes exp and log within 4 units in the last place.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from network import Call

from convoracle import reference
from convoracle.fast import registry
from convoracle.harness import bounds, checks
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Output
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.oracle import compiled

UNIT, UNIT64 = bounds.UNIT_ROUNDOFF["float32"], bounds.UNIT_ROUNDOFF["float64"]


@dataclass(frozen=True)
class Judged:
    """One result of one call: its largest error as a multiple of its bound. Right is at most 1."""

    layer: str
    operation: str
    result: str
    ratio: float


def judge(calls: list[Call]) -> list[Judged]:
    """Hold every result of every call against the oracle given the same arguments."""
    judged = []
    for call in calls:
        if call.operation.startswith("conv2d"):
            ratios = _convolution(call)
        elif call.operation.startswith("linear"):
            ratios = _linear(call)
        elif call.operation.startswith("cross_entropy"):
            ratios = _cross_entropy(call)
        else:
            ratios = _copies(call)
        judged += [Judged(call.layer, call.operation, name, ratio) for name, ratio in ratios.items()]
    return judged


def _convolution(call: Call) -> dict[str, float]:
    """Judge a convolution or its three gradients by the harness's own bounds for the backend's accuracy."""
    names = ("x", "weight", "bias") if call.operation == "conv2d" else ("grad_output", "x", "weight")
    operands = {name: array.astype(np.float64) for name, array in zip(names, call.arguments, strict=True)}
    n, c, h, w = operands["x"].shape
    case = Conv2dCase(
        n=n,
        c=c,
        h=h,
        w=w,
        f=len(operands["weight"]),
        kernel_size=(3, 3),
        stride=1,
        padding=1,
        dilation=1,
        groups=1,
        bias=True,
        dtype="float32",
        layout=("C",),
        seed=0,
    )
    accuracy = registry.variant(call.operation, call.backend).accuracy
    outputs = OPERATIONS[call.operation].outputs(case)
    return {
        output.name: _bounded(output, operands, result, accuracy)
        for output, result in zip(outputs, call.results, strict=True)
    }


def _bounded(output: Output, operands: dict[str, np.ndarray], result: np.ndarray, accuracy: str) -> float:
    """Return the largest error of a result as a multiple of its bound; infinite for a wrong shape or dtype."""
    if checks.form(output, result, np.dtype(np.float32)) is not None:
        return np.inf
    size = checks.magnitude(output, operands)
    high, low, own_error = checks.truth(output, operands, "float32", size)
    bound = checks.allowance(output, operands, high, size, "float32", accuracy) + own_error
    return checks.bounded(output, result, (high, low), bound, accuracy)[0]


def _linear(call: Call) -> dict[str, float]:
    """Judge the fully connected layer: one rounding per term of its sums, and one for the bias."""
    arguments = [array.astype(np.float64) for array in call.arguments]
    sizes = [np.abs(array) for array in arguments]
    names: tuple[str, ...]
    roundings: tuple[int, ...]
    exact: tuple[np.ndarray, ...]
    size: tuple[np.ndarray, ...]
    if call.operation == "linear":
        names, roundings = ("result",), (arguments[0].shape[1] + 1,)
        exact, size = (reference.linear(*arguments),), (reference.linear(*sizes),)
    else:
        batch, outputs = arguments[0].shape
        names, roundings = ("grad_x", "grad_weight", "grad_bias"), (outputs, batch, batch)
        exact, size = reference.linear_backward(*arguments), reference.linear_backward(*sizes)
    ratios = {}
    for name, n, right, magnitude, got in zip(names, roundings, exact, size, call.results, strict=True):
        bound = bounds.componentwise(magnitude, right, n, "float32") + bounds.float64_error(magnitude, n)
        ratios[name] = _ratio(got, right, bound)
    return ratios


def _cross_entropy(call: Call) -> dict[str, float]:
    """Judge the loss, or its gradient, by what rounding and an exp and log within 4 units in the last place allow.

    With ``s = f - max f`` and C classes, the sum of the exponentials has a relative error of at most
    ``gamma_{C+16} * (max |s| + 1)``: that of s enters through the exponential's argument, 4 units in the last place are
    8 u, the additions are C - 1. The logarithm turns it into an absolute one. The mean adds N + 1 roundings.
    """
    logits, targets = call.arguments[0].astype(np.float64), call.arguments[1]
    batch, classes = logits.shape
    s = logits - logits.max(axis=1, keepdims=True)
    spread = np.abs(s).max(axis=1) + 1
    if call.operation == "cross_entropy":
        right = np.asarray(reference.cross_entropy(logits, targets))
        of_target = np.abs(s[np.arange(batch), targets])
        log_sum = np.log(np.exp(s).sum(axis=1))
        size = np.mean(spread + 2 * of_target + 2 * log_sum)
        return {"loss": _ratio(call.results[0], right, _both(classes + batch + 17) * size)}
    right = reference.cross_entropy_backward(logits, targets)
    p = reference.softmax(logits)
    size = (spread[:, None] * p + np.abs(right) * batch) / batch
    return {"grad": _ratio(call.results[0], right, _both(2 * (classes + 16) + 4) * size)}


def _copies(call: Call) -> dict[str, float]:
    """Judge what only copies values: it equals the oracle's result, or it is wrong."""
    oracle: dict[str, Any] = {
        "relu": lambda x: (reference.relu(x),),
        "relu_backward": lambda grad, x: (reference.relu_backward(grad, x),),
        "max_pool2d": lambda x, size: reference.max_pool2d(
            x, size, return_indices=True, loops=compiled(reference.max_pool2d_loops)
        ),
        "max_pool2d_backward": lambda *arguments: (
            reference.max_pool2d_backward(*arguments, loops=compiled(reference.max_pool2d_backward_loops)),
        ),
    }
    expected = oracle[call.operation](*call.arguments)
    names = ("result", "indices")[: len(expected)]
    return {
        name: 0.0 if np.array_equal(got, right) else np.inf
        for name, got, right in zip(names, call.results, expected, strict=True)
    }


def _both(roundings: int) -> float:
    """Return the relative error float32 may have, plus that of the float64 it is compared with."""
    # One part in a thousand more pays for the roundings of the bound itself.
    return (bounds.gamma(roundings, UNIT) + bounds.gamma(roundings, UNIT64)) * 1.001


def _ratio(got: Any, right: np.ndarray, bound: np.ndarray) -> float:
    """Return the largest error as a multiple of its bound; infinite where the result is not a number."""
    if np.shape(got) != right.shape or np.asarray(got).dtype != np.float32:
        return np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.abs(np.asarray(got, np.float64) - right) / bound
    # 0 / 0 is a value without any error where none is allowed.
    return float(np.max(np.where(np.isnan(ratios), np.where(got == right, 0.0, np.inf), ratios)))
