"""A rule: inputs and a comparison, which together say of a candidate that it is wrong, or find nothing."""

import functools
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness.bugs.mutants.planting import right
from convoracle.harness.cases.limits import inside
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.score.entries import Entry
from convoracle.harness.score.side_by_side.problem import Call, Function, as_tuple

Calls = Callable[[str, str, float], Sequence[Call]]
"""Operation, dtype and a factor of all operands to the calls a rule makes; none where it has none."""

Agree = Callable[[np.ndarray, np.ndarray, str], None]
"""Raise AssertionError unless a result is close to what is expected, for an operation."""


PASSED, REJECTED, CAUGHT = "passed", "rejected", "caught"
"""Opinions. Rejected: called wrong, but only where the plain loops are, too. Caught: told apart from them."""

Judge = Callable[[Entry, float], str | None]


@dataclass(frozen=True)
class Rule:
    """A way to find out whether a kernel is right.

    Parameters
    ----------
    name : str
        Whose.
    inputs, tolerance : str
        What it feeds, and when it accepts: for the table.
    judge : callable
        Gives an opinion on an entry, at a scale of the data; None if the rule has nothing for it.
    needs : tuple of str
        The modules it imports.
    is_rescalable : bool
        Whether its data can be multiplied by a factor without becoming somebody else's.
    """

    name: str
    inputs: str
    tolerance: str
    judge: Judge
    needs: tuple[str, ...] = ()
    is_rescalable: bool = False

    def missing(self) -> list[str]:
        """Return the modules that it needs and that are not installed."""
        return [module for module in self.needs if importlib.util.find_spec(module) is None]


def function_of(entry: Entry) -> Function:
    """Return a fresh candidate, called as `verify` calls it."""
    return entry.candidate().bound_to(OPERATIONS[entry.operation])


def by_values(calls: Calls, agree: Agree) -> Judge:
    """Return a rule's judge: wrong is what raises, or does not agree with what is expected, in any call.

    Calls outside the limits that an entry declares are left out; the candidate is the same object in all calls.
    """

    @functools.cache
    def accepts_loops(call: Call, operation: str) -> bool:
        return _accepts(right(operation), call, agree, operation)

    def judge(entry: Entry, scale: float) -> str | None:
        function = function_of(entry)
        opinion: str | None = None
        for dtype in entry.dtypes:
            for call in calls(entry.operation, dtype, scale):
                if not inside(entry.limits, call.case):
                    continue
                opinion = opinion or PASSED
                if not _accepts(function, call, agree, entry.operation):
                    if accepts_loops(call, entry.operation):
                        return CAUGHT
                    opinion = REJECTED
        return opinion

    return judge


def _accepts(function: Function, call: Call, agree: Agree, operation: str) -> bool:
    try:
        returned = call.of(function)
        if len(returned) != len(call.expected):
            return False
        for got, expected in zip(returned, call.expected, strict=True):
            agree(np.asarray(got), expected, operation)
    except Exception:
        return False
    return True


def oracle(operation: str) -> Function:
    """Return the reference's loops, which work in float64 where the arrays are floats, and round once at the end."""
    function = right(operation)

    def rounded_once(*positional: Any, **keywords: Any) -> tuple[np.ndarray, ...]:
        dtypes = [one.dtype for one in positional if _is_float(one)]
        wide = [one.astype(np.float64) if _is_float(one) else one for one in positional]
        return tuple(
            np.asarray(array).astype(dtypes[0]) if _is_float(np.asarray(array)) else array
            for array in as_tuple(function(*wide, **keywords))
        )

    return rounded_once


def _is_float(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f"
