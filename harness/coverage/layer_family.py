"""Operations without windows: the linear layer, losses, and what is done to every element of maps."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.coverage.axes import eighths, size
from convoracle.harness.coverage.block import Block, Feature, binned, grid
from convoracle.harness.coverage.convolution_family import of_channels
from convoracle.harness.coverage.family import Family, Numbers, product
from convoracle.harness.coverage.plan import Pins
from convoracle.harness.operations import Operation, geometry
from convoracle.harness.operations.linear import LinearCase
from convoracle.harness.operations.loss_case import LossCase
from convoracle.harness.operations.relu import MapsCase, Relu

IMAGES = Feature("images", ("1", "2", "3 or more"))
CHANNELS = Feature("channels", ("1", "2 to 4", "5 or more"))


class LayerFamily(Family):
    """What they have in common: no kernel that could be square, no padding that could be one integer."""

    def elements(self, numbers: Numbers) -> Any:
        return product(self.extents(numbers))

    def is_square(self, numbers: Numbers) -> Any:
        return np.zeros(np.shape(numbers["n"]), bool)

    def is_plain(self, numbers: Numbers) -> Any:
        return np.zeros(np.shape(numbers["n"]), bool)

    def number_limits(self) -> Mapping[str, str]:
        return {}

    def numbers_of(self, case: Any) -> dict[str, int]:
        return {field: getattr(case, field.removeprefix("n_")) for field in self.fields()}

    def fields(self) -> list[str]:
        """Return the numbers of all geometry blocks."""
        return [field for block in self.geometry_blocks() for field in block.fields]


def counted(field: str, most: int, edges: tuple[int, int] = (2, 9)) -> Block:
    """Return the block of one size, with its tail; `edges` are where few begin, and many."""
    letter = field.removeprefix("n_")
    return Block(
        f"size {letter}",
        (field,),
        (size(f"size_{letter}"), eighths(f"tail_{letter}")),
        lambda rows: np.column_stack([binned(rows[:, 0], edges), rows[:, 0] % 8]),
        grid(range(1, most + 1)),
    )


def some_images(most: int) -> Block:
    """Return the block of the batch."""
    return Block("images", ("n",), (IMAGES,), lambda rows: binned(rows, [2, 3]), grid(range(1, most + 1)))


class LinearFamily(LayerFamily):
    """``x`` is (n, c), ``weight`` is (f, c)."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation, {"bias": (False, True)} if "bias" in operation.limit_names else {})

    def geometry_blocks(self) -> list[Block]:
        return [some_images(6), counted("c", 40), counted("f", 40)]

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return numbers["n"], numbers["c"], numbers["f"]

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        return of_channels(*self.extents(numbers))

    def pins(self, number: int) -> Pins:
        pins = dict(super().pins(number))
        if number % (2 * geometry.CYCLE) == geometry.CYCLE - 2:
            # N = F alone, where a bias fits the rows too; two, so that the 20th case of a campaign, which is this one
            # with more channels and two images at most, has it still.
            pins |= {"images": ("2",), "size_c": ("many",), "size_f": ("few",), "bias": ("True",)}
        return pins

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        tails = {"tail_c": (f"{rest} mod 8",), "tail_f": (f"{7 - rest} mod 8",)}
        return {"images": ("3 or more",), "size_c": ("many",), "size_f": ("many",), **tails}

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> LinearCase:
        bias = flags["bias"] if "bias" in flags else choices.pick(within(limits, "bias", [False, True, True]))
        return LinearCase(
            **{field: numbers[field] for field in "ncf"},
            **{**flags, "bias": bool(bias)},
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )


class LossFamily(LayerFamily):
    """Both operands are (n, c), or the targets (n,)."""

    layouts: tuple[str, ...] = ("first operand", "second operand")

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation, {"grad_output": (1, 2, -3, 5)} if operation.options else {})

    def geometry_blocks(self) -> list[Block]:
        return [some_images(7), counted("c", 31)]

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return numbers["n"], numbers["c"]

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        return (numbers["n"] == numbers["c"],)

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        return {"images": ("3 or more",), "size_c": ("many",), "tail_c": (f"{rest} mod 8",)}

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> LossCase:
        return LossCase(
            **{"n": numbers["n"], "c": numbers["c"], "grad_output": 1, **flags},
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )


class MapsFamily(LayerFamily):
    """All operands are (n, c, h, w)."""

    def __init__(self, operation: Relu) -> None:
        super().__init__(operation, {})
        self.layouts = ("grad_output", "x") if operation.name.endswith("_backward") else ("x",)
        self.most = operation.most

    def geometry_blocks(self) -> list[Block]:
        images, channels = self.most
        return [
            some_images(images),
            Block("channels", ("c",), (CHANNELS,), lambda rows: binned(rows, [2, 5]), grid(range(1, channels + 1))),
            counted("n_h", 6, (2, 4)),
            counted("n_w", 32),
        ]

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return numbers["n"], numbers["c"], numbers["n_h"], numbers["n_w"]

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        return (numbers["n"] == numbers["c"],)

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        return {"size_w": ("many",), "tail_w": (f"{rest} mod 8",)}

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> MapsCase:
        return MapsCase(
            **{field.removeprefix("n_"): numbers[field] for field in self.fields()},
            **flags,
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )
