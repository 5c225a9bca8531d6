"""The transformed weights of a convolution by tiles: made for one panel of filters, or all at once, and where they are.

A panel is up to VECTORS vectors of filters. For each panel and each chain of channels there is a matrix for each
product of a tile, whose rows are channels, and whose columns are the filters of the panel::

      panel 0, chain 0   product 0:  | c0: f0 ... f47 |      then panel 0, chain 1, ... panel 1, chain 0, ...
                                     | c1: f0 ... f47 |
                                     |       ...      |  (and a vector that keeps products out of each other's places)
                         product 1:  | c0: f0 ... f47 |
                                     ...
"""

import numpy as np
from numba import njit

from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.packed import known_when_compiled
from convoracle.fast.simd.transforms import MOST_SQUARE, transpose_in
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.winograd.plan import Plan, weight_numbers
from convoracle.fast.winograd.tiles import transform_filter
from convoracle.fast.winograd.workspace import allocate


def transform_weights(plan: Plan, weight: np.ndarray) -> np.ndarray:
    """Return the transformed weights of all groups."""
    packed = allocate(plan.groups * weight_numbers(plan), weight.dtype)
    pieces = min(thread_count(2 * packed.size), plan.groups * plan.panels)
    run_pieces(_transform_weights, pieces, known_when_compiled(plan.taps), plan, weight.reshape(-1), packed)
    return packed


@njit(inline="always")
def place_weights(plan, group, panel, channel):  # type: ignore[no-untyped-def]
    """Return where the transformed weights of a panel begin, for the chain that starts with a channel."""
    chains = -(-plan.channels // plan.depth)
    vector = plan.vectors * panel // plan.panels
    vectors = plan.vectors * (panel + 1) // plan.panels - vector
    lines = group * (plan.channels * plan.vectors + plan.panels * chains)
    lines += plan.channels * vector + panel * chains + channel * vectors + channel // plan.depth
    return (plan.tile_h + plan.taps - 1) * (plan.tile_w + plan.taps - 1) * lines * plan.lanes


@kernel
def _transform_weights(piece, pieces, known_taps, plan, weight, packed):  # type: ignore[no-untyped-def]
    """Do one piece of the transformation of all weights: some panels of filters."""
    kernels = np.empty((plan.taps**2 + 1) * plan.lanes * plan.lanes, weight.dtype)
    tasks = plan.groups * plan.panels
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        group, panel = divmod(task, plan.panels)
        vector = plan.vectors * panel // plan.panels
        vectors = plan.vectors * (panel + 1) // plan.panels - vector
        for channel in range(0, plan.channels, plan.depth):
            depth = min(plan.depth, plan.channels - channel)
            start = place_weights(plan, group, panel, channel)
            transform_panel(known_taps, plan, weight, group, vector, vectors, channel, depth, packed, start, kernels)


@inner
def transform_panel(  # type: ignore[no-untyped-def]
    known_taps, plan, weight, group, vector, vectors, channel, depth, packed, start, kernels
):
    """Transform the weights of a panel of filters and a chain of channels, LANES of each at a time."""
    keep_small()
    lanes, taps = plan.lanes, len(known_taps)
    size = taps * taps
    step, square = depth * vectors * lanes + lanes, min(lanes, MOST_SQUARE)
    first, sign = ((size - 1) * lanes, -1) if plan.is_flipped else (0, 1)
    for v in range(vectors):
        f = (vector + v) * lanes
        source = group * plan.of_group + f * plan.of_filter + channel * plan.of_channel
        filters = min(lanes, plan.filters - f)
        for c in range(0, depth, lanes):
            channels = min(lanes, depth - c)
            # The kernels of a filter are one run of memory, or each channel's is one.
            runs, length = (1, size * channels) if plan.of_channel == size else (channels, size)
            for n in range(runs):
                for k in range(0, lanes, square):
                    place = source + n * plan.of_channel + k * plan.of_filter
                    for tap in range(0, length, square):
                        to = (size * n + tap) * lanes + k
                        transpose_in(weight, place + tap, plan.of_filter, filters - k, length - tap, kernels, to, lanes)
            for n in range(channels):
                to = start + ((c + n) * vectors + v) * lanes
                begin = size * n * lanes + first
                transform_filter(plan.tile_h, taps, kernels, begin, sign * taps * lanes, sign * lanes, packed, to, step)
            source += channels * plan.of_channel
