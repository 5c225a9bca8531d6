"""One call and what came of it: the operands, what had to come back, how far off it may be, and what did come back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.cases.choices import Choices
from convoracle.harness.cases.data import lay_out
from convoracle.harness.cases.operands import exact_amplitude, integers, random_floats
from convoracle.harness.checks import allowance, magnitude, truth
from convoracle.harness.checks.question import Question
from convoracle.harness.operations.base import Arrays, Operation, Output

SMALL = 3
"""The largest integer in the operands that are tried first."""

_MULTIPLES = 2.0**-900
"""Numbers below this, and all their sums, are multiples of the smallest one, and few of them: exact in float64."""


@dataclass(frozen=True)
class Seen:
    """One output: what it had to be, how far from that a right one may lie (0: not at all), and what it was.

    ``rounding`` is how far it might lie if the data were no integers: what a mistake that divides is held to.
    """

    name: str
    expected: np.ndarray
    allowed: np.ndarray
    got: np.ndarray
    rounding: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        """Where the values differ; everywhere if the shape does."""
        if self.got.shape != self.expected.shape or self.got.dtype.kind not in "fiub":
            return np.ones(self.expected.shape, bool)
        return differing(self.got, self.expected, self.allowed)


@dataclass(frozen=True)
class Evidence:
    """One call of the candidate.

    Parameters
    ----------
    case : case
        The configuration.
    data : str
        What sort of numbers the operands are.
    operands : mapping
        Name to array, in float64 or int64.
    results : tuple of Seen
        The outputs; empty if the call raised or returned something else.
    """

    case: Any
    data: str
    operands: dict[str, np.ndarray]
    results: tuple[Seen, ...]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the outputs that are wrong."""
        return tuple(seen.name for seen in self.results if seen.wrong.any())

    @property
    def is_exact(self) -> bool:
        """Whether every output must be the expected one to the last bit."""
        return not any(seen.allowed.any() for seen in self.results)

    def first_wrong(self) -> tuple[str, tuple[int, ...], Any, Any] | None:
        """Return the name, the index, the expected and the returned value of the first wrong element."""
        for seen in self.results:
            if seen.wrong.any() and seen.got.shape == seen.expected.shape:
                index = tuple(int(axis) for axis in np.unravel_index(int(np.argmax(seen.wrong)), seen.wrong.shape))
                return seen.name, index, seen.expected[index], seen.got[index]
        return None


