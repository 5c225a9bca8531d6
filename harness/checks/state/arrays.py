"""The arrays of a walk: handed over again, written over, seen in another way, handed back; and what they must hold."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import ELSEWHERE, lay_out

AGAIN_EVERY, REFILLED_EVERY, LAID_OUT_EVERY, READ_ONLY_EVERY, SLICED_EVERY, TURNED_EVERY = 2, 2, 4, 4, 4, 3
"""An array that holds what is asked for is handed over once in so many times; another one written over, every other
time the latest; a new one laid out in another way, or read-only; a result kept by a part of it alone; a square array
seen with its axes exchanged."""

MOST = 40
"""So many are kept."""


@dataclass
class Held:
    """An array as it is handed over, the way to write to it, and the numbers that it holds."""

    array: np.ndarray
    owner: np.ndarray | None
    values: np.ndarray


class Memory:
    """Arrays that are alive; `choices` decides what becomes of them."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.how = ""
        self.held: list[Held] = []

    def operand(self, values: np.ndarray, dtype: np.dtype, busy: list[np.ndarray]) -> np.ndarray:
        """Return an array of these numbers: the one that was handed over before, another one written over, or new.

        None that is `busy`, an operand of the same call, is written over. Afterwards `how` says which it is.
        """
        self.how = "new"
        alike = [one for one in self.held if one.array.dtype == dtype and one.array.shape == values.shape]
        same = [one.array for one in alike if one.values is values] or list(_turned(alike, values))
        if same and self.choices.happens(AGAIN_EVERY):
            self.how = "as passed before, or seen otherwise"
            return self.choices.pick(same)
        free = [
            one
            for one in alike
            if one.owner is not None and not any(np.may_share_memory(one.array, array) for array in busy)
        ]
        if free and self.choices.happens(REFILLED_EVERY):
            self.how = "in an array of before, written over"
            return self._written_over(free[-1] if self.choices.happens(2) else self.choices.pick(free), values)
        return self._new(values, dtype)

    def take(self, results: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> None:
        """Keep results, which are the caller's now: to be handed over in turn, or a part of each to be looked at."""
        for got, values in zip(results, expected, strict=True):
            if not np.ndim(got):  # a loss is a number
                continue
            if self.choices.happens(SLICED_EVERY) and len(got) > 1:
                self._keep(Held(got[1:], None, got[1:].copy()))
            else:
                is_exact = got.dtype.kind == values.dtype.kind and np.array_equal(got, values)
                self._keep(Held(got, got if got.flags.writeable else None, values if is_exact else got.copy()))

    def has_changed(self) -> bool:
        """Return whether an array does not hold what it must."""
        return not all(np.array_equal(one.array, one.values) for one in self.held)

    def _written_over(self, held: Held, values: np.ndarray) -> np.ndarray:
        """Write other numbers into an array, perhaps as it is seen with two of its axes exchanged."""
        shape = values.shape
        pairs = [(i, i + 1) for i in range(len(shape) - 1) if shape[i] == shape[i + 1] > 1]
        if pairs and held.owner is not None and self.choices.happens(TURNED_EVERY):
            axes = self.choices.pick(pairs)
            held.array, held.owner = held.array.swapaxes(*axes), held.owner.swapaxes(*axes)
        if held.owner is not None:
            held.owner[...] = values
        # Whoever shares the memory holds something else now.
        self.held = [one for one in self.held if one is held or not np.may_share_memory(one.array, held.array)]
        held.values = values
        return held.array

    def _new(self, values: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return a new array, which is kept unless it is for this call alone."""
        layout = self.choices.pick(ELSEWHERE) if self.choices.happens(LAID_OUT_EVERY) else "C"
        owner = lay_out(values.astype(dtype), layout)
        array = owner
        if self.choices.happens(READ_ONLY_EVERY):
            array = owner.view()
            array.flags.writeable = False
        if not self.choices.happens(3):
            self._keep(Held(array, owner, values))
        return array

    def _keep(self, held: Held) -> None:
        self.held = [*self.held[1 - MOST :], held]


def _turned(held: list[Held], values: np.ndarray) -> Iterator[np.ndarray]:
    """Yield views of arrays that hold what `values` is a view of, with the same two axes exchanged."""
    for one in held:
        for axis in range(values.ndim - 1):
            if values.base is one.values and one.values.swapaxes(axis, axis + 1).strides == values.strides:
                yield one.array.swapaxes(axis, axis + 1)
