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
Where that would waste too many lanes, outputs are strung together across the ends of rows, and their sums distributed
from a buffer at the end: either as they lie in the copy of the source, with the ends of its rows between them, or with
their taps copied together into a *panel*, ``VECTORS * lanes`` numbers for each product.

Bands and filters are shared out among threads. None of this touches the order of any sum, which is: by blocks of
channels, within them by channel, row and column of the kernel; each block's sum is added to those before it.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from convoracle.fast.direct.plan import SUM_NUMBERS, Plan
from convoracle.fast.simd.microkernel import (
    ROWS,
    VECTORS,
    copy_apart,
    copy_lanes,
    copy_vector,
    multiply_tile,
    pack_columns,
)
from convoracle.fast.threads import run_pieces, thread_count


class Weights(NamedTuple):
    """Where the weight of (group, filter, channel, tap) is: three steps, and a place for each tap."""

    of_group: int
    of_filter: int
    of_channel: int
    of_taps: np.ndarray
    is_run: bool
    """Whether the taps of one channel follow each other in the order they are needed."""


class Target(NamedTuple):
    """Where the output of (image, filter, row, column) is in the result, filters counted through all groups."""

    start: int
    of_image: int
    of_filter: int
    of_row: int
    of_column: int


def correlate(
    plan: Plan, source: np.ndarray, weight: np.ndarray, weights: Weights, base: np.ndarray, out: np.ndarray, to: Target
) -> None:
    """Write the correlation of `source` (N, groups * channels, H, W) into `out`, starting from one `base` a filter."""
    images = len(source)
    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    if not bands:
        return
    blocks = -(-plan.filters // ROWS)
    threads = thread_count(images * plan.groups * plan.filters * plan.channels * plan.taps * plan.rows * plan.columns)
    # Sums of outputs that are strung together wait in a buffer, which must not grow with the filters.
    shares = -(-plan.filters * plan.band_vectors * plan.lanes // SUM_NUMBERS) if plan.is_strung else 1
    if bands % threads and bands < 8 * threads and blocks >= threads:
        shares *= threads
    shares = min(shares, blocks)
    pieces = min(threads, bands * shares)
    flat = source.reshape(-1), weight.reshape(-1)
    run_pieces(_correlate, pieces, shares, images, plan, *flat, weights, base, out.reshape(-1), to)


@njit(nogil=True, cache=True, error_model="numpy")
def _correlate(piece, pieces, shares, images, plan, source, weight, weights, base, out, to):  # type: ignore[no-untyped-def]
    """Do one piece of the work: some bands with all filters, or with the filters of a share."""
    lanes, blocks = plan.lanes, -(-plan.filters // ROWS)
    depth = plan.channel_block * plan.tap_block
    image_planes = plan.channel_block * plan.phases * plan.plane
    most, line = plan.band_vectors, plan.band_vectors * lanes  # vectors of a band, sums of a filter

    column = np.empty((depth + lanes) * ROWS, source.dtype)  # packing may write one vector of columns too many
    starts, places, skips = np.empty(most, np.int64), np.empty(most, np.int64), np.zeros(most, np.int64)
    planes, panel, sums = source, source, out
    pieces_of_rows, of_panel = np.empty((0, 3), np.int64), plan.offsets
    if plan.is_copied:
        planes = np.empty(plan.band_images * image_planes + VECTORS * lanes, source.dtype)
    if plan.is_strung:
        sums = np.empty((blocks // shares + 1) * ROWS * line + lanes, source.dtype)
    if plan.is_panel:
        panel = np.empty((most // VECTORS + 1) * depth * VECTORS * lanes + lanes, source.dtype)
        # A row is cut into vectors, and at most once more for each tile it reaches into.
        pieces_of_rows = np.empty((2 * most + 2 * plan.band_images * -(-plan.rows // plan.row_bands), 3), np.int64)
        of_panel = np.arange(depth) * (VECTORS * lanes)

    bands = -(-images // plan.band_images) * plan.groups * plan.row_bands * plan.column_bands
    tasks = bands * shares
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        share, band = divmod(task, bands)
        first_block, last_block = blocks * share // shares, blocks * (share + 1) // shares
        group, window = _locate_band(plan, images, band)
        image, last_image = window[:2]
        if plan.is_strung:
            first_sum, of_filter = first_block * ROWS * line, line
        else:
            first_sum, of_filter = -group * plan.filters * to.of_filter, to.of_filter
        if plan.is_panel:
            pieces_laid = _lay_pieces(plan, window, pieces_of_rows)
            vectors = _lay_panel(plan, window, depth, starts, places)
        elif plan.is_strung:
            vectors = _lay_strung(plan, window, starts, places)
        else:
            vectors = _lay_rows(plan, to, window, starts, places, skips)

        for channel in range(0, plan.channels, plan.channel_block):
            last_channel = min(channel + plan.channel_block, plan.channels)
            first_plane = (image * plan.groups + group) * plan.channels + channel
            shift = 0
            if plan.is_copied:
                for n in range(last_image - image):
                    for c in range(last_channel - channel):
                        _copy_plane(
                            plan,
                            source,
                            (first_plane + n * plan.groups * plan.channels + c) * plan.height * plan.width,
                            window,
                            planes,
                            n * image_planes + c * plan.phases * plan.plane,
                        )
            else:
                shift = first_plane * plan.plane
            for tap in range(0, plan.taps, plan.tap_block):
                taps = min(plan.tap_block, plan.taps - tap)
                terms = (last_channel - channel) * taps
                is_more = channel > 0 or tap > 0
                offsets = plan.offsets[tap:]
                if plan.is_panel:
                    _fill_panel(planes, offsets, terms, pieces_of_rows[:pieces_laid], panel, depth, lanes)
                    offsets = of_panel
                for block in range(first_block, last_block):
                    first = block * ROWS
                    rows = min(plan.filters - first, ROWS)
                    _pack_weights(
                        weight, weights, group, first, rows, channel, last_channel, tap, taps, plan.taps, column, lanes
                    )
                    _multiply(
                        terms,
                        column,
                        panel if plan.is_panel else planes,
                        shift,
                        starts,
                        offsets,
                        sums,
                        first * of_filter - first_sum,
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


@njit(nogil=True, cache=True, error_model="numpy")
def _locate_band(plan, images, band):  # type: ignore[no-untyped-def]
    """Return the group of a band, and its window: the ends of its images, of its rows and of its columns."""
    band, column_band = divmod(band, plan.column_bands)
    band, row_band = divmod(band, plan.row_bands)
    stack, group = divmod(band, plan.groups)
    return group, (
        stack * plan.band_images,
        min((stack + 1) * plan.band_images, images),
        plan.rows * row_band // plan.row_bands,
        plan.rows * (row_band + 1) // plan.row_bands,
        plan.columns * column_band // plan.column_bands,
        plan.columns * (column_band + 1) // plan.column_bands,
    )


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(  # type: ignore[no-untyped-def]
    terms,
    column,
    source,
    shift,
    starts,
    offsets,
    out,
    out_start,
    places,
    of_filter,
    rows,
    skips,
    base,
    base_start,
    is_more,
    vectors,
):
    """Multiply one block of packed weights by all vectors of a band, a tile at a time."""
    v = 0
    while v < vectors:
        rest = vectors - v
        # Two tiles of two vectors are faster than one of three and one of one.
        count = min(VECTORS, rest) if rest != 4 else 2
        first, place = starts[v] + shift, places[v] + out_start
        if count == 1:
            multiply_tile(
                terms, column, 0, source, (first,), offsets, out, (place,), of_filter, rows,
                (skips[v],), base, base_start, is_more,
            )  # fmt: skip
        elif count == 2:
            multiply_tile(
                terms, column, 0, source, (first, starts[v + 1] + shift), offsets, out,
                (place, places[v + 1] + out_start), of_filter, rows,
                (skips[v], skips[v + 1]), base, base_start, is_more,
            )  # fmt: skip
        else:
            multiply_tile(
                terms, column, 0, source, (first, starts[v + 1] + shift, starts[v + 2] + shift), offsets, out,
                (place, places[v + 1] + out_start, places[v + 2] + out_start), of_filter, rows,
                (skips[v], skips[v + 1], skips[v + 2]), base, base_start, is_more,
            )  # fmt: skip
        v += count


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_rows(plan, to, window, starts, places, skips):  # type: ignore[no-untyped-def]
    """Write where each vector of a band's rows is read from and stored to; return how many there are.

    Rows that follow each other without a gap, in what is read and in the result, count as one.
    """
    image, last_image, top, bottom, left, right = window
    runs, length = bottom - top, right - left
    if plan.pitch == length == plan.columns:
        runs, length = 1, runs * length
    source, of_image = 0, plan.channel_block * plan.phases * plan.plane
    if not plan.is_copied:
        source, of_image = (
            (top + plan.shift_h) * plan.pitch + left + plan.shift_w,
            plan.groups * plan.channels * plan.plane,
        )
    target = to.start + image * to.of_image + top * to.of_row + left
    vectors = 0
    for n in range(last_image - image):
        for run in range(runs):
            for position in range(0, length, plan.lanes):
                start = min(position, length - plan.lanes)
                starts[vectors] = source + n * of_image + run * plan.pitch + start
                places[vectors] = target + n * to.of_image + run * to.of_row + start
                skips[vectors] = position - start
                vectors += 1
    return vectors


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_strung(plan, window, starts, places):  # type: ignore[no-untyped-def]
    """Write where each vector is read from, as outputs lie in the copy, and where its sums wait; return how many."""
    image, last_image, top, bottom, left, right = window
    vectors = 0
    for n in range(last_image - image):
        for position in range(0, (bottom - top - 1) * plan.pitch + right - left, plan.lanes):
            starts[vectors] = n * plan.channel_block * plan.phases * plan.plane + position
            places[vectors] = vectors * plan.lanes
            vectors += 1
    return vectors


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_panel(plan, window, depth, starts, places):  # type: ignore[no-untyped-def]
    """Write where each vector is read from in the panel, and where its sums wait; return how many there are."""
    image, last_image, top, bottom, left, right = window
    vectors = -(-(last_image - image) * (bottom - top) * (right - left) // plan.lanes)
    for vector in range(vectors):
        tile, j = divmod(vector, VECTORS)
        starts[vector] = (tile * depth * VECTORS + j) * plan.lanes
        places[vector] = vector * plan.lanes
    return vectors


@njit(nogil=True, cache=True, error_model="numpy")
def _lay_pieces(plan, window, pieces):  # type: ignore[no-untyped-def]
    """Cut a band's rows into pieces of a vector at most, none across the end of a tile; return how many there are.

    Each piece gets the tile it belongs to, where it is in the copy, and where it goes in a line of the tile.
    """
    image, last_image, top, bottom, left, right = window
    runs, length = bottom - top, right - left
    if plan.pitch == length:
        runs, length = 1, runs * length
    laid, position = 0, 0
    for n in range(last_image - image):
        for run in range(runs):
            done = 0
            while done < length:
                tile, place = divmod(position, VECTORS * plan.lanes)
                start = n * plan.channel_block * plan.phases * plan.plane + run * plan.pitch + done
                pieces[laid, 0], pieces[laid, 1], pieces[laid, 2] = tile, start, place
                step = min(plan.lanes, length - done, VECTORS * plan.lanes - place)
                laid, position, done = laid + 1, position + step, done + step
    return laid


@njit(nogil=True, cache=True, error_model="numpy")
def _copy_plane(plan, source, start, window, planes, target):  # type: ignore[no-untyped-def]
    """Copy what a band reads of one channel, with the zeros around it, one phase after the other.

    Whole vectors are copied; what one carries beyond its row, the next row overwrites.
    """
    _, _, top, bottom, left, right = window
    height, width, stride_h, stride_w, lanes = plan.height, plan.width, plan.stride_h, plan.stride_w, plan.lanes
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
                    for entry in range(0, wanted, lanes):
                        copy_apart(1, source, line, inside, column + entry, planes, to + entry)
                elif stride_w == 2:
                    for entry in range(0, wanted, lanes):
                        copy_apart(2, source, line, inside, column + 2 * entry, planes, to + entry)
                else:
                    for entry in range(0, wanted, lanes):
                        copy_apart(stride_w, source, line, inside, column + stride_w * entry, planes, to + entry)
            target += plan.plane


@njit(nogil=True, cache=True, error_model="numpy")
def _fill_panel(planes, offsets, terms, pieces, panel, depth, lanes):  # type: ignore[no-untyped-def]
    """Copy the taps of a band's outputs together, for each tile of them a line for each term.

    Whole vectors are copied; what one carries beyond its piece, the next one overwrites.
    """
    first = 0
    while first < len(pieces):
        last = first + 1
        while last < len(pieces) and pieces[last, 0] == pieces[first, 0]:
            last += 1
        line = pieces[first, 0] * depth * VECTORS * lanes
        for term in range(terms):
            for piece in range(first, last):
                copy_vector(planes, pieces[piece, 1] + offsets[term], panel, line + pieces[piece, 2])
            line += VECTORS * lanes
        first = last


@njit(nogil=True, cache=True, error_model="numpy")
def _distribute(plan, to, window, group, first_block, last_block, sums, line, out):  # type: ignore[no-untyped-def]
    """Copy the sums of outputs that were strung together to where they belong in the result."""
    image, last_image, top, bottom, left, right = window
    length = right - left
    rows = bottom - top
    of_row = length if plan.is_panel else plan.pitch
    of_image = rows * length if plan.is_panel else -(-((rows - 1) * plan.pitch + length) // plan.lanes) * plan.lanes
    for f in range(first_block * ROWS, min(last_block * ROWS, plan.filters)):
        for n in range(last_image - image):
            for row in range(rows):
                entry = (f - first_block * ROWS) * line + n * of_image + row * of_row
                place = to.start + (image + n) * to.of_image + (group * plan.filters + f) * to.of_filter
                place += (top + row) * to.of_row + left * to.of_column
                _spread_row(sums, entry, out, place, to.of_column, length, plan.lanes)


@njit(nogil=True, cache=True, error_model="numpy")
def _spread_row(source, start, target, to, stride, length, lanes):  # type: ignore[no-untyped-def]
    """Copy `length` numbers to places that are `stride` apart."""
    if stride == 1:
        for entry in range(0, length, lanes):
            copy_lanes(source, start + entry, target, to + entry, length - entry)
    else:
        for entry in range(length):
            target[to + stride * entry] = source[start + entry]


@njit(nogil=True, cache=True, error_model="numpy")
def _pack_weights(weight, weights, group, first, rows, channel, last_channel, tap, taps, plan_taps, column, lanes):  # type: ignore[no-untyped-def]
    """Pack the weights of ROWS filters for one block of products; missing filters get the weights of the last."""
    start = group * weights.of_group + first * weights.of_filter + channel * weights.of_channel
    terms, step = (last_channel - channel) * taps, weights.of_filter
    packed = 0
    if weights.is_run and rows == ROWS:
        if weights.of_channel == plan_taps:
            packed = terms // lanes * lanes
            for term in range(0, packed, lanes):
                pack_columns(weight, start + tap + term, step, column, term * ROWS, ROWS)
        elif taps == plan_taps <= lanes:
            # Whole vectors are read and written for each channel but the last: what is too much is written over.
            packed = terms - taps
            for c in range(last_channel - channel - 1):
                if taps == 1:
                    copy_vector(weight, start + c * weights.of_channel, column, c * ROWS)
                else:
                    pack_columns(weight, start + c * weights.of_channel, step, column, c * taps * ROWS, ROWS)
    skipped, first_tap = divmod(packed, taps)
    to = packed * ROWS
    for c in range(skipped, last_channel - channel):
        for t in range(tap + first_tap, tap + taps):
            place = start + c * weights.of_channel + weights.of_taps[t]
            if rows == ROWS:
                for i in range(ROWS):
                    column[to + i] = weight[place + i * step]
            else:
                for i in range(ROWS):
                    column[to + i] = weight[place + min(i, rows - 1) * step]
            to += ROWS
        first_tap = 0
