"""How a kernel's work is shared out: the pieces of one call, each run by one thread, in any order.

Kernels are compiled to leave Python's lock (``nogil``), so plain threads run them side by side. Numba's own parallel
loops are not used: they take a second and more to compile, abort a process that is forked after one has run, and with
one of its threading layers abort when two threads enter one at once. Their number of threads counts here too.

So does threadpoolctl, which holds the libraries of a process to fewer threads: within ``threadpool_limits(1)`` NumPy's
BLAS has one, and so have these kernels. It is asked only if the program has imported it.
"""

import atexit
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

from numba import config, get_num_threads, threading_layer

from convoracle.fast.workers import Job, Team

BREAK_EVEN = 2_000_000
"""Multiply-adds below which another thread costs more than it saves even if it is awake: 50 microseconds of work."""

TO_WAKE = 4
"""How many times as much it must be if that thread has to be woken up first."""


def thread_count(work: int) -> int:
    """Return how many threads to use for so many multiply-adds: Numba's number, threadpoolctl's if lower, or one."""
    if work < BREAK_EVEN or (work < TO_WAKE * BREAK_EVEN and not _team.is_busy()):
        return 1
    controller = getattr(sys.modules.get("threadpoolctl"), "ThreadpoolController", None)
    libraries = () if controller is None else _linear_algebra(controller)
    return min([_numbas_threads(), *(library.get_num_threads() for library in libraries)])


def threads_to_move(numbers: int) -> int:
    """Return how many threads to use where little more is done with so many numbers than to read and write them."""
    return thread_count(10 * numbers)


def _numbas_threads() -> int:
    """Return Numba's number of threads.

    Asked for it, Numba starts its own threads, which are not used here, and if they are OpenMP's it sets the number of
    OpenMP's, and so PyTorch's, too. But who has set the number has started them.
    """
    try:
        threading_layer()
    except ValueError:
        settings: Any = config  # its attributes are made when it is imported
        return int(settings.NUMBA_NUM_THREADS)
    return int(get_num_threads())


@functools.cache
def _linear_algebra(controller: Any) -> tuple[Any, ...]:
    """Return the BLAS libraries threadpoolctl finds in this process: NumPy's, and SciPy's if it is loaded by now."""
    return tuple(controller().select(user_api="blas").lib_controllers)


def run_pieces(kernel: Callable[..., None], pieces: int, *arguments: Any) -> None:
    """Call ``kernel(piece, pieces, *arguments)`` for every piece, in this thread and in idle ones, and wait for all."""
    if pieces == 1:
        kernel(0, 1, *arguments)
        _team.note_work()
    else:
        _team.run(Job(kernel, pieces, arguments))


def forget_threads() -> None:
    """Be rid of all threads, and of what they keep; new ones are started when they are needed."""
    global _team
    leaving, _team = _team, _new_team()
    leaving.dismiss()


def _new_team() -> Team:
    """Return a team that is as large, with whoever calls, as Numba's number of threads can be set to."""
    settings: Any = config  # its attributes are made when it is imported
    return Team(settings.NUMBA_NUM_THREADS - 1)


def _forget_parent() -> None:
    """Start anew in a forked child, where the threads of the parent do not exist."""
    global _team
    _team = _new_team()


_team = _new_team()
# Threads must not come back from a kernel to an interpreter that has ended.
atexit.register(lambda: _team.dismiss())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parent)
