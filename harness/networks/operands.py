"""Integers for a real layer: so small that a right result is exact, or rounds to the exact one, and why."""

import math
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.operands import integers
from convoracle.harness.checks.truth import transform_bound
from convoracle.harness.networks.projection import VALUE_BITS
from convoracle.harness.operations.base import Arrays, Operation, Output

_FEW = 16
"""How many elements of the second operand meet in one output at most where a transform's bound has to be small."""


def exact_operands(operation: Operation, case: Any) -> Arrays | None:
    """Return int64 operands of the largest amplitude of which every partial sum is exactly representable.

    Every sum, in whatever order, is at most ``products * amplitude**2`` (and the bias), which is held to the largest
    integer up to which the dtype has all, and to what a projection can hold. None if not even 1 is small enough.
    """
    capacity = 2 ** min(bounds.EXACT_BITS[case.dtype], VALUE_BITS)
    amplitude = int(np.iinfo(case.dtype).max) if case.dtype.startswith("int") else capacity
    for output in operation.outputs(case):
        room = capacity // (output.products + len(output.terms) - 1)
        amplitude = min(amplitude, math.isqrt(room) if len(output.terms[0]) == 2 else room)
    if amplitude == 0:
        return None
    return {name: array.astype(np.int64) for name, array in integers(operation, case, amplitude).items()}


def roundable_operands(operation: Operation, case: Any, accuracy: str) -> Arrays | None:
    """Return sparse operands of -1, 0 and 1, on which the proven error is below one half; None if none were found.

    A transform's error grows with the norms of its operands, so elements are struck out until the bound is small
    enough: of the operand that is transformed as the data, unless the other one alone is too much for Winograd.
    """
    outputs = operation.outputs(case)
    choices = Choices(case.seed, operation.name, "sparse")
    operands: dict[str, np.ndarray] = {}
    for name, shape in operation.operand_shapes(case).items():
        operands[name] = choices.integers(shape, 0, 1) * 2 - 1
    for output in outputs:
        if output.norms is not None:
            second = output.terms[0][1]
            meeting = math.prod(operands[second].shape[axis] for axis in output.norms[1])
            _thin(operands, second, -(-meeting // _FEW), choices)
    for _ in range(64):
        worst = max(outputs, key=lambda output: largest_error(output, operands, case.dtype, accuracy))
        if largest_error(worst, operands, case.dtype, accuracy) < 0.5:
            return operands
        if worst.norms is None:
            return None
        first, second = worst.terms[0]
        fewest = {name: int(np.count_nonzero(operands[name])) for name in (first, second)}
        name = second if _winograd_alone(worst, operands, case.dtype) or fewest[first] < _FEW else first
        if fewest[name] < 2:
            return None
        _thin(operands, name, 2, choices)
    return None


def largest_error(output: Output, operands: Arrays, dtype: str, accuracy: str) -> float:
    """Return how far a right value of an output can be from the exact one.

    The elements are -1, 0 and 1. So the magnitudes of its terms add up to at most the number of elements of the second
    operand that meet in one value, and 1 for a bias.
    """
    if output.norms is None:
        magnitude = float(output.products)
    else:
        meeting = np.sum(np.abs(operands[output.terms[0][1]]), axis=output.norms[1])
        magnitude = float(np.max(meeting)) + len(output.terms) - 1
    bound = float(bounds.componentwise(np.array(magnitude), np.array(magnitude), output.roundings, dtype))
    if accuracy == "componentwise":
        return bound
    floats = {name: array.astype(np.float64) for name, array in operands.items()}
    return bound + transform_bound(output, floats, dtype)


def _winograd_alone(output: Output, operands: Arrays, dtype: str) -> bool:
    """Return whether Winograd's bound, which the number of data elements does not change, is most of one half."""
    if not output.winograd_terms or output.norms is None:
        return False
    norm = float(np.max(np.sum(np.abs(operands[output.terms[0][1]]), axis=output.norms[1])))
    return bounds.winograd(output.winograd_terms, norm, dtype) > 0.45


def _thin(operands: dict[str, np.ndarray], name: str, one_in: int, choices: Choices) -> None:
    """Keep about one in so many elements of an operand."""
    operands[name] = operands[name] * (choices.integers(operands[name].shape, 0, one_in - 1) == 0)
