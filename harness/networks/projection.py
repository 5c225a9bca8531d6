"""A convolution of many channels as one of a single channel: exact, and as much cheaper as there are channels.

A convolution is linear in its weights. So the sum over the filters, each times an integer, of its *outputs* is the
output of one filter, which is that sum of the *filters*. The oracle's loops compute that one filter; the candidate
computes all of them, and its result is summed here. Both sides are integers: they are equal or the candidate is wrong.

The integers are drawn from `FACTORS` values, none of them zero. A single wrong value therefore always shows. Several
wrong values at one place cancel for at most one value of each factor, whatever the others are: their chance to go
unseen is at most ``1 / FACTORS``, for the whole layer. Channels of different groups share no weight, so each group has
a sum of its own.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.operations.base import Arrays
from convoracle.harness.operations.conv2d_case import Conv2dCase

FACTOR_BITS = 19
FACTORS = 2 ** (FACTOR_BITS + 1)
"""How many values a factor is drawn from: those of absolute value 1 to ``2**19``."""

VALUE_BITS = 32
"""Results are held to ``2**32``: a sum of 2,048 of them, times factors, is then below ``2**62`` and exact in int64."""

MOST_CHANNELS = 2 ** (62 - VALUE_BITS - FACTOR_BITS)


@dataclass(frozen=True)
class Projection:
    """How one output is summed over its channels.

    Parameters
    ----------
    channels : int
        How many factors there are, one for each channel.
    groups : int
        How many sums.
    axis : int
        Where the channels are in the output; the sums are along the same axis.
    compute : callable
        The oracle's sums, from the operands and the factors, in int64.
    """

    channels: int
    groups: int
    axis: int
    compute: Callable[[Arrays, np.ndarray], np.ndarray]

    def factors(self, choices: Choices) -> np.ndarray:
        """Return a factor for each channel, none of them zero."""
        drawn = choices.integers((self.channels,), -FACTORS // 2, FACTORS // 2 - 1)
        return drawn + (drawn >= 0)

    def sums(self, values: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """Return the sums of a candidate's values, which are integers."""
        return sum_channels(values, factors, self.axis, self.groups)


def sum_channels(values: np.ndarray, factors: np.ndarray, axis: int, groups: int) -> np.ndarray:
    """Return `values` times `factors`, summed along `axis` within each of `groups`: that axis is then `groups` long."""
    if len(factors) // groups > MOST_CHANNELS:
        raise ValueError(f"{len(factors) // groups} channels: more than {MOST_CHANNELS} could overflow")
    front = np.moveaxis(values, axis, 0)
    rows = np.ascontiguousarray(front, np.int64).reshape(groups, len(factors) // groups, -1)
    summed = np.einsum("gc,gcx->gx", factors.reshape(groups, -1), rows)
    return np.moveaxis(summed.reshape(groups, *front.shape[1:]), 0, axis)


def projection_of(case: Conv2dCase, output: str) -> Projection | None:
    """Return how an output of a convolution or its gradients is summed; None for the gradient of the bias, which is
    little enough to be compared value by value."""
    return {"result": _of_result, "grad_x": _of_grad_x, "grad_weight": _of_grad_weight}.get(output, _none)(case)


def _none(case: Conv2dCase) -> None:
    """Return nothing: the output is not projected."""


def _of_result(case: Conv2dCase) -> Projection:
    """Return the sum over the filters of a group: of the outputs, and of the weights and biases."""
    single = dataclasses.replace(case, f=case.groups)

    def compute(operands: Arrays, factors: np.ndarray) -> np.ndarray:
        summed = {"x": operands["x"], "weight": sum_channels(operands["weight"], factors, 0, case.groups)}
        if case.bias:
            summed["bias"] = sum_channels(operands["bias"], factors, 0, case.groups)
        return _only_output("conv2d", single, summed)

    return Projection(case.f, case.groups, 1, compute)


def _of_grad_x(case: Conv2dCase) -> Projection:
    """Return the sum over the input channels of a group: of the gradients, and of the weights that send to them."""
    single = dataclasses.replace(case, c=case.groups)

    def compute(operands: Arrays, factors: np.ndarray) -> np.ndarray:
        filters, channels = case.weight_shape()[:2]
        weight = operands["weight"].reshape(case.groups, filters // case.groups, channels, *case.kernel_size)
        by_group = factors.reshape(case.groups, channels)
        summed = np.einsum("gc,gfcij->gfij", by_group, weight).reshape(filters, 1, *case.kernel_size)
        return _only_output("conv2d_input_grad", single, {"grad_output": operands["grad_output"], "weight": summed})

    return Projection(case.c, case.groups, 1, compute)


def _of_grad_weight(case: Conv2dCase) -> Projection:
    """Return the sum over the filters of a group: of the weights' gradients, and of the output gradients."""
    single = dataclasses.replace(case, f=case.groups)

    def compute(operands: Arrays, factors: np.ndarray) -> np.ndarray:
        summed = sum_channels(operands["grad_output"], factors, 1, case.groups)
        return _only_output("conv2d_weight_grad", single, {"grad_output": summed, "x": operands["x"]})

    return Projection(case.f, case.groups, 0, compute)


def _only_output(operation: str, case: Any, operands: Arrays) -> np.ndarray:
    """Return what the oracle makes of the operands."""
    return OPERATIONS[operation].outputs(case)[0].compute(operands)
