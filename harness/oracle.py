"""The reference as the harness runs it: the same loops, compiled; and its exact value for any float64 operands."""

import functools
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np

from convoracle.harness.cases.data import split

Arrays = Mapping[str, np.ndarray]


@functools.cache
def compiled(loops: Callable[..., Any]) -> Callable[..., Any]:
    """Return the reference's loop function compiled by Numba: the very same function object, no second source.

    Without a working Numba the function comes back as it is: a hundred times slower, and equally right.
    """
    try:
        import numba
    except Exception:  # a broken installation fails in more ways than ImportError
        return loops
    try:
        return numba.njit(cache=True)(loops)
    except RuntimeError:  # nowhere to write the cache
        return numba.njit(loops)


def exact_sum(
    compute: Callable[[Arrays], np.ndarray], operands: Arrays, terms: tuple[tuple[str, ...], ...], products: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``compute(operands)`` without rounding error, as an unevaluated sum of two float64 arrays.

    The operation is a sum of `terms`, each linear in every operand it names. Each operand is split exactly into parts
    of so few bits that every product and every sum of `products` of them is exact in float64; the reference's own
    loops then compute every combination of parts without any rounding, and the results are added with their rounding
    errors, which are added up beside them. The error of that second sum, ``2**-106`` of the magnitudes times the square
    of the number of combinations, of which there are a dozen, is far below anything measured against it.
    """
    high: np.ndarray | None = None
    low: np.ndarray | None = None
    absent = {name: np.zeros_like(array) for name, array in operands.items() if _is_float(array)}
    for term in terms:
        parts = [
            split(operands[name], bits) or [absent[name]]
            for name, bits in zip(term, bits_of_parts(len(term), products), strict=True)
        ]
        for combination in product(*parts):
            exact = compute({**operands, **absent, **dict(zip(term, combination, strict=True))})
            if high is None or low is None:
                high, low = exact, np.zeros_like(exact)
                continue
            high, error = _two_sum(high, exact)
            low = low + error
    assert high is not None
    assert low is not None
    return _two_sum(high, low)


def bits_of_parts(factors: int, products: int) -> tuple[int, ...]:
    """Return how many bits the parts of each factor may have, so that sums of so many products are exact in float64.

    A float64 number is two parts of 27 bits. Two factors, one with 27 bits and one with the rest, make fewer
    combinations than two with half of the bits each, unless the rest is very small: six, not nine, for 127 products.
    """
    room = 52 - max(products, 1).bit_length()
    if factors == 2 and room >= 39:
        return 27, room - 27
    return (room // factors,) * factors


def divide(high: np.ndarray, low: np.ndarray, divisor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the quotient of an unevaluated sum by small integers, again as an unevaluated sum."""
    quotient = high / divisor
    upper, lower = split_halves(quotient)
    remainder = ((high - upper * divisor) - lower * divisor) + low  # exact but for its last addition
    return _two_sum(quotient, remainder / divisor)


def split_halves(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Split each value into two of at most 26 bits (Dekker), so that products with small integers are exact."""
    shifted = 134217729.0 * values  # 2**27 + 1
    upper = shifted - (shifted - values)
    return upper, values - upper


def _two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``a + b`` rounded, and its exact error (Knuth)."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _is_float(array: np.ndarray) -> bool:
    return array.dtype.kind == "f"
