"""The weight gradient by tiles, F(3x3, 4x4) or F(5x5, 2x4): a tile of the output gradient takes the filter's place.

The gradient of a 3x3 kernel sums 4x4 outputs of a tile for each of 3x3 taps: a convolution of a tile of 6x6 inputs with
a kernel of 4x4, of which 3x3 outputs are wanted. That of a 5x5 kernel is one of 6x8 inputs with a kernel of 2x4, of
which 5x5 are. Where the convolution sums over the channels, this sums over the tiles::

    T tiles x C channels     T tiles x F filters           F filters x C channels         taps
    +---------+             +---------+                   +----------+
    | V[t, c] |      and    | G[t, f] |      G' V  =  sum | M[f, c]  |   for each       A m A'   ---->  gradient
    +---------+             +---------+       over bands  +----------+   product

One operand lies in lanes, the other in rows; filters do, or channels, whichever fill more of the register tiles. Sums
are made in chains of `CHAIN` tiles, those of a band one after the other. Bands belong to *segments*, at most eight,
each of which makes a gradient of its own; these are added in the end. The number of threads has no part in it.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.fast.jit import inner, kernel
from convoracle.fast.kernels import kernel_from
from convoracle.fast.recomputed import direct
from convoracle.fast.simd.code_size import ONE, keep_small
from convoracle.fast.simd.packed import known_when_compiled, pack, unpack
from convoracle.fast.simd.tasks import new_counter, take_task
from convoracle.fast.simd.transforms import transpose_out
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape
from convoracle.fast.winograd.joined_groups import groups_to_join, part
from convoracle.fast.winograd.phases import run_from, window_of
from convoracle.fast.winograd.plan import Bands
from convoracle.fast.winograd.products import multiply_rows
from convoracle.fast.winograd.tiles import transform_data, transform_grad, transform_weight_sums, turn_planes
from convoracle.fast.winograd.weight_grad_plan import (
    Layout,
    Operand,
    Plan,
    Schedule,
    choose_schedule,
    plan_weight_grad,
)
from convoracle.fast.winograd.workspace import borrow

CHAIN = 128
"""Tiles summed in one chain: the shorter the chain, the smaller the error."""


LANES_START = len(Operand._fields)
PLAN_START = 2 * LANES_START
BANDS_START = PLAN_START + len(Plan._fields)
LAYOUT_START = BANDS_START + len(Bands._fields)
SCHEDULE_START = LAYOUT_START + len(Layout._fields)
"""Where things begin among the numbers that a kernel gets, after the operand in rows."""


def bind_conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    padding: Ends,
    dilation: Pair,
    groups: int,
    **stride: Pair,
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return the weight gradient of arrays of these shapes; what is not finite is computed again by `direct`."""
    images, dtype, taps = len(x), x.dtype, weight_shape[2]
    (top, _), (left, _) = padding
    options: dict[str, Any] = {"padding": padding, "dilation": dilation, "groups": groups, **stride}
    joined = groups_to_join(groups, max(weight_shape[0] // groups, weight_shape[1]), lanes_of(dtype))
    joined_shape = weight_shape[0], weight_shape[1] * joined, taps, taps
    rows, lanes, plan = plan_weight_grad(
        x.shape[1:], grad_output.shape[1:], (top, left), taps, dilation, groups // joined, dtype
    )
    finite = np.ones(1, np.bool_)
    work = images * plan.tiles_h * plan.tiles_w * plan.products * math.prod(weight_shape) // taps**2

    @functools.cache
    def scheduled(threads: int) -> tuple[Schedule, int, np.ndarray]:
        schedule, bands, layout = choose_schedule(rows, lanes, plan, images, threads, dtype.itemsize)
        return schedule, layout.end, pack(rows, lanes, plan, bands, layout, schedule)

    def weight_grad(grad_output: np.ndarray, x: np.ndarray) -> np.ndarray:
        if not images:
            return np.zeros(weight_shape, dtype)
        schedule, size, numbers = scheduled(thread_count(work))
        parts = np.empty((schedule.segments, *joined_shape), dtype)
        is_finite = finite.copy()
        of_rows, of_lanes = (x, grad_output) if rows.is_data else (grad_output, x)
        flat = of_rows.reshape(-1), of_lanes.reshape(-1), parts.reshape(-1)
        run_pieces(_borrow_and_sum, schedule.threads, taps, size, numbers, new_counter(), *flat, is_finite)
        grad: np.ndarray = parts[0]
        if schedule.segments > 1:
            with np.errstate(over="ignore", invalid="ignore"):
                grad = parts.sum(axis=0)
        if not is_finite[0] or (schedule.segments > 1 and not np.isfinite(grad).all()):
            return direct("conv2d_weight_grad")(grad_output, x, weight_shape, **options)
        return part(grad, groups, joined)

    return weight_grad


conv2d_weight_grad = kernel_from(bind_conv2d_weight_grad, arrays=2)


def _borrow_and_sum(piece: int, pieces: int, taps: int, size: int, *arguments: Any) -> None:
    """Take part in the work, in memory of this thread."""
    _weight_grad(known_when_compiled(taps), borrow(size, arguments[-2].dtype), *arguments)


@kernel
def _weight_grad(known_taps, space, numbers, counter, of_rows, of_lanes, parts, is_finite):  # type: ignore[no-untyped-def]
    """Take tasks until there are none: a segment of a group, for all rows or a share of them."""
    keep_small()
    rows, lanes = unpack(Operand, numbers, 0, ()), unpack(Operand, numbers, LANES_START, ())
    plan = unpack(Plan, numbers, PLAN_START, ())
    bands = unpack(Bands, numbers, BANDS_START, ())
    layout = unpack(Layout, numbers, LAYOUT_START, ())
    images, segments, shares, _ = unpack(Schedule, numbers, SCHEDULE_START, ())
    taps, vector, block, width = len(known_taps), plan.vector, plan.block, plan.lane_vectors * plan.vector
    turned, row_numbers = space[layout.turned : layout.rows], space[layout.rows : layout.lanes]
    lane_numbers, sums = space[layout.lanes : layout.sums], space[layout.sums :]
    row_product, lane_product, sum_product = layout.of_row_product, layout.of_lane_product, layout.of_sum
    base = np.zeros(vector, parts.dtype)
    of_bands = bands.rows * bands.columns
    count = -(-images // bands.images) * of_bands
    groups = rows.groups
    of_group = rows.planes * lanes.planes * taps**2
    before = -1
    while True:
        task = take_task(counter)
        if task >= segments * groups * shares:
            break
        part, share = divmod(task, shares)
        segment, group = divmod(part, groups)
        first, last = plan.row_blocks * share // shares, plan.row_blocks * (share + 1) // shares
        first_band, last_band = count * segment // segments, count * (segment + 1) // segments
        for band in range(first_band, last_band):
            window = window_of(band, bands, images, plan.tiles_h, plan.tiles_w, plan.dilation_w)
            tiles = (window[1] - window[0]) * (window[3] - window[2]) * (window[5] - window[4])
            if part != before or last_band - first_band > 1:
                for panel in range(plan.panels):
                    v = plan.lane_vectors * panel // plan.panels
                    vectors = plan.lane_vectors * (panel + 1) // plan.panels - v
                    for n in range(vectors):
                        _transform_planes(
                            known_taps, plan, lanes, of_lanes, group, (v + n) * vector, window, turned, vector,
                            lane_numbers, (layout.tiles * v + n) * vector, vectors * vector, lane_product,
                        )  # fmt: skip
            before = part
            for b in range(first, last):
                for n in range(block // vector):
                    if b * block + n * vector < rows.planes:
                        _transform_planes(
                            known_taps, plan, rows, of_rows, group, b * block + n * vector, window, turned, vector,
                            row_numbers, (b - first) * layout.tiles * block + n * vector, block, row_product,
                        )  # fmt: skip
            for product in range(plan.products):
                for panel in range(plan.panels):
                    v = plan.lane_vectors * panel // plan.panels
                    vectors = plan.lane_vectors * (panel + 1) // plan.panels - v
                    for chain in range(0, tiles, CHAIN):
                        for b in range(first, last):
                            multiply_rows(
                                min(rows.planes - b * block, block), vectors, min(CHAIN, tiles - chain),
                                row_numbers, product * row_product + ((b - first) * layout.tiles + chain) * block,
                                ONE, block,
                                lane_numbers, product * lane_product + (layout.tiles * v + chain * vectors) * vector,
                                sums, product * sum_product + (b - first) * block * width + v * vector, width,
                                band > first_band or chain > 0,
                            )  # fmt: skip
        start = (segment * groups + group) * of_group
        for row in range(first * block, min(last * block, rows.planes)):
            for v in range(plan.lane_vectors):
                place = (row - first * block) * width + v * vector
                is_right = transform_weight_sums(taps, sums, place, sum_product, turned, 0, taps * vector, vector)
                if not is_right:
                    is_finite[0] = False
                to = start + row * plan.of_row + v * vector * plan.of_lane
                for tap in range(0, taps**2, vector):
                    transpose_out(
                        turned, tap * vector, base, 0, parts, to + tap, plan.of_lane,
                        min(lanes.planes - v * vector, vector), taps**2 - tap,
                    )  # fmt: skip


@inner
def _transform_planes(  # type: ignore[no-untyped-def]
    known_taps, plan, operand, source, group, plane, window, turned, vector, numbers, to, step, of_product
):
    """Transform the tiles of a band in a vector of planes."""
    keep_small()
    image, last_image, top, bottom, left, right = window
    dilation, width = plan.dilation_w, right - left
    taps = len(known_taps)
    reach = taps - 1 if operand.is_data else 0
    line = plan.tile_w * (-(-width // dilation) * dilation) + reach * dilation
    of_row, of_column = line * vector, dilation * vector
    planes = min(vector, operand.planes - plane)
    for n in range(image, last_image):
        first = (n * operand.groups + group) * operand.planes + plane
        down = top
        while down < bottom:
            row, run = run_from(down, bottom, plan.outputs_h, plan.dilation_h, plan.tile_h)
            turn_planes(
                source, first * operand.height * operand.width, operand.height, operand.width, planes,
                row - operand.top, plan.dilation_h, plan.tile_w * left - operand.left, plan.tile_h * run + reach,
                line, turned, vector,
            )  # fmt: skip
            for i in range(run):
                for j in range(width):
                    phase = j % dilation
                    place = (plan.tile_h * i * line + plan.tile_w * (j - phase) + phase) * vector
                    if operand.is_data:
                        transform_data(plan.tile_h, taps, turned, place, of_row, of_column, numbers, to, of_product)
                    else:
                        transform_grad(taps, turned, place, of_row, of_column, numbers, to, of_product)
                    to += step
            down += run
