"""What is known of a Winograd convolution before it is computed: its tiles, and in which portions they are done.

A plane of outputs is cut into tiles, the last of which may overhang it. With kernels of r x r, a tile of m outputs
along an axis reads n = m + r - 1 inputs, which overlap those of the next one by r - 1. Transformed, both have as many
numbers as a tile has inputs, here called *products*: at each of them the sum over the channels is a matrix product of
its own. With a dilation, a plane is several planes, whose tiles are shared out together
(`convoracle.fast.winograd.phases`).
"""

import functools
import itertools
import math
from typing import NamedTuple

import numpy as np

from convoracle.fast.simd.microkernel import ROWS, VECTORS
from convoracle.fast.simd.vectors import lanes_of
from convoracle.fast.windows import Pair
from convoracle.fast.winograd.phases import longest_run, widest_band
from convoracle.fast.winograd.tile_shapes import choose_tile, count_tiles, products_of_tile

DEPTH = 128
"""Channels summed in one chain: the shorter the chain, the smaller the error."""

BAND_BYTES = 1 << 19
"""Bytes of transformed input and sums that a band should have, to stay in the cache near a core."""

LEAST_TILES = 32
"""Tiles in a band, even if they then take more than that: each time the transformed weights are read once."""


class Plan(NamedTuple):
    """A convolution by tiles, in the numbers that `convoracle.fast.winograd.convolution` computes it from."""

    # Of each group; planes of the input and of the output. Output (p, q) reads the inputs from (p - top, q - left) on.
    groups: int
    channels: int
    filters: int
    height: int
    width: int
    rows: int
    columns: int
    top: int
    left: int
    # Taps along a kernel's side.
    taps: int
    # Outputs of a tile and how far they are apart; tiles in a plane: down and across.
    tile_h: int
    tile_w: int
    dilation_h: int
    dilation_w: int
    tiles_h: int
    tiles_w: int
    # Numbers in a vector; vectors of filters, and panels of so many of them; channels in one chain of sums.
    lanes: int
    vectors: int
    panels: int
    depth: int
    # Weight (group, filter, channel, tap) is at the sum of index * step; taps are read backwards if it is flipped.
    of_group: int
    of_filter: int
    of_channel: int
    is_flipped: bool


class Bands(NamedTuple):
    """How tiles are shared out: so many images at a time, of each of them one of so many shares of rows and columns."""

    images: int
    rows: int
    columns: int
    most_tiles: int


@functools.lru_cache(maxsize=256)
def plan_tiles(
    groups: int,
    channels: int,
    filters: int,
    size: Pair,
    outputs: Pair,
    before: Pair,
    taps: int,
    dilation: Pair,
    steps: tuple[int, int, int],
    dtype: np.dtype,
    *,
    is_flipped: bool,
) -> Plan:
    """Plan the convolution of one image; how sums are made depends on nothing else."""
    tile = choose_tile(outputs, taps, dilation)
    lanes = lanes_of(dtype)
    vectors = math.ceil(filters / lanes)
    return Plan(
        groups,
        channels,
        filters,
        *size,
        *outputs,
        *before,
        taps,
        *tile,
        *dilation,
        count_tiles(outputs[0], dilation[0], tile[0]),
        count_tiles(outputs[1], dilation[1], tile[1]),
        lanes,
        vectors,
        panels_of(vectors),
        min(DEPTH, channels),
        *steps,
        is_flipped,
    )


def panels_of(vectors: int) -> int:
    """Return how many panels there are: an even number, unless one is enough, so that two threads have as many each."""
    panels = math.ceil(vectors / VECTORS)
    return panels if panels == 1 else panels + panels % 2


def pitch_of(plan: Plan) -> int:
    """Return how many numbers the channels of one transformed tile take."""
    return math.ceil(plan.channels / plan.lanes) * plan.lanes


def products_of(plan: Plan) -> int:
    """Return the number of products of a tile."""
    return products_of_tile((plan.tile_h, plan.tile_w), plan.taps)


