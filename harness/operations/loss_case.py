"""A case of a loss of a batch, shared by the losses and their gradients."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.base import Operation


@dataclass(frozen=True)
class LossCase:
    """One configuration: n examples of c values, and the factor a gradient gets from the loss behind it."""

    n: int
    c: int
    grad_output: int
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()


class OfLoss(Operation):
    """What losses have in common: the case. Those that have no ``grad_output`` among their options ignore it."""

    case_type = LossCase
    takes_integers = False

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> LossCase:
        """Return case number `index`; the wide cases go through every remainder of c modulo 8."""
        wide = geometry.is_wide(index)
        tail = (index + index // geometry.CYCLE) % 8
        taken: set[int] = set()
        c = geometry.distinct(8 * choices.between(1, 3) + tail if wide else choices.between(1, 7), taken)
        n = geometry.distinct(choices.between(3, 6) if wide else choices.between(1, 6), taken)
        return LossCase(
            n=c if geometry.coincides(index) else n,
            c=c,
            grad_output=choices.pick(within(limits, "grad_output", [1, 2, -3, 5])) if self.options else 1,
            dtype=dtypes[index % len(dtypes)],
            layout=geometry.draw_layouts(choices, 2),
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def simpler(self, case: LossCase) -> Iterator[tuple[str, list[Any]]]:
        yield "c", list(range(1, case.c + 1))
        yield "n", list(range(1, case.n + 1))
        yield "grad_output", [1, case.grad_output] if case.grad_output != 1 else [1]
        yield from geometry.simpler_data(case)
