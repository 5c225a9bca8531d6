"""Operations along one axis of matrices or of maps: softmax, its logarithm, mean subtraction."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits
from convoracle.harness.coverage.axes import eighths, size
from convoracle.harness.coverage.block import Block, Feature, binned, grid
from convoracle.harness.coverage.layer_family import IMAGES, LayerFamily, Numbers
from convoracle.harness.coverage.plan import Pins
from convoracle.harness.operations import geometry
from convoracle.harness.operations.axis_case import AlongAxis, AxisCase

_AXES = ((0, (1, -1, 0, -2)), (1, (1, -3, 3, -1, 2, 0)))
"""For matrices and for maps: the axes as users write them."""

_KINDS = tuple((is_map, axis) for is_map, axes in _AXES for axis in axes)


class AlongAxisFamily(LayerFamily):
    """``x`` is (n, c), or (n, c, h, w)."""

    def __init__(self, operation: AlongAxis) -> None:
        super().__init__(operation, {})
        self.layouts = operation.operands

    def geometry_blocks(self) -> list[Block]:
        return [_sizes_and_axis()]

    def number_limits(self) -> Mapping[str, str]:
        return {"axis": "axis", "maps": "spatial"}

    def is_allowed(self, field: str, value: int, limit: Any) -> bool:
        if field != "maps":
            return super().is_allowed(field, value, limit)
        if callable(limit):
            return bool(value) or bool(limit(None))  # sizes are asked about once there are some
        return any(one is not None for one in limit) if value else None in limit

    def numbers_of(self, case: Any) -> dict[str, int]:
        h, w = case.spatial or (1, 1)
        return {"n": case.n, "c": case.c, "h": h, "w": w, "maps": int(case.spatial is not None), "axis": case.axis}

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return tuple(numbers[name] for name in "nchw")

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        n, c, _, w = self.extents(numbers)
        same_width = (c == w) & (numbers["maps"] == 1)
        return (n == c) & ~same_width, same_width & (n != c), (n == c) & same_width

    def pins(self, number: int) -> Pins:
        pins = dict(super().pins(number))
        if number % 4 == 0 or number % geometry.CYCLE == 6:  # what most users want: the channels
            pins |= {"axis": ("1 of 2", "1 of 4")}
        return pins

    def wide_pins(self, rest: int, is_tall: bool) -> Pins:
        return {"images": ("3 or more",), "size_c": ("many",), "tail_c": (f"{rest} mod 8",)}

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> AxisCase:
        return AxisCase(
            n=numbers["n"],
            c=numbers["c"],
            spatial=(numbers["h"], numbers["w"]) if numbers["maps"] else None,
            axis=numbers["axis"],
            **flags,
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )


@functools.cache
def _sizes_and_axis() -> Block:
    """Return the block of all sizes and the axis: how long the axis is depends on both."""
    features = (
        Feature("axis", tuple(f"{axis} of {4 if is_map else 2}" for is_map, axis in _KINDS)),
        IMAGES,
        size("size_c"),
        eighths("tail_c"),
        Feature("size_h", ("one", "more")),
        Feature("size_w", ("one", "2 to 4", "5 or more")),
        Feature("length of the axis", ("one", "2 to 4", "5 to 8", "more")),
        Feature("elements behind the axis", ("one", "more")),
    )

    def classify(rows: np.ndarray) -> np.ndarray:
        n, c, h, w, maps, axis = rows.T
        ranks = np.where(maps == 1, 4, 2)
        place = axis % ranks
        length = np.select([place == 0, place == 1, place == 2], [n, c, h], w)
        behind = np.select([place == 0, place == 1, place == 2], [c * h * w, h * w, w], 1)
        kind = np.array([[_KINDS.index((int(is_map), int(one)))] for is_map, one in zip(maps, axis, strict=True)])
        return np.column_stack(
            [
                kind,
                binned(n, [2, 3]),
                binned(c, [2, 9]),
                c % 8,
                binned(h, [2]),
                binned(w, [2, 5]),
                binned(length, [2, 5, 9]),
                binned(behind, [2]),
            ]
        )

    options = [
        np.column_stack([sizes, np.full((len(sizes), 2), (is_map, axis))])
        for is_map, axes in _AXES
        for axis in axes
        for sizes in [grid(range(1, 7), range(1, 17), *((range(1, 4), range(1, 7)) if is_map else ((1,), (1,))))]
    ]
    return Block("sizes and axis", ("n", "c", "h", "w", "maps", "axis"), features, classify, np.concatenate(options))
