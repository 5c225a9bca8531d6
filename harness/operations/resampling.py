"""Downsampling and upsampling and their gradients, as the harness sees them: values are copied, never rounded."""

import dataclasses
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.operations import geometry
from convoracle.harness.operations.base import Adjoints, Arrays, Operation, Output
from convoracle.harness.operations.geometry import pair
from convoracle.harness.oracle import compiled


@dataclass(frozen=True)
class ResamplingCase:
    """One configuration: the fine maps are (n, c, h, w), the coarse ones every factor-th row and column of them."""

    n: int
    c: int
    h: int
    w: int
    factor: int | tuple[int, int]
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()

    def fine(self) -> tuple[int, int, int, int]:
        """Return the shape of the larger maps."""
        return self.n, self.c, self.h, self.w

    def coarse(self) -> tuple[int, int, int, int]:
        """Return the shape of the smaller maps."""
        down, across = pair(self.factor)
        return self.n, self.c, -(-self.h // down), -(-self.w // across)


class _Resampling(Operation):
    """What the four operations have in common: the case, and two loops, each of which is the other's gradient."""

    case_type = ResamplingCase
    limit_names: ClassVar[tuple[str, ...]] = ("factor",)
    operand: ClassVar[str] = "x"

    def draw(self, choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> ResamplingCase:
        wide, coincides = geometry.is_wide(index), geometry.coincides(index)
        factor = geometry.draw_pair(choices, limits, "factor", [1] if geometry.is_trivial(index) else [1, 2, 3, 4])
        rows, columns = geometry.output_sizes(choices, index)
        h = (rows - 1) * factor[0] + 1 + choices.below(factor[0])
        w = (columns - 1) * factor[1] + 1 + choices.below(factor[1])
        if h == w and not coincides:
            h += 1
        taken = {h, w}
        n = geometry.distinct(choices.between(3, 4) if wide else choices.between(1, 4), taken)
        c = geometry.distinct(choices.between(5, 6) if wide else choices.between(1, 4), taken)
        return ResamplingCase(
            n=c if coincides else n,
            c=c,
            h=h,
            w=w,
            factor=geometry.pair_form(choices, factor),
            dtype=dtypes[index % len(dtypes)],
            layout=geometry.draw_layouts(choices, 1),
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def simpler(self, case: ResamplingCase) -> Iterator[tuple[str, list[Any]]]:
        yield "factor", geometry.simpler_pairs(case.factor, 1)
        yield "c", list(range(1, case.c + 1))
        yield from geometry.simpler_common(case)

    def operand_shapes(self, case: ResamplingCase) -> dict[str, tuple[int, ...]]:
        return {self.operand: self.shapes(case)[0]}

    def outputs(self, case: ResamplingCase) -> tuple[Output, ...]:
        enlarges = self.name in ("upsample2d", "downsample2d_backward")
        loops = reference.upsample2d_loops if enlarges else reference.downsample2d_loops

        def compute(arrays: Arrays) -> Any:
            positional, _ = self.arguments(case, arrays)
            return getattr(reference, self.name)(*positional, loops=compiled(loops))

        name = "result" if self.operand == "x" else "grad_x"
        return (Output(name=name, shape=self.shapes(case)[1], compute=compute),)

    def special_operands(self, case: ResamplingCase) -> tuple[str, ...]:
        return (self.operand,)

    def adjoints(self, case: ResamplingCase) -> Adjoints:
        if self.operand == "x":
            return {}
        forward = self.name.removesuffix("_backward")
        options = {"output_size": (case.h, case.w)} if forward == "upsample2d" else {}
        loops = compiled(getattr(reference, f"{forward}_loops"))
        return {
            "grad_x": lambda arrays, direction: getattr(reference, forward)(
                direction, case.factor, **options, loops=loops
            )
        }

    def alone(self, case: ResamplingCase) -> ResamplingCase | None:
        return dataclasses.replace(case, n=1)

    @abstractmethod
    def shapes(self, case: ResamplingCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shapes of the operand and of the result."""


class Downsample2d(_Resampling):
    """``downsample2d(x, factor)``."""

    name = "downsample2d"

    def shapes(self, case: ResamplingCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return case.fine(), case.coarse()

    def arguments(self, case: ResamplingCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], case.factor), {}


class Downsample2dBackward(_Resampling):
    """``downsample2d_backward(grad_output, input_shape, factor)``."""

    name = "downsample2d_backward"
    operand = "grad_output"

    def shapes(self, case: ResamplingCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return case.coarse(), case.fine()

    def arguments(self, case: ResamplingCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], case.fine(), case.factor), {}


class Upsample2d(_Resampling):
    """``upsample2d(x, factor, output_size)``."""

    name = "upsample2d"

    def shapes(self, case: ResamplingCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return case.coarse(), case.fine()

    def arguments(self, case: ResamplingCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["x"], case.factor, (case.h, case.w)), {}


class Upsample2dBackward(_Resampling):
    """``upsample2d_backward(grad_output, input_shape, factor)``."""

    name = "upsample2d_backward"
    operand = "grad_output"

    def shapes(self, case: ResamplingCase) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return case.fine(), case.coarse()

    def arguments(self, case: ResamplingCase, arrays: Arrays) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (arrays["grad_output"], case.coarse(), case.factor), {}
