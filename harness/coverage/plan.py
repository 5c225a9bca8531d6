"""Which combination of levels each case of a campaign has: greedily, the one with most that no case before it had.

A plan is a function of the space and the pins alone, worked out as far as it is asked for.
"""

from collections.abc import Callable, Mapping

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.coverage.combinations import Combinations
from convoracle.harness.coverage.space import Space

Pins = Mapping[str, tuple[str, ...]]
"""Feature name to the levels it may have in one case."""

SAMPLE = 96
"""How many combinations of a block's levels are compared for each case."""

TRIES = 5
"""How many possible rows are made for each one kept."""

MOST_TRIES = 240
"""How many rows are made in the search for possible ones."""

WEIGHT_OF_A_PAIR = 4
"""How many new combinations of three a new pair counts as: pairs are to be complete first."""


class Plan:
    """The rows of a plan: for each case, one combination of levels of each block.

    Parameters
    ----------
    space : Space
        What there is.
    pins : callable
        What the levels of some features have to be in case so-and-so.
    is_possible : callable
        Whether case so-and-so can have a row.
    name : str
        Which of the many plans.
    """

    def __init__(
        self, space: Space, pins: Callable[[int], Pins], is_possible: Callable[[list[int], int], bool], name: str
    ) -> None:
        self.space = space
        self._pins, self._is_possible = pins, is_possible
        self._choices = Choices(name, "plan")
        self._pairs, self._triples = Combinations(space, 2), Combinations(space, 3)
        self._rows: list[list[int]] = []
        self._sharing = {values: space.which_have(values) for values in space.shared_values()}
        self._among: dict[tuple[int, ...], np.ndarray] = {}

    def row(self, number: int) -> list[int]:
        """Return, for each block, which of its combinations of levels case `number` has."""
        while len(self._rows) <= number:
            self._rows.append(self._next(len(self._rows)))
        return self._rows[number]

    def levels(self, row: list[int]) -> np.ndarray:
        """Return the levels of all features in a row."""
        levels = np.zeros(len(self.space.features), int)
        for block, columns, chosen in zip(self.space.rows, self.space.columns, row, strict=True):
            levels[columns] = block[chosen]
        return levels

    def _next(self, number: int) -> list[int]:
        """Return the best of a few rows, and note what it has."""
        pinned = self._allowed(self._pins(number))
        made: list[list[int]] = []
        for attempt in range(MOST_TRIES):
            hurried = attempt > MOST_TRIES // 2  # what is wanted most may all be impossible together
            row = self._made(pinned, 1) if hurried else self._made(self._with_one_wanted(pinned), SAMPLE)
            if self._is_possible(row, number):
                made.append(row)
            if len(made) == TRIES:
                break
        if not made:
            raise RuntimeError(f"no row was found for case {number}")
        levels = np.stack([self.levels(row) for row in made])
        best = made[int(np.argmax(self._gains(levels)))]
        chosen = self.levels(best)[None]
        self._pairs.add(chosen)
        self._triples.add(chosen)
        return best

    def _allowed(self, pins: Pins) -> list[np.ndarray]:
        """Return which rows of each block the pins allow; a pin that would leave a block without any is left out."""
        names = [feature.name for feature in self.space.features]
        allowed = [np.ones(len(rows), bool) for rows in self.space.rows]
        for name, levels in pins.items():
            if name not in names:
                continue
            feature = names.index(name)
            wanted = [self.space.features[feature].levels.index(level) for level in levels]
            narrowed = self._narrowed(allowed, feature, np.array(wanted), coarse=False)
            if all(rows.any() for rows in narrowed):
                allowed = narrowed
        return allowed

    def _narrowed(self, allowed: list[np.ndarray], feature: int, values: np.ndarray, coarse: bool) -> list[np.ndarray]:
        """Return which rows are left if a feature has one of these levels, or classes."""
        narrowed = []
        for rows, columns, mask in zip(self.space.rows, self.space.columns, allowed, strict=True):
            (at,) = np.nonzero(columns == feature)
            if len(at):
                is_wanted = np.zeros(len(self.space.features[feature].levels), bool)
                is_wanted[values] = True
                if coarse:
                    is_wanted = is_wanted[self.space.classes[feature]]
                mask = mask & is_wanted[rows[:, at[0]]]
            narrowed.append(mask)
        return narrowed

    def _made(self, allowed: list[np.ndarray], sample: int) -> list[int]:
        """Return a row of those allowed, its blocks chosen from a sample one after the other, then once again."""
        allowed = self._settled(allowed)
        row = [-1] * len(allowed)
        assigned: list[int] = []
        order = self._choices.shuffled(range(len(allowed)))
        for block in order:
            assigned = sorted({*assigned, *map(int, self.space.columns[block])})
            row[block] = self._best(block, row, allowed[block], assigned, sample)
        for block in order:
            row[block] = self._best(block, row, allowed[block], assigned, sample)
        return row

    def _with_one_wanted(self, allowed: list[np.ndarray]) -> list[np.ndarray]:
        """Return the rows narrowed to those with one combination that is wanted and possible here; all if none is."""
        first = (self._pairs, self._triples) if len(self._rows) % 2 else (self._triples, self._pairs)
        for combinations in first:
            (wanted,) = np.nonzero(combinations.wanted)
            for _ in range(min(8, len(wanted))):
                narrowed = allowed
                for feature, value in combinations.of(int(self._choices.pick(wanted.tolist()))):
                    narrowed = self._narrowed(narrowed, feature, np.array([value]), combinations.strength > 2)
                if self._shared(narrowed):
                    return narrowed
        return allowed

    def _shared(self, allowed: list[np.ndarray]) -> list[tuple[int, ...]]:
        """Return the levels of the shared features for which every block has an allowed row."""
        return [
            values
            for values, masks in self._sharing.items()
            if all((mask & have).any() for mask, have in zip(allowed, masks, strict=True))
        ]

    def _settled(self, allowed: list[np.ndarray]) -> list[np.ndarray]:
        """Return the rows narrowed to one choice of the shared features."""
        masks = self._sharing[self._choices.pick(self._shared(allowed))]
        return [mask & have for mask, have in zip(allowed, masks, strict=True)]

    def _best(self, block: int, row: list[int], allowed: np.ndarray, assigned: list[int], sample: int) -> int:
        """Return the row of a block with most that is wanted, given those of the blocks chosen before."""
        (options,) = np.nonzero(allowed)
        if len(options) > sample:
            options = options[self._choices.integers((sample,), 0, len(options) - 1)]
        if row[block] >= 0:
            options = np.append(options, row[block])
        levels = np.zeros((len(options), len(self.space.features)), int)
        for other, (rows, columns) in enumerate(zip(self.space.rows, self.space.columns, strict=True)):
            if other == block:
                levels[:, columns] = rows[options]
            elif row[other] >= 0:
                levels[:, columns] = rows[row[other]]
        gains = self._gains(levels, [int(feature) for feature in self.space.columns[block]], assigned)
        best = np.flatnonzero(gains == gains.max()).tolist()
        return int(options[self._choices.pick(best)])

    def _gains(
        self, levels: np.ndarray, touching: list[int] | None = None, within: list[int] | None = None
    ) -> np.ndarray:
        """Return how much that is wanted each case would have."""
        total = np.zeros(len(levels), int)
        for combinations, weight in ((self._pairs, WEIGHT_OF_A_PAIR), (self._triples, 1)):
            among = None
            if touching is not None and within is not None:
                key = (combinations.strength, *touching, -1, *within)
                among = self._among.get(key)
                if among is None:
                    among = self._among[key] = combinations.among(touching, within)
            total += weight * combinations.wanted[combinations.numbers(levels, among)].sum(axis=1)
        return total
