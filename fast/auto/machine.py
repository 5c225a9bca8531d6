"""How fast this machine is at what convolutions are made of, measured.

Algorithms differ in how much they multiply, copy and transform, machines in how fast they do each. So the few rates
below are measured, once a machine (`convoracle.fast.auto.rates` keeps them), and everything else about an algorithm is
arithmetic on shapes. It takes a fraction of a second. Of several measurements the fastest counts: whatever else
the machine is doing only makes it slower.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

NEAR_BYTES = 1 << 17
"""Bytes copied inside the cache: source and target fit the second level of most processors."""

FAR_BYTES = 1 << 25
"""Bytes copied through the memory: more than the last level of most processors."""

FFT_SIZE = 128
"""Rows and columns of the planes that are transformed."""


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


def measure_rates() -> Rates:
    """Measure this machine."""
    return Rates(
        tile=_measure_tile(),
        near=_measure_copy(NEAR_BYTES, 64),
        far=_measure_copy(FAR_BYTES, 1),
        fft_float32=_measure_fft(np.float32),
        fft_float64=_measure_fft(np.float64),
        calls=_measure_calls(),
    )


def _measure_tile() -> float:
    """Return how many vectors are multiplied and added in a second."""
    from convoracle.fast.auto.tile_loop import PRODUCTS, tile_loop

    repeats = 200
    return repeats * PRODUCTS / _fastest(tile_loop(np.dtype(np.float32), repeats), 15)


def _measure_copy(size: int, repeats: int) -> float:
    """Return how many bytes of an array of `size` bytes are copied in a second."""
    source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)

    def copy() -> None:
        for _ in range(repeats):
            np.copyto(target, source)

    return repeats * size / _fastest(copy, 7)


def _measure_fft(dtype: type) -> float:
    """Return how many numbers, times the logarithm of their number, are transformed in a second."""
    from scipy import fft

    plane: np.ndarray = np.ones((8, FFT_SIZE, FFT_SIZE), dtype)
    seconds = _fastest(lambda: fft.rfft2(plane), 7)
    return float(plane.size * np.log2(FFT_SIZE * FFT_SIZE) / seconds)


def _measure_calls() -> float:
    """Return how many small NumPy calls are made in a second."""
    array, count = np.ones(8, np.float32), 100

    def call() -> None:
        for _ in range(count):
            np.add(array, array)

    return count / _fastest(call, 50)


def _fastest(work: Callable[[], object], repeats: int) -> float:
    """Return the seconds of the fastest of several calls, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
