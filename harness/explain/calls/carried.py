"""What a call owes to calls before it: made alone, by a module that is imported anew, it gives something else.

    the calls of a check:      c0  c1  c2  c3  c4 (wrong)
    each alone, imported anew: r0  r1  r2  r3  r4          c4's result is not r4: it depends on what was called before
    one call before it:                    c2 -> c4        the same wrong result: c2 is what it remembers

Which of the calls before it decides is found by making each of them, and then the wrong one, in a module imported anew;
where the check alone is right, by making it after one of the cases before it, those first that are most like it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.explain.calls.history import Call, Recorder, is_sum, results_are_same, results_of
from convoracle.harness.explain.calls.related import differences, related

MOST_CALLS = 60
"""How many calls before the wrong one are tried, those first that are most like it."""

Function = Callable[..., Any]


@dataclass(frozen=True)
class Replay:
    """What it takes to make calls again.

    Parameters
    ----------
    anew : callable
        Returns the candidate as a new process has it.
    fails : callable
        Runs the checks of a case with a function, and returns whether it fails.
    names : tuple of str
        The operands, in the order of the call.
    deadline : float
        When to stop, by `time.monotonic`.
    """

    anew: Callable[[], Function]
    fails: Callable[[Function, Any], bool]
    names: tuple[str, ...]
    deadline: float

    def is_over(self) -> bool:
        """Return whether the time is up."""
        return time.monotonic() > self.deadline


def carried_over(replay: Replay, cases: Sequence[Any], earlier: Sequence[Any]) -> str:
    """Return what a wrong call has to do with calls before it, in words; empty where alone it gives the same.

    Parameters
    ----------
    replay : Replay
        How calls are made.
    cases : sequence of case
        Those that fail, the simplest first; the first that fails in a module imported anew is explained.
    earlier : sequence of case
        Those that were run before.
    """
    for case in cases:
        recorder = Recorder(replay.anew())
        if replay.fails(recorder, case):
            return _explained(replay, recorder.calls, 0)
    case = cases[-1]
    for before in sorted(earlier, key=lambda one: -_likeness(one, case)):
        if replay.is_over():
            break
        recorder = Recorder(replay.anew())
        replay.fails(recorder, before)
        made = len(recorder.calls)
        if replay.fails(recorder, case):
            return _explained(replay, recorder.calls, made) or "right in a new process, and wrong after other cases"
    recorder = Recorder(replay.anew())
    for before in earlier:
        if replay.is_over():
            return "right in a new process: what was called before decides, or chance"
        replay.fails(recorder, before)
    if replay.fails(recorder, case):
        return f"right in a new process; wrong after all {len(earlier)} cases before it, and after none of them alone"
    return "right in a new process, and there after the same cases, too: chance decides, as of threads that race"


def _explained(replay: Replay, calls: Sequence[Call], start: int) -> str:
    """Return what the first call from `start` on whose result is not what it gives alone owes to those before it."""
    for number in range(start, len(calls)):
        if replay.is_over():
            return ""
        alone = results_of(replay.anew(), calls[number])
        if _agree(alone, calls[number].results):
            continue
        if not _agree(alone, results_of(replay.anew(), calls[number])):
            return "the same call gives something else in each new process: memory that nobody wrote to, or threads"
        return _owing(replay, calls, number, alone)
    return ""


def _owing(replay: Replay, calls: Sequence[Call], number: int, alone: tuple[np.ndarray, ...]) -> str:
    last = calls[number]
    told = "alone, in a new process, the same call gives another result"
    if last.raised:
        told = "alone, in a new process, the same call does not raise"
    latest = range(number - 1, max(number - 1 - MOST_CALLS, -1), -1)
    for i in sorted(latest, key=lambda i: differences(last, calls[i])):
        for after, where in _after(replay, calls[i], last):
            if replay.is_over():
                return f"{told}: it depends on a call before it"
            if _agree(after, last.results):
                what = _what(replay, calls[i], last, alone)
                how = related(last, calls[i], replay.names)
                return f"{told}; it is wrong after {where}{how}{what}"
    count = _fewest(replay, calls, number)
    if count:
        return f"{told}; it takes the {count} calls before it, and fewer are not enough: it counts, or fills up"
    return f"{told}: it depends on calls before it"


def _fewest(replay: Replay, calls: Sequence[Call], number: int) -> int:
    """Return how many calls before one it takes, more than one; 0 if all are not enough, or the time is up."""

    def are_enough(count: int) -> bool:
        function = replay.anew()
        for one in calls[number - count : number]:
            results_of(function, one)
        return _agree(results_of(function, calls[number]), calls[number].results)

    too_few, enough = 1, 2
    while not are_enough(enough):
        if enough == number or replay.is_over():
            return 0
        too_few, enough = enough, min(2 * enough, number)
    while enough - too_few > 1 and not replay.is_over():
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if are_enough(middle) else (middle, enough)
    return enough if enough - too_few == 1 else 0


def _agree(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    """Return whether two calls returned the same, or both nothing: they raised."""
    return results_are_same(one, other) or not (one or other)


def _after(replay: Replay, before: Call, last: Call) -> Iterator[tuple[tuple[np.ndarray, ...], str]]:
    """Yield what a call gives after another one: in arrays of its own, and in the same arrays, written over."""
    function = replay.anew()
    kept = [before.twins(), last.twins()]  # both alive: no array lies where another one did
    results_of(function, before, kept[0])
    a_call = f"a call that raised {before.raised}," if before.raised else "a call"
    yield results_of(function, last, kept[1]), f"{a_call} with "
    shared = before.twins()
    again = last.twins()
    for i, (mine, other) in enumerate(zip(again, shared, strict=False)):
        if isinstance(mine, np.ndarray) and isinstance(other, np.ndarray) and _is_alike(mine, other):
            again[i] = other
    function = replay.anew()
    results_of(function, before, shared)
    for mine, value, other in zip(again, last.positional, shared, strict=False):
        if mine is other and isinstance(value, np.ndarray):
            mine[...] = value
    yield results_of(function, last, again), f"{a_call} in the same arrays, with "


def _what(replay: Replay, before: Call, last: Call, alone: tuple[np.ndarray, ...]) -> str:
    """Return what the wrong outputs are, as the end of a sentence."""
    if [one.shape for one in alone] != [one.shape for one in last.results]:
        return ""
    wrong = [i for i, (one, other) in enumerate(zip(alone, last.results, strict=True)) if not _is_same(one, other)]

    def is_it(results: tuple[np.ndarray, ...]) -> bool:
        return len(results) == len(alone) and all(_is_same(results[i], last.results[i]) for i in wrong)

    earlier = results_of(replay.anew(), before)
    if is_it(earlier):
        return ": it returns what that had returned"
    if is_sum(last.results, alone, earlier):
        return ": it returns the right result and that one added up"
    comes_of = []
    for i, name in enumerate(replay.names):
        mixed = last.with_operand_of(before, i)
        if mixed is not None and is_it(results_of(replay.anew(), mixed)):
            comes_of.append(f"that {name}")
    if comes_of:  # exchanged channels of x and of the weight give the same: either may have been kept
        return f": it is what comes of {' or '.join(comes_of)}"
    others = Call(last.positional, before.keywords, (), last.is_elsewhere)
    if before.keywords != last.keywords and is_it(results_of(replay.anew(), others)):
        return ": it is what comes of those options"
    spoiled = [alone[i][alone[i] != last.results[i]] for i in wrong]
    if wrong and not any(right.any() for right in spoiled):
        return ": wrong are values that should be 0, as where nothing was cleared"
    return ""


def _is_same(one: np.ndarray, other: np.ndarray) -> bool:
    return results_are_same((one,), (other,))


def _likeness(one: Any, other: Any) -> int:
    """Return how many fields of two cases are the same, the dtype counting as much as any other."""
    return sum(getattr(one, name) == value for name, value in vars(other).items())


def _is_alike(one: np.ndarray, other: np.ndarray) -> bool:
    return (one.shape, one.strides, one.dtype) == (other.shape, other.strides, other.dtype) and other.flags.writeable
