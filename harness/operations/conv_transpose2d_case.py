"""A case of transposed convolution, shared by the forward operation and its gradients."""

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.conv2d_case import coinciding, draw_channels, draw_window
from convoracle.harness.operations.geometry import IntOrPair, pair
from convoracle.reference.conv_transpose2d import conv_transpose2d_geometry


@dataclass(frozen=True)
class ConvTranspose2dCase:
    """One configuration: x is (n, c, h, w), weight is (c, f / groups, *kernel_size)."""

    n: int
    c: int
    h: int
    w: int
    f: int
    kernel_size: tuple[int, int]
    stride: IntOrPair
    padding: IntOrPair
    output_padding: IntOrPair
    groups: int
    dilation: IntOrPair
    bias: bool
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()
    """Options about which a limit that is a function is asked as they are passed, not axis by axis."""

    def options(self) -> dict[str, Any]:
        """Return the keywords of a call."""
        names = ("stride", "padding", "output_padding", "groups", "dilation")
        return {name: getattr(self, name) for name in names}

    def x_shape(self) -> tuple[int, int, int, int]:
        """Return (N, C, H, W)."""
        return self.n, self.c, self.h, self.w

    def weight_shape(self) -> tuple[int, int, int, int]:
        """Return (C, F / groups, kH, kW)."""
        if self.c % self.groups or self.f % self.groups:
            raise ValueError(f"groups={self.groups} does not divide c={self.c} and f={self.f}")
        return self.c, self.f // self.groups, *self.kernel_size

    def output_shape(self) -> tuple[int, int, int, int]:
        """Return (N, F, H_out, W_out)."""
        return _output_shape(self.x_shape(), self.weight_shape(), *self.options().items())

    def transform_bits(self) -> float:
        """Return log2 of the points of the largest transform: every axis padded for both operands, then doubled."""
        bits = 2.0 + math.log2(max(self.n, 1)) + math.log2(max(self.c, self.f))
        for axis, size in enumerate(self.output_shape()[2:]):
            span = pair(self.dilation)[axis] * (self.kernel_size[axis] - 1) + 1
            bits += 1.0 + math.log2(size + 2 * pair(self.padding)[axis] + pair(self.stride)[axis] + 2 * span)
        return bits


# Remembered, since a case is asked for its sizes many times.
@functools.lru_cache(maxsize=4096)
def _output_shape(
    x_shape: tuple[int, ...], weight_shape: tuple[int, ...], *options: tuple[str, Any]
) -> tuple[int, int, int, int]:
    """Return (N, F, H_out, W_out)."""
    shape: tuple[int, int, int, int] = conv_transpose2d_geometry(
        "case", x_shape, weight_shape, **dict(options)
    ).output_shape
    return shape


def draw_case(choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> ConvTranspose2dCase:
    """Return case number `index`: see `geometry` for what the number decides.

    Each of the eight wide cases of twenty has another remainder of the width of x modulo 8; the result's width is some
    strides more.
    """
    coincides = geometry.coincides(index)
    kernel, stride, dilation = draw_window(choices, limits, index)
    extra = tuple(
        choices.pick(within(limits, "output_padding", list(range(max(s, d)))))
        for s, d in zip(stride, dilation, strict=True)
    )
    height, width = geometry.output_sizes(choices, index)
    if height == width and not coincides:
        height += 1
    most = [
        (n - 1) * s + d * (k - 1) + e
        for n, s, d, k, e in zip((height, width), stride, dilation, kernel, extra, strict=True)
    ]
    padding = tuple(choices.pick(within(limits, "padding", list(range(min(whole // 2, 4) + 1)))) for whole in most)
    groups, n, c, f = draw_channels(choices, limits, {height, width}, index)
    if coincides:
        width_of_result = most[1] - 2 * padding[1] + 1
        n, c, f = coinciding(choices, groups, n, c, f, choices.pick([width, width_of_result]))
    return ConvTranspose2dCase(
        n=n,
        c=c,
        h=height,
        w=width,
        f=f,
        kernel_size=kernel,
        stride=geometry.pair_form(choices, stride),
        padding=geometry.pair_form(choices, (padding[0], padding[1])),
        output_padding=geometry.pair_form(choices, (extra[0], extra[1])),
        groups=groups,
        dilation=geometry.pair_form(choices, dilation),
        bias=bool(choices.pick(within(limits, "bias", [False, True, True]))),
        dtype=dtypes[index % len(dtypes)],
        layout=geometry.draw_layouts(choices, 2),
        seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
    )


def simpler_conv_transpose2d(case: ConvTranspose2dCase) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values for every field, simplest first."""
    taps = product(range(1, case.kernel_size[0] + 1), range(1, case.kernel_size[1] + 1))
    yield "kernel_size", sorted(taps, key=lambda kernel: (sum(kernel), kernel))
    yield "stride", geometry.simpler_pairs(case.stride, 1)
    yield "dilation", geometry.simpler_pairs(case.dilation, 1)
    yield "padding", geometry.simpler_pairs(case.padding, 0)
    yield "output_padding", geometry.simpler_pairs(case.output_padding, 0)
    yield "groups", [groups for groups in range(1, case.groups + 1) if case.groups % groups == 0]
    yield "c", list(range(1, case.c + 1))
    yield "f", list(range(1, case.f + 1))
    yield "bias", [False, True] if case.bias else [False]
    yield from geometry.simpler_common(case)
