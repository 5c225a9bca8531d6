"""One layer, one candidate: one call on integers, compared through a projection, or in full where that is cheap."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks import Problem, compare
from convoracle.harness.checks.given import Given
from convoracle.harness.checks.question import Question
from convoracle.harness.networks.operands import exact_operands, roundable_operands
from convoracle.harness.networks.projection import Projection, projection_of
from convoracle.harness.operations.base import Arrays, Operation, Output
from convoracle.harness.operations.conv2d_case import Conv2dCase

CHECK = "projection"


@dataclass
class LayerOutcome:
    """What one layer showed: how long the call took, and the problem, if there is one.

    ``is_proved`` is False where no integers were found for which a right result is known exactly: nothing is compared.
    """

    seconds: float = 0.0
    problem: Problem | None = None
    is_proved: bool = True


Compare = Callable[[Output, np.ndarray], Problem | None]


def examine_layer(operation: Operation, candidate: Callable[..., Any], case: Any, accuracy: str) -> LayerOutcome:
    """Call a candidate once for a layer, and compare everything that comes back with the oracle."""
    prepare = _of_convolution if isinstance(case, Conv2dCase) else _of_pool
    operands, comparison = prepare(operation, case, accuracy)
    if operands is None:
        return LayerOutcome(is_proved=False)
    passed = {
        name: np.array(array if name == "indices" else array.astype(case.dtype), order="C")
        for name, array in operands.items()
    }
    given = Given(passed)
    positional, keywords = operation.arguments(case, passed)
    outcome = LayerOutcome()
    started = time.perf_counter()
    try:
        returned = candidate(*positional, **keywords)
    except Exception as error:
        message = " ".join(str(error).split())[:300]
        outcome.problem = Problem("raised", "raised", f"the call raised {type(error).__name__}: {message}")
        return outcome
    finally:
        outcome.seconds = time.perf_counter() - started
    outcome.problem = _problem(operation.outputs(case), returned, case, comparison, given)
    return outcome


def _problem(
    outputs: tuple[Output, ...],
    returned: Any,
    case: Any,
    comparison: Compare,
    given: Given,
) -> Problem | None:
    """Return the first problem of a result: its form, the inputs after it, its values."""
    results = returned if len(outputs) > 1 else (returned,)
    if not isinstance(results, (tuple, list)) or len(results) != len(outputs):
        names = ", ".join(output.name for output in outputs)
        return Problem("shape", "shape", f"the call must return ({names}), got a {type(returned).__name__}")
    result_dtype = np.dtype("int64" if case.dtype.startswith("int") else case.dtype)
    for output, got in zip(outputs, results, strict=True):
        problem = compare.form(output, got, np.dtype(np.int64) if output.is_index else result_dtype)
        if problem is not None:
            return problem
    problem = given.changed()
    others = {f"its input {name}": array for name, array in given.arrays.items()}
    for output, got in zip(outputs, results, strict=True):
        problem = problem or compare.unaliased(got, others, output.name) or comparison(output, got)
        others[output.name] = got
    return problem


def _of_pool(operation: Operation, case: Any, accuracy: str) -> tuple[Arrays | None, Compare]:
    """Return the operands of a pool and the comparison with all that the compiled loops make of them."""
    answered = Question(operation, case, accuracy).integers
    expected = {one.output.name: one for one in answered.expected or ()}

    def comparison(output: Output, got: np.ndarray) -> Problem | None:
        return expected[output.name].check(got, "integers")

    return (None if answered.expected is None else answered.operands), comparison


def _of_convolution(operation: Operation, case: Conv2dCase, accuracy: str) -> tuple[Arrays | None, Compare]:
    """Return the operands of a convolution or a gradient, and the comparison with the oracle's sums of them."""
    exact = accuracy == "componentwise"
    operands = exact_operands(operation, case) if exact else None
    if operands is None and not case.dtype.startswith("int"):
        operands, exact = roundable_operands(operation, case, accuracy), False
    choices = Choices(case.seed, operation.name, "factors")

    def comparison(output: Output, got: np.ndarray) -> Problem | None:
        assert operands is not None
        projection = projection_of(case, output.name)
        if projection is None:
            return _compared(output, got, output.compute(operands), exact)
        return _projected(output, projection, operands, got, projection.factors(choices), exact)

    return operands, comparison


def _projected(
    output: Output, projection: Projection, operands: Arrays, got: np.ndarray, factors: np.ndarray, exact: bool
) -> Problem | None:
    """Compare a result with the oracle through its sums, and find the wrong value if they differ."""
    with np.errstate(invalid="ignore"):
        values = got.astype(np.float64)
        whole = np.rint(values)
        odd = ~(np.abs(values) <= 2.0**32) | ((whole != values) & exact)
    if odd.any():
        channel = compare.first(odd)[projection.axis]
        return _in_channel(output, projection, operands, got, channel, exact)
    sums = projection.sums(whole.astype(np.int64), factors)
    if np.array_equal(sums, projection.compute(operands, factors)):
        return None
    low, high = 0, projection.channels
    while high - low > 1:
        middle = (low + high) // 2
        some = np.where((np.arange(len(factors)) >= low) & (np.arange(len(factors)) < middle), factors, 0)
        is_here = not np.array_equal(projection.sums(whole.astype(np.int64), some), projection.compute(operands, some))
        low, high = (low, middle) if is_here else (middle, high)
    return _in_channel(output, projection, operands, got, low, exact)


def _in_channel(
    output: Output, projection: Projection, operands: Arrays, got: np.ndarray, channel: int, exact: bool
) -> Problem | None:
    """Compare one channel with the oracle, value by value."""
    alone = (np.arange(projection.channels) == channel).astype(np.int64)
    group = channel * projection.groups // projection.channels
    expected = projection.compute(operands, alone).take([group], projection.axis)
    plane = got.take([channel], projection.axis)
    part = dataclasses.replace(output, name=f"channel {channel} of {output.name}", shape=plane.shape)
    problem = _compared(part, plane, expected, exact)
    if problem is None or problem.index is None:
        return problem
    index = tuple(channel if axis == projection.axis else at for axis, at in enumerate(problem.index))
    return dataclasses.replace(problem, check=CHECK, index=index)


def _compared(output: Output, got: np.ndarray, expected: np.ndarray, exact: bool) -> Problem | None:
    """Compare values with integers that they must equal, or round to."""
    if exact:
        return compare.exact(output, got, expected, "integers")
    return compare.rounded(output, got, expected, np.array(1), "integers")
