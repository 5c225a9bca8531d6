from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    conv2d,
    conv2d_backward,
    locally_connected2d,
    locally_connected2d_backward,
)

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def untied(layer: Any) -> tuple[np.ndarray, dict[str, Any]]:
    """Filters of their own for every position of a layer of one group, and its options without groups."""
    options = {name: value for name, value in layer.options.items() if name != "groups"}
    channels = layer.x.shape[1]
    shape = (*layer.grad_output.shape[2:], layer.weight.shape[0], channels, *layer.weight.shape[2:])
    return np.random.default_rng(7).integers(-4, 5, shape), options


@given(data=st.data())
@EXAMPLES
def test_every_output_is_that_of_a_convolution_with_its_own_filters(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    weight, options = untied(layer)
    bias = np.random.default_rng(8).integers(-4, 5, layer.grad_output.shape[1:])
    result = locally_connected2d(layer.x, weight, bias, **options)
    assert result.dtype == np.int64
    assert result.shape == layer.grad_output.shape
    for p, q in np.ndindex(result.shape[2:]):
        shared = conv2d(layer.x, weight[p, q], bias[:, p, q], **options)
        assert result[:, :, p, q].tolist() == shared[:, :, p, q].tolist()


@given(data=st.data())
@EXAMPLES
def test_gradients_are_those_of_convolutions_of_one_output(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    weight, options = untied(layer)
    grad_x, grad_weight, grad_bias = locally_connected2d_backward(layer.grad_output, layer.x, weight, **options)
    sum_of_grad_x = np.zeros_like(grad_x)
    for p, q in np.ndindex(weight.shape[:2]):
        alone = np.zeros_like(layer.grad_output)
        alone[:, :, p, q] = layer.grad_output[:, :, p, q]
        one_x, one_weight, one_bias = conv2d_backward(alone, layer.x, weight[p, q], **options)
        sum_of_grad_x += one_x
        assert grad_weight[p, q].tolist() == one_weight.tolist()
        assert grad_bias[:, p, q].tolist() == one_bias.tolist()
    assert grad_x.tolist() == sum_of_grad_x.tolist()


@given(data=st.data())
@EXAMPLES
def test_with_tied_weights_it_is_a_convolution(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    weight, options = untied(layer)
    tied = np.broadcast_to(weight[0, 0], weight.shape)
    assert locally_connected2d(layer.x, tied, **options).tolist() == (conv2d(layer.x, weight[0, 0], **options).tolist())
    grad_x, grad_weight, grad_bias = locally_connected2d_backward(layer.grad_output, layer.x, tied, **options)
    expected = conv2d_backward(layer.grad_output, layer.x, weight[0, 0], **options)
    # the derivative of a shared weight is the sum over all places it is used at
    summed = (grad_x, grad_weight.sum(axis=(0, 1)), grad_bias.sum(axis=(1, 2)))
    assert [gradient.tolist() for gradient in summed] == [gradient.tolist() for gradient in expected]


def test_hand_worked() -> None:
    x = np.array([[[[1, 2, 3]]]])
    weight = np.array([[10, 1], [100, 5]]).reshape(1, 2, 1, 1, 1, 2)
    assert locally_connected2d(x, weight).ravel().tolist() == [12, 215]
    assert locally_connected2d(x, weight, np.array([[[7, 8]]])).ravel().tolist() == [19, 223]
    assert locally_connected2d(x, weight, stride=(1, 2), padding=((0, 0), (1, 0))).ravel().tolist() == [1, 215]


def test_is_exact_on_fractions() -> None:
    x = np.array([[[[Fraction(1, 2), Fraction(1, 3)]]]])
    weight = np.array([Fraction(1, 5), Fraction(1, 7)]).reshape(1, 2, 1, 1, 1, 1)
    assert locally_connected2d(x, weight).ravel().tolist() == [Fraction(1, 10), Fraction(1, 21)]


def test_says_what_it_got_and_what_is_allowed() -> None:
    x, weight = np.zeros((1, 2, 4, 5)), np.zeros((3, 4, 3, 2, 2, 2))
    with pytest.raises(ValueError, match="locally_connected2d: weight: got 5 dimensions"):
        locally_connected2d(x, weight[0])
    with pytest.raises(ValueError, match=r"locally_connected2d: weight: got shape \(3, 4,.*; allowed: \(2, 2,"):
        locally_connected2d(x, weight, stride=2)
    with pytest.raises(ValueError, match="locally_connected2d: bias: got 1 dimensions"):
        locally_connected2d(x, weight, np.zeros(3))
    with pytest.raises(ValueError, match=r"bias: got shape \(3, 4, 3\); allowed: \(3, 3, 4\)"):
        locally_connected2d(x, weight, np.zeros((3, 4, 3)))
    with pytest.raises(ValueError, match="locally_connected2d_backward: grad_output: got shape"):
        locally_connected2d_backward(np.zeros((1, 3, 3, 3)), x, weight)
