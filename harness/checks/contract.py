"""Contract: the promises besides the values. Inputs are left alone; a result belongs to the caller; and the same
question gets the same answer whatever was asked before, in any thread, memory layout, order and batch.

All of it on integers, so that "the same" means equal.
"""

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convoracle.harness.cases.data import ELSEWHERE, LAYOUTS, lay_out, read_only, repeat, repeats
from convoracle.harness.cases.everyday import has_layers
from convoracle.harness.checks import other_thread
from convoracle.harness.checks.state import any_order, many_times, tour
from convoracle.harness.checks.state.disturb import poison
from convoracle.harness.checks.state.relatives import Asked

if TYPE_CHECKING:
    from convoracle.harness.examine import Examination

BATCHED = ("x", "grad_output", "indices")

IN_SOME_ORDER = (many_times, tour, any_order)
"""Each says which cases it is about."""

TURNS: dict[str, tuple[int, set[int]]] = {
    "same call again": (2, {0}),
    "one changed": (2, {1}),
    "same key": (6, {3}),  # of the case's own sizes: right after these
    "other options": (4, {1, 2}),
    "other size": (6, {1}),
    "another layer": (6, {2, 3, 4, 5}),
    "elsewhere": (4, {0, 3}),
    "neutral": (6, {0}),
    "nothing": (24, {2}),
}
"""Question to a number of cases in a row, by their seeds, and which of these are asked it; in the order of asking."""

POISONED_EVERY = 3
"""Before one in so many of these, the case itself is called with NaN."""

NOTHING_FIRST_EVERY = 8
"""One other layer in so many is asked about without images first."""


def check(examination: "Examination") -> None:
    """Ask again: the same, nearly the same, elsewhere, and the last image alone."""
    if not examination.wants("contract") or examination.first is None:
        return
    _fresh_data(examination)
    in_some_order = [one for one in IN_SOME_ORDER if examination.case.seed % one.EVERY == one.TURN]
    is_asked_all = bool(in_some_order)  # before that: what is found in some order is to need one
    if _has_turn(examination, "same call again", is_asked_all):
        _same_call_again(examination)
    if _has_turn(examination, "one changed", is_asked_all):
        _one_changed(examination)
    if _has_turn(examination, "same key"):
        _same_key(examination)
    if _has_turn(examination, "other options", is_asked_all):
        _other_options(examination)
    if _has_turn(examination, "other size"):
        _other_size(examination)
    if _has_turn(examination, "another layer"):
        _another_layer(examination)
    if _has_turn(examination, "elsewhere", is_asked_all):
        _elsewhere(examination)
        _alone(examination)
    if _has_turn(examination, "neutral"):
        _neutral(examination)
    if _has_turn(examination, "nothing"):
        _nothing(examination)
    for one in in_some_order:
        one.check(examination)


def _has_turn(examination: "Examination", question: str, is_asked_all: bool = False) -> bool:
    """Return whether a case is asked a question; one for half of the cases is for all where no other check is made."""
    every, turns = TURNS[question]
    is_alone = len(examination.wanted) == 1 and 2 * len(turns) == every
    return is_asked_all or is_alone or examination.case.seed % every in turns


def _fresh_data(examination: "Examination") -> None:
    """Write other integers into the arrays of the first call; the first results must stay what they were."""
    other = examination.question.other_integers
    examination.refill(other.operands)
    earlier = {
        f"an earlier {output.name}": got for output, got in zip(examination.outputs, examination.results, strict=True)
    }
    results = examination.call(examination.case, examination.passed, earlier)
    examination.judge_promise("fresh data", examination.case, other, results, "other integers in the same arrays")
    for (name, got), kept in zip(earlier.items(), examination.first or (), strict=True):
        if kept.tobytes() != got.tobytes():
            examination.fail("contract", "no stale results", f"{name} changed when the candidate was called again")
    examination.outcome.checked["contract"] += 1


def _same_call_again(examination: "Examination") -> None:
    """Make the first call again, after its results were overwritten as their owner may do."""
    for got in examination.results:
        if got.flags.writeable:
            got[...] = 77
    examination.refill(examination.question.integers.operands)
    results = examination.call(examination.case, examination.passed)
    examination.judge(
        examination.question.integers,
        results,
        "the integers of the first call, made again after its results were overwritten",
        "same call again",
    )
    examination.outcome.checked["contract"] += 1


def _one_changed(examination: "Examination") -> None:
    """Change an element in place, or exchange two: who recognises arrays by a part of them answers the old question."""
    changed = examination.question.one_changed
    examination.refill(changed.operands)
    results = examination.call(examination.case, examination.passed)
    data = "the same arrays with one element changed in place, or two exchanged"
    examination.judge_promise("fresh data", examination.case, changed, results, data)
    examination.outcome.checked["contract"] += 1


