"""One case, one candidate: the calls that are made, in order, and everything that is checked about each."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from convoracle.harness import bounds, checks
from convoracle.harness.checks import Problem
from convoracle.harness.data import LAYOUTS, lay_out, read_only
from convoracle.harness.operands import exact_amplitude, integers, random_floats
from convoracle.harness.operations.base import Arrays, Operation, Output

INTEGERS = "integers, of which every partial sum is exactly representable"
BATCHED = ("x", "grad_output", "indices")


@dataclass
class Outcome:
    """What one case showed.

    ``ratios`` maps an accuracy to the largest error as a multiple of its bound; ``checked`` counts the checks made, and
    ``unproved`` those left out because no integer data small enough for their proof exists.
    """

    problem: Problem | None = None
    ratios: dict[str, float] = field(default_factory=dict)
    checked: Counter[str] = field(default_factory=Counter)
    unproved: Counter[str] = field(default_factory=Counter)


class _Found(Exception):
    """Carries a problem out of the middle of an examination."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def examine(operation: Operation, candidate: Callable[..., Any], case: Any, accuracy: str) -> Outcome:
    """Run every check of one case and return what was found, the first problem at the latest.

    Four calls at most: integers; then floats *in the same arrays*, so that a result cached by identity or a returned
    buffer that is used again shows; then, in half of the cases, the integers once more from another thread, read-only
    and in another memory layout; and the last image alone.
    """
    outcome = Outcome()
    try:
        _Examination(operation, candidate, case, accuracy, outcome).run()
    except _Found as found:
        outcome.problem = found.problem
    return outcome


@dataclass
class _Expected:
    """What one output must be on integer data: equal to `values`, or equal after times `divisors` and rounding."""

    output: Output
    values: np.ndarray
    divisors: np.ndarray | None = None

    def check(self, got: np.ndarray, images: slice, data: str) -> Problem | None:
        values = self.values[images]
        if self.divisors is None:
            return checks.exact(self.output, got, values, data)
        return checks.rounded(self.output, got, values, self.divisors, data)


