"""Concurrency: two calls at once, each on data of its own, return what each returns alone.

What calls share, a workspace or the last arguments, is mixed up then. First one of them is stopped at some lines of it
until the other one is done, see `stopped`; then both are made again and again, side by side. Threads of Python change
places as often as the interpreter lets them; kernels that release its lock run at the same time anyway. A race may
still be won: a candidate that passes has not been proved safe, but one that fails is not. All of it on integers, as in
`convoracle.harness.checks.contract`, which has found before that the two calls, one after the other, are right.
"""

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from convoracle.harness.checks import other_thread
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.stopped import Line, lines_of, stopped_at
from convoracle.harness.choices import Choices

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY = 20
"""One case in so many is asked this."""

STOPS = 6
"""At so many lines a call is stopped."""

ROUNDS, MOST_SECONDS = 24, 1.0
"""How many calls either thread makes, one after the other, and for how long."""

LATE = 1.0
"""Seconds after which a thread does not wait for the other one any longer."""

IMPATIENT = 1e-6
"""Seconds until a thread has to let another one go on, where the interpreter has its say."""


def check(examination: "Examination") -> None:
    """Call in this thread and in another one at the same time, with different data of the same shapes."""
    if not examination.wants("concurrency") or examination.first is None or examination.case.seed % EVERY != 7:
        return
    question = examination.question
    pair = question.integers, question.other_integers
    calls = [_caller(examination, answered) for answered in pair]
    for returned in _one_stopped(examination.case.seed, *calls):
        for answered, results in zip(pair, returned, strict=True):
            _judge(examination, answered, results)
    start = threading.Barrier(2)
    several = [functools.partial(_again_and_again, call, start) for call in calls]
    with _impatient():
        both = other_thread.at_once(*several)
    for answered, all_results in zip(pair, both, strict=True):
        for results in all_results:
            _judge(examination, answered, results)
    examination.outcome.checked["concurrency"] += 1


def _caller(examination: "Examination", answered: Answered) -> Callable[[], Any]:
    """Return a call on arrays of its own; what it raises stands for its results."""
    passed = examination.arranged(answered.operands, ("C",))
    positional, keywords = examination.operation.arguments(examination.case, passed)

    def call() -> Any:
        try:
            return examination.candidate(*positional, **keywords)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return error

    return call


def _one_stopped(seed: int, here: Callable[[], Any], there: Callable[[], Any]) -> Iterator[tuple[Any, Any]]:
    """Yield what both calls return, one of them made while the other one is stopped at a line of it."""
    end = monotonic() + MOST_SECONDS
    _, lines = other_thread.in_other_thread(functools.partial(lines_of, there))
    for line in _some(Choices(seed, "stops").shuffled(lines), lines[:1]):
        other, result = other_thread.while_stopped(functools.partial(stopped_at, line, there), here)
        if result is not None:
            yield result, other
        if monotonic() > end:
            break


def _some(lines: list[Line], first: list[Line]) -> list[Line]:
    """Return as many lines as there are stops, half of them in the function that comes first, if it has so many."""
    outer = [line for line in lines if line[0] is first[0][0]][: STOPS // 2]
    return [*outer, *(line for line in lines if line not in outer)][:STOPS]


def _again_and_again(call: Callable[[], Any], start: threading.Barrier) -> list[Any]:
    """Return what the calls of one thread return, which begins when the other one does."""
    returned: list[Any] = []
    with suppress(threading.BrokenBarrierError):
        start.wait(LATE)
    end = monotonic() + MOST_SECONDS
    for _ in range(ROUNDS):
        if returned and monotonic() > end:
            break
        returned.append(call())
    return returned


def _judge(examination: "Examination", answered: Answered, returned: Any) -> None:
    where = "while another thread called with other integers"
    with examination.promised("concurrency", where):
        if isinstance(returned, BaseException):
            examination.raised(returned)
        results = examination.formed(examination.case, returned)
    examination.judge(answered, results, f"integers {where}", "concurrency")


@contextmanager
def _impatient() -> Iterator[None]:
    """Have threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(IMPATIENT)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
