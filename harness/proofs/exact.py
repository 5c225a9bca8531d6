"""The rounding bound is a fact: floats compared with the reference on fractions, which makes no error at all.

Floats are rational numbers, and the reference's loops run on `fractions.Fraction` unchanged. Each configuration is
computed exactly, then in floating point by the compiled loops and by every backend; the difference is taken in rational
arithmetic and held to the bound that the harness would hold it to. The other direction: sums that keep eight bits, as
in bfloat16, must break the bound, or it would be too loose to see anything. And the harness's own truth for floats
(`convoracle.harness.checks.truth`) is compared with the fractions.
"""

import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from convoracle import reference
from convoracle.fast import registry
from convoracle.harness import checks
from convoracle.harness.candidates.candidate import Candidate
from convoracle.harness.candidates.source import Source
from convoracle.harness.cases.descriptor import describe
from convoracle.harness.cases.limits import Limits, inside
from convoracle.harness.cases.operands import random_floats
from convoracle.harness.operations import OPERATIONS, Operation
from convoracle.harness.operations.base import Arrays, Output
from convoracle.harness.oracle import compiled
from convoracle.harness.proofs.blocks import LOOPS, Loops, blocks_of
from convoracle.harness.proofs.cases import fractions, objects, run_reference, small_case
from convoracle.harness.proofs.coarse import CoarseSum
from convoracle.harness.proofs.tally import Tally, Tick

DTYPES = ("float32", "float64", "float16")


def prove(
    configurations: int,
    tick: Tick,
    *,
    loops: Loops = LOOPS,
    twin: Callable[..., Any] = compiled,
    backends: Sequence[str] = tuple(registry.BUILT_IN),
) -> Tally:
    """Compare floats with fractions; `loops` take the place of the oracle's, and `twin` compiles them."""
    tally = Tally()
    names = [name for name in OPERATIONS if blocks_of(name, loops)]
    coarse, caught = Counter[str](), Counter[str]()
    for number in range(configurations):
        operation, turn = OPERATIONS[names[number % len(names)]], number // len(names)
        blocks = blocks_of(operation.name, loops)
        block = loops[blocks[turn % len(blocks)]]
        candidates = [_of_loops(operation, twin(block)), *_of_backends(operation, backends)]
        case = small_case(operation, DTYPES, turn, _limits_for(candidates, turn))
        with tally.configuration(f"{operation.name}: {describe(case)}"):
            comparison = _Comparison(tally, operation, case, block)
            comparison.check_truth()
            for candidate in candidates:
                if case.dtype in candidate.dtypes and inside(candidate.limits, case):
                    comparison.check(candidate)
            if case.dtype == "float32" and not comparison.outputs[0].is_selection:
                coarse[operation.name] += 1
                caught[operation.name] += comparison.sees_coarse_sums()
        tick(number + 1, configurations)
    for name in coarse:
        if not caught[name]:
            tally.fail(f"{name}: the bound is loose: in {coarse[name]} configurations, sums of 8 bits never broke it")
    tally.counts["configurations summed with 8 bits"] = coarse.total()
    tally.counts["of these beyond the bound"] = caught.total()
    return tally


