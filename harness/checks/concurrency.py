"""Concurrency: two calls at once, each on data of its own, return what each returns alone.

What calls share, a workspace or the last arguments, is mixed up then. Threads of Python change places as often as the
interpreter lets them; kernels that release its lock run side by side anyway. A race may still be won: a candidate that
passes has not been proved safe, but one that fails is not. All of it on integers, as in
`convoracle.harness.checks.contract`, which has found before that the two calls, one after the other, are right.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from convoracle.harness.checks import other_thread
from convoracle.harness.checks.answers import Answered

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY = 20
"""One case in so many is asked this."""

ROUNDS, MOST_SECONDS = 40, 1.0
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
    start = threading.Barrier(2)
    calls = [_caller(examination, answered, start) for answered in pair]
    with _impatient():
        both = other_thread.at_once(*calls)
    for answered, returned in zip(pair, both, strict=True):
        for results in returned:
            _judge(examination, answered, results)
    examination.outcome.checked["concurrency"] += 1


def _caller(examination: "Examination", answered: Answered, start: threading.Barrier) -> Callable[[], list[Any]]:
    """Return what makes the calls of one thread, on arrays of its own; what a call raises stands for its results."""
    passed = examination.arranged(answered.operands, ("C",))
    positional, keywords = examination.operation.arguments(examination.case, passed)

    def call() -> list[Any]:
        returned: list[Any] = []
        with suppress(threading.BrokenBarrierError):
            start.wait(LATE)
        end = monotonic() + MOST_SECONDS
        for _ in range(ROUNDS):
            if returned and monotonic() > end:
                break
            try:
                returned.append(examination.candidate(*positional, **keywords))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                returned.append(error)
        return returned

    return call


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
