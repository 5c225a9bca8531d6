"""The convolution by tiles: transformed input times transformed weights, summed over the channels, and back.

Lanes are channels before the products and filters after them, so that no plane is too small to fill a vector. Of a band
of T tiles (some rows of tiles of an image, or some small images)::

    x: planes           16 channels          T tiles x C channels            T tiles x 48 filters      16 filters
    +--------+   turn   of a position  B d B'  for each product   multiply_panel  for each product   A m A'   turn   out
    |        |   --->   lie together   ---->   +---------+                        +----------+      ---->     --->
    +--------+                                 | V[t, c] |  x  U[c, f]  = sum  =  | M[t, f]  |
                                               +---------+                        +----------+

The weights U are transformed before, for all bands; or, where all tiles are few, a panel of filters and a chain of
channels at a time, so that they never leave the cache. Neither changes the order of a sum: chains of `DEPTH` channels,
each added to those before it.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.packed import pack, unpack
from convoracle.fast.simd.transforms import transpose_in, transpose_out
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.winograd.plan import (
    Bands,
    Layout,
    Plan,
    choose_bands,
    lay_out,
    numbers_of_tile,
    products_of,
    wanted_tiles,
    weight_numbers,
)
from convoracle.fast.winograd.products import ONE, multiply_rows
from convoracle.fast.winograd.tiles import transform_data, transform_filter, transform_sums, turn_planes
from convoracle.fast.winograd.workspace import allocate, borrow, threads_that_fit

SMALL_WEIGHTS = 1 << 18
"""Transformed weights so many or fewer stay in the cache of their own accord."""

KEPT_BYTES = 6 << 20
"""Bytes of transformed input and sums in a band while more weights than that pass by."""

BANDS_START = len(Plan._fields)
LAYOUT_START = BANDS_START + len(Bands._fields)
"""Where bands and layout begin among the numbers that a kernel gets, after the plan."""


class Schedule(NamedTuple):
    """How the work of one call is shared out among so many pieces."""

    pieces: int
    # Panels of filters are cut into so many shares. Transformed weights are kept until the end of the call, or not.
    shares: int
    is_kept: bool
    bands: Bands
    layout: Layout


def convolve(
    plan: Plan, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, prepared: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the convolution, and for each image whether all of it is finite.

    `prepared` are the weights as `transform_weights` returns them; without, they are transformed now.
    """
    images = len(x)
    out = np.empty((images, plan.groups * plan.filters, plan.rows, plan.columns), x.dtype)
    is_finite = np.ones(images, np.bool_)
    if not images:
        return out, is_finite
    base = np.zeros((plan.groups, plan.vectors * plan.lanes), x.dtype)
    if bias is not None:
        base[:, : plan.filters] = bias.reshape(plan.groups, plan.filters)
    work = images * plan.tiles_h * plan.tiles_w * products_of(plan) * plan.groups * plan.filters * plan.channels
    schedule = choose_schedule(plan, images, thread_count(work), x.itemsize, is_prepared=prepared is not None)
    packed = np.empty(0, x.dtype) if prepared is None else prepared
    flat = x.reshape(-1), weight.reshape(-1), packed, base.reshape(-1), out.reshape(-1)
    numbers = pack(plan, schedule.bands, schedule.layout)
    panels, flags = plan.groups * plan.panels, (schedule.shares, schedule.is_kept)
    run_pieces(_borrow_and_convolve, schedule.pieces, schedule, panels, *flags, numbers, images, *flat, is_finite)
    return out, is_finite


