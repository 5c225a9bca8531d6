"""What each algorithm does for a layer, counted in terms (`convoracle.fast.auto.term`)."""

import itertools
import math
from collections.abc import Callable, Mapping

from convoracle.fast.auto.direct_terms import direct_terms
from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.term import Term, Tile, common_terms, up
from convoracle.fast.winograd import few_channels
from convoracle.fast.winograd.joined_groups import groups_to_join
from convoracle.fast.winograd.tile_shapes import WEIGHT_GRAD_TILES, choose_tile, count_tiles, products_of_tile

ROWS_IN_PLACE = {8: 7, 4: 4}
"""Rows of the tile that planes are gone through in where they are, by those of the tile of matrix products."""

TINY = 25
"""Numbers of planes that are turned, at most."""

ANYWHERE = 1.6
"""How much longer a product takes if its vector begins anywhere, which is in two lines of the cache."""

BUTTERFLIES_OF_A_CALL = 12_000
"""Steps of a transform that take as long as to call for one."""


def winograd_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of Winograd's algorithm: whole tiles, channels and filters in whole vectors."""
    axes = layer.size if layer.operation == "conv2d_input_grad" else layer.output_size
    taps, _ = layer.kernel_size
    is_convolution = layer.operation != "conv2d_weight_grad"
    shape = choose_tile(axes, taps, layer.dilation) if is_convolution else WEIGHT_GRAD_TILES[taps]
    points, tiles = products_of_tile(shape, taps), math.prod(map(count_tiles, axes, layer.dilation, shape))
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    if layer.operation == "conv2d_input_grad":
        channels, filters = filters, channels
    if is_convolution and few_channels.fits(channels, axes[1], layer.dilation, tile.lanes, layer.itemsize):
        return _one_axis_terms(layer, tile, channels, filters, axes)
    of_vector = max(channels, filters) if layer.operation == "conv2d_weight_grad" else filters
    joined = groups_to_join(layer.groups, of_vector, tile.lanes)
    groups, channels, filters = layer.groups // joined, joined * channels, joined * filters
    lines_in, lines_out = (up(n, tile.lanes) * groups for n in (channels, filters))
    numbers = points * layer.itemsize
    return [
        Term("products", "tile", 0, tiles * points * channels * lines_out / tile.lanes),
        Term("inputs", "near", 0, tiles * numbers * lines_in),
        Term("outputs", "near", 0, tiles * numbers * lines_out),
        Term("kernels", "near", numbers * channels * lines_out, 0),
        *common_terms(layer),
    ]


def _one_axis_terms(layer: Layer, tile: Tile, channels: int, filters: int, outputs: tuple[int, int]) -> list[Term]:
    """Count the work down the columns only: vectors of columns, tiles of few filters."""
    taps, _ = layer.kernel_size
    rows, products = math.ceil(outputs[0] / few_channels.TILE), few_channels.TILE + taps - 1
    vectors, together = math.ceil(outputs[1] / tile.lanes), few_channels.FILTERS[taps]
    sums = layer.groups * rows * vectors * up(filters, together) * products
    return [
        Term("terms", "tile", 0, sums * channels * taps),
        Term("sums", "tile", 0, sums),
        Term("rows", "tile", 0, layer.groups * rows * (vectors + 1) * channels * products),
        Term("columns", "tile", layer.groups * up(filters, together) * channels * taps * products / tile.lanes, 0),
        Term("calls", "calls", 1, 0),
    ]


def plane_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work plane by plane: rows in whole vectors, a plane of each channel for each filter."""
    if _is_single_tap(layer):
        return _single_tap_terms(layer, tile)
    if _has_tiny_planes(layer):
        return _tiny_plane_terms(layer, tile)
    if _is_along_one_axis(layer) and layer.operation != "conv2d_weight_grad":
        return _one_line_terms(layer, tile)
    rows, columns = layer.output_size
    if layer.operation == "conv2d_input_grad" and layer.stride == (1, 1):
        rows, columns = layer.size
    planes = layer.filters * layer.channels // layer.groups
    is_strided = max(layer.stride) > 1
    is_gradient, in_place = layer.operation == "conv2d_input_grad", _is_in_place(layer)
    if in_place and not (is_gradient and is_strided):
        side = ROWS_IN_PLACE[tile.rows]
        rows = side * count_tiles(rows, layer.dilation[0], side)
    vectors = planes * rows * math.ceil(columns / tile.lanes)
    numbers = layer.itemsize * planes * math.prod(layer.size)
    return [
        Term("products", "tile", 0, vectors * math.prod(layer.kernel_size)),
        # Copied, taps that are no neighbours are loaded one by one.
        Term("dilated", "tile", 0, vectors * math.prod(layer.kernel_size) * (layer.dilation[1] > 1 and not in_place)),
        Term("sums", "tile", 0, vectors),
        Term("copies", "near", 0, layer.itemsize * (layer.output_numbers if is_gradient else layer.input_numbers)),
        Term("strided", "near", 0, numbers * is_strided),
        # Positions of a gradient that are not neighbours are written one by one.
        Term("scattered", "near", 0, numbers * (is_gradient and is_strided and not in_place)),
        Term("planes", "calls", 0, planes),
        *common_terms(layer),
    ]


def _single_tap_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of a kernel of 1 x 1: what passes by, and how often some planes are added to all those summed."""
    together, positions = tile.rows // 2, math.prod(layer.size)
    summed, channels = layer.output_numbers, layer.channels // layer.groups
    if layer.operation == "conv2d_input_grad":
        summed, channels = layer.input_numbers, layer.filters // layer.groups
    is_sum = layer.operation != "conv2d_weight_grad"
    return [
        Term("passing", "far", 0, layer.itemsize * (layer.input_numbers + layer.output_numbers)),
        Term("added", "near", 0, layer.itemsize * summed * sum(divmod(channels, together)) * is_sum),
        Term("products", "tile", 0, layer.weight_numbers * positions / tile.lanes * (not is_sum)),
        Term("calls", "calls", 1, 0),
    ]


