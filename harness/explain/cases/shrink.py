"""From a failing case to the smallest one that fails the same way, by Hypothesis."""

import contextlib
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from convoracle.harness.cases.descriptor import describe
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.operations import Operation


def shrink(
    operation: Operation,
    case: Any,
    limits: Limits,
    fails: Callable[[Any], bool],
    *,
    seconds: float,
    examples: int = 500,
) -> Any:
    """Return the simplest case found that fails, or the case itself.

    Hypothesis draws every field from the values between the simplest one and the failing case's own, and shrinks what
    fails towards the simplest. The best case seen is kept, so that nothing is lost when the time is up.

    Parameters
    ----------
    operation : Operation
        Whose case it is.
    case : case
        The failing case.
    limits : mapping
        The candidate's limits, inside which the simpler cases stay.
    fails : callable
        Whether a case fails in the same way; it must not raise.
    seconds : float
        How long this may take.
    examples : int
        How many cases Hypothesis may draw before it shrinks.
    """
    import hypothesis
    from hypothesis import strategies

    deadline = time.monotonic() + seconds
    fields = dict(operation.simpler(case))
    best = case

    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
        report_multiple_bugs=False,
    )
    @hypothesis.given(strategies.data())
    def find(data: Any) -> None:
        nonlocal best
        if time.monotonic() > deadline:
            return
        values = {}
        for name, options in fields.items():
            # The case's own value comes last and fills the upper half of the range: half of the fields stay.
            position = data.draw(strategies.integers(0, 2 * len(options) - 1), label=name)
            values[name] = options[min(position, len(options) - 1)]
        simpler = dataclasses.replace(case, **values)
        if not inside(limits, simpler) or not _is_possible(operation, simpler) or not fails(simpler):
            return
        if _size(operation, simpler) < _size(operation, best):
            best = simpler
        raise _Failing

    # The best case is kept by hand, so nothing is lost. Flaky means that the time ran out, or that the candidate has a
    # state; the caller runs the best case again and sees.
    with contextlib.suppress(_Failing, hypothesis.errors.HypothesisException, BaseExceptionGroup):
        find()
    return best


class _Failing(Exception):
    """Tells Hypothesis that a case fails."""


def _is_possible(operation: Operation, case: Any) -> bool:
    """Return whether the operation can have such a case."""
    try:
        operation.operand_shapes(case)
    except ValueError:
        return False
    return True


def _size(operation: Operation, case: Any) -> tuple[int, int, str]:
    """Return what smaller cases have less of: elements, then the length of what has to be read."""
    elements = sum(_product(shape) for shape in operation.operand_shapes(case).values())
    text = describe(case)
    return elements, len(text), text


def _product(shape: tuple[int, ...]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
