"""What a call to a convolution or a pool says about sizes, in plain integers.

Every door turns its arguments into one of these records first, so that the loops get nothing but arrays and ints.
"""

from collections.abc import Sequence
from typing import NamedTuple

from convoracle.reference.shapes import (
    AxisPadding,
    Padding,
    conv_output_size,
    padding_per_axis,
    pair,
    per_axis,
    pool_output_size,
)


class ConvGeometry(NamedTuple):
    """A convolution in integers; `stride`, `padding` and `dilation` hold one entry per spatial axis, in order."""

    stride: tuple[int, ...]
    padding: tuple[AxisPadding, ...]
    dilation: tuple[int, ...]
    padded_shape: tuple[int, ...]
    output_shape: tuple[int, ...]


class Pool2dGeometry(NamedTuple):
    """A pool in integers; the first of each pair belongs to axis -2, the second to axis -1."""

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    output_size: tuple[int, int]


def conv_geometry(
    operation: str,
    axes: str,
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
    groups: int,
) -> ConvGeometry:
    """Return the geometry of a convolution, or raise ValueError.

    `axes` names the spatial axes, "HW" for ``(N, C, H, W)`` convolved with ``(F, C / groups, kH, kW)``.
    """
    if len(input_shape) != 2 + len(axes) or len(weight_shape) != 2 + len(axes):
        raise ValueError(
            f"{operation}: got input shape {tuple(input_shape)} and weight shape {tuple(weight_shape)}; "
            f"allowed: (N, C, {', '.join(axes)}) and (F, C / groups, {', '.join('k' + axis for axis in axes)})"
        )
    N, C, *size = (int(extent) for extent in input_shape)
    F, channels, *kernel = (int(extent) for extent in weight_shape)
    if groups < 1 or channels * groups != C or F % groups != 0:
        raise ValueError(
            f"{operation}: got {C} input channels, weight shape {tuple(weight_shape)} and groups={groups}; "
            "allowed: C = groups * weight.shape[1], and weight.shape[0] divisible by groups"
        )
    if min(C, F, *size, *kernel) < 1:
        raise ValueError(
            f"{operation}: got input shape {tuple(input_shape)} and weight shape {tuple(weight_shape)}; "
            "allowed: a size of zero in the batch axis only"
        )
    strides = per_axis(stride, len(axes), f"{operation}: stride")
    dilations = per_axis(dilation, len(axes), f"{operation}: dilation")
    paddings = padding_per_axis(padding, size, kernel, strides, dilations)
    padded, outputs = [], []
    for axis, (before, after) in enumerate(paddings):
        padded.append(before + size[axis] + after)
        outputs.append(
            conv_output_size(
                size[axis], kernel[axis], stride=strides[axis], padding=(before, after), dilation=dilations[axis]
            )
        )
    return ConvGeometry(strides, paddings, dilations, (N, C, *padded), (N, F, *outputs))


def conv2d_geometry(
    operation: str,
    input_shape: Sequence[int],
    weight_shape: Sequence[int],
    *,
    stride: int | Sequence[int],
    padding: Padding,
    dilation: int | Sequence[int],
    groups: int,
) -> ConvGeometry:
    """Return the geometry of ``(N, C, H, W)`` convolved with ``(F, C / groups, kH, kW)``, or raise ValueError."""
    return conv_geometry(
        operation,
        "HW",
        input_shape,
        weight_shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def pool2d_geometry(
    operation: str,
    input_size: Sequence[int],
    kernel_size: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None,
    padding: int | Sequence[int],
    dilation: int | Sequence[int],
    ceil_mode: bool,
) -> Pool2dGeometry:
    """Return the geometry of a pool over maps of size ``(H, W)``, or raise ValueError."""
    kernel = pair(kernel_size, f"{operation}: kernel_size")
    strides = kernel if stride is None or stride == () else pair(stride, f"{operation}: stride")
    paddings = pair(padding, f"{operation}: padding", minimum=0)
    dilations = pair(dilation, f"{operation}: dilation")
    if paddings[0] > kernel[0] // 2 or paddings[1] > kernel[1] // 2:
        raise ValueError(f"{operation}: got padding {paddings}; allowed: at most half the kernel {kernel}")
    rows, columns = (
        pool_output_size(
            int(input_size[axis]),
            kernel[axis],
            stride=strides[axis],
            padding=paddings[axis],
            dilation=dilations[axis],
            ceil_mode=ceil_mode,
        )
        for axis in (0, 1)
    )
    for axis, windows in enumerate((rows, columns)):
        # Only a window whose first tap is before the input, or behind it, can miss it.
        inside = -(-paddings[axis] // strides[axis])
        behind = -(-(paddings[axis] + input_size[axis]) // strides[axis])
        for window in (*range(min(inside, windows)), *range(behind, windows)):
            start = window * strides[axis] - paddings[axis]
            if not any(0 <= start + tap * dilations[axis] < input_size[axis] for tap in range(kernel[axis])):
                raise ValueError(
                    f"{operation}: got a window that holds nothing but padding (window {window} of axis {axis - 2}); "
                    "allowed: windows that reach the input"
                )
    return Pool2dGeometry(kernel, strides, paddings, dilations, (rows, columns))


def check_shape(name: str, got: Sequence[int], allowed: Sequence[int]) -> None:
    """Raise ValueError unless the two shapes are the same."""
    if tuple(got) != tuple(allowed):
        raise ValueError(f"{name}: got shape {tuple(got)}; allowed: {tuple(allowed)}")
