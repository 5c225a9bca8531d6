"""The clock's side of a comparison: rounds of calls in an order like A B C C B A, until enough is known.

There and back, so that what slowly gets faster or slower cancels; who begins is drawn anew in each round. So whatever
the machine does meanwhile, of two that are equally fast either is as likely as the other to come out ahead in a round,
and in every round anew: `convoracle.harness.bench.gate` counts on that, and on nothing else.

Everything is handed in, clock and dice included, so that tests can drive it with times of their own.
"""

import gc
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

LOOKS = (9, 17, 33, 65, 129, 257, 513, 1025, 2049)
"""After so many rounds it is asked whether enough is known. All are odd, so the median is one of the rounds."""

LEAST_SAMPLE = 1e-3
"""Seconds. Shorter calls are made several times in a row: so long is far more than the clock's steps. It is no longer
because most of what disturbs a machine lasts for milliseconds: many short rounds say more than a few long ones."""

SETTLE = 0.01
"""Seconds of sleep before another library has its turn, where there are several threads: until then those of the one
before (OpenMP's) may be spinning on a core."""

WAKE = 5e-3
"""Seconds of untimed calls after that sleep, until all threads and cores are awake; then a sample is as long, too.
Where nobody has to be waited for one untimed call fills the caches again, and a round takes a tenth of the time."""

MOST_CALLS = 10_000
"""In a sample."""

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
    threads_of: Sequence[object] = (),
    before: Callable[[], None] | None = None,
    looks: Sequence[int] = LOOKS,
    dice: Random | None = None,
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
        Seconds to sleep before a turn of other threads than the last one's, which then begins with untimed calls for
        `WAKE` seconds, instead of one.
    threads_of : sequence
        For each implementation, whose threads it uses; if there are none, each has its own.
    before : callable, optional
        Called before every single call, untimed: what makes the caches cold. A sample is then one call, the first.
    looks : sequence of int
        Odd numbers of rounds.
    dice : Random, optional
        Draws the order of each round; different in each run if left out.
    """
    dice = dice or Random()
    threads_of = threads_of or range(len(calls))
    times = Times([[] for _ in calls], [(0, None)] * len(calls))
    must_settle = settle > 0.0 and len(set(threads_of)) > 1
    repeats = [1] * len(calls) if before else _repeats(calls, WAKE if must_settle else LEAST_SAMPLE, clock)
    # Whoever calls takes the next set, so that nobody finds in the caches what the one before has just read.
    numbers = itertools.cycle([*range(1, sets), 0])
    last: int | None = None
    end = clock() + seconds
    with _no_collections():
        for number in range(1, looks[-1] + 1):
            spent = [0.0] * len(calls)
            there = dice.sample(range(len(calls)), len(calls))
            for which in (*there, *reversed(there)):
                call = calls[which]
                if which != last:
                    is_other = must_settle and (last is None or threads_of[which] != threads_of[last])
                    if is_other:
                        time.sleep(settle)
                    if is_other or not before:
                        _warm_up(call, numbers, WAKE if is_other else 0.0, clock)
                    last = which
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


def _warm_up(call: Call, numbers: Iterator[int], seconds: float, clock: Callable[[], float]) -> None:
    """Make untimed calls for so many seconds, or one."""
    end = clock() + seconds
    call(next(numbers))
    while clock() < end:
        call(next(numbers))


def _repeats(calls: Sequence[Call], seconds: float, clock: Callable[[], float]) -> list[int]:
    """Return how many calls of each make a sample of so many seconds.

    Those that take about as long make as many: a mean of more calls scatters less, which would tell them apart.
    """
    counts = []
    for call in calls:
        end, count = clock() + seconds, 0
        while count == 0 or (clock() < end and count < MOST_CALLS):
            call(0)
            count += 1
        counts.append(count)
    return [max(other for other in counts if other <= 2 * count) for count in counts]


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
