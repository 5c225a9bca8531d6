"""Concurrency: two calls at once return what each returns alone: on data of their own, the same, or of another layer.

What calls share, a workspace or the last arguments, is mixed up then. First one of them is stopped at some lines of it
until the other one is done, see `stopped`; then both are made again and again, side by side. Threads of Python change
places as often as the interpreter lets them; kernels that release its lock run at the same time anyway. A race may
still be won: a candidate that passes has not been proved safe, but one that fails is not. All of it on integers, as in
`convoracle.harness.checks.contract`, which has found before that the two calls, one after the other, are right.
"""

import functools
import itertools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks import other_thread
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.stopped import Line, lines_of, stopped_at

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY = 40
"""One case in so many is asked this."""

STOPS = 4
"""At so many lines a call is stopped."""

ROUNDS, MOST_SECONDS = 12, 1.0
"""How many calls either thread makes, one after the other, and for how long."""

LATE = 1.0
"""Seconds after which a thread does not wait for the other one any longer."""

IMPATIENT = 1e-6
"""Seconds until a thread has to let another one go on, where the interpreter has its say."""


class Caller:
    """A call on arrays of its own, or on those of another one."""

    def __init__(
        self, examination: "Examination", case: Any, answered: Answered, passed: dict[str, np.ndarray] | None = None
    ) -> None:
        self.examination, self.case, self.answered = examination, case, answered
        self.passed = examination.in_c_order(case, answered.operands) if passed is None else passed
        self._positional, self._keywords = examination.operation.arguments(case, self.passed)

    def call(self) -> Any:
        """Make the call; what it raises stands for its results."""
        try:
            return self.examination.candidate(*self._positional, **self._keywords)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return error

    def judge(self, returned: Any) -> None:
        """Compare what the call returned with what it must, while another one was made."""
        where = "while another thread called with other integers"
        examination = self.examination
        with examination.promised("concurrency", where):
            if isinstance(returned, BaseException):
                examination.raised(returned)
            results = examination.formed(self.case, returned)
        examination.judge(self.answered, results, f"integers {where}", "concurrency")


def check(examination: "Examination") -> None:
    """Call in this thread and in another one at the same time."""
    if not examination.wants("concurrency") or examination.first is None or examination.case.seed % EVERY != 7:
        return
    family = examination.question.state.relatives(examination.limits, examination.dtypes)
    # Every other time of a tiny case, which is soon done.
    is_tiny = bool(family) and examination.case.seed // EVERY % 2 == 1
    question = examination.question.like(family[0][0]) if is_tiny else examination.question
    case = question.case
    if question.integers.expected is None:
        return
    here, there = Caller(examination, case, question.integers), Caller(examination, case, question.other_integers)
    layers = [Caller(examination, other, answered) for other, answered in family[-1:]]
    meanwhile = [here, Caller(examination, case, question.other_integers, there.passed), *layers]
    for one in (here, there, *layers):
        if one.case is not examination.case:  # about that, the contract has found that each is right alone
            examination.ask_in_order(one.case, one.answered, "a layer near this one")
    for one, returned in _one_stopped(examination.case.seed, there, meanwhile):
        one.judge(returned)
    start = threading.Barrier(2)
    several = [functools.partial(_again_and_again, one, start) for one in (here, there)]
    with _impatient():
        both = other_thread.at_once(*several)
    for one, all_results in zip((here, there), both, strict=True):
        for results in all_results:
            one.judge(results)
    examination.outcome.checked["concurrency"] += 1


def _one_stopped(seed: int, there: Caller, meanwhile: list[Caller]) -> Iterator[tuple[Caller, Any]]:
    """Yield what calls return, one of them made while the other one is stopped at a line of it."""
    choices = Choices(seed, "stops")
    end = monotonic() + MOST_SECONDS
    _, lines = other_thread.in_other_thread(functools.partial(lines_of, there.call))
    for line, here in itertools.product(_some(choices.shuffled(lines), lines[:1]), meanwhile):
        other, result = other_thread.while_stopped(functools.partial(stopped_at, line, there.call), here.call)
        if result is not None:
            yield here, result
        yield there, other
        if monotonic() > end:
            break


def _some(lines: list[Line], first: list[Line]) -> list[Line]:
    """Return as many lines as there are stops, half of them in the function that comes first, if it has so many."""
    outer = [line for line in lines if line[0] is first[0][0]][: STOPS // 2]
    return [*outer, *(line for line in lines if line not in outer)][:STOPS]


def _again_and_again(caller: Caller, start: threading.Barrier) -> list[Any]:
    """Return what the calls of one thread return, which begins when the other one does."""
    returned: list[Any] = []
    with suppress(threading.BrokenBarrierError):
        start.wait(LATE)
    end = monotonic() + MOST_SECONDS
    for _ in range(ROUNDS):
        if returned and monotonic() > end:
            break
        returned.append(caller.call())
    return returned


@contextmanager
def _impatient() -> Iterator[None]:
    """Have threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(IMPATIENT)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
