"""One case, one candidate: the calls that are made, in order, and everything that is checked about each."""

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NoReturn

import numpy as np

from convoracle.harness.cases.data import lay_out
from convoracle.harness.cases.limits import Limits
from convoracle.harness.checks import compare
from convoracle.harness.checks.answers import Answered
from convoracle.harness.checks.catalogue import CHECKS, family
from convoracle.harness.checks.given import Given
from convoracle.harness.checks.problem import Problem
from convoracle.harness.checks.question import question
from convoracle.harness.checks.surroundings import Surroundings
from convoracle.harness.operations.base import Arrays, Operation, Output, outputs_of
from convoracle.harness.outcome import Found, Outcome

EVERY_CHECK = frozenset(CHECKS)
VALUES = frozenset({"exact", "exact by rounding", "bounded", "normwise"})
FORM = frozenset({"form"})
PROMISES = ("contract", "concurrency")
INDEX_DTYPE = np.dtype(np.int64)
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


class Examination:
    """The state of one examination: the question, the candidate, and the arrays it is called with.

    Attributes
    ----------
    passed : dict of str to ndarray
        The arrays of the first call, which later calls find other data in.
    results : tuple of ndarray
        The results of the first call, on the question's integers, as the candidate returned them.
    first : tuple of ndarray or None
        Copies of them as they were then; None if no integers are proved.
    """

    def __init__(
        self,
        operation: Operation,
        candidate: Callable[..., Any],
        case: Any,
        accuracy: str,
        limits: Limits,
        wanted: frozenset[str],
        dtypes: tuple[str, ...],
    ) -> None:
        self.operation, self.candidate, self.case = operation, candidate, case
        self.accuracy, self.limits, self.wanted, self.dtypes = accuracy, limits, wanted, dtypes
        self.question = question(operation, case, accuracy)
        self.outputs = self.question.outputs
        self.outcome = Outcome()
        self.passed: dict[str, np.ndarray] = {}
        self._given: Given | None = None
        self.results: tuple[np.ndarray, ...] = ()
        self.first: tuple[np.ndarray, ...] | None = None

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

    def wants(self, check: str) -> bool:
        """Return whether a check is to be made."""
        return check in self.wanted

    def has_turn(self, turn: int, of: int = 2) -> bool:
        """Return whether it is the turn of a question that one case in so many is asked.

        Where its check is the only one, it always is.
        """
        return self.case.seed % of == turn or len(self.wanted) == 1

    def arranged(self, operands: Arrays, layouts: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Return operands in the case's dtype, laid out in memory as asked, in the order of the call."""
        passed = {}
        for position, name in enumerate(self.question.names):
            values = operands[name] if name == "indices" else operands[name].astype(self.case.dtype)
            passed[name] = lay_out(values, layouts[min(position, len(layouts) - 1)])
        return passed

    def refill(self, operands: Arrays, passed: Mapping[str, np.ndarray] | None = None) -> None:
        """Write other data into the arrays of the first call, or of another one."""
        self.about_to_write()
        for name, values in operands.items():
            (self.passed if passed is None else passed)[name][...] = values

    def about_to_write(self) -> None:
        """Check for the last time that the arrays of the call before are as they were given."""
        self._still_as_given()
        self._given = None

    def fresh(self, case: Any, operands: Arrays) -> tuple[np.ndarray, ...]:
        """Call the candidate with another case of the same operation, on arrays of its own in C order."""
        return self.call(case, self.in_c_order(case, operands))

    def in_c_order(self, case: Any, operands: Arrays) -> dict[str, np.ndarray]:
        """Return copies of the operands of a case, as it has them."""
        return {
            name: np.array(operands[name], np.int64 if name == "indices" else case.dtype, order="C")
            for name in self.question.like(case).names
        }

    def call(
        self, case: Any, passed: Mapping[str, np.ndarray], others: Mapping[str, np.ndarray] | None = None
    ) -> tuple[np.ndarray, ...]:
        """Call the candidate and check everything about the result but its values.

        `others` are arrays, by name, that the results must share no memory with, besides the inputs.
        """
        given = Given(passed)
        positional, keywords = self.operation.arguments(case, passed)
        try:
            returned = self.candidate(*positional, **keywords)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.raised(error)
        results = self.formed(case, returned)
        if self.wants("contract"):
            self.note(given.changed())
            self._still_as_given()
            self._given = given
            apart = {**{f"its input {name}": array for name, array in passed.items()}, **(others or {})}
            for output, got in zip(self._outputs_of(case), results, strict=True):
                self.note(compare.unaliased(got, apart, output.name))
                apart[output.name] = got
            self.outcome.checked["contract"] += 1
        return results

    def formed(self, case: Any, returned: Any) -> tuple[np.ndarray, ...]:
        """Return what a call returned as a tuple, each result of the right type, shape and dtype."""
        outputs = self._outputs_of(case)
        results = returned if len(outputs) > 1 else (returned,)
        if not isinstance(results, (tuple, list)) or len(results) != len(outputs):
            names = ", ".join(output.name for output in outputs)
            got = f"{len(results)}" if isinstance(results, (tuple, list)) else f"a {type(results).__name__}"
            self.fail("shape", "shape", f"the call must return ({names}), got {got}")
        result_dtype = np.dtype("int64" if case.dtype.startswith("int") else case.dtype)
        for output, got in zip(outputs, results, strict=True):
            problem = compare.form(output, got, INDEX_DTYPE if output.is_index else result_dtype)
            if problem is not None:
                raise Found(problem, self._whose(case, problem))
        self.outcome.checked["form"] += 1
        return tuple(results)

    def _outputs_of(self, case: Any) -> tuple[Output, ...]:
        """Return what must come back for this case, or for another one."""
        return self.outputs if case is self.case else outputs_of(self.operation, case)

    def _whose(self, case: Any, problem: Problem) -> Any | None:
        """Return the case whose result has the wrong form, if it is another one, and has it without this one, too."""
        if case is self.case or getattr(case, "n", 1) == 0:
            return None
        alone = self._alone(case, FORM)
        return case if alone is not None and alone.kind == problem.kind else None

    def _alone(self, case: Any, checks: frozenset[str]) -> Problem | None:
        """Return what some checks find about a case when it is examined by itself."""
        return examine(self.operation, self.candidate, case, self.accuracy, self.limits, checks).problem

    def _still_as_given(self) -> None:
        """Check, in every other case, that the arrays of the call before were not written to since."""
        if self._given is not None and self.has_turn(0) and (problem := self._given.changed()) is not None:
            self.note(dataclasses.replace(problem, sentence=f"after it had returned, {problem.sentence}"))

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

    def unheeded(self, case: Any, operands: Arrays, errors: Literal["ignore", "raise"] = "ignore") -> None:
        """Call on arrays of their own, whatever comes of it: what the call leaves behind shows in later ones.

        `errors` says what becomes of floating-point errors.
        """
        with np.errstate(all=errors), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                arrays = {
                    name: np.array(array, np.int64 if name == "indices" else case.dtype, order="C")
                    for name, array in operands.items()
                }
                positional, keywords = self.operation.arguments(case, arrays)
                self.candidate(*positional, **keywords)
            except KeyboardInterrupt:
                raise
            except BaseException:
                return

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

    def raised(self, error: BaseException) -> NoReturn:
        """End the examination with what a call raised."""
        message = " ".join(str(error).split())[:300]
        self.fail("raised", "raised", f"the call raised {type(error).__name__}: {message}")

    def note(self, problem: Problem | None) -> None:
        """End the examination if there is a problem."""
        if problem is not None:
            raise Found(problem)

    def fail(self, kind: str, check: str, sentence: str) -> NoReturn:
        """End the examination."""
        raise Found(Problem(kind, check, sentence))
