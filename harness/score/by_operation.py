"""Names shared out among a few processes, an operation at a time: what one needs is made, or compiled, once."""

import concurrent.futures
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


def carry_out(
    task: Callable[[str], Result],
    names: Iterable[tuple[str, str]],
    *,
    workers: int | None = None,
    on_result: Callable[[str], None] = lambda name: None,
) -> dict[str, Result]:
    """Return what a task makes of every name, by name.

    Parameters
    ----------
    task : callable
        What to do with one name; it goes to other processes, so it has to be importable.
    names : iterable of (str, str)
        Operation and name.
    workers : int, optional
        How many processes; one for each processor by default. Where one is enough it is this one.
    on_result : callable
        Told the names that are done.
    """
    shares = by_operation(names)
    found: dict[str, Result] = {}

    def take(share: Sequence[str], results: Iterable[Result]) -> None:
        for name, result in zip(share, results, strict=True):
            found[name] = result
            on_result(name)

    processes = min(workers or os.cpu_count() or 1, len(shares))
    if processes < 2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for share in shares:
                take(share, (task(name) for name in share))
        return found
    context = multiprocessing.get_context("spawn")  # a fork would inherit the threads of BLAS and Numba half alive
    with concurrent.futures.ProcessPoolExecutor(processes, context, _quietly) as pool:
        waiting = {pool.submit(_each, task, share): share for share in shares}
        for done in concurrent.futures.as_completed(waiting):
            take(waiting[done], done.result())
    return found


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

    PyTorch gets one thread: there are as many processes as processors already.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
