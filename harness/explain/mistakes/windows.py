"""The windows of a case, one axis at a time, as numbers that a mistake can change."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.operations.conv2d_case import Conv2dCase
from convoracle.harness.operations.conv_case import ConvCase
from convoracle.harness.operations.conv_transpose2d_case import ConvTranspose2dCase
from convoracle.harness.operations.geometry import pair
from convoracle.harness.operations.pool2d_case import Pool2dCase
from convoracle.reference.shapes import per_axis

OUTSIDE = -1
"""What a table holds where a tap lies outside the input: the index of a last element that is added for it."""


@dataclass(frozen=True)
class Axis:
    """How windows slide along one axis.

    Parameters
    ----------
    name : str
        d, h or w.
    size, windows : int
        How many elements the input has and how many windows there are, by the rules of the oracle.
    kernel, stride, before, after, dilation, extra : int
        The options; `before` and `after` are the padding, `extra` the output padding of a transposed convolution.
    ceil : str
        How a remainder is rounded: ``floor``; ``ceil`` drops a last window that would start in the padding;
        ``every`` keeps it.
    outside : str
        What a tap reads outside the input: ``zero``, ``edge``, ``mirror`` or ``around``.
    """

    name: str
    size: int
    windows: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    extra: int = 0
    ceil: str = "floor"
    outside: str = "zero"

    @property
    def span(self) -> int:
        """The extent of the kernel."""
        return self.dilation * (self.kernel - 1) + 1

    def counted(self) -> int:
        """Return how many windows these numbers give; below 1 if the kernel does not fit."""
        room = self.size + self.before + self.after - self.span
        if self.ceil == "floor":
            return room // self.stride + 1
        windows = -(-room // self.stride) + 1
        if self.ceil == "ceil" and (windows - 1) * self.stride >= self.size + self.before:
            windows -= 1
        return windows

    def enlarged(self) -> int:
        """Return the size of the input that a transposed convolution of so many windows makes."""
        return (self.windows - 1) * self.stride + self.span - self.before - self.after + self.extra

    def table(self, windows: int, size: int) -> np.ndarray:
        """Return which of `size` elements each tap of each window reads: (windows, kernel)."""
        places = (
            np.arange(windows)[:, None] * self.stride - self.before + np.arange(self.kernel)[None, :] * self.dilation
        )
        inside = (places >= 0) & (places < size)
        if self.outside == "edge":
            return np.clip(places, 0, size - 1)
        if self.outside == "around":
            return places % size
        if self.outside == "mirror":
            period = max(2 * (size - 1), 1)
            folded = places % period
            return np.minimum(folded, period - folded) if size > 1 else np.zeros_like(places)
        return np.where(inside, places, OUTSIDE)


def axes_of(case: Any) -> tuple[Axis, ...]:
    """Return the axes along which the windows of a case slide; none for an operation without windows."""
    if isinstance(case, ConvTranspose2dCase):
        return _transposed(case)
    if isinstance(case, Conv2dCase):
        return tuple(
            Axis(name, size, windows, kernel, stride, before, after, dilation)
            for name, size, windows, kernel, stride, (before, after), dilation in zip(
                "hw",
                (case.h, case.w),
                case.output_size(),
                case.kernel_size,
                pair(case.stride),
                case.sides(),
                pair(case.dilation),
                strict=True,
            )
        )
    if isinstance(case, ConvCase):
        found = case.geometry()
        return tuple(
            Axis(name, size, windows, kernel, stride, before, after, dilation)
            for name, size, windows, kernel, stride, (before, after), dilation in zip(
                case.sizes,
                case.x_shape()[2:],
                found.output_shape[2:],
                case.kernel(),
                found.stride,
                found.padding,
                found.dilation,
                strict=True,
            )
        )
    if isinstance(case, Pool2dCase):
        return _of_pool(case)
    return ()


def _transposed(case: ConvTranspose2dCase) -> tuple[Axis, ...]:
    return tuple(
        Axis(name, size, windows, kernel, stride, padding, padding, dilation, extra)
        for name, size, windows, kernel, stride, padding, dilation, extra in zip(
            "hw",
            case.output_shape()[2:],
            (case.h, case.w),
            case.kernel_size,
            pair(case.stride),
            pair(case.padding),
            pair(case.dilation),
            per_axis(case.output_padding, 2, "output_padding", minimum=0),
            strict=True,
        )
    )


def _of_pool(case: Pool2dCase) -> tuple[Axis, ...]:
    kernel = pair(case.kernel_size)
    strides = kernel if case.stride is None else pair(case.stride)
    return tuple(
        Axis(name, size, windows, k, stride, padding, padding, dilation, ceil="ceil" if case.ceil_mode else "floor")
        for name, size, windows, k, stride, padding, dilation in zip(
            "hw",
            (case.h, case.w),
            case.output_shape()[2:],
            kernel,
            strides,
            pair(case.padding),
            case.dilations(),
            strict=True,
        )
    )


def replaced(axes: tuple[Axis, ...], **values: Any) -> tuple[Axis, ...]:
    """Return the axes with fields replaced; a value is one for all axes, or a tuple of one for each."""
    return tuple(
        dataclasses.replace(
            axis, **{name: value[i] if isinstance(value, tuple) else value for name, value in values.items()}
        )
        for i, axis in enumerate(axes)
    )
