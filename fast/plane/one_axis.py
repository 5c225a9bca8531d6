"""Kernels along one axis, 1 x k or k x 1, with a stride of 1: lines of numbers times taps, added to lines.

A tap moves all outputs by the same way, so its products are a line of the input times one number. Some taps at a time
are added to a block of outputs that stays in the nearest cache (`convoracle.fast.simd.lines`)::

      across, 1 x k                                      down, k x 1
      rows are copied with their zeros and strung        rows are read where they are, as many together as all of
      together; sums of the gaps go nowhere              the taps have; those that only some have are added singly

      out   | row 0   . . | row 1   . . |                out rows 2, 3, 4 += k0 * rows 0, 1, 2
      += k0 * 00aaaaaa00 00bbbbbb00                                        + k1 * rows 1, 2, 3
       + k1 *  0aaaaaa00 00bbbbbb00                                        + k2 * rows 2, 3, 4 ...
       + k2 *   aaaaaa00 00bbbbbb00

A sum is one chain: channel by channel, tap by tap. Down, zeros that are padding are left out, so weights must be
finite; across they are not.
"""

from collections.abc import Callable

import numpy as np

from convoracle.fast.correlation_axes import Axis
from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.copying import copy_vector
from convoracle.fast.simd.lines import LINES, add_lines
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Shape

BLOCK = 1 << 11
"""Outputs of a block, about: their sums and what they read stay in the nearest cache."""

MANY = 2 * LINES
"""Taps that are added at a time where there are so many."""


def fits(filters: int, down: Axis, across: Axis) -> bool:
    """Tell whether a correlation is along one axis, with a stride of 1; if it is copied, for one filter of a group."""
    taps = len(down.offsets), len(across.offsets)
    other = across if taps[1] == 1 else down
    is_other_whole = other.offsets == (0,) and other.outputs == other.size
    is_along_one = (taps[1] == 1 < taps[0]) or (taps[0] == filters == 1 < taps[1])
    return is_along_one and down.stride == across.stride == 1 and is_other_whole


