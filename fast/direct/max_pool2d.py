"""Max pooling by vectors of neighbouring windows (`convoracle.fast.direct.window_maxima`), and its gradient.

The gradient is not told the windows, only where their maxima were. If a plane has twice as many rows and columns as
there are windows, they are taken for windows of 2 x 2 (`convoracle.fast.direct.tile_gradients`) as long as every index
agrees. Otherwise each value is added where its index says. The windows of a plane are gone through in quarters side by
side: neighbours often share a maximum, and an addition has to wait for the one before it in the same place.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from convoracle.fast.direct.tile_gradients import place_tiles
from convoracle.fast.direct.window_maxima import find_maxima
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_of
from convoracle.fast.readable import max_pool2d_numba
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair


def bind_max_pool2d(
    x: np.ndarray, *, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, output_size: Pair
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return the maxima of arrays of this shape, and where they are."""
    (images, channels, height, width), dtype = x.shape, x.dtype
    position, planes, lanes = np.dtype(f"i{x.itemsize}"), images * channels, lanes_of(dtype)
    if height * width + stride[1] * lanes > np.iinfo(position).max:
        # Positions in such a plane, or steps across it, do not fit the lanes of a vector of its numbers.
        return partial(
            max_pool2d_numba.max_pool2d,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            output_size=output_size,
        )
    lefts = np.arange(output_size[1]) * stride[1] - padding[1]
    # A negative position modulo the dilation is the first one of the window inside the plane.
    firsts = np.append(np.where(lefts < 0, lefts % dilation[1], lefts), np.zeros(lanes, np.int64)).astype(position)
    sizes = planes, height, width, *output_size, lanes
    options = *kernel_size, *stride, *padding, *dilation
    shape, numbers = (images, channels, *output_size), x.size

    def pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, indices = np.empty(shape, dtype), np.empty(shape, np.int64)
        run_pieces(
            _find_maxima,
            min(threads_to_move(numbers), planes) or 1,
            x.reshape(-1),
            values.reshape(-1),
            indices.reshape(-1),
            firsts,
            sizes,
            options,
        )
        return values, indices

    return pool


def bind_max_pool2d_backward(
    grad_output: np.ndarray, indices: np.ndarray, input_shape: tuple[int, ...]
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the input gradient of arrays of this shape: each value added where its maximum was."""
    images, channels, height, width = input_shape
    planes, rows, columns = images * channels, *grad_output.shape[2:]
    is_tiled = (rows, columns) == (height // 2, width // 2) and height * width < 1 << 31
    numbers, dtype = planes * height * width, grad_output.dtype
    sizes = planes, height, width, rows, columns, lanes_of(dtype)

    def place(grad_output: np.ndarray, indices: np.ndarray) -> np.ndarray:
        grad = np.empty(input_shape, dtype)
        run_pieces(
            _place_values,
            min(threads_to_move(numbers), planes) or 1,
            grad_output.reshape(-1),
            indices.reshape(-1),
            grad.reshape(-1),
            sizes,
            is_tiled,
        )
        return grad

    return place


max_pool2d = kernel_of(bind_max_pool2d, arrays=1)
max_pool2d_backward = kernel_of(bind_max_pool2d_backward, arrays=2)


@kernel
def _find_maxima(piece, pieces, x, values, indices, firsts, sizes, options):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices` of some planes."""
    planes, height, width, rows, columns, lanes = sizes
    kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w = options
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        for p in range(rows):
            top = p * stride_h - padding_h
            bottom = min(top + (kernel_h - 1) * dilation_h + 1, height)
            if top < 0:
                top %= dilation_h
            down = top, (bottom - top - 1) // dilation_h + 1
            for q in range(0, columns, lanes):
                left, start = q * stride_w - padding_w, (plane * rows + p) * columns + q
                if stride_w == 1:
                    find_maxima(
                        1, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left, dilation_w,
                        firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip
                elif stride_w == 2:
                    find_maxima(
                        2, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left, dilation_w,
                        firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip
                else:
                    find_maxima(
                        stride_w, x, plane * height * width, width, down[1], down[0], dilation_h, kernel_w, left,
                        dilation_w, firsts, q, values, indices, start, columns - q,
                    )  # fmt: skip


@kernel
def _place_values(piece, pieces, values, indices, grad, sizes, is_tiled):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    planes, height, width, rows, columns, lanes = sizes
    outputs, positions = rows * columns, height * width
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        first, target = plane * outputs, plane * positions
        is_done = is_tiled and _place_rows(values, indices, first, grad, target, height, width, rows, columns, lanes)
        if not is_done:
            whole = grad[target : target + positions]
            whole[:] = 0
            _scatter(values[first : first + outputs], indices[first : first + outputs], whole)


@inner
def _place_rows(values, indices, first, grad, target, height, width, rows, columns, lanes):  # type: ignore[no-untyped-def]
    """Fill a plane whose windows are 2 x 2 and tile it; give up at the first row that shows they do not."""
    for p in range(rows):
        is_done = True
        for q in range(0, columns, lanes):
            corner = 2 * (p * width + q)
            is_done &= place_tiles(
                values, indices, first + p * columns + q, columns - q, width, corner, grad, target + corner
            )
        if not is_done:
            return False
        if width % 2:
            end = target + 2 * (p + 1) * width
            grad[end - width - 1], grad[end - 1] = 0, 0
    grad[target + 2 * rows * width : target + height * width] = 0
    return True


@inner
def _scatter(values, indices, grad):  # type: ignore[no-untyped-def]
    """Add each value of a plane where its maximum was, the quarters of them side by side."""
    quarter = len(values) // 4
    values_1, indices_1 = values[quarter:], indices[quarter:]
    values_2, indices_2 = values_1[quarter:], indices_1[quarter:]
    values_3, indices_3 = values_2[quarter:], indices_2[quarter:]
    for p in range(quarter):
        # An unsigned index is not counted from the end: nothing has to be compared.
        grad[np.uint64(indices[p])] += values[p]
        grad[np.uint64(indices_1[p])] += values_1[p]
        grad[np.uint64(indices_2[p])] += values_2[p]
        grad[np.uint64(indices_3[p])] += values_3[p]
    for p in range(quarter, len(values_3)):
        grad[np.uint64(indices_3[p])] += values_3[p]
