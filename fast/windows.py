"""The im2col view of padded planes, and its transpose, col2im."""

import numpy as np

Pair = tuple[int, int]
Ends = tuple[Pair, Pair]
Shape = tuple[int, ...]


def pad_planes(x: np.ndarray, padding: Ends, value: float = 0) -> np.ndarray:
    """Return a copy of `x` (..., H, W) with `value` around its planes."""
    outer = [(0, 0)] * (x.ndim - 2)
    return np.pad(x, [*outer, *padding], constant_values=value)


def view_windows(
    padded: np.ndarray, kernel_size: Shape, stride: Pair, dilation: Pair, output_size: Shape
) -> np.ndarray:
    """Return the windows of `padded` (C, H, W) as a read-only view (C, kH, kW, H_out, W_out)."""
    channel_step, row_step, column_step = padded.strides
    shape = (len(padded), *kernel_size, *output_size)
    steps = (
        channel_step,
        row_step * dilation[0],
        column_step * dilation[1],
        row_step * stride[0],
        column_step * stride[1],
    )
    return np.lib.stride_tricks.as_strided(padded, shape, steps, writeable=False)


def add_windows(padded: np.ndarray, windows: np.ndarray, stride: Pair, dilation: Pair) -> None:
    """Add `windows` (C, kH, kW, H_out, W_out) onto the planes `padded` (C, H, W) they were taken from."""
    kernel_height, kernel_width, rows, columns = windows.shape[1:]
    for i in range(kernel_height):
        for j in range(kernel_width):
            top, left = i * dilation[0], j * dilation[1]
            bottom, right = top + (rows - 1) * stride[0] + 1, left + (columns - 1) * stride[1] + 1
            padded[:, top : bottom : stride[0], left : right : stride[1]] += windows[:, i, j]


def pool_ends(size: Shape, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Shape) -> Ends:
    """Return the padding that holds every pooling window, those that overhang the end too."""
    before_after = []
    for axis in range(2):
        span = (output_size[axis] - 1) * stride[axis] + (kernel_size[axis] - 1) * dilation[axis] + 1
        before_after.append((padding[axis], max(span - size[axis] - padding[axis], 0)))
    return before_after[0], before_after[1]


def crop_planes(padded: np.ndarray, padding: Ends, size: Shape) -> np.ndarray:
    """Return the view (..., H, W) of `padded` without its padding."""
    (top, _), (left, _) = padding
    return padded[..., top : top + size[0], left : left + size[1]]
