"""What is true of all products that a call gets wrong: where their factors lie, and what stands in their place."""

from collections.abc import Iterator

import numpy as np

from convoracle.harness.explain.cases.in_common import in_common
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.mistakes.convolution_forms import convolution_of
from convoracle.harness.explain.mistakes.windows import Axis, axes_of
from convoracle.harness.explain.values.difference import axis_names
from convoracle.harness.explain.values.positions import said_along, said_of_places
from convoracle.harness.explain.values.responses import Response
from convoracle.harness.operations.base import Operation

FEWEST = 2
"""Of fewer products nothing is said."""

SHARE = 1 / 2
"""What is true of more than so many of the others does not say which they are."""


def law(operation: Operation, evidence: Evidence, position: int, found: Response) -> str:
    """Return what all products that a call gets wrong have in common, in words; empty if nothing short says it."""
    if np.array_equal(found.missing, found.extra):
        return ""  # another number of times
    moved = _moved(evidence, found)
    if moved:
        return f"takes {moved}"
    beyond = _beyond_the_edge(operation, evidence, found)
    if beyond:
        return f"reads {beyond}"
    for rows, verb in ((found.missing, "lacks"), (found.extra, "has besides")):
        if len(rows) < FEWEST or (verb == "has besides" and len(found.missing)):
            continue
        inside, outside = (_said(operation, evidence, position, found.operands, part) for part in (rows, found.kept))
        names = sorted(set(inside) & set(outside), key=lambda name: (inside[name][1], name))
        if not names or not len(found.kept):
            continue
        tables = (np.array([said[name][0] for name in names]) for said in (inside, outside))
        true = in_common(names, {name: inside[name][1] for name in names}, *tables)
        if true is not None and true[1] <= SHARE * len(found.kept):
            words, others = true
            rest = "all of those" if not others else f"{len(rows)} of those {len(rows) + others}"
            return f"{verb} products only of {' and '.join(words)}: {rest}"
    return ""


def _said(
    operation: Operation, evidence: Evidence, position: int, operands: tuple[str, ...], rows: np.ndarray
) -> dict[str, tuple[np.ndarray, int]]:
    """Return every statement about these products: about where their factors lie, and where they are added."""
    said: dict[str, tuple[np.ndarray, int]] = {}
    for column, name in enumerate(operands, start=1):
        array = evidence.operands[name]
        places = np.unravel_index(rows[:, column], array.shape)
        axes = axis_names("grad_weight" if name == "weight" else name, array.ndim)
        for words, truth, cost in said_along(axes, array.shape, places):
            said[f"{name} {words}"] = truth, cost
    seen = evidence.results[position]
    if seen.got.shape == seen.expected.shape:
        there = said_of_places(operation, evidence, seen, np.unravel_index(rows[:, 0], seen.expected.shape))
        said |= {
            f"{seen.name} {words}": (truth, cost + 1) for words, (truth, cost) in there.items() if "value" not in words
        }
    return said


def _moved(evidence: Evidence, found: Response) -> str:
    """Return by how much the factor that is taken lies beside the one that should be, if that is always the same."""
    missing, extra = found.missing, found.extra
    if len(found.operands) < 2 or len(missing) < FEWEST or len(missing) != len(extra):
        return ""
    for column in (1, 2):
        other = 3 - column
        pairs = [rows[np.lexsort((rows[:, other], rows[:, 0]))] for rows in (missing, extra)]
        if not all(np.array_equal(pairs[0][:, one], pairs[1][:, one]) for one in (0, other)):
            continue
        name = found.operands[column - 1]
        shape = evidence.operands[name].shape
        places = [np.array(np.unravel_index(rows[:, column], shape)) for rows in pairs]
        steps = np.unique(places[1] - places[0], axis=1)
        axes = axis_names("grad_weight" if name == "weight" else name, len(shape))
        if steps.shape[1] == 1 and steps.any():
            words = [_step(axis, int(step)) for axis, step in zip(axes, steps[:, 0], strict=True) if step]
            return f"{name} {' and '.join(words)}, each time, in place of the right one"
    return ""


def _step(axis: str, step: int) -> str:
    many = axis if abs(step) == 1 else f"{axis}s"
    return f"{abs(step)} {many} {'further on' if step > 0 else 'before'}"


def _beyond_the_edge(operation: Operation, evidence: Evidence, found: Response) -> str:
    """Return what taps over the edge read in place of nothing, if all that is taken besides is that."""
    form = convolution_of(operation, evidence.case)
    if form is None or form.role != "forward" or form.transposed or set(found.operands) != {"x", "weight"}:
        return ""
    if len(found.extra) < FEWEST or len(found.missing):
        return ""
    axes = axes_of(evidence.case)
    column = {name: i for i, name in enumerate(found.operands, start=1)}
    shapes = {name: evidence.operands[name].shape for name in found.operands}
    taken, taps = (np.unravel_index(found.extra[:, column[name]], shapes[name])[2:] for name in ("x", "weight"))
    windows = np.unravel_index(found.extra[:, 0], evidence.results[0].expected.shape)[2:]
    meant = [
        w * axis.stride - axis.before + tap * axis.dilation for axis, w, tap in zip(axes, windows, taps, strict=True)
    ]
    for words, places in _readings(axes, meant):
        if all(np.array_equal(one, other) for one, other in zip(places, taken, strict=True)):
            return words
    return ""


def _readings(axes: tuple[Axis, ...], meant: list[np.ndarray]) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield what taps may read that lie over the edge."""
    flat = np.zeros_like(meant[0])
    for axis, place in zip(axes, meant, strict=True):
        flat = flat * axis.size + place
    run_on = []
    for axis in axes[::-1]:
        flat, place = np.divmod(flat, axis.size)
        run_on.append(place)
    yield "on in memory where a tap lies over the edge: the row after, or before", run_on[::-1]
    yield (
        "the element at the edge where a tap lies over it",
        [np.clip(p, 0, axis.size - 1) for axis, p in zip(axes, meant, strict=True)],
    )
    yield "from the other edge where a tap lies over one", [p % axis.size for axis, p in zip(axes, meant, strict=True)]
    yield (
        "the mirrored input where a tap lies over the edge",
        [_mirrored(p, axis.size) for axis, p in zip(axes, meant, strict=True)],
    )


def _mirrored(places: np.ndarray, size: int) -> np.ndarray:
    period = max(2 * (size - 1), 1)
    folded = places % period
    return np.minimum(folded, period - folded) if size > 1 else np.zeros_like(places)
