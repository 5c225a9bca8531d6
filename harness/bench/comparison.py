"""One workload, one pass, one number of threads: implementations side by side, and whether each is right."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.bench import caches, gate
from convoracle.harness.bench.implementation import Implementation, library_of, prepare
from convoracle.harness.bench.operands import operand_sets
from convoracle.harness.bench.rounds import SETTLE, Times, take_turns
from convoracle.harness.bench.sample import Measured, check
from convoracle.harness.bench.statistics import Interval, median_interval
from convoracle.harness.bench.threads import thread_limit
from convoracle.harness.bench.workload import Workload
from convoracle.harness.bench.workspace import peak_workspace
from convoracle.harness.candidates.source import CannotRun

PRECISION = 0.01
"""An interval that reaches 1 % to either side is narrow enough to stop."""


@dataclass(frozen=True)
class Task:
    """What to compare.

    Parameters
    ----------
    workload : Workload
        The layer.
    direction : {"forward", "backward", "input_grad", "weight_grad"}
        The pass.
    threads : int
        For every implementation.
    names : tuple of str
        The implementations that are asked about.
    against : tuple of str
        Those they are compared with.
    seconds : float
        Time for the rounds; at least nine are made.
    is_cold : bool
        Drive everything out of the caches before each call.
    limit : float, optional
        The gate of each ratio: rounds are made until all have an answer.
    ratio_count : int
        How many ratios share the gate's chance of a false alarm.
    """

    workload: Workload
    direction: str
    threads: int
    names: tuple[str, ...]
    against: tuple[str, ...] = ()
    seconds: float = 1.0
    is_cold: bool = False
    limit: float | None = None
    ratio_count: int = 1


@dataclass(frozen=True)
class Result:
    """What one implementation showed.

    Parameters
    ----------
    name : str
        Which.
    rounds : tuple of float
        Seconds of a call, round by round.
    measured : Measured
        How far from the exact values its timed result is.
    accuracy : {"componentwise", "normwise"}
        The bound it was held to.
    workspace : int, optional
        Bytes a call takes beside its inputs and results.
    """

    name: str
    rounds: tuple[float, ...]
    measured: Measured
    accuracy: str
    workspace: int | None

    @property
    def seconds(self) -> Interval:
        """The median time of a call."""
        return median_interval(self.rounds)

    @property
    def grade(self) -> str:
        """A or B for a result within the componentwise or normwise bound it was held to, else fail."""
        if self.measured.problem is not None:
            return "fail"
        return "A" if self.accuracy == "componentwise" else "B"


@dataclass
class Comparison:
    """What a task showed, and why some implementations could not take part."""

    task: Task
    results: dict[str, Result] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def ratios(self, name: str, other: str) -> list[float]:
        """Return the other's time by this one's, round by round; above 1 where this one is faster."""
        return [b / a for a, b in zip(self.results[name].rounds, self.results[other].rounds, strict=True)]

    def ratio(self, name: str, other: str) -> Interval:
        """Return the median of these ratios."""
        return median_interval(self.ratios(name, other))

    def pairs(self) -> list[tuple[str, str]]:
        """Return what was compared with what."""
        return _pairs(self.task, self.results)

    def answer(self, name: str, other: str) -> str:
        """Return the gate's answer for a pair."""
        assert self.task.limit is not None
        return gate.decide(self.ratios(name, other), self.task.limit, self.task.ratio_count)


Make = Callable[[str, Workload, str, Sequence[Any], int], Implementation]


def compare(task: Task, make: Make = prepare, clock: Callable[[], float] = time.perf_counter) -> Comparison:
    """Time the implementations of a task in turns, then hold what the last timed calls returned to its bound."""
    found = Comparison(task)
    sets = operand_sets(task.workload, task.direction)
    ready: dict[str, Implementation] = {}
    with thread_limit(task.threads):
        for name in dict.fromkeys((*task.names, *task.against)):
            try:
                ready[name] = make(name, task.workload, task.direction, sets, task.threads)
            except CannotRun as error:
                found.refused[name] = str(error)
        if not any(name in ready for name in task.names):
            return found
        names = list(ready)
        times = take_turns(
            [one.call for one in ready.values()],
            len(sets),
            lambda times: _is_enough(task, names, times),
            task.seconds,
            settle=SETTLE if task.threads > 1 else 0.0,
            threads_of=[library_of(name) for name in names],
            before=caches.flusher() if task.is_cold else None,
            clock=clock,
        )
        for position, one in enumerate(ready.values()):
            number, result = times.last[position]
            # The stream of parts is drawn from how long it took: another part each time.
            draw = int(times.rounds[position][-1] * 1e12) % 2**31
            measured = check(task.workload, task.direction, sets[number], one.arrays(result), one.accuracy, draw)
            found.results[one.name] = Result(
                one.name, tuple(times.rounds[position]), measured, one.accuracy, peak_workspace(one, task.threads)
            )
    return found


def _is_enough(task: Task, names: Sequence[str], times: Times) -> bool:
    """Return whether every ratio has its answer, or is known well enough; without ratios, every time."""
    pairs = [(names.index(name), names.index(other)) for name, other in _pairs(task, names)]
    if task.limit is not None and pairs:
        return all(
            gate.decide(times.ratios(other, name), task.limit, task.ratio_count) != gate.OPEN for name, other in pairs
        )
    series = [times.ratios(other, name) for name, other in pairs] or times.rounds
    return all(median_interval(one).reach <= PRECISION for one in series)


def _pairs(task: Task, names: Any) -> list[tuple[str, str]]:
    """Return each implementation asked about with each of the others, of those that take part."""
    return [
        (name, other) for name in task.names for other in task.against if name != other and {name, other} <= set(names)
    ]


def same_twice(workload: Workload, threads: int, name: str, seconds: float) -> Interval:
    """Return the ratio of an implementation's times to its own: what is left of 1 is the machine's noise.

    Raises
    ------
    CannotRun
        If the implementation does not do the workload.
    """
    sets = operand_sets(workload, "forward")
    with thread_limit(threads):
        one = prepare(name, workload, "forward", sets, threads)
        times = take_turns(
            [one.call, one.call], len(sets), lambda times: False, seconds, settle=SETTLE if threads > 1 else 0.0
        )
    return median_interval(times.ratios(1, 0))
