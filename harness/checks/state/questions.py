"""What a case asks about other cases in many orders: its family, layers for a tour, and an image of many numbers.

Worked out once for all candidates, as everything a `Question` asks.
"""

import dataclasses
import functools
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.everyday import is_small
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.checks.another_layer import in_c_order, tiny_layer
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.state.many_numbers import many_numbers
from convoracle.harness.checks.state.relatives import MOST_PRODUCTS, Asked, relatives

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question

LAYERS, FAMILIES = 34, 8
"""So many layers are in a tour at most; so many are looked at for one whose family is small enough."""


class StateQuestions:
    """The cases that are asked about in many orders, inside a candidate's limits."""

    def __init__(self, question: "Question") -> None:
        self._question = question
        self.operation, self.case = question.operation, question.case

    def relatives(self, limits: Limits, dtypes: tuple[str, ...]) -> list[Asked]:
        """Return a family of cases, of every other case's another layer instead, each with its answer."""
        taken = self.case.dtype, *dtypes
        return [found for found in self._relatives if found[0].dtype in taken and inside(limits, found[0])]

    @functools.cached_property
    def _relatives(self) -> list[Asked]:
        if self._question.is_measured:
            return []
        choices = Choices(self.case.seed, "family")
        firsts = [self.case] if choices.happens(2) else []
        found = itertools.chain(firsts, self._tiny(choices, FAMILIES))
        small = (case for case in found if is_small(self.operation, case, MOST_PRODUCTS))
        return relatives(self._question, in_c_order(next(small, self.case)))

    def layers(self, limits: Limits) -> list[Asked]:
        """Return many tiny layers, each with its answer."""
        return [found for found in self._layers if inside(limits, found[0])]

    @functools.cached_property
    def _layers(self) -> list[Asked]:
        found = self._tiny(Choices(self.case.seed, "layers"), 3 * LAYERS)
        small = (in_c_order(case) for case in found if is_small(self.operation, case, MOST_PRODUCTS))
        asked = (self._question.near.asked(case, "layers") for case in small)
        return list(itertools.islice((one for one in asked if one is not None), LAYERS))

    def many_numbers(self, limits: Limits) -> tuple[Any, Answered, Answered] | None:
        """Return a layer of an image with many numbers, and what two of these give that differ in one of them."""
        return self._many_numbers if self._many_numbers and inside(limits, self._many_numbers[0]) else None

    @functools.cached_property
    def _many_numbers(self) -> tuple[Any, Answered, Answered] | None:
        return many_numbers(self._question, self._tiny(Choices(self.case.seed, "many numbers"), FAMILIES))

    def _tiny(self, choices: Choices, count: int) -> Iterator[Any]:
        """Yield tiny layers, as different as those of different cases."""
        for _ in range(count):
            other = tiny_layer(self.operation, dataclasses.replace(self.case, seed=choices.below(2**31)))
            if other is not None:
                yield other
