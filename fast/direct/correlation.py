"""Correlation by the register tile, without a matrix of columns: what the `direct` convolutions compute with.

`convoracle.fast.direct.plan` says what a correlation is. Outputs are computed a band at a time, products a block of
channels at a time, so that what is read again and again stays in the cache::

    for each band of outputs (some rows of an image, or some small images):
        for each block of channels (DEPTH products or fewer):
            lay the source ready: borrow it, or copy it with its zeros and in phases
            for each ROWS filters:
                pack their weights
                for each VECTORS vectors of the band's outputs:
                    multiply_tile

A vector of outputs is part of one row, its last one moved back to end with the row; the result then gets it directly.
Where that would waste too many lanes, outputs are strung together across the ends of rows as they lie in the copy of
the source, with the ends of its rows between them, and their sums distributed from a buffer at the end.

Bands and filters are shared out among threads. None of this touches the order of any sum, which is: by blocks of
channels, within them by channel, row and column of the kernel; each block's sum is added to those before it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from convoracle.fast.direct.operands import Weights, copy_plane, pack_weights
from convoracle.fast.direct.plan import SUM_NUMBERS, Plan
from convoracle.fast.direct.tiles import multiply_block
from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.code_size import keep_small
from convoracle.fast.simd.copying import copy_lanes, spread_pairs
from convoracle.fast.simd.microkernel import ROWS, VECTORS
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.threads import run_pieces, thread_count


class Target(NamedTuple):
    """Where the output of (image, filter, row, column) is in the result, filters counted through all groups."""

    start: int
    of_image: int
    of_filter: int
    of_row: int
    of_column: int


TASKS = 4
"""Tasks for each thread, if there can be so many: one that is late then leaves the rest to the others."""

# Where each tuple begins in the array it is packed into: behind the numbers, not the arrays, of those before it.
WEIGHTS_START = len(Plan._fields) - 3
TARGET_START = WEIGHTS_START + len(Weights._fields) - 1


def bind_correlation(plan: Plan, images: int, weights: Weights, to: Target) -> Callable[..., None]:
    """Return a function (source, weight, base, out) that writes the correlation of `images` images into `out`.

    `source` is (N, groups * channels, H, W); every output starts from the `base` of its filter.
    """
    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    blocks = -(-plan.filters // ROWS)
    work = images * plan.groups * plan.filters * plan.channels * plan.taps * plan.rows * plan.columns
    # Sums of outputs that are strung together wait in a buffer, which must not grow with the filters.
    fewest = min(-(-plan.filters * plan.band_vectors * plan.lanes // SUM_NUMBERS) if plan.is_strung else 1, blocks)
    # Each share of the filters lays the source ready for itself: a few blocks of them should be worth that.
    useful = blocks // (8 if plan.is_copied else 1)
    same = images, pack(plan, weights, to), plan.remainders_h, plan.remainders_w, plan.offsets, weights.of_taps

    def correlate(source: np.ndarray, weight: np.ndarray, base: np.ndarray, out: np.ndarray) -> None:
        shares, threads = fewest, thread_count(work)
        if bands and threads > 1:
            shares = max(shares, min(TASKS * threads // bands, useful), min(-(-threads // bands), blocks))
        if bands:
            pieces = min(threads, bands * shares)
            flat = source.reshape(-1), weight.reshape(-1), base, out.reshape(-1)
            run_pieces(_correlate, pieces, new_counter(), shares, *same, *flat)

    return correlate


@kernel
def _correlate(  # type: ignore[no-untyped-def]
    _piece,
    _pieces,
    counter,
    shares,
    images,
    numbers,
    remainders_h,
    remainders_w,
    offsets,
    of_taps,
    source,
    weight,
    base,
    out,
):
    """Do tasks until there are no more: each is a band with all filters, or with the filters of a share."""
    keep_small()
    plan = unpack(Plan, numbers, 0, (remainders_h, remainders_w, offsets))
    weights = unpack(Weights, numbers, WEIGHTS_START, (of_taps,))
    to = unpack(Target, numbers, TARGET_START, ())
    lanes, blocks = plan.lanes, -(-plan.filters // ROWS)
    depth, of_channel = plan.channel_block * plan.tap_block, plan.phases * plan.plane
    of_image = plan.channel_block * of_channel if plan.is_copied else plan.groups * plan.channels * plan.plane
    line = (plan.band_vectors | 1) * lanes  # sums of a filter; odd, since caches favour no multiple of a power of two

    column = np.empty((depth + 3 * lanes) * ROWS, source.dtype)  # packing needs room beyond what it leaves
    starts, places = np.empty(plan.band_vectors, np.int64), np.empty(plan.band_vectors, np.int64)
    skips = np.empty(plan.band_vectors, np.int64)
    planes, sums = source, out
    if plan.is_copied:
        planes = np.empty(plan.band_images * of_image + VECTORS * lanes, source.dtype)
    if plan.is_strung:
        sums = np.empty((blocks // shares + 1) * ROWS * line + lanes, source.dtype)

    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    task = take_task(counter)
    while task < bands * shares:
        share, band = divmod(task, bands)
        first_block, last_block = blocks * share // shares, blocks * (share + 1) // shares
        group, window = _locate_band(plan, images, band)
        image, last_image, top, bottom, left, right = window
        band_images, rows, columns = last_image - image, bottom - top, right - left
        if plan.is_strung:
            runs, length = 1, (rows - 1) * plan.pitch + columns
            of_sums, of_row, of_filter = -(-length // lanes) * lanes, 0, line
            out_start = -first_block * ROWS * line
        else:
            # Rows that follow each other without a gap, in what is read and in the result, count as one.
            is_run = plan.pitch == columns == plan.columns
            runs, length = (1, rows * columns) if is_run else (rows, columns)
            of_sums, of_row, of_filter = to.of_image, to.of_row, to.of_filter
            out_start = to.start + image * to.of_image + group * plan.filters * to.of_filter + top * to.of_row + left
        vectors = _lay_vectors(
            (band_images, runs, length), (of_image, plan.pitch), (of_sums, of_row), lanes, not plan.is_strung,
            starts, places, skips,
        )  # fmt: skip

        for channel in range(0, plan.channels, plan.channel_block):
            last_channel = min(channel + plan.channel_block, plan.channels)
            first_plane = (image * plan.groups + group) * plan.channels + channel
            shift = 0
            if plan.is_copied:
                for n in range(last_image - image):
                    for c in range(last_channel - channel):
                        plane = first_plane + n * plan.groups * plan.channels + c
                        copy_plane(
                            plan,
                            source,
                            plane * plan.height * plan.width,
                            window,
                            planes,
                            n * of_image + c * of_channel,
                        )
            else:
                shift = first_plane * plan.plane + (top + plan.shift_h) * plan.pitch + left + plan.shift_w
            for tap in range(0, plan.taps, plan.tap_block):
                taps = min(plan.tap_block, plan.taps - tap)
                terms = (last_channel - channel) * taps
                is_more = channel > 0 or tap > 0
                for block in range(first_block, last_block):
                    first = block * ROWS
                    rows = min(plan.filters - first, ROWS)
                    pack_weights(
                        weight, weights, group, first, rows, channel, last_channel, tap, taps, plan.taps, column, lanes
                    )
                    multiply_block(
                        terms,
                        column,
                        planes,
                        shift,
                        starts,
                        offsets[tap:],
                        sums,
                        first * of_filter + out_start,
                        places,
                        of_filter,
                        rows,
                        skips,
                        base,
                        group * plan.filters + first,
                        is_more,
                        vectors,
                    )
        if plan.is_strung:
            _distribute(plan, to, window, group, first_block, last_block, sums, line, out)
        task = take_task(counter)


@inner
def _locate_band(plan, images, band):  # type: ignore[no-untyped-def]
    """Return the group of a band, and its window: the ends of its images, of its rows and of its columns."""
    keep_small()
    band, column_band = divmod(band, plan.column_bands)
    band, row_band = divmod(band, plan.row_bands)
    stack, group = divmod(band, plan.groups)
    units = plan.columns // plan.column_unit
    is_last = column_band + 1 == plan.column_bands
    return group, (
        stack * plan.band_images,
        min((stack + 1) * plan.band_images, images),
        plan.rows * row_band // plan.row_bands,
        plan.rows * (row_band + 1) // plan.row_bands,
        units * column_band // plan.column_bands * plan.column_unit,
        plan.columns if is_last else units * (column_band + 1) // plan.column_bands * plan.column_unit,
    )


@inner
def _lay_vectors(counts, read_steps, write_steps, lanes, is_moved, starts, places, skips):  # type: ignore[no-untyped-def]
    """Write where each vector of a band is read from and stored to; return how many there are.

    `counts` are images, runs of outputs in each, and outputs in a run; the steps are those from image to image and from
    run to run. If `is_moved`, the last vector of a run is moved back to end with it, and skips what it repeats.
    """
    keep_small()
    images, runs, length = counts
    vectors = 0
    for n in range(images):
        for run in range(runs):
            for position in range(0, length, lanes):
                start = min(position, length - lanes) if is_moved else position
                starts[vectors] = n * read_steps[0] + run * read_steps[1] + start
                places[vectors] = n * write_steps[0] + run * write_steps[1] + start
                skips[vectors] = position - start
                vectors += 1
    return vectors


@inner
def _distribute(plan, to, window, group, first_block, last_block, sums, line, out):  # type: ignore[no-untyped-def]
    """Copy the sums of outputs that were strung together to where they belong in the result."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    length = right - left
    rows = bottom - top
    of_image = -(-((rows - 1) * plan.pitch + length) // plan.lanes) * plan.lanes
    for f in range(first_block * ROWS, min(last_block * ROWS, plan.filters)):
        for n in range(last_image - image):
            for row in range(rows):
                entry = (f - first_block * ROWS) * line + n * of_image + row * plan.pitch
                place = to.start + (image + n) * to.of_image + (group * plan.filters + f) * to.of_filter
                place += (top + row) * to.of_row + left * to.of_column
                _spread_row(sums, entry, out, place, to.of_column, length, plan.lanes)


@inner
def _spread_row(source, start, target, to, stride, length, lanes):  # type: ignore[no-untyped-def]
    """Copy `length` numbers to places that are `stride` apart."""
    keep_small()
    if stride == 1:
        for entry in range(0, length, lanes):
            copy_lanes(source, start + entry, target, to + entry, length - entry)
    elif stride == 2:
        for entry in range(0, length, lanes):
            spread_pairs(source, start + entry, target, to + 2 * entry, length - entry)
    else:
        for entry in range(length):
            target[to + stride * entry] = source[start + entry]
