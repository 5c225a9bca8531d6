"""An image of many numbers, and the same with one of them changed: whoever knows it by some of them is mistaken."""

import dataclasses
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import is_small
from convoracle.harness.cases.operands import integers
from convoracle.harness.checks.another_layer import in_c_order
from convoracle.harness.checks.answers import Answered

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question

NUMBERS, MOST_PRODUCTS = 10_000, 2_000_000
"""At least so many numbers, and at most so many products."""


def many_numbers(question: "Question", layers: Iterable[Any]) -> tuple[Any, Answered, Answered] | None:
    """Return one of some layers with a long image, and the answers for two of these; None if there is none."""
    for layer in layers:
        if not hasattr(layer, "w"):
            return None
        row = layer.c * math.prod(getattr(layer, name) for name in ("d", "h") if hasattr(layer, name))
        case = in_c_order(dataclasses.replace(layer, n=1, w=layer.w + -(-NUMBERS // row)))
        if is_small(question.operation, case, MOST_PRODUCTS):
            first = integers(question.operation, case, 3, stream="many numbers")
            name = [name for name in first if name in ("x", "grad_output")][-1]
            changed = np.array(first[name])
            place = Choices(case.seed, "many numbers").below(changed.size)
            changed.reshape(-1)[place] += question.outputs[0].multiple
            asked, second = question.like(case), {**first, name: changed}
            if asked.proves(first) and asked.proves(second):
                return case, asked.answer(first), asked.answer(second)
    return None
