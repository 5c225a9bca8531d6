"""The few random shapes somebody types: small, square, even, and the same stride and padding along both axes."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.score.side_by_side.problem import Call, Problem, ask, forward_of
from convoracle.harness.score.side_by_side.rule import Agree, Rule, by_values, oracle

FLOATS = ("float32", "float64")

Shapes = tuple[Any, ...]
"""The shapes of the operands, None for an operand that is not there, an int for a kernel or factor."""

TYPED: dict[str, tuple[tuple[Shapes, dict[str, Any]], ...]] = {
    "conv2d": (
        (((2, 3, 8, 8), (4, 3, 3, 3), (4,)), {}),
        (((2, 3, 16, 16), (8, 3, 3, 3), (8,)), {"padding": 1}),
        (((4, 8, 16, 16), (8, 8, 3, 3), None), {"stride": 2, "padding": 1}),
        (((1, 1, 28, 28), (6, 1, 5, 5), (6,)), {}),
    ),
    "conv1d": (
        (((2, 3, 16), (4, 3, 3), (4,)), {"padding": 1}),
        (((4, 8, 32), (8, 8, 5), (8,)), {"stride": 2}),
    ),
    "conv3d": (
        (((1, 2, 8, 8, 8), (4, 2, 3, 3, 3), (4,)), {"padding": 1}),
        (((2, 3, 8, 8, 8), (4, 3, 3, 3, 3), (4,)), {"stride": 2}),
    ),
    "conv_transpose2d": (
        (((2, 3, 8, 8), (3, 4, 3, 3), (4,)), {}),
        (((2, 8, 8, 8), (8, 4, 4, 4), (4,)), {"stride": 2, "padding": 1}),
    ),
    "locally_connected2d": ((((2, 3, 8, 8), (6, 6, 4, 3, 3, 3), (4, 6, 6)), {}),),
    "max_pool2d": (
        (((2, 3, 8, 8), 2), {"return_indices": True}),
        (((4, 8, 16, 16), 3), {"stride": 2, "padding": 1}),
    ),
    "avg_pool2d": ((((2, 3, 8, 8), 2), {}), (((4, 8, 16, 16), 3), {"stride": 2, "padding": 1})),
    "downsample2d": ((((2, 3, 8, 8), 2), {}),),
    "upsample2d": ((((2, 3, 4, 4), 2, [8, 8]), {}),),
    "linear": ((((8, 16), (10, 16), (10,)), {}), (((32, 64), (10, 64), (10,)), {})),
    "relu": ((((8, 16),), {}), (((2, 3, 8, 8),), {})),
    "sigmoid": ((((8, 16),), {}), (((2, 3, 8, 8),), {})),
    "softmax": ((((8, 10),), {}), (((32, 100),), {})),
    "log_softmax": ((((8, 10),), {}), (((32, 100),), {})),
    "mean_subtract": ((((8, 10),), {}),),
    "cross_entropy": ((((8, 10), "classes"), {}), (((32, 100), "classes"), {})),
    "euclidean_loss": ((((8, 10), (8, 10)), {}),),
}
"""Shapes of the operands and the options that are not default."""


def filled(forward: str, shapes: Shapes, options: dict[str, Any], dtype: str, scale: float, seed: int) -> Problem:
    """Return a problem with normally distributed operands of these shapes, times a factor."""
    rng = np.random.default_rng(seed)
    operands: list[Any] = []
    for shape in shapes:
        if isinstance(shape, tuple):
            operands.append((scale * rng.standard_normal(shape)).astype(dtype))
        elif shape == "classes":
            operands.append(rng.integers(0, shapes[0][1], shapes[0][0]))
        else:
            operands.append(tuple(shape) if isinstance(shape, list) else shape)
    return Problem(forward, tuple(operands), options)


@functools.cache
def calls(operation: str, dtype: str, scale: float) -> Sequence[Call]:
    """Return the calls: float32 and float64, the expected result being the oracle's, of float64, rounded."""
    forward = forward_of(operation)
    return [
        ask(filled(forward, shapes, options, dtype, scale, seed), operation, oracle)
        for seed, (shapes, options) in enumerate(TYPED.get(forward, ()) if dtype in FLOATS else ())
    ]


def allclose(rtol: float, atol: float) -> Agree:
    """Return the comparison of ``numpy.testing.assert_allclose``, which looks at shapes and not at dtypes."""

    def agree(got: np.ndarray, expected: np.ndarray, operation: str) -> None:
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, verbose=False)

    return agree


def _rule(rtol: float, atol: float, name: str) -> Rule:
    inputs = "a few random shapes, square and even"
    tolerance = f"rtol={rtol:g}, atol={atol:g}"
    return Rule(name, inputs, tolerance, by_values(calls, allclose(rtol, atol)), is_rescalable=True)


RULES = (
    _rule(1e-7, 0.0, "assert_allclose, its defaults"),
    _rule(1e-5, 1e-8, "assert_allclose, allclose's defaults"),
    _rule(1e-4, 1e-5, "assert_allclose, customary"),
)
"""With NumPy's own defaults, with ``numpy.allclose``'s, and with what test files say when those are too tight."""
