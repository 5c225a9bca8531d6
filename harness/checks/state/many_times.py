"""Contract, many times: a call that is made again and again until it is a habit; then everything about it changes.

Buffers may be used in turn, calls be counted, what has not changed for long be taken for fixed, and whatever was the
quickest in the first calls be taken ever after. So the same call is made in the same arrays `CALLS` times, and its
results, which the caller writes into, are kept to the end. Then one number changes in place, then all of them; NaN
comes; and other cases of the same family are asked about, see `relatives`.
"""

import functools
import math
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.checks.state.disturb import disturb
from convoracle.harness.choices import Choices

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY, TURN = 64, 9
"""Which cases are asked."""

CALLS, SMALL, MOST_SECONDS = 45, 20_000, 1.0
"""So many calls, or as many as there is time for, if the case has no more products than that."""


def check(examination: "Examination") -> None:
    """Make the call again and again, and then others."""
    if examination.case.seed % EVERY != TURN:
        return
    if sum(math.prod(output.shape) * output.products for output in examination.outputs) > SMALL:
        return
    kept = _again_and_again(examination)
    _and_then(examination)
    for number, results in enumerate(kept):
        for output, got in zip(examination.outputs, results, strict=True):
            if got.flags.writeable and (got != number).any():
                sentence = f"an earlier {output.name} changed within some {len(kept)} calls"
                examination.fail("contract", "no stale results", sentence)
    examination.outcome.checked["contract"] += 1


def _again_and_again(examination: "Examination") -> list[tuple[np.ndarray, ...]]:
    """Make the first call often; return its results, in which their numbers stand now."""
    integers = examination.question.integers
    kept: list[tuple[np.ndarray, ...]] = []
    end = monotonic() + MOST_SECONDS
    examination.refill(integers.operands)
    for number in range(CALLS):
        if monotonic() > end:
            break
        results = examination.call(examination.case, examination.passed)
        examination.judge(integers, results, f"the same integers for the {number + 1}th time", "same call again")
        for got in results:
            if got.flags.writeable:
                got[...] = number
        kept.append(results)
    return kept


def _and_then(examination: "Examination") -> None:
    """Change everything, one thing after the other."""
    question, case = examination.question, examination.case
    for answered, what in (
        (question.one_changed, "one of them changed, or two exchanged"),
        (question.other_integers, "others in the same arrays"),
    ):
        examination.refill(answered.operands)
        results = examination.call(case, examination.passed)
        data = f"integers after {CALLS} calls with the same, {what}"
        examination.judge_promise("fresh data", case, answered, results, data)
    disturb(examination, case, question.integers, Choices(case.seed, "many times"))
    for other, answered in question.state.relatives(examination.limits, examination.dtypes):
        results = examination.in_order(
            "any order", other, functools.partial(examination.fresh, other, answered.operands)
        )
        data = f"integers after {CALLS} calls of a layer near this one"
        examination.judge_promise("any order", other, answered, results, data)
