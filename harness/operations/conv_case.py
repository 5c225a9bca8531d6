"""A case of one- or three-dimensional convolution, shared by the forward operations and their gradients."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, TypeVar

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, allowed, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.conv2d_case import coinciding, draw_channels
from convoracle.reference.geometry import ConvGeometry, conv_geometry
from convoracle.reference.shapes import Padding, per_axis

Sizes = int | tuple[int, ...]


@dataclass(frozen=True)
class ConvCase:
    """One configuration: x is (n, c, *sizes), weight is (f, c / groups, *kernel). Subclasses have the sizes."""

    n: int
    c: int
    f: int
    kernel_size: Sizes
    stride: Sizes
    padding: Padding
    dilation: Sizes
    groups: int
    bias: bool
    dtype: str
    layout: tuple[str, ...]
    seed: int

    axes: ClassVar[int]
    """How many axes a kernel has."""
    sizes: ClassVar[tuple[str, ...]]
    """The fields with the sizes of x, one per axis."""
    asked_whole: ClassVar[tuple[str, ...]] = ("padding",)
    """Options about which a limit that is a function is asked as they are passed, not axis by axis."""

    def options(self) -> dict[str, Any]:
        """Return the keywords of a call."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}

    def kernel(self) -> tuple[int, ...]:
        """Return the kernel size along each axis."""
        return per_axis(self.kernel_size, self.axes, "kernel_size")

    def x_shape(self) -> tuple[int, ...]:
        """Return (N, C, *sizes)."""
        return self.n, self.c, *(getattr(self, name) for name in self.sizes)

    def weight_shape(self) -> tuple[int, ...]:
        """Return (F, C / groups, *kernel)."""
        if self.c % self.groups or self.f % self.groups:
            raise ValueError(f"groups={self.groups} does not divide c={self.c} and f={self.f}")
        return self.f, self.c // self.groups, *self.kernel()

    def geometry(self) -> ConvGeometry:
        """Return the convolution in integers; ValueError if there is none."""
        return conv_geometry("case", "DHW"[-self.axes :], self.x_shape(), self.weight_shape(), **self.options())

    def output_shape(self) -> tuple[int, ...]:
        """Return (N, F, *output sizes)."""
        return tuple(self.geometry().output_shape)

    def transform_bits(self) -> float:
        """Return log2 of the points of the largest transform: every axis padded for both operands, then doubled."""
        bits = 2.0 + math.log2(max(self.n, 1)) + math.log2(max(self.c, self.f))
        found = self.geometry()
        for size, sides, k, s, d in zip(
            self.x_shape()[2:], found.padding, self.kernel(), found.stride, found.dilation, strict=True
        ):
            bits += 1.0 + math.log2(size + sum(sides) + s + 2 * (d * (k - 1) + 1))
        return bits


@dataclass(frozen=True)
class Conv1dCase(ConvCase):
    """A convolution of sequences."""

    w: int

    axes: ClassVar[int] = 1
    sizes: ClassVar[tuple[str, ...]] = ("w",)


@dataclass(frozen=True)
class Conv3dCase(ConvCase):
    """A convolution of volumes."""

    d: int
    h: int
    w: int

    axes: ClassVar[int] = 3
    sizes: ClassVar[tuple[str, ...]] = ("d", "h", "w")


Case = TypeVar("Case", bound=ConvCase)


def draw_case(case_type: type[Case], choices: Choices, limits: Limits, dtypes: tuple[str, ...], index: int) -> Case:
    """Return case number `index`: see `geometry` for what the number decides."""
    wide, coincides, trivial = geometry.is_wide(index), geometry.coincides(index), geometry.is_trivial(index)
    axes = case_type.axes
    taps = [1] if trivial else [1, 2, 3, 2] if wide or axes == 3 else [1, 2, 3, 4]
    kernel = list(_draw_sizes(choices, limits, "kernel_size", taps, axes))
    if wide and "kernel_size" not in limits:
        kernel[choices.below(axes)] = choices.pick([5, 5, 6, 7])
    stride = _draw_sizes(choices, limits, "stride", [1] if trivial else [1, 1, 2, 2, 3], axes)
    dilation = _draw_sizes(choices, limits, "dilation", [1, 1, 2, 2, 3], axes)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = _draw_padding(choices, limits, spans)
    height, width = geometry.output_sizes(choices, index)
    out = [choices.between(1, 3), min(height, 3), width][-axes:]
    sizes = []
    for axis in range(axes):
        sides = per_axis(0, axes, "padding", minimum=0) if isinstance(padding, str) else _both_sides(padding, axes)
        if padding in ("same", "same_lower"):
            sizes.append(out[axis] * stride[axis] - choices.below(stride[axis]))
        else:
            period = 8 if axis == axes - 1 else 1
            sizes.append(geometry.input_size(out[axis], spans[axis], stride[axis], sides[axis], choices, period))
    for axis in range(axes - 2, -1, -1):
        while not coincides and sizes[axis] in sizes[axis + 1 :]:
            sizes[axis] += stride[axis]
    groups, n, c, f = draw_channels(choices, limits, set(sizes), index)
    if coincides:
        n, c, f = coinciding(choices, groups, n, c, f, out[-1])
    return case_type(
        n=n,
        c=c,
        f=f,
        kernel_size=kernel[0] if axes == 1 else tuple(kernel),
        stride=_sizes_form(choices, stride),
        padding=padding,
        dilation=_sizes_form(choices, dilation),
        groups=groups,
        bias=bool(choices.pick(within(limits, "bias", [False, True, True]))),
        dtype=dtypes[index % len(dtypes)],
        layout=geometry.draw_layouts(choices, 2),
        seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        **dict(zip(case_type.sizes, sizes, strict=True)),
    )


