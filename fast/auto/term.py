"""What an algorithm does for a layer, counted: the terms of which its time is a sum.

Each term counts something whose rate is measured (`convoracle.fast.auto.machine`): vector multiply-adds, bytes moved in
the cache or through the memory, numbers transformed, calls. What is done once a call and what is done for every image
are counted apart. What a unit of a term costs an algorithm, in units of the best the machine does, is in
`convoracle.fast.auto.costs`.
"""

import math
from typing import NamedTuple

from convoracle.fast.auto.layer import Layer


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


def common_terms(layer: Layer) -> list[Term]:
    """Return what every algorithm does: pass the arrays through the memory, read the weights, be called."""
    return [
        Term("streams", "far", 0, layer.itemsize * (layer.input_numbers + layer.output_numbers)),
        Term("weights", "far", layer.itemsize * layer.weight_numbers, 0),
        Term("calls", "calls", 1, 0),
    ]


def up(number: int, divisor: int) -> int:
    """Return the next multiple."""
    return math.ceil(number / divisor) * divisor
