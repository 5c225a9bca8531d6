"""What is left out, and why: declared here, never found by trying."""

import math
import os
from typing import Any

from asv_runner.benchmarks.mark import SkipNotImplemented

from benchmarks.calls import steps_of
from benchmarks.layers import ConvLayer, Layer

# A call of a second is too long to be repeated, and a gigabyte too much to be written. Steps are multiply-accumulates
# or values of windows; a transform costs by the point, whatever the size of the kernel.
MOST = {
    "im2col": ("numbers in columns", 100_000_000, "writes them all"),
    "numba": ("steps", 250_000_000, "takes 2 ns for each"),
    "scipy": ("steps", 10_000_000, "takes 20 to 300 ns for each"),
    "scipy-fft": ("points", 10_000_000, "takes 30 to 150 ns for each"),
    "fft": ("points", 100_000_000, "takes 5 to 20 ns for each"),
}


def reason_to_leave_out(
    operation: str, backend: str, layer: Layer | None = None, threads: int = 1, *, is_repeated: bool = True
) -> str | None:
    """Return why a combination is not measured, or None if it is."""
    from convoracle.fast import registry

    variant = registry.variants(operation).get(backend)
    if variant is None:
        return f"backend {backend} does not do {operation}"
    missing = variant.missing()
    if missing:
        return f"backend {backend} needs {missing}"
    if threads > (os.cpu_count() or 1):
        return f"{threads} threads are more than this machine has processors"
    if layer is None:
        return None
    obstacle = outside_limits(backend, variant, layer) if isinstance(layer, ConvLayer) else None
    return obstacle or too_much(operation, backend, layer, 1 if is_repeated else 3)


def outside_limits(backend: str, variant: Any, layer: ConvLayer) -> str | None:
    """Return which of a variant's declared limits a layer is outside of."""
    from convoracle.fast.selector import find_obstacle

    asked = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **layer.options, "kernel_size": layer.weight[2:]}
    obstacle = find_obstacle(variant, variant.dtypes[0], asked)
    return f"backend {backend} does not do {obstacle}" if obstacle else None


def too_much(operation: str, backend: str, layer: Layer, times: int = 1) -> str | None:
    """Return why a call is more than so many times too long or too large for a backend."""
    if backend not in MOST or operation.startswith("linear"):  # which every backend leaves to NumPy
        return None
    quantity, at_once, why = MOST[backend]
    most = times * at_once
    size = steps_of(operation, layer)
    if isinstance(layer, ConvLayer) and quantity == "points":
        size //= math.prod(layer.weight[2:])
    if isinstance(layer, ConvLayer) and quantity == "numbers in columns":
        size = layer.macs * layer.options.get("groups", 1) // layer.output[1]
    return f"backend {backend} {why}: left out above {most} {quantity}" if size > most else None


def leave_out(
    operation: str, backend: str, layer: Layer | None = None, threads: int = 1, *, is_repeated: bool = True
) -> None:
    """Raise what asv shows as n/a if a combination is not measured; called first in every setup."""
    reason = reason_to_leave_out(operation, backend, layer, threads, is_repeated=is_repeated)
    if reason:
        raise SkipNotImplemented(reason)
