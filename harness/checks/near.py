"""What a case asks about others near it: with other options, of another size, of another layer of the same operation.

Each is one call more, and its answer is worked out once for all candidates, as everything a `Question` asks.
"""

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import has_layers
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.cases.operands import integers
from convoracle.harness.checks.another_layer import another_layer, in_c_order
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.other_options import (
    OtherOptions,
    of_nearly_the_same_size,
    of_the_same_extent,
    of_the_same_padded_size,
    without_change,
)
from convoracle.harness.checks.same_key import (
    SameKey,
    of_the_same_arrays,
    of_the_same_ends,
    of_the_same_key,
    of_the_same_plane,
    possible,
)
from convoracle.harness.checks.state.relatives import Asked
from convoracle.harness.operations.base import Arrays

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question


class Near:
    """The cases near that of one question, inside a candidate's limits; None where there are none."""

    def __init__(self, question: "Question") -> None:
        self._question = question
        self.operation, self.case = question.operation, question.case
        self._answered: dict[Any, Answered | None] = {}
        self._of_the_same_key: dict[Any, Asked | None] = {}

    def other_options(self, limits: Limits) -> Asked | None:
        """Return a case with the same operands and another option, and its answer.

        Only what the first integers prove for the other options too is asked.
        """
        for other in self._other_cases:
            if inside(limits, other):
                if other not in self._answered:
                    operands = self._question.integers.operands
                    asked = self._question.alone(other)
                    self._answered[other] = asked.answer(operands) if asked.proves(operands) else None
                answered = self._answered[other]
                if answered is not None:
                    return other, answered
        return None

    @functools.cached_property
    def _other_cases(self) -> OtherOptions:
        """Every case that differs in one option and has operands of the same shapes, in a random order."""
        return OtherOptions(self.operation, self.case)

    def other_size(self, limits: Limits) -> Asked | None:
        """Return a case that differs in one size, or makes as much of it by its stride or padding."""
        return _within(limits, self._other_size)

    @functools.cached_property
    def _other_size(self) -> Asked | None:
        if self._question.is_measured:
            return None
        kinds: dict[int, SameKey] = {1: of_the_same_extent, 2: of_the_same_padded_size}
        if hasattr(self.case, "output_padding"):
            kinds = {0: of_the_same_ends, 1: of_the_same_plane, 2: of_the_same_arrays}
        kept_by_size = kinds.get(self.case.seed // 6 % 4)
        apart = None if kept_by_size is None else possible(kept_by_size, self.operation, self.case)
        case = apart or of_nearly_the_same_size(self.operation, self.case)
        return self.asked(None if case is None else in_c_order(case), "other size")

    def same_key(self, limits: Limits, fewer: bool = False) -> Asked | None:
        """Return a case for which whatever is kept by a part of what it depends on is mistaken."""
        if self._question.is_measured:
            return None
        case = of_the_same_key(self.operation, in_c_order(self.case), limits, fewer)
        if case not in self._of_the_same_key:
            self._of_the_same_key[case] = self.asked(case, "same key")
        return self._of_the_same_key[case]

    def another_layer(self, limits: Limits) -> Asked | None:
        """Return a tiny layer with other numbers of channels, filters, groups and images, and perhaps other options."""
        return _within(limits, self._another_layer)

    @functools.cached_property
    def _another_layer(self) -> Asked | None:
        return self.asked(another_layer(self.operation, self.case), "another layer", self.case.seed // 6 % 8 == 3)

    def nothing(self, limits: Limits) -> Asked | None:
        """Return the case without images."""
        return _within(limits, self._nothing)

    @functools.cached_property
    def _nothing(self) -> Asked | None:
        if not has_layers(self.operation) or not hasattr(self.case, "n"):
            return None
        case = dataclasses.replace(self.case, n=0)
        try:
            self.operation.operand_shapes(case)
            return self.asked(case, "nothing")
        except ValueError:  # an operation that refuses it
            return None

    def neutral(self, limits: Limits) -> Asked | None:
        """Return a case whose result is its first operand, for which a shortcut may be taken, or a multiple of it."""
        return _within(limits, self._neutral)

    @functools.cached_property
    def _neutral(self) -> Asked | None:
        case = without_change(in_c_order(self.case))
        if case is None or self._question.outputs[0].name not in ("result", "grad_x"):
            return None
        operands = integers(self.operation, case, 3, stream="neutral")
        if "weight" in operands:
            if operands["weight"].ndim != next(iter(operands.values())).ndim:
                return None  # locally connected: a kernel for every place
            factor = -2 if self.case.seed % 4 < 2 else 1  # what is done in place shows only if it does something
            operands["weight"] = factor * np.eye(case.c).reshape(operands["weight"].shape).astype(
                operands["weight"].dtype
            )
        asked = self._question.like(case)
        return (case, asked.answer(operands)) if asked.proves(operands) else None

    def asked(self, case: Any, stream: str, is_repeated: bool = False) -> Asked | None:
        """Return a case and its answer on small integers, or on few of them repeated; None if they prove nothing."""
        if case is None:
            return None
        operands = integers(self.operation, case, 3, stream=stream)
        if is_repeated:
            operands = _repeated(operands, Choices(case.seed, "repeated"))
        asked = self._question.like(case)
        return (case, asked.answer(operands)) if asked.proves(operands) else None


def _repeated(operands: Arrays, choices: Choices) -> dict[str, np.ndarray]:
    """Return operands of which one has the same number along some axes, and memory for one: as a sum's gradient has."""
    name = choices.pick([name for name in operands if name != "indices"])
    array = operands[name]
    axes = choices.pick([range(array.ndim), range(1), range(2, array.ndim), range(1, array.ndim)])
    one = array[tuple(slice(0, 1) if axis in axes else slice(None) for axis in range(array.ndim))]
    return {**operands, name: np.broadcast_to(one, array.shape)}


def _within(limits: Limits, asked: Asked | None) -> Asked | None:
    """Return what is asked if the case is inside the limits."""
    return asked if asked is not None and inside(limits, asked[0]) else None
