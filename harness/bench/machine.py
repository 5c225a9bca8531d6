"""What the machine can do at most: measured, so that a kernel's speed can be given as a share of it.

The peak is that of the register tile (`convoracle.fast.simd.microkernel`) on operands in the nearest cache: fused
multiply-adds and nothing else. Bandwidths are of copies, bytes read and bytes written both counted. The fastest of
several repetitions counts, as whatever else the machine does only makes it slower.
"""

import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from convoracle.harness.bench.caches import cache_bytes
from convoracle.harness.bench.threads import thread_limit

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "torch", "onnxruntime")
_SECONDS = 0.15
"""For each number."""

_TILES = 2_000
"""In a row: about two milliseconds."""


@dataclass(frozen=True)
class Roof:
    """What so many threads reach together.

    Parameters
    ----------
    threads : int
        How many.
    flops : dict of str to float, optional
        Floating-point operations a second of the register tile, by dtype; empty without Numba.
    matmul : dict of str to float
        The same of NumPy's matrix product, 1,024 on each side.
    copied : float
        Bytes a second, read and written, through the memory.
    cached : float
        Bytes a second, read and written, within the second level of cache.
    """

    threads: int
    flops: dict[str, float]
    matmul: dict[str, float]
    copied: float
    cached: float


def description() -> dict[str, Any]:
    """Return what the machine and its programs are called: text and small numbers."""
    versions = {}
    for library in LIBRARIES:
        try:
            versions[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": _cores(),
        "vector bits": _vector_bits(),
        "caches": {f"L{level}": size for level, size in sorted(cache_bytes().items())},
        "python": sys.version.split()[0],
        **versions,
        "blas": _blas(),
        "timer resolution": timer_resolution(),
    }


def timer_resolution() -> float:
    """Return the smallest step of the clock that was seen, in seconds."""
    steps = []
    for _ in range(1000):
        started = now = time.perf_counter()
        while now == started:
            now = time.perf_counter()
        steps.append(now - started)
    return min(steps)


def roof(threads: int) -> Roof:
    """Measure what so many threads reach."""
    with thread_limit(threads), ThreadPoolExecutor(threads) as pool:
        return Roof(
            threads,
            _tile_flops(threads, pool),
            {dtype: _matmul_flops(dtype) for dtype in ("float32", "float64")},
            _copied(1 << 26, 1, threads, pool),
            _copied(1 << 17, 256, threads, pool),
        )


def _tile_flops(threads: int, pool: ThreadPoolExecutor) -> dict[str, float]:
    """Return the register tile's floating-point operations a second, by dtype; empty without Numba."""
    try:
        from convoracle.fast.auto.tile_loop import PRODUCTS, tile_loop
        from convoracle.fast.simd.vectors import lanes_of
    except ImportError:
        return {}

    found = {}
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        seconds = _fastest([tile_loop(dtype, _TILES) for _ in range(threads)], pool)
        found[dtype.name] = 2.0 * _TILES * PRODUCTS * lanes_of(dtype) * threads / seconds
    return found


def _matmul_flops(dtype: str) -> float:
    """Return the floating-point operations a second of NumPy's matrix product, which has threads of its own."""
    size = 1024
    a, b, out = np.ones((size, size), dtype), np.ones((size, size), dtype), np.empty((size, size), dtype)

    def multiply() -> None:
        np.matmul(a, b, out=out)

    return 2.0 * size**3 / _fastest([multiply], None)


def _copied(size: int, repeats: int, threads: int, pool: ThreadPoolExecutor) -> float:
    """Return the bytes read and written in a second by copies of `size` bytes, each thread having its own."""

    def work() -> Callable[[], None]:
        source, target = np.ones(size, np.uint8), np.ones(size, np.uint8)

        def copy() -> None:
            for _ in range(repeats):
                np.copyto(target, source)

        return copy

    return 2.0 * size * repeats * threads / _fastest([work() for _ in range(threads)], pool)


def _fastest(works: list[Callable[[], None]], pool: ThreadPoolExecutor | None) -> float:
    """Return the seconds of the fastest of several repetitions of pieces of work side by side."""
    best = float("inf")
    end = time.perf_counter() + _SECONDS
    for repeat in range(1000):
        started = time.perf_counter()
        waiting = [pool.submit(work) for work in works[1:]] if pool is not None else []
        works[0]()
        for one in waiting:
            one.result()
        if repeat:  # the first one wakes the threads, and may compile
            best = min(best, time.perf_counter() - started)
        if repeat >= 3 and time.perf_counter() > end:
            break
    return best


def as_json(described: dict[str, Any], roofs: list[Roof]) -> dict[str, Any]:
    """Return a description and roofs as plain values."""
    return {**described, "roofs": [asdict(one) for one in roofs]}


def _processor() -> str:
    """Return the processor's name as the system gives it, and as LLVM calls it."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    try:
        from llvmlite import binding
    except ImportError:
        return name
    return f"{name} ({binding.get_host_cpu_name()})"


def _cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _vector_bits() -> int | None:
    """Return the width of the vectors that the kernels use; None without Numba."""
    try:
        from convoracle.fast.simd.vectors import VECTOR_BITS
    except ImportError:
        return None
    return VECTOR_BITS


def _blas() -> str:
    """Return which BLAS NumPy was built with."""
    found: Any = np.show_config(mode="dicts")
    blas = found.get("Build Dependencies", {}).get("blas", {})
    return " ".join(str(blas[key]) for key in ("name", "version") if key in blas) or "unknown"