def choose_schedule(plan: Plan, images: int, threads: int, itemsize: int, *, is_prepared: bool) -> Schedule:
    """Return how the work is done; the results do not depend on it."""
    numbers = plan.groups * weight_numbers(plan)
    is_kept = not is_prepared and numbers <= SMALL_WEIGHTS
    wanted = wanted_tiles(plan, itemsize)
    if numbers > SMALL_WEIGHTS:
        wanted = max(KEPT_BYTES // (numbers_of_tile(plan) * itemsize), 1)
    bands = choose_bands(plan.tiles_h, plan.tiles_w, images, threads, wanted)
    layout = lay_out(plan, bands, numbers if is_kept else 0)
    count = -(-images // bands.images) * bands.rows * bands.columns * plan.groups
    shares = min(threads, plan.panels) if count % threads and count < 8 * threads else 1
    pieces = min(threads_that_fit(threads, layout.end * itemsize), count * shares)
    return Schedule(pieces, shares, is_kept, bands, layout)


def transform_weights(plan: Plan, weight: np.ndarray) -> np.ndarray:
    """Return the transformed weights of all groups: for each panel and chain of channels, a matrix for each product."""
    packed = allocate(plan.groups * weight_numbers(plan), weight.dtype)
    pieces = min(thread_count(2 * packed.size), plan.groups * plan.panels)
    run_pieces(_transform_weights, pieces, plan, weight.reshape(-1), packed)
    return packed


def _borrow_and_convolve(piece: int, pieces: int, schedule: Schedule, panels: int, *arguments: Any) -> None:
    """Do one piece of the work in memory of this thread."""
    out = arguments[-2]
    is_ready = np.zeros(panels, np.bool_)
    _convolve(piece, pieces, borrow(schedule.layout.end, out.dtype), is_ready, *arguments)


@kernel
def _convolve(  # type: ignore[no-untyped-def]
    piece, pieces, space, is_ready, shares, is_kept, numbers, images, x, weight, packed, base, out, is_finite
):
    """Do one piece of the work: some bands with all panels of filters, or with a share of them."""
    plan = unpack(Plan, numbers, 0, ())
    bands = unpack(Bands, numbers, BANDS_START, ())
    layout = unpack(Layout, numbers, LAYOUT_START, ())
    lanes, products = plan.lanes, (plan.tile + 2) ** 2
    pitch, of_product, of_sum = layout.pitch, layout.of_product, layout.of_sum
    turned, transformed = space[layout.turned : layout.transformed], space[layout.transformed : layout.sums]
    sums, outputs = space[layout.sums : layout.outputs], space[layout.outputs : layout.weights]
    is_packed = packed.size > 0
    weights, kernels = packed if is_packed else space[layout.weights : layout.kernels], space[layout.kernels :]
    of_bands = bands.rows * bands.columns
    count = -(-images // bands.images) * of_bands * plan.groups
    tasks, before = count * shares, -1
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        band, share = divmod(task, shares)
        stack, part = divmod(band, of_bands * plan.groups)
        group, part = divmod(part, of_bands)
        row_band, column_band = divmod(part, bands.columns)
        window = (
            stack * bands.images,
            min((stack + 1) * bands.images, images),
            plan.tiles_h * row_band // bands.rows,
            plan.tiles_h * (row_band + 1) // bands.rows,
            plan.tiles_w * column_band // bands.columns,
            plan.tiles_w * (column_band + 1) // bands.columns,
        )
        tiles = (window[1] - window[0]) * (window[3] - window[2]) * (window[5] - window[4])
        if band != before:
            _transform_input(plan, x, group, window, turned, transformed, pitch, of_product)
        before = band
        for panel in range(plan.panels * share // shares, plan.panels * (share + 1) // shares):
            vector = plan.vectors * panel // plan.panels
            vectors = plan.vectors * (panel + 1) // plan.panels - vector
            for channel in range(0, plan.channels, plan.depth):
                depth = min(plan.depth, plan.channels - channel)
                start = _place_weights(plan, group, panel, channel) if is_packed or is_kept else np.int64(0)
                if not is_packed and not is_ready[group * plan.panels + panel]:
                    _transform_panel(plan, weight, group, vector, vectors, channel, depth, weights, start, kernels)
                for product in range(products):
                    multiply_rows(
                        tiles, vectors, depth, transformed, product * of_product + channel, pitch, ONE, weights, start,
                        sums, product * of_sum, vectors * lanes, channel > 0,
                    )  # fmt: skip
                    start += depth * vectors * lanes + lanes
            is_ready[group * plan.panels + panel] = is_kept
            for v in range(vectors):
                _transform_output(
                    plan,
                    group,
                    vector + v,
                    window,
                    sums,
                    v * lanes,
                    vectors * lanes,
                    of_sum,
                    outputs,
                    base,
                    out,
                    is_finite,
                )


@inner
def _transform_input(plan, x, group, window, turned, transformed, pitch, of_product):  # type: ignore[no-untyped-def]
    """Transform the tiles of a band, a vector of channels at a time."""
    image, last_image, top, bottom, left, right = window
    lanes, plane = plan.lanes, plan.height * plan.width
    height, line = plan.tile * (bottom - top) + 2, plan.tile * (right - left) + 2
    first_row, first_column = plan.tile * top - plan.top, plan.tile * left - plan.left
    for channel in range(0, plan.channels, lanes):
        planes = min(lanes, plan.channels - channel)
        to = channel
        for n in range(image, last_image):
            start = ((n * plan.groups + group) * plan.channels + channel) * plane
            turn_planes(x, start, plan.height, plan.width, planes, first_row, first_column, height, line, turned, lanes)
            for i in range(bottom - top):
                for j in range(right - left):
                    place = plan.tile * (i * line + j) * lanes
                    transform_data(plan.tile, turned, place, line * lanes, lanes, transformed, to, of_product)
                    to += pitch


@inner
def _transform_output(plan, group, vector, window, sums, start, step, of_sum, outputs, base, out, is_finite):  # type: ignore[no-untyped-def]
    """Transform the sums of a vector of filters into outputs, and put them into their planes.

    The tiles of a row are done backwards: what one writes beyond the row belongs to the next one, which is done later.
    """
    image, last_image, top, bottom, left, right = window
    lanes, plane = plan.lanes, plan.rows * plan.columns
    first_row, first_column = plan.tile * top, plan.tile * left
    rows = min(plan.tile * bottom, plan.rows) - first_row
    columns = min(plan.tile * right, plan.columns) - first_column
    filters = min(lanes, plan.filters - vector * lanes)
    first = group * plan.filters + vector * lanes
    base_start = (group * plan.vectors + vector) * lanes
    for n in range(image, last_image):
        for i in range(bottom - top):
            for j in range(right - left - 1, -1, -1):
                place = plan.tile * (i * columns + j) * lanes
                is_right = transform_sums(
                    plan.tile, sums, start + j * step, of_sum, outputs, place, columns * lanes, lanes
                )
                if not is_right:
                    is_finite[n] = False
            start += (right - left) * step
        runs, length = (1, rows * columns) if columns == plan.columns else (rows, columns)
        to = (n * plan.groups * plan.filters + first) * plane + first_row * plan.columns + first_column
        for run in range(runs):
            for position in range(0, length, lanes):
                begin = max(min(position, length - lanes), 0)
                transpose_out(
                    outputs, (run * columns + begin) * lanes, base, base_start, out,
                    to + run * plan.columns + begin, plane, filters, length - begin,
                )  # fmt: skip


@njit(inline="always")
def _place_weights(plan, group, panel, channel):  # type: ignore[no-untyped-def]
    """Return where the transformed weights of a panel begin, for the chain that starts with a channel."""
    chains = -(-plan.channels // plan.depth)
    vector = plan.vectors * panel // plan.panels
    vectors = plan.vectors * (panel + 1) // plan.panels - vector
    lines = group * (plan.channels * plan.vectors + plan.panels * chains)
    lines += plan.channels * vector + panel * chains + channel * vectors + channel // plan.depth
    return (plan.tile + 2) ** 2 * lines * plan.lanes


@kernel
def _transform_weights(piece, pieces, plan, weight, packed):  # type: ignore[no-untyped-def]
    """Do one piece of the transformation of all weights: some panels of filters."""
    kernels = np.empty(10 * plan.lanes * plan.lanes, weight.dtype)
    tasks = plan.groups * plan.panels
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        group, panel = divmod(task, plan.panels)
        vector = plan.vectors * panel // plan.panels
        vectors = plan.vectors * (panel + 1) // plan.panels - vector
        for channel in range(0, plan.channels, plan.depth):
            depth = min(plan.depth, plan.channels - channel)
            start = _place_weights(plan, group, panel, channel)
            _transform_panel(plan, weight, group, vector, vectors, channel, depth, packed, start, kernels)


@inner
def _transform_panel(plan, weight, group, vector, vectors, channel, depth, packed, start, kernels):  # type: ignore[no-untyped-def]
    """Transform the weights of a panel of filters and a chain of channels, LANES of each at a time."""
    lanes = plan.lanes
    step = depth * vectors * lanes + lanes
    first, sign = (8 * lanes, -1) if plan.is_flipped else (0, 1)
    for v in range(vectors):
        f = (vector + v) * lanes
        source = group * plan.of_group + f * plan.of_filter + channel * plan.of_channel
        filters = min(lanes, plan.filters - f)
        for c in range(0, depth, lanes):
            channels = min(lanes, depth - c)
            # The kernels of a filter are one run of memory, or each channel's is one.
            runs, length = (1, 9 * channels) if plan.of_channel == 9 else (channels, 9)
            for n in range(runs):
                for tap in range(0, length, lanes):
                    place = source + n * plan.of_channel + tap
                    transpose_in(weight, place, plan.of_filter, filters, length - tap, kernels, (9 * n + tap) * lanes)
            for n in range(channels):
                to = start + ((c + n) * vectors + v) * lanes
                begin = 9 * n * lanes + first
                transform_filter(plan.tile, kernels, begin, sign * 3 * lanes, sign * lanes, packed, to, step)
            source += channels * plan.of_channel
