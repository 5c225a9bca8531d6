"""Whether dictionaries still hold the very objects that they held: asked about thousands of them, once a case.

To take an object out of a dictionary is to count one more reference to it, in a line of memory of its own, which most
often is in no cache by then: that took a twentieth of a case. ``PyDict_Next`` of Python's C interface lends objects
without counting, and only their addresses are compared::

    for each dictionary:
        for each entry that PyDict_Next finds:
            is it where the object was that was found here before?
"""

import contextlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from convoracle.harness.oracle import compiled

next_entry: Any = None
with contextlib.suppress(Exception):  # without Numba, or with a broken one, the objects are taken out
    from numba import types

    # int PyDict_Next(PyObject *dictionary, Py_ssize_t *position, PyObject **key, PyObject **value)
    next_entry = types.ExternalFunction("PyDict_Next", types.int32(*[types.uintp] * 4))


class Identities:
    """The values of some dictionaries, or of views of them, as they were when this was made."""

    def __init__(self, mappings: Sequence[Mapping[str, Any]]) -> None:
        is_lent = [next_entry is not None and isinstance(names, dict) for names in mappings]
        self._taken = [(names, list(names.values())) for names, lent in zip(mappings, is_lent, strict=True) if not lent]
        dictionaries = list(itertools.compress(mappings, is_lent))
        # They are kept, so that no other object can be where one of them is.
        self._kept = [list(names.values()) for names in dictionaries]
        self._where = tuple(
            np.array(numbers, np.uintp)
            for numbers in (
                [id(names) for names in dictionaries],
                list(itertools.accumulate(len(values) for values in self._kept)),
                [id(value) for values in self._kept for value in values],
            )
        )
        # A candidate may replace what is in modules, these and NumPy included: all that is needed then is here by now.
        self._found = np.empty(3, np.uintp)
        self._walk: Callable[..., bool] | None = None if next_entry is None else compiled(_are_where_they_were)
        self.are_unchanged()  # compiled now, and not later

    def are_unchanged(self) -> bool:
        """Return whether every dictionary has the same values in the same order."""
        if any(list(names.values()) != values for names, values in self._taken):
            return False
        return self._walk is None or self._walk(*self._where, self._found)


def _are_where_they_were(dictionaries: np.ndarray, ends: np.ndarray, addresses: np.ndarray, found: np.ndarray) -> bool:
    """Return whether the values of each dictionary are at the addresses before its end, and no others."""
    position = found.ctypes.data
    entry = 0
    for dictionary, end in zip(dictionaries, ends):  # noqa: B905 - Numba's zip has no strict
        found[0] = 0
        while next_entry(dictionary, position, position + 8, position + 16):
            if entry == end or addresses[entry] != found[2]:
                return False
            entry += 1
        if entry != end:
            return False
    return True
