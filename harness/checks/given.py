"""What a call was given: the arrays that it must leave as they are, in values, shape and all.

They are kept as bytes, for a comparison of bytes takes a fraction of the time of one of values, and a NaN is equal to
itself.
"""

from collections.abc import Mapping

import numpy as np

from convoracle.harness.checks.compare import first
from convoracle.harness.checks.problem import Problem


class Given:
    """The arrays of a call, by name, and what they were before it."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.arrays = arrays
        self._before = [_state(array) for array in arrays.values()]

    def changed(self) -> Problem | None:
        """Return which of the arrays is no longer what it was, if one is."""
        for (name, array), before in zip(self.arrays.items(), self._before, strict=True):
            if _state(array) != before:
                return _problem(name, array, *before)
        return None


State = tuple[bytes, tuple[int, ...], np.dtype, bool]


def _state(array: np.ndarray) -> State:
    """Return all about an array that a call could change."""
    return array.tobytes(), array.shape, array.dtype, array.flags.writeable


def _problem(
    name: str, array: np.ndarray, data: bytes, shape: tuple[int, ...], dtype: np.dtype, writeable: bool
) -> Problem:
    """Return what was changed about an array."""
    for what, was, became in (
        ("the dtype of its", dtype, array.dtype),
        ("the shape of its", shape, array.shape),
        ("whether one may write to its", writeable, array.flags.writeable),
    ):
        if was != became:
            sentence = f"the call changed {what} input {name}, from {was} to {became}"
            return Problem("contract", "inputs unmodified", sentence)
    saved = np.frombuffer(data, dtype).reshape(shape)
    # Bytes again: what became of a zero is a zero of another sign.
    before, after = (np.frombuffer(one, np.uint8).reshape(*shape, -1) for one in (data, array.tobytes()))
    index = first((before != after).any(axis=-1))
    return Problem(
        "contract", "inputs unmodified", f"the call changed its input {name}", index, saved[index], array[index]
    )
