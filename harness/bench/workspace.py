"""The memory a call takes beside its inputs and results, at its peak."""

import threading
import tracemalloc

from convoracle.harness.bench.implementation import Implementation
from convoracle.harness.bench.threads import thread_limit


def peak_workspace(made: Implementation, threads: int) -> int | None:
    """Return the bytes of a call's peak beyond its results; None for a library that does not allocate in NumPy.

    Some kernels work in memory that a thread keeps from one call to the next. So the call is made by a new thread, with
    new threads to help it, and all that they take counts. It is not timed: to follow every allocation takes time.
    """
    if not made.allocates_in_numpy:
        return None
    _forget_threads()
    found: list[int] = []

    def measure() -> None:
        with thread_limit(threads):  # Numba counts for each thread that calls
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            result = made.call(0)
            _, peak = tracemalloc.get_traced_memory()
        found.append(max(0, peak - before - sum(array.nbytes for array in made.arrays(result))))

    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        thread = threading.Thread(target=measure)
        thread.start()
        thread.join()
    finally:
        if not was_tracing:
            tracemalloc.stop()
    return found[0] if found else None


def _forget_threads() -> None:
    """Have the kernels start new threads; without Numba they have none."""
    try:
        from convoracle.fast import threads
    except ImportError:
        return
    threads.forget_threads()
