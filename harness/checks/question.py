"""What a case asks, whoever answers: operands, and what must come back. Worked out once, for all candidates."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.operands import exact_amplitude, integers, lopsided, of_extremes, random_floats
from convoracle.harness.checks.answers import Answered, Expected, Measured, frozen_array
from convoracle.harness.checks.gradient import direction_for, inner, whole
from convoracle.harness.checks.near import Near
from convoracle.harness.checks.proof import Proof
from convoracle.harness.checks.relations import Relation, relations_of
from convoracle.harness.checks.scales import Scales
from convoracle.harness.checks.special_values import with_special_values
from convoracle.harness.checks.state.questions import StateQuestions
from convoracle.harness.checks.truth import allowance, magnitude, truth
from convoracle.harness.operations.base import Arrays, Operation, Output, outputs_of

KEPT = 1024
"""How many questions are remembered: several campaigns' worth for candidates that take turns."""


@functools.lru_cache(maxsize=KEPT)
def question(operation: Operation, case: Any, accuracy: str) -> "Question":
    """Return the question that a case asks at one accuracy: worked out once, whoever answers it."""
    return Question(operation, case, accuracy)


class Question:
    """One case of one operation at one accuracy; `shapes` are those of the operands, by name, in the call's order."""

    def __init__(self, operation: Operation, case: Any, accuracy: str) -> None:
        self.operation, self.case, self.accuracy = operation, case, accuracy
        self.outputs = outputs_of(operation, case)
        self.shapes = operation.operand_shapes(case)
        self.names = tuple(self.shapes)
        self.is_integer = case.dtype.startswith("int")
        self.is_selection = self.outputs[0].is_selection
        self._proved: dict[int, bool] = {}
        self.is_measured = any(output.error is not None for output in self.outputs)
        may_round = accuracy != "componentwise" and not self.is_integer  # integers are exact by any algorithm
        self.rounds = may_round or any(output.parts for output in self.outputs)
        self.proof = Proof(self.outputs, case.dtype, accuracy, self.rounds)

    @functools.cached_property
    def near(self) -> Near:
        """What is asked about other cases, to see that they are told apart from this one."""
        return Near(self)

    @functools.cached_property
    def state(self) -> StateQuestions:
        """What is asked in many orders, to see that what is kept from call to call does not show."""
        return StateQuestions(self)

    @functools.cached_property
    def scales(self) -> Scales:
        """The same integers at other scales."""
        return Scales(self)

    @functools.cached_property
    def integers(self) -> Answered:
        """Integers of the largest amplitude for which exactness, or rounding to the exact value, is proved."""
        if self.is_selection or self.is_measured:
            return self.answer(integers(self.operation, self.case))
        amplitude = exact_amplitude(self.outputs, self.case.dtype)
        if self.rounds:
            return self._roundable(amplitude)
        operands = integers(self.operation, self.case, amplitude)
        if amplitude == 0:
            return Answered(operands, None)
        if not self.proof.holds(operands):
            raise ArithmeticError(f"{self.operation.name}: the proof of exactness failed: {self.case}")
        return self.answer(operands)

    @functools.cached_property
    def floats(self) -> Measured:
        """Floats of one kind, and how far from the truth a right result may be."""
        kind, operands = random_floats(self.operation, self.case)
        truths: list[tuple[np.ndarray, np.ndarray]] = []
        allowed: list[dict[str, np.ndarray]] = []
        for output in self.outputs:
            if output.is_selection:
                truths.append((frozen_array(output.compute(operands)), np.zeros(())))
                allowed.append({})
                continue
            size = magnitude(output, operands)
            high, low, own_error = truth(output, operands, self.case.dtype, size)
            truths.append((frozen_array(high), frozen_array(low)))
            allowed.append(
                {
                    accuracy: frozen_array(
                        allowance(output, operands, high, size, self.case.dtype, accuracy) + own_error
                    )
                    for accuracy in dict.fromkeys([self.accuracy, "componentwise"])
                }
            )
        return Measured(kind, operands, tuple(truths), tuple(allowed))

    @functools.cached_property
    def other_integers(self) -> Answered:
        """Other integers of the same shapes, for a call in the same arrays.

        One operand has as many bits as fit. Of any sign; or none negative; or every row of x the same; or every image
        one number. In every other case of an integer dtype they are all the largest or the smallest there are.
        """
        operands: Arrays = integers(self.operation, self.case, 3, stream="other integers")
        if not (self.is_selection or self.is_measured or self.is_integer):
            wider = lopsided(self.operation, self.case, dict(operands))
            operands = wider if self.proves(wider) else operands
        kind = self.case.seed % 4
        if self.is_integer and not self.is_selection and self.case.seed % 8 < 4:
            operands = of_extremes(self.operation, self.case)
        elif kind == 1:
            operands = {name: np.abs(array) for name, array in operands.items()}
        elif kind > 1:
            name = next(iter(operands))  # x, or grad_output
            last = 3 if kind == 2 else operands[name].ndim
            one = tuple(slice(0, 1) if 2 <= axis < last else slice(None) for axis in range(operands[name].ndim))
            operands = {**operands, name: np.broadcast_to(operands[name][one], operands[name].shape).copy()}
        if not self.proves(operands):  # the first ones with another sign are as small as these
            first = next(iter(self.integers.operands))
            operands = {**self.integers.operands, first: -self.integers.operands[first]}
        return self.answer(operands)

    @functools.cached_property
    def one_changed(self) -> Answered:
        """The first integers with one element of one operand changed, or two of them exchanged, and the result."""
        operands = {name: np.array(array) for name, array in self.integers.operands.items()}
        choices = Choices(self.case.seed, "one changed")
        name = choices.pick([name for name in operands if name != "indices"])
        flat = operands[name].reshape(-1)
        places = np.flatnonzero(flat) if np.any(flat) else np.arange(flat.size)
        place = places[choices.pick([len(places) - 1, choices.below(len(places))])]
        others = np.flatnonzero(flat[1:-1] != flat[place]) + 1
        if choices.happens(3) and 0 < place < flat.size - 1 and others.size:  # the ends, and every sum, stay
            other = others[choices.below(others.size)]
            exchanged = {name: np.array(array) for name, array in operands.items()}
            exchanged[name].reshape(-1)[[place, other]] = flat[[other, place]]
            if self.proves(exchanged):
                return self.answer(exchanged)
        flat[place] -= np.sign(flat[place]) * self.outputs[0].multiple  # towards zero: what was proved still is
        return self.answer(operands)

    def like(self, case: Any) -> "Question":
        """Return the question of another case of this operation, at this accuracy."""
        return self if case is self.case else question(self.operation, case, self.accuracy)

    def alone(self, case: Any) -> "Question":
        """Return the same, without remembering it."""
        return Question(self.operation, case, self.accuracy)

    def whole(self, results: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """Return results on integers as the whole numbers they stand for: times a mean's divisors, and rounded."""
        if self.is_selection or not self.rounds:
            return results
        with np.errstate(all="ignore"):
            return tuple(
                np.rint(got.astype(np.float64) * (output.parts[0].divisors if len(output.parts) == 1 else 1))
                for output, got in zip(self.outputs, results, strict=True)
            )

    def proves(self, operands: Arrays) -> bool:
        """Return whether integer operands have one right answer for this case: exact, or exact after rounding."""
        if self.is_selection or self.is_measured:
            return True
        return self.proof.holds(operands)

    @functools.cached_property
    def relations(self) -> list[Relation]:
        """The laws about this case, a different one first from case to case."""
        laws = relations_of(self)
        first = self.case.seed % max(len(laws), 1)
        return laws[first:] + laws[:first]

    def law(self, is_allowed: Callable[[Relation], bool]) -> Relation | None:
        """Return the first law that is allowed and every answer to which is proved to be exact, or to round to it."""
        for number, law in enumerate(self.relations):
            if is_allowed(law):
                if number not in self._proved:
                    self._proved[number] = all(self.like(case).proves(operands) for case, operands in law.asked)
                if self._proved[number]:
                    return law
        return None

    @functools.cached_property
    def specials(self) -> Answered | None:
        """Integers with a few NaN and infinities among them; None where the operation has no answer to those."""
        return with_special_values(self)

    @functools.cached_property
    def _adjoints(self) -> dict[str, tuple[np.ndarray, int]]:
        """For each gradient, a direction and the forward operation's answer along it."""
        found: dict[str, tuple[np.ndarray, int]] = {}
        answered = self.integers
        forward = self.operation.adjoints(self.case)
        number = np.int64 if self.is_integer else np.float64
        for one in answered.expected or ():
            if one.output.name not in forward:
                continue
            direction = direction_for(one.output.shape, self.case.seed, one.output.name)
            along = forward[one.output.name](answered.operands, direction.astype(number))
            grad_output = answered.operands["grad_output"]
            if not self.rounds:
                found[one.output.name] = direction, inner(along, grad_output)
            elif np.max(np.abs(along * grad_output), initial=0.0) < 2.0**50:  # each product rounds to its integer
                found[one.output.name] = direction, int(np.sum(whole(along * grad_output)))
        return found

    def adjoint(self, output: str) -> tuple[np.ndarray, int] | None:
        """Return a direction and the exact product a gradient must have with it; None where the case has none."""
        return self._adjoints.get(output)

    def answer(self, operands: Arrays) -> Answered:
        """Return what every output must be on integer operands."""
        return Answered(operands, tuple(self.rounding_to(output, operands) for output in self.outputs))

    def rounding_to(self, output: Output, operands: Arrays) -> Expected:
        """Return the integers an output must be, or must round to after multiplication with its divisors."""
        if output.error is not None:
            size = magnitude(output, operands)
            high, low, own_error = truth(output, operands, self.case.dtype, size)
            bound = allowance(output, operands, high, size, self.case.dtype, "componentwise") + own_error
            return Expected(output, frozen_array(high), None, frozen_array(low), frozen_array(bound))
        if output.is_selection or not self.rounds:
            return Expected(output, frozen_array(output.compute(operands)))
        if len(output.parts) == 1:
            part = output.parts[0]
            return Expected(output, frozen_array(part.compute(operands)), part.divisors)
        return Expected(output, frozen_array(np.rint(output.compute(operands))), np.array(1))

    def _roundable(self, amplitude: int) -> Answered:
        """Return integer operands so small that the proven bound, times the divisors, is below one half.

        The amplitude that fits is nearly known after one look; where even ones and minus ones are too large, most of
        one operand is made zero.
        """
        size = self.proof.amplitude(max(amplitude, 1))
        sparse = 0
        while sparse <= 6:
            operands = integers(self.operation, self.case, size, sparse)
            if self.proves(operands):
                return self.answer(operands)
            if size > 1:
                size = self.proof.smaller(size, operands)
            else:
                sparse += 1
        return Answered(operands, None)
