"""What can be said about a place in a result in a few words: the statements about places that a pattern is made of."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from convoracle.harness.explain.evidence import Evidence, Seen
from convoracle.harness.explain.mistakes.convolution_forms import convolution_of
from convoracle.harness.explain.mistakes.windows import Axis, axes_of
from convoracle.harness.explain.values.difference import axis_names
from convoracle.harness.operations.base import Operation

THRESHOLDS = (1, 2, 3, 4, 7, 8, 12, 15, 16, 24, 31, 32, 48, 63, 64, 128, 256)
BLOCKS = (2, 3, 4, 8, 16, 32, 64)
COUNTERS = (7, 8, 15, 16)
"""Bits of the small integers that indices are kept in."""

Said = Mapping[str, tuple[np.ndarray, int]]
"""Statement to whether it is true, place by place, and how far-fetched it is."""


def said_of_places(operation: Operation, evidence: Evidence, seen: Seen, places: tuple[np.ndarray, ...]) -> Said:
    """Return every statement about these places of an output, as `numpy.nonzero` gives them."""
    shape = seen.expected.shape
    along = said_along(axis_names(seen.name, len(shape)), shape, places)
    said: dict[str, tuple[np.ndarray, int]] = {words: (truth, cost) for words, truth, cost in along}
    count = len(places[0]) if places else 0
    unread, over = np.zeros(count, bool), np.zeros(count, bool)
    for words, axis, truth, cost in _of_windows(operation, evidence.case, seen):
        said[words] = truth[places[axis]], cost
        unread |= truth[places[axis]] & words.startswith("where no window reads")
        over |= truth[places[axis]] & words.startswith("where the window reaches over the") & words.endswith("edge")
    said["where no window reads"] = unread, 1
    said["where the window reaches over an edge"] = over, 2
    said["where the window reaches over no edge"] = ~over, 2
    groups = getattr(evidence.case, "groups", 1)
    channels = seen.expected.shape[1] if seen.expected.ndim > 2 and seen.name != "grad_weight" else 0
    if channels and channels % groups == 0:
        group, within = np.divmod(places[1], channels // groups)
        said["in the first group"] = group == 0, 2
        said["in groups after the first"] = group > 0, 2
        said["in the first channel of a group"] = within == 0, 2
        said["in the last channel of a group"] = within == channels // groups - 1, 2
        said["in channels of a group after its first"] = within > 0, 2
        for threshold in THRESHOLDS[1:]:
            said[f"from channel {threshold} of a group on"] = within >= threshold, 3
    right = seen.expected[places]
    said["where the right value is negative"] = right < 0, 2
    said["where the right value is positive"] = right > 0, 2
    said["where the right value is 0"] = right == 0, 2
    said["where the right value is not finite"] = ~np.isfinite(right), 1
    return said


def said_along(
    names: Sequence[str], shape: tuple[int, ...], places: tuple[np.ndarray, ...]
) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield every statement about places in an array that its axes, or its memory, are enough for."""
    for name, size, index in zip(names, shape, places, strict=True):
        yield from ((words, truth[index], cost) for words, truth, cost in _of_axis(name, np.arange(size), size))
    if len(shape) > 2:
        in_image = np.ravel_multi_index(places[1:], shape[1:])
        in_plane = np.ravel_multi_index(places[2:], shape[2:])
        plane = math.prod(shape[2:])
        for bits in COUNTERS:
            yield f"from element 2**{bits} of an image on", in_image >= 2**bits, 3
            yield f"from element 2**{bits} of a plane on", in_plane >= 2**bits, 3
        for block in BLOCKS if len(shape) > 3 else ():
            full = plane // block * block
            yield f"after the last full {block} elements of a plane", (in_plane >= full) & bool(full), 3


