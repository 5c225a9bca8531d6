"""The course notebook's check: one fixed example in float64, and the largest relative error.

Stanford's CS231n, assignment 2, ConvolutionalNetworks.ipynb and FullyConnectedNets.ipynb: the forward pass on
``linspace`` data is compared with printed numbers ("difference should be around e-8"), the backward pass on random
data with a numeric gradient of the forward pass, centred, h = 1e-5 ("errors should be around e-8 or less").
``rel_error`` is the maximum of ``|x - y| / max(1e-8, |x| + |y|)``. The notes
(https://cs231n.github.io/neural-networks-3/) give the two thresholds: "1e-7 and less you should be happy"; "1e-4 >
relative error is usually okay for objectives with kinks".
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.score.side_by_side.problem import (
    Call,
    Function,
    Problem,
    as_tuple,
    forward_of,
    gradient_arguments,
)
from convoracle.harness.score.side_by_side.rule import Agree, Rule, by_values

H = 1e-5
SEED = 231

FORWARD: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "conv2d": (
        ((-0.1, 0.5, (2, 3, 4, 4)), (-0.2, 0.3, (3, 3, 4, 4)), (-0.1, 0.2, (3,))),
        {"stride": 2, "padding": 1},
    ),
    "max_pool2d": (((-0.3, 0.4, (2, 3, 4, 4)), 2), {"stride": 2}),
    "linear": (((-0.1, 0.5, (2, 120)), (-0.2, 0.3, (3, 120)), (-0.3, 0.1, (3,))), {}),
    "relu": (((-0.5, 0.5, (3, 4)),), {}),
}
"""First and last value of evenly spaced operands, their shapes, and the options."""

BACKWARD: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "conv2d": (((4, 3, 5, 5), (2, 3, 3, 3), (2,)), {"padding": 1}),
    "max_pool2d": (((3, 2, 8, 8), 2), {"stride": 2, "return_indices": True}),
    "linear": (((10, 6), (5, 6), (5,)), {}),
    "relu": (((10, 10),), {}),
}
"""Shapes of normally distributed operands, and the options."""

PARTS = {"_input_grad": slice(0, 1), "_weight_grad": slice(1, 2), "_bias_grad": slice(2, 3), "_backward": slice(None)}
"""Which of the derivatives for the operands a gradient returns."""


@functools.cache
def calls(operation: str, dtype: str, scale: float) -> Sequence[Call]:
    """Return the notebook's one call of an operation: a notebook knows no other dtype than float64, and no scale."""
    forward = forward_of(operation)
    if dtype != "float64" or forward not in FORWARD:
        return []
    if operation == forward:
        shapes, options = FORWARD[forward]
        problem = Problem(forward, tuple(_spaced(one) for one in shapes), options)
        expected = as_tuple(right(forward)(*problem.operands, **problem.keywords))
        return [Call(problem.operands, problem.keywords, expected, problem.case)]
    shapes, options = BACKWARD[forward]
    rng = np.random.RandomState(SEED)
    problem = Problem(forward, tuple(rng.randn(*one) if isinstance(one, tuple) else one for one in shapes), options)
    function = right(forward)
    result, *indices = as_tuple(function(*problem.operands, **problem.keywords))
    grad_output = rng.randn(*result.shape)
    positional, keywords = gradient_arguments(problem, operation, grad_output, indices)
    derivatives = tuple(
        numeric_gradient(function, problem, place, grad_output)
        for place, operand in enumerate(problem.operands)
        if isinstance(operand, np.ndarray)
    )
    return [Call(positional, keywords, derivatives[PARTS[operation.removeprefix(forward)]], problem.case)]


def numeric_gradient(function: Function, problem: Problem, place: int, grad_output: np.ndarray) -> np.ndarray:
    """Return the derivative for one operand by centred differences."""
    operands = list(problem.operands)
    gradient = np.zeros_like(operands[place])
    for index in np.ndindex(gradient.shape):
        sides = []
        for step in (H, -H):
            operands[place] = problem.operands[place].copy()
            operands[place][index] += step
            sides.append(as_tuple(function(*operands, **problem.keywords))[0])
        gradient[index] = np.sum((sides[0] - sides[1]) * grad_output) / (2 * H)
    return gradient


def _spaced(operand: Any) -> Any:
    """Return evenly spaced values, or a kernel as it is."""
    if isinstance(operand, int):
        return operand
    first, last, shape = operand
    return np.linspace(first, last, num=int(np.prod(shape))).reshape(shape)


def below(threshold: float) -> Agree:
    """Return the comparison: the largest relative error is not above the threshold."""

    def agree(got: np.ndarray, expected: np.ndarray, operation: str) -> None:
        error = np.max(np.abs(got - expected) / np.maximum(1e-8, np.abs(got) + np.abs(expected)))
        assert error <= threshold

    return agree


RULES = tuple(
    Rule(
        f"CS231n relative error, {threshold:g}",
        "the notebook's one example, float64",
        f"max rel_error <= {threshold:g}",
        by_values(calls, below(threshold)),
    )
    for threshold in (1e-7, 1e-4)
)
