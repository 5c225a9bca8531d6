from fractions import Fraction

import numpy as np
import pytest

from convoracle.reference import aggregate_loss


def test_is_the_mean_of_the_divergences_and_its_derivative_the_mean_of_theirs() -> None:
    outputs, targets = [Fraction(1), Fraction(5), Fraction(9)], [Fraction(0), Fraction(7), Fraction(9)]
    assert aggregate_loss(outputs, targets, lambda Y, d: (Y - d) ** 2) == Fraction(1 + 4 + 0, 3)
    derivative = aggregate_loss([np.array([1.0, 2.0]), np.array([3.0, 6.0])], [1, 2], lambda Y, d: Y * d)
    assert derivative.tolist() == [3.5, 7]


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="aggregate_loss: got no examples"):
        aggregate_loss([], [], lambda Y, d: 0)
    with pytest.raises(ValueError, match="shorter"):
        aggregate_loss([1, 2], [1], lambda Y, d: 0)
