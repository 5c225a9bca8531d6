"""The clock's side of a comparison: rounds of calls in the order A B C C B A, until enough is known.

Everything is handed in, the clock included, so that tests can drive it with times of their own.
"""

import gc
import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

LOOKS = (9, 17, 33, 65, 129, 257, 513)
"""After so many rounds it is asked whether enough is known. All are odd, so the median is one of the rounds."""

LEAST_SAMPLE = 2e-3
"""Seconds. Shorter calls are made several times in a row: so long is far more than the clock's steps, and than what it
takes to fill the caches again after the implementation before."""

SETTLE = 0.01
"""Seconds of sleep before another implementation has its turn, where there are several threads: until then those of
the one before (OpenMP's) may be spinning on a core."""

WAKE = 5e-3
"""Seconds of untimed calls after that sleep, until all threads and cores are awake; then a sample is as long, too."""

Call = Callable[[int], Any]
"""A call of an implementation on its set of arrays of this number."""


@dataclass
class Times:
    """Seconds for a call in each round, by implementation, and what the last timed call of each returned.

    Parameters
    ----------
    rounds : list of list of float
        For each implementation, the mean of its two samples in each round.
    last : list of tuple
        For each implementation, the number of the set of arrays of its last timed call, and what came back.
    """

    rounds: list[list[float]]
    last: list[tuple[int, Any]] = field(default_factory=list)

    def ratios(self, numerator: int, denominator: int) -> list[float]:
        """Return the ratio of two implementations' times in each round."""
        return [a / b for a, b in zip(self.rounds[numerator], self.rounds[denominator], strict=True)]


def take_turns(
    calls: Sequence[Call],
    sets: int,
    is_enough: Callable[[Times], bool],
    seconds: float,
    *,
    clock: Callable[[], float] = time.perf_counter,
    settle: float = 0.0,
    before: Callable[[], None] | None = None,
    looks: Sequence[int] = LOOKS,
) -> Times:
    """Time implementations in turns until `is_enough` says so, or `seconds` are over; it is asked at `looks` only.

    Parameters
    ----------
    calls : sequence of callable
        The implementations, each called once already.
    sets : int
        How many sets of arrays there are; the calls rotate among them.
    is_enough : callable
        Told the times so far.
    seconds : float
        No round begins after that, the first nine excepted.
    clock : callable
        Seconds, from any start.
    settle : float
        Seconds to sleep before an implementation's turn, which then begins with untimed calls, for `WAKE` seconds.
    before : callable, optional
        Called before every single call, untimed: what makes the caches cold. A sample is then one call.
    looks : sequence of int
        Odd numbers of rounds.
    """
    order = [*range(len(calls)), *reversed(range(len(calls)))]
    times = Times([[] for _ in calls], [(0, None)] * len(calls))
    least = WAKE if settle else LEAST_SAMPLE
    repeats = [1 if before else _repeats(call, least, clock) for call in calls]
    # Whoever calls takes the next set, so that nobody finds in the caches what the one before has just read.
    numbers = itertools.cycle([*range(1, sets), 0])
    end = clock() + seconds
    with _no_collections():
        for number in range(1, looks[-1] + 1):
            spent = [0.0] * len(calls)
            for which in order:
                call = calls[which]
                if settle:
                    _settle(call, numbers, settle, clock)
                if before:
                    before()
                taken = [next(numbers) for _ in range(repeats[which])]
                started = clock()
                for one in taken:
                    result = call(one)
                spent[which] += (clock() - started) / len(taken) / 2.0
                times.last[which] = taken[-1], result
                result = None  # held no longer than by a caller who drops it
            for seconds_of, mean in zip(times.rounds, spent, strict=True):
                seconds_of.append(mean)
            is_over = clock() > end and number >= looks[0] and number % 2 == 1
            if is_over or (number in looks and is_enough(times)):
                break
    return times


def _settle(call: Call, numbers: Iterator[int], seconds: float, clock: Callable[[], float]) -> None:
    """Let the threads of others go to sleep, then wake those of a call."""
    time.sleep(seconds)
    end = clock() + WAKE
    call(next(numbers))
    while clock() < end:
        call(next(numbers))


def _repeats(call: Call, seconds: float, clock: Callable[[], float]) -> int:
    """Return how many calls make a sample of so many seconds."""
    started = clock()
    call(0)
    once = max(clock() - started, 1e-9)
    return max(1, min(10_000, math.ceil(seconds / once)))


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep Python's garbage collector out of the times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
