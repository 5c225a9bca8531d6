from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    mean_subtract,
    mean_subtract_backward,
    mean_subtract_naive,
    mean_subtract_newaxis,
)

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def fractions(seed: int, shape: Any) -> np.ndarray:
    numbers = np.random.default_rng(seed).integers(-9, 10, shape)
    return np.vectorize(lambda number: Fraction(int(number), 7), otypes=[object])(numbers)


@given(shape=st.tuples(*[st.integers(1, 4)] * 3), axis=st.integers(-3, 2), seed=st.integers(0, 99))
@EXAMPLES
def test_is_its_formula_exactly_on_fractions(shape: Any, axis: int, seed: int) -> None:
    x, grad_output = fractions(seed, shape), fractions(seed + 1, shape)
    h = mean_subtract(x, axis)
    for place in np.ndindex(shape):
        line = tuple(slice(None) if k == axis % 3 else index for k, index in enumerate(place))
        assert h[place] == x[place] - sum(x[line]) / shape[axis]
    grad_x = mean_subtract_backward(grad_output, axis)
    # the Jacobian is symmetric, and taking the mean away a second time changes nothing
    assert np.sum(grad_output * h) == np.sum(grad_x * x)
    assert mean_subtract(h, axis).tolist() == h.tolist()


def test_backward_is_the_jacobian_of_the_lecture() -> None:
    jacobian = [[Fraction(i == j) - Fraction(1, 3) for j in range(3)] for i in range(3)]
    unit = np.array([[Fraction(i == j) for j in range(3)] for i in range(3)])
    assert mean_subtract_backward(unit).tolist() == jacobian


def test_both_repairs_are_equal() -> None:
    x = np.random.default_rng(0).standard_normal((3, 4))
    assert mean_subtract_newaxis(x).tolist() == mean_subtract(x).tolist()


def test_the_naive_code_raises_or_is_silently_wrong() -> None:
    with pytest.raises(ValueError, match="could not be broadcast"):
        mean_subtract_naive(np.zeros((2, 3)))
    square = np.arange(9.0).reshape(3, 3)
    assert mean_subtract_naive(square).tolist() != mean_subtract(square).tolist()
    assert mean_subtract_naive(square).tolist() == (square - np.array([1.0, 4.0, 7.0])).tolist()


@pytest.mark.parametrize(
    "function", [mean_subtract, mean_subtract_newaxis, mean_subtract_naive, mean_subtract_backward]
)
def test_keeps_float32_and_rejects_integers(function: Any) -> None:
    assert function(np.ones((2, 2), np.float32)).dtype == np.float32
    with pytest.raises(TypeError, match="got integers; allowed: floats"):
        function(np.ones((2, 2), int))


def test_rejects_an_axis_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="axis 1 is out of bounds"):
        mean_subtract(np.zeros(3))
    with pytest.raises(ValueError, match="mean_subtract_newaxis: x: got 1 dimensions"):
        mean_subtract_newaxis(np.zeros(3))
