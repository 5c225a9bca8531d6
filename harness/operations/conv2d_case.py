"""A case of two-dimensional convolution, shared by the forward operation and its gradients."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, allowed, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.geometry import Pair, pair

Sides = tuple[Pair, Pair]
Padding = int | str | Pair | Sides


@dataclass(frozen=True)
class Conv2dCase:
    """One configuration: x is (n, c, h, w), weight is (f, c / groups, *kernel_size)."""

    n: int
    c: int
    h: int
    w: int
    f: int
    kernel_size: tuple[int, int]
    stride: int | tuple[int, int]
    padding: Padding
    dilation: int | tuple[int, int]
    groups: int
    bias: bool
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ("padding",)
    """Options about which a limit that is a function is asked as they are passed, not axis by axis."""

    def sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the padding as ((top, bottom), (left, right))."""
        return _sides(self.padding, (self.h, self.w), self.kernel_size, pair(self.stride), pair(self.dilation))

    def output_size(self) -> tuple[int, int]:
        """Return (H_out, W_out)."""
        return _output_size((self.h, self.w), self.kernel_size, pair(self.stride), self.sides(), pair(self.dilation))

    def options(self) -> dict[str, Any]:
        """Return the keywords of a call."""
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }

    def x_shape(self) -> tuple[int, int, int, int]:
        """Return (N, C, H, W)."""
        return self.n, self.c, self.h, self.w

    def weight_shape(self) -> tuple[int, int, int, int]:
        """Return (F, C / groups, kH, kW)."""
        if self.c % self.groups or self.f % self.groups:
            raise ValueError(f"groups={self.groups} does not divide c={self.c} and f={self.f}")
        return self.f, self.c // self.groups, *self.kernel_size

    def output_shape(self) -> tuple[int, int, int, int]:
        """Return (N, F, H_out, W_out)."""
        self.weight_shape()
        return self.n, self.f, *self.output_size()

    def transform_bits(self) -> float:
        """Return log2 of the points of the largest transform: every axis padded for both operands, then doubled."""
        bits = 2.0 + math.log2(max(self.n, 1)) + math.log2(max(self.c, self.f))
        for size, sides, k, s, d in zip(
            (self.h, self.w), self.sides(), self.kernel_size, pair(self.stride), pair(self.dilation), strict=True
        ):
            bits += 1.0 + math.log2(size + sum(sides) + s + 2 * (d * (k - 1) + 1))
        return bits

    def suits_winograd(self) -> bool:
        """Return whether F(m x m, r x r) applies: with a dilation, to each of its phases."""
        return self.kernel_size in ((3, 3), (5, 5)) and pair(self.stride) == (1, 1)


# Remembered, since a case is asked for its sizes many times.
@functools.lru_cache(maxsize=4096)
def _sides(padding: Padding, size: Pair, kernel_size: Pair, stride: Pair, dilation: Pair) -> Sides:
    """Return padding as ((top, bottom), (left, right))."""
    resolved: Sides = reference.resolve_padding(padding, size, kernel_size, stride, dilation)
    return resolved


@functools.lru_cache(maxsize=4096)
def _output_size(size: Pair, kernel_size: Pair, stride: Pair, sides: Sides, dilation: Pair) -> Pair:
    """Return (H_out, W_out)."""
    height, width = (
        reference.conv_output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(size, kernel_size, stride, sides, dilation, strict=True)
    )
    return height, width


