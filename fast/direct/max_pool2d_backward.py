"""The gradient of max pooling: every value goes where its index says.

Nobody says how large the windows were. It is guessed, as long as every index of a plane is in its window:

- if there are as many windows as positions, windows of 3 x 3 around each, the way of
  `convoracle.fast.direct.same_pool_gradients`;
- if there are half as many along both axes, windows of 2 x 2, the way of `convoracle.fast.direct.pair_gradients`, then
  of 3 x 3 with and without padding, the way of `convoracle.fast.direct.halved_planes`.

If none fits, each value is added where its index says (`convoracle.fast.direct.added_windows`). Either way a position
starts from zero and adds up its windows row by row, so that it does not matter for the bits which way a plane was done.
"""

from collections.abc import Callable

import numpy as np

from convoracle.fast.direct.added_windows import add_planes
from convoracle.fast.direct.halved_planes import CODED, SIZE, collect_halved, encode, place_wide, tables_of_halved
from convoracle.fast.direct.pair_gradients import place_pairs
from convoracle.fast.direct.same_pool_gradients import collect_windows
from convoracle.fast.direct.window_codes import NO_CODE, SPARE
from convoracle.fast.direct.window_gradients import NOWHERE, STEP
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.simd.code_size import keep_apart
from convoracle.fast.simd.copying import clear
from convoracle.fast.simd.vectors import VECTOR_BITS, lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move

WIDEST = 1 << 18
"""Columns of a plane whose windows are encoded: what is kept of a few rows of them takes some megabytes then."""

MASKED = 512
"""Bits of vectors whose comparisons have registers of their own; with others it is faster to add one by one."""

MANY = 16
"""Numbers of a vector for windows of 3 x 3 a step of 2 apart; with fewer it is no slower to add them one by one."""

WIDE = 3
"""Vectors of windows in a row from which on it is faster not to encode them: most of the vectors need no mask."""

WINDOW = 2
"""Numbers that are copied while one window is added."""

NEAR = 1 << 22
"""Bytes of all arrays that are in a cache, perhaps: memory beyond that is asked for before it is needed."""


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
    is_small = height * width < -NOWHERE // 2 and width <= WIDEST
    is_far = numbers * dtype.itemsize + planes * rows * columns * (8 + dtype.itemsize) > NEAR
    fill, sizes = _place_values, (planes, height, width, rows, columns)
    is_same = (height, width) == (rows, columns) and min(height, width) >= SIZE
    options: tuple[int, ...]
    tables: tuple[np.ndarray, ...] | None
    if is_small and is_same and VECTOR_BITS >= MASKED:
        fill = _collect_values
        # Windows before and after a position that it may be in, in the order of the plane.
        reach = width + 1
        options = reach, max(CODED, 4 * reach)
        tables = None
    else:
        # By how much the plane is larger than twice the windows. Of narrow planes, whose rows leave much of a vector
        # idle, windows are added one by one.
        more = {height - STEP * rows, width - STEP * columns}
        is_halved = is_small and 4 * columns > lanes
        is_wide = is_halved and columns >= WIDE * lanes and VECTOR_BITS >= MASKED
        is_coded = is_halved and 2 * columns > lanes >= MANY and not is_wide
        lines = min(max(CODED // columns, 1), -(-height // STEP))
        options = (
            is_halved and more <= {-1, 0, 1},
            (is_coded or is_wide) and more <= {-1, 0},
            (is_coded or is_wide) and more <= {0, 1, 2},
            is_wide,
            lines,
        )
        places = np.full(-(-width // lanes) * lanes if is_wide else 0, NOWHERE, np.int32)
        places[:width] = range(len(places[:width]))
        tables = *tables_of_halved(lines + 1 if is_coded else 0, columns, width), places

    def place(grad_output: np.ndarray, indices: np.ndarray) -> np.ndarray:
        grad, is_outside = np.empty(input_shape, dtype), np.zeros(1, np.bool_)
        run_pieces(
            fill,
            min(threads_to_move(max(numbers, WINDOW * planes * rows * columns)), planes) or 1,
            grad_output.reshape(-1),
            indices.reshape(-1),
            grad.reshape(-1),
            is_outside,
            tables,
            sizes,
            options,
            is_far,
        )
        if is_outside[0]:
            raise IndexError
        return grad

    place.checks_indices = True  # type: ignore[attr-defined]
    return place


max_pool2d_backward = kernel_from(bind_max_pool2d_backward, arrays=2)


@kernel
def _collect_values(piece, pieces, values, indices, grad, is_outside, tables, sizes, options, is_far):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad` that have a window around each position."""
    planes, height, width, _, _ = sizes
    reach, length = options
    positions = height * width
    block = max(length // positions, 1)
    codes = np.full(length + 2 * reach + 4 * SPARE, NO_CODE, np.uint8)
    kept = np.zeros(len(codes), grad.dtype)
    plane, end = planes * piece // pieces, planes * (piece + 1) // pieces
    is_right = True
    while is_right and plane < end:
        count, start = min(block, end - plane), plane * positions
        numbers = count * positions
        for begin in range(0, numbers, length):
            finish = min(begin + length, numbers)
            first, last = max(begin - reach, 0), min(finish + reach, numbers)
            # The code of window n of these planes is codes[n + shift].
            shift = reach - begin
            codes[: first + shift] = NO_CODE
            # Several planes have all of their windows here.
            each = (last - first) // count
            is_right &= encode(
                count, indices, start + first, each, None, first - reach, width, positions, codes, first + shift, each
            )
            codes[last + shift : last + shift + reach + 2 * SPARE] = NO_CODE
            source, place = values, start + begin
            if place < reach or start + finish + reach + 2 * SPARE > len(values):
                # What is looked at, although it has no code, would be outside of the array.
                kept[first + shift : last + shift] = values[start + first : start + last]
                source, place = kept, reach
            _collect_same(codes, reach, source, place, width, grad, start + begin, finish - begin)
        if is_right:
            plane += count
    if plane < end and add_planes(plane, end, values, indices, positions, grad, positions):
        is_outside[0] = True


@kernel
def _place_values(piece, pieces, values, indices, grad, is_outside, tables, sizes, options, is_far):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    planes, height, width, rows, columns = sizes
    is_pairs, is_padded, is_open, is_wide, _ = options
    outputs, positions = rows * columns, height * width
    plane, end = planes * piece // pieces, planes * (piece + 1) // pieces
    if is_pairs:
        room = np.empty(width, grad.dtype)
        done = place_pairs(
            end - plane, values, indices, plane * outputs, rows, columns, width, height, room, grad,
            plane * positions, is_far,
        )  # fmt: skip
        below = STEP * rows * width
        if below < positions:
            for n in range(plane, plane + done):
                clear(grad, n * positions + below, positions - below)
        plane += done
    if is_wide and plane < end:
        plane = place_wide(plane, end, values, indices, grad, tables[2], sizes, options, is_far)
    elif is_padded and plane < end:
        plane = collect_halved(-1, plane, end, values, indices, grad, tables, sizes, options)
    if is_open and not is_wide and plane < end:
        plane = collect_halved(0, plane, end, values, indices, grad, tables, sizes, options)
    if plane < end and add_planes(plane, end, values, indices, outputs, grad, positions):
        is_outside[0] = True


@inner
def _collect_same(codes, first, values, place, width, grad, start, count):  # type: ignore[no-untyped-def]
    """Write some positions that have a window around each."""
    keep_apart()
    collect_windows(SIZE, codes, first, values, place, width, grad, start, count)
