"""From the first failing case to what its author is told."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.checks import Problem
from convoracle.harness.checks.catalogue import family
from convoracle.harness.examine import EVERY_CHECK, examine
from convoracle.harness.explain.budget import Budget
from convoracle.harness.explain.calls.earlier_calls import carried, made_once_more, of_its_own_calls, stale
from convoracle.harness.explain.cases.rule import Rule
from convoracle.harness.explain.cases.sample import sample
from convoracle.harness.explain.cases.shrink import shrink
from convoracle.harness.explain.evidence import Evidence, observe
from convoracle.harness.explain.heartbeat import Heartbeat
from convoracle.harness.explain.naming.diagnosis import Diagnosis, diagnose, wrong_call
from convoracle.harness.explain.values.memory import memory
from convoracle.harness.explain.values.pattern import Pattern, pattern
from convoracle.harness.explain.values.products import products
from convoracle.harness.explain.values.shapes import shape_story
from convoracle.harness.explain.values.smallest_data import smallest_data
from convoracle.harness.explain.values.sorts import sorts
from convoracle.harness.explain.writing import hints
from convoracle.harness.explain.writing.promise_tests import at_once_test, promise_tests
from convoracle.harness.explain.writing.reproducer import script_of
from convoracle.harness.explain.writing.text import story_of
from convoracle.harness.explain.writing.wording import command_of, failure
from convoracle.harness.operations import Operation
from convoracle.harness.outcome import Outcome
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

        subject = _Subject(operation, candidate, heart.call, checks, budget, number)
        try:
            return _explained(subject, case, problem, owing)
        except Exception as error:  # a mistake of ours is no reason to lose the verdict
            sentence = f"not told: the explanation ended with {type(error).__name__}: {error}; please report that"
            return subject.failure(case, problem, {"history": sentence})


@dataclass(frozen=True)
class _Subject:
    """Who failed, in which of its cases, how it is called, and how long explaining may take."""

    operation: Operation
    candidate: Candidate
    function: Callable[..., Any]
    checks: frozenset[str]
    budget: Budget
    number: int

    def outcome_of(self, case: Any, checks: frozenset[str]) -> Outcome:
        """Examine a case again."""
        one = self.candidate
        return examine(self.operation, self.function, case, one.accuracy, one.limits, checks, one.dtypes)

    def calls_wrongly(self, case: Any, check: str) -> Evidence:
        """Return the first call of a case that is wrong, or the first one if none is."""
        return wrong_call(self.operation, self.function, self.candidate.accuracy, check, case)

    def failure(self, case: Any, problem: Problem, facts: Mapping[str, Any]) -> Failure:
        """Return a failure with what is known of it besides."""
        found = failure(self.operation, case, self.number, problem, command_of(self.operation, self.candidate))
        return dataclasses.replace(found, **facts)


def _explained(subject: _Subject, case: Any, problem: Problem, owing: Callable[[Sequence[Any]], str]) -> Failure:
    """Shrink, look around, name the mistake, and write it all down."""
    facts: dict[str, Any]
    if family(problem.check) == "concurrency":  # chance has a part in it: no other case says more
        facts = {"history": AT_ONCE}
    else:
        check = family(problem.check)
        needed = subject.checks if check == "form" else frozenset({check})  # any call may raise or be misshapen
        smallest, again = _smallest(subject, case, problem, needed)
        if again is None:
            problem = _stateful(problem)
            facts = {"history": owing([case]) or _of_its_own_calls(subject, case)}
        else:
            first, case, problem = case, smallest, again
            # Where earlier calls decide, what values are wrong, and where, is what those make of it.
            history = owing([smallest, first])
            facts = {"history": history} if history else _seen(subject, smallest, first, problem, needed)
    found = subject.failure(case, problem, facts)
    return dataclasses.replace(found, script=_script(subject, case, found))


def _smallest(subject: _Subject, case: Any, problem: Problem, needed: frozenset[str]) -> tuple[Any, Problem | None]:
    """Return the smallest case that fails the same way, and how; no problem if the case does not fail again."""

    def fails(case: Any) -> bool:
        found = subject.outcome_of(case, needed).problem
        return found is not None and (found.kind, found.check) == (problem.kind, problem.check)

    if not fails(case):
        return case, None
    seconds = subject.budget.step("looking for a smaller case", SHRINK_SECONDS, RESERVED_SECONDS)
    smallest = shrink(subject.operation, case, subject.candidate.limits, fails, seconds=seconds)
    again = subject.outcome_of(smallest, needed).problem
    if again is None or (again.kind, again.check) != (problem.kind, problem.check):
        return case, None
    # It may fail a simpler check than the one it was shrunk with: values before laws.
    smallest, simplest = _of_its_own(lambda one: subject.outcome_of(one, subject.checks), smallest)
    return smallest, simplest if simplest is not None and simplest.kind == again.kind else again


def _seen(subject: _Subject, smallest: Any, case: Any, problem: Problem, needed: frozenset[str]) -> dict[str, Any]:
    """Return what is seen of a failure, as the fields of a `Failure`: which cases fail, what is wrong, and its name."""
    operation, candidate, budget = subject.operation, subject.candidate, subject.budget
    check = family(problem.check)
    seconds = budget.step("looking at which cases fail", SAMPLE_SECONDS, RESERVED_SECONDS)
    tried = sample(operation, candidate, [case, smallest], lambda one: subject.outcome_of(one, needed), seconds=seconds)
    facts: dict[str, Any] = {"rule": tried.rule}
    if problem.kind == "raised":
        return facts | {"hint": hints.of_raised(operation, candidate, smallest)}
    if problem.kind not in ("values", "shape", "contract"):
        return facts
    seconds = budget.step("looking for simpler data", DATA_SECONDS)
    called = [subject.calls_wrongly(one, check) for one in tried.failing[:PATTERN_CALLS]]
    evidence = _smallest_evidence(subject, smallest, check, seconds)
    seconds = max(budget.step("comparing with known mistakes", DIAGNOSIS_SECONDS), RESERVED_SECONDS)
    diagnosis = diagnose(operation, candidate, subject.function, tried.failing, tried.passing, check, seconds=seconds)
    of_memory = "layout" in problem.check or set(case.layout) != {"C"}  # the arrays lay otherwise than in C order
    facts |= {
        "diagnosis": diagnosis,
        "data": sorts(operation, candidate, subject.function, tried.failing, check),
        "shape": shape_story(called) if problem.kind == "shape" else "",
        "pattern": _pattern(operation, called),
        "hint": hints.of_accuracy(operation, candidate, called),
        "evidence": evidence,
        "seen": _wrong_evidence(subject, case, check),
        "memory": memory(operation, subject.function, case, candidate.accuracy) if of_memory else "",
    }
    if evidence is None:
        return facts | _without_evidence(subject, smallest, problem, tried.rule, diagnosis)
    first = evidence.first_wrong()
    if first is not None:
        facts["products"] = products(operation, subject.function, evidence, PRODUCTS_SECONDS, called)
        facts["history"] = made_once_more(operation, candidate, subject.function, evidence)
        facts |= {"index": first[1], "expected": first[2], "got": first[3]}
    return facts


def _without_evidence(
    subject: _Subject, case: Any, problem: Problem, rule: Rule | None, diagnosis: Diagnosis | None
) -> dict[str, Any]:
    """Return what is seen where no call by itself is wrong: what earlier calls have to do with it."""
    is_elsewhere = "layout" in problem.check  # arrays in C order show nothing then
    if problem.check == "no stale results":
        history = stale(subject.operation, subject.function, case)
    else:
        history = "" if is_elsewhere else _of_its_own_calls(subject, case)
    # Not every case is asked whether it keeps a promise.
    is_known = problem.kind != "contract" or rule is None or rule.is_exact or is_elsewhere
    return {
        "rule": rule if is_known else None,
        "diagnosis": diagnosis if diagnosis is not None and diagnosis.says else None,
        "data": "",
        "history": history,
    }


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


def _of_its_own_calls(subject: _Subject, case: Any) -> str:
    return of_its_own_calls(subject.operation, subject.candidate, subject.function, case, subject.checks)


def _script(subject: _Subject, case: Any, found: Failure) -> str:
    """Return the test file of a failure."""
    return script_of(
        subject.operation,
        subject.candidate,
        case,
        None if found.evidence is None else found.evidence.operands,
        at_once_test if found.check == "concurrency" else promise_tests if found.kind in PROMISES else None,
        story_of(found),
    )


def _pattern(operation: Operation, called: list[Evidence]) -> Pattern | None:
    """Return what the wrong values of calls have in common, in the output that is wrong most often."""
    wrong = Counter(name for evidence in called for name in evidence.wrong)
    return pattern(operation, called, wrong.most_common(1)[0][0]) if wrong else None


def _wrong_evidence(subject: _Subject, case: Any, check: str) -> Evidence | None:
    """Return the first call of a case with a wrong result; None if fresh operands bring none."""
    evidence = subject.calls_wrongly(case, check)
    return evidence if evidence.wrong else None


def _smallest_evidence(subject: _Subject, case: Any, check: str, seconds: float) -> Evidence | None:
    """Return such a call with data as simple as can be found."""
    evidence = _wrong_evidence(subject, case, check)
    if evidence is None or not evidence.first_wrong():
        return evidence
    operation, function, accuracy = subject.operation, subject.function, subject.candidate.accuracy
    return smallest_data(
        lambda operands: observe(operation, function, case, accuracy, evidence.data, operands),
        evidence,
        seconds=seconds,
    )


def _stateful(problem: Problem) -> Problem:
    sentence = f"{problem.sentence}; but not when the same case is examined again"
    return Problem("stateful", problem.check, sentence, problem.index, problem.expected, problem.got)
