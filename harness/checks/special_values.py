"""NaN and infinities among the integers of a case, and what they must reach."""

import math
from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks.answers import Answered, Expected, frozen_array
from convoracle.harness.operations.base import Arrays, Output

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question


def with_special_values(question: "Question") -> Answered | None:
    """Integers with a few NaN and infinities among them; None where the operation has no answer to those.

    One to three planes hold one special value each, another one holds all of them side by side, and, where values
    are selected, one is minus infinity everywhere. Operands that are multiplied with them hold no zero, but in one
    case of three a plane of zeros, and in one of nine nothing else: zero times infinity is no number, and whoever
    leaves out what is multiplied by zero misses that.
    """
    names, spreading = question.operation.special_operands(question.case), _spreading(question)
    if not (names or spreading) or question.is_integer or question.integers.expected is None:
        return None
    choices = Choices(question.case.seed, "specials")
    operands = {name: np.array(array) for name, array in question.integers.operands.items()}
    chosen = choices.pick(spreading if spreading and (not names or choices.happens(3)) else names)
    for name, array in operands.items():
        if name not in ("indices", chosen):
            array[array == 0] = question.outputs[0].multiple
            if choices.happens(3):
                planes = array.reshape(math.prod(array.shape[:2]), -1)
                planes[slice(None) if choices.happens(3) else choices.below(len(planes))] = 0
    planes = operands[chosen].reshape(math.prod(operands[chosen].shape[:2]), -1)
    values, size = choices.shuffled(question.operation.special_values), planes.shape[1]
    order = choices.shuffled(range(len(planes)))
    for plane, value in zip(order, values, strict=False):
        planes[plane, choices.below(size)] = value
    rest = order[len(values) :]
    if rest:
        beginning = choices.below(size)
        planes[rest[0], [(beginning + place) % size for place in range(len(values))]] = values
    if len(rest) > 1 and question.is_selection:
        planes[rest[1]] = -math.inf
    if chosen not in names:
        return Answered(operands, tuple(_reached(output, operands, chosen) for output in question.outputs))
    return Answered(operands, tuple(question.rounding_to(output, operands) for output in question.outputs))


def _reached(output: Output, operands: Arrays, chosen: str) -> Expected:
    """Return NaN for what the special values of an operand reach, and 0 for all else.

    The oracle itself may multiply them by the zeros of a padding; a one in their place and nothing but zeros beside
    it reaches what they do.
    """
    beside = {name for term in output.terms if chosen in term for name in term}
    alone = {name: np.full(array.shape, float(name in beside)) for name, array in operands.items()}
    alone |= {name: operands[name] for name in operands if name == "indices"}
    alone[chosen] = (~np.isfinite(operands[chosen])).astype(np.float64)
    reached = output.compute(alone) != 0 if beside else np.zeros(output.shape, np.bool_)
    return Expected(output, frozen_array(np.where(reached, np.nan, 0.0)))


def _spreading(question: "Question") -> tuple[str, ...]:
    """Return the operands whose NaN and infinities may spread: textbook ways multiply them by zeros, too.

    What they reach is no number all the same.
    """
    if any(output.error is not None or output.magnitude is not None or output.parts for output in question.outputs):
        return ()
    exact = question.operation.special_operands(question.case)
    named = dict.fromkeys(name for output in question.outputs for term in output.terms for name in term)
    return tuple(name for name in named if name not in exact)
