"""What is known of a weight gradient before it is computed: its two operands, its segments, and how it is shared out.

See `convoracle.fast.winograd.weight_grad`. What bits depend on, bands and segments, follows from the layer and the
number of images alone; shares of the rows and the number of pieces follow from the threads too.
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.simd.microkernel import ROWS, VECTORS
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.windows import Pair, Shape
from convoracle.fast.winograd.phases import longest_run, widest_band
from convoracle.fast.winograd.plan import Bands, choose_bands
from convoracle.fast.winograd.products import HALF
from convoracle.fast.winograd.tile_shapes import WEIGHT_GRAD_TILES, count_tiles, products_of_tile
from convoracle.fast.winograd.workspace import threads_that_fit

SEGMENTS = 8
"""Gradients that are made side by side and added in the end: a power of two."""

SEGMENT_BYTES = 8 << 20
"""They take so many bytes or fewer."""

SMALL_SUMS = 1 << 18
"""Sums so many or fewer stay in the cache near a core."""

KEPT_BYTES = 8 << 20
"""If all tiles, transformed, take so many bytes in lanes or fewer, they are one band, and sums need not wait."""

BAND_BYTES = 3 << 20
"""What a band is to take otherwise; a third of it if its sums stay in the cache."""

LEAST_TILES = 128
"""Tiles in a band, even if they are then more numbers: each time all sums are read and written once. A chain's."""

SUM_BYTES = 24 << 20
"""Sums waiting for the next band take so many bytes, in all threads together."""


class Operand(NamedTuple):
    """What a sum is made of: planes of images, of each of which a window is read for each tile."""

    groups: int
    planes: int
    height: int
    width: int
    top: int
    left: int
    is_data: bool
    """Whether it is the input, not the output gradient."""


class Plan(NamedTuple):
    """A weight gradient, in the numbers that `_weight_grad` computes it from, beside its operands: rows and lanes."""

    # Taps along a kernel's side, outputs of a tile, down and across, and its products.
    taps: int
    tile_h: int
    tile_w: int
    products: int
    # Rows of outputs; how far the outputs of a tile are apart; tiles in a plane: down and across.
    outputs_h: int
    dilation_h: int
    dilation_w: int
    tiles_h: int
    tiles_w: int
    # Numbers in a vector; rows whose numbers of a tile lie together.
    vector: int
    block: int
    row_blocks: int
    lane_vectors: int
    panels: int
    # The gradient of (row, lane) begins at row * of_row + lane * of_lane.
    of_row: int
    of_lane: int


class Layout(NamedTuple):
    """Where things are in the memory that a thread works in, and how far apart the numbers of two products are."""

    tiles: int
    of_row_product: int
    of_lane_product: int
    of_sum: int
    turned: int
    rows: int
    lanes: int
    sums: int
    end: int


class Schedule(NamedTuple):
    """How the work of one call is shared out."""

    images: int
    # Gradients made side by side; shares that the rows are cut into.
    segments: int
    shares: int
    threads: int


def choose_schedule(
    rows: Operand, lanes: Operand, plan: Plan, images: int, threads: int, itemsize: int
) -> tuple[Schedule, Bands, Layout]:
    """Return how the work is done. Bands and segments, on which bits depend, do not depend on the threads."""
    groups = rows.groups
    height, width = plan.row_blocks * plan.block, plan.lane_vectors * plan.vector
    tiles = images * plan.tiles_h * plan.tiles_w
    of_tile, of_lanes = plan.products * (height + width) * itemsize, plan.products * width * itemsize
    if plan.products * height * width <= SMALL_SUMS:
        wanted = max(BAND_BYTES // (3 * of_tile), LEAST_TILES)
    elif of_lanes * tiles > KEPT_BYTES:
        wanted = max(BAND_BYTES // of_tile, min(LEAST_TILES, 2 * KEPT_BYTES // of_lanes), 1)
    else:
        wanted = tiles
    # Bands for two threads, however many there are.
    bands = choose_bands(plan.tiles_h, plan.tiles_w, plan.dilation_w, images, 2, wanted)
    count = -(-images // bands.images) * bands.rows * bands.columns
    size = groups * rows.planes * lanes.planes * plan.taps**2 * itemsize
    segments = SEGMENTS
    while segments > 1 and (segments > count or segments * size > SEGMENT_BYTES):
        segments //= 2
    most = SMALL_SUMS if count == segments else SUM_BYTES // (threads * itemsize)
    shares = min(max(-(-plan.products * height * width // max(most, 1)), 1), plan.row_blocks)
    tasks = segments * groups * shares
    if tasks % threads and tasks < 4 * threads:
        shares = min(-(-shares // threads) * threads, plan.row_blocks)
    layout = lay_out(plan, bands, shares)
    threads = min(threads_that_fit(threads, layout.end * itemsize), segments * groups * shares)
    return Schedule(images, segments, shares, threads), bands, layout


@functools.lru_cache(maxsize=256)
def plan_weight_grad(
    input_shape: Shape, output_shape: Shape, before: Pair, taps: int, dilation: Pair, groups: int, dtype: np.dtype
) -> tuple[Operand, Operand, Plan]:
    """Plan the weight gradient of a layer: what lies in lanes and what in rows, whichever leaves less unused."""
    (channels, height, width), (filters, rows, columns) = input_shape, output_shape
    channels, filters = channels // groups, filters // groups
    data = Operand(groups, channels, height, width, *before, True)
    grad = Operand(groups, filters, rows, columns, 0, 0, False)
    lanes = lanes_of(dtype)

    def steps(of_rows: int, of_lanes: int) -> int:
        return math.ceil(of_rows / HALF) * math.ceil(of_lanes / lanes)

    is_turned = steps(channels, filters) < steps(filters, channels)
    of_rows, of_lanes = (data, grad) if is_turned else (grad, data)
    vectors, block = math.ceil(of_lanes.planes / lanes), max(lanes, ROWS)
    tile, size = WEIGHT_GRAD_TILES[taps], taps**2
    plan = Plan(
        taps,
        *tile,
        products_of_tile(tile, taps),
        rows,
        *dilation,
        count_tiles(rows, dilation[0], tile[0]),
        count_tiles(columns, dilation[1], tile[1]),
        lanes,
        block,
        math.ceil(of_rows.planes / block),
        vectors,
        math.ceil(vectors / VECTORS),
        *((size, channels * size) if is_turned else (channels * size, size)),
    )
    return of_rows, of_lanes, plan


@functools.lru_cache(maxsize=256)
def lay_out(plan: Plan, bands: Bands, shares: int) -> Layout:
    """Lay out the memory for one band and one share of the rows; see `convoracle.fast.winograd.plan.Layout`."""
    reach = plan.taps - 1
    rows = min(math.ceil(plan.tiles_h / bands.rows), longest_run(plan.outputs_h, plan.dilation_h, plan.tile_h))
    columns = widest_band(plan.tiles_w, bands.columns, plan.dilation_w)
    space, height, width = (
        bands.most_tiles,
        math.ceil(plan.row_blocks / shares) * plan.block,
        plan.lane_vectors * plan.vector,
    )
    of_row_product, of_lane_product, of_sum = (n + plan.vector for n in (space * height, space * width, height * width))
    line = plan.tile_w * columns + reach * plan.dilation_w
    window = ((plan.tile_h * rows + reach) * line + plan.vector) * plan.vector
    sizes = (window, *(plan.products * numbers for numbers in (of_row_product, of_lane_product, of_sum)))
    return Layout(space, of_row_product, of_lane_product, of_sum, *itertools.accumulate(sizes, initial=0))
