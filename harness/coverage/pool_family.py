"""Max pooling, mean pooling and their gradients."""

from collections.abc import Mapping
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.coverage.axes import pool_axis
from convoracle.harness.coverage.block import Block
from convoracle.harness.coverage.channels import pool_channels
from convoracle.harness.coverage.family import Family, Numbers
from convoracle.harness.operations import Operation, geometry
from convoracle.harness.operations.geometry import pair, pair_form
from convoracle.harness.operations.pool2d_case import AvgPool2dCase, MaxPool2dCase

_FLAGS: dict[str, tuple[Any, ...]] = {
    "return_indices": (False, True),
    "count_include_pad": (True, False),
    "divisor_override": (None, 1, 3, -7),
}


class PoolFamily(Family):
    """Pools of images."""

    layouts: tuple[str, ...] = ("x",)

    def __init__(self, operation: Operation) -> None:
        names = [name for name in _FLAGS if name in operation.options]
        super().__init__(operation, {name: _FLAGS[name] for name in names})
        self.is_max = operation.case_type is MaxPool2dCase

    def geometry_blocks(self) -> list[Block]:
        return [pool_axis("h", False, self.is_max), pool_axis("w", True, self.is_max), pool_channels()]

    def number_limits(self) -> Mapping[str, str]:
        names = {"k": "kernel_size", "s": "stride", "d": "dilation", "p": "padding"}
        of_axes = {f"{short}_{letter}": name for short, name in names.items() for letter in "hw"}
        return {**of_axes, "ceil": "ceil_mode"}

    def numbers_of(self, case: Any) -> dict[str, int]:
        kernel, dilation = pair(case.kernel_size), case.dilations()
        stride = kernel if case.stride is None else pair(case.stride)
        numbers = {"n": case.n, "c": case.c, "ceil": int(case.ceil_mode), "strided": int(case.stride is not None)}
        for axis, letter in enumerate("hw"):
            numbers |= {f"k_{letter}": kernel[axis], f"s_{letter}": stride[axis], f"d_{letter}": dilation[axis]}
            numbers |= {f"p_{letter}": pair(case.padding)[axis], f"n_{letter}": getattr(case, letter)}
        return numbers

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        return numbers["n"], numbers["c"], numbers["n_h"], numbers["n_w"]

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        return (numbers["n"] == numbers["c"],)

    def is_square(self, numbers: Numbers) -> Any:
        return numbers["k_h"] == numbers["k_w"]

    def is_plain(self, numbers: Numbers) -> Any:
        return numbers["p_h"] == numbers["p_w"]

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> Any:
        kernel, stride, dilation, padding = ((numbers[f"{name}_h"], numbers[f"{name}_w"]) for name in "ksdp")
        common = {
            "n": numbers["n"],
            "c": numbers["c"],
            "h": numbers["n_h"],
            "w": numbers["n_w"],
            "kernel_size": pair_form(choices, kernel),
            "stride": pair_form(choices, stride) if numbers["strided"] else None,
            "padding": pair_form(choices, padding),
            "ceil_mode": bool(numbers["ceil"]),
            "dtype": flags["dtype"],
            "layout": flags["layout"],
            "seed": choices.between(geometry.SIMPLE_SEEDS, 2**31),
        }
        if self.is_max:
            indices = (
                flags["return_indices"]
                if "return_indices" in flags
                else choices.pick(within(limits, "return_indices", [False, True]))
            )
            return MaxPool2dCase(**common, dilation=pair_form(choices, dilation), return_indices=indices)
        return AvgPool2dCase(
            **common, count_include_pad=flags["count_include_pad"], divisor_override=flags["divisor_override"]
        )
