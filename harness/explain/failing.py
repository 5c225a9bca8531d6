"""From the first failing case to what its author is told."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from convoracle.harness.candidate import Candidate
from convoracle.harness.checks import Problem
from convoracle.harness.checks.catalogue import family
from convoracle.harness.examine import EVERY_CHECK, Outcome, examine
from convoracle.harness.explain.budget import Budget
from convoracle.harness.explain.calls.earlier_calls import carried, made_once_more, of_its_own_calls, stale
from convoracle.harness.explain.cases.sample import sample
from convoracle.harness.explain.cases.shrink import shrink
from convoracle.harness.explain.evidence import Evidence, observe, operands_of
from convoracle.harness.explain.heartbeat import Heartbeat
from convoracle.harness.explain.naming.diagnosis import diagnose, wrong_call
from convoracle.harness.explain.values.memory import memory
from convoracle.harness.explain.values.pattern import Pattern, pattern
from convoracle.harness.explain.values.products import products
from convoracle.harness.explain.values.shapes import shape_story
from convoracle.harness.explain.values.smallest_data import smallest_data
from convoracle.harness.explain.values.sorts import sorts
from convoracle.harness.explain.writing.promise_tests import at_once_test, promise_tests
from convoracle.harness.explain.writing.reproducer import script_of
from convoracle.harness.explain.writing.text import story_of
from convoracle.harness.explain.writing.wording import command_of, failure
from convoracle.harness.operations import Operation
from convoracle.harness.report import Failure

SECONDS = 12.0
"""How long explaining may take. On an idle machine a candidate that is not slow itself takes a quarter of that."""

SHRINK_SECONDS = 5.0
SAMPLE_SECONDS = 3.0
DATA_SECONDS = 1.0
DIAGNOSIS_SECONDS = 4.0
PRODUCTS_SECONDS = 1.0
"""The shares of its steps; what a step found until then is kept."""

PATTERN_CALLS = 16
"""How many failing cases are looked at for what their wrong values have in common."""

AT_ONCE = (
    "the same calls one after the other are right, so something is shared between calls that are made at once: a "
    "workspace, or what is kept of the last call. If no two threads are ever to call it, declare concurrent = False"
)
"""What is known of a call that is wrong beside another one."""

PROMISES = ("contract", "stateful")
"""Kinds of failures that one call alone does not show."""

MOVES = 3
"""How often a case may fail in a call that is another case."""

RESERVED_SECONDS = 3.0
"""What the diagnosis has in any case, however long a slow candidate or machine took before."""


def explain(
    operation: Operation,
    candidate: Candidate,
    function: Callable[..., Any],
    case: Any,
    number: int,
    problem: Problem,
    checks: frozenset[str] = EVERY_CHECK,
    alive: Callable[[str], None] | None = None,
    earlier: Callable[[], Sequence[Any]] = tuple,
) -> Failure:
    """Return the failure of the smallest case that fails the same way; ``stateful`` if the case does not fail again.

    `alive` is told now and then what is being done, for whoever waits to see that it goes on; `earlier` returns the
    cases before this one, on which the failure may depend.
    """
    with Heartbeat(function, alive) as heart:
        budget = Budget(SECONDS, lambda doing: setattr(heart, "doing", doing))

        def owing(cases: Sequence[Any]) -> str:
            return carried(operation, candidate, heart, cases, earlier(), checks, budget, RESERVED_SECONDS)

        try:
            return _explained(operation, candidate, heart.call, case, number, problem, checks, budget, owing)
        except Exception as error:  # a mistake of ours is no reason to lose the verdict
            found = failure(operation, case, number, problem, command_of(operation, candidate))
            sentence = f"not told: the explanation ended with {type(error).__name__}: {error}; please report that"
            return dataclasses.replace(found, history=sentence)


def _explained(
    operation: Operation,
    candidate: Candidate,
    function: Callable[..., Any],
    case: Any,
    number: int,
    problem: Problem,
    checks: frozenset[str],
    budget: Budget,
    owing: Callable[[Sequence[Any]], str],
) -> Failure:
    """Shrink, look around, name the mistake, and write it all down."""
    check = family(problem.check)
    if check == "concurrency":  # chance has a part in it: no other case says more
        found = dataclasses.replace(
            failure(operation, case, number, problem, command_of(operation, candidate)), history=AT_ONCE
        )
        return dataclasses.replace(found, script=_script(operation, candidate, case, found))
    needed = checks if check == "form" else frozenset({check})  # any call may raise or return the wrong shape

    def outcome_of(case: Any) -> Outcome:
        return examine(operation, function, case, candidate.accuracy, candidate.limits, needed)

    def fails(case: Any) -> bool:
        found = outcome_of(case).problem
        return found is not None and (found.kind, found.check) == (problem.kind, problem.check)

    command = command_of(operation, candidate)
    smallest = case
    again: Problem | None = None
    if fails(case):
        seconds = budget.step("looking for a smaller case", SHRINK_SECONDS, RESERVED_SECONDS)
        smallest = shrink(operation, case, candidate.limits, fails, seconds=seconds)
        again = outcome_of(smallest).problem
    if again is None or (again.kind, again.check) != (problem.kind, problem.check):
        found = failure(operation, case, number, _stateful(problem), command)
        history = owing([case]) or of_its_own_calls(operation, candidate, function, case, checks)
        found = dataclasses.replace(found, history=history)
        return dataclasses.replace(found, script=_script(operation, candidate, case, found))
    # The smallest case may fail a simpler check than the one it was shrunk with: values before laws.
    smallest, simplest = _of_its_own(
        lambda one: examine(operation, function, one, candidate.accuracy, candidate.limits, checks), smallest
    )
    again = simplest if simplest is not None and simplest.kind == again.kind else again
    check = family(again.check)
    found = failure(operation, smallest, number, again, command)
    history = owing([smallest, case])
    if history:  # what values are wrong, and where, is then what those calls make of it
        found = dataclasses.replace(found, history=history)
        return dataclasses.replace(found, script=_script(operation, candidate, smallest, found))
    seconds = budget.step("looking at which cases fail", SAMPLE_SECONDS, RESERVED_SECONDS)
    tried = sample(operation, candidate, [case, smallest], outcome_of, seconds=seconds)
    found = dataclasses.replace(found, rule=tried.rule)
    if found.kind in ("values", "shape", "contract"):
        seconds = budget.step("looking for simpler data", DATA_SECONDS)
        failing = tried.failing[:PATTERN_CALLS]
        called = [wrong_call(operation, function, candidate.accuracy, check, one) for one in failing]
        evidence = _smallest_evidence(operation, candidate, function, smallest, check, seconds)
        found = dataclasses.replace(
            found,
            diagnosis=diagnose(
                operation,
                candidate,
                function,
                tried.failing,
                tried.passing,
                check,
                seconds=max(budget.step("comparing with known mistakes", DIAGNOSIS_SECONDS), RESERVED_SECONDS),
            ),
            data=sorts(operation, candidate, function, tried.failing, check),
            shape=shape_story(called) if found.kind == "shape" else "",
            pattern=_pattern(operation, called),
            evidence=evidence,
            seen=_wrong_call(operation, candidate, function, case, check),
            memory=memory(operation, function, case, candidate.accuracy) if _may_be_of_memory(found, case) else "",
        )
        if evidence is None:
            known = found.diagnosis if found.diagnosis is not None and found.diagnosis.says else None
            is_elsewhere = check == "contract" and "layout" in found.check  # arrays in C order show nothing then
            history = "" if is_elsewhere else of_its_own_calls(operation, candidate, function, smallest, checks)
            if found.check == "no stale results":
                history = stale(operation, function, smallest)
            if check == "contract" and tried.rule is not None and not (tried.rule.is_exact or is_elsewhere):
                found = dataclasses.replace(found, rule=None)  # not every case is asked whether it keeps a promise
            found = dataclasses.replace(found, diagnosis=known, data="", history=history)
        first = None if evidence is None else evidence.first_wrong()
        if first is not None and evidence is not None:
            found = dataclasses.replace(
                found,
                products=products(operation, function, evidence, PRODUCTS_SECONDS, called),
                history=made_once_more(operation, candidate, function, evidence),
            )
            found = dataclasses.replace(found, index=first[1], expected=first[2], got=first[3])
    return dataclasses.replace(found, script=_script(operation, candidate, smallest, found))


def _of_its_own(outcome_of: Callable[[Any], Outcome], case: Any) -> tuple[Any, Problem | None]:
    """Return the case that fails, and how: another one if a call that is made besides failed, which is its own case."""
    first = outcome = outcome_of(case)
    failing = case
    for _ in range(MOVES):
        if outcome.case is None:
            break
        failing, outcome = outcome.case, outcome_of(outcome.case)
    if outcome.problem is None or outcome.case is not None:
        return case, first.problem
    return failing, outcome.problem


def _may_be_of_memory(found: Failure, case: Any) -> bool:
    """Return whether the arrays of a failure lay otherwise than in C order."""
    return "layout" in found.check or set(case.layout) != {"C"}


def _script(operation: Operation, candidate: Candidate, case: Any, found: Failure) -> str:
    return script_of(
        operation,
        candidate,
        case,
        None if found.evidence is None else found.evidence.operands,
        at_once_test if found.check == "concurrency" else promise_tests if found.kind in PROMISES else None,
        story_of(found),
    )


def _pattern(operation: Operation, called: list[Evidence]) -> Pattern | None:
    """Return what the wrong values of calls have in common, in the output that is wrong most often."""
    wrong = Counter(name for evidence in called for name in evidence.wrong)
    return pattern(operation, called, wrong.most_common(1)[0][0]) if wrong else None


def _wrong_call(
    operation: Operation, candidate: Candidate, function: Callable[..., Any], case: Any, check: str
) -> Evidence | None:
    """Return the first call of a case with a wrong result; None if fresh operands bring none."""
    for data, operands in operands_of(operation, case, check):
        evidence = observe(operation, function, case, candidate.accuracy, data, operands)
        if evidence.wrong:
            return evidence
    return None


def _smallest_evidence(
    operation: Operation, candidate: Candidate, function: Callable[..., Any], case: Any, check: str, seconds: float
) -> Evidence | None:
    evidence = _wrong_call(operation, candidate, function, case, check)
    if evidence is None or not evidence.first_wrong():
        return evidence
    return smallest_data(
        lambda operands: observe(operation, function, case, candidate.accuracy, evidence.data, operands),
        evidence,
        seconds=seconds,
    )


def _stateful(problem: Problem) -> Problem:
    sentence = f"{problem.sentence}; but not when the same case is examined again"
    return Problem("stateful", problem.check, sentence, problem.index, problem.expected, problem.got)
