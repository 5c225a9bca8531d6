"""Transposed convolutions and their gradients."""

from collections.abc import Mapping
from typing import Any

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.coverage.axes import transposed_axis
from convoracle.harness.coverage.block import Block
from convoracle.harness.coverage.channels import convolution_channels
from convoracle.harness.coverage.convolution_family import of_channels
from convoracle.harness.coverage.family import Family, Numbers, product
from convoracle.harness.operations import Operation, geometry
from convoracle.harness.operations.conv_transpose2d_case import ConvTranspose2dCase
from convoracle.harness.operations.geometry import pair, pair_form

_NAMES = {"k": "kernel_size", "s": "stride", "d": "dilation", "p": "padding", "extra": "output_padding"}


class TransposedFamily(Family):
    """Transposed convolutions of images."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(operation, {"bias": (False, True)} if "bias" in operation.limit_names else {})

    def geometry_blocks(self) -> list[Block]:
        return [transposed_axis("h", False), transposed_axis("w", True), convolution_channels()]

    def number_limits(self) -> Mapping[str, str]:
        return {"groups": "groups", **{f"{short}_{letter}": name for short, name in _NAMES.items() for letter in "hw"}}

    def numbers_of(self, case: Any) -> dict[str, int]:
        numbers = {"n": case.n, "groups": case.groups, "c": case.c // case.groups, "f": case.f // case.groups}
        for axis, letter in enumerate("hw"):
            numbers |= {f"{short}_{letter}": pair(getattr(case, name))[axis] for short, name in _NAMES.items()}
            numbers[f"n_{letter}"] = getattr(case, letter)
        return numbers

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        channels = (numbers["c"] * numbers["groups"], numbers["f"] * numbers["groups"])
        return numbers["n"], *channels, numbers["n_h"], numbers["n_w"]

    def products(self, numbers: Numbers) -> Any:
        of_axes = [numbers[f"n_{letter}"] * numbers[f"k_{letter}"] for letter in self.letters]
        return product([numbers["n"], numbers["groups"], numbers["c"], numbers["f"], *of_axes])

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        n, c, f, _, width = self.extents(numbers)
        span = numbers["d_w"] * (numbers["k_w"] - 1) + 1
        result = (width - 1) * numbers["s_w"] - 2 * numbers["p_w"] + span + numbers["extra_w"]
        differ = (n != c) & (n != f) & (c != f)
        of_widths = (f == width) & (f != result) & differ, (f == result) & (f != width) & differ
        return *of_channels(n, c, f), *of_widths

    def is_square(self, numbers: Numbers) -> Any:
        return numbers["k_h"] == numbers["k_w"]

    def is_plain(self, numbers: Numbers) -> Any:
        return numbers["p_h"] == numbers["p_w"]

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> Any:
        options = {name: (numbers[f"{short}_h"], numbers[f"{short}_w"]) for short, name in _NAMES.items()}
        bias = flags["bias"] if "bias" in flags else choices.pick(within(limits, "bias", [False, True, True]))
        return ConvTranspose2dCase(
            n=numbers["n"],
            c=numbers["c"] * numbers["groups"],
            h=numbers["n_h"],
            w=numbers["n_w"],
            f=numbers["f"] * numbers["groups"],
            kernel_size=options["kernel_size"],
            stride=pair_form(choices, options["stride"]),
            padding=pair_form(choices, options["padding"]),
            output_padding=pair_form(choices, options["output_padding"]),
            groups=numbers["groups"],
            dilation=pair_form(choices, options["dilation"]),
            bias=bool(bias),
            dtype=flags["dtype"],
            layout=flags["layout"],
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )
