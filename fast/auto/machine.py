"""How fast this machine is at what convolutions are made of, measured.

Algorithms differ in how much they multiply, copy and transform, machines in how fast they do each. So the few rates
below are measured, once a machine (`convoracle.fast.auto.rates` keeps them), and everything else about an algorithm is
arithmetic on shapes. Whatever else the machine is doing only makes it slower. So each rate is measured a hundred times,
in turns with the others, each time for a fraction of a millisecond, and the fastest counts: whoever else is at work has
to be so in every one of these moments to be noticed.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

NEAR_BYTES = 1 << 17
"""Bytes copied inside the cache: source and target fit the second level of most processors."""

FAR_BYTES = 1 << 25
"""Bytes copied through the memory, in parts: more than the last level of most processors."""

FAR_PARTS = 16
"""Parts they are copied in, one at a time."""

FFT_SIZE = 128
"""Rows and columns of the planes that are transformed."""


SECONDS = 0.24
"""How long it takes to measure, after one call of everything: the first may have to be compiled."""

IN_A_ROW = 4
"""Calls of a turn: the first ones find in the caches what others have left there."""


class Rates(NamedTuple):
    """What a machine does in a second, on one thread."""

    tile: float
    """Fused multiply-adds of whole vectors, in the register tile (`convoracle.fast.simd.microkernel`)."""
    near: float
    """Bytes copied inside the cache: read, and written."""
    far: float
    """Bytes copied through the memory: read, and written."""
    fft_float32: float
    """Numbers of a real plane transformed, times the binary logarithm of their number."""
    fft_float64: float
    """The same in float64."""
    calls: float
    """Calls of a small NumPy function."""


class Work(NamedTuple):
    """Something to be timed: so much of it is done by a call."""

    amount: float
    do: Callable[[], object]


def measure_rates() -> Rates:
    """Measure this machine."""
    works = {
        "tile": _tiles(),
        "near": _near_copies(),
        "far": _far_copies(),
        "fft_float32": _transforms(np.float32),
        "fft_float64": _transforms(np.float64),
        "calls": _calls(),
    }
    seconds = _fastest_of_each(works)
    return Rates(**{name: work.amount / seconds[name] for name, work in works.items()})


def _tiles() -> Work:
    """Return some tiles, in vectors that are multiplied and added."""
    from convoracle.fast.auto.tile_loop import PRODUCTS, tile_loop

    repeats = 200
    return Work(repeats * PRODUCTS, tile_loop(np.dtype(np.float32), repeats))


def _near_copies() -> Work:
    """Return copies of the same bytes, in bytes."""
    repeats = 64
    source, target = np.ones(NEAR_BYTES, np.uint8), np.ones(NEAR_BYTES, np.uint8)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(target, source)

    return Work(repeats * NEAR_BYTES, copy)


def _far_copies() -> Work:
    """Return a copy of other bytes at each call, in bytes."""
    source, target = (np.ones((FAR_PARTS, FAR_BYTES // FAR_PARTS), np.uint8) for _ in range(2))
    parts = itertools.cycle(range(FAR_PARTS))

    def copy() -> None:
        part = next(parts)
        np.copyto(target[part], source[part])

    return Work(FAR_BYTES / FAR_PARTS, copy)


def _transforms(dtype: type) -> Work:
    """Return the transforms of some planes, in numbers times the logarithm of how many a plane has."""
    from scipy import fft

    plane: np.ndarray = np.ones((8, FFT_SIZE, FFT_SIZE), dtype)
    return Work(float(plane.size * np.log2(FFT_SIZE * FFT_SIZE)), lambda: fft.rfft2(plane))


def _calls() -> Work:
    """Return small NumPy calls."""
    array, count = np.ones(8, np.float32), 100

    def call() -> None:
        for _ in range(count):
            np.add(array, array)

    return Work(count, call)


def _fastest_of_each(works: Mapping[str, Work]) -> dict[str, float]:
    """Return the seconds of the fastest call of each work, which take turns for `SECONDS`, after an untimed one."""
    for work in works.values():
        work.do()
    seconds = dict.fromkeys(works, float("inf"))
    end = time.perf_counter() + SECONDS
    while True:
        for name, work in works.items():
            for _ in range(IN_A_ROW):
                start = time.perf_counter()
                work.do()
                seconds[name] = min(seconds[name], time.perf_counter() - start)
        if time.perf_counter() >= end:
            return seconds
