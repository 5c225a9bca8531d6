"""Integers times powers of two: as small and as large as floats are, and both in one operand.

Every result is then what it was times the same power of two, or, where one huge number does not reach it, what it is
without that.
"""

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks.truth import largest_sum
from convoracle.harness.operations.base import Arrays

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question

_EXPONENTS = {"float16": (-6, 3), "float32": (-60, 60), "float64": (-400, 400)}
"""Powers of two far from underflow and overflow."""

_SUBNORMAL = {"float16": -24, "float32": -149, "float64": -1074}
_LARGEST = {"float16": 15, "float32": 127, "float64": 1023}
"""All the way down; and as far up as a number reaches, which no partial sum may pass, whatever the order."""

_FAR_APART = {"float32": (100, -60), "float64": (600, -300)}
"""Powers of one huge number and of tiny ones whose quotient is beyond the range."""


class Scales:
    """What one question asks of its integers at other scales; None where there is nothing to ask."""

    def __init__(self, question: "Question") -> None:
        self._question, self._case = question, question.case

    @functools.cached_property
    def scaled(self) -> tuple[frozenset[str], int] | None:
        """The operands to multiply by a power of two, and its exponent: every result is then scaled by just that."""
        names = self._each_term_once()
        if names is None or self._question.is_integer or self._question.is_measured:
            return None
        exponents: tuple[int, ...] = (*_EXPONENTS[self._case.dtype], self._smallest())
        integers, outputs = self._question.integers.operands, self._question.outputs
        largest = {name: float(np.abs(array).max(initial=1)) for name, array in integers.items()}
        size = max([*largest.values(), *(largest_sum(output, largest) for output in outputs if output.terms)])
        if self._question.accuracy == "componentwise" and math.isfinite(size):
            exponents = (*exponents, _LARGEST[self._case.dtype] - math.ceil(math.log2(size)))
        return names, Choices(self._case.seed, "scaled").pick(exponents)

    def _smallest(self) -> int:
        """Return the smallest exponent by which integers may be scaled: as many bits are left as rounding needs.

        Additions are exact down there, but each rounding of a quotient or product may cost half of the smallest number.
        """
        lowest = _SUBNORMAL[self._case.dtype]
        if self._question.is_selection or not self._question.rounds:
            return lowest
        if self._question.accuracy != "componentwise":
            return _EXPONENTS[self._case.dtype][0]
        room, lost = self._question.proof.room(self._question.integers.operands)
        return lowest + math.ceil(math.log2(lost / room)) if room > 0 else _EXPONENTS[self._case.dtype][0]

    @functools.cached_property
    def one_huge(self) -> tuple[Arrays, int, tuple[np.ndarray, ...]] | None:
        """Operands of tiny numbers and one huge one, the tiny ones' exponent, and which results the huge one reaches.

        The others are what they are without it. None where it reaches them all.
        """
        names, question = self._each_term_once(), self._question
        if names is None or question.is_measured or question.is_selection or self._case.dtype not in _FAR_APART:
            return None
        high, low = _FAR_APART[self._case.dtype]
        choices = Choices(self._case.seed, "one huge")
        integers = self._question.integers.operands
        name = choices.pick([name for name in integers if name in names and integers[name].ndim > 1])
        place = choices.below(integers[name].size)
        alone = {other: np.abs(array) if other != "indices" else array for other, array in integers.items()}
        alone |= {other: np.zeros_like(integers[other]) for other in names}
        alone[name].reshape(-1)[place] = 1
        reached = tuple(output.compute(alone) != 0 for output in self._question.outputs)
        if all(one.all() for one in reached):
            return None
        operands = {other: np.ldexp(array, low) if other in names else array for other, array in integers.items()}
        operands[name].reshape(-1)[place] = math.ldexp(choices.pick((-1.0, 1.0)), high)
        return operands, low, reached

    def _each_term_once(self) -> frozenset[str] | None:
        """Return operands of which every term of every output has exactly one."""
        if self._question.is_selection:
            return frozenset(self._question.integers.operands) - {"indices"}
        terms = [term for output in self._question.outputs for term in output.terms]
        names = list(dict.fromkeys(name for term in terms for name in term))
        ends = {term[0] for term in terms}, {term[-1] for term in terms}
        found = [
            chosen
            for chosen in dict.fromkeys(frozenset(one) for one in [*({name} for name in names), *ends])
            if all(sum(name in chosen for name in term) == 1 for term in terms)
        ]
        return Choices(self._case.seed, "scaled operands").pick(found) if found else None
