"""Contract, in any order: a walk among cases that are near each other, each of them asked again and again.

The other parts of the contract make certain calls after certain others. What a candidate keeps may need another order
to be mistaken: a buffer that grew for the largest image, a table that was thrown out to make room, weights packed for
the other dtype, whatever NaN left behind three calls ago. So some cases are asked together with their relatives, see
`relatives`, in a random order: in arrays that held other data before, or in new ones in any layout, in this thread or
another one, with a call of nothing but NaN in between. Some results are kept to the end, and must be what they were;
others are overwritten, as their owner may do.
"""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.checks import other_thread
from convoracle.harness.checks.answers import Answered
from convoracle.harness.choices import Choices
from convoracle.harness.data import ELSEWHERE, lay_out
from convoracle.harness.limits import allowed

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

EVERY, TURN = 16, 5
"""Which cases are asked."""

CALLS = 18
"""So many calls are made, one after the other."""

FRESH_EVERY, LAID_OUT_EVERY, NAN_EVERY, THREAD_EVERY, KEPT_EVERY, OVERWRITTEN_EVERY = 3, 4, 9, 6, 3, 3
"""One call in so many has new arrays; new arrays in another layout; a call of NaN before it; another thread; a result
that is kept; and of the others one that is overwritten."""

CHECK = "any order"

Buffers = dict[Any, dict[str, np.ndarray]]


def check(examination: "Examination") -> None:
    """Walk."""
    if examination.case.seed % EVERY != TURN:
        return
    asked = examination.question.near.relatives(examination.limits, examination.dtypes)
    if len(asked) < 2:
        return
    choices = Choices(examination.case.seed, "any order")
    buffers: Buffers = {}
    kept: list[tuple[Answered, tuple[np.ndarray, ...], str]] = []
    for number in range(CALLS):
        case, answered = choices.pick(asked)
        passed = _arrays(examination, case, answered, choices, buffers)
        if choices.happens(NAN_EVERY):
            poison(examination, case, answered)
        call = functools.partial(examination.call, case, passed)
        results = other_thread.in_other_thread(call) if choices.happens(THREAD_EVERY) else call()
        data = f"call {number + 1} of some in a random order, of layers near each other"
        examination.judge_promise(CHECK, case, answered, results, data)
        if choices.happens(KEPT_EVERY):
            kept.append((answered, results, data))
        elif choices.happens(OVERWRITTEN_EVERY):
            _overwrite(results)
    for answered, results, data in kept:
        examination.judge(answered, results, f"the result of {data}, after the last of them", "no stale results")
    examination.outcome.checked["contract"] += 1


def poison(examination: "Examination", case: Any, answered: Answered) -> None:
    """Call with nothing but NaN: whatever is left of it, and multiplied by zero, is NaN in later calls."""
    if case.dtype.startswith("int") or not allowed(examination.limits.get("non_finite"), True):
        return
    examination.unheeded(
        case,
        {
            name: array if name == "indices" else np.full(array.shape, np.nan)
            for name, array in answered.operands.items()
        },
    )


def _arrays(
    examination: "Examination", case: Any, answered: Answered, choices: Choices, buffers: Buffers
) -> Mapping[str, np.ndarray]:
    """Return the operands in arrays that earlier calls had, or in new ones."""
    dtypes = {name: np.dtype(np.int64 if name == "indices" else case.dtype) for name in answered.operands}
    if choices.happens(FRESH_EVERY):
        layout = choices.pick(ELSEWHERE) if choices.happens(LAID_OUT_EVERY) else "C"
        return {name: lay_out(array.astype(dtypes[name]), layout) for name, array in answered.operands.items()}
    key = tuple((name, array.shape, dtypes[name]) for name, array in answered.operands.items())
    passed = buffers.setdefault(key, {name: np.empty(shape, dtype) for name, shape, dtype in key})
    examination.refill(answered.operands, passed)
    return passed


def _overwrite(results: tuple[np.ndarray, ...]) -> None:
    """Write into results, as their owner may do."""
    for got in results:
        if got.flags.writeable:
            got[...] = 77
