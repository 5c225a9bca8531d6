"""Correlation by the register tile, filters side by side: for rows that are no whole vectors, and for strides.

`convoracle.fast.direct.correlation` has neighbouring outputs in the lanes of a vector. Rows of 28, 14 or 7 outputs
leave lanes idle there, and a stride needs the source in phases first. Here the lanes are filters, and the rows of a
tile are outputs, each of which reads its own number of the source, wherever it is (`convoracle.fast.simd.scattered`)::

                                  weights of a tap in a channel, packed
                                 | f0 f1 f2 ... f15 | f16 ...  f31 | f32 ...  f47 |
      what output p reads    ->  | sums of output p |              |              |
      what output q reads    ->  | sums of output q |              |              |
        ...

So a stride costs nothing, and ROWS outputs may lie across the ends of rows and images. What it takes instead is that
sums are turned around in the end: a band of them waits in a buffer, filters of an output side by side.

    for each band of outputs, for each share of the filters:
        for each block of channels, or of the taps of one:
            lay the source ready: read it where it is, or copy it with the zeros around it
            for each panel, up to VECTORS vectors of filters:
                pack its weights
                for each ROWS outputs of each kind:
                    multiply_scattered
        turn the sums into planes of the result

Outputs are of different *kinds* where not all of them have the same taps: in the phases of an input gradient, and at
the edges, where a tap that reads beyond the source can be left out instead of laying zeros around it.

The order of a sum is that of the other way: by blocks of channels, within them by channel, row and column of the
kernel, of large kernels by blocks of taps; each block's sum is added to those before it, the first to the bias.
"""

from collections.abc import Callable

import numpy as np

from convoracle.fast.direct.filter_bands import copy_source, lay_outputs, locate_band, turn_sums
from convoracle.fast.direct.filter_plan import FilterPlan, products_of
from convoracle.fast.direct.operands import Weights
from convoracle.fast.direct.packing import pack_panel
from convoracle.fast.direct.plan import SUM_NUMBERS
from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.code_size import ZERO, keep_small
from convoracle.fast.simd.copying import clear
from convoracle.fast.simd.microkernel import HALF, ROWS, VECTORS
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.scattered import multiply_scattered
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.threads import run_pieces, thread_count

TASKS = 4
"""Tasks for each thread, if there can be so many: one that is late then leaves the rest to the others."""

LINE = 64
"""Bytes in a line of the cache; no vector of weights or of sums should lie across two."""

WEIGHTS_START = len(FilterPlan._fields) - 3
"""Where the numbers of Weights begin: behind those of the plan, without its arrays."""


