"""A case of two-dimensional pooling, shared by the pools and their gradients."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, TypeVar

from convoracle import reference
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.limits import Limits, allowed_in_parts, within
from convoracle.harness.operations import geometry
from convoracle.harness.operations.geometry import IntOrPair, pair


@dataclass(frozen=True)
class Pool2dCase:
    """One configuration: x is (n, c, h, w). What both pools have."""

    n: int
    c: int
    h: int
    w: int
    kernel_size: IntOrPair
    stride: IntOrPair | None
    padding: IntOrPair
    ceil_mode: bool
    dtype: str
    layout: tuple[str, ...]
    seed: int

    asked_whole: ClassVar[tuple[str, ...]] = ()
    """Options about which a limit that is a function is asked as they are passed, not axis by axis."""

    def dilations(self) -> tuple[int, int]:
        """Return the dilation along each axis."""
        return 1, 1

    def x_shape(self) -> tuple[int, int, int, int]:
        """Return (N, C, H, W)."""
        return self.n, self.c, self.h, self.w

    def transform_bits(self) -> float:
        """Return log2 of the points of the largest Fourier transform of a mean: every axis padded, then doubled."""
        bits = 2.0 + math.log2(max(self.n, 1)) + math.log2(self.c)
        for size, k, p in zip((self.h, self.w), pair(self.kernel_size), pair(self.padding), strict=True):
            bits += 1.0 + math.log2(size + 2 * p + 3 * k)
        return bits

    def output_shape(self) -> tuple[int, int, int, int]:
        """Return (N, C, H_out, W_out)."""
        kernel = pair(self.kernel_size)
        stride = kernel if self.stride is None else pair(self.stride)
        found = [
            _windows(size, k, s, p, d, self.ceil_mode)
            for size, k, s, p, d in zip(
                (self.h, self.w), kernel, stride, pair(self.padding), self.dilations(), strict=True
            )
        ]
        return self.n, self.c, found[0], found[1]


# Remembered, since a case is asked for its sizes many times.
@functools.lru_cache(maxsize=4096)
def _windows(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    """Return how many windows there are along an axis, each with a tap inside the input."""
    windows: int = reference.pool_output_size(
        size, kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode
    )
    if padding > kernel // 2:
        raise ValueError(f"padding {padding} is more than half the kernel {kernel}")
    # Only a window whose first tap is before the input, or behind it, can miss it.
    inside, behind = -(-padding // stride), -(-(padding + size) // stride)
    for window in (*range(min(inside, windows)), *range(behind, windows)):
        first = window * stride - padding
        if not any(0 <= first + tap * dilation < size for tap in range(kernel)):
            raise ValueError("a window holds nothing but padding")
    return windows


@dataclass(frozen=True)
class MaxPool2dCase(Pool2dCase):
    """One configuration of max pooling."""

    dilation: IntOrPair = 1
    return_indices: bool = False

    def dilations(self) -> tuple[int, int]:
        """Return the dilation along each axis."""
        return pair(self.dilation)


@dataclass(frozen=True)
class AvgPool2dCase(Pool2dCase):
    """One configuration of mean pooling."""

    count_include_pad: bool = True
    divisor_override: int | None = None


Case = TypeVar("Case", bound=Pool2dCase)


class Windows(NamedTuple):
    """The windows along one axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int
    ceil_mode: bool

    def count(self, size: int) -> int:
        """Return how many windows an input of that size has."""
        return reference.pool_output_size(
            size,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            dilation=self.dilation,
            ceil_mode=self.ceil_mode,
        )

    def input_size(self, outputs: int, choices: Choices, period: int) -> int:
        """Return the size of an input of so many windows, with a remainder as `geometry.input_size` draws it."""
        span = self.dilation * (self.kernel - 1) + 1
        size = geometry.input_size(outputs, span, self.stride, 2 * self.padding, choices, period)
        # Under ceil_mode the remainder adds a window, unless that would start in the padding; where it does, one stride
        # less of input keeps the number of outputs as drawn.
        less = size - self.stride
        if self.ceil_mode and less >= 1 and less + 2 * self.padding >= span:
            return less if (self.count(size), self.count(less)) == (outputs + 1, outputs) else size
        return size


