"""Why a backend is chosen, for people to read."""

import sys
from dataclasses import dataclass

from convoracle.fast.auto.candidates import Candidate, candidates_of, obstacle_of, time_of
from convoracle.fast.auto.estimate import BATCHES
from convoracle.fast.auto.graded import ALGORITHMS
from convoracle.fast.auto.layer import Layer


@dataclass(frozen=True)
class Explanation:
    """What `explain_conv2d` returns; print it.

    Parameters
    ----------
    layer : Layer
        The convolution of one image.
    images : int
        Number of images the times are for.
    accuracy : str
        The error bound that has to be kept.
    limit : int
        Bytes of workspace that are allowed.
    candidates : tuple of Candidate
        Every backend that might have been chosen, the best first.
    reason : str
        Why the chosen one is.
    rates : str
        Where the rates of the machine come from; empty if nothing had to be estimated.
    """

    layer: Layer
    images: int
    accuracy: str
    limit: int
    candidates: tuple[Candidate, ...]
    reason: str
    rates: str

    @property
    def chosen(self) -> str:
        """The name of the backend that computes."""
        return self.candidates[0].backend

    def __str__(self) -> str:
        lines = [_heading(self), "", *_table(self.candidates, self.images), "", f"chosen: {self.chosen}, {self.reason}"]
        return "\n".join([*lines, self.rates] if self.rates else lines)


def explain(layer: Layer, images: int, accuracy: str, limit: int) -> Explanation:
    """Explain the choice of a backend for a layer."""
    found = candidates_of(layer, accuracy, limit)
    timed = tuple(
        candidate._replace(times=time_of(candidate.backend, layer)) if _can_be_timed(candidate, layer) else candidate
        for candidate in found
    )
    is_timed = any(candidate.times for candidate in timed)
    return Explanation(layer, images, accuracy, limit, timed, _reason(found), _rates_text() if is_timed else "")


def _can_be_timed(candidate: Candidate, layer: Layer) -> bool:
    """Tell whether a candidate is an algorithm that could do the layer if any accuracy and workspace were allowed."""
    return candidate.backend in ALGORITHMS and obstacle_of(candidate.backend, layer, "normwise", sys.maxsize) is None


def _reason(found: tuple[Candidate, ...]) -> str:
    """Return why the first of the candidates is chosen."""
    best, *others = found
    if best.times is None:
        return "the only algorithm that may" if best.backend in ALGORITHMS else "since no algorithm may"
    second = next(candidate for candidate in others if candidate.times is not None)
    assert second.times is not None
    return (
        f"{second.times.typical / best.times.typical:.2f} times as fast as {second.backend} in the geometric mean of "
        f"batches of {' and '.join(map(str, BATCHES))}, which decides whatever the batch"
    )


def _rates_text() -> str:
    """Return where the rates of this machine come from, and what they are."""
    from convoracle.fast.auto.rates import provenance
    from convoracle.fast.simd.vectors import VECTOR_BITS

    rates, path, note = provenance()
    return (
        f"rates of this machine: {rates.tile * VECTOR_BITS / 32 * 2 / 1e9:.0f} GFLOP/s in float32, copies of "
        f"{rates.near / 1e9:.0f} GB/s in the cache and {rates.far / 1e9:.1f} GB/s in memory; {note}: {path}"
    )


def _heading(explanation: Explanation) -> str:
    """Return what is explained, in a line."""
    layer = explanation.layer
    size, kernel = ("x".join(map(str, pair)) for pair in (layer.size, layer.kernel_size))
    parts = [
        f"{layer.operation}, {layer.dtype}: {explanation.images} x {layer.channels} channels of {size}",
        f"{layer.filters} filters of {kernel}",
        f"stride {layer.stride}, padding {layer.padding}, dilation {layer.dilation}, groups {layer.groups}",
        f"{explanation.accuracy}, workspace at most {explanation.limit / 2**20:.0f} MiB",
    ]
    return "; ".join(parts)


def _table(found: tuple[Candidate, ...], images: int) -> list[str]:
    """Return the candidates as lines of a table."""
    rows: list[tuple[str, ...]] = [("backend", "estimated", "arithmetic", "memory", "rest", "workspace", "")]
    for candidate in found:
        workspace = f"{candidate.workspace / 2**20:.0f} MiB" if candidate.backend in ALGORITHMS else ""
        if candidate.times is None:
            rows.append((candidate.backend, "-", "", "", "", workspace, candidate.obstacle or "if no algorithm may"))
            continue
        times = candidate.times.of_batch(images)
        shares = [f"{100 * part / times.total:.0f} %" for part in (times.arithmetic, times.memory, times.rest)]
        rows.append((candidate.backend, f"{1e3 * times.total:.3g} ms", *shares, workspace, candidate.obstacle or ""))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return [
        "  ".join([row[0].ljust(widths[0]), *(row[c].rjust(widths[c]) for c in range(1, 6)), row[6]]).rstrip()
        for row in rows
    ]
