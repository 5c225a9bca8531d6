"""A wrong shape in words: which number of the configuration an extent is that should be another."""

from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.explain.difference import axis_names
from convoracle.harness.explain.evidence import Evidence
from convoracle.harness.explain.features import numbers_of

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
            said.append(f"{name}s: {_extent(extents)} (in {len(extents)} of {len(wrong)} calls of a wrong shape)")
    return "; ".join(said)


def _extent(extents: Sequence[tuple[Any, int, int]]) -> str:
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
    tables = [numbers_of(case) for case, _, _ in extents]
    for words, meaning in meanings:
        for name in tables[0]:
            if all(meaning(table[name]) == got for table, (_, _, got) in zip(tables, extents, strict=True)):
                return f"as many as {words.format(name)}"
    _, right, wrong = extents[0]
    how = "many" if min(steps) > 0 else "few" if max(steps) < 0 else "many or too few"
    return f"too {how}, as {wrong} for {right}"
