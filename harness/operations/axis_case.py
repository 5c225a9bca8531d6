"""A case of an operation along one axis, such as the softmax: matrices (n, c), or maps (n, c, h, w)."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.base import Operation


@dataclass(frozen=True)
class AxisCase:
    """One configuration: x is (n, c), or (n, c, *spatial)."""

    n: int
    c: int
    spatial: tuple[int, int] | None
    axis: int
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ("spatial",)

    def x_shape(self) -> tuple[int, ...]:
        """Return (N, C) or (N, C, H, W); ValueError if that has no such axis."""
        shape = (self.n, self.c, *(self.spatial or ()))
        if not -len(shape) <= self.axis < len(shape):
            raise ValueError(f"x of shape {shape} has no axis {self.axis}")
        return shape

    def place(self) -> int:
        """Return the axis, counted from the start."""
        return self.axis % len(self.x_shape())


class AlongAxis(Operation):
    """What operations along an axis have in common: the case, and x or a gradient of its shape as operands."""

    case_type = AxisCase
    options: ClassVar[tuple[str, ...]] = ("axis",)
    limit_names: ClassVar[tuple[str, ...]] = ("spatial", "axis")
    takes_integers = False
    operands: ClassVar[tuple[str, ...]] = ("x",)

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> AxisCase:
        """Return case number `index`; the wide ones go through every remainder of c, and of the width, modulo 8."""
        wide = geometry.is_wide(index)
        tail = (index + index // geometry.CYCLE) % 8
        taken: set[int] = set()
        c = geometry.distinct(8 + tail if wide else choices.between(1, 7), taken)
        n = geometry.distinct(choices.between(3, 6) if wide else choices.between(1, 5), taken)
        w = geometry.distinct(choices.between(2, 4) if wide else choices.between(1, 6), taken)
        h = geometry.distinct(choices.between(1, 2) if wide else choices.between(1, 3), taken)
        if geometry.coincides(index):
            n, c, w = choices.pick([(c, c, w), (n, c, c), (c, c, c)])
        spatial = choices.pick(within(limits, "spatial", [None, (h, w)]))
        axes = [1, 1, 1, -1, 0, -2] if spatial is None else [1, 1, -3, 3, -1, 2, 0]
        return AxisCase(
            n=n,
            c=c,
            spatial=spatial,
            axis=choices.pick(within(limits, "axis", axes)),
            dtype=dtypes[index % len(dtypes)],
            layout=geometry.draw_layouts(choices, len(self.operands)),
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def simpler(self, case: AxisCase) -> Iterator[tuple[str, list[Any]]]:
        sizes = [range(1, size + 1) for size in case.spatial or ()]
        yield "spatial", [None, *sorted(product(*sizes), key=sum)] if case.spatial else [None]
        yield "axis", [1, case.axis] if case.axis != 1 else [1]
        yield "c", list(range(1, case.c + 1))
        yield "n", list(range(1, case.n + 1))
        yield from geometry.simpler_data(case)

    def operand_shapes(self, case: AxisCase) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.operands, case.x_shape())

    def arguments(self, case: AxisCase, arrays: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return tuple(arrays[name] for name in self.operands), {"axis": case.axis}

    def alone(self, case: AxisCase) -> AxisCase | None:
        return dataclasses.replace(case, n=1) if case.place() > 0 else None
