"""A block: a few numbers of a case that constrain each other, every value they may have, and what to call each."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Feature:
    """Something that a bug can depend on.

    Parameters
    ----------
    name : str
        ``"stride_w"``.
    levels : tuple of str
        The values that are told apart where two features are combined.
    classes : tuple of str, optional
        The coarser class of each level, told apart where three are combined; the levels themselves by default.
    """

    name: str
    levels: tuple[str, ...]
    classes: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The distinct classes."""
        return tuple(dict.fromkeys(self.classes or self.levels))

    @property
    def class_of_level(self) -> np.ndarray:
        """The class of each level, as an index."""
        names = self.class_names
        return np.array([names.index(name) for name in self.classes or self.levels])


Classify = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Block:
    """Features decided together.

    Parameters
    ----------
    name : str
        What the space calls it.
    fields : tuple of str
        The numbers that a case has.
    features : tuple of Feature
        What they are told apart by.
    classify : callable
        From numbers, one row for a case, to levels, one row for a case.
    options : ndarray
        Every row of numbers that is drawn: what is in none of them no case has, which is the proof that it cannot be.
    """

    name: str
    fields: tuple[str, ...]
    features: tuple[Feature, ...]
    classify: Classify
    options: np.ndarray

    @functools.cached_property
    def distinct(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """The distinct combinations of levels, and the options that have each: worked out once for many spaces."""
        rows, inverse = distinct_rows(self.classify(self.options))
        order = np.argsort(inverse, kind="stable")
        return rows, np.split(self.options[order], np.cumsum(np.bincount(inverse))[:-1])

    def restricted(self, allowed: np.ndarray) -> "Block":
        """Return the block with those of its options that are allowed; itself where all are."""
        if allowed.all():
            return self
        return Block(self.name, self.fields, self.features, self.classify, self.options[allowed])


def distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct rows of small integers, and for each row which of them it is."""
    sizes = rows.max(axis=0) + 1 if len(rows) else np.ones(rows.shape[1], int)
    codes = np.ravel_multi_index(tuple(rows.T), tuple(sizes))
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return rows[first], inverse


def of_values(name: str, values: Sequence[str], classes: Sequence[str] = ()) -> Block:
    """Return a block of one feature whose levels are the values themselves."""
    feature = Feature(name, tuple(values), tuple(classes))
    return Block(name, (name,), (feature,), lambda rows: rows, np.arange(len(values))[:, None])


def binned(values: np.ndarray, edges: Sequence[int]) -> np.ndarray:
    """Return which interval each value is in: 0 below the first edge, 1 from there to below the second, and so on."""
    return np.searchsorted(np.asarray(edges), values, side="right")


def grid(*axes: Sequence[int]) -> np.ndarray:
    """Return every combination of values, one in a row."""
    return np.stack(np.meshgrid(*map(np.asarray, axes), indexing="ij"), -1).reshape(-1, len(axes))
