"""The numbers of a case that has planned levels: at random, but different where they have to be."""

import functools
from itertools import combinations
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.coverage.families import plan_name
from convoracle.harness.coverage.family import Family, Numbers
from convoracle.harness.coverage.space import Space
from convoracle.harness.operations import geometry

ELEMENTS = 2048
PRODUCTS = 40_000
"""How many elements x has, and how many products the case, at most where the levels leave a choice: all are loops."""

ATTEMPTS = 64
"""How many times the numbers of a case are drawn in a round, to find extents that differ."""


def as_planned(family: Family, number: int) -> Choices:
    """Return the choices that a plan made to see that case `number` can be as planned."""
    return Choices(plan_name(family.operation), number)


def drawn_numbers(
    family: Family, space: Space, row: list[int], number: int, choices: Choices, rounds: int = 8
) -> dict[str, int] | None:
    """Return the numbers of a case with the levels of a row: the best of some draws, None if none of them will do.

    A plan holds rows that it found numbers for itself, with the choices that `as_planned` returns.
    """
    wanted = choices.below(60)
    found: tuple[int, dict[str, int] | None] = (0, None)
    for _ in range(rounds):
        drawn: dict[str, np.ndarray] = {}
        for block, chosen in enumerate(row):
            members = space.members(block, chosen)
            picked = members[choices.integers((ATTEMPTS,), 0, len(members) - 1)]
            drawn |= dict(zip(space.blocks[block].fields, picked.T, strict=True))
        fitness = _fitness(family, drawn, number, wanted)
        best = int(np.argmax(np.where(fitness > 0, fitness - _excess(family, drawn), -np.inf)))
        if fitness[best] > found[0]:
            found = int(fitness[best]), {name: int(values[best]) for name, values in drawn.items()}
        if found[0] == 2 or (found[0] and not geometry.coincides(number)):
            break
    return found[1]


def size_of(family: Family, numbers: Numbers) -> Any:
    """Return how large cases are, as a multiple of what they should be."""
    return np.maximum(family.elements(numbers) / ELEMENTS, family.products(numbers) / PRODUCTS)


def _excess(family: Family, numbers: Numbers) -> Any:
    """Return how much larger a case is than it should be, in factors of ten; 0 where it is not."""
    size = size_of(family, numbers)
    return np.where(size > 1.0, 1.0 + np.log10(np.maximum(size, 1.0)), 0.0)


def _fitness(family: Family, numbers: dict[str, np.ndarray], number: int, wanted: int) -> np.ndarray:
    """Return how well numbers fit case `number`: 0 not at all; for a case that coincides, 2 as well as can be."""
    if geometry.coincides(number):
        found = family.coincidences(numbers)
        return np.any(found, axis=0) + 1 * found[wanted % len(found)]
    extents = family.extents(numbers)
    equal = [(one == other) & (one > 1) for one, other in combinations(extents, 2)]
    differ = ~functools.reduce(np.logical_or, equal)
    is_plain = family.is_plain(numbers) if wanted % 4 else np.zeros_like(differ)
    return np.asarray(differ * (3 - 2 * family.is_square(numbers) + is_plain))