class _Comparison:
    """One case: its float operands, its exact result and its bounds."""

    def __init__(self, tally: Tally, operation: Operation, case: Any, block: Callable[..., None]) -> None:
        self.tally, self.operation, self.case, self.block = tally, operation, case, block
        self.outputs = operation.outputs(case)
        self.operands: Arrays = random_floats(operation, case)[1]
        rational = {name: fractions(array) for name, array in self.operands.items()}
        self.exact = run_reference(operation, case, rational, block)
        self.sizes = [
            None if output.is_selection else checks.magnitude(output, self.operands) for output in self.outputs
        ]

    def check(self, candidate: Candidate) -> None:
        """Hold a candidate's results to the bound of its accuracy."""
        passed = {
            name: array.astype(self.case.dtype) if array.dtype.kind == "f" else array
            for name, array in self.operands.items()
        }
        positional, keywords = self.operation.arguments(self.case, passed)
        returned = candidate.function(*positional, **keywords)
        results = [np.asarray(one) for one in (returned if isinstance(returned, tuple) else (returned,))]
        for output, got, exact, size in zip(self.outputs, results, self.exact, self.sizes, strict=True):
            self.tally.expect(
                _is_within(got, exact, self._bound(output, exact, size, candidate.accuracy)),
                f"results of {candidate.name} within the bound",
                f"{self.operation.name}: {output.name} of {candidate.name} is beyond the bound: {describe(self.case)}",
            )

    def check_truth(self) -> None:
        """Hold the harness's truth, which it judges floats with, to the error it states for itself."""
        for output, exact, size in zip(self.outputs, self.exact, self.sizes, strict=True):
            if size is None:
                continue
            high, low, error = checks.truth(output, self.operands, self.case.dtype, size)
            sums = objects([Fraction(a) + Fraction(b) for a, b in zip(high.flat, low.flat, strict=True)], high.shape)
            self.tally.expect(
                _is_within(sums, exact, error + 2.0**-100 * size),
                "truths of the harness confirmed",
                f"{self.operation.name}: the harness's truth for {output.name} is wrong: {describe(self.case)}",
            )

    def sees_coarse_sums(self) -> bool:
        """Return whether the bound is broken by sums that keep eight significant bits."""
        numbers = {
            name: objects([CoarseSum(value) for value in array.ravel().tolist()], array.shape)
            if array.dtype.kind == "f"
            else array
            for name, array in self.operands.items()
        }
        results = run_reference(self.operation, self.case, numbers, self.block)
        return not all(
            _is_within(got.astype(np.float64), exact, self._bound(output, exact, size, "componentwise"))
            for output, got, exact, size in zip(self.outputs, results, self.exact, self.sizes, strict=True)
        )

    def _bound(self, output: Output, exact: np.ndarray, size: np.ndarray | None, accuracy: str) -> np.ndarray:
        """Return the largest error allowed, element by element: none where values are copied."""
        if size is None:
            return np.zeros(exact.shape)
        return checks.allowance(output, self.operands, exact.astype(np.float64), size, self.case.dtype, accuracy)


def _of_loops(operation: Operation, block: Callable[..., None]) -> Candidate:
    """Return a loop function of the reference as a candidate; it does not promise float16, which it adds in float16."""
    return Candidate(functools.partial(getattr(reference, operation.name), loops=block), "the loops")


def _of_backends(operation: Operation, names: Sequence[str]) -> list[Candidate]:
    sources = [Source("backend", name) for name in names]
    return [source.load(operation.name) for source in sources if operation.name in source.operations()]


def _limits_for(candidates: Sequence[Candidate], turn: int) -> Limits:
    """Return none, but in every fourth case those of a candidate that has some: few cases would be inside by chance."""
    limited = [candidate.limits for candidate in candidates if candidate.limits]
    return limited[turn // 4 % len(limited)] if limited and turn % 4 == 3 else {}


def _is_within(got: np.ndarray, exact: np.ndarray, bound: np.ndarray) -> bool:
    """Return whether no element is further from the exact one than allowed, in rational arithmetic."""
    if got.shape != exact.shape:
        return False
    triples = zip(got.ravel().tolist(), exact.ravel().tolist(), bound.ravel().tolist(), strict=True)
    return all(_is_near(*triple) for triple in triples)


def _is_near(value: Any, right: Any, allowed: float) -> bool:
    """Return whether ``|value - right| <= allowed``, in integers: as fractions, but without reducing any."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    (a, b), (p, q), (m, n) = value.as_integer_ratio(), right.as_integer_ratio(), allowed.as_integer_ratio()
    return bool(abs(a * q - p * b) * n <= m * b * q)
