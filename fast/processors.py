"""Which processor a thread runs on: not that of whoever waits for it.

Linux likes to wake a thread on the processor of the one that wakes it, above all where another one is busy for a moment
(PyTorch's threads look for work for milliseconds) or asleep in a virtual machine. Two threads that share a processor
take longer than one. Other systems are left to their own choice.
"""

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress


def _find_here() -> Callable[[], int] | None:
    """Return what tells the number of the processor this thread is on, if the system has it."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    found: Callable[[], int] | None = getattr(ctypes.PyDLL(None), "sched_getcpu", None)
    return found


_here = _find_here()


def keep_off(thread: int | None, before: int) -> int:
    """Keep a thread off the processor this one is on; return which that is, or -1. `before` is what this returned last.

    The other thread may run wherever else this one may.
    """
    if _here is None or thread is None:
        return -1
    here = _here()
    if here != before:
        elsewhere = os.sched_getaffinity(0) - {here}
        if elsewhere:
            with suppress(OSError):  # some containers do not allow it
                os.sched_setaffinity(thread, elsewhere)
    return here
