"""One case, one candidate: the calls that are made, in order, and everything that is checked about each."""

import dataclasses
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from convoracle.harness.calls import Calls
from convoracle.harness.cases.limits import Limits
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.catalogue import CHECKS, family
from convoracle.harness.checks.problem import Problem
from convoracle.harness.checks.surroundings import Surroundings
from convoracle.harness.operations.base import Arrays, Operation
from convoracle.harness.outcome import Found, Outcome

EVERY_CHECK = frozenset(CHECKS)
VALUES = frozenset({"exact", "exact by rounding", "bounded", "normwise"})
FORM = frozenset({"form"})
PROMISES = ("contract", "concurrency")
RANDOM_EVERY = 8
"""One case in so many looks at NumPy's global random numbers, too."""


def examine(
    operation: Operation,
    candidate: Callable[..., Any],
    case: Any,
    accuracy: str,
    limits: Limits | None = None,
    checks: frozenset[str] = EVERY_CHECK,
    dtypes: tuple[str, ...] = (),
) -> Outcome:
    """Run every check of one case, or the named ones, and return what was found, the first problem at the latest.

    `dtypes` are those the candidate takes, besides that of the case.

    The candidate is called with integers first; then with floats *in the same arrays*, so that a result cached by
    identity or a returned buffer that is used again shows; then as each check in `convoracle.harness.checks` says.
    """
    examination = Examination(operation, candidate, case, accuracy, limits or {}, checks, dtypes)
    surroundings = Surroundings(is_thorough=case.seed % RANDOM_EVERY == 0)
    try:
        examination.run()
    except Found as found:
        examination.outcome.problem, examination.outcome.case = found.problem, found.case
    replaced = surroundings.restored()
    if "contract" in checks and examination.outcome.problem is None:
        examination.outcome.problem = replaced
        examination.outcome.checked["contract"] += 1
    return examination.outcome


class Examination(Calls):
    """The calls of one examination, in order, and what their results must be."""

    def run(self) -> None:
        """Make the checks, one after the other."""
        from convoracle.harness.checks import concurrency, contract, floats, gradient, integers, relations, specials

        self.passed = self.arranged(self.question.integers.operands, self.case.layout)
        integers.check(self)
        gradient.check(self)
        floats.check(self)
        contract.check(self)
        specials.check(self)
        relations.check(self)
        concurrency.check(self)

    def whose(self, case: Any, problem: Problem) -> Any | None:
        """Return the case whose result has the wrong form, if it is another one, and has it without this one, too."""
        if case is self.case or getattr(case, "n", 1) == 0:
            return None
        alone = self._alone(case, FORM)
        return case if alone is not None and alone.kind == problem.kind else None

    def _alone(self, case: Any, checks: frozenset[str]) -> Problem | None:
        """Return what some checks find about a case when it is examined by itself."""
        return examine(self.operation, self.candidate, case, self.accuracy, self.limits, checks).problem

    @contextmanager
    def promised(self, check: str, where: str) -> Iterator[None]:
        """Take what is wrong about the form of a result here for a broken promise of that place."""
        try:
            yield
        except Found as found:
            raise Found(Problem("contract", check, f"{where}: {found.problem.sentence}")) from None

    def in_order(self, check: str, case: Any, call: Callable[[], tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        """Make a call that raises, or whose result has the wrong form, only because of calls before it, if at all."""
        try:
            return call()
        except Found as found:
            if found.problem.kind in PROMISES or found.case is not None:
                raise
            alone = self._alone(case, FORM)
            if alone is not None:
                raise Found(alone, None if case is self.case else case) from None
            sentence = f"{found.problem.sentence}; made again, it is not so"
            raise Found(Problem("contract", check, sentence)) from None

    def ask_in_order(self, case: Any, answered: Answered, data: str) -> None:
        """Call on arrays of their own, after whatever was called before."""
        results = self.in_order("any order", case, functools.partial(self.fresh, case, answered.operands))
        self.judge_promise("any order", case, answered, results, data)

    def unless_refused(self, case: Any, operands: Arrays, where: str) -> tuple[np.ndarray, ...] | None:
        """Call as `fresh` does; None if the candidate raises, as it may there."""
        try:
            return self.fresh(case, operands)
        except Found as found:
            if found.problem.kind == "raised":
                return None
            raise Found(Problem("contract", "batch", f"{where}: {found.problem.sentence}")) from None

    def judge_promise(
        self, check: str, case: Any, answered: Answered, results: tuple[np.ndarray, ...], data: str
    ) -> None:
        """Compare results that must not depend on what was asked before.

        A wrong result that comes back on arrays of their own has nothing to do with that: it is the values that are
        wrong, on this data; and if the case is another one, whoever examines that finds it.
        """
        try:
            self.judge(answered, results, data, check)
        except Found as found:
            try:
                self.judge(answered, self.fresh(case, answered.operands), data)
            except Found as again:
                if case is not self.case:
                    other = self._alone(case, VALUES)
                    if other is not None:
                        raise Found(other, case) from None
                raise Found(dataclasses.replace(again.problem, check=check)) from None
            raise found from None

    def judge(
        self,
        answered: Answered,
        results: tuple[np.ndarray, ...],
        data: str,
        check: str | None = None,
        images: slice = slice(None),
    ) -> None:
        """Compare results on integer data with what they must be; a difference under `check` is a problem of that."""
        for one, got in zip(answered.expected or (), results, strict=True):
            problem = one.check(got, data, images)
            if problem is not None and check is not None:
                kind = "contract" if family(check) in PROMISES else problem.kind
                problem = Problem(kind, check, problem.sentence, problem.index, problem.expected, problem.got)
            self.note(problem)
