"""Names shared out among a few processes, an operation at a time: what one needs is made, or compiled, once."""

import concurrent.futures
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from convoracle.harness.campaigns.interrupts import held_back

Result = TypeVar("Result")


def carry_out(
    task: Callable[[str], Result],
    names: Iterable[tuple[str, str]],
    *,
    workers: int | None = None,
    on_result: Callable[[str], None] = lambda name: None,
) -> dict[str, Result]:
    """Return what a task makes of every name, by name; `on_result` is told the names that are done.

    See `results_of` for the other arguments.
    """
    found: dict[str, Result] = {}
    for name, result in results_of(task, names, workers=workers):
        found[name] = result
        on_result(name)
    return found


def results_of(
    task: Callable[[str], Result],
    names: Iterable[tuple[str, str]],
    *,
    workers: int | None = None,
    most: int | None = None,
) -> Iterator[tuple[str, Result]]:
    """Yield what a task makes of every name, as it comes; an interrupt, or no longer asking, ends the processes.

    Parameters
    ----------
    task : callable
        What to do with one name; it goes to other processes, so it has to be importable.
    names : iterable of (str, str)
        Operation and name.
    workers : int, optional
        How many processes; one for each processor by default. Where one is enough it is this one.
    most : int, optional
        How many names a process takes at once: all of an operation by default. Fewer come back sooner.
    """
    shares = [
        share[start : start + (most or len(share))]
        for share in by_operation(names)
        for start in range(0, len(share), most or len(share))
    ]
    processes = min(workers or os.cpu_count() or 1, len(shares))
    if processes < 2:
        for share in shares:
            for name in share:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = task(name)
                yield name, result
        return
    context = multiprocessing.get_context("spawn")  # a fork would inherit the threads of BLAS and Numba half alive
    before = set(multiprocessing.active_children())
    with concurrent.futures.ProcessPoolExecutor(processes, context, _quietly) as pool:
        waiting: dict[concurrent.futures.Future[list[Result]], tuple[str, ...]] = {}
        try:
            with held_back():
                waiting.update({pool.submit(_each, task, share): share for share in shares})
            for done in concurrent.futures.as_completed(waiting):
                yield from zip(waiting[done], done.result(), strict=True)
        except BaseException:
            for future in waiting:
                future.cancel()
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
            raise


def by_operation(names: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the names of each operation, where there are most first: nobody waits for those at last.

    >>> by_operation([("relu", "a"), ("conv2d", "b"), ("conv2d", "c")])
    [('b', 'c'), ('a',)]
    """
    shares: dict[str, list[str]] = {}
    for operation, name in names:
        shares.setdefault(operation, []).append(name)
    return sorted(map(tuple, shares.values()), key=len, reverse=True)


def _each(task: Callable[[str], Result], names: Sequence[str]) -> list[Result]:
    return [task(name) for name in names]


def _quietly() -> None:
    """Keep what candidates print, and what they and other projects' test data warn about, out of the table.

    PyTorch gets one thread: there are as many processes as processors already. An interrupt is the parent's to handle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
