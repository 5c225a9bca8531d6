"""KernelBench's check: one fixed problem, five random trials, ``torch.allclose`` with 1e-4.

https://github.com/ScalingIntelligence/KernelBench: ``get_tolerance_for_precision`` in src/kernelbench/eval.py gives
1e-4 for float32, as both rtol and atol, and a shape that differs is an error. A problem of its level 1 is one
operation of one size, float32, x uniform in [0, 1), the parameters as PyTorch initialises them, no bias in a
convolution; there are no gradients. The extents here are cut down from hundreds to tens, for loops on a processor:
the parameters are KernelBench's kind (square input and kernel, and one dilated and padded convolution with a kernel
of 5 by 9).
"""

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from convoracle.harness.score.side_by_side.problem import Call, Problem, ask
from convoracle.harness.score.side_by_side.rule import Rule, by_values, oracle

TRIALS = 5
TOLERANCE = 1e-4

PROBLEMS: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]] = {
    "conv1d": ((((4, 3, 32), (8, 3, 3)), {}),),
    "conv2d": (
        (((4, 3, 16, 16), (8, 3, 3, 3)), {}),
        (((2, 4, 20, 20), (4, 4, 5, 9)), {"padding": (2, 4), "dilation": (2, 3)}),
    ),
    "conv3d": ((((2, 3, 8, 8, 8), (4, 3, 3, 3, 3)), {}),),
    "conv_transpose2d": ((((4, 4, 8, 8), (4, 4, 3, 3)), {}),),
    "max_pool2d": ((((4, 4, 16, 16), 4), {"stride": 1, "padding": 1}),),
    "avg_pool2d": ((((4, 4, 33, 33), 11), {}),),
    "linear": ((((16, 64), (32, 64)), {}),),
    "relu": ((((16, 256),), {}),),
    "sigmoid": ((((16, 256),), {}),),
    "softmax": ((((16, 256),), {}),),
    "log_softmax": ((((16, 256),), {}),),
}
"""Shapes of x and, where there is one, of the weight, or a pool's kernel."""


@functools.cache
def calls(operation: str, dtype: str, scale: float) -> Sequence[Call]:
    """Return the trials of an operation's problems."""
    return [
        ask(_filled(operation, shapes, options, scale, trial), operation, oracle)
        for shapes, options in (PROBLEMS.get(operation, ()) if dtype == "float32" else ())
        for trial in range(TRIALS)
    ]


def _filled(forward: str, shapes: tuple[Any, ...], options: dict[str, Any], scale: float, trial: int) -> Problem:
    rng = np.random.default_rng(trial)
    operands: list[Any] = [(scale * rng.random(shapes[0])).astype(np.float32)]
    for shape in shapes[1:]:
        if isinstance(shape, int):
            operands.append(shape)
            continue
        reach = scale / math.sqrt(math.prod(shape[1:]))
        operands += [rng.uniform(-reach, reach, shape).astype(np.float32), None]
    return Problem(forward, tuple(operands), options)


def agree(got: np.ndarray, expected: np.ndarray, operation: str) -> None:
    """Compare the shapes, and then as ``torch.allclose`` does: the formula is that of ``numpy.allclose``."""
    assert got.shape == expected.shape
    assert np.allclose(got, expected, rtol=TOLERANCE, atol=TOLERANCE)


RULES = (
    Rule(
        "KernelBench-like",
        "one fixed problem, five seeds",
        f"rtol=atol={TOLERANCE:g}",
        by_values(calls, agree),
        is_rescalable=True,
    ),
)
