from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import conv2d, conv2d_bias_grad


def test_hand_worked() -> None:
    grad_output = np.array([[[[1, 2], [3, 4]], [[10, 20], [30, 40]]], [[[5, 6], [7, 8]], [[50, 60], [70, 80]]]])
    assert conv2d_bias_grad(grad_output).tolist() == [36, 360]


def test_is_exact_on_fractions() -> None:
    grad_output = np.array([[[[Fraction(1, 3), Fraction(1, 5)]]]])
    assert conv2d_bias_grad(grad_output).tolist() == [Fraction(8, 15)]


@given(data=st.data())
@settings(max_examples=50, deadline=None, derandomize=True)
def test_is_the_adjoint_of_adding_a_bias(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    only_the_bias = conv2d(np.zeros_like(layer.x), layer.weight, layer.bias, **layer.options)
    assert np.sum(layer.grad_output * only_the_bias) == np.sum(conv2d_bias_grad(layer.grad_output) * layer.bias)


def test_an_empty_batch_gives_zeros() -> None:
    assert conv2d_bias_grad(np.zeros((0, 3, 2, 2))).tolist() == [0, 0, 0]


def test_rejects_other_dimensions() -> None:
    with pytest.raises(ValueError, match="conv2d_bias_grad: grad_output: got 3 dimensions"):
        conv2d_bias_grad(np.zeros((3, 2, 2)))
