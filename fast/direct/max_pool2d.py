"""Max pooling by vectors of neighbouring windows (`convoracle.fast.direct.window_maxima`), and its gradient.

The gradient is not told the windows, only where their maxima were. If there are half as many windows as positions along
both axes, windows of 2 x 2 are guessed, then of 3 x 3 with and without padding, until every index of a plane is in its
window (`convoracle.fast.direct.window_gradients`). If none fits, each value is added where its index says, in four
planes side by side: neighbours in a plane often share a maximum, and an addition has to wait for the one before it in
the same place. Either way a position adds up its windows row by row.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from convoracle.fast.direct.plane_maximum import find_maximum
from convoracle.fast.direct.window_gradients import NOWHERE, STEP, place_windows
from convoracle.fast.direct.window_maxima import find_maxima
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_of
from convoracle.fast.readable import max_pool2d_numba
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move
from convoracle.fast.windows import Pair

CLEARED = 1 << 11
"""Numbers of a gradient that are cleared at a time, in each of four planes, before values are added to them."""


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
    shape, numbers = (images, channels, *output_size), x.size
    if (
        output_size == (1, 1)
        and tuple(dilation) == (1, 1)
        and height * width < 1 << 31
        and all(size <= k - p for size, k, p in zip((height, width), kernel_size, padding, strict=True))
    ):
        # One window over the whole plane.
        def pool_planes(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            values, indices = np.empty(shape, dtype), np.empty(shape, np.int64)
            pieces = min(threads_to_move(numbers), planes) or 1
            arrays = x.reshape(-1), values.reshape(-1), indices.reshape(-1)
            run_pieces(_find_plane_maxima, pieces, *arrays, height * width)
            return values, indices

        return pool_planes

    lefts = np.arange(output_size[1]) * stride[1] - padding[1]
    # A negative position modulo the dilation is the first one of the window inside the plane.
    firsts = np.append(np.where(lefts < 0, lefts % dilation[1], lefts), np.zeros(lanes, np.int64)).astype(position)
    sizes = planes, height, width, *output_size, lanes
    options = *kernel_size, *stride, *padding, *dilation

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
    """Return the input gradient of arrays of this shape: each value added where its maximum was.

    It raises an IndexError for an index outside of the plane.
    """
    images, channels, height, width = input_shape
    planes, rows, columns = images * channels, *grad_output.shape[2:]
    numbers, dtype = planes * height * width, grad_output.dtype
    lanes = lanes_of(dtype)
    is_halved = columns * STEP >= lanes and height * width < -NOWHERE
    is_halved &= abs(height - rows * STEP) <= STEP and abs(width - columns * STEP) <= STEP
    # Of narrow planes, windows of 3 x 3 take longer to place than to add up.
    guesses = 0 if not is_halved else 1 if columns < 2 * lanes else 3
    places = np.full(-(-width // lanes) * lanes, NOWHERE, np.int32)
    places[:width] = range(width)
    sizes = planes, height, width, rows, columns

    def place(grad_output: np.ndarray, indices: np.ndarray) -> np.ndarray:
        grad, is_outside = np.empty(input_shape, dtype), np.zeros(1, np.bool_)
        run_pieces(
            _place_values,
            min(threads_to_move(numbers), planes) or 1,
            grad_output.reshape(-1),
            indices.reshape(-1),
            grad.reshape(-1),
            is_outside,
            places,
            sizes,
            guesses,
        )
        if is_outside[0]:
            raise IndexError
        return grad

    place.checks_indices = True  # type: ignore[attr-defined]
    return place


max_pool2d = kernel_of(bind_max_pool2d, arrays=1)
max_pool2d_backward = kernel_of(bind_max_pool2d_backward, arrays=2)


@kernel
def _find_plane_maxima(piece, pieces, x, values, indices, positions):  # type: ignore[no-untyped-def]
    """Fill `values` and `indices` of some planes, each of which is one window."""
    planes = len(values)
    for plane in range(planes * piece // pieces, planes * (piece + 1) // pieces):
        place = find_maximum(x, plane * positions, positions)
        values[plane], indices[plane] = x[plane * positions + place], place


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
def _place_values(piece, pieces, values, indices, grad, is_outside, places, sizes, guesses):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    planes, height, width, rows, columns = sizes
    outputs, positions = rows * columns, height * width
    margin = np.zeros(2 * len(places), grad.dtype)
    # As many planes at a time as stay in the nearest cache, four at least.
    block = max(CLEARED // positions, 1) * 4
    guess = 0
    plane, end = planes * piece // pieces, planes * (piece + 1) // pieces
    while plane < end:
        start, target = plane * outputs, plane * positions
        if guess >= guesses:
            count = min(block, end - plane)
            _add_planes(count, values, indices, start, outputs, grad, target, positions, is_outside)
            plane += count
            continue
        bottom = 2 * rows
        if guess == 0:
            is_done = place_windows(
                0, 2, values, indices, start, rows, columns, places, width, height, margin, grad, target
            )
        elif guess == 1:
            is_done = place_windows(
                -1, 3, values, indices, start, rows, columns, places, width, height, margin, grad, target
            )
        else:
            bottom += 1
            is_done = place_windows(
                0, 3, values, indices, start, rows, columns, places, width, height, margin, grad, target
            )
        if is_done:
            # Rows below all windows.
            grad[target + min(bottom, height) * width : target + positions] = 0
            plane += 1
        else:
            guess += 1


@inner
def _add_planes(count, values, indices, start, outputs, grad, target, positions, is_outside):  # type: ignore[no-untyped-def]
    """Add each value of some planes where its maximum was."""
    grad[target : target + count * positions] = 0
    # An unsigned index is not counted from the end, and a negative one is larger than all others.
    place, step = np.uint64(start), np.uint64(outputs)
    plane, more = np.uint64(target), np.uint64(positions)
    beyond = 0
    for n in range(count * outputs):
        beyond += np.uint64(indices[place + np.uint64(n)]) >= more
    if beyond:
        is_outside[0] = True
        return
    for _ in range(count // 4):
        for _ in range(outputs):
            other = place
            grad[plane + np.uint64(indices[other])] += values[other]
            other += step
            grad[plane + more + np.uint64(indices[other])] += values[other]
            other += step
            grad[plane + more + more + np.uint64(indices[other])] += values[other]
            other += step
            grad[plane + more + more + more + np.uint64(indices[other])] += values[other]
            place += np.uint64(1)
        place += np.uint64(3) * step
        plane += np.uint64(4) * more
    for _ in range(count % 4):
        for _ in range(outputs):
            grad[plane + np.uint64(indices[place])] += values[place]
            place += np.uint64(1)
        plane += more
