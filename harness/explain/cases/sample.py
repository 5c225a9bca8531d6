"""Cases that fail and cases that pass: drawn ones, and variations of the one that failed first."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.draw import draw_small
from convoracle.harness.explain.cases.features import statements
from convoracle.harness.explain.cases.grown import grown, possible
from convoracle.harness.explain.cases.necessary import needed
from convoracle.harness.explain.cases.rule import Rule, Statements, learn
from convoracle.harness.operations.base import Operation
from convoracle.harness.outcome import Outcome

SEED = 1_000_003
"""The campaign that the drawn cases are from: one that nobody is likely to have asked for."""

CASES = 160
ROUNDS = 4
FRESH = 12

Examine = Callable[[Any], Outcome]


@dataclass
class Sample:
    """Cases that were tried, by what came of them; `varied` are those that were made of others."""

    failing: list[Any] = field(default_factory=list)
    passing: list[Any] = field(default_factory=list)
    varied: set[Any] = field(default_factory=set)
    rule: Rule | None = None


def sample(operation: Operation, candidate: Candidate, cases: list[Any], examine: Examine, *, seconds: float) -> Sample:
    """Try cases until there are enough or the time is up, and learn which fail.

    A rule that is found is put to the test on fresh cases of which it says that they fail, and learned again with what
    they showed.

    Parameters
    ----------
    operation, candidate
        What is explained.
    cases : list of case
        The failing ones known so far; variations are made of the first.
    examine : callable
        Runs the checks of a case.
    seconds : float
        How long this may take.
    """
    deadline = time.monotonic() + seconds
    found = Sample(failing=list(dict.fromkeys(cases)), varied=set(cases))
    tried = set(found.failing)

    def take(case: Any) -> None:
        tried.add(case)
        outcome = examine(case)
        if outcome.problem is None:
            found.passing.append(case)
        else:
            found.failing.append(case if outcome.case is None else outcome.case)
            found.varied |= {outcome.case} if outcome.case is not None else set()

    supply = _supply(operation, candidate, cases[0], found.varied)
    for case in supply:
        if len(tried) >= CASES or time.monotonic() > deadline:
            break
        if case not in tried:
            take(case)
    said: dict[Any, Statements] = {}
    tested: tuple[str, ...] = ()
    for _ in range(ROUNDS):
        found.rule = _learned(operation, found, said)
        if found.rule is None or not found.rule.statements or time.monotonic() > deadline:
            break
        before = len(tried)
        for case in _doubtful(operation, found.rule, supply, tried):
            take(case)
            if time.monotonic() > deadline:
                break
        if len(tried) == before:
            return found
        tested = found.rule.statements
    found.rule = _learned(operation, found, said)
    if found.rule is not None and found.rule.statements != tested:
        found.rule = dataclasses.replace(found.rule, is_tested=not found.rule.statements)
    return found


def _learned(operation: Operation, found: Sample, said: dict[Any, Statements]) -> Rule | None:
    for case in (*found.failing, *found.passing):
        if case not in said:
            said[case] = statements(operation, case)
    rule = learn([said[case] for case in found.failing], [said[case] for case in found.passing])
    if rule is not None:
        return rule
    drawn = [[said[case] for case in cases if case not in found.varied] for cases in (found.failing, found.passing)]
    rule = needed(*drawn)
    return rule if rule is not None and all(rule.says_failing(said[case]) for case in found.failing) else None


def _doubtful(operation: Operation, rule: Rule, supply: Iterator[Any], tried: set[Any]) -> Iterator[Any]:
    """Yield some fresh cases on the less frequent side of a rule, or on that where nothing may fail."""
    rare = rule.failing <= rule.passing and not rule.is_needed
    fresh = 0
    for _, case in zip(range(200), supply, strict=False):
        if fresh < FRESH and case not in tried and rule.says_failing(statements(operation, case)) == rare:
            fresh += 1
            yield case


def _supply(operation: Operation, candidate: Candidate, case: Any, known: set[Any]) -> Iterator[Any]:
    """Yield two drawn cases for each variation of a case, for ever; variations are added to those that are known.

    Of three variations one is a little larger, so that what is true of one size only is not taken for true of all.
    """
    number = 0
    while True:
        for _ in range(2):
            yield draw_small(operation, candidate.limits, candidate.dtypes, SEED, number)
            number += 1
        is_grown = number // 2 % 3 == 0
        varied = (
            grown(operation, candidate.limits, case, number)
            if is_grown
            else _varied(operation, candidate, case, number)
        )
        if varied is not None:
            known.add(varied)
            yield varied


def _varied(operation: Operation, candidate: Candidate, case: Any, number: int) -> Any | None:
    """Return the case with some of its fields simpler."""
    choices = Choices(SEED, "varied", number)
    fields = {name: options for name, options in operation.simpler(case) if len(options) > 1 and name != "seed"}
    if not fields:
        return None
    names = sorted(fields)
    values = {name: choices.pick(fields[name]) for name in {choices.pick(names) for _ in range(3)}}
    return possible(operation, candidate.limits, dataclasses.replace(case, **values))