def _tiny_plane_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of tiny planes: numbers that are turned, vectors of as many planes as there are lanes."""
    vectors = up(layer.channels, tile.lanes) / tile.lanes
    return [
        Term("turned", "near", 0, layer.itemsize * (layer.input_numbers + layer.output_numbers)),
        Term("listed", "tile", 0, vectors * math.prod(layer.kernel_size) * math.prod(layer.output_size)),
        Term("turned weights", "near", layer.itemsize * layer.weight_numbers, 0),
        Term("calls", "calls", 1, 0),
    ]


def _one_line_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of kernels along one axis: what passes by, and lines of products."""
    planes, (height, width) = layer.filters * layer.channels // layer.groups, layer.kernel_size
    # Down, taps beside the plane are left out, in both directions alike.
    rows, columns = layer.output_size if layer.operation == "conv2d" or width == 1 else layer.size
    loads = 1.0 if width == 1 else ANYWHERE * (columns + width - 1) / columns
    return [
        Term("passing", "far", 0, layer.itemsize * (layer.input_numbers + layer.output_numbers)),
        Term("products", "tile", 0, loads * planes * rows * columns / tile.lanes * height * width),
        Term("calls", "calls", 1, 0),
    ]


def fft_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of transforms: of blocks of every plane that goes in or comes out, and of the kernels."""
    axes = [
        (size + sum(ends), dilation * (kernel - 1) + 1)
        for size, ends, kernel, dilation in zip(
            layer.size, layer.padding, layer.kernel_size, layer.dilation, strict=True
        )
    ]
    blocks, points = min(
        (
            (math.prod(blocks), math.prod(lengths))
            for lengths in itertools.product(*(_block_lengths(*axis) for axis in axes))
            for blocks in [
                [math.ceil((n - e + 1) / (length - e + 1)) for (n, e), length in zip(axes, lengths, strict=True)]
            ]
        ),
        key=lambda blocks_points: blocks_points[0] * (_butterflies(blocks_points[1]) + BUTTERFLIES_OF_A_CALL),
    )
    kernels, planes = layer.filters * layer.channels // layer.groups, layer.channels + layer.filters
    return [
        Term("kernels", "fft", kernels * _butterflies(points), 0),
        Term("planes", "fft", 0, planes * blocks * _butterflies(points)),
        Term("products", "tile", 0, kernels * blocks * points / tile.lanes),
        Term("transforms", "calls", kernels, planes * blocks),
        *common_terms(layer),
    ]


TERMS: Mapping[str, Callable[[Layer, Tile], list[Term]]] = {
    "direct": direct_terms,
    "winograd": winograd_terms,
    "plane": plane_terms,
    "fft": fft_terms,
}
"""How the work of each algorithm is counted."""


def _is_in_place(layer: Layer) -> bool:
    """Tell whether planes are read where they are (`convoracle.fast.plane.windows`)."""
    kernel, _ = layer.kernel_size
    is_square = layer.kernel_size == (kernel, kernel) and kernel in (3, 5, 7)
    return is_square and (layer.stride == (1, 1) or (layer.stride == (2, 2) and layer.dilation == (1, 1)))


def _is_single_tap(layer: Layer) -> bool:
    """Tell whether an output depends on its own position only (`convoracle.fast.plane.single_taps`)."""
    return layer.kernel_size == layer.stride == (1, 1) and not any(map(any, layer.padding))


def _has_tiny_planes(layer: Layer) -> bool:
    """Tell whether numbers of several planes are side by side (`convoracle.fast.plane.tiny_planes`)."""
    sizes = layer.size, layer.output_size, layer.kernel_size
    is_depthwise = layer.groups == layer.channels == layer.filters > 3
    return is_depthwise and all(math.prod(size) <= TINY for size in sizes)


def _is_along_one_axis(layer: Layer) -> bool:
    """Tell whether products are lines times a tap (`convoracle.fast.plane.one_axis`)."""
    (height, width), (down, across) = layer.kernel_size, layer.padding
    planes = layer.filters if layer.operation == "conv2d" else layer.channels
    is_one = (width == 1 and not any(across)) or (height == 1 and planes == layer.groups and not any(down))
    return is_one and layer.stride == (1, 1)


def _block_lengths(size: int, extent: int) -> list[int]:
    """Return lengths that an axis may be cut into: some multiples of the kernel's extent, and all of it."""
    return [size, *(length for part in (1.5, 2, 3, 4, 6, 8, 16) if (length := math.ceil(part * extent)) < size)]


def _butterflies(points: int) -> float:
    """Return about how many steps a transform takes."""
    return points * (math.log2(points) + 4)
