"""The weight gradient by tiles, F(3x3, 4x4): a tile of the output gradient takes the place of the filter.

The gradient of a kernel sums 4x4 outputs of a tile for each of 3x3 taps: a convolution of a tile of 6x6 inputs with a
kernel of 4x4, of which 3x3 outputs are wanted. Where the convolution sums over the channels, this sums over the tiles::

    T tiles x C channels     T tiles x F filters           F filters x C channels        9 taps
    +---------+             +---------+                   +----------+
    | V[t, c] |      and    | G[t, f] |      G' V  =  sum | M[f, c]  |   for each       A m A'   ---->  gradient
    +---------+             +---------+       over bands  +----------+   product

One operand lies in lanes, the other in rows; filters do, or channels, whichever fill more of the register tiles. Sums
are made in chains of `CHAIN` tiles, those of a band one after the other. Bands belong to *segments*, at most eight,
each of which makes a gradient of its own; these are added in the end. The number of threads has no part in it.
"""

import math
from typing import Any

import numpy as np

from convoracle.fast.direct import conv2d as direct
from convoracle.fast.jit import inner, kernel
from convoracle.fast.simd.transforms import transpose_out
from convoracle.fast.threads import run_pieces, thread_count
from convoracle.fast.windows import Ends, Pair, Shape
from convoracle.fast.winograd.products import ONE, multiply_rows
from convoracle.fast.winograd.tiles import transform_data, transform_grad, transform_weight_sums, turn_planes
from convoracle.fast.winograd.weight_grad_plan import PRODUCTS, Schedule, choose_schedule, plan_weight_grad
from convoracle.fast.winograd.workspace import borrow

FOUR = np.int64(4)
"""The side of a tile, as no literal: see `convoracle.fast.winograd.products.ONE`."""

CHAIN = 128
"""Tiles summed in one chain: the shorter the chain, the smaller the error."""