def simpler_conv(case: ConvCase) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values for every field, simplest first."""
    kernels: list[Any] = sorted(product(*(range(1, k + 1) for k in case.kernel())), key=lambda k: (sum(k), k))
    yield "kernel_size", [kernel[0] for kernel in kernels] if case.axes == 1 else kernels
    for name in ("stride", "dilation"):
        yield name, _simpler_sizes(getattr(case, name))
    yield "padding", _simpler_padding(case.padding)
    yield "groups", [groups for groups in range(1, case.groups + 1) if case.groups % groups == 0]
    for name in ("c", "f", "n", *case.sizes):
        yield name, list(range(1, getattr(case, name) + 1))
    yield "bias", [False, True] if case.bias else [False]
    yield from geometry.simpler_data(case)


def _draw_sizes(choices: Choices, limits: Limits, name: str, options: list[int], axes: int) -> tuple[int, ...]:
    """Return one value for each axis, inside the limits, which may also list whole tuples."""
    limit = limits.get(name)
    if limit is not None and not callable(limit):
        whole = [value for value in limit if isinstance(value, tuple)]
        if whole:
            chosen: tuple[int, ...] = choices.pick(whole)
            return chosen
    kept = within(limits, name, options)
    return tuple(choices.pick(kept) for _ in range(axes))


def _sizes_form(choices: Choices, sizes: tuple[int, ...]) -> Sizes:
    """Return sizes as users write them: one integer where it is the only one, or sometimes where all are equal."""
    alone = len(sizes) == 1 or (len(set(sizes)) == 1 and choices.happens(2))
    return sizes[0] if alone else sizes


def _simpler_sizes(value: Sizes) -> list[Any]:
    """Return 1, then what lies between, simplest first, and the value in its own form."""
    if isinstance(value, int):
        return list(range(1, value + 1))
    between = sorted(product(*(range(1, size + 1) for size in value)), key=lambda sizes: (sum(sizes), sizes))
    return [1, *between[1:-1], value]


def _draw_padding(choices: Choices, limits: Limits, spans: list[int]) -> Padding:
    """Return padding in one of the forms a user may write, inside the limits; see `conv2d_case`."""
    limit = limits.get("padding")
    if limit is None:
        return _any_padding(choices, spans)
    if callable(limit):
        drawn: Padding = geometry.retry(
            lambda: _any_padding(choices, spans), lambda value: allowed(limit, value), "padding"
        )
        return drawn
    other: Padding = choices.pick(list(limit))
    return other


def _any_padding(choices: Choices, spans: list[int]) -> Padding:
    """Return padding in any form; now and then more than the kernel's own extent."""

    def amount(axis: int) -> int:
        return choices.between(0, min(spans[axis], 3)) + (spans[axis] if choices.happens(12) else 0)

    form = choices.pick(["none", "both", "each", "sides", "sides", "sides", "same", "same_lower", "valid"])
    if form == "none":
        return 0
    if form == "both" or (form == "each" and len(spans) == 1):
        return amount(choices.below(len(spans)))
    if form == "each":
        return tuple(amount(axis) for axis in range(len(spans)))
    if form == "sides":
        return tuple((amount(axis), amount(axis)) for axis in range(len(spans)))
    return form


def _both_sides(padding: Any, axes: int) -> tuple[int, ...]:
    """Return how much both sides of each axis are padded together."""
    if isinstance(padding, int):
        return (2 * padding,) * axes
    return tuple(2 * side if isinstance(side, int) else sum(side) for side in padding)


def _simpler_padding(padding: Any) -> list[Any]:
    """Return simpler padding, simplest first."""
    if isinstance(padding, str):
        return [0, padding]
    if isinstance(padding, int):
        return list(range(padding + 1))
    pairs = isinstance(padding[0], tuple)
    flat = [side for axis in padding for side in axis] if pairs else list(padding)
    kept: list[Any] = sorted(product(*(sorted({0, side}) for side in flat)), key=lambda sides: (sum(sides), sides))
    if pairs:
        kept = [tuple(zip(sides[::2], sides[1::2], strict=True)) for sides in kept]
    return [0, *kept[1:-1], padding]
