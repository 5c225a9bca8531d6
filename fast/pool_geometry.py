"""The geometry of a pooling: every way to write it goes in, one normalised form comes out."""

from dataclasses import dataclass

import numpy as np

from convoracle.fast.arguments import check_addressable, check_pair
from convoracle.fast.shapes import count_pool_windows, window_extent
from convoracle.fast.windows import Pair, Shape


@dataclass(frozen=True)
class PoolGeometry:
    """Normalised geometry of a 2-D pooling; padding is the same at both ends of an axis."""

    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    output_size: Pair


def pool2d_geometry(
    operation: str,
    input_shape: Shape,
    *,
    kernel_size: object,
    stride: object,
    padding: object,
    dilation: object = 1,
    ceil_mode: bool,
) -> PoolGeometry:
    """Return the normalised geometry of a pooling of (N, C, H, W)."""
    kernel = check_pair(operation, "kernel_size", kernel_size, 1)
    is_kernel = stride is None or (isinstance(stride, tuple | list) and len(stride) == 0)
    steps = kernel if is_kernel else check_pair(operation, "stride", stride, 1)
    ends = check_pair(operation, "padding", padding, 0)
    holes = check_pair(operation, "dilation", dilation, 1)
    if 2 * ends[0] > kernel[0] or 2 * ends[1] > kernel[1]:
        raise ValueError(f"{operation}: padding {ends} must be at most half the kernel {kernel}")
    size = input_shape[2:]
    extent = tuple(window_extent(k, d) for k, d in zip(kernel, holes, strict=True))
    rows, columns = (
        count_pool_windows(n, p, e, s, ceil_mode) for n, p, e, s in zip(size, ends, extent, steps, strict=True)
    )
    if rows < 1 or columns < 1:
        padded = tuple(n + 2 * p for n, p in zip(size, ends, strict=True))
        dilated = f" with dilation {holes} spans {extent}, which" if extent != kernel else ""
        raise ValueError(f"{operation}: kernel {kernel}{dilated} is larger than the padded input {padded}")
    for axis in range(2):
        _require_real_positions(operation, axis, size[axis], kernel[axis], steps[axis], ends[axis], holes[axis])
    check_addressable(operation, "window matrix of one image", (input_shape[1], *kernel, rows, columns))
    check_addressable(operation, "output", (*input_shape[:2], rows, columns))
    return PoolGeometry(kernel, steps, ends, holes, (rows, columns))


def _require_real_positions(
    operation: str, axis: int, size: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> None:
    """Reject a geometry in which a dilated window jumps over the whole input from the left padding to the right."""
    for start in range(-padding, 0, stride):
        tap = -(start // dilation)
        if tap >= kernel_size or start + tap * dilation >= size:
            raise ValueError(
                f"{operation}: the window at {start} of the {('height', 'width')[axis]} lies wholly in the padding: "
                f"size {size}, kernel {kernel_size}, padding {padding}, dilation {dilation}"
            )


def window_divisors(
    input_shape: Shape, geometry: PoolGeometry, *, count_include_pad: bool, divisor_override: int | None
) -> np.ndarray:
    """Return the number each mean-pooling window's sum is divided by, (H_out, W_out) int64."""
    if divisor_override is not None:
        return np.full(geometry.output_size, divisor_override, np.int64)
    counts = []
    for axis, size in enumerate(input_shape[2:]):
        padding = geometry.padding[axis]
        starts = np.arange(geometry.output_size[axis], dtype=np.int64) * geometry.stride[axis] - padding
        # PyTorch clips a window that ceil_mode lets overhang at the end of the right padding.
        ends = np.minimum(starts + geometry.kernel_size[axis], size + padding)
        if not count_include_pad:
            starts, ends = np.maximum(starts, 0), np.minimum(ends, size)
        counts.append(ends - starts)
    return counts[0][:, None] * counts[1][None, :]
