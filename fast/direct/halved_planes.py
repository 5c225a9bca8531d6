"""Planes whose windows of 3 x 3 are a step of 2 apart: how their gradient is made of blocks of rows, or of planes.

Of a block of windows the codes are written first (`convoracle.fast.direct.window_codes`), then pairs of positions look
for theirs (`convoracle.fast.direct.halved_pool_gradients`); codes and values are still in the nearest cache. A block is
some planes, or some rows of one and the row of windows beside them that reaches into them, whose codes are written for
both blocks. Wide planes do without codes (`convoracle.fast.direct.window_gradients`). What lies in a window is not
known: all give up at the first plane with an index in none.
"""

import numpy as np

from convoracle.fast.direct.halved_pool_gradients import collect_pairs
from convoracle.fast.direct.window_codes import COLUMN, NO_CODE, SPARE, encode_windows
from convoracle.fast.direct.window_gradients import STEP, place_windows
from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_apart
from convoracle.fast.simd.copying import clear

SIZE = 3
"""Of windows that overlap."""

CODED = 1 << 10
"""Windows that are encoded at a time, so that they are still in the nearest cache when they are looked at."""


def tables_of_halved(rows: int, columns: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return corners of some rows of windows a step of 2 apart, and least codes and how much more the largest are.

    These are one array, first those of windows with a padding, then of windows without: a kernel takes it sooner.
    """
    windows = STEP * np.arange(columns)
    corners = COLUMN * (STEP * width * np.arange(rows)[:, None] + windows)
    count = corners.size + SPARE  # what is repeated there belongs to no window
    bounds = []
    for edge in (-1, 0):
        first, last = np.maximum(-edge - windows, 0), np.minimum(width - 1 - edge - windows, SIZE - 1)
        bounds += [COLUMN * first, COLUMN * (last - first) + SIZE - 1]
    codes = np.concatenate([np.resize(np.tile(codes, rows), count) for codes in bounds])
    return np.resize(corners, count).astype(np.int32), codes.astype(np.uint8)


@inner
def place_wide(plane, end, values, indices, grad, places, sizes, options, is_far):  # type: ignore[no-untyped-def]
    """Do as `collect_halved` without codes, windows with a padding first."""
    keep_apart()
    _, height, width, rows, columns = sizes
    _, is_padded, is_open, _, _ = options
    outputs, positions = rows * columns, height * width
    margin = np.zeros(2 * len(places), grad.dtype)
    while plane < end:
        start, target, bottom, is_done = plane * outputs, plane * positions, STEP * rows, False
        if is_padded:
            is_done = place_windows(
                -1, SIZE, values, indices, start, rows, columns, places, width, height, margin, grad, target, is_far
            )
        elif is_open:
            bottom += 1
            is_done = place_windows(
                0, SIZE, values, indices, start, rows, columns, places, width, height, margin, grad, target, is_far
            )
        if is_done:
            # Rows below all windows.
            clear(grad, target + min(bottom, height) * width, positions - min(bottom, height) * width)
            plane += 1
        elif is_padded:
            is_padded = False
        else:
            break
    return plane


@inner
def collect_halved(edge, plane, end, values, indices, grad, tables, sizes, options):  # type: ignore[no-untyped-def]
    """Fill planes whose windows of 3 x 3 are a step of 2 apart; return the first one with an index in no window."""
    keep_apart()
    _, height, width, rows, columns = sizes
    _, _, _, _, lines = options
    corners, bounds, _ = tables
    size, part = len(corners), 0 if edge < 0 else 2
    known = corners, bounds[part * size : (part + 1) * size], bounds[(part + 1) * size : (part + 2) * size]
    outputs, positions, pairs = rows * columns, height * width, (height + 1) // STEP
    # Some rows of a plane, or all rows of some planes; around each plane is room for a row without a code.
    block = 1 if lines < pairs else max(CODED // outputs, 1)
    gap = columns + 2 * SPARE
    pitch = (lines + 1) * columns + gap
    codes, kept = np.zeros(gap + block * pitch + gap, np.uint8), np.zeros(gap + block * pitch + gap, grad.dtype)
    _clear(codes)
    while plane < end:
        count = min(block, end - plane)
        for begin in range(0, pairs, lines):
            finish = min(begin + lines, pairs)
            # Rows of windows: those that begin in these rows of positions, and the ones above or below.
            first, last = max(begin - 1 - edge, 0), min(finish - edge, rows)
            source, each = plane * outputs + first * columns, (last - first) * columns
            to = gap + (first - begin) * columns
            if lines < pairs:
                _clear(codes)
            if not encode(
                count, indices, source, each, known, (STEP * first + edge) * width + edge, width,
                positions, codes, to, pitch,
            ):  # fmt: skip
                return plane
            looked_at, place, step = values, plane * outputs + begin * columns, outputs
            if place < gap or place + (count + 1) * outputs + gap > len(values):
                # What is looked at, although it has no code, would be outside of the array.
                for n in range(count):
                    for m in range(each):
                        kept[to + n * pitch + m] = values[source + n * outputs + m]
                looked_at, place, step = kept, gap, pitch
            target = plane * positions + STEP * begin * width
            below = min(STEP * finish, height) - STEP * begin
            _collect_rows(
                edge, count, codes, gap, pitch, looked_at, place, step, columns, width, grad, target, positions, below
            )
        plane += count
    return plane


@inner
def _clear(codes):  # type: ignore[no-untyped-def]
    """Write that there is no window."""
    for n in range(len(codes)):
        codes[n] = NO_CODE


@inner
def encode(  # type: ignore[no-untyped-def]
    count, indices, start, each, tables, base, width, positions, codes, to, pitch
):
    """Write the codes of windows of 3 x 3, and return whether all of them have one."""
    keep_apart()
    return encode_windows(SIZE, count, indices, start, each, tables, base, width, positions, codes, to, pitch)


@inner
def _collect_rows(  # type: ignore[no-untyped-def]
    edge, count, codes, first, pitch, values, place, step, columns, width, grad, start, size, rows
):
    """Write rows of some planes."""
    keep_apart()
    if edge < 0:
        collect_pairs(
            -1, SIZE, count, codes, first, pitch, values, place, step, columns, width, grad, start, size, rows
        )
    else:
        collect_pairs(0, SIZE, count, codes, first, pitch, values, place, step, columns, width, grad, start, size, rows)
