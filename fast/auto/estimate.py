"""How long an algorithm takes for a layer, on one thread of this machine, estimated.

The time is a sum of terms (`convoracle.fast.auto.terms`): how much there is of each, divided by the rate at which this
machine does it, times what the algorithm makes of that rate (`convoracle.fast.auto.costs`).
"""

import math
from typing import NamedTuple

from convoracle.fast.auto.costs import COSTS
from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.machine import Rates
from convoracle.fast.auto.term import Tile
from convoracle.fast.auto.terms import TERMS

BATCHES = (1, 16)
"""The batches a choice is made for. It must not depend on that of the call: an image's result is not to change with
what else is in the batch."""


class Seconds(NamedTuple):
    """A time, by what it is spent on."""

    arithmetic: float
    memory: float
    rest: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self)


class Times(NamedTuple):
    """The time of a call: a part that does not depend on the batch, and so much for each image."""

    once: Seconds
    image: Seconds

    def of_batch(self, images: int) -> Seconds:
        """Return the time of a batch."""
        return Seconds(*(once + images * image for once, image in zip(self.once, self.image, strict=True)))

    @property
    def typical(self) -> float:
        """The time that choices are made by: the geometric mean of those of `BATCHES`."""
        return math.prod(self.of_batch(images).total for images in BATCHES) ** (1 / len(BATCHES))


def estimate(backend: str, layer: Layer, rates: Rates, tile: Tile) -> Times:
    """Return the time an algorithm takes for a layer."""
    at = per_second(rates, layer.dtype)
    costs = COSTS[backend, layer.operation]
    once: dict[str, float] = dict.fromkeys(at, 0.0)
    image: dict[str, float] = dict.fromkeys(at, 0.0)
    for term in TERMS[backend](layer, tile):
        seconds = costs.get(term.name, 0.0) / at[term.kind]
        once[term.kind] += seconds * term.once
        image[term.kind] += seconds * term.image
    return Times(_by_kind(once), _by_kind(image))


def per_second(rates: Rates, dtype: str) -> dict[str, float]:
    """Return how much the machine does of each kind of term in a second."""
    return {
        "tile": rates.tile,
        "near": rates.near,
        "far": rates.far,
        "fft": rates.fft_float64 if dtype == "float64" else rates.fft_float32,
        "calls": rates.calls,
    }


def _by_kind(seconds: dict[str, float]) -> Seconds:
    """Return the seconds of arithmetic, of memory and of the rest."""
    return Seconds(seconds["tile"] + seconds["fft"], seconds["near"] + seconds["far"], seconds["calls"])