def draw_case(
    case_type: type[Case],
    choices: Choices,
    limits: Limits,
    dtypes: tuple[str, ...],
    index: int,
    dilations: tuple[int, int] = (1, 1),
    **own: Any,
) -> Case:
    """Return case number `index`: see `geometry` for what the number decides.

    `dilations` is 1 for means; `own` are the case type's own fields.
    """
    wide, coincides = geometry.is_wide(index), geometry.coincides(index)
    trivial = geometry.is_trivial(index) and allowed_in_parts(limits.get("padding"), 0)
    taps = [1] if trivial else [2, 2, 3, 3, 1, 4] if not wide else [5, 3, 2, 4]
    kernel = geometry.draw_pair(choices, limits, "kernel_size", taps)
    if wide and "kernel_size" not in limits:
        kernel = (kernel[0], 5) if choices.happens(2) else (5, kernel[0])
    if kernel[0] == kernel[1] and not coincides and not trivial and "kernel_size" not in limits and choices.below(4):
        kernel = (kernel[0], kernel[1] + 1)
    stride = _draw_stride(choices, limits, kernel, [1] if trivial else [1, 2, 3, 1, 2, 4])
    steps = kernel if stride is None else pair(stride)
    padding = _draw_padding(choices, limits, kernel)
    ceil_mode = choices.pick(within(limits, "ceil_mode", [False, True]))
    out = geometry.output_sizes(choices, index)
    windows = [Windows(*axis, ceil_mode) for axis in zip(kernel, steps, padding, dilations, strict=True)]
    sizes = [one.input_size(wanted, choices, period) for one, wanted, period in zip(windows, out, (1, 8), strict=True)]
    if sizes[0] == sizes[1] and not coincides:
        sizes[0] += steps[0]
    taken = set(sizes)
    n = geometry.distinct(choices.between(3, 4) if wide else choices.between(1, 4), taken)
    c = geometry.distinct(choices.between(5, 6) if wide else choices.between(1, 4), taken)
    return case_type(
        n=c if coincides else n,
        c=c,
        h=sizes[0],
        w=sizes[1],
        kernel_size=geometry.pair_form(choices, kernel),
        stride=stride,
        padding=geometry.pair_form(choices, padding),
        ceil_mode=ceil_mode,
        dtype=dtypes[index % len(dtypes)],
        layout=geometry.draw_layouts(choices, 1),
        seed=choices.between(geometry.SIMPLE_SEEDS, 2**31),
        **own,
    )


def simpler_pool2d(case: Pool2dCase) -> Iterator[tuple[str, list[Any]]]:
    """Yield simpler values for every field, simplest first."""
    yield "kernel_size", geometry.simpler_pairs(case.kernel_size, 1)
    strides = geometry.simpler_pairs(case.stride, 1)
    yield "stride", strides if case.stride is None else [None, *strides]
    yield "padding", geometry.simpler_pairs(case.padding, 0)
    yield "c", list(range(1, case.c + 1))
    for field in dataclasses.fields(case):
        value = getattr(case, field.name)
        if value is True and field.name != "count_include_pad":
            yield field.name, [False, True]
        if value is False and field.name == "count_include_pad":
            yield field.name, [True, False]
    if isinstance(case, MaxPool2dCase):
        yield "dilation", geometry.simpler_pairs(case.dilation, 1)
    if isinstance(case, AvgPool2dCase) and case.divisor_override is not None:
        yield "divisor_override", [None, case.divisor_override]
    yield from geometry.simpler_common(case)


def draw_dilation(choices: Choices, limits: Limits) -> tuple[int, int]:
    """Return the dilation along each axis."""
    return geometry.draw_pair(choices, limits, "dilation", [1, 1, 2, 3])


def _draw_stride(choices: Choices, limits: Limits, kernel: tuple[int, int], options: list[int]) -> IntOrPair | None:
    """Return a stride, or None for the kernel's own size where the limits allow that."""
    limit = limits.get("stride")
    names_none = limit is not None and not callable(limit) and None in limit
    none_allowed = names_none or allowed_in_parts(limit, kernel)
    if none_allowed and choices.happens(4):
        return None
    numbers: Limits = limits
    if limit is not None and not callable(limit):
        numbers = {**limits, "stride": [value for value in limit if value is not None]}
    if limit is not None and not callable(limit) and not numbers["stride"]:
        return None
    return geometry.pair_form(choices, geometry.draw_pair(choices, numbers, "stride", options))


def _draw_padding(choices: Choices, limits: Limits, kernel: tuple[int, int]) -> tuple[int, int]:
    """Return padding of at most half the kernel along each axis."""
    legal = itertools.product(*(range(k // 2 + 1) for k in kernel))
    fitting = [(first, second) for first, second in legal if allowed_in_parts(limits.get("padding"), (first, second))]
    if not fitting:
        raise ValueError(
            f"limits['padding'] leaves nothing to test for a kernel of {kernel}: at most half of it is legal"
        )
    return choices.pick(fitting)
