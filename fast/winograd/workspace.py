"""Memory that a thread works in, kept from one call to the next: new memory would cost as much as what is done in it.

The system gives memory out page by page, each cleared when it is first touched. What a thread needs is the same in
every call of a network's layer, a few megabytes, and nothing in it outlives the call.
"""

import threading

import numpy as np

KEPT_BYTES = 16 << 20
"""A thread keeps so many bytes or fewer; more are given back at the end of the call."""

CALL_BYTES = 60 << 20
"""All threads of one call together take so many bytes or fewer, unless a single one needs more."""

LINE = 64
"""Bytes in a line of the cache; no vector should lie across two."""

SMALL_BYTES = 1 << 17
"""With so many bytes or fewer, to ask where an array begins takes longer than vectors across two lines."""

_kept = threading.local()


def borrow(numbers: int, dtype: np.dtype) -> np.ndarray:
    """Return an array of so many numbers, of any value; it is this thread's until its next call."""
    memory: np.ndarray | None = getattr(_kept, "memory", None)
    if memory is None or len(memory) < numbers * dtype.itemsize:
        memory = _aligned(numbers * dtype.itemsize)
        if len(memory) <= KEPT_BYTES:
            _kept.memory = memory
    return memory[: numbers * dtype.itemsize].view(dtype)


def allocate(numbers: int, dtype: np.dtype) -> np.ndarray:
    """Return a new array of so many numbers, of any value, that begins with a line of the cache unless it is small."""
    size = numbers * dtype.itemsize
    return np.empty(numbers, dtype) if size <= SMALL_BYTES else _aligned(size).view(dtype)


def _aligned(size: int) -> np.ndarray:
    """Return so many bytes that begin with a line of the cache."""
    memory = np.empty(size + LINE, np.uint8)
    begin = -memory.ctypes.data % LINE
    return memory[begin : begin + size]


def threads_that_fit(threads: int, size: int) -> int:
    """Return how many of the threads may borrow so many bytes each."""
    return max(min(threads, CALL_BYTES // size), 1)
