"""Contract, in any order: a walk among cases that are near each other, each of them asked again and again.

The other parts of the contract make certain calls after certain others. What a candidate keeps may need another order
to be mistaken: a buffer that grew for the largest image, a table that was thrown out to make room, weights packed for
the other dtype, whatever NaN left behind three calls ago. So some cases are asked together with their relatives, see
`relatives`, in a random order, in this thread or another one. Every operand is by itself an array that was handed over
before, or one that held something else, or a new one, or an earlier result, see `arrays`; and now and then a call of
which nothing is expected comes in between, see `disturb`.
"""

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.checks import other_thread
from convoracle.harness.checks.state.arrays import Memory
from convoracle.harness.checks.state.disturb import disturb
from convoracle.harness.checks.state.relatives import NEXT_LAYERS, Asked

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY, TURN = 25, 5
"""Which cases are asked."""

CALLS, LOOKED_AT_EVERY = 20, 10
"""So many calls are made, one after the other; after so many it is seen whether all arrays are as they were."""

DISTURBED_EVERY, THREAD_EVERY, KEPT_EVERY, ON_EVERY = 5, 16, 2, 3
"""One call in so many has another one before it; is made in another thread; has its results kept; is followed by that
of the next layer, if there is one."""

CHECK = "any order"


def check(examination: "Examination") -> None:
    """Walk."""
    asked = examination.question.state.relatives(examination.limits, examination.dtypes)
    if len(asked) < 2:
        return
    choices = Choices(examination.case.seed, "any order")
    memory = Memory(choices)
    place = 0
    for number in range(CALLS):
        place = _next(place, asked, choices)
        case, answered = asked[place]
        if choices.happens(DISTURBED_EVERY):
            disturb(examination, case, answered, choices)
        examination.about_to_write()
        passed: dict[str, np.ndarray] = {}
        how = []
        for name, values in answered.operands.items():
            dtype = np.dtype(np.int64 if name == "indices" else case.dtype)
            passed[name] = memory.operand(values, dtype, list(passed.values()))
            how.append(f"{name} {memory.how}")
        call = functools.partial(examination.call, case, passed)
        if choices.happens(THREAD_EVERY):
            call = functools.partial(other_thread.in_other_thread, call)
        results = examination.in_order(CHECK, case, call)
        data = f"call {number + 1} of several in a random order, of layers near each other ({_told(case, how)})"
        examination.judge_promise(CHECK, case, answered, results, data)
        if place < 2 or choices.happens(KEPT_EVERY):
            memory.take(results, tuple(one.values for one in answered.expected or ()))
        if number % LOOKED_AT_EVERY == LOOKED_AT_EVERY - 1 and memory.has_changed():
            sentence = f"an array handed over, or a result, changed in one of {number + 1} calls in a random order"
            examination.fail("contract", "no stale results", sentence)
    examination.outcome.checked["contract"] += 1


def _told(case: Any, how: list[str]) -> str:
    """Return which call it is, and where its operands are."""
    sizes = " ".join(word for word in describe(case).split() if not word.startswith(("layout=", "seed=")))
    return f"{sizes}; {', '.join(how)}"


def _next(place: int, asked: list[Asked], choices: Choices) -> int:
    """Return which call comes after another one: that of the next layer, or any."""
    next_layer = len(asked) - NEXT_LAYERS
    after = {0: next_layer, 1: next_layer, next_layer: next_layer + 1}  # the first two are one layer, on other numbers
    if place in after and choices.happens(ON_EVERY):
        return after[place]
    return choices.below(len(asked))
