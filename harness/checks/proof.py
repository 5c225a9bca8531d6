"""What is proved about integers: that a right result on them has one value and no other.

Exact
    Every partial sum, in any order, is at most the sum of the magnitudes; where that is representable, nothing is ever
    rounded.
By rounding
    Where something is (means, transforms), the bound of the error, times the divisor, is below one half; then the
    result times the divisor rounds to the integer that it stands for.

Both are asked of the largest magnitude of each operand first: as many terms as there can be, times the largest there
is. Where that is too much, the oracle works out the sums of the magnitudes themselves.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from convoracle.harness import bounds
from convoracle.harness.checks.truth import allowance, largest_sum, magnitude
from convoracle.harness.operations.base import Arrays, Output


class Proof:
    """What is proved about one case at one accuracy; `rounds` says that results round to their integers."""

    def __init__(self, outputs: tuple[Output, ...], dtype: str, accuracy: str, rounds: bool) -> None:
        self.outputs, self.dtype, self.accuracy, self.rounds = outputs, dtype, accuracy, rounds

    def holds(self, operands: Arrays) -> bool:
        """Return whether integer operands have one right answer: exact, or exact after rounding."""
        if any(
            np.any(operands[name] % output.multiple)
            for output in self.outputs
            for name in {name for term in output.terms for name in term}
            if output.multiple > 1
        ):
            return False  # not even the exact result is an integer
        largest = {name: float(np.abs(array).max(initial=0)) for name, array in operands.items()}
        if self.rounds:
            return all(
                rounds_to_its_integer(self._excess_at_most(output, operands, largest))
                or rounds_to_its_integer(self._excess_of(output, operands))
                for output in self.outputs
            )
        room = 2 ** bounds.EXACT_BITS[self.dtype]
        return all(largest_sum(output, largest) <= room or self._fits(output, operands) for output in self.outputs)

    def _fits(self, output: Output, operands: Arrays) -> bool:
        """Return whether no partial sum of an output is larger than all that is representable."""
        return float(np.max(magnitude(output, operands), initial=0.0)) <= 2 ** bounds.EXACT_BITS[self.dtype]

    def amplitude(self, most: int) -> int:
        """Return an amplitude that is small enough whatever the data, where that is known before there are any."""
        if self.accuracy != "componentwise" or any(output.magnitude is not None for output in self.outputs):
            return most
        size = most
        while size > 1:
            excess = 0.0
            for output in self.outputs:
                largest = {name: float(size * output.multiple) for term in output.terms for name in term}
                excess = max(excess, self._excess_at_most(output, {}, largest))
            if rounds_to_its_integer(excess):
                break
            size = self._smaller(size, excess)
        return size

    def smaller(self, size: int, operands: Arrays) -> int:
        """Return the amplitude to try after operands of one that was too large: bounds scale with the data."""
        return self._smaller(size, max(self._excess_of(output, operands) for output in self.outputs))

    def room(self, operands: Arrays) -> tuple[float, float]:
        """Return what proved operands leave of the error that may be, and how much the smallest numbers' may be.

        Both are multiples of one half after multiplication with the divisors, the second with operands in units of the
        smallest number.
        """
        lost = max(2.0 * output.roundings * float(np.max(divisors(output))) for output in self.outputs)
        return 1.0 - max(self._excess_of(output, operands) for output in self.outputs), lost

    def _smaller(self, size: int, excess: float) -> int:
        """Return the amplitude to try next, where one has so many times the error that it may have."""
        degree = max(len(term) for output in self.outputs for term in output.terms)
        return max(min(int(size / excess ** (1.0 / degree)), size - 1 - size // 8), 1)

    def _excess_of(self, output: Output, operands: Arrays) -> float:
        """Return the excess of operands."""
        return self._excess(output, operands, magnitude(output, operands), divisors(output))

    def _excess_at_most(self, output: Output, operands: Arrays, largest: Mapping[str, float]) -> float:
        """Return what no operands with these largest magnitudes exceed: bounds grow with the sum and the divisor."""
        divisor = np.max(divisors(output))
        return self._excess(output, operands, np.array(largest_sum(output, largest) / divisor), divisor)

    def _excess(self, output: Output, operands: Arrays, size: np.ndarray, divisor: Any) -> float:
        """Return the largest proven error of sums of a size, times the divisor, as a multiple of one half."""
        allowed = allowance(output, operands, size, size, self.dtype, self.accuracy)
        return 2.0 * float(np.max(allowed * divisor, initial=0.0))


def rounds_to_its_integer(excess: float) -> bool:
    """Return whether an error of so many times one half leaves no doubt about the integer."""
    return excess < 1.0


def divisors(output: Output) -> Any:
    """Return how much an output is multiplied by before it is rounded: the divisors of means that have one for each."""
    return np.abs(output.parts[0].divisors) if len(output.parts) == 1 else 1
