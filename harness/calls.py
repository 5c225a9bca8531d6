"""The calls of one examination: the arrays that are passed, and everything about a result but its values."""

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Literal, NoReturn

import numpy as np

from convoracle.harness.cases.data import lay_out
from convoracle.harness.cases.limits import Limits
from convoracle.harness.checks import compare
from convoracle.harness.checks.given import Given
from convoracle.harness.checks.problem import Problem
from convoracle.harness.checks.question import question
from convoracle.harness.operations.base import Arrays, Operation, Output, outputs_of
from convoracle.harness.outcome import Found, Outcome

INDEX_DTYPE = np.dtype(np.int64)


class Calls:
    """A question, the candidate that is asked, and the arrays it is called with.

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

    def _still_as_given(self) -> None:
        """Check, in every other case, that the arrays of the call before were not written to since."""
        if self._given is not None and self.has_turn(0) and (problem := self._given.changed()) is not None:
            self.note(dataclasses.replace(problem, sentence=f"after it had returned, {problem.sentence}"))

    def fresh(self, case: Any, operands: Arrays) -> tuple[np.ndarray, ...]:
        """Call the candidate with another case of the same operation, on arrays of its own in C order."""
        return self.call(case, self.in_c_order(case, operands))

    def in_c_order(self, case: Any, operands: Arrays) -> dict[str, np.ndarray]:
        """Return copies of the operands of a case, as it has them."""
        return {
            name: np.array(array, np.int64 if name == "indices" else case.dtype, order="C")
            for name, array in operands.items()
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

    def unheeded(self, case: Any, operands: Arrays, errors: Literal["ignore", "raise"] = "ignore") -> None:
        """Call on arrays of their own, whatever comes of it: what the call leaves behind shows in later ones.

        `errors` says what becomes of floating-point errors.
        """
        with np.errstate(all=errors), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                positional, keywords = self.operation.arguments(case, self.in_c_order(case, operands))
                self.candidate(*positional, **keywords)
            except KeyboardInterrupt:
                raise
            except BaseException:
                return

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
                raise Found(problem, self.whose(case, problem))
        self.outcome.checked["form"] += 1
        return tuple(results)

    def whose(self, case: Any, problem: Problem) -> Any | None:
        """Return the case whose result has the wrong form, if that is another one; None for the case itself."""
        return None

    def _outputs_of(self, case: Any) -> tuple[Output, ...]:
        """Return what must come back for this case, or for another one."""
        return self.outputs if case is self.case else outputs_of(self.operation, case)

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
