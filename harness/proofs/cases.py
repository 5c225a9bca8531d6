"""Cases small enough for arithmetic on fractions, drawn at random, and the reference called on them."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations import Operation
from convoracle.harness.operations.geometry import CYCLE, is_wide

SEED = 2024
"""The proofs' cases are drawn with this seed and those after it, which no campaign uses by default."""

LARGEST = 4000
"""The most multiplications of a small case."""

ATTEMPTS = 100


def small_case(operation: Operation, dtypes: tuple[str, ...], number: int, limits: Limits | None = None) -> Any:
    """Return a case with one image and at most two maps per group, or the other way round; the geometry is as drawn.

    The wide ones of every cycle, with long rows and large kernels, are passed over, and so is what is too large for
    fractions all the same: another case of the same place in the cycle is drawn instead.
    """
    wide = sum(is_wide(index) for index in range(CYCLE))
    cycle, place = divmod(number, CYCLE - wide)
    images, maps = ((2, 1), (1, 2))[cycle % 2]
    index = cycle * CYCLE + wide + place
    for attempt in range(ATTEMPTS):
        try:
            case = operation.draw(Choices(SEED + attempt, operation.name, index, 0), limits or {}, dtypes, index)
            operation.operand_shapes(case)
        except ValueError:  # a combination that does not fit
            continue
        fields = {field.name for field in dataclasses.fields(case)}
        groups = getattr(case, "groups", 1)
        most = {"n": images, "c": groups * maps, "f": groups * maps}
        smaller = {name: min(getattr(case, name), most[name]) for name in most if name in fields}
        case = dataclasses.replace(case, **smaller)
        if sum(math.prod(output.shape) * output.products for output in operation.outputs(case)) <= LARGEST:
            return case
    raise ValueError(f"{operation.name}: no small case in {ATTEMPTS} attempts")


def run_reference(
    operation: Operation, case: Any, arrays: Mapping[str, np.ndarray], loops: Callable[..., None]
) -> tuple[np.ndarray, ...]:
    """Return the results of one block of the reference behind its door, whatever the numbers in the arrays."""
    positional, keywords = operation.arguments(case, arrays)
    returned = getattr(reference, operation.name)(*positional, **keywords, loops=loops)
    return tuple(np.asarray(one) for one in (returned if isinstance(returned, tuple) else (returned,)))


def fractions(values: np.ndarray) -> np.ndarray:
    """Return floats as the rational numbers they are; indices come back as they are."""
    if values.dtype.kind != "f":
        return values
    return objects([Fraction(value) for value in values.ravel().tolist()], values.shape)


def objects(numbers: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of Python objects, in row-major order."""
    array = np.empty(len(numbers), dtype=object)
    array[:] = numbers
    return array.reshape(shape)
