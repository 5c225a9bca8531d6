"""Convolutions of one, two and three dimensions, their gradients, and locally connected layers."""

import functools
from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, allowed, allowed_in_parts, within
from convoracle.harness.coverage.axes import FORMS, convolution_axis
from convoracle.harness.coverage.block import Block
from convoracle.harness.coverage.channels import convolution_channels
from convoracle.harness.coverage.family import Family, Numbers, product, some
from convoracle.harness.coverage.plan import Pins
from convoracle.harness.operations import Operation, geometry
from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.reference.shapes import padding_per_axis, per_axis


class ConvolutionFamily(Family):
    """Convolutions along the axes named by `letters`."""

    def __init__(self, operation: Operation, letters: str) -> None:
        super().__init__(operation, {"bias": (False, True)} if "bias" in operation.limit_names else {})
        self.letters = letters
        self.has_groups = "groups" in operation.options or operation.name.endswith("bias_grad")

    def geometry_blocks(self) -> list[Block]:
        channels = convolution_channels()
        if not self.has_groups:
            channels = channels.restricted(channels.options[:, 1] == 1)
        return [*(convolution_axis(letter, letter == "w") for letter in self.letters), channels]

    def pins(self, number: int) -> Pins:
        pins = dict(super().pins(number))
        if number % geometry.CYCLE == 16:  # padding as most users write it: one integer
            pins |= {"padding form": ("explicit",), **{f"padding_{letter}": ("symmetric",) for letter in self.letters}}
        return pins

    def number_limits(self) -> Mapping[str, str]:
        names = {"k": "kernel_size", "s": "stride", "d": "dilation", "before": "padding", "after": "padding"}
        of_axes = {f"{short}_{letter}": name for short, name in names.items() for letter in self.letters}
        return {**of_axes, "groups": "groups", "form": "padding"}

    def is_allowed(self, field: str, value: int, limit: Any) -> bool:
        if field != "form" and not field.startswith(("before", "after")):
            return super().is_allowed(field, value, limit)
        if callable(limit):
            return True  # it is asked about the whole padding, once there is one
        if field == "form":
            return FORMS[value] in limit if value else any(one not in FORMS for one in limit)
        is_by_rule = any(one in FORMS for one in limit)  # whose sides are what they are
        amounts = {one for one in limit if one not in FORMS}
        flat = {side for one in amounts if isinstance(one, tuple) for axis in one for side in _sides(axis)}
        return is_by_rule or value in amounts or value in flat

    def numbers_of(self, case: Any) -> dict[str, int]:
        count = len(self.letters)
        kernel, stride, dilation = (
            per_axis(getattr(case, name), count, name) for name in ("kernel_size", "stride", "dilation")
        )
        sizes = [getattr(case, letter) for letter in self.letters]
        sides = padding_per_axis(case.padding, sizes, kernel, stride, dilation)
        numbers = {"n": case.n, "groups": case.groups, "c": case.c // case.groups, "f": case.f // case.groups}
        numbers["form"] = FORMS.index(case.padding) if case.padding in FORMS else 0
        for axis, letter in enumerate(self.letters):
            numbers |= {f"k_{letter}": kernel[axis], f"s_{letter}": stride[axis], f"d_{letter}": dilation[axis]}
            numbers |= {f"before_{letter}": sides[axis][0], f"after_{letter}": sides[axis][1]}
            numbers[f"n_{letter}"] = sizes[axis]
        return numbers

    def extents(self, numbers: Numbers) -> tuple[Any, ...]:
        sizes = (numbers[f"n_{letter}"] for letter in self.letters)
        return numbers["n"], numbers["c"] * numbers["groups"], numbers["f"] * numbers["groups"], *sizes

    def products(self, numbers: Numbers) -> Any:
        of_axes = [self._results(numbers, letter) * numbers[f"k_{letter}"] for letter in self.letters]
        return product([numbers["n"], numbers["groups"], numbers["c"], numbers["f"], *of_axes])

    def _results(self, numbers: Numbers, letter: str) -> Any:
        """Return how many results there are along an axis."""
        k, s, d, before, after, n = (numbers[f"{name}_{letter}"] for name in ("k", "s", "d", "before", "after", "n"))
        return (n + before + after - d * (k - 1) - 1) // s + 1

    def coincidences(self, numbers: Numbers) -> tuple[Any, ...]:
        n, c, f = self.extents(numbers)[:3]
        width = self._results(numbers, "w")
        return *of_channels(n, c, f), (f == width) & (n != c) & (n != f) & (c != f)

    def is_square(self, numbers: Numbers) -> Any:
        kernels = [numbers[f"k_{letter}"] for letter in self.letters]
        return sum((one == other for one, other in combinations(kernels, 2)), start=np.array(False)) > 0

    def is_plain(self, numbers: Numbers) -> Any:
        sides = [numbers[f"{side}_{letter}"] for side in ("before", "after") for letter in self.letters]
        return functools.reduce(np.logical_and, [side == sides[0] for side in sides[1:]])

    def case(self, numbers: Numbers, flags: Mapping[str, Any], choices: Choices, limits: Limits) -> Any:
        kernel, stride, dilation = (
            tuple(numbers[f"{name}_{letter}"] for letter in self.letters) for name in ("k", "s", "d")
        )
        bias = flags["bias"] if "bias" in flags else choices.pick(within(limits, "bias", [False, True, True]))
        single = len(self.letters) == 1
        return self.operation.case_type(
            n=numbers["n"],
            c=numbers["c"] * numbers["groups"],
            f=numbers["f"] * numbers["groups"],
            **{letter: numbers[f"n_{letter}"] for letter in self.letters},
            kernel_size=kernel[0] if single and self.operation.case_type is not Conv2dCase else kernel,
            stride=_form(choices, stride),
            padding=self._padding(numbers, choices, limits),
            dilation=_form(choices, dilation),
            groups=numbers["groups"],
            bias=bool(bias),
            dtype=flags["dtype"],
            layout=flags["layout"],
            seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        )

    def _padding(self, numbers: Numbers, choices: Choices, limits: Limits) -> Any:
        """Return the padding in one of the forms that a user may write and the limits allow."""
        if numbers["form"]:
            return FORMS[numbers["form"]]
        sides = tuple((numbers[f"before_{letter}"], numbers[f"after_{letter}"]) for letter in self.letters)
        forms: list[Any] = [sides]
        if all(before == after for before, after in sides) and len(sides) > 1:
            forms.insert(0, tuple(before for before, _ in sides))
        flat = {side for axis in sides for side in axis}
        if len(flat) == 1:
            forms += [*flat] * 2
        limit = limits.get("padding")
        return some(choices, forms, lambda form: _padding_allowed(limit, form))


def of_channels(n: Any, c: Any, f: Any) -> tuple[Any, ...]:
    """Return which equalities of images, channels and filters there are: of two of them, and of all."""
    return (n == c) & (c != f), (c == f) & (n != c), (n == f) & (n != c), (n == c) & (c == f)


def _padding_allowed(limit: Any, form: Any) -> bool:
    """Return whether padding as written is inside a limit."""
    return allowed(limit, form) if callable(limit) else allowed_in_parts(limit, form)


def _sides(axis: Any) -> tuple[int, ...]:
    """Return the numbers of one axis of a padding as written."""
    return axis if isinstance(axis, tuple) else (axis,)


def _form(choices: Choices, sizes: tuple[int, ...]) -> Any:
    """Return sizes as users write them: one integer where it is the only one, or sometimes where all are equal."""
    is_one = len(sizes) == 1 or (len(set(sizes)) == 1 and choices.happens(2))
    return sizes[0] if is_one else sizes
