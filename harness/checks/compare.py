"""The comparisons: what came back against what had to, element by element, and the sentence about the difference."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convoracle.harness.checks.problem import Problem
from convoracle.harness.operations.base import Output


def form(output: Output, got: Any, dtype: np.dtype) -> Problem | None:
    """Check what can be said before any value is looked at: the type, the shape, the dtype."""
    is_scalar = output.shape == () and isinstance(got, np.generic)
    if type(got) is not np.ndarray and not is_scalar:
        article = f"{type(got).__module__}.{type(got).__qualname__}"
        return Problem("dtype", "dtype", f"{output.name} is a {article}, not a numpy.ndarray")
    if got.shape != output.shape:
        return Problem("shape", "shape", f"{output.name} has shape {got.shape}, not {output.shape}")
    if got.dtype != dtype:
        return Problem("dtype", "dtype", f"{output.name} has dtype {got.dtype}, not {dtype}")
    return None


def exact(output: Output, got: np.ndarray, expected: np.ndarray, data: str) -> Problem | None:
    """Check that every value is the expected one, bit for bit up to the sign of zero; a NaN equals a NaN."""
    if not np.count_nonzero(got != expected):  # a third of the time of all(); of two dtypes, in the wider one
        return None
    equal = (got == expected) | ((got != got) & (expected != expected))
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
        worst = float(ratios.max(initial=0.0))  # not a number if one of them is not
    if worst <= 1.0:
        return worst, None
    ratios = np.where(np.isnan(ratios), np.inf, ratios)
    worst = float(ratios.max())
    index = first(ratios == worst)
    return worst, Problem(
        "values",
        what,
        f"{int((ratios > 1.0).sum())} of {ratios.size} values of {output.name} are further from the exact result than "
        f"rounding can explain: the worst error, {error[index]:.3g}, is {_times(worst)} its bound {bound[index]:.3g}"
        + (f" ({output.roundings} roundings)" if output.error is None else ""),
        index,
        float(high[index]),
        got[index],
    )


def unaliased(got: np.ndarray, others: Mapping[str, np.ndarray], name: str) -> Problem | None:
    """Check that a result shares no memory with the inputs or with an earlier result, nor one element with another."""
    is_writeable = 0 in got.strides and got.size and got.flags.writeable
    if is_writeable and any(step == 0 and size > 1 for step, size in zip(got.strides, got.shape, strict=True)):
        return Problem("contract", "no aliasing", f"elements of {name} share memory with each other")
    for other, array in others.items():
        # The quick test of bounds first; it alone would accuse two results interleaved in one array of records.
        if np.may_share_memory(got, array) and np.shares_memory(got, array):
            return Problem("contract", "no aliasing", f"{name} shares memory with {other}")
    return None


def _differing(
    output: Output, check: str, wrong: np.ndarray, expected: np.ndarray, got: np.ndarray, data: str
) -> Problem:
    index = first(wrong)
    right = np.broadcast_to(expected, got.shape)[index]
    return Problem(
        "values",
        check,
        f"{int(wrong.sum())} of {wrong.size} values of {output.name} are wrong on {data}",
        index,
        right,
        got[index],
    )


def first(mask: np.ndarray) -> tuple[int, ...]:
    """Return the index of the first True."""
    return tuple(int(axis) for axis in np.unravel_index(int(np.argmax(mask)), mask.shape))


def _times(ratio: float) -> str:
    return "infinitely many times" if ratio == np.inf else f"{ratio:.3g} times"
