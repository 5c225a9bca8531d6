"""A wrong shape in words: which number of the configuration an extent is that should be another."""

from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.explain.cases.features import numbers_of
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.mistakes.windows import axes_of
from convoracle.harness.explain.values.difference import axis_names

FEWEST = 3
"""In how many calls it has to be so."""


def shape_story(calls: Sequence[Evidence]) -> str:
    """Return what the extents of wrong shapes are in all these calls; empty where nothing simple says it."""
    wrong = [
        (evidence.case, seen.name, seen.expected.shape, seen.got.shape)
        for evidence in calls
        for seen in evidence.results
        if seen.got.shape != seen.expected.shape
    ]
    if len(wrong) < FEWEST:
        return ""
    if len({len(shape) for *_, expected, got in wrong for shape in (expected, got)}) > 1:
        return ""
    names = axis_names(wrong[0][1], len(wrong[0][2]))
    said = []
    for axis, name in enumerate(names):
        extents = [(case, expected[axis], got[axis]) for case, _, expected, got in wrong if expected[axis] != got[axis]]
        if extents:
            what = _extent(extents, axis - 2 if axis > 1 else None)
            said.append(f"{name}s: {what} (in {len(extents)} of {len(wrong)} calls of a wrong shape)")
    return "; ".join(said)


def _reached(case: Any, axis: int) -> int:
    """Return how many elements along an axis are in some window; 0 for a case without windows."""
    axes = axes_of(case)
    if axis >= len(axes):
        return 0
    of = axes[axis]
    return (of.windows - 1) * of.stride + of.span - of.before - of.after


def _extent(extents: Sequence[tuple[Any, int, int]], axis: int | None = None) -> str:
    """Return what a wrong extent is, always."""
    steps = {got - expected for _, expected, got in extents}
    if len(steps) == 1:
        step = steps.pop()
        return f"{abs(step)} too {'many' if step > 0 else 'few'}"
    meanings: tuple[tuple[str, Callable[[int], int]], ...] = (
        ("{}", lambda number: number),
        ("{} + 1", lambda number: number + 1),
        ("{} - 1", lambda number: number - 1),
    )
    if axis is not None and all(_reached(case, axis) == got for case, _, got in extents):
        return "as many as the windows reach over, not those that the stride leaves"
    tables = [numbers_of(case) for case, _, _ in extents]
    for words, meaning in meanings:
        for name in tables[0]:
            if all(meaning(table[name]) == got for table, (_, _, got) in zip(tables, extents, strict=True)):
                return f"as many as {words.format(name)}"
    _, right, wrong = extents[0]
    how = "many" if min(steps) > 0 else "few" if max(steps) < 0 else "many or too few"
    return f"too {how}, as {wrong} for {right}"