def weight_numbers(plan: Plan) -> int:
    """Return how many numbers the transformed weights of one group take."""
    chains = math.ceil(plan.channels / plan.depth)
    return products_of(plan) * (plan.channels * plan.vectors + plan.panels * chains) * plan.lanes


class Layout(NamedTuple):
    """Where things are in the memory that a thread works in, and how far apart the numbers of two products are.

    Those steps are odd multiples of a line of the cache, as nearly as can be: lines that are a power of two apart would
    take each other's place.
    """

    pitch: int
    of_product: int
    of_sum: int
    turned: int
    transformed: int
    sums: int
    outputs: int
    weights: int
    kernels: int
    end: int


@functools.lru_cache(maxsize=256)
def lay_out(plan: Plan, bands: Bands, kept: int) -> Layout:
    """Lay out the memory for one band, and so many transformed weights or one panel of them."""
    lanes, pitch, products, reach = plan.lanes, pitch_of(plan), products_of(plan), plan.taps - 1
    rows = min(math.ceil(plan.tiles_h / bands.rows), longest_run(plan.rows, plan.dilation_h, plan.tile_h))
    columns = widest_band(plan.tiles_w, bands.columns, plan.dilation_w)
    space = math.ceil(bands.most_tiles / ROWS) * ROWS
    width = math.ceil(plan.vectors / plan.panels) * lanes
    of_product, of_sum = space * pitch + lanes, space * width + lanes
    sizes = (
        # A window of the input, and what the last square of it writes beyond.
        (plan.tile_h * rows + reach) * (plan.tile_w * columns + reach * plan.dilation_w) * lanes + lanes * lanes,
        products * of_product,
        products * of_sum,
        # Outputs, and those of the last tiles beyond the last row.
        (plan.tile_h * rows + 1) * plan.tile_w * columns * lanes + lanes * lanes,
        kept or products * (plan.depth * width + lanes),
        (plan.taps**2 + 1) * lanes * lanes,
    )
    return Layout(pitch, of_product, of_sum, *itertools.accumulate(sizes, initial=0))


def numbers_of_tile(plan: Plan) -> int:
    """Return how many numbers a tile has in a band: its transformed input, and its sums for a panel of filters."""
    return products_of(plan) * (pitch_of(plan) + min(plan.vectors, VECTORS) * plan.lanes)


def wanted_tiles(plan: Plan, itemsize: int) -> int:
    """Return how many tiles a band should have where the weights are kept."""
    return max(BAND_BYTES // (numbers_of_tile(plan) * itemsize), LEAST_TILES)


@functools.lru_cache(maxsize=256)
def choose_bands(tiles_h: int, tiles_w: int, dilation: int, images: int, threads: int, wanted: int) -> Bands:
    """Return bands of about as many tiles as wanted, cut so that few rows of register tiles and threads are idle.

    `dilation` is that of the columns: no band ends between tiles that are interleaved.
    """
    of_image = tiles_h * tiles_w
    if 2 * of_image <= 3 * wanted:
        at_once = min(max(wanted // of_image, 1), images)
        return Bands(at_once, 1, 1, at_once * of_image)
    if tiles_w > 2 * wanted:
        shares = min(math.ceil(tiles_w / wanted), math.ceil(tiles_w / dilation))
        return Bands(1, tiles_h, shares, widest_band(tiles_w, shares, dilation))
    least, most = (max(math.floor(of_image / tiles), 1) for tiles in (1.5 * wanted, 0.75 * wanted))

    def cost(shares: int) -> tuple[bool, int, int]:
        ends = [tiles_h * share // shares for share in range(shares + 1)]
        tiles = [(last - first) * tiles_w for first, last in itertools.pairwise(ends)]
        half = ROWS // 2
        idle = -(images * shares) % threads * max(tiles)
        computed = images * sum(math.ceil(n / half) * half for n in tiles)
        return max(tiles) > 1.5 * wanted, computed + idle, shares

    shares = min((min(n, tiles_h) for n in range(least, most + 1)), key=cost)
    return Bands(1, shares, 1, math.ceil(tiles_h / shares) * tiles_w)
