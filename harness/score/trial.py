"""One entry tried: is it caught, by what, and after how many cases?"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from convoracle.harness.cases.draw import draw
from convoracle.harness.checks.catalogue import CHECKS, family
from convoracle.harness.examine import examine
from convoracle.harness.operations import OPERATIONS
from convoracle.harness.report import Report
from convoracle.harness.score.entries import Entry, named

BY_EXCEPTION = ("raised", "crash", "timeout")
"""Failures that say that the candidate returned nothing: a kill only where that is the bug."""


@dataclass(frozen=True)
class Task:
    """An entry to try, with some of the checks, on so many cases."""

    name: str
    examples: int
    seed: int
    checks: tuple[str, ...] = tuple(CHECKS)

    @property
    def entry(self) -> Entry:
        """The entry."""
        return named(self.name)


@dataclass
class Trial:
    """What became of a task.

    Attributes
    ----------
    kind : str
        The kind of the failure, or ``""`` if none was found.
    check : str
        The check that found it, or ``""``.
    sentence : str
        What it said.
    examples : int
        How many cases were run: to the detection, if there was one.
    checked : Counter
        How often each check was made.
    """

    task: Task
    kind: str = ""
    check: str = ""
    sentence: str = ""
    examples: int = 0
    checked: Counter[str] = field(default_factory=Counter)

    @property
    def failed(self) -> bool:
        """Whether the harness found anything."""
        return bool(self.kind)

    @property
    def killed(self) -> bool:
        """Whether it was caught as it should be: by an exception only where raising is the bug."""
        return self.failed and (self.kind not in BY_EXCEPTION or self.task.entry.raises)


def trial(task: Task, on_case: Callable[[], None] = lambda: None) -> Trial:
    """Try an entry in this process: the cases and checks of `verify`, without the search for a simpler failure.

    `on_case` is called before each case.
    """
    entry = task.entry
    operation = OPERATIONS[entry.operation]
    candidate = entry.candidate()
    function = candidate.checked_for(operation).bound_to(operation)
    report = Report(operation.name, entry.name, entry.accuracy, entry.dtypes, task.examples, task.seed)
    checks = frozenset(task.checks) - (frozenset() if candidate.concurrent else {"concurrency"})
    result = Trial(task)
    for number in range(task.examples):
        on_case()
        case = draw(operation, entry.limits, entry.dtypes, task.seed, number)
        outcome = examine(operation, function, case, entry.accuracy, entry.limits, checks, entry.dtypes)
        result.checked += outcome.checked
        result.examples = report.cases = number + 1
        problem = outcome.problem
        if problem is not None:
            failures: list[Any] = [problem]
            report.failures = failures
            if not report.passed:  # a cheat may have changed what `passed` says
                result.kind, result.check, result.sentence = problem.kind, family(problem.check), problem.sentence
            break
    return result
