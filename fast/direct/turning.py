"""Numbers turned for the weight gradient: the channels of a position, or the filters of an output, side by side."""

import numpy as np

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import ZERO, keep_small
from convoracle.fast.simd.copying import clear, copy_line, pack_columns
from convoracle.fast.simd.microkernel import ROWS
from convoracle.fast.simd.transforms import MOST_SQUARE, transpose_in

BLOCK = np.int64(ROWS)
"""Filters whose gradients lie together, no literal."""


@inner
def turn(plan, x, group, channel, channels, window, spare, turned):  # type: ignore[no-untyped-def]
    """Copy what a band reads of some channels, all of them in a position together, with the zeros around it if need be.

    What is written beyond the last column of a row, the next row overwrites, or it is not read.
    """
    keep_small()
    image, last_image, top, bottom, left, _ = window
    height = (bottom - top - 1) * plan.stride_h + (plan.kernel_h - 1) * plan.dilation_h + 1
    first_row = top * plan.stride_h * plan.take_h - plan.top
    first_column = left * plan.stride_w * plan.take_w - plan.left
    above = 0
    if plan.is_cut:
        above = max(-first_row, 0)
        height = min(height, plan.height - first_row) - above
        first_row, first_column = first_row + above, 0
    # Turned columns before `begin` and from `end` on are outside the input.
    begin = min(max(-first_column, 0), plan.pitch)
    end = min(max(plan.width - first_column, begin), plan.pitch)
    plane = plan.height * plan.width
    apart = plan.pitch + 2 * plan.lanes
    for n in range(last_image - image):
        first_plane = ((image + n) * plan.groups + group) * plan.channels + channel
        for i in range(height):
            if (above + i) % plan.dilation_h > (bottom - top - 1) * plan.stride_h:
                continue  # between the taps of all outputs
            to = (n * plan.band_height + i) * plan.pitch * plan.step
            row = first_row + i * plan.take_h
            if row < 0 or row >= plan.height:
                clear(turned, to, plan.pitch * plan.step)
                continue
            source = first_plane * plane + row * plan.width
            if plan.take_w > 1:
                for c in range(channels):
                    if plan.take_w == 2:
                        copy_line(2, x, source + c * plane, plan.width, first_column, spare, c * apart, plan.pitch)
                    else:
                        copy_line(
                            plan.take_w, x, source + c * plane, plan.width, first_column, spare, c * apart, plan.pitch
                        )
                _turn_row(spare, ZERO, apart, channels, ZERO, plan.pitch, turned, to, plan.step, plan.lanes)
                continue
            clear(turned, to, begin * plan.step)
            clear(turned, to + end * plan.step, (plan.pitch - end) * plan.step)
            _turn_row(x, source + first_column, plane, channels, begin, end, turned, to, plan.step, plan.lanes)


@inner
def _turn_row(source, start, step, channels, begin, end, turned, to, turned_step, lanes):  # type: ignore[no-untyped-def]
    """Transpose a row of each channel; after a row shorter than a vector zeros may be written."""
    keep_small()
    square = min(lanes, MOST_SQUARE)
    if channels < square or end - begin >= lanes:
        transpose(source, start, step, channels, begin, end, turned, to, turned_step, lanes)
        return
    for channel in range(0, channels, square):
        c = min(channel, channels - square)
        for k in range(begin, end, square):
            place = start + c * step + k
            transpose_in(source, place, step, square, end - k, turned, to + k * turned_step + c, turned_step)


@inner
def transpose(source, start, step, rows, begin, end, target, to, target_step, lanes):  # type: ignore[no-untyped-def]
    """Write entry k, from `begin` to `end`, of row i as number i of column k.

    A tile of ROWS x LANES at a time, the last ones moved back to end with the rows; number by number if none fits.
    """
    keep_small()
    if rows >= ROWS and end - begin >= lanes:
        for position in range(0, rows, ROWS):
            i = min(position, rows - ROWS)
            for entry in range(begin, end, lanes):
                k = min(entry, end - lanes)
                pack_columns(source, start + i * step + k, step, target, to + k * target_step + i, target_step)
    else:
        for i in range(rows):
            for k in range(begin, end):
                target[to + k * target_step + i] = source[start + i * step + k]


@inner
def pack_filters(plan, grad_output, first, rows, window, column):  # type: ignore[no-untyped-def]
    """Pack the output gradients of ROWS filters at a band's outputs; missing filters leave their rows as they are."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    plane = plan.rows * plan.columns
    runs, length = bottom - top, right - left
    if length == plan.columns:
        runs, length = 1, runs * length
    to = ZERO
    for n in range(image, last_image):
        for run in range(runs):
            start = (n * plan.groups * plan.filters + first) * plane + (top + run) * plan.columns + left
            transpose(grad_output, start, plane, rows, ZERO, length, column, to, BLOCK, plan.lanes)
            to += length * ROWS
