"""The operands of a case: integers so small that nothing can be rounded, with the proof; and floats of every kind."""

import math
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import floats
from convoracle.harness.operations.base import Operation, Output, outputs_of
from convoracle.harness.operations.geometry import SIMPLE_SEEDS

LARGEST_SCORE = 4
"""The largest integer passed to what goes through an exponential: small enough for every class to have its share."""


def shapes_of_values(operation: Operation, case: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the operands that hold values, not indices."""
    return {name: shape for name, shape in operation.operand_shapes(case).items() if name != "indices"}


def integers(
    operation: Operation, case: Any, amplitude: int | None = None, sparse: int = 0, stream: str = "integers"
) -> dict[str, np.ndarray]:
    """Return integer operands of the largest amplitude whose every partial sum is exactly representable.

    They are float64 arrays for a floating-point case and int64 arrays for an integer one, in which they reach down to
    the dtype's smallest value, and their sums beyond what float64 could hold.

    Parameters
    ----------
    operation, case
        What the operands are for.
    amplitude : int, optional
        Another amplitude; the largest provable one by default.
    sparse : int
        Keep only one in ``2**sparse`` elements of the last many-dimensional operand.
    stream : str
        Other streams of the same case hold other integers.
    """
    choices = Choices(case.seed, operation.name, stream)
    outputs = outputs_of(operation, case)
    largest = exact_amplitude(outputs, case.dtype) if amplitude is None else amplitude
    if case.seed < SIMPLE_SEEDS // 2:
        largest = min(largest, 3)
    is_integer = case.dtype.startswith("int")
    number = np.int64 if is_integer else np.float64
    lowest = -largest - (is_integer and largest == np.iinfo(case.dtype).max)
    if outputs[0].is_selection:
        shapes = shapes_of_values(operation, case)
        tied = {name: _tied(choices, shape, largest, lowest).astype(number) for name, shape in shapes.items()}
        return tied if is_integer else _with_negative_zeros(tied, case.seed)
    multiple = outputs[0].multiple
    arrays = {
        name: choices.integers(shape, lowest, largest).astype(number) * multiple
        for name, shape in shapes_of_values(operation, case).items()
    }
    if sparse:
        name = [name for name, array in arrays.items() if array.ndim > 1][-1]
        arrays[name] *= choices.integers(arrays[name].shape, 0, 2**sparse - 1) == 0
    if not is_integer:
        arrays = _with_negative_zeros(arrays, case.seed)
    return {**arrays, **operation.index_operands(case)}


def of_extremes(operation: Operation, case: Any) -> dict[str, np.ndarray]:
    """Return integer operands that are all as large or as small as may be: what saturates between two sums shows."""
    choices = Choices(case.seed, operation.name, "extremes")
    largest = exact_amplitude(outputs_of(operation, case), case.dtype)
    lowest = -largest - (largest == np.iinfo(case.dtype).max)
    arrays = {
        name: np.where(choices.integers(shape, 0, 1), largest, lowest).astype(np.int64)
        for name, shape in shapes_of_values(operation, case).items()
    }
    return {**arrays, **operation.index_operands(case)}


def lopsided(operation: Operation, case: Any, small: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return operands of at most three with one multiplied as far as sums of products may stay representable.

    Integers of one size are short where sums are long, and whoever rounds them to half precision before multiplying
    loses nothing then. Sums of single operands are as they were.
    """
    outputs = outputs_of(operation, case)
    room = exact_amplitude(outputs, case.dtype) ** 2 // 9
    if case.seed < SIMPLE_SEEDS // 2 or room < 2 or max(len(term) for output in outputs for term in output.terms) < 2:
        return small
    choices = Choices(case.seed, operation.name, "lopsided")
    name = choices.pick([name for name, array in small.items() if name != "indices" and array.ndim > 1])
    return {**small, name: small[name] * choices.integers(small[name].shape, 1, room)}


def random_floats(operation: Operation, case: Any) -> tuple[str, dict[str, np.ndarray]]:
    """Return the kind of floats drawn, and the operands: float64 values exactly representable in the case's dtype."""
    choices = Choices(case.seed, operation.name, "floats")
    kind = choices.pick(operation.float_kinds)
    arrays = {
        name: floats(choices, kind, shape, case.dtype) for name, shape in shapes_of_values(operation, case).items()
    }
    return kind, {**arrays, **operation.index_operands(case)}


def exact_amplitude(outputs: tuple[Output, ...], dtype: str) -> int:
    """Return the largest amplitude ``a`` for which ``products * a**degree`` (and a bias) is exactly representable.

    Every partial sum, in whatever order, is bounded by that number, and all integers up to it are representable. What
    goes through an exponential is never exact, and gets at most `LARGEST_SCORE`.
    """
    capacity = 2 ** bounds.EXACT_BITS[dtype]
    amplitude = int(np.iinfo(dtype).max) if dtype.startswith("int") else capacity
    amplitude = min(amplitude, capacity)
    for output in outputs:
        if output.error is not None:
            amplitude = min(amplitude, LARGEST_SCORE)
        if not output.terms:
            continue
        room = capacity // (output.multiple * (output.products + len(output.terms) - 1))
        degree = max(len(term) for term in output.terms)
        amplitude = min(amplitude, math.isqrt(room) if degree == 2 else room)
    return amplitude


def _with_negative_zeros(arrays: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Return the arrays with every other zero negative: the two are equal, whatever their bits say."""
    for array in arrays.values():
        every_other = array.reshape(-1)[seed % 2 :: 2]
        every_other[every_other == 0] = -0.0
    return arrays


def _tied(choices: Choices, shape: tuple[int, ...], largest: int, lowest: int) -> np.ndarray:
    """Return integers for a selection: mostly few distinct values, so that ties abound; often none above zero."""
    amplitude = min(choices.pick([1, 2, 5, 100, largest]), largest)
    low, high = choices.pick([(-amplitude, amplitude), (-amplitude, amplitude), (-amplitude, -1)])
    if lowest < -largest and choices.happens(4):
        low, high = lowest, lowest + 1  # a type's own smallest value, alone in many a window
    return choices.integers(shape, low, high)
