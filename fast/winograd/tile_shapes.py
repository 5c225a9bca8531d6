"""Tiles in numbers: which there are, how many a plane has, and which are chosen. Nothing is compiled for it."""

import math

from convoracle.fast.windows import Pair

TILES = {3: ((2, 2), (4, 4)), 5: ((2, 4),)}
"""Outputs of a tile, down and across, by the taps of the kernel along an axis."""

WEIGHT_GRAD_TILES = {3: (4, 4), 5: (2, 4)}
"""Those of the weight gradient, of which there are no others."""


def choose_tile(outputs: Pair, taps: int, dilation: Pair) -> Pair:
    """Return the tiles that take fewer products; of those that take as many, the more accurate smaller ones."""

    def products(tile: Pair) -> int:
        tiles = math.prod(count_tiles(*axis) for axis in zip(outputs, dilation, tile, strict=True))
        return products_of_tile(tile, taps) * tiles

    return min(TILES[taps], key=products)


def products_of_tile(tile: Pair, taps: int) -> int:
    """Return the number of products of a tile."""
    return math.prod(side + taps - 1 for side in tile)


def count_tiles(outputs: int, dilation: int, tile: int) -> int:
    """Return how many tiles the phases of an axis have together (`convoracle.fast.winograd.phases`)."""
    whole, rest = divmod(outputs, tile * dilation)
    return whole * dilation + min(rest, dilation)