class _Examination:
    """The state of one examination: the case, its outputs, and the arrays the candidate is called with."""

    def __init__(
        self, operation: Operation, candidate: Callable[..., Any], case: Any, accuracy: str, outcome: Outcome
    ) -> None:
        self.operation, self.candidate, self.case = operation, candidate, case
        self.accuracy, self.outcome = accuracy, outcome
        self.outputs = operation.outputs(case)
        self.is_integer = case.dtype.startswith("int")
        self.result_dtype = np.dtype("int64" if self.is_integer else case.dtype)

    def run(self) -> None:
        """Make the calls."""
        operands, expected = self.integer_data()
        passed = self.arranged(operands, self.case.layout)
        earlier: dict[str, np.ndarray] = {}
        if expected is not None:
            results = self.call(self.case, passed, earlier)
            self.judge(expected, results, slice(None), INTEGERS)
            earlier = {f"an earlier {output.name}": got for output, got in zip(self.outputs, results, strict=True)}
        saved = {name: array.copy() for name, array in earlier.items()}
        if not self.is_integer:
            self.floats(passed, earlier)
        if expected is None:
            return
        if self.is_integer:
            self.other_integers(passed, earlier)
        for name, array in saved.items():
            if array.tobytes() != earlier[name].tobytes():
                self.fail("contract", "no stale results", f"{name} changed when the candidate was called again")
        if self.case.seed % 2 == 0:
            self.elsewhere(operands, expected)
        alone = self.operation.alone(self.case)
        if alone is not None and self.case.n > 1 and self.case.seed % 4 == 0:
            self.alone(alone, operands, expected)

    def integer_data(self) -> tuple[Arrays, list[_Expected] | None]:
        """Return integer operands and what they must give; None where no proof is to be had."""
        if self.outputs[0].is_selection:
            operands: Arrays = integers(self.operation, self.case)
            return operands, [_Expected(output, output.compute(operands)) for output in self.outputs]
        amplitude = exact_amplitude(self.outputs, self.case.dtype)
        if self.accuracy == "componentwise" and not any(output.parts for output in self.outputs):
            operands = integers(self.operation, self.case, amplitude)
            if amplitude == 0:
                self.outcome.unproved["exact"] += 1
                return operands, None
            expected = []
            for output in self.outputs:
                largest = float(np.max(checks.magnitude(output, operands), initial=0.0))
                assert largest <= 2 ** bounds.EXACT_BITS[self.case.dtype], "the proof of exactness failed"
                expected.append(_Expected(output, output.compute(operands)))
            self.outcome.checked["exact"] += 1
            return operands, expected
        return self.roundable(amplitude)

    def roundable(self, amplitude: int) -> tuple[Arrays, list[_Expected] | None]:
        """Return integer operands so small that the proven bound, times the divisors, is below one half.

        Bounds scale with the data, so the amplitude that fits is nearly known after one look; where even ones and minus
        ones are too large, most of one operand is made zero.
        """
        size = max(amplitude, 1)
        degree = max(len(term) for output in self.outputs for term in output.terms)
        sparse = 0
        while sparse <= 6:
            operands = integers(self.operation, self.case, size, sparse)
            excess = max(self.excess(output, operands) for output in self.outputs)
            if excess < 1.0:
                self.outcome.checked["exact by rounding"] += 1
                return operands, [self.rounding_to(output, operands) for output in self.outputs]
            if size > 1:
                size = max(min(int(size / excess ** (1.0 / degree)), size - 1), 1)
            else:
                sparse += 1
        self.outcome.unproved["exact by rounding"] += 1
        return operands, None

    def excess(self, output: Output, operands: Arrays) -> float:
        """Return the largest proven error, times the divisor, as a multiple of one half."""
        size = checks.magnitude(output, operands)
        allowed = checks.allowance(output, operands, size, size, self.case.dtype, self.accuracy)
        divisors = output.parts[0].divisors if len(output.parts) == 1 else 1
        return 2.0 * float(np.max(allowed * divisors, initial=0.0))

    def rounding_to(self, output: Output, operands: Arrays) -> _Expected:
        """Return the integers an output must round to, after multiplication with its divisors where it has any."""
        if len(output.parts) == 1:
            part = output.parts[0]
            return _Expected(output, part.compute(operands), part.divisors)
        return _Expected(output, np.rint(output.compute(operands)), np.array(1))

    def floats(self, passed: dict[str, np.ndarray], earlier: dict[str, np.ndarray]) -> None:
        """Call with floats in the arrays of the first call, and hold the result to its bound."""
        kind, operands = random_floats(self.operation, self.case)
        for name, values in operands.items():
            passed[name][...] = values
        results = self.call(self.case, passed, earlier)
        for output, got in zip(self.outputs, results, strict=True):
            if output.is_selection:
                self.note(checks.exact(output, got, output.compute(operands), f"{kind} floats"))
                self.outcome.checked["exact"] += 1
                self.ratio("componentwise", 0.0)
                continue
            size = checks.magnitude(output, operands)
            high, low, own_error = checks.truth(output, operands, self.case.dtype, size)
            for accuracy in dict.fromkeys([self.accuracy, "componentwise"]):
                bound = checks.allowance(output, operands, high, size, self.case.dtype, accuracy) + own_error
                check = "bounded" if accuracy == "componentwise" else "normwise"
                ratio, problem = checks.bounded(output, got, (high, low), bound, check)
                self.ratio(accuracy, ratio)
                if accuracy == self.accuracy:
                    self.note(problem)
                    self.outcome.checked[check] += 1

    def other_integers(self, passed: dict[str, np.ndarray], earlier: dict[str, np.ndarray]) -> None:
        """Call with other integers in the arrays of the first call."""
        operands = integers(self.operation, self.case, 3, stream="other integers")
        for name, values in operands.items():
            passed[name][...] = values
        expected = [_Expected(output, output.compute(operands)) for output in self.outputs]
        self.judge(expected, self.call(self.case, passed, earlier), slice(None), "other integers in the same arrays")

    def elsewhere(self, operands: Arrays, expected: list[_Expected]) -> None:
        """Call with read-only arrays in another layout, from another thread."""
        layouts = tuple(LAYOUTS[(LAYOUTS.index(layout) + 1) % len(LAYOUTS)] for layout in self.case.layout)
        passed = self.arranged(operands, layouts)
        passed = {name: read_only(array) for name, array in passed.items()}
        finished: list[Any] = []

        def body() -> None:
            try:
                finished.append(self.call(self.case, passed, {}))
            except BaseException as error:
                finished.append(error)

        thread = threading.Thread(target=body, name="convoracle-other-thread")
        thread.start()
        thread.join()
        where = f"with read-only arrays in layout {'+'.join(layouts)}, from another thread"
        if isinstance(finished[0], _Found):
            problem = finished[0].problem
            self.fail("contract", "read-only, layout, thread", f"{where}: {problem.sentence}")
        if isinstance(finished[0], BaseException):
            raise finished[0]
        self.outcome.checked["contract"] += 1
        self.judge(expected, finished[0], slice(None), f"the same integers {where}", "read-only, layout, thread")

    def alone(self, alone: Any, operands: Arrays, expected: list[_Expected]) -> None:
        """Call with the last image alone."""
        single = {name: array[-1:] if name in BATCHED else array for name, array in operands.items()}
        results = self.call(alone, self.arranged(single, self.case.layout), {})
        self.outcome.checked["contract"] += 1
        self.judge(expected, results, slice(-1, None), "the batch's last image alone", "batch")

    def arranged(self, operands: Arrays, layouts: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Return the operands in the case's dtype, laid out in memory as asked, in the order of the call."""
        passed = {}
        for position, name in enumerate(self.operation.operand_shapes(self.case)):
            values = operands[name] if name == "indices" else operands[name].astype(self.case.dtype)
            passed[name] = lay_out(values, layouts[min(position, len(layouts) - 1)])
        return passed

    def call(self, case: Any, passed: dict[str, np.ndarray], earlier: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
        """Call the candidate and check everything about the result but its values."""
        before = {name: array.copy() for name, array in passed.items()}
        positional, keywords = self.operation.arguments(case, passed)
        try:
            returned = self.candidate(*positional, **keywords)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            message = " ".join(str(error).split())[:300]
            self.fail("raised", "raised", f"the call raised {type(error).__name__}: {message}")
        results = returned if len(self.outputs) > 1 else (returned,)
        if not isinstance(results, (tuple, list)) or len(results) != len(self.outputs):
            names = ", ".join(output.name for output in self.outputs)
            got = f"{len(results)}" if isinstance(results, (tuple, list)) else f"a {type(results).__name__}"
            self.fail("shape", "shape", f"the call must return ({names}), got {got}")
        for output, got in zip(self.operation.outputs(case), results, strict=True):
            dtype = np.dtype(np.int64) if output.is_index else self.result_dtype
            self.note(checks.form(output, got, dtype))
        self.note(checks.unchanged(before, passed))
        others = {**{f"its input {name}": array for name, array in passed.items()}, **earlier}
        for output, got in zip(self.outputs, results, strict=True):
            self.note(checks.unaliased(got, others, output.name))
            others[output.name] = got
        self.outcome.checked["shape, dtype"] += 1
        return tuple(results)

    def judge(
        self,
        expected: list[_Expected],
        results: tuple[np.ndarray, ...],
        images: slice,
        data: str,
        contract: str | None = None,
    ) -> None:
        """Compare results on integer data with what they must be; a difference under `contract` is a broken promise."""
        for one, got in zip(expected, results, strict=True):
            problem = one.check(got, images, data)
            if problem is not None and contract is not None:
                problem = Problem("contract", contract, problem.sentence, problem.index, problem.expected, problem.got)
            self.note(problem)

    def ratio(self, accuracy: str, ratio: float) -> None:
        """Keep the largest ratio of each accuracy."""
        self.outcome.ratios[accuracy] = max(self.outcome.ratios.get(accuracy, 0.0), ratio)

    def note(self, problem: Problem | None) -> None:
        """End the examination if there is a problem."""
        if problem is not None:
            raise _Found(problem)

    def fail(self, kind: str, check: str, sentence: str) -> None:
        """End the examination."""
        raise _Found(Problem(kind, check, sentence))