def conv2d_weight_grad(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight_shape: Shape,
    *,
    stride: Pair,
    padding: Ends,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Return the weight gradient; what is not finite is computed again by the `direct` kernel."""
    images = len(x)
    if not images:
        return np.zeros(weight_shape, x.dtype)
    (top, _), (left, _) = padding
    plan = plan_weight_grad(x.shape[1:], grad_output.shape[1:], (top, left), groups, x.dtype)
    work = images * plan.tiles_h * plan.tiles_w * PRODUCTS * math.prod(weight_shape) // 9
    schedule = choose_schedule(plan, images, thread_count(work), x.itemsize)
    segments = schedule.segments
    grad = np.empty(weight_shape, x.dtype)
    parts = grad if segments == 1 else np.empty((segments, *weight_shape), x.dtype)
    is_finite = np.ones(1, np.bool_)
    of_rows, of_lanes = (x, grad_output) if plan.rows.is_data else (grad_output, x)
    flat = of_rows.reshape(-1), of_lanes.reshape(-1), parts.reshape(-1)
    run_pieces(_borrow_and_sum, schedule.pieces, schedule, plan, images, *flat, is_finite)
    if segments > 1:
        parts.sum(axis=0, out=grad)
    if not is_finite[0] or (segments > 1 and not np.isfinite(grad).all()):
        return direct.conv2d_weight_grad(
            grad_output, x, weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
    return grad


def _borrow_and_sum(piece: int, pieces: int, schedule: Schedule, *arguments: Any) -> None:
    """Do one piece of the work in memory of this thread."""
    _, segments, shares, bands, layout = schedule
    parts = arguments[-2]
    _weight_grad(piece, pieces, borrow(layout.end, parts.dtype), layout, bands, segments, shares, *arguments)


@kernel
def _weight_grad(  # type: ignore[no-untyped-def]
    piece, pieces, space, layout, bands, segments, shares, plan, images, of_rows, of_lanes, parts, is_finite
):
    """Do one piece of the work: some segments and groups, for all rows or a share of them."""
    vector, block, width = plan.vector, plan.block, plan.lane_vectors * plan.vector
    turned, row_numbers = space[layout.turned : layout.rows], space[layout.rows : layout.lanes]
    lane_numbers, sums = space[layout.lanes : layout.sums], space[layout.sums :]
    row_product, lane_product, sum_product = layout.of_row_product, layout.of_lane_product, layout.of_sum
    base = np.zeros(vector, parts.dtype)
    of_bands = bands.rows * bands.columns
    count = -(-images // bands.images) * of_bands
    groups = plan.rows.groups
    of_group = plan.rows.planes * plan.lanes.planes * 9
    tasks, before = segments * groups * shares, -1
    for task in range(tasks * piece // pieces, tasks * (piece + 1) // pieces):
        part, share = divmod(task, shares)
        segment, group = divmod(part, groups)
        first, last = plan.row_blocks * share // shares, plan.row_blocks * (share + 1) // shares
        first_band, last_band = count * segment // segments, count * (segment + 1) // segments
        for band in range(first_band, last_band):
            stack, rest = divmod(band, of_bands)
            row_band, column_band = divmod(rest, bands.columns)
            window = (
                stack * bands.images,
                min((stack + 1) * bands.images, images),
                plan.tiles_h * row_band // bands.rows,
                plan.tiles_h * (row_band + 1) // bands.rows,
                plan.tiles_w * column_band // bands.columns,
                plan.tiles_w * (column_band + 1) // bands.columns,
            )
            tiles = (window[1] - window[0]) * (window[3] - window[2]) * (window[5] - window[4])
            if part != before or last_band - first_band > 1:
                for panel in range(plan.panels):
                    v = plan.lane_vectors * panel // plan.panels
                    vectors = plan.lane_vectors * (panel + 1) // plan.panels - v
                    for n in range(vectors):
                        _transform_planes(
                            plan.lanes, of_lanes, group, (v + n) * vector, window, turned, vector,
                            lane_numbers, (layout.tiles * v + n) * vector, vectors * vector, lane_product,
                        )  # fmt: skip
            before = part
            for b in range(first, last):
                for n in range(block // vector):
                    if b * block + n * vector < plan.rows.planes:
                        _transform_planes(
                            plan.rows, of_rows, group, b * block + n * vector, window, turned, vector,
                            row_numbers, (b - first) * layout.tiles * block + n * vector, block, row_product,
                        )  # fmt: skip
            for product in range(PRODUCTS):
                for panel in range(plan.panels):
                    v = plan.lane_vectors * panel // plan.panels
                    vectors = plan.lane_vectors * (panel + 1) // plan.panels - v
                    for chain in range(0, tiles, CHAIN):
                        for b in range(first, last):
                            multiply_rows(
                                min(plan.rows.planes - b * block, block), vectors, min(CHAIN, tiles - chain),
                                row_numbers, product * row_product + ((b - first) * layout.tiles + chain) * block,
                                ONE, block,
                                lane_numbers, product * lane_product + (layout.tiles * v + chain * vectors) * vector,
                                sums, product * sum_product + (b - first) * block * width + v * vector, width,
                                band > first_band or chain > 0,
                            )  # fmt: skip
        start = (segment * groups + group) * of_group
        for row in range(first * block, min(last * block, plan.rows.planes)):
            for v in range(plan.lane_vectors):
                place = (row - first * block) * width + v * vector
                is_right = transform_weight_sums(sums, place, sum_product, turned, 0, 3 * vector, vector)
                if not is_right:
                    is_finite[0] = False
                to = start + row * plan.of_row + v * vector * plan.of_lane
                for tap in range(0, 9, vector):
                    transpose_out(
                        turned, tap * vector, base, 0, parts, to + tap, plan.of_lane,
                        min(plan.lanes.planes - v * vector, vector), 9 - tap,
                    )  # fmt: skip


@inner
def _transform_planes(operand, source, group, plane, window, turned, vector, numbers, to, step, of_product):  # type: ignore[no-untyped-def]
    """Transform the tiles of a band in a vector of planes."""
    image, last_image, top, bottom, left, right = window
    reach = 2 if operand.is_data else 0
    height, line = 4 * (bottom - top) + reach, 4 * (right - left) + reach
    planes = min(vector, operand.planes - plane)
    for n in range(image, last_image):
        first = (n * operand.groups + group) * operand.planes + plane
        turn_planes(
            source, first * operand.height * operand.width, operand.height, operand.width, planes,
            4 * top - operand.top, 4 * left - operand.left, height, line, turned, vector,
        )  # fmt: skip
        for i in range(bottom - top):
            for j in range(right - left):
                place = 4 * (i * line + j) * vector
                if operand.is_data:
                    transform_data(FOUR, turned, place, line * vector, vector, numbers, to, of_product)
                else:
                    transform_grad(turned, place, line * vector, vector, numbers, to, of_product)
                to += step
