"""What must come back: exactly, or after rounding, on integers; within a bound of the truth, on floats."""

from dataclasses import dataclass

import numpy as np

from convoracle.harness.checks import compare
from convoracle.harness.checks.problem import Problem
from convoracle.harness.operations.base import Arrays, Output


@dataclass(frozen=True)
class Expected:
    """What one output must be on integer data: equal to `values`, or equal after times `divisors` and rounding.

    What goes through an exponential has no exact answer, and must be within `bound` of ``values + low``.
    """

    output: Output
    values: np.ndarray
    divisors: np.ndarray | None = None
    low: np.ndarray | None = None
    bound: np.ndarray | None = None

    def check(self, got: np.ndarray, data: str, images: slice = slice(None)) -> Problem | None:
        """Return how a result differs, if it does."""
        chosen = images if self.values.ndim else ...  # a loss is one number for all images
        values = self.values[chosen]
        if self.low is not None and self.bound is not None:
            truth = values, self.low[chosen]
            return compare.bounded(self.output, got, truth, self.bound[chosen], "bounded")[1]
        if self.divisors is None:
            return compare.exact(self.output, got, values, data)
        divisors = self.divisors
        return compare.rounded(self.output, got, values, divisors, data)


@dataclass(frozen=True)
class Answered:
    """Operands and what every output must be on them; `expected` is None where nothing is proved."""

    operands: Arrays
    expected: tuple[Expected, ...] | None


@dataclass(frozen=True)
class Measured:
    """Floats, and for each output the exact result as an unevaluated sum, with the bound of each accuracy."""

    kind: str
    operands: Arrays
    truths: tuple[tuple[np.ndarray, np.ndarray], ...]
    bounds: tuple[dict[str, np.ndarray], ...]


def frozen_array(array: np.ndarray) -> np.ndarray:
    """Return an equal array over immutable bytes: it cannot be made writable again."""
    array = np.asarray(array)
    return np.frombuffer(array.tobytes(), array.dtype).reshape(array.shape)
