"""Gradient: what a backward operation returns is the adjoint of the forward one.

``<grad_x, u> = <grad_output, F(u)>`` for every direction ``u``, where ``F`` is the forward operation as a function of
x alone, without its constant part. One random direction is one number, and on integers it is an exact one. `F` is the
oracle's *forward* loop, so this needs no backward loop to be right.
"""

from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks.problem import Problem

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination


def check(examination: "Examination") -> None:
    """Compare the first call's gradients with the forward operation along one direction each."""
    if not examination.wants("gradient") or examination.first is None:
        return
    for output, got in zip(examination.outputs, examination.first, strict=True):
        pair = examination.question.adjoint(output.name)
        if pair is None:
            continue
        direction, expected = pair
        total = inner(got, direction)
        if total != expected:
            examination.note(
                Problem(
                    "values",
                    "gradient",
                    f"{output.name} is not the adjoint of the forward operation: along one direction it gives "
                    f"{total}, the forward operation {expected}",
                )
            )
        examination.outcome.checked["gradient"] += 1


def direction_for(shape: tuple[int, ...], seed: int, name: str) -> np.ndarray:
    """Return small integers, none of them zero, so that every element counts."""
    values = Choices(seed, "direction", name).integers(shape, -3, 2)
    return values + (values >= 0)


def inner(a: np.ndarray, b: np.ndarray) -> int:
    """Return the inner product of two arrays of integers, modulo 2**64: exact whatever their size."""
    return int(np.sum(whole(a) * whole(b)))


def whole(values: np.ndarray) -> np.ndarray:
    """Return integers, in whatever type they are, as int64; what is no integer as the nearest one."""
    with np.errstate(invalid="ignore"):
        return values if values.dtype == np.int64 else np.rint(values.astype(np.float64)).astype(np.int64)
