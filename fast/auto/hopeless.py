"""Layers for which an algorithm is not the fastest on any machine: nothing has to be measured to leave it out."""

import math

from convoracle.fast.auto.direct_terms import taps_multiplied
from convoracle.fast.auto.layer import Layer
from convoracle.fast.winograd.tile_shapes import TILES, WEIGHT_GRAD_TILES, choose_tile, count_tiles, products_of_tile

MOST_PLANES = 16
"""Channels of a group beyond which reading every input once for each filter costs more than it saves."""

FEW_PLANES = 4
"""So few filters, or channels in an input gradient, have no use for inputs that are read once for many of them."""

LEAST_TAPS = 25
"""Products an output must save at least for transforms of whole planes to pay."""

MOST_SPECTRA = 1024
"""Transformed kernels beyond which multiplying with them is all there is, and tiles do that faster."""


def why_hopeless(backend: str, layer: Layer) -> str | None:
    """Return why an algorithm is never the fastest for a layer, or None if it might be."""
    channels, filters = layer.channels // layer.groups, layer.filters // layer.groups
    if backend == "plane" and channels > MOST_PLANES and filters > FEW_PLANES:
        return f"is for at most {MOST_PLANES} channels or {FEW_PLANES} filters a group"
    if backend == "winograd" and layer.kernel_size[0] in TILES and _products_of_tiles(layer) >= taps_multiplied(layer):
        return "multiplies no less than is to be summed of so small or so dilated a plane"
    if backend == "fft" and math.prod(layer.kernel_size) < LEAST_TAPS:
        return f"is for kernels of at least {LEAST_TAPS} taps"
    if backend == "fft" and channels * layer.filters > MOST_SPECTRA:
        return f"is for at most {MOST_SPECTRA} kernels"
    return None


def _products_of_tiles(layer: Layer) -> int:
    """Return how many products the tiles of a plane take, for each channel and filter."""
    outputs, taps = layer.size if layer.operation == "conv2d_input_grad" else layer.output_size, layer.kernel_size[0]
    is_gradient = layer.operation == "conv2d_weight_grad"
    tile = WEIGHT_GRAD_TILES[taps] if is_gradient else choose_tile(outputs, taps, layer.dilation)
    return products_of_tile(tile, taps) * math.prod(map(count_tiles, outputs, layer.dilation, tile))
