"""The comparisons: what came back against what had to, element by element, and the sentence about the difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.operations.base import Arrays, Output
from convoracle.harness.oracle import divide, exact_sum


@dataclass(frozen=True)
class Problem:
    """Something wrong with one result."""

    kind: str
    check: str
    sentence: str
    index: tuple[int, ...] | None = None
    expected: Any = None
    got: Any = None


def form(output: Output, got: Any, dtype: np.dtype) -> Problem | None:
    """Check what can be said before any value is looked at: the type, the shape, the dtype."""
    if type(got) is not np.ndarray:
        article = f"{type(got).__module__}.{type(got).__qualname__}"
        return Problem("dtype", "dtype", f"{output.name} is a {article}, not a numpy.ndarray")
    if got.shape != output.shape:
        return Problem("shape", "shape", f"{output.name} has shape {got.shape}, not {output.shape}")
    if got.dtype != dtype:
        return Problem("dtype", "dtype", f"{output.name} has dtype {got.dtype}, not {dtype}")
    return None


def exact(output: Output, got: np.ndarray, expected: np.ndarray, data: str) -> Problem | None:
    """Check that every value is the expected one, bit for bit up to the sign of zero; a NaN equals a NaN."""
    values = got if got.dtype.kind in "iu" else got.astype(np.float64)
    equal = (values == expected) | ((values != values) & (expected != expected))
    if equal.all():
        return None
    return _differing(output, "exact", ~equal, expected, got, data)


def rounded(output: Output, got: np.ndarray, sums: np.ndarray, divisors: np.ndarray, data: str) -> Problem | None:
    """Check that every value, times its divisor, rounds to the exact integer."""
    with np.errstate(all="ignore"):
        equal = np.rint(got.astype(np.float64) * divisors) == sums
    if equal.all():
        return None
    return _differing(output, "exact by rounding", ~equal, sums / divisors, got, data)


def bounded(
    output: Output, got: np.ndarray, truth: tuple[np.ndarray, np.ndarray], bound: np.ndarray, what: str
) -> tuple[float, Problem | None]:
    """Return the largest error as a multiple of its bound, and the problem if that is more than 1."""
    high, low = truth
    with np.errstate(all="ignore"):
        error = np.abs((got.astype(np.float64) - high) - low)
        ratios = error / bound
    ratios = np.where(np.isnan(ratios), np.inf, ratios)
    worst = float(np.max(ratios, initial=0.0))
    if worst <= 1.0:
        return worst, None
    index = _first(ratios == worst)
    return worst, Problem(
        "values",
        what,
        f"{int((ratios > 1.0).sum())} of {ratios.size} values of {output.name} are further from the exact result than "
        f"rounding can explain: the worst error, {error[index]:.3g}, is {_times(worst)} its bound {bound[index]:.3g} "
        f"({output.roundings} roundings)",
        index,
        float(high[index]),
        got[index],
    )


def magnitude(output: Output, operands: Arrays) -> np.ndarray:
    """Return ``G``: the operation on the absolute values."""
    return output.compute({name: np.abs(array) for name, array in operands.items()})


def truth(output: Output, operands: Arrays, dtype: str, size: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the exact result as an unevaluated sum of two arrays, and a bound on that sum's own error.

    float32 and float16 are judged against the float64 loops, whose error is bounded; float64 against the exact value.
    """
    if dtype != "float64":
        high = output.compute(operands)
        return high, np.zeros_like(high), bounds.float64_error(size, output.roundings)
    if not output.parts:
        high, low = exact_sum(output.compute, operands, output.terms, output.products)
        return high, low, np.zeros_like(high)
    total: tuple[np.ndarray, np.ndarray] | None = None
    for part in output.parts:
        quotient = divide(*exact_sum(part.compute, operands, output.terms, output.products), part.divisors)
        total = quotient if total is None else add(total, quotient)
    assert total is not None
    return *total, 2.0**-100 * size


def add(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of two unevaluated sums, with the error of double-double arithmetic."""
    high = a[0] + b[0]
    other = high - a[0]
    error = (a[0] - (high - other)) + (b[0] - other)
    low = error + (a[1] + b[1])
    total = high + low
    return total, low - (total - high)


def allowance(
    output: Output, operands: Arrays, high: np.ndarray, size: np.ndarray, dtype: str, accuracy: str
) -> np.ndarray:
    """Return the bound of one accuracy: componentwise, or normwise for what goes through a transform."""
    bound = bounds.componentwise(size, high, output.roundings, dtype)
    if accuracy == "componentwise":
        return bound
    return bound + transform_bound(output, operands, dtype)


def transform_bound(output: Output, operands: Arrays, dtype: str) -> float:
    """Return the larger of the bounds for Fourier transforms and, where it applies, Winograd's algorithm."""
    if output.norms is not None:
        first, second = (operands[name] for name in output.terms[0])
        of_first, of_second = output.norms
        one_norm = float(np.max(np.sum(np.abs(second), axis=of_second), initial=0.0))
        two_norm = float(np.sqrt(np.max(np.sum(np.square(first), axis=of_first), initial=0.0)))
        bound = bounds.fft(output.transform_bits, two_norm * one_norm, dtype)
        if output.winograd_terms:
            largest = float(np.max(np.abs(first), initial=0.0))
            bound = max(bound, bounds.winograd(output.winograd_terms, largest * one_norm, dtype))
        return bound
    if output.box_norm:
        values = operands[output.terms[0][0]]
        two_norm = float(np.sqrt(np.max(np.sum(np.square(values), axis=(1, 2, 3)), initial=0.0)))
        return bounds.fft(output.transform_bits, two_norm * output.box_norm, dtype)
    return 0.0


def unchanged(before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> Problem | None:
    """Check that no input was written to."""
    for name, saved in before.items():
        if saved.tobytes() != after[name].tobytes():
            index = _first(~((saved == after[name]) | ((saved != saved) & (after[name] != after[name]))))
            return Problem(
                "contract",
                "inputs unmodified",
                f"the call changed its input {name}",
                index,
                saved[index],
                after[name][index],
            )
    return None


def unaliased(got: np.ndarray, others: Mapping[str, np.ndarray], name: str) -> Problem | None:
    """Check that a result shares no memory with the inputs or with an earlier result."""
    for other, array in others.items():
        # The quick test of bounds first; it alone would accuse two results interleaved in one array of records.
        if np.may_share_memory(got, array) and np.shares_memory(got, array):
            return Problem("contract", "no aliasing", f"{name} shares memory with {other}")
    return None


def _differing(
    output: Output, check: str, wrong: np.ndarray, expected: np.ndarray, got: np.ndarray, data: str
) -> Problem:
    index = _first(wrong)
    right = np.broadcast_to(expected, got.shape)[index]
    return Problem(
        "values",
        check,
        f"{int(wrong.sum())} of {wrong.size} values of {output.name} are wrong on {data}",
        index,
        right,
        got[index],
    )


def _first(mask: np.ndarray) -> tuple[int, ...]:
    return tuple(int(axis) for axis in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _times(ratio: float) -> str:
    return "infinitely many times" if ratio == np.inf else f"{ratio:.3g} times"