def bind_filter_lanes(plan: FilterPlan, images: int, weights: Weights) -> Callable[..., None]:
    """Return a function (source, weight, base, out) that writes the correlation of `images` images into `out`.

    `source` is (N, groups * channels, H, W), `out` (N, groups * filters, rows, columns); every output starts from the
    `base` of its filter.
    """
    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    vectors = -(-plan.filters // plan.lanes)
    work = images * plan.groups * plan.filters * products_of(plan)
    fewest = min(-(-vectors * plan.lanes * plan.outputs // SUM_NUMBERS), vectors)
    useful = -(-vectors // VECTORS)
    same = images, pack(plan, weights), plan.of_phases, plan.of_kinds, plan.terms, weights.of_taps

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        shares, threads = fewest, thread_count(work)
        if bands and threads > 1:
            shares = max(shares, min(-(-TASKS * threads // bands), useful), min(-(-threads // bands), vectors))
        if bands:
            pieces = min(threads, bands * shares)
            flat = source.reshape(-1), weight.reshape(-1), base, out.reshape(-1)
            run_pieces(_correlate, pieces, new_counter(), shares, *same, *flat)

    return correlate


@kernel
def _correlate(  # type: ignore[no-untyped-def]
    _piece, _pieces, counter, shares, images, numbers, of_phases, of_kinds, terms, of_taps, source, weight, base, out
):
    """Do tasks until there are no more: each is a band with the filters of a share."""
    keep_small()
    plan = unpack(FilterPlan, numbers, 0, (of_phases, of_kinds, terms))
    weights = unpack(Weights, numbers, WEIGHTS_START, (of_taps,))
    lanes, vectors = plan.lanes, -(-plan.filters // plan.lanes)
    of_vector = (plan.outputs + 1) * lanes  # the place after the last output is for what nobody wants
    longest = (vectors // shares + 1) * lanes
    sums = aligned(longest // lanes * of_vector + lanes * lanes, source)
    zeros, bases = np.zeros(lanes, source.dtype), np.zeros(longest, source.dtype)
    line = min(VECTORS * lanes, longest)
    panel = aligned(plan.channel_block * plan.tap_block * line, source)
    # Whether the weights of a filter follow each other through all channels, in the order they are needed.
    is_long = plan.phases == 1 and weights.is_run and weights.of_channel == plan.taps
    spare = np.zeros(0 if is_long or plan.tap_blocks > 1 else (weights.of_filter + lanes) * line, source.dtype)
    planes, of_image = source, plan.groups * plan.channels * plan.plane
    if plan.is_copied:
        of_image = plan.channel_block * plan.plane
        planes = np.empty(plan.band_images * of_image + lanes, source.dtype)
    most = plan.outputs + plan.kinds * HALF
    starts, places = np.empty(most, np.int64), np.empty(most, np.int64)
    ends = np.empty(plan.kinds, np.int64)

    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    task = take_task(counter)
    while task < bands * shares:
        band, share = divmod(task, shares)
        group, window = locate_band(plan, images, band)
        image, _, top, _, left, _ = window
        first_vector, last_vector = vectors * share // shares, vectors * (share + 1) // shares
        first_filter, last_filter = first_vector * lanes, min(last_vector * lanes, plan.filters)
        panels = -(-(last_vector - first_vector) // VECTORS)
        lay_outputs(plan, window, of_image, starts, places, ends)
        for f in range(first_filter, last_filter):
            bases[f - first_filter] = base[group * plan.filters + f]
        if plan.is_sparse:
            clear(sums, 0, len(sums))
        for channel in range(0, plan.channels, plan.channel_block):
            channels = min(plan.channel_block, plan.channels - channel)
            first_plane = (image * plan.groups + group) * plan.channels + channel
            shift = 0
            if plan.is_copied:
                copy_source(plan, source, first_plane, channels, window, planes)
            else:
                row, column = top * plan.step_h + plan.first_h, left * plan.step_w + plan.first_w
                shift = first_plane * plan.plane + row * plan.pitch + column
            for block in range(plan.tap_blocks):
                for p in range(panels):
                    vector = (last_vector - first_vector) * p // panels
                    after = (last_vector - first_vector) * (p + 1) // panels
                    first = first_filter + vector * lanes
                    filters = min(plan.filters - first, (after - vector) * lanes)
                    pack_panel(
                        plan, weights, weight, group, first, filters, channel, channels, block, panel, spare, is_long,
                        (after - vector) * lanes,
                    )  # fmt: skip
                    begin = ZERO
                    for kind in range(plan.kinds):
                        _multiply_kind(
                            after - vector,
                            channels * of_kinds[block * plan.kinds + kind, 7],
                            planes,
                            shift,
                            starts,
                            terms,
                            of_kinds[block * plan.kinds + kind, 6],
                            panel,
                            sums,
                            vector * of_vector,
                            places,
                            of_vector,
                            begin,
                            ends[kind],
                            bases,
                            vector * lanes,
                            channel > 0 or block > 0,
                        )
                        begin = ends[kind]
        for vector in range(last_vector - first_vector):
            first = first_filter + vector * lanes
            filters = min(plan.filters - first, lanes)
            turn_sums(plan, sums, vector * of_vector, zeros, group, first, filters, window, out)
        task = take_task(counter)


@inner
def aligned(numbers, like):  # type: ignore[no-untyped-def]
    """Return a new array of so many numbers, of any value, that begins with a line of the cache."""
    keep_small()
    memory = np.empty(numbers + LINE // like.itemsize, like.dtype)
    begin = -memory.ctypes.data % LINE // like.itemsize
    return memory[begin : begin + numbers]


@inner
def _multiply_kind(  # type: ignore[no-untyped-def]
    vectors,
    depth,
    source,
    shift,
    starts,
    terms,
    first_term,
    panel,
    sums,
    first_sum,
    places,
    of_vector,
    begin,
    end,
    bases,
    first_base,
    is_more,
):
    """Multiply the outputs from `begin` to `end` by a panel of so many vectors, a tile at a time."""
    keep_small()
    first = begin
    while first < end:
        rows = ROWS if end - first >= ROWS else HALF
        if rows == ROWS and vectors == 1:
            multiply_scattered(
                ROWS, 1, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        elif rows == ROWS and vectors == 2:
            multiply_scattered(
                ROWS, 2, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        elif rows == ROWS and vectors == 3:
            multiply_scattered(
                ROWS, 3, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        elif rows == HALF and vectors == 1:
            multiply_scattered(
                HALF, 1, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        elif rows == HALF and vectors == 2:
            multiply_scattered(
                HALF, 2, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        else:
            multiply_scattered(
                HALF, 3, depth, source, shift, starts, terms, first_term, panel, 0, sums, first_sum,
                places, of_vector, first, bases, first_base, is_more,
            )  # fmt: skip
        first += rows
