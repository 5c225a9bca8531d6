"""What an algorithm does for a layer, counted: the terms of which its time is a sum.

Each term counts something whose rate is measured (`convoracle.fast.auto.machine`): vector multiply-adds, bytes moved in
the cache or through the memory, numbers transformed, calls. What is done once a call and what is done for every image
are counted apart. What a unit of a term costs an algorithm, in units of the best the machine does, is in
`convoracle.fast.auto.costs`.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from convoracle.fast.auto.layer import Layer

BUTTERFLIES_OF_A_CALL = 12_000
"""Steps of a transform that take as long as to call for one."""


class Term(NamedTuple):
    """A part of an algorithm's work: so much of it once a call, and so much for each image."""

    name: str
    kind: str
    """What there is so much of: "tile" (vector multiply-adds), "near", "far" (bytes), "fft" (numbers) or "calls"."""
    once: float
    image: float


class Tile(NamedTuple):
    """The register tile of the machine: numbers in a vector, rows of a tile."""

    lanes: int
    rows: int


def direct_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of the register tile: whole rows of it, vectors of outputs, a few hundred products in a chain."""
    filters, terms = _summed(layer)
    source, phases, (rows, columns) = layer.input_numbers, 1, layer.output_size
    if layer.operation == "conv2d_input_grad":
        # A correlation of the output gradient for each remainder of the stride, which share the taps.
        source, phases = layer.output_numbers, math.prod(layer.stride)
        rows, columns = (math.ceil(size / stride) for size, stride in zip(layer.size, layer.stride, strict=True))
    vectors = rows * columns / tile.lanes
    if layer.kernel_size != (1, 1) and layer.operation != "conv2d_weight_grad":
        # By rows, the last vector of each partly idle, or strung together with gaps where the kernel overhangs.
        strung = ((rows - 1) * (columns + layer.kernel_size[1] - 1) + columns) / tile.lanes
        vectors = min(rows * math.ceil(columns / tile.lanes), strung)
    # The last rows of a tile may be half of it.
    vectors *= _up(filters, tile.rows // 2) if filters % tile.rows <= tile.rows // 2 else _up(filters, tile.rows)
    copies = phases
    by_filters = rows * columns * math.ceil(filters / tile.lanes)
    if layer.operation != "conv2d_weight_grad" and by_filters < vectors:
        # Filters side by side, an output a row: all phases read one copy.
        vectors, copies = by_filters, 1
    vectors *= layer.groups * phases
    return [
        Term("products", "tile", 0, vectors * terms / phases),
        Term("sums", "near", 0, vectors * tile.lanes * layer.itemsize * math.ceil(terms / 256)),
        Term("copies", "near", 0, layer.itemsize * source * copies),
        Term("packing", "near", 0, layer.itemsize * layer.weight_numbers),
        Term("phases", "calls", phases, 0),
        Term("groups", "calls", 0, phases * layer.groups),
        *_common(layer),
    ]


def winograd_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work of Winograd's algorithm: whole tiles, channels and filters in whole vectors."""
    rows, columns = layer.size if layer.operation == "conv2d_input_grad" else layer.output_size
    counted = {
        side: math.prod(_tiles(*axis, side) for axis in zip((rows, columns), layer.dilation, strict=True))
        for side in (2, 4)
    }
    side = min(counted, key=lambda side: (side + 2) ** 2 * counted[side])
    tiles, points = counted[side], (side + 2) ** 2
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    lines_in, lines_out = (_up(n, tile.lanes) * layer.groups for n in (channels, filters))
    if layer.operation == "conv2d_input_grad":
        channels, filters, lines_in, lines_out = filters, channels, lines_out, lines_in
    numbers = points * layer.itemsize
    return [
        Term("products", "tile", 0, tiles * points * channels * lines_out / tile.lanes),
        Term("inputs", "near", 0, tiles * numbers * lines_in),
        Term("outputs", "near", 0, tiles * numbers * lines_out),
        Term("kernels", "near", numbers * channels * lines_out, 0),
        *_common(layer),
    ]


def plane_terms(layer: Layer, tile: Tile) -> list[Term]:
    """Count the work plane by plane: rows in whole vectors, a plane of each channel for each filter."""
    rows, columns = layer.output_size
    if layer.operation == "conv2d_input_grad" and layer.stride == (1, 1):
        rows, columns = layer.size
    planes = layer.filters * layer.channels // layer.groups
    vectors = planes * rows * math.ceil(columns / tile.lanes)
    is_strided = max(layer.stride) > 1
    is_gradient, (kernel, _) = layer.operation == "conv2d_input_grad", layer.kernel_size
    in_place = layer.kernel_size == (kernel, kernel) and kernel in (3, 5, 7) and layer.stride == (2, 2)
    numbers = layer.itemsize * planes * math.prod(layer.size)
    return [
        Term("products", "tile", 0, vectors * math.prod(layer.kernel_size)),
        Term("sums", "tile", 0, vectors),
        Term("copies", "near", 0, layer.itemsize * layer.input_numbers),
        Term("strided", "near", 0, numbers * is_strided),
        # Positions of a gradient that are not neighbours are written one by one.
        Term("scattered", "near", 0, numbers * (is_gradient and is_strided and not in_place)),
        Term("planes", "calls", 0, planes),
        *_common(layer),
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
        *_common(layer),
    ]


TERMS: Mapping[str, Callable[[Layer, Tile], list[Term]]] = {
    "direct": direct_terms,
    "winograd": winograd_terms,
    "plane": plane_terms,
    "fft": fft_terms,
}
"""How the work of each algorithm is counted."""


def _block_lengths(size: int, extent: int) -> list[int]:
    """Return lengths that an axis may be cut into: some multiples of the kernel's extent, and all of it."""
    return [size, *(length for part in (1.5, 2, 3, 4, 6, 8, 16) if (length := math.ceil(part * extent)) < size)]


def _butterflies(points: int) -> float:
    """Return about how many steps a transform takes."""
    return points * (math.log2(points) + 4)


def _tiles(outputs: int, dilation: int, side: int) -> int:
    """Return how many tiles an axis has: those of interleaved outputs, a dilation apart."""
    whole, rest = divmod(outputs, side * dilation)
    return whole * dilation + min(rest, dilation)


def _common(layer: Layer) -> list[Term]:
    """Return what every algorithm does: pass the arrays through the memory, read the weights, be called."""
    return [
        Term("streams", "far", 0, layer.itemsize * (layer.input_numbers + layer.output_numbers)),
        Term("weights", "far", layer.itemsize * layer.weight_numbers, 0),
        Term("calls", "calls", 1, 0),
    ]


def _summed(layer: Layer) -> tuple[int, int]:
    """Return how many rows a group has in the register tile, and how many products are summed for each number."""
    taps = math.prod(layer.kernel_size)
    filters, channels = layer.filters // layer.groups, layer.channels // layer.groups
    if layer.operation == "conv2d_input_grad":
        return channels, filters * taps
    return filters, channels * taps


def _up(number: int, divisor: int) -> int:
    """Return the next multiple."""
    return math.ceil(number / divisor) * divisor
