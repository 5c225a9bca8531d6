"""What the tile of a correlation reads, laid ready: the source with its zeros and in phases, packed weights."""

from typing import NamedTuple

import numpy as np

from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.copying import ask_for, copy_line, copy_vector, pack_columns
from convoracle.fast.simd.microkernel import ROWS


class Weights(NamedTuple):
    """Where the weight of (group, filter, channel, tap) is: three steps, and a place for each tap."""

    of_group: int
    of_filter: int
    of_channel: int
    is_run: bool
    """Whether the taps of one channel follow each other in the order they are needed."""
    of_taps: np.ndarray


@inner
def copy_plane(plan, source, start, window, planes, target):  # type: ignore[no-untyped-def]
    """Copy what a band reads of one channel, with the zeros around it, one phase after the other.

    Whole vectors are copied; what one carries beyond its row, the next row overwrites.
    """
    keep_small()
    _, _, top, bottom, left, right = window
    height, width, stride_h, stride_w = plan.height, plan.width, plan.stride_h, plan.stride_w
    wanted = right - left + plan.span_w
    for r_h in plan.remainders_h:
        for r_w in plan.remainders_w:
            column = (left + plan.shift_w) * stride_w + r_w
            for i in range(bottom - top + plan.span_h):
                row = (top + i + plan.shift_h) * stride_h + r_h
                line = start + row * width
                # A line outside the plane has no numbers, only zeros.
                inside = width if 0 <= row < height else 0
                to = target + i * plan.pitch
                if stride_w == 1:
                    copy_line(1, source, line, inside, column, planes, to, wanted)
                elif stride_w == 2:
                    copy_line(2, source, line, inside, column, planes, to, wanted)
                elif stride_w == 4:
                    copy_line(4, source, line, inside, column, planes, to, wanted)
                else:
                    copy_line(stride_w, source, line, inside, column, planes, to, wanted)
                for near in range(0, inside, plan.lanes):
                    ask_for(source, line + height * width + near)  # the next plane is read next
            target += plan.plane


@inner
def pack_weights(weight, weights, group, first, rows, channel, last_channel, tap, taps, plan_taps, column, lanes):  # type: ignore[no-untyped-def]
    """Pack the weights of ROWS filters for one block of products; missing filters get the weights of the last.

    Whole vectors of columns are written where weights can be read so; what is too much is written over. The last
    channel, beyond which there may be nothing to read, is done number by number.
    """
    keep_small()
    start = group * weights.of_group + first * weights.of_filter + channel * weights.of_channel
    count, step = last_channel - channel, weights.of_filter
    is_long = weights.is_run and weights.of_channel == plan_taps
    packed = 0
    if is_long and rows == ROWS:
        # The weights of a filter follow each other through all channels.
        packed = count * taps // lanes * lanes
        for term in range(0, packed, lanes):
            pack_columns(weight, start + tap + term, step, column, term * ROWS, ROWS)
    elif weights.is_run and rows == ROWS and taps == 1:
        packed = count - 1
        for c in range(count - 1):
            for i in range(0, ROWS, lanes):
                copy_vector(weight, start + c * weights.of_channel + i, column, c * ROWS + i)
            ask_for(weight, start + c * weights.of_channel + 2 * ROWS)
    is_mixed = not weights.is_run and taps > 2 and step <= lanes
    spare = len(column) - 2 * lanes * ROWS
    skipped, first_tap = divmod(packed, taps)
    for c in range(skipped, count):
        place, to = start + c * weights.of_channel, (c * taps + first_tap) * ROWS
        if is_long or rows < ROWS or c + 1 == count or taps < plan_taps or not (weights.is_run or is_mixed):
            for t in range(tap + first_tap, tap + taps):
                for i in range(ROWS):
                    column[to + i] = weight[place + min(i, rows - 1) * step + weights.of_taps[t]]
                to += ROWS
            # What the next ROWS filters have here, if they have it together.
            for line in range(ROWS * step, 0 if is_long else 2 * ROWS * step, lanes):
                ask_for(weight, place + line)
        elif is_mixed:
            pack_columns(weight, place, step, column, spare, ROWS)
            for t in range(taps):
                for i in range(0, ROWS, lanes):
                    copy_vector(column, spare + weights.of_taps[t] * ROWS + i, column, to + t * ROWS + i)
        else:
            for t in range(0, taps, lanes):
                pack_columns(weight, place + t, step, column, to + t * ROWS, ROWS)
        first_tap = 0