def _of_axis(name: str, index: np.ndarray, size: int) -> Iterator[tuple[str, np.ndarray, int]]:
    """Yield statements about an index along one axis."""
    many = f"{name}es" if name.endswith("x") else f"{name}s"
    yield f"in the first {name}", index == 0, 1
    yield f"in the last {name}", index == size - 1, 1
    yield f"in the last {name} but one", index == size - 2, 2
    yield f"in {many} after the first", index > 0, 2
    yield f"in {many} before the last", index < size - 1, 2
    yield f"in the first or the last {name}", (index == 0) | (index == size - 1), 2
    yield f"in the first half of the {many}", index < size // 2, 3
    yield f"in the second half of the {many}", index >= (size + 1) // 2, 3
    for threshold in THRESHOLDS:
        if threshold > 1:
            yield f"from {name} {threshold} on", index >= threshold, 3
            yield f"before {name} {threshold}", index < threshold, 3
        yield f"in {name} {threshold}", index == threshold, 4
    for block in BLOCKS:
        full = size // block * block
        yield f"after the last full {block} {many}", (index >= full) & (full < size), 2
        yield f"in the last full or partial {block} {many}", index >= (size - 1) // block * block, 3
        yield f"in full blocks of {block} {many}", index < full, 4
        for rest in range(block if block < 32 else 0):
            yield f"in {many} that are {rest} modulo {block}", index % block == rest, 3 if rest in (0, block - 1) else 4


def _of_windows(operation: Operation, case: Any, seen: Seen) -> Iterator[tuple[str, int, np.ndarray, int]]:
    """Yield statements about the window of a place, or the windows that read it, with the axis they are about."""
    axes = axes_of(case)
    if not axes or seen.expected.ndim != 2 + len(axes) or seen.name == "grad_weight":
        return
    before_and_after = {"d": ("front", "back"), "h": ("top", "bottom"), "w": ("left", "right")}
    for number, axis in enumerate(axes, start=2):
        length = seen.expected.shape[number]
        first, last = (f"over the {edge} edge" for edge in before_and_after[axis.name])
        if _are_windows(operation, case):
            start = np.arange(length) * axis.stride - axis.before
            over_first, over_last = start < 0, start + axis.span > axis.size
            yield f"where the window reaches {first}", number, over_first, 1
            yield f"where the window reaches {last}", number, over_last, 1
            both = f"over the {' or the '.join(before_and_after[axis.name])} edge"
            yield f"where the window reaches {both}", number, over_first | over_last, 2
            yield (
                f"where the window reaches neither {both.replace(' or ', ' nor ')}",
                number,
                ~over_first & ~over_last,
                2,
            )
            yield f"where the window does not reach {first}", number, ~over_first, 2
            yield f"where the window does not reach {last}", number, ~over_last, 2
            yield f"where the window reaches over the padding of {axis.name}", number, _hangs(axis, start), 1
        else:
            place = np.arange(length) + axis.before
            yield (
                f"where {axis.name} plus padding is a multiple of stride_{axis.name}",
                number,
                (place % axis.stride == 0),
                3,
            )
            readers = np.array([_readers(axis, int(one)) for one in place])
            yield f"where no window reads along {axis.name}", number, readers == 0, 1
            yield f"where several windows read along {axis.name}", number, readers > 1, 1


def _are_windows(operation: Operation, case: Any) -> bool:
    """Return whether the values of a result are those of windows; otherwise windows read such values."""
    form = convolution_of(operation, case)
    if form is None:
        return "backward" not in operation.name
    return (form.role == "forward") != form.transposed


def _hangs(axis: Axis, start: np.ndarray) -> np.ndarray:
    hangs: np.ndarray = start + axis.span > axis.size + axis.after
    return hangs


def _readers(axis: Axis, place: int) -> int:
    """Return how many windows read a place, counted from where the padding begins."""
    taps = place - np.arange(axis.kernel) * axis.dilation
    return int(((taps >= 0) & (taps % axis.stride == 0) & (taps // axis.stride < axis.windows)).sum())
