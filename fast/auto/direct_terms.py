"""What the register tile does for a layer, counted in terms (`convoracle.fast.auto.term`)."""

import math

from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.term import Term, Tile, common_terms, up

PRODUCTS = 256
"""How many products are about summed in one chain of the convolution or the input gradient."""

OUTPUTS = 384
"""How many are about summed in one chain of the weight gradient."""

INSIDE = 3 / 4
"""If so large a part of the taps of a weight gradient or a smaller one reads the input, the others are left out."""

PATCH = 16
"""Taps of the smallest windows whose patches are copied to their place, about (`convoracle.fast.direct.patches`)."""

LAID = 12
"""Multiply-adds of a vector that take as long as laying a number of such a patch where it belongs, about."""

ADDED, ADDED_ROW = 3, 25 / 3
"""Likewise those of adding a vector of a patch; vectors that would be added in the time it takes to begin a row."""

MOST_PATCHES = 1 << 22
"""Numbers that the patches of an image may have."""


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
    if layer.operation == "conv2d_input_grad" and not _is_by_patches(layer):
        overlapping = _overlapping_patches_terms(layer, tile, vectors * products)
        if overlapping is not None:
            return overlapping
    # One by one, planes are read side by side: more streams than the hardware notices.
    apart = source * (layer.kernel_size == layer.stride == (1, 1))
    return [
        Term("products", "tile", 0, vectors * products),
        Term("sums", "near", 0, vectors * tile.lanes * layer.itemsize * math.ceil(products / PRODUCTS)),
        Term("copies", "near", 0, layer.itemsize * source * copies),
        Term("rows", "tile", 0, layer.groups * channels * plane[0] * copies * (source > 0 and taps > 1)),
        Term("packing", "near", 0, layer.itemsize * layer.weight_numbers),
        Term("apart", "far", 0, layer.itemsize * apart),
        Term("phases", "calls", phases, 0),
        Term("groups", "calls", 0, phases * layer.groups),
        Term("patches", "near", 0, layer.itemsize * layer.input_numbers * _is_by_patches(layer)),
        *common_terms(layer),
    ]


def taps_multiplied(layer: Layer) -> int:
    """Return how many taps of all windows of a plane are multiplied: the others read beyond the input."""
    inside, every = _taps_inside(layer), math.prod(layer.kernel_size) * math.prod(layer.output_size)
    is_gradient = layer.operation == "conv2d_weight_grad"
    is_whole = is_gradient and (2 * math.prod(layer.output_size) <= OUTPUTS or inside > INSIDE * every)
    return every if is_whole else inside


def patch_numbers(layer: Layer, tile: Tile) -> int:
    """Return how many numbers the patches of an image have where the input gradient makes some, else 0."""
    is_by_patches = layer.operation == "conv2d_input_grad" and any(
        term.name in ("patches", "added") and term.image for term in direct_terms(layer, tile)
    )
    return _numbers_of_patches(layer) if is_by_patches else 0


def _numbers_of_patches(layer: Layer) -> int:
    """Return how many numbers all windows of an image have together."""
    return layer.channels * math.prod(layer.kernel_size) * math.prod(layer.output_size)


def _overlapping_patches_terms(layer: Layer, tile: Tile, gathered: float) -> list[Term] | None:
    """Count the work of adding up patches that overlap, or return None if gathering takes fewer products.

    Patches have outputs side by side, or taps (`convoracle.fast.direct.patch_sums`).
    """
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    (kernel_h, kernel_w), outputs = layer.kernel_size, math.prod(layer.output_size)
    taps, rows = channels * kernel_h * kernel_w, layer.groups * outputs * channels * kernel_h
    laid = rows * kernel_w
    by_outputs = layer.groups * filters * math.ceil(outputs / tile.lanes) * _up_to_tiles(taps, tile)
    by_taps = layer.groups * filters * math.ceil(taps / tile.lanes) * _up_to_tiles(outputs, tile)
    added = rows * (ADDED_ROW + math.ceil(kernel_w / tile.lanes))
    of_outputs = by_outputs + LAID * laid if max(layer.stride) > 1 else math.inf
    of_taps = by_taps + ADDED * added if layer.dilation[1] == 1 or kernel_w == 1 else math.inf
    if gathered <= min(of_outputs, of_taps) or _numbers_of_patches(layer) > MOST_PATCHES:
        return None
    if of_outputs < of_taps:
        way = [Term("products", "tile", 0, by_outputs), Term("patches", "near", 0, layer.itemsize * laid)]
    else:
        way = [
            Term("products", "tile", 0, by_taps),
            Term("added", "tile", 0, added),
            Term("copies", "near", 0, layer.itemsize * layer.output_numbers),
        ]
    return [*way, Term("groups", "calls", 0, layer.groups), *common_terms(layer)]


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
    taps = kernel_h * kernel_w * outputs
    inside = taps_multiplied(layer) if run == 1 and channels >= tile.lanes else taps
    return [
        Term("products", "tile", 0, vectors * _up_to_tiles(filters, tile) * outputs * inside / taps),
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
        and _numbers_of_patches(layer) <= MOST_PATCHES
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
