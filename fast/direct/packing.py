"""Weights packed for `convoracle.fast.direct.filter_lanes`: for each term, the filters of a panel side by side."""

from convoracle.fast.direct.turning import transpose
from convoracle.fast.jit import inner
from convoracle.fast.simd.code_size import ZERO, keep_small
from convoracle.fast.simd.copying import ask_for, copy_vector, pack_columns
from convoracle.fast.simd.microkernel import ROWS


@inner
def pack_panel(plan, weights, weight, group, first, filters, channel, channels, block, panel, spare, is_long, line):  # type: ignore[no-untyped-def]
    """Pack the weights of some filters in a block of channels and of taps: by phase, by channel, tap by tap.

    A term has `line` numbers in the panel; what those beyond the filters are does not matter.
    """
    keep_small()
    start = group * weights.of_group + first * weights.of_filter + channel * weights.of_channel
    lanes, of_block = plan.lanes, block * plan.phases
    if is_long:
        taps, start = plan.of_phases[of_block, 1], start + plan.of_phases[of_block, 2]
        transpose(weight, start, weights.of_filter, filters, ZERO, channels * taps, panel, ZERO, line, lanes)
        return
    of_kernel = weights.of_filter  # the numbers that the taps of one channel in one filter lie in
    for c in range(channels):
        place = start + c * weights.of_channel
        end = place + (filters - 1) * of_kernel + -(-of_kernel // lanes) * lanes
        if plan.tap_blocks > 1 or filters < ROWS or end > len(weight):
            for phase in range(plan.phases):
                first_line, count = plan.of_phases[of_block + phase, 0], plan.of_phases[of_block + phase, 1]
                tap = plan.of_phases[of_block + phase, 2]
                for t in range(count):
                    to = (plan.channel_block * first_line + c * count + t) * line
                    for i in range(filters):
                        panel[to + i] = weight[place + i * of_kernel + weights.of_taps[tap + t]]
        elif of_kernel == 1:
            for i in range(0, line, lanes):
                copy_vector(weight, place + i, panel, c * line + i)
                ask_for(weight, place + line + i)  # by the next panel
        else:
            for position in range(0, filters, ROWS):
                i = min(position, filters - ROWS)
                for t in range(0, of_kernel, lanes):
                    pack_columns(weight, place + i * of_kernel + t, of_kernel, spare, t * line + i, line)
            for phase in range(plan.phases):
                term, count = plan.of_phases[phase, 0], plan.of_phases[phase, 1]
                for t in range(count):
                    to = (plan.channel_block * term + c * count + t) * line
                    for i in range(0, line, lanes):
                        copy_vector(spare, weights.of_taps[term + t] * line + i, panel, to + i)
