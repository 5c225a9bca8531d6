"""How a kernel's work is shared out: the pieces of one call, each run by one thread, in any order.

Kernels are compiled to leave Python's lock (``nogil``), so plain threads run them side by side. Numba's own parallel
loops are not used: they take a second and more to compile, abort a process that is forked after one has run, and with
one of its threading layers abort when two threads enter one at once. Their number of threads counts here too.

So does threadpoolctl, which holds the libraries of a process to fewer threads: within ``threadpool_limits(1)`` NumPy's
BLAS has one, and so have these kernels. It is asked only if the program has imported it.
"""

import functools
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numba import get_num_threads

BREAK_EVEN = 16_000_000
"""Multiply-adds below which waking another thread and waiting for it costs more than it saves: some 400 microseconds of
work, measured on a virtual machine of two cores, where either takes 100."""

_pool: ThreadPoolExecutor | None = None


def thread_count(work: int) -> int:
    """Return how many threads to use for so many multiply-adds: Numba's number, threadpoolctl's if lower, or one."""
    if work < BREAK_EVEN:
        return 1
    controller = getattr(sys.modules.get("threadpoolctl"), "ThreadpoolController", None)
    libraries = () if controller is None else _linear_algebra(controller)
    return min([int(get_num_threads()), *(library.get_num_threads() for library in libraries)])


def threads_to_move(numbers: int) -> int:
    """Return how many threads to use where little more is done with so many numbers than to read and write them."""
    return thread_count(10 * numbers)


@functools.cache
def _linear_algebra(controller: Any) -> tuple[Any, ...]:
    """Return the BLAS libraries threadpoolctl finds in this process: NumPy's, and SciPy's if it is loaded by now."""
    return tuple(controller().select(user_api="blas").lib_controllers)


def run_pieces(kernel: Callable[..., None], pieces: int, *arguments: Any) -> None:
    """Call ``kernel(piece, pieces, *arguments)`` for every piece, the first in this thread, and wait for all."""
    if pieces == 1:
        kernel(0, 1, *arguments)
        return
    others = [_threads().submit(kernel, piece, pieces, *arguments) for piece in range(1, pieces)]
    kernel(0, pieces, *arguments)
    for other in others:
        other.result()


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="convoracle")
    return _pool


def forget_threads() -> None:
    """Start anew: in a forked child, where the threads of the parent do not exist, or to be rid of what they keep."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_threads)
