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

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.code_size import ONE, keep_small
from convoracle.fast.simd.packed import known_when_compiled, pack, unpack
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.simd.transforms import transpose_out
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.winograd.phases import run_from, window_of
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
from convoracle.fast.winograd.products import multiply_rows
from convoracle.fast.winograd.tiles import transform_data, transform_sums, turn_planes
from convoracle.fast.winograd.weights import place_weights, transform_panel
from convoracle.fast.winograd.workspace import allocate, borrow, threads_that_fit

SMALL_WEIGHTS = 1 << 18
"""Transformed weights so many or fewer stay in the cache of their own accord."""

MANY_TILES = 128
"""Tiles that are worth keeping four times as many weights for, in the larger cache that the cores share."""

KEPT_BYTES = 6 << 20
"""Bytes of transformed input and sums in a band while more weights than that pass by."""

TASKS = 4
"""Tasks for each thread, if there can be so many: one that is late then leaves the rest to the others."""


class Schedule(NamedTuple):
    """How the work of one call is shared out."""

    images: int
    # Panels of filters are cut into so many shares. Transformed weights are kept until the end of the call, or not.
    shares: int
    is_kept: bool
    threads: int


BANDS_START = len(Plan._fields)
LAYOUT_START = BANDS_START + len(Bands._fields)
SCHEDULE_START = LAYOUT_START + len(Layout._fields)
"""Where things begin among the numbers that a kernel gets, after the plan."""


