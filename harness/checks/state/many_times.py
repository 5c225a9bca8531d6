"""Contract, many times: a call that is made again and again until it is a habit; then everything about it changes.

Buffers may be used in turn, calls be counted, what has not changed for long be taken for fixed, and whatever was the
quickest in the first calls be taken ever after. So the same call is made in the same arrays `CALLS` times, and its
results, which the caller writes into, are kept to the end. Then one number changes in place, then all of them; NaN
comes; and other cases of the same family are asked about, see `relatives`.
"""

import functools
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.checks.state.disturb import disturb
from convoracle.harness.checks.state.relatives import Asked

if TYPE_CHECKING:
    from convoracle.harness.checks.question import Question
    from convoracle.harness.examine import Examination

EVERY, TURN = 64, 9
"""Which cases are asked, each about the first of its family, which is a tiny one."""

CALLS, MOST_SECONDS = 45, 1.0
"""So many calls, or as many as there is time for."""


def check(examination: "Examination") -> None:
    """Make a call again and again, and then others."""
    family = examination.question.state.relatives(examination.limits, examination.dtypes)
    question = examination.question.like(family[0][0]) if family else examination.question
    if not family or question.integers.expected is None:
        return
    passed = examination.in_c_order(question.case, question.integers.operands)
    kept = _again_and_again(examination, question, passed)
    _and_then(examination, question, passed, family)
    for number, results in enumerate(kept):
        for output, got in zip(question.outputs, results, strict=True):
            if got.flags.writeable and (got != number).any():
                sentence = f"an earlier {output.name} changed within some {len(kept)} calls"
                examination.fail("contract", "no stale results", sentence)
    examination.outcome.checked["contract"] += 1


def _again_and_again(
    examination: "Examination", question: "Question", passed: dict[str, np.ndarray]
) -> list[tuple[np.ndarray, ...]]:
    """Make a call often, in the same arrays; return its results, in which their numbers stand now."""
    kept: list[tuple[np.ndarray, ...]] = []
    end = monotonic() + MOST_SECONDS
    for number in range(CALLS):
        if monotonic() > end:
            break
        call = functools.partial(examination.call, question.case, passed)
        results = examination.in_order("same call again", question.case, call)
        data = f"the same integers in call {number + 1}"
        examination.judge_promise("same call again", question.case, question.integers, results, data)
        for got in results:
            if got.flags.writeable:
                got[...] = number
        kept.append(results)
    return kept


def _and_then(
    examination: "Examination", question: "Question", passed: dict[str, np.ndarray], family: list[Asked]
) -> None:
    """Change everything, one thing after the other."""
    for answered, what in (
        (question.one_changed, "one of them changed, or two exchanged"),
        (question.other_integers, "others in the same arrays"),
    ):
        examination.refill(answered.operands, passed)
        results = examination.call(question.case, passed)
        data = f"integers after {CALLS} calls with the same, {what}"
        examination.judge_promise("fresh data", question.case, answered, results, data)
    disturb(examination, question.case, question.integers, Choices(examination.case.seed, "many times"))
    for other, answered in family:
        examination.ask_in_order(other, answered, f"integers after {CALLS} calls of a layer near this one")
