"""The gradient of max pooling: every value goes where its index says.

Nobody says how large the windows were. It is guessed, as long as every index of a plane is in its window:

- if there are as many windows as positions, windows of 3 x 3 around each, the way of
  `convoracle.fast.direct.same_pool_gradients`;
- if there are half as many along both axes, windows of 2 x 2, then of 3 x 3 with and without padding, the way of
  `convoracle.fast.direct.window_gradients`.

If none fits, each value is added where its index says, in four planes side by side: neighbours in a plane often share a
maximum, and an addition has to wait for the one before it in the same place. Either way a position starts from zero and
adds up its windows row by row, so that it does not matter for the bits which way a plane was done.
"""

from collections.abc import Callable

import numpy as np

from convoracle.fast.direct.pair_gradients import place_pairs
from convoracle.fast.direct.same_pool_gradients import NO_CODE, SPARE, collect_windows, encode_windows
from convoracle.fast.direct.window_gradients import NOWHERE, STEP, place_windows
from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_of
from convoracle.fast.simd.copying import ask_for
from convoracle.fast.simd.vectors import VECTOR_BITS, lanes_of
from convoracle.fast.threads import run_pieces, threads_to_move

CLEARED = 1 << 11
"""Numbers of a gradient that are cleared at a time, in each of four planes, before values are added to them."""

CODED = 1 << 10
"""Windows that are encoded at a time, so that they are still in the nearest cache when they are looked at."""

WIDEST = 1 << 18
"""Columns of a plane whose windows are encoded: what is kept of a few rows of them takes some megabytes then."""

MASKED = 512
"""Bits of vectors whose comparisons have registers of their own; with others it is faster to add one by one."""

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
    is_small = height * width < -NOWHERE // 2
    is_far = numbers * dtype.itemsize + planes * rows * columns * (8 + dtype.itemsize) > NEAR
    fill, sizes = _place_values, (planes, height, width, rows, columns)
    is_same = (height, width) == (rows, columns) and min(height, width) >= 3 and width <= WIDEST
    options: tuple[int, ...]
    if is_small and is_same and VECTOR_BITS >= MASKED:
        fill, options = _collect_values, (SPARE,)
    else:
        # Rows that leave more of a vector idle take longer to place than to add up.
        is_halved = is_small and columns * STEP * 4 > lanes * 3
        is_halved &= abs(height - rows * STEP) <= STEP and abs(width - columns * STEP) <= STEP
        # Of narrow planes, so do windows of 3 x 3.
        options = (0 if not is_halved else 1 if columns < 2 * lanes else 3,)
    places = np.full(-(-width // lanes) * lanes, NOWHERE, np.int32)
    places[:width] = range(width)

    def place(grad_output: np.ndarray, indices: np.ndarray) -> np.ndarray:
        grad, is_outside = np.empty(input_shape, dtype), np.zeros(1, np.bool_)
        run_pieces(
            fill,
            min(threads_to_move(numbers), planes) or 1,
            grad_output.reshape(-1),
            indices.reshape(-1),
            grad.reshape(-1),
            is_outside,
            places,
            sizes,
            options,
            is_far,
        )
        if is_outside[0]:
            raise IndexError
        return grad

    place.checks_indices = True  # type: ignore[attr-defined]
    return place


max_pool2d_backward = kernel_of(bind_max_pool2d_backward, arrays=2)


@kernel
def _collect_values(piece, pieces, values, indices, grad, is_outside, places, sizes, options, is_far):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad` that have a window around each position."""
    planes, height, width, _, _ = sizes
    (spare,) = options
    positions = height * width
    # Windows before and after a position that it may be in, in the order of the plane.
    reach = width + 1
    length = max(CODED, 4 * reach)
    block = max(length // positions, 1)
    codes = np.full(length + 2 * reach + 4 * spare, NO_CODE, np.uint8)
    kept = np.zeros(len(codes), grad.dtype)
    plane, end = planes * piece // pieces, planes * (piece + 1) // pieces
    is_right = True
    while plane < end:
        count, start = min(block, end - plane), plane * positions
        numbers = count * positions
        if not is_right:
            _add_planes(count, values, indices, start, positions, grad, start, positions, is_outside, is_far)
            plane += count
            continue
        for begin in range(0, numbers, length):
            finish = min(begin + length, numbers)
            first, last = max(begin - reach, 0), min(finish + reach, numbers)
            # The code of window n of these planes is codes[n + shift].
            shift = reach - begin
            codes[: first + shift] = NO_CODE
            # Several planes have all of their windows here.
            is_right &= encode_windows(
                3, count, indices, start + first, (last - first) // count, first, width, positions, codes, first + shift
            )
            codes[last + shift : last + shift + reach + 2 * spare] = NO_CODE
            source, place = values, start + begin
            if place < reach or start + finish + reach + 2 * spare > len(values):
                # What is looked at, although it has no code, would be outside of the array.
                kept[first + shift : last + shift] = values[start + first : start + last]
                source, place = kept, reach
            collect_windows(3, codes, reach, source, place, width, grad, start + begin, finish - begin)
        if is_right:
            plane += count


@kernel
def _place_values(piece, pieces, values, indices, grad, is_outside, places, sizes, options, is_far):  # type: ignore[no-untyped-def]
    """Fill some planes of `grad`."""
    planes, height, width, rows, columns = sizes
    (guesses,) = options
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
            _add_planes(count, values, indices, start, outputs, grad, target, positions, is_outside, is_far)
            plane += count
            continue
        bottom, done = 2 * rows, 0
        if guess == 0:
            done = place_pairs(
                end - plane, values, indices, start, rows, columns, width, height, margin, grad, target, is_far
            )
        elif guess == 1:
            done = place_windows(
                -1, 3, values, indices, start, rows, columns, places, width, height, margin, grad, target, is_far
            )
        else:
            bottom += 1
            done = place_windows(
                0, 3, values, indices, start, rows, columns, places, width, height, margin, grad, target, is_far
            )
        if bottom < height:
            # Rows below all windows.
            for _ in range(done):
                grad[target + bottom * width : target + positions] = 0
                target += positions
        plane += done
        guess += plane < end and (guess == 0 or not done)


@inner
def _add_planes(count, values, indices, start, outputs, grad, target, positions, is_outside, is_far):  # type: ignore[no-untyped-def]
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
    ahead = start + count * outputs
    for _ in range(count // 4):
        for begin in range(0, outputs, 4):
            if is_far:
                # The same windows of the next planes: 16 indices and 16 values.
                ask_for(indices, ahead)
                ask_for(indices, ahead + 8)
                ask_for(values, ahead)
                ahead += 16
            for _ in range(begin, min(begin + 4, outputs)):
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
