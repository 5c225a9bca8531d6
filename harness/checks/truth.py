"""What floats must be: the exact result, and how far from it a correct one may lie."""

import math
from collections.abc import Mapping

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.operations.base import Arrays, Output
from convoracle.harness.oracle import divide, exact_sum


def magnitude(output: Output, operands: Arrays) -> np.ndarray:
    """Return ``G``: the operation on the absolute values, or what the output says it is."""
    if output.magnitude is not None:
        return output.magnitude(operands)
    return np.abs(output.compute({name: np.abs(array) for name, array in operands.items()}))  # divisors may be negative


def largest_sum(output: Output, largest: Mapping[str, float]) -> float:
    """Return what no element of ``G``, undivided, exceeds, from the largest magnitude in each operand.

    As many terms as there can be, times the largest there is: this takes a tenth of the time of `magnitude`, and is
    often enough of a proof. Infinite where ``G`` is not what the output says of its terms.
    """
    if output.magnitude is not None or not output.terms:
        return math.inf
    terms = output.products + len(output.terms) - 1
    return terms * max(math.prod(largest[name] for name in term) for term in output.terms)


def truth(output: Output, operands: Arrays, dtype: str, size: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the exact result as an unevaluated sum of two arrays, and a bound on that sum's own error.

    float32 and float16 are judged against the float64 loops, whose error is bounded; float64 against the exact value.
    """
    if dtype != "float64":
        high = output.compute(operands)
        if output.error is not None:
            return high, np.zeros_like(high), output.error(operands, "float64")
        return high, np.zeros_like(high), bounds.float64_error(size, output.roundings)
    if output.exact is not None:
        # Two float64 numbers leave 2**-106 of a value, which no bound is as small as 2**-54 of, or a subnormal.
        high, low = output.exact(operands)
        return high, low, 2.0**-50 * allowance(output, operands, high, size, dtype, "componentwise") + 2.0**-1074
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
    if output.error is not None:
        bound = output.error(operands, dtype)
        return bound + bounds.final_rounding(bound, high, dtype)
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
        bound = bounds.fft(output.transform_bits, output.products, two_norm * one_norm, dtype)
        if output.winograd_terms:
            largest = float(np.max(np.abs(first), initial=0.0))
            bound = max(bound, bounds.winograd(output.winograd_terms, largest * one_norm, dtype))
        return bound
    if output.box_norm:
        values = operands[output.terms[0][0]]
        two_norm = float(np.sqrt(np.max(np.sum(np.square(values), axis=(1, 2, 3)), initial=0.0)))
        return bounds.fft(output.transform_bits, output.products, two_norm * output.box_norm, dtype)
    return 0.0