def draw_case(choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> Conv2dCase:
    """Return case number `index`: see `geometry` for what the number decides."""
    coincides = geometry.coincides(index)
    kernel, stride, dilation = draw_window(choices, limits, index)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    padding = _draw_padding(choices, limits, (spans[0], spans[1]))
    out = geometry.output_sizes(choices, index)
    sizes = []
    for axis, period in ((0, 1), (1, 8)):
        if padding in ("same", "same_lower"):
            sizes.append(out[axis] * stride[axis] - choices.below(stride[axis]))
        else:
            both = sum(reference.resolve_padding(padding, (1, 1), kernel, stride, dilation)[axis])
            sizes.append(geometry.input_size(out[axis], spans[axis], stride[axis], both, choices, period))
    if sizes[0] == sizes[1] and not coincides:
        sizes[0] += stride[0]
    groups, n, c, f = draw_channels(choices, limits, set(sizes), index)
    if coincides:
        n, c, f = coinciding(choices, groups, n, c, f, out[1])
        if choices.happens(3) and all(
            allowed(limits.get(name), value) for name, value in (("stride", 1), ("padding", "same"))
        ):
            stride, padding, sizes, f = (1, 1), "same", list(out), c  # the result has the shape of x
    return Conv2dCase(
        n=n,
        c=c,
        h=sizes[0],
        w=sizes[1],
        f=f,
        kernel_size=kernel,
        stride=geometry.pair_form(choices, stride),
        padding=padding,
        dilation=geometry.pair_form(choices, dilation),
        groups=groups,
        bias=bool(choices.pick(within(limits, "bias", [False, True, True]))),
        dtype=dtypes[index % len(dtypes)],
        layout=geometry.draw_layouts(choices, 2),
        seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
    )


def simpler_conv2d(case: Conv2dCase) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values for every field, simplest first."""
    taps = product(range(1, case.kernel_size[0] + 1), range(1, case.kernel_size[1] + 1))
    yield "kernel_size", sorted(taps, key=lambda kernel: (sum(kernel), kernel))
    yield "stride", geometry.simpler_pairs(case.stride, 1)
    yield "dilation", geometry.simpler_pairs(case.dilation, 1)
    yield "padding", _simpler_padding(case.padding)
    yield "groups", [groups for groups in range(1, case.groups + 1) if case.groups % groups == 0]
    yield "c", list(range(1, case.c + 1))
    yield "f", list(range(1, case.f + 1))
    yield "bias", [False, True] if case.bias else [False]
    yield from geometry.simpler_common(case)


def draw_window(choices: Choices, limits: Limits, index: int) -> tuple[Pair, Pair, Pair]:
    """Return the kernel, the stride and the dilation of a convolution, transposed or not."""
    wide, trivial = geometry.is_wide(index), geometry.is_trivial(index)
    taps = [1] if trivial else [1, 2, 3, 4] if not wide else [3, 1, 2, 5]
    kernel = geometry.draw_pair(choices, limits, "kernel_size", taps)
    if wide and "kernel_size" not in limits:
        kernel = (kernel[0], choices.pick([5, 5, 6, 7]))
        kernel = kernel if choices.happens(3) else (kernel[1], max(kernel[0], 2))
    if kernel[0] == kernel[1] and not geometry.coincides(index) and not trivial and "kernel_size" not in limits:
        kernel = (kernel[0], kernel[1] + 1)
    stride = geometry.draw_pair(choices, limits, "stride", [1] if trivial else [1, 1, 2, 2, 3])
    return kernel, stride, geometry.draw_pair(choices, limits, "dilation", [1, 1, 2, 2, 3])


def draw_channels(choices: Choices, limits: Limits, taken: set[int], index: int) -> tuple[int, int, int, int]:
    """Return groups, N, C, F: distinct from each other and from the sizes taken."""
    wide = geometry.is_wide(index)
    groups = choices.pick(within(limits, "groups", [1, 1, 1, 2] if wide else [1, 1, 2, 2, 3, 4]))
    n = geometry.distinct(choices.between(3, 4) if wide else choices.between(1, 4), taken)
    in_group = choices.between(5, 6) if wide else choices.pick([1, 1, 2, 3, 4])
    out_group = choices.between(1, 2 if wide else 3)
    while in_group * groups in taken:
        in_group += 1
    taken.add(in_group * groups)
    while out_group * groups in taken:
        out_group += 1
    return groups, n, in_group * groups, out_group * groups


def coinciding(choices: Choices, groups: int, n: int, c: int, f: int, width: int) -> tuple[int, int, int]:
    """Return N, C, F with a coincidence that some bugs need: N = C, N = F, D_l = D_{l-1}, W_out = F, or all equal."""
    kind = choices.below(5)
    if kind == 0:
        return c, c, f
    if kind == 1:
        return n, c, c
    if kind == 2:
        return f, c, f
    return (n, c, width) if kind == 3 and width % groups == 0 else (c, c, c)


def _draw_padding(choices: Choices, limits: Limits, spans: tuple[int, int]) -> Padding:
    """Return padding in one of the forms a user may write, inside the limits.

    An integer in a limit stands for that many on both sides of an axis, a string for itself, a tuple for itself.
    """
    limit = limits.get("padding")
    if limit is None:
        return _any_padding(choices, spans)
    if callable(limit):
        drawn: Padding = geometry.retry(
            lambda: _any_padding(choices, spans), lambda value: allowed(limit, value), "padding"
        )
        return drawn
    amounts = [value for value in limit if isinstance(value, int)]
    others = [value for value in limit if not isinstance(value, int)]
    if others and (not amounts or choices.happens(2)):
        other: Padding = choices.pick(others)
        return other
    return geometry.pair_form(choices, (choices.pick(amounts), choices.pick(amounts)))


def _any_padding(choices: Choices, spans: tuple[int, int]) -> Padding:
    """Return padding in any form; now and then more than the kernel's own extent."""

    def amount(axis: int) -> int:
        return choices.between(0, min(spans[axis], 4)) + (spans[axis] if choices.happens(12) else 0)

    form = choices.pick(["none", "both", "pair", "sides", "sides", "sides", "same", "same_lower", "valid"])
    if form == "none":
        return 0
    if form == "both":
        return amount(choices.below(2))
    if form == "pair":
        return amount(0), amount(1)
    if form == "sides":
        return (amount(0), amount(0)), (amount(1), amount(1))
    return form


def _simpler_padding(padding: Padding) -> list[Any]:
    """Return simpler padding, simplest first."""
    if isinstance(padding, str):
        return [0, padding]
    if isinstance(padding, int):
        return list(range(padding + 1))
    if isinstance(padding[0], tuple):
        (top, bottom), (left, right) = padding
        sides: list[Any] = [
            ((a, b), (c, d)) for a in {0, top} for b in {0, bottom} for c in {0, left} for d in {0, right}
        ]
        sides.sort(key=lambda item: (sum(item[0]) + sum(item[1]), item))
        return [0, *sides[1:], padding]
    return geometry.simpler_pairs(padding, 0)
