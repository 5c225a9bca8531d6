"""The case of a campaign that a plan asks for: its combination of levels, and the rest at random.

Without limits a case has just the levels planned. Inside limits it has as many of them as can be.
"""

import functools
from collections.abc import Collection
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import LAYOUTS
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.coverage.combinations import Combinations
from convoracle.harness.coverage.drawing import as_planned, drawn_numbers
from convoracle.harness.coverage.families import family_of, plan_name
from convoracle.harness.coverage.family import Family, of_dtypes
from convoracle.harness.coverage.plan_files import planned_levels
from convoracle.harness.coverage.space import Space
from convoracle.harness.operations import OPERATIONS, Operation


class Steered:
    """The cases of one operation, for candidates with some limits and dtypes."""

    def __init__(self, family: Family, limits: Limits, space: Space, dtypes: "_Dtypes") -> None:
        self.family, self.limits, self.space = family, limits, space
        self._planned = planned_levels(family, space)
        self._sharing = {values: space.which_have(values) for values in space.shared_values()}
        self._dtypes = dtypes

    def case(self, seed: int, number: int) -> Any | None:
        """Return case `number` of a seed; None where the limits leave no case with extents that differ."""
        choices = Choices(seed, self.family.operation.name, number)
        levels = self.levels(number)
        row = self._nearest(levels, choices)
        numbers = drawn_numbers(self.family, self.space, row, number, choices) or drawn_numbers(
            self.family, self.space, row, number, as_planned(self.family, number)
        )
        if numbers is None:
            return None
        flags = {name: values[numbers[name]] for name, values in self.family.flags.items()}
        flags["dtype"] = self.dtype(number)
        flags["layout"] = tuple(LAYOUTS[numbers[f"layout of {operand}"]] for operand in self.family.layouts)
        case = self.family.case(numbers, flags, choices, self.limits)
        return case if inside(self.limits, case) else None

    def dtype(self, number: int) -> str:
        """Return the dtype of case `number`."""
        return self._dtypes.of(number, self.levels)

    def levels(self, number: int) -> np.ndarray:
        """Return the levels of all features that case `number` is to have: planned, or random beyond the plan."""
        if number < len(self._planned):
            return self._planned[number]
        choices = Choices(self.family.operation.name, number, "beyond the plan")
        levels = np.array([choices.below(len(feature.levels)) for feature in self.space.features])
        names = [feature.name for feature in self.space.features]
        for name, pinned in self.family.pins(number).items():
            if name in names:
                at = names.index(name)
                levels[at] = self.space.features[at].levels.index(choices.pick(pinned))
        return levels

    def _nearest(self, levels: np.ndarray, choices: Choices) -> list[int]:
        """Return, for each block, the row that has most of some levels, all with the same shared features."""
        masks = self._sharing[choices.pick(self._shared_like(levels))]
        nearest = []
        for block, mask in enumerate(masks):
            exact = self.space.row_with(block, levels)
            if exact is not None and mask[exact]:
                best = [exact]  # as planned, which is what there is without limits: no need to look at all others
            else:
                rows, columns = self.space.rows[block], self.space.columns[block]
                common = np.where(mask, (rows == levels[columns]).sum(axis=1), -1)
                best = np.flatnonzero(common == common.max()).tolist()
            nearest.append(int(choices.pick(best)))
        return nearest

    def _shared_like(self, levels: np.ndarray) -> list[tuple[int, ...]]:
        """Return the levels of the shared features that agree with most of some levels."""
        wanted = levels[self.space.shared]
        if (exact := tuple(wanted.tolist())) in self._sharing:
            return [exact]
        agreeing = {values: int(np.sum(wanted == values)) for values in self._sharing}
        return [values for values in agreeing if agreeing[values] == max(agreeing.values())]


class _Dtypes:
    """Which dtype each case has, in the order that combines most.

    In a round every dtype has a case. Integers of all widths are one class, of which a round then has many: so it has
    as many cases more as there are integers but one, for whichever dtype combines most.
    """

    def __init__(self, space: Space, dtypes: tuple[str, ...]) -> None:
        self._dtypes = dtypes
        block = of_dtypes(dtypes)
        self._round = 2 * len(dtypes) - len(block.features[0].class_names)
        last = len(space.features)
        whole = Space([*space.blocks, block])
        self._wanted = [
            (Combinations(whole, strength, having=last), weight) for strength, weight in ((2, 1000), (3, 1))
        ]
        self._chosen: list[int] = []

    def of(self, number: int, levels_of: Any) -> str:
        """Return the dtype of case `number`; `levels_of` are the other levels of a case."""
        while len(self._chosen) <= number:
            self._chosen.append(self._next(levels_of(len(self._chosen))))
        return self._dtypes[self._chosen[number]]

    def _next(self, levels: np.ndarray) -> int:
        """Return the dtype with most new combinations, of those that this round can still have."""
        so_far = self._chosen[len(self._chosen) // self._round * self._round :]
        options = [dtype for dtype in range(len(self._dtypes)) if dtype not in so_far]
        if len(so_far) + len(options) < self._round:
            options += [dtype for dtype in range(len(self._dtypes)) if dtype in so_far]
        rows = np.column_stack([np.repeat(levels[None], len(options), axis=0), options])
        gains = np.zeros(len(options), int)
        for combined, weight in self._wanted:
            gains += weight * combined.wanted[combined.numbers(rows)].sum(axis=1)
        best = int(np.argmax(gains))
        for combined, _ in self._wanted:
            combined.add(rows[[best]])
        return int(options[best])


Key = tuple[tuple[str, Any], ...]
"""Limits as a key: in the order of their names, collections as frozen sets, functions as they are."""


def steered(operation: Operation, limits: Limits, dtypes: tuple[str, ...]) -> Steered | None:
    """Return the cases of an operation for some limits and dtypes; None where none are planned."""
    if OPERATIONS.get(operation.name) is not operation or family_of(operation) is None:
        return None
    try:
        key = tuple((name, _hashable(limits[name])) for name in sorted(limits))
        return _steered(operation.name, key, dtypes)
    except (TypeError, ValueError):  # a limit that is no key, or that is outside all that is planned
        return None


def _hashable(limit: Any) -> Any:
    """Return a limit that can be a key."""
    return frozenset(limit) if isinstance(limit, Collection) else limit


@functools.lru_cache(maxsize=128)
def _steered(name: str, limits: Key, dtypes: tuple[str, ...]) -> Steered:
    """Return the cases of an operation; ValueError where the limits are outside its ranges."""
    family = family_of(OPERATIONS[name])
    assert family is not None
    return Steered(family, dict(limits), *_shared(_alike(name, family), limits, dtypes))


def _alike(name: str, family: Family) -> str:
    """Return the operation that has the same space: all gradients of an operation mostly do."""
    plan = plan_name(OPERATIONS[name])
    backward = family_of(OPERATIONS.get(f"{plan}_backward", OPERATIONS[name]))
    is_alike = backward is not None and (backward.flags, backward.layouts) == (family.flags, family.layouts)
    return f"{plan}_backward" if is_alike and name.startswith(plan) else name


@functools.lru_cache(maxsize=64)
def _shared(name: str, limits: Key, dtypes: tuple[str, ...]) -> tuple[Space, _Dtypes]:
    """Return what all gradients of an operation share: the space, and the order of the dtypes."""
    family = family_of(OPERATIONS[name])
    assert family is not None
    space = Space(family.blocks(dict(limits)))
    return space, _Dtypes(space, dtypes)
