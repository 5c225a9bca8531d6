"""The backends that might compute a layer: which of them may, how long each would take, and which is the best.

A backend may compute a layer if it has a grade for the operation (`convoracle.fast.auto.graded`), is here, does the
layer within its limits, keeps the accuracy that is asked for and needs no more workspace than allowed. Of the
algorithms that may, the one with the shortest estimated time is the best; if there is none, the fall back is.
"""

import functools
from typing import NamedTuple

from convoracle.fast import registry
from convoracle.fast.auto.estimate import Times, estimate
from convoracle.fast.auto.graded import ALGORITHMS, FALL_BACK
from convoracle.fast.auto.hopeless import why_hopeless
from convoracle.fast.auto.layer import Layer
from convoracle.fast.auto.term import Tile
from convoracle.fast.auto.workspace_needs import workspace_of
from convoracle.fast.selector import find_obstacle


class Candidate(NamedTuple):
    """A backend that might compute a layer."""

    backend: str
    obstacle: str | None
    """Why it may not, or None."""
    workspace: int
    """Bytes it needs beside its arrays, on one thread, about."""
    times: Times | None
    """How long it would take; None if it may not, or there is nothing to compare it with."""


@functools.lru_cache(maxsize=1024)
def choose_backend(layer: Layer, accuracy: str, limit: int) -> str:
    """Return the backend that computes a layer with so many bytes of workspace."""
    return candidates_of(layer, accuracy, limit)[0].backend


def candidates_of(layer: Layer, accuracy: str, limit: int) -> tuple[Candidate, ...]:
    """Return the backends that might compute a layer, the best first, and those that may not last."""
    obstacles = {backend: obstacle_of(backend, layer, accuracy, limit) for backend in (*ALGORITHMS, *FALL_BACK)}
    able = [backend for backend in ALGORITHMS if obstacles[backend] is None]
    times = {backend: time_of(backend, layer) for backend in able} if len(able) > 1 else {}

    def rank(backend: str) -> tuple[bool, bool, float]:
        return (
            obstacles[backend] is not None,
            backend in FALL_BACK,
            times[backend].typical if backend in times else 0.0,
        )

    return tuple(
        Candidate(backend, obstacles[backend], workspace_of(backend, layer), times.get(backend))
        for backend in sorted(obstacles, key=rank)
    )


def obstacle_of(backend: str, layer: Layer, accuracy: str, limit: int) -> str | None:
    """Return why a backend may not compute a layer with so many bytes of workspace, or None if it may."""
    if layer.operation not in {**ALGORITHMS, **FALL_BACK}[backend]:
        return f"does not do {layer.operation}"
    variant = registry.variant(layer.operation, backend)
    obstacle = find_obstacle(variant, layer.dtype, layer.options, accuracy)
    if obstacle is not None:
        return f"cannot do {obstacle}"
    missing = variant.missing()
    if missing is not None:
        return f"needs {missing}"
    hopeless = why_hopeless(backend, layer)
    if hopeless is not None:
        return hopeless
    needed = workspace_of(backend, layer)
    if needed > limit:
        return f"needs {needed / 2**20:.0f} MiB of workspace"
    return None


def time_of(backend: str, layer: Layer) -> Times:
    """Return how long an algorithm takes for a layer, on one thread of this machine."""
    from convoracle.fast.auto.rates import rates
    from convoracle.fast.simd.microkernel import ROWS
    from convoracle.fast.simd.vectors import VECTOR_BITS

    return estimate(backend, layer, rates(), Tile(VECTOR_BITS // (8 * layer.itemsize), ROWS))
