"""What the register tile does for a layer, counted in terms (`convoracle.fast.auto.term`)."""

import math

from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.term import Term, Tile, common_terms, up

PRODUCTS = 256
"""How many products are about summed in one chain of the convolution or the input gradient."""

OUTPUTS = 384
"""How many are about summed in one chain of the weight gradient."""

PATCH = 16
"""Taps of the smallest windows whose patches are copied to their place, about (`convoracle.fast.direct.patches`)."""


def direct_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of the register tile: whole rows of it, vectors, a few hundred products in a chain."""
    if layer.operation == "conv2d_weight_grad":
        return _weight_grad_terms(layer, tile)
    if layer.output_size == (1, 1) and (layer.operation == "conv2d" or layer.kernel_size == layer.size):
        # The weights as they lie, times one window (`convoracle.fast.direct.single_outputs`).
        return [Term("products", "tile", 0, layer.weight_numbers / tile.lanes), *common_terms(layer)]
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    taps, kernel_w, plane, phases, source = math.prod(layer.kernel_size), layer.kernel_size[1], layer.output_size, 1, 0
    if layer.operation == "conv2d":
        source = layer.input_numbers
    elif not _is_by_patches(layer):
        # A correlation of the output gradient for each remainder of the stride, which share the taps.
        filters, channels, source, phases = channels, filters, layer.output_numbers, math.prod(layer.stride)
        height, width = (math.ceil(size / stride) for size, stride in zip(layer.size, layer.stride, strict=True))
        plane, kernel_w = (height, width), math.ceil(kernel_w / layer.stride[1])
    else:
        # One product for all taps, whose results are copied to where they belong.
        filters, channels, taps, kernel_w = channels * taps, filters, 1, 1
    vectors, copies = _vectors_of_plane(plane, kernel_w, tile) * _up_to_tiles(filters, tile), phases
    # Outputs whose taps read beyond the input leave these out.
    by_filters = min(_taps_inside(layer) / taps, math.prod(plane)) * math.ceil(filters / tile.lanes)
    if by_filters < vectors:
        # Filters side by side, an output a row: all phases read one copy.
        vectors, copies = by_filters, 1
    vectors *= layer.groups * phases
    products = channels * taps / phases
    return [
        Term("products", "tile", 0, vectors * products),
        Term("sums", "near", 0, vectors * tile.lanes * layer.itemsize * math.ceil(products / PRODUCTS)),
        Term("copies", "near", 0, layer.itemsize * source * copies),
        Term("rows", "tile", 0, layer.groups * channels * plane[0] * copies * (source > 0 and taps > 1)),
        Term("packing", "near", 0, layer.itemsize * layer.weight_numbers),
        Term("phases", "calls", phases, 0),
        Term("groups", "calls", 0, phases * layer.groups),
        Term("patches", "near", 0, layer.itemsize * layer.input_numbers * _is_by_patches(layer)),
        *common_terms(layer),
    ]


def _taps_inside(layer: Layer) -> int:
    """Return how many taps of all windows of a plane read the input."""
    return math.prod(
        sum(
            max(min(math.ceil((size + before - tap) / stride), outputs) - max(math.ceil((before - tap) / stride), 0), 0)
            for tap in range(0, kernel * dilation, dilation)
        )
        for size, outputs, kernel, stride, (before, _), dilation in zip(
            layer.size,
            layer.output_size,
            layer.kernel_size,
            layer.stride,
            layer.padding,
            layer.dilation,
            strict=True,
        )
    )


def _weight_grad_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of the weight gradient: vectors of channels and taps, outputs in a chain, the input turned."""
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    (kernel_h, kernel_w), outputs = layer.kernel_size, math.prod(layer.output_size)
    run = kernel_w if layer.dilation[1] == 1 and channels % tile.lanes else 1
    vectors = layer.groups * kernel_h * kernel_w // run * math.ceil(run * channels / tile.lanes)
    # What is too narrow to be turned a tile at a time is turned number by number.
    single = layer.input_numbers * (channels < tile.rows) + layer.groups * (filters % tile.rows) * outputs
    return [
        Term("products", "tile", 0, vectors * _up_to_tiles(filters, tile) * outputs),
        Term("sums", "near", 0, layer.itemsize * vectors * tile.lanes * filters * outputs / OUTPUTS),
        Term("copies", "near", 0, layer.itemsize * layer.input_numbers),
        Term("packing", "near", 0, layer.itemsize * layer.output_numbers),
        Term("singles", "near", 0, layer.itemsize * single),
        Term("groups", "calls", 0, layer.groups),
        *common_terms(layer),
    ]


def _is_by_patches(layer: Layer) -> bool:
    """Tell whether it is an input gradient of large windows that do not overlap."""
    return (
        layer.operation == "conv2d_input_grad"
        and math.prod(layer.kernel_size) >= PATCH
        and all(
            stride > dilation * (size - 1)
            for stride, dilation, size in zip(layer.stride, layer.dilation, layer.kernel_size, strict=True)
        )
    )


def _vectors_of_plane(plane: tuple[int, int], kernel_w: int, tile: Tile) -> float:
    """Return how many vectors the outputs of a plane take.

    By rows the last vector of each is partly idle; strung together there are gaps where the kernel overhangs.
    """
    rows, columns = plane
    if kernel_w == 1:
        return rows * columns / tile.lanes
    strung = ((rows - 1) * (columns + kernel_w - 1) + columns) / tile.lanes
    return min(rows * math.ceil(columns / tile.lanes), strung)


def _up_to_tiles(filters: int, tile: Tile) -> int:
    """Return how many rows so many filters take in whole tiles; the last may be half of one."""
    half = tile.rows // 2
    return up(filters, half) if 0 < filters % tile.rows <= half else up(filters, tile.rows)
