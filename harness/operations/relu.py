"""ReLU and its gradient, as the harness sees them: values are copied or zero, never rounded."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations import geometry
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output
from convoracle.harness.oracle import compiled


@dataclass(frozen=True)
class MapsCase:
    """One configuration: x is (n, c, h, w)."""

    n: int
    c: int
    h: int
    w: int
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()

    def x_shape(self) -> tuple[int, int, int, int]:
        """Return (N, C, H, W)."""
        return self.n, self.c, self.h, self.w


class Relu(Operation):
    """``relu(x)``."""

    name = "relu"
    case_type = MapsCase
    most: ClassVar[tuple[int, int]] = (4, 6)
    """The most images and channels that are drawn, but for those that would equal another extent."""

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> MapsCase:
        h, w = geometry.output_sizes(choices, index)
        if h == w and not geometry.coincides(index):
            h += 1
        taken = {h, w}
        images, channels = self.most
        n = geometry.distinct(choices.between(1, images), taken)
        c = geometry.distinct(choices.between(1, channels), taken)
        return MapsCase(
            n=c if geometry.coincides(index) else n,
            c=c,
            h=h,
            w=w,
            dtype=dtypes[index % len(dtypes)],
            layout=geometry.draw_layouts(choices, 2),
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def simpler(self, case: MapsCase) -> Iterator[tuple[str, list[Any]]]:
        yield "c", list(range(1, case.c + 1))
        yield from geometry.simpler_common(case)

    def operand_shapes(self, case: MapsCase) -> dict[str, tuple[int, ...]]:
        return {"x": case.x_shape()}

    def arguments(self, case: MapsCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"],), {}

    def outputs(self, case: MapsCase) -> tuple[Output, ...]:
        return (
            Output(
                name="result",
                shape=case.x_shape(),
                compute=lambda arrays: reference.relu(arrays["x"], loops=compiled(reference.relu_loops)),
            ),
        )

    def special_operands(self, case: MapsCase) -> tuple[str, ...]:
        return ("x",)

    def alone(self, case: MapsCase) -> MapsCase | None:
        return dataclasses.replace(case, n=1)


class ReluBackward(Relu):
    """``relu_backward(grad_output, x)``."""

    name = "relu_backward"

    def special_operands(self, case: MapsCase) -> tuple[str, ...]:
        return ("grad_output",)

    def adjoints(self, case: MapsCase) -> Adjoints:
        return {"grad_x": lambda arrays, direction: np.where(arrays["x"] > 0, direction, 0.0)}

    def operand_shapes(self, case: MapsCase) -> dict[str, tuple[int, ...]]:
        return {"grad_output": case.x_shape(), "x": case.x_shape()}

    def arguments(self, case: MapsCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], arrays["x"]), {}

    def outputs(self, case: MapsCase) -> tuple[Output, ...]:
        return (
            Output(
                name="grad_x",
                shape=case.x_shape(),
                compute=lambda arrays: reference.relu_backward(
                    arrays["grad_output"], arrays["x"], loops=compiled(reference.relu_backward_loops)
                ),
            ),
        )