def _other_options(examination: "Examination") -> None:
    """Call with the very same arrays and other options."""
    found = examination.question.near.other_options(examination.limits)
    if found is None:
        return
    case, answered = found
    examination.refill(answered.operands)
    results = examination.call(case, examination.passed)
    data = f"the same arrays with other options, {_options(case)}"
    examination.judge_promise("other options", case, answered, results, data)
    examination.outcome.checked["contract"] += 1


def _other_size(examination: "Examination") -> None:
    """Call with an image of another size, or one more: plans and workspaces may be kept for what is nearly the same."""
    _another_case(examination, examination.question.near.other_size(examination.limits), "arrays of another size")


def _another_layer(examination: "Examination") -> None:
    """Call with a tiny layer of other counts and sizes: kernels have ways of their own for some of them."""
    _another_case(examination, examination.question.near.another_layer(examination.limits), "another layer")


def _same_key(examination: "Examination") -> None:
    """Call with a case that is equal in some of the sizes things are kept by; the case itself comes again after it."""
    is_poisoned = examination.case.seed // 6 % POISONED_EVERY == 0
    found = examination.question.near.same_key(examination.limits, fewer=is_poisoned)
    if found is not None and is_poisoned:
        poison(examination, examination.case, examination.question.integers)
    _another_case(examination, found, "a layer that has some sizes in common with the one before")


def _neutral(examination: "Examination") -> None:
    """Call where the result is x: a copy of it, not x itself."""
    found = examination.question.near.neutral(examination.limits)
    _another_case(examination, found, "a kernel that changes nothing")


def _another_case(examination: "Examination", found: Asked | None, data: str) -> None:
    """Call with another case, if there is one, on arrays of its own: as they lie, or with one number for many."""
    if found is None:
        return
    case, answered = found
    if examination.case.seed // 6 % NOTHING_FIRST_EVERY == 2 and has_layers(examination.operation):
        none = {name: array[:0] if name in BATCHED else array for name, array in answered.operands.items()}
        examination.unheeded(dataclasses.replace(case, n=0), none)
    passed, repeated = {}, []
    for position, name in enumerate(examination.question.like(case).names):
        array = answered.operands[name]
        dtype = array.dtype if name == "indices" else np.dtype(case.dtype)
        if repeats(array):
            passed[name] = repeat(array, dtype)
            repeated.append(name)
        else:
            passed[name] = lay_out(array.astype(dtype), case.layout[min(position, len(case.layout) - 1)])
    if repeated:
        data += f", with the memory of one number for many in {', '.join(repeated)}"
    elif set(case.layout) != {"C"}:
        data += f" in layout {'+'.join(case.layout)}"
    results = examination.call(case, passed)
    examination.judge_promise("other options", case, answered, results, data)
    examination.outcome.checked["contract"] += 1


def _nothing(examination: "Examination") -> None:
    """Call without images: whoever answers, and does not refuse, answers with nothing, or a gradient of zeros."""
    found = examination.question.near.nothing(examination.limits)
    if found is None:
        return
    case, answered = found
    where = "a batch without images"
    results = examination.unless_refused(case, answered.operands, where)
    if results is not None:
        examination.judge(answered, results, where, "batch")
        examination.outcome.checked["contract"] += 1


def _options(case: Any) -> str:
    """Return a case's options as they are passed."""
    of_windows = ("stride", "padding", "dilation", "ceil_mode", "count_include_pad", "divisor_override")
    names = (*of_windows, "axis", "grad_output")
    return ", ".join(f"{name}={getattr(case, name)!r}" for name in names if hasattr(case, name))


def _elsewhere(examination: "Examination") -> None:
    """Call with read-only arrays in another layout, every other time from another thread."""
    case, integers = examination.case, examination.question.integers
    turns = (case.seed, case.seed // 7)  # each operand by itself
    layouts = tuple(
        ELSEWHERE[(LAYOUTS.index(layout) + 1 + turns[place % 2] % (len(ELSEWHERE) - 1)) % len(ELSEWHERE)]
        for place, layout in enumerate(case.layout)
    )
    arranged = examination.arranged(integers.operands, layouts)
    passed: Mapping[str, np.ndarray] = {name: read_only(array) for name, array in arranged.items()}
    in_thread = case.seed // 4 % 2 == 0
    where = f"with read-only arrays in layout {'+'.join(layouts)}" + ", from another thread" * in_thread
    check = "read-only, layout, thread"
    call = functools.partial(examination.call, case, passed)
    with examination.promised(check, where):
        results = other_thread.in_other_thread(call) if in_thread else call()
    examination.judge(integers, results, f"the same integers {where}", check)
    examination.outcome.checked["contract"] += 1


def _alone(examination: "Examination") -> None:
    """Call with the last image alone."""
    case = examination.operation.alone(examination.case)
    if case is None or examination.case.n == 1:
        return
    integers = examination.question.integers
    single = {name: array[-1:] if name in BATCHED else array for name, array in integers.operands.items()}
    results = examination.call(case, examination.arranged(single, case.layout))
    examination.judge(integers, results, "the batch's last image alone", "batch", slice(-1, None))
    examination.outcome.checked["contract"] += 1