def bind_correlation(
    source_shape: Shape, weight_shape: Shape, groups: int, down: Axis, across: Axis, dtype: np.dtype
) -> Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], None]:
    """Return a function (source, weight, base, out) that writes the correlation of arrays of these shapes into `out`.

    Source is (N, C, H, W), weight (F, C / groups, kH, kW).
    """
    images, (filters, channels, *_) = source_shape[0], weight_shape
    is_down = len(across.offsets) == 1
    offsets = (down if is_down else across).offsets
    taps, first = len(offsets), min(offsets)
    apart = (max(offsets) - first) // (taps - 1)
    rows, columns = down.outputs, across.outputs
    width = min(columns, BLOCK)
    height = max(min(BLOCK // (width if is_down else width + apart * (taps - 1)), rows), 1)
    blocks = -(-rows // height), -(-columns // width)
    tasks = images * filters * blocks[0] * blocks[1]
    pieces = max(min(thread_count(images * filters * rows * columns * channels * taps), tasks), 1)
    of_group = groups, filters // groups, channels
    sizes = *of_group, down.size, across.size, rows, columns, taps, first, apart, lanes_of(dtype)
    function, tiles = _add_down if is_down else _add_across, (tasks, *blocks, height, width)

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        kernels = weight.reshape(-1, taps)
        # An input gradient's offsets fall.
        kernels = kernels if offsets[0] == first else np.ascontiguousarray(kernels[:, ::-1])
        run_pieces(function, pieces, tiles, sizes, source.reshape(-1), kernels.reshape(-1), base, out.reshape(-1))

    return correlate


@kernel
def _add_across(piece, pieces, tiles, sizes, source, weight, base, out):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some blocks of rows that are copied."""
    tasks, row_blocks, column_blocks, most_rows, most_columns = tiles
    groups, filters, channels, height, width, rows, columns, taps, offset, apart, lanes = sizes
    span = apart * (taps - 1)
    size = most_rows * (most_columns + span) + lanes
    lines, sums = np.empty(size, source.dtype), np.empty(size, source.dtype)
    cleared_for = -1
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        rest, column_block = divmod(task, column_blocks)
        plane, row_block = divmod(rest, row_blocks)
        filter = plane % (groups * filters)
        top, left = row_block * most_rows, column_block * most_columns
        count, wanted = min(rows - top, most_rows), min(columns - left, most_columns)
        pitch = wanted + span
        # What is copied of a row; the zeros beside it stay from one plane to the next.
        first, last = max(left + offset, 0), min(left + offset + pitch, width)
        if cleared_for != column_block:
            lines[:] = 0
            cleared_for = column_block
        sums[:] = base[filter]
        for channel in range(channels):
            start = ((plane // filters * channels + channel) * height + top) * width
            for row in range(count):
                at = row * pitch + first - left - offset
                _copy(source, start + row * width + first, lines, at, last - first, lanes)
            _add_taps(
                taps, count * pitch - span, lines, 0, apart, weight, (filter * channels + channel) * taps, sums, 0
            )
        for row in range(count):
            to = (plane * rows + top + row) * columns + left
            _copy(sums, row * pitch, out, to, wanted, lanes)


@kernel
def _add_down(piece, pieces, tiles, sizes, source, weight, base, out):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some blocks of outputs."""
    tasks, row_blocks, column_blocks, most_rows, most_columns = tiles
    groups, filters, channels, height, width, rows, columns, taps, offset, apart, _ = sizes
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        rest, column_block = divmod(task, column_blocks)
        plane, row_block = divmod(rest, row_blocks)
        filter = plane % (groups * filters)
        top, left = row_block * most_rows, column_block * most_columns
        bottom, wanted = min(rows, top + most_rows), min(columns - left, most_columns)
        place = plane * rows * columns + left
        # Several rows are whole, and lie together.
        out[place + top * columns : place + (bottom - 1) * columns + wanted] = base[filter]
        for channel in range(channels):
            start = (plane // filters * channels + channel) * height * width + left
            kernel = (filter * channels + channel) * taps
            tap = 0
            while tap < taps:
                together = LINES if taps - tap >= LINES else 1
                # Rows that all of these taps have, and in front of and behind them those that one has.
                shift = offset + tap * apart
                first = min(max(-shift, top), bottom)
                last = max(min(height - shift - (together - 1) * apart, bottom), first)
                if first < last:
                    _add_taps(
                        together, (last - first - 1) * columns + wanted, source, start + (first + shift) * width,
                        apart * width, weight, kernel + tap, out, place + first * columns,
                    )  # fmt: skip
                for k in range(together):
                    own = shift + k * apart
                    for begin, end in ((top, first), (last, bottom)):
                        begin, end = max(begin, -own), min(end, height - own)
                        if begin < end:
                            _add_taps(
                                1, (end - begin - 1) * columns + wanted, source, start + (begin + own) * width,
                                0, weight, kernel + tap + k, out, place + begin * columns,
                            )  # fmt: skip
                tap += together


@inner
def _copy(source, start, target, to, count, lanes):  # type: ignore[no-untyped-def]
    """Copy some numbers, vector by vector, none beside them."""
    whole = count - count % lanes
    for done in range(0, whole, lanes):
        copy_vector(source, start + done, target, to + done)
    for n in range(whole, count):
        target[to + n] = source[start + n]


@inner
def _add_taps(taps, count, source, start, step, weight, kernel, sums, to):  # type: ignore[no-untyped-def]
    """Add the products of taps whose lines are `step` apart."""
    tap = 0
    while taps - tap >= MANY:
        add_lines(MANY, 1, 0, count, source, start + tap * step, step, weight, kernel + tap, 0, sums, to, 0)
        tap += MANY
    if taps - tap >= LINES:
        add_lines(LINES, 1, 0, count, source, start + tap * step, step, weight, kernel + tap, 0, sums, to, 0)
        tap += LINES
    while tap < taps:
        add_lines(1, 1, 0, count, source, start + tap * step, 0, weight, kernel + tap, 0, sums, to, 0)
        tap += 1
