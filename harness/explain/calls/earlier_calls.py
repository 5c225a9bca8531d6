"""What a failing case has to do with earlier calls: which way to ask, for each way to fail."""

import dataclasses
import functools
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import CannotRun
from convoracle.harness.examine import examine
from convoracle.harness.explain.budget import Budget
from convoracle.harness.explain.calls.carried import Replay, carried_over
from convoracle.harness.explain.calls.history import Recorder, changed_later, made_again, remembered
from convoracle.harness.explain.evidence import Evidence, arranged, observe, operands_of
from convoracle.harness.explain.heartbeat import Heartbeat
from convoracle.harness.operations import Operation

CARRIED_SECONDS = 3.0
"""How long calls may be made again in a module imported anew, to see what they owe to each other."""


def carried(
    operation: Operation,
    candidate: Candidate,
    heart: Heartbeat,
    cases: Sequence[Any],
    earlier: Sequence[Any],
    checks: frozenset[str],
    budget: Budget,
    reserved: float,
) -> str:
    """Return what the failing cases owe to calls before; empty if nothing, or where nothing can be imported anew."""
    if candidate.anew is None:
        return ""
    load = candidate.anew
    seconds = budget.step("making the calls in a new process", CARRIED_SECONDS, reserved)

    def anew() -> Callable[..., Any]:
        function = dataclasses.replace(candidate, function=load()).bound_to(operation)
        return functools.partial(heart.calling, function)

    def fails(function: Callable[..., Any], case: Any) -> bool:
        found = examine(operation, function, case, candidate.accuracy, candidate.limits, checks, candidate.dtypes)
        return found.problem is not None

    names = tuple(operation.operand_shapes(cases[0]))
    try:
        return carried_over(Replay(anew, fails, names, time.monotonic() + seconds), cases, earlier)
    except CannotRun:  # a module that cannot be imported twice
        return ""


def of_its_own_calls(
    operation: Operation, candidate: Candidate, function: Callable[..., Any], case: Any, checks: frozenset[str]
) -> str:
    """Return what the wrong result has to do with earlier calls, by making the case's calls again."""
    recorder = Recorder(function)
    found = examine(operation, recorder, case, candidate.accuracy, candidate.limits, checks, candidate.dtypes)
    if found.problem is None:
        return "the same calls, made again, are right: what was called before them in this process decides, or chance"
    return remembered(function, recorder.calls, tuple(operation.operand_shapes(case)))


def stale(operation: Operation, function: Callable[..., Any], case: Any) -> str:
    """Return after how many calls a result changes that was handed out."""
    numbers = itertools.count(case.seed)

    def call() -> list[np.ndarray]:
        _, operands = next(operands_of(operation, dataclasses.replace(case, seed=next(numbers)), "exact"))
        positional, keywords = operation.arguments(case, arranged(operation, case, operands))
        returned = function(*positional, **keywords)
        return list(returned) if isinstance(returned, (tuple, list)) else [returned]

    return changed_later(call)


def made_once_more(operation: Operation, candidate: Candidate, function: Callable[..., Any], evidence: Evidence) -> str:
    """Return whether the wrong result comes of arrays where others lay before."""
    case, data, operands = evidence.case, evidence.data, evidence.operands
    return made_again(
        lambda: bool(observe(operation, function, case, candidate.accuracy, data, operands).wrong),
        lambda: arranged(operation, case, operands),
    )
