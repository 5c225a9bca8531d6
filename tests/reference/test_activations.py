from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    activation_backward,
    relu,
    relu_backward,
    relu_jacobian,
    sigmoid,
    sigmoid_backward,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
INTEGERS = st.lists(st.integers(-9, 9), min_size=1, max_size=6)
# exp may be off by four units in the last place, 8u; the sum and the quotient after it round once each, and e / (1 + e)
# has e in both: 18u
U = 2.0**-53
SIGMOID_BOUND = 18 * U / (1 - 18 * U)


def exact_sigmoid(x: float) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return 1 / (1 + (-Decimal(x)).exp())


@given(numbers=INTEGERS, seed=st.integers(0, 99))
@EXAMPLES
def test_relu_equals_torch_on_integers(numbers: list[int], seed: int) -> None:
    x, grad_output = np.array(numbers), np.random.default_rng(seed).integers(-9, 10, len(numbers))
    tensor = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    z = torch.relu(tensor)
    (expected,) = torch.autograd.grad(z, tensor, torch.from_numpy(grad_output.astype(np.float64)))
    assert relu(x).tolist() == z.tolist()
    assert relu_backward(grad_output, x).tolist() == expected.tolist()
    # the explicit Jacobian says the same, in n times the memory
    assert (relu_jacobian(x) @ grad_output).tolist() == expected.tolist()


def test_relu_of_any_shape_and_number() -> None:
    x = np.array([[Fraction(-1, 3), Fraction(0)], [Fraction(2, 7), Fraction(1)]])
    assert relu(x).tolist() == [[0, 0], [Fraction(2, 7), 1]]
    assert relu_backward(x, x).tolist() == [[0, 0], [Fraction(2, 7), 1]]
    assert relu(np.float32(-2.5)).shape == ()
    assert relu(np.array([2.5], np.float32)).dtype == np.float32
    assert relu(np.array([200, 7], np.uint8)).tolist() == [200, 7]
    assert np.isnan(relu(np.array([np.nan]))).all()
    assert relu_backward(np.ones(3), np.array([np.nan, 0.0, np.inf])).tolist() == [0, 0, 1]


@given(x=st.floats(-600, 600))
@EXAMPLES
def test_sigmoid_is_within_its_bound(x: float) -> None:
    exact = exact_sigmoid(x)
    assert abs(Decimal(float(sigmoid(np.array([x]))[0])) - exact) <= Decimal(SIGMOID_BOUND) * exact
    assert sigmoid(np.array([x])) + sigmoid(np.array([-x])) == pytest.approx([1], rel=0, abs=2 * SIGMOID_BOUND)


@given(x=st.floats(-300, 300), grad_output=st.integers(-4, 4))
@EXAMPLES
def test_derivative_of_sigmoid_is_within_its_bound(x: float, grad_output: int) -> None:
    exact = grad_output * exact_sigmoid(x) * exact_sigmoid(-x)
    result = sigmoid_backward(np.array([float(grad_output)]), np.array([x]))
    # two sigmoids, two products
    bound = 38 * U / (1 - 38 * U)
    assert abs(Decimal(float(result[0])) - exact) <= Decimal(bound) * abs(exact)


def test_sigmoid_does_not_overflow_and_keeps_the_number_type() -> None:
    assert sigmoid(np.array([-1e9, 1e9])).tolist() == [0, 1]
    assert sigmoid(np.zeros((2, 1, 3), np.float32)).dtype == np.float32
    assert sigmoid_backward(np.ones((2, 2), np.float32), np.zeros((2, 2), np.float32)).tolist() == [[0.25] * 2] * 2


def test_activation_backward_multiplies_with_the_derivative_at_z() -> None:
    z = np.array([[[[3, -2]]]])
    assert activation_backward(np.array([[[[10, 100]]]]), z, lambda number: number * number).tolist() == [[[[90, 400]]]]
    assert activation_backward(z, z, lambda number: number > 0).tolist() == relu_backward(z, z).tolist()


@pytest.mark.parametrize("function", [relu_backward, sigmoid_backward])
def test_rejects_derivatives_of_another_shape(function: Any) -> None:
    with pytest.raises(ValueError, match=r"_backward: grad_output: got shape \(2,\); allowed: \(3,\)"):
        function(np.zeros(2), np.zeros(3))


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(TypeError, match="sigmoid: got int64; allowed: floats"):
        sigmoid(np.array([1]))
    with pytest.raises(TypeError, match="sigmoid_backward: got object; allowed: floats"):
        sigmoid_backward(np.array([Fraction(1)]), np.array([Fraction(1)]))
    with pytest.raises(ValueError, match="activation_backward: dy: got shape"):
        activation_backward(np.zeros(2), np.zeros(3), lambda z: z)
    with pytest.raises(ValueError, match="relu_jacobian: x: got 2 dimensions"):
        relu_jacobian(np.zeros((2, 2)))
