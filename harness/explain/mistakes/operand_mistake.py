"""A mistake about an operand, as a change of it, and the changes that several mistakes share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Change = Callable[[Any, np.ndarray], np.ndarray | None]


@dataclass(frozen=True)
class OperandMistake:
    """A change of one operand, and what it amounts to in words; None where it cannot be."""

    says: str
    name: str
    change: Change
    cost: int = 2


def flipped(array: np.ndarray, axes: int) -> np.ndarray:
    """Return the array with its last axes reversed."""
    return np.flip(array, tuple(range(array.ndim - axes, array.ndim)))


def zeroed(array: np.ndarray, axis: int, where: slice) -> np.ndarray:
    """Return the array with a part of one axis made zero."""
    changed = array.copy()
    changed.swapaxes(0, axis)[where] = 0
    return changed


def interleaved(count: int, groups: int) -> np.ndarray:
    """Return the order in which channel i of every group comes before channel i + 1 of any."""
    return np.arange(count).reshape(groups, -1).T.ravel() if count % groups == 0 else np.arange(count)