@functools.lru_cache(maxsize=256)
def bind_convolution(plan: Plan, images: int, dtype: np.dtype) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return a function of (x, weight, bias, prepared) for so many images.

    It returns the convolution, and for each image whether all of it is finite. `bias` may be None. `prepared` are the
    weights as `convoracle.fast.winograd.weights.transform_weights` returns them, or None: then they are transformed.
    """
    shape = (images, plan.groups * plan.filters, plan.rows, plan.columns)
    bases, numbers = (plan.groups, plan.vectors * plan.lanes), math.prod(shape)
    no_base, all_finite = np.zeros(bases, dtype), np.ones(images, np.bool_)
    work = images * plan.tiles_h * plan.tiles_w * products_of(plan) * plan.groups * plan.filters * plan.channels
    unprepared = np.empty(0, dtype)

    @functools.cache
    def scheduled(threads: int, is_prepared: bool) -> tuple[int, int, np.ndarray]:
        schedule, bands, layout = choose_schedule(plan, images, threads, dtype.itemsize, is_prepared=is_prepared)
        return schedule.threads, layout.end, pack(plan, bands, layout, schedule)

    def convolve(
        x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, prepared: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        out, is_finite = allocate(numbers, dtype), all_finite.copy()
        if images:
            base = no_base
            if bias is not None:
                base = no_base.copy()
                base[:, : plan.filters] = bias.reshape(plan.groups, plan.filters)
            threads, size, packed = scheduled(thread_count(work), prepared is not None)
            weights = unprepared if prepared is None else prepared
            flat = x.reshape(-1), weight.reshape(-1), weights, base.reshape(-1), out
            run_pieces(_borrow_and_convolve, threads, plan, size, packed, new_counter(), *flat, is_finite)
        return out.reshape(shape), is_finite

    return convolve


def choose_schedule(
    plan: Plan, images: int, threads: int, itemsize: int, *, is_prepared: bool
) -> tuple[Schedule, Bands, Layout]:
    """Return how the work is done; the results do not depend on it."""
    numbers, tiles = plan.groups * weight_numbers(plan), images * plan.tiles_h * plan.tiles_w
    stays = numbers <= SMALL_WEIGHTS * (4 if tiles >= MANY_TILES else 1)
    is_kept = stays and not is_prepared
    wanted = wanted_tiles(plan, itemsize) if stays else max(KEPT_BYTES // (numbers_of_tile(plan) * itemsize), 1)
    if threads > 1 and plan.panels == 1:
        # There is nothing but tiles to share out.
        wanted = max(min(wanted, tiles // (2 * threads)), 1)
    bands = choose_bands(plan.tiles_h, plan.tiles_w, plan.dilation_w, images, threads, wanted)
    layout = lay_out(plan, bands, numbers if is_kept else 0)
    count = -(-images // bands.images) * bands.rows * bands.columns * plan.groups
    # Each thread transforms the inputs of a band of which it does a share.
    shares = plan.panels if threads > 1 and count < TASKS * threads else 1
    threads = min(threads_that_fit(threads, layout.end * itemsize), count * shares)
    return Schedule(images, shares, is_kept, threads), bands, layout


def _borrow_and_convolve(piece: int, pieces: int, plan: Plan, size: int, *arguments: Any) -> None:
    """Take part in the work, in memory of this thread."""
    out = arguments[-2]
    is_ready = np.zeros(plan.groups * plan.panels, np.bool_)
    _convolve(known_when_compiled(plan.taps), borrow(size, out.dtype), is_ready, *arguments)


@kernel
def _convolve(known_taps, space, is_ready, numbers, counter, x, weight, packed, base, out, is_finite):  # type: ignore[no-untyped-def]
    """Take tasks until there are none: a band with all panels of filters, or with a share of them."""
    keep_small()
    plan = unpack(Plan, numbers, 0, ())
    bands = unpack(Bands, numbers, BANDS_START, ())
    layout = unpack(Layout, numbers, LAYOUT_START, ())
    images, shares, is_kept, _ = unpack(Schedule, numbers, SCHEDULE_START, ())
    lanes, products = plan.lanes, (plan.tile_h + plan.taps - 1) * (plan.tile_w + plan.taps - 1)
    pitch, of_product, of_sum = layout.pitch, layout.of_product, layout.of_sum
    turned, transformed = space[layout.turned : layout.transformed], space[layout.transformed : layout.sums]
    sums, outputs = space[layout.sums : layout.outputs], space[layout.outputs : layout.weights]
    is_packed = packed.size > 0
    weights, kernels = packed if is_packed else space[layout.weights : layout.kernels], space[layout.kernels :]
    of_bands = bands.rows * bands.columns
    count = -(-images // bands.images) * of_bands * plan.groups
    before = -1
    while True:
        task = take_task(counter)
        if task >= count * shares:
            break
        band, share = divmod(task, shares)
        stack, part = divmod(band, of_bands * plan.groups)
        group, part = divmod(part, of_bands)
        window = window_of(stack * of_bands + part, bands, images, plan.tiles_h, plan.tiles_w, plan.dilation_w)
        tiles = (window[1] - window[0]) * (window[3] - window[2]) * (window[5] - window[4])
        if band != before:
            _transform_input(known_taps, plan, x, group, window, turned, transformed, pitch, of_product)
        before = band
        for panel in range(plan.panels * share // shares, plan.panels * (share + 1) // shares):
            vector = plan.vectors * panel // plan.panels
            vectors = plan.vectors * (panel + 1) // plan.panels - vector
            for channel in range(0, plan.channels, plan.depth):
                depth = min(plan.depth, plan.channels - channel)
                start = place_weights(plan, group, panel, channel) if is_packed or is_kept > 0 else np.int64(0)
                if not is_packed and not is_ready[group * plan.panels + panel]:
                    transform_panel(
                        known_taps, plan, weight, group, vector, vectors, channel, depth, weights, start, kernels
                    )
                for product in range(products):
                    multiply_rows(
                        tiles, vectors, depth, transformed, product * of_product + channel, pitch, ONE, weights, start,
                        sums, product * of_sum, vectors * lanes, channel > 0,
                    )  # fmt: skip
                    start += depth * vectors * lanes + lanes
            is_ready[group * plan.panels + panel] = is_kept > 0
            for v in range(vectors):
                _transform_output(
                    known_taps, plan, group, vector + v, window, sums, v * lanes, vectors * lanes, of_sum, outputs,
                    base, out, is_finite,
                )  # fmt: skip


@inner
def _transform_input(known_taps, plan, x, group, window, turned, transformed, pitch, of_product):  # type: ignore[no-untyped-def]
    """Transform the tiles of a band, a vector of channels at a time."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    lanes, plane, taps = plan.lanes, plan.height * plan.width, len(known_taps)
    dilation, width = plan.dilation_w, right - left
    line = plan.tile_w * (-(-width // dilation) * dilation) + (taps - 1) * dilation
    tile_h, of_row, of_column = plan.tile_h, line * lanes, dilation * lanes
    for channel in range(0, plan.channels, lanes):
        planes = min(lanes, plan.channels - channel)
        to = channel
        for n in range(image, last_image):
            start = ((n * plan.groups + group) * plan.channels + channel) * plane
            tile = top
            while tile < bottom:
                first, run = run_from(tile, bottom, plan.rows, plan.dilation_h, plan.tile_h)
                turn_planes(
                    x, start, plan.height, plan.width, planes, first - plan.top, plan.dilation_h,
                    plan.tile_w * left - plan.left, plan.tile_h * run + taps - 1, line, turned, lanes,
                )  # fmt: skip
                for i in range(run):
                    for j in range(width):
                        phase = j % dilation
                        place = (plan.tile_h * i * line + plan.tile_w * (j - phase) + phase) * lanes
                        transform_data(tile_h, taps, turned, place, of_row, of_column, transformed, to, of_product)
                        to += pitch
                tile += run


@inner
def _transform_output(  # type: ignore[no-untyped-def]
    known_taps, plan, group, vector, window, sums, start, step, of_sum, outputs, base, out, is_finite
):
    """Transform the sums of a vector of filters into outputs, and put them into their planes.

    The tiles of a row are done backwards: what one writes beyond the row belongs to the next one, which is done later.
    """
    keep_small()
    image, last_image, top, bottom, left, right = window
    lanes, plane = plan.lanes, plan.rows * plan.columns
    dilation, width = plan.dilation_w, right - left
    columns = min(plan.tile_w * (-(-width // dilation) * dilation), plan.columns - plan.tile_w * left)
    # With a dilation, lines are long enough for whole tiles.
    line = columns if dilation == 1 else plan.tile_w * (-(-width // dilation) * dilation)
    filters = min(lanes, plan.filters - vector * lanes)
    first = group * plan.filters + vector * lanes
    base_start = (group * plan.vectors + vector) * lanes
    for n in range(image, last_image):
        tile = top
        while tile < bottom:
            first_row, run = run_from(tile, bottom, plan.rows, plan.dilation_h, plan.tile_h)
            for i in range(run):
                for j in range(width - 1, -1, -1):
                    phase = j % dilation
                    place = plan.tile_h * i * line + plan.tile_w * (j - phase) + phase
                    is_right = transform_sums(
                        plan.tile_h, len(known_taps), sums, start + j * step, of_sum,
                        outputs, place * lanes, line * lanes, dilation * lanes,
                    )  # fmt: skip
                    if not is_right:
                        is_finite[n] = False
                start += width * step
            rows = min(plan.tile_h * run, -((first_row - plan.rows) // plan.dilation_h))
            lines, length = rows, columns
            if plan.dilation_h == 1 and line == plan.columns:
                lines, length = 1, rows * columns
            to = (n * plan.groups * plan.filters + first) * plane + first_row * plan.columns + plan.tile_w * left
            for i in range(lines):
                for position in range(0, length, lanes):
                    begin = max(min(position, length - lanes), 0)
                    transpose_out(
                        outputs, (i * line + begin) * lanes, base, base_start, out,
                        to + i * plan.dilation_h * plan.columns + begin, plane, filters, length - begin,
                    )  # fmt: skip
            tile += run
