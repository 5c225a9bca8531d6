"""How much memory an algorithm needs beside its input and its output.

The bands of the arrays that a thread works on are bounded by constants of the algorithms. What grows with the layer is
transformed weights that a call keeps for its next band, up to a bound again, beyond which they are transformed piece by
piece; and the patches of an image, where a gradient is made of them. A test holds what calls are measured to take to
these numbers. What `plan_conv2d` keeps is counted by the plan.
"""

import math

from convoracle.fast.auto.direct_terms import patch_numbers
from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.term import Tile
from convoracle.fast.winograd.tile_shapes import WEIGHT_GRAD_TILES, choose_tile, products_of_tile

MIB = 1 << 20

OF_THREAD = {"direct": 4 * MIB, "plane": 4 * MIB, "winograd": 10 * MIB, "fft": 24 * MIB}
"""What a thread works on, at most, unless a single row of a plane takes more."""

KEPT_WEIGHTS = 1 << 20
"""Transformed weights of Winograd's algorithm, in numbers; more pass by in pieces."""

LARGEST_SUMS = 32 * MIB
"""Sums of Winograd's weight gradient, which wait for the last image."""

TILES = ((64, 8), (32, 4), (16, 4))
"""Bytes of a vector and rows of the register tile, of every machine (`convoracle.fast.simd.microkernel`)."""

SIDE_BY_SIDE = 8 * MIB
"""Its gradients of some images each, which are added in the end."""


def workspace_of(backend: str, layer: Layer) -> int:
    """Return how many bytes a backend needs for a layer on one thread, about; others add their `OF_THREAD`."""
    if backend == "direct":
        # Whether there are any depends on the tile a little; it is not asked for, since that takes Numba.
        tiles = (Tile(size // layer.itemsize, rows) for size, rows in TILES)
        return OF_THREAD[backend] + layer.itemsize * max(patch_numbers(layer, tile) for tile in tiles)
    if backend != "winograd" or layer.kernel_size[0] not in (3, 5):
        return OF_THREAD.get(backend, 0)
    outputs = layer.size if layer.operation == "conv2d_input_grad" else layer.output_size
    side, is_gradient = layer.kernel_size[0], layer.operation == "conv2d_weight_grad"
    tile = WEIGHT_GRAD_TILES[side] if is_gradient else choose_tile(outputs, side, layer.dilation)
    transformed = products_of_tile(tile, side) * layer.weight_numbers // math.prod(layer.kernel_size)
    if is_gradient:
        return OF_THREAD[backend] + min(transformed * layer.itemsize, LARGEST_SUMS) + SIDE_BY_SIDE
    return OF_THREAD[backend] + (transformed * layer.itemsize if transformed <= KEPT_WEIGHTS else 0)
