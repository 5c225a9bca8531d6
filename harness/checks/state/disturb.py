"""Calls of which nothing is expected: what they leave behind must not show in those that come after.

Nothing but NaN, whose traces spread wherever something is multiplied by zero; nothing but the largest number, with
floating-point errors made exceptions, so that a call may end in the middle; and operands that do not fit together: a
candidate may refuse them, but has to be as good as before then. There is only ever too much of something, so that who
does not look does no harm.
"""

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import allowed
from convoracle.harness.checks.answers import Answered
from convoracle.harness.operations.base import Arrays

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination


def disturb(examination: "Examination", case: Any, answered: Answered, choices: Choices) -> None:
    """Make such a call."""
    kind = choices.below(4)
    if kind == 0:
        poison(examination, case, answered)
    elif kind == 1:
        overflow(examination, case, answered)
    else:
        misfit = too_much(case, answered.operands)
        if misfit is not None:
            examination.unheeded(*misfit)


def poison(examination: "Examination", case: Any, answered: Answered) -> None:
    """Call with nothing but NaN."""
    if not case.dtype.startswith("int") and allowed(examination.limits.get("non_finite"), True):
        examination.unheeded(case, _full(answered.operands, np.nan))


def overflow(examination: "Examination", case: Any, answered: Answered) -> None:
    """Call with nothing but the largest number, where what is no longer finite raises."""
    if not case.dtype.startswith("int") and allowed(examination.limits.get("non_finite"), True):
        examination.unheeded(case, _full(answered.operands, float(np.finfo(case.dtype).max)), errors="raise")


def too_much(case: Any, operands: Arrays) -> tuple[Any, Arrays] | None:
    """Return a call whose operands do not fit; None where there is none.

    A bias is too long; an image has a channel more than there are weights for; a pool's windows may hold nothing but
    padding; or the kernel whose gradient is asked for is larger than it can be.
    """
    is_forward = next(iter(operands), None) == "x" and "grad_output" not in operands
    if is_forward and operands.get("bias") is not None and operands["bias"].ndim == 1:
        return case, {**operands, "bias": np.append(operands["bias"], 1)}
    if is_forward and "weight" in operands and operands["x"].ndim > 2:
        return case, {**operands, "x": np.concatenate([operands["x"], operands["x"][:, :1]], axis=1)}
    if is_forward and hasattr(case, "ceil_mode"):
        # A kernel larger than the image would be too little of it: ONNX Runtime divides by zero then, and is killed.
        return dataclasses.replace(case, padding=case.kernel_size), operands
    if list(operands) == ["grad_output", "x"] and hasattr(case, "kernel_size"):
        larger = case.kernel_size + 2 if isinstance(case.kernel_size, int) else [taps + 2 for taps in case.kernel_size]
        return dataclasses.replace(case, kernel_size=larger if isinstance(larger, int) else tuple(larger)), operands
    return None


def _full(operands: Arrays, value: float) -> dict[str, np.ndarray]:
    """Return operands that hold one number everywhere."""
    return {name: array if name == "indices" else np.full(array.shape, value) for name, array in operands.items()}
