"""The geometry of a convolution along one to three axes: any way to write it goes in, one form comes out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from convoracle.fast.arguments import IntOrSizes, check_addressable, check_int, check_sizes, is_int
from convoracle.fast.shapes import check_ends, count_windows, same_padding, window_extent
from convoracle.fast.windows import Shape

ConvPadding = IntOrSizes | str | Sequence[Sequence[int]]
Ends = tuple[tuple[int, int], ...]

_PADDING_FORMS = {
    1: "an int, (l,), ((before, after),)",
    2: "an int, (h, w), ((top, bottom), (left, right))",
    3: "an int, (d, h, w), three pairs (before, after)",
}


@dataclass(frozen=True)
class ConvGeometry:
    """Normalised geometry of a convolution; each tuple has one entry per axis."""

    stride: Shape
    padding: Ends
    dilation: Shape
    groups: int
    output_shape: Shape

    def options(self) -> dict[str, Any]:
        """Return what a kernel gets by keyword."""
        return {"stride": self.stride, "padding": self.padding, "dilation": self.dilation, "groups": self.groups}


def conv_geometry(
    operation: str,
    input_shape: Shape,
    weight_shape: Shape,
    *,
    stride: object,
    padding: object,
    dilation: object,
    groups: object,
) -> ConvGeometry:
    """Return the normalised geometry of a convolution of (N, C, sizes) with (F, C // groups, kernel sizes)."""
    batch, channels, *input_size = input_shape
    filters, group_channels, *kernel_size = weight_shape
    axes = len(input_size)
    steps = check_sizes(operation, "stride", stride, 1, axes)
    holes = check_sizes(operation, "dilation", dilation, 1, axes)
    group_count = check_int(operation, "groups", groups, 1)
    if channels != group_channels * group_count:
        raise ValueError(
            f"{operation}: input of {channels} channels does not match weight of shape {weight_shape} "
            f"with groups={group_count}: {group_channels * group_count} channels are expected"
        )
    if filters % group_count:
        raise ValueError(
            f"{operation}: {filters} filters (weight of shape {weight_shape}) cannot be divided "
            f"into groups={group_count}"
        )
    ends = _resolve_padding(operation, padding, input_size, kernel_size, steps, holes)
    padded = tuple(n + before + after for n, (before, after) in zip(input_size, ends, strict=True))
    extent = tuple(window_extent(k, d) for k, d in zip(kernel_size, holes, strict=True))
    if any(e > n for e, n in zip(extent, padded, strict=True)):
        dilated = f" with dilation {holes} spans {extent}, which" if extent != tuple(kernel_size) else ""
        raise ValueError(f"{operation}: kernel {tuple(kernel_size)}{dilated} is larger than the padded input {padded}")
    output_size = tuple(count_windows(n, e, s) for n, e, s in zip(padded, extent, steps, strict=True))
    check_addressable(operation, "padded input", (batch, channels, *padded))
    check_addressable(operation, "output", (batch, filters, *output_size))
    check_addressable(operation, "column matrix of one image", (channels, *kernel_size, *output_size))
    return ConvGeometry(steps, ends, holes, group_count, (batch, filters, *output_size))


def _resolve_padding(
    operation: str, padding: object, input_size: list[int], kernel_size: list[int], stride: Shape, dilation: Shape
) -> Ends:
    """Return the padding of a convolution as one (before, after) per axis."""
    axes = len(input_size)
    if isinstance(padding, str):
        if padding == "valid":
            return ((0, 0),) * axes
        if padding not in ("same", "same_lower"):
            raise ValueError(f"{operation}: padding must be 'valid', 'same', 'same_lower' or numbers, got {padding!r}")
        return tuple(
            same_padding(n, k, s, d, lower=padding == "same_lower")
            for n, k, s, d in zip(input_size, kernel_size, stride, dilation, strict=True)
        )
    if isinstance(padding, tuple | list) and len(padding) == axes and not all(is_int(side) for side in padding):
        if not all(isinstance(side, tuple | list) for side in padding):
            raise TypeError(
                f"{operation}: padding must be {_PADDING_FORMS[axes]}, 'valid', 'same' or 'same_lower', got {padding!r}"
            )
        return tuple(check_ends(operation, side) for side in padding)
    return tuple((size, size) for size in check_sizes(operation, "padding", padding, 0, axes))
