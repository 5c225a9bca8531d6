"""What the gate is worth on this machine: how often it cries wolf, and how often it sees a slowdown that was planted.

The same convolution is compared with itself, again and again, each time through the whole gate. Then with itself made
slower: after each call the program waits until a tenth more time has gone by.

With several threads there are two kinds of comparison. Implementations by the same threads follow each other at once;
where another library's turn comes, one has to wait until the threads of the one before sleep, rounds take longer, and
the machine changes more between two turns. `are_apart` treats the two that are compared as if they were such.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.bench import gate
from convoracle.harness.bench.implementation import Implementation, prepare
from convoracle.harness.bench.operands import operand_sets
from convoracle.harness.bench.rounds import SETTLE, Call, take_turns
from convoracle.harness.bench.threads import thread_limit
from convoracle.harness.bench.workload import Workload

SLOWDOWN = 1.1


@dataclass
class Rates:
    """The answers of the gate to one question, asked many times.

    Parameters
    ----------
    slowdown : float
        How much longer the one that is asked about takes: 1 for the same against itself.
    answers : list of str
        One for each run.
    rounds : list of int
        How many rounds each run took.
    """

    slowdown: float
    answers: list[str] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)

    def count(self, answer: str) -> int:
        """Return how often an answer was given."""
        return self.answers.count(answer)

    def interval(self, answer: str) -> tuple[float, float]:
        """Return between which the answer's rate lies with 95 % confidence (Clopper and Pearson: never too narrow)."""
        from scipy.stats import binomtest

        found = binomtest(self.count(answer), len(self.answers)).proportion_ci(0.95, "exact")
        return float(found.low), float(found.high)


def measure(
    workload: Workload,
    name: str,
    threads: int,
    limit: float,
    seconds: float,
    runs: int,
    on_run: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
    make: Callable[..., Implementation] = prepare,
    are_apart: bool = False,
) -> tuple[Rates, Rates]:
    """Return the gate's answers about the same against itself, and about a planted slowdown of a tenth."""
    sets = operand_sets(workload, "forward")
    found = Rates(1.0), Rates(SLOWDOWN)
    with thread_limit(threads):
        one = make(name, workload, "forward", sets, threads)
        for _ in range(runs):
            for rates in found:
                asked = one.call if rates.slowdown == 1.0 else slowed(one.call, rates.slowdown, clock)
                times = take_turns(
                    [asked, one.call],
                    len(sets),
                    lambda times: gate.decide(times.ratios(1, 0), limit, 1) != gate.OPEN,
                    seconds,
                    clock=clock,
                    settle=SETTLE if threads > 1 else 0.0,
                    threads_of=range(2) if are_apart else (0, 0),
                )
                rates.answers.append(gate.decide(times.ratios(1, 0), limit, 1))
                rates.rounds.append(len(times.rounds[0]))
                on_run()
    return found


def slowed(call: Call, slowdown: float, clock: Callable[[], float] = time.perf_counter) -> Call:
    """Return the call made slower: it waits, working, until `slowdown` times as long has gone by."""

    def wrapped(number: int) -> Any:
        started = clock()
        result = call(number)
        end = started + slowdown * (clock() - started)
        while clock() < end:
            pass
        return result

    return wrapped