def differing(got: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return where two arrays of one shape are further apart than allowed; a NaN equals a NaN."""
    equal = (got == expected) | ((got != got) & (expected != expected))
    if allowed.any():
        with np.errstate(all="ignore"):
            equal = equal | (np.abs(got.astype(np.float64) - expected) <= allowed)
    return ~equal


def operands_of(operation: Operation, case: Any, check: str) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """Yield operands of every sort with its name, those first that the check which failed is made with."""
    makers = {"exact": _small, "large": _large, "bounded": _floats}
    if check == "specials":
        makers = {"specials": _specials, "scaled": _scaled, **makers}
    first = {"normwise": "bounded"}.get(check, check)
    for name in sorted(makers, key=lambda name: name not in (first, "scaled")):
        if name in ("exact", "large") or not case.dtype.startswith("int"):
            yield from makers[name](operation, case)


def observe(
    operation: Operation, function: Callable[..., Any], case: Any, accuracy: str, data: str, operands: Arrays
) -> Evidence:
    """Call the candidate on fresh copies of the operands and return what came of it."""
    passed = arranged(operation, case, operands)
    positional, keywords = operation.arguments(case, passed)
    outputs = operation.outputs(case)
    try:
        returned = function(*positional, **keywords)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return Evidence(case, data, dict(operands), ())
    results = returned if len(outputs) > 1 else (returned,)
    if not isinstance(results, (tuple, list)) or not all(isinstance(result, np.ndarray) for result in results):
        return Evidence(case, data, dict(operands), ())
    seen = []
    for output, got in zip(outputs, results, strict=False):
        expected, allowed = expectation(output, operands, case.dtype, accuracy)
        seen.append(Seen(output.name, expected, allowed, np.array(got), rounding(output, operands, case.dtype)))
    return Evidence(case, data, dict(operands), tuple(seen))


def arranged(operation: Operation, case: Any, operands: Arrays) -> dict[str, np.ndarray]:
    """Return the operands in the case's dtype and memory layouts, in the order of the call."""
    passed = {}
    for position, name in enumerate(operation.operand_shapes(case)):
        values = operands[name] if name == "indices" else operands[name].astype(case.dtype)
        passed[name] = lay_out(values, case.layout[min(position, len(case.layout) - 1)])
    return passed


def expectation(output: Output, operands: Arrays, dtype: str, accuracy: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what an output must be on these operands, and how far from it a right one may lie."""
    if output.is_selection or dtype.startswith("int"):
        return np.asarray(output.compute(operands)), np.zeros(())
    largest = [np.max(np.abs(array), initial=0.0) for array in operands.values()]
    if not np.isfinite(largest).all() or any(0 < one < _MULTIPLES for one in largest):
        return np.asarray(output.compute(operands)), np.zeros(())
    size = magnitude(output, operands)
    is_exact = accuracy == "componentwise" and not output.parts and _is_integral(operands)
    if is_exact and np.max(size, initial=0.0) <= 2 ** bounds.EXACT_BITS[dtype]:
        return np.asarray(output.compute(operands)), np.zeros(())
    high, low, own_error = truth(output, operands, dtype, size)
    allowed = allowance(output, operands, high, size, dtype, accuracy) + own_error + np.abs(low)
    if np.isfinite(high).all():
        return high, allowed
    # So huge that the truth cannot be had, which splits numbers: nothing is wrong that is not infinite.
    return np.where(np.isfinite(high), high, output.compute(operands)), np.where(np.isfinite(high), allowed, np.inf)


def rounding(output: Output, operands: Arrays, dtype: str) -> np.ndarray:
    """Return the bound on the rounding errors of a sum of this many products of this size."""
    if output.is_selection or dtype.startswith("int"):
        return np.zeros(())
    size = magnitude(output, operands)
    return bounds.componentwise(size, size, output.roundings, dtype)


def _is_integral(operands: Arrays) -> bool:
    return all(bool((array == np.rint(array)).all()) for array in operands.values())


def _small(operation: Operation, case: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    outputs = operation.outputs(case)
    amplitude = SMALL if outputs[0].is_selection else max(min(SMALL, exact_amplitude(outputs, case.dtype)), 1)
    yield "integers", integers(operation, case, amplitude)


def _large(operation: Operation, case: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    outputs = operation.outputs(case)
    if outputs[0].is_selection or exact_amplitude(outputs, case.dtype) > SMALL:
        yield "large integers", integers(operation, case)


def _floats(operation: Operation, case: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    kind, operands = random_floats(operation, case)
    yield f"{kind} floats", operands


def _scaled(operation: Operation, case: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """The integers of the check, as small or as large as it makes them."""
    asked = Question(operation, case, "componentwise")
    if asked.scales.scaled is not None:
        names, exponent = asked.scales.scaled
        operands = asked.integers.operands
        scaled = {name: np.ldexp(array, exponent) if name in names else array for name, array in operands.items()}
        yield f"integers times 2**{exponent}", scaled


def _specials(operation: Operation, case: Any) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    """What the check is made with, then small integers with one NaN, and with one infinity."""
    answered = Question(operation, case, "componentwise").specials
    if answered is not None and answered.expected is not None:
        yield "integers and special values", dict(answered.operands)
    for special in (np.nan, np.inf, -np.inf):
        for _, operands in _small(operation, case):
            name = next(iter(operands))
            places = operands[name].reshape(-1)
            places[Choices(case.seed, "special").below(places.size)] = special
            yield f"integers and one {special}", operands
