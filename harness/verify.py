"""The door: is this implementation of this operation right?"""

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.arguments import check_count, check_names
from convoracle.harness.campaigns.alive import Alive
from convoracle.harness.candidates.candidate import Candidate, declared
from convoracle.harness.cases.descriptor import describe, parse
from convoracle.harness.cases.draw import draw
from convoracle.harness.cases.limits import Limits
from convoracle.harness.checks.catalogue import CHECKS, chosen
from convoracle.harness.checks.surroundings import Surroundings
from convoracle.harness.examine import EVERY_CHECK, examine
from convoracle.harness.explain.failing import explain
from convoracle.harness.operations import Operation
from convoracle.harness.operations import named as operation_named
from convoracle.harness.outcome import Outcome
from convoracle.harness.report import Report

Progress = Callable[..., None]
"""Told the number and the descriptor of a case before it is run and, while its failure is explained, what is done."""


def verify(
    operation: str,
    candidate: Callable[..., Any],
    *,
    examples: int = 200,
    seed: int = 0,
    limits: Limits | None = None,
    accuracy: str = "componentwise",
    dtypes: str | Sequence[str] = ("float32", "float64"),
    checks: str | Sequence[str] = (),
    case: str | None = None,
    concurrent: bool | None = None,
) -> Report:
    """Decide whether an implementation of an operation is right.

    The candidate is called in this process, with NumPy arrays in NCHW (weights OIHW): the operation's leading arguments
    by position, its own options by keyword, exactly as `convoracle`'s function of that name would be, and has to
    return what that function returns.

    Parameters
    ----------
    operation : str
        ``"conv2d"``, ``"conv2d_input_grad"``, ``"max_pool2d"``, ...: see `convoracle.harness.OPERATIONS`.
    candidate : callable
        The implementation.
    examples : int
        How many cases to run.
    seed : int
        Which cases; the same seed means the same cases on every machine.
    limits : mapping, optional
        What the candidate supports where it does not support everything (by default its attribute of that name, where
        it has one): parameter name to the allowed values, or to a
        function of one value. ``{"dilation": {1}, "groups": {1}}``; ``{"padding": {0, 1, "same"}}`` (an integer means
        that many on both sides of an axis).
    accuracy : {"componentwise", "normwise"}
        The bound the candidate is held to: ``normwise`` is for algorithms that go through a transform (FFT, Winograd).
    dtypes : str or sequence of str
        Which of float16, float32, float64, int8, int16, int32, int64 to verify.
    checks : str or sequence of str
        Make only these checks of `convoracle.harness.CHECKS`; all of them by default.
    case : str, optional
        Run this one case instead, as a report's descriptor gives it.
    concurrent : bool, optional
        Whether the candidate promises to be right when several threads call it at once (by default its attribute of
        that name). Without a promise the report says whether it is, and the verdict does not depend on it.

    Returns
    -------
    Report
        Printing it is enough to understand it.

    Raises
    ------
    ValueError, TypeError
        For an unknown operation, accuracy, dtype, check or limit, or limits that leave nothing to test. Whatever the
        candidate raises is a verdict.

    Examples
    --------
    >>> import convoracle
    >>> report = verify("max_pool2d", convoracle.max_pool2d, examples=20)
    >>> report.passed, report.grade
    (True, 'A')
    """
    subject = declared(operation, candidate, limits, accuracy, dtypes, concurrent)
    made = chosen(check_names(operation, "checks", checks))
    return run(operation_named(operation), subject, examples=examples, seed=seed, checks=made, case=case)


def run(
    operation: Operation,
    candidate: Candidate,
    *,
    examples: int,
    seed: int,
    checks: frozenset[str] = EVERY_CHECK,
    case: str | None = None,
    progress: Progress | None = None,
) -> Report:
    """Verify one candidate for one operation; `progress` is told the number and descriptor of each case before it."""
    check_count(operation.name, "examples", examples, 1)
    check_count(operation.name, "seed", seed, 0)
    if case is not None and not isinstance(case, str):
        raise TypeError(f"{operation.name}: case must be a str, as a report's failure has it, got {case!r}")
    candidate.checked_for(operation)
    checks = candidate.promised(checks)
    if not checks:
        raise ValueError(f"{operation.name}: concurrent is False, and no other check than concurrency is to be made")
    called = function = candidate.bound_to(operation)
    only = None if case is None else parse(operation, case)
    report = Report(
        operation.name,
        candidate.name,
        candidate.accuracy,
        candidate.dtypes if only is None else (only.dtype,),
        examples,
        seed,
        # The form is looked at whatever is chosen; a projection is for networks.
        skipped=tuple(check for check in CHECKS if check not in (*checks, "form", "projection")),
    )
    started = time.perf_counter()
    for number in range(1 if only is not None else examples):
        drawn = draw(operation, candidate.limits, candidate.dtypes, seed, number) if only is None else only
        alive: Progress | None = None
        if progress is not None:
            alive = functools.partial(progress, number, describe(drawn))
            alive()
            called = Alive(function, alive).call
        outcome = examine(operation, called, drawn, candidate.accuracy, candidate.limits, checks, candidate.dtypes)
        _add(report, outcome, drawn.dtype)
        if outcome.problem is not None and outcome.problem.check == "concurrency" and candidate.concurrent is None:
            report.is_for_one_thread, checks, outcome.problem = True, checks - {"concurrency"}, None
        if outcome.problem is not None:
            failing = drawn if outcome.case is None else outcome.case
            surroundings = Surroundings()
            before = 0 if only is not None else number + (outcome.case is not None)
            earlier = functools.partial(_first, operation, candidate, seed, before)
            report.failures.append(
                explain(operation, candidate, function, failing, number, outcome.problem, checks, alive, earlier)
            )
            surroundings.restored()  # explaining calls the candidate, too
            break
    report.seconds = time.perf_counter() - started
    return report


def _first(operation: Operation, candidate: Candidate, seed: int, count: int) -> list[Any]:
    """Return the first cases of a campaign."""
    return [draw(operation, candidate.limits, candidate.dtypes, seed, number) for number in range(count)]


def _add(report: Report, outcome: Outcome, dtype: str) -> None:
    report.cases += 1
    report.checked += outcome.checked
    report.unproved += outcome.unproved
    report.add_ratios(dtype, outcome.ratios)
