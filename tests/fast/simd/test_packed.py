"""A tuple that is packed comes out of it as it was."""

import sys
from typing import NamedTuple

import numpy as np
from numba import njit

from convoracle.fast.simd.packed import pack, unpack


class Size(NamedTuple):
    height: int
    is_large: bool
    places: np.ndarray
    steps: np.ndarray


class Step(NamedTuple):
    down: int
    across: int


@njit
def fields(numbers, places, steps):  # type: ignore[no-untyped-def]
    """Every field of two packed tuples."""
    size, step = unpack(Size, numbers, 0, (places, steps)), unpack(Step, numbers, 2, ())
    return size.height, size.is_large, size.places, size.steps, step.down, step.across


def test_fields_come_back() -> None:
    size = Size(-7, True, np.arange(3), np.full(2, 0.5, np.float32))
    numbers = pack(size, Step(2**40, 9))
    assert numbers.tolist() == [-7, 1, 2**40, 9]
    height, is_large, places, steps, down, across = fields(numbers, size.places, size.steps)
    assert (height, is_large, down, across) == (-7, 1, 2**40, 9)
    assert places is size.places or places.tolist() == [0, 1, 2]
    assert steps.dtype == np.float32


def test_arrays_are_neither_lost_nor_kept() -> None:
    places, steps = np.arange(3), np.ones(2, np.float32)
    numbers = pack(Size(1, False, places, steps), Step(2, 3))
    before = sys.getrefcount(places), sys.getrefcount(steps)
    for _ in range(100):
        fields(numbers, places, steps)
    assert (sys.getrefcount(places), sys.getrefcount(steps)) == before
