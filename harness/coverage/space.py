"""All that the cases of an operation can be, as blocks; and which combinations of features there are in it at all."""

import math
from collections.abc import Sequence
from itertools import combinations, product

import numpy as np

from convoracle.harness.coverage.block import Block, Feature, distinct_rows


class Space:
    """Blocks that are independent of each other but for the features they share by name.

    A combination of levels is feasible if every block has an option with its part of it, for one choice of the shared
    features: then a case is made of those options. Where some block has none, there is no such case among those drawn.

    Attributes
    ----------
    blocks : tuple of Block
        The parts of a case.
    features : tuple of Feature
        All features, each once.
    rows : list of ndarray
        For each block, its distinct combinations of levels.
    columns : list of ndarray
        For each block, where its features are among all.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = tuple(blocks)
        by_name = {feature.name: feature for block in blocks for feature in block.features}
        self.features: tuple[Feature, ...] = tuple(by_name.values())
        names = list(by_name)
        self.columns = [np.array([names.index(feature.name) for feature in block.features]) for block in blocks]
        self.rows: list[np.ndarray] = []
        self._members: list[list[np.ndarray]] = []
        for block in blocks:
            rows, members = block.distinct
            self.rows.append(rows)
            self._members.append(members)
        self._weights = [_weights(block.features) for block in blocks]
        self._codes = [rows @ weights for rows, weights in zip(self.rows, self._weights, strict=True)]
        counts = np.zeros(len(names), int)
        for columns in self.columns:
            counts[columns] += 1
        self.shared = np.flatnonzero(counts > 1)
        self.classes = [feature.class_of_level for feature in self.features]

    def members(self, block: int, row: int) -> np.ndarray:
        """Return the options of a block with one of its combinations of levels."""
        return self._members[block][row]

    def row_with(self, block: int, levels: np.ndarray) -> int | None:
        """Return which row of a block has its part of the levels of all features; None where none has."""
        codes = self._codes[block]
        code = levels[self.columns[block]] @ self._weights[block]
        row = int(np.searchsorted(codes, code))
        return row if row < len(codes) and codes[row] == code else None

    def shared_values(self) -> list[tuple[int, ...]]:
        """Return every combination of levels of the shared features that occurs in all blocks that have them."""
        ranges = [range(len(self.features[feature].levels)) for feature in self.shared]
        return [values for values in product(*ranges) if all(mask.any() for mask in self.which_have(values))]

    def which_have(self, values: Sequence[int]) -> list[np.ndarray]:
        """Return which rows of each block have these levels of the shared features."""
        found = []
        for rows, columns in zip(self.rows, self.columns, strict=True):
            kept = np.ones(len(rows), bool)
            for feature, value in zip(self.shared, values, strict=True):
                kept &= (rows[:, columns == feature] == value).all(axis=1)
            found.append(kept)
        return found

    def feasible(self, strength: int, having: int | None = None) -> dict[tuple[int, ...], np.ndarray]:
        """Return, for every two or three features, which combinations of their levels (classes, for three) exist.

        With `having`, only for those that contain the feature of that number.
        """
        coarse = strength > 2
        sizes = [len(f.class_names if coarse else f.levels) for f in self.features]
        found = {
            chosen: np.zeros([sizes[feature] for feature in chosen], bool)
            for chosen in combinations(range(len(self.features)), strength)
            if having is None or having in chosen
        }
        for values in self.shared_values():
            parts = _Parts(self, values, sizes, coarse)
            for chosen, exists in found.items():
                exists |= parts.combined(chosen)
        return found

    def levels_of(self, options: Sequence[np.ndarray]) -> np.ndarray:
        """Return the levels of all features of cases, from the numbers of each of their blocks."""
        levels = np.zeros((len(options[0]), len(self.features)), int)
        for block, columns, rows in zip(self.blocks, self.columns, options, strict=True):
            levels[:, columns] = block.classify(np.asarray(rows))
        return levels


def _weights(features: Sequence[Feature]) -> np.ndarray:
    """Return what to multiply the levels of a row by, so that the sums are in the order of the rows."""
    counts = [len(feature.levels) for feature in features]
    return np.array([math.prod(counts[at + 1 :]) for at in range(len(counts))])


class _Parts:
    """What exists in each block for one choice of the shared features."""

    def __init__(self, space: Space, values: Sequence[int], sizes: Sequence[int], coarse: bool) -> None:
        self._sizes = sizes
        self._rows = []
        self._home: dict[int, tuple[int, int]] = {}
        for block, mask in enumerate(space.which_have(values)):
            rows, columns = space.rows[block][mask], space.columns[block]
            if coarse:
                rows = np.stack([space.classes[f][rows[:, at]] for at, f in enumerate(columns)], -1)
            self._rows.append(distinct_rows(rows)[0])
            for at, feature in enumerate(columns):
                self._home.setdefault(int(feature), (block, at))
        self._of_part: dict[tuple[int, ...], np.ndarray] = {}

    def combined(self, chosen: tuple[int, ...]) -> np.ndarray:
        """Return which combinations of levels exist: the product of those of the blocks, which are independent."""
        by_block: dict[int, list[int]] = {}
        for feature in chosen:
            by_block.setdefault(self._home[feature][0], []).append(feature)
        letters = dict(zip(chosen, "abc", strict=False))
        words = ",".join("".join(letters[feature] for feature in part) for part in by_block.values())
        parts = [self._part(tuple(part)) for part in by_block.values()]
        if len(parts) == 1:
            return parts[0]
        return np.einsum(f"{words}->{''.join(letters.values())}", *parts)

    def _part(self, features: tuple[int, ...]) -> np.ndarray:
        """Return which combinations of the levels of features of one block exist."""
        if features not in self._of_part:
            block = self._home[features[0]][0]
            exists = np.zeros([self._sizes[feature] for feature in features], bool)
            exists[tuple(self._rows[block][:, self._home[feature][1]] for feature in features)] = True
            self._of_part[features] = exists
        return self._of_part[features]
