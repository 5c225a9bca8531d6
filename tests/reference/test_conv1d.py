from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    conv1d,
    conv1d_backward,
    conv1d_bias_grad,
    conv1d_input_grad,
    conv1d_weight_grad,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


def by_torch(layer: Any, *arrays: torch.Tensor) -> torch.Tensor:
    x, weight, bias = arrays
    sides = [side for pair in reversed(layer.options["padding"]) for side in pair]
    return torch.nn.functional.conv1d(
        torch.nn.functional.pad(x, sides),
        weight,
        bias,
        stride=layer.options["stride"],
        dilation=layer.options["dilation"],
        groups=layer.options["groups"],
    )


def fractions(array: np.ndarray, denominator: int) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number), denominator), otypes=[object])(array)


@given(data=st.data())
@EXAMPLES
def test_equals_torch_on_integers(convolutions_1d: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions_1d)
    arrays = [torch.from_numpy(array.astype(np.float64)) for array in (layer.x, layer.weight, layer.bias)]
    result = conv1d(layer.x, layer.weight, layer.bias, **layer.options)
    assert result.dtype == np.int64
    assert result.tolist() == by_torch(layer, *arrays).numpy().tolist()


@given(data=st.data())
@EXAMPLES
def test_gradients_equal_torch_on_integers(convolutions_1d: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions_1d)
    arrays = [
        torch.from_numpy(array.astype(np.float64)).requires_grad_() for array in (layer.x, layer.weight, layer.bias)
    ]
    grad_output = torch.from_numpy(layer.grad_output.astype(np.float64))
    expected = [gradient.tolist() for gradient in torch.autograd.grad(by_torch(layer, *arrays), arrays, grad_output)]
    together = conv1d_backward(layer.grad_output, layer.x, layer.weight, **layer.options)
    assert [gradient.tolist() for gradient in together] == expected
    alone = (
        conv1d_input_grad(layer.grad_output, layer.weight, layer.x.shape, **layer.options),
        conv1d_weight_grad(layer.grad_output, layer.x, layer.weight.shape, **layer.options),
        conv1d_bias_grad(layer.grad_output),
    )
    assert [gradient.tolist() for gradient in alone] == expected
    assert {gradient.dtype for gradient in (*together, *alone)} == {np.dtype(np.int64)}


@given(data=st.data())
@settings(EXAMPLES, max_examples=15)
def test_is_exact_on_fractions(convolutions_1d: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions_1d)
    x, weight, bias = fractions(layer.x, 3), fractions(layer.weight, 7), fractions(layer.bias, 21)
    result = conv1d(x, weight, bias, **layer.options)
    assert (result * 21 == conv1d(layer.x, layer.weight, layer.bias, **layer.options)).all()
    grad_output = fractions(layer.grad_output, 5)
    products = conv1d_backward(grad_output, x, weight, **layer.options)
    integers = conv1d_backward(layer.grad_output, layer.x, layer.weight, **layer.options)
    for product, integer, denominator in zip(products, integers, (35, 15, 5), strict=True):
        assert (product * denominator == integer).all()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [12, 23, 34]),
        ({"padding": 1}, [1, 12, 23, 34, 40]),
        ({"padding": (1,)}, [1, 12, 23, 34, 40]),
        ({"padding": ((2, 0),)}, [0, 1, 12, 23, 34]),
        ({"padding": "same"}, [12, 23, 34, 40]),
        ({"padding": "same_lower"}, [1, 12, 23, 34]),
        ({"stride": 2}, [12, 34]),
        ({"dilation": (2,)}, [13, 24]),
    ],
)
def test_hand_worked(options: dict[str, Any], expected: list[int]) -> None:
    x, weight = np.array([[[1, 2, 3, 4]]]), np.array([[[10, 1]]])
    assert conv1d(x, weight, **options).ravel().tolist() == expected
    assert conv1d(x, weight, np.array([100]), **options).ravel().tolist() == [100 + number for number in expected]


def test_float32_stays_float32_and_int8_adds_up_in_int64() -> None:
    for dtype, expected in ((np.float32, np.float32), (np.int8, np.int64)):
        x, weight = np.full((1,) * 3, 100, dtype), np.full((1,) * 3, 100, dtype)
        result = conv1d(x, weight)
        assert result.dtype == expected
        assert result.item() == 10_000
        assert {gradient.dtype for gradient in conv1d_backward(x, x, weight)} == {np.dtype(expected)}


def test_an_empty_batch_gives_an_empty_batch_and_zeros() -> None:
    x, weight, grad_output = np.zeros((0, 2, 6)), np.ones((3, 2, 2)), np.zeros((0, 3, 5))
    assert conv1d(x, weight).shape == grad_output.shape
    grad_x, grad_weight, grad_bias = conv1d_backward(grad_output, x, weight)
    assert grad_x.shape == x.shape
    assert not grad_weight.any()
    assert not grad_bias.any()


X, WEIGHT, GRAD = np.zeros((1, 2, 6)), np.zeros((3, 2, 2)), np.zeros((1, 3, 5))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[0], WEIGHT), {}, "conv1d: x: got 2 dimensions"),
        ((X, WEIGHT[0]), {}, "conv1d: weight: got 2 dimensions"),
        ((X[:, :1], WEIGHT), {}, "1 input channels"),
        ((X, WEIGHT), {"groups": 3}, "groups=3"),
        ((X, WEIGHT, np.zeros(2)), {}, r"conv1d: bias: got shape \(2,\); allowed: \(3,\)"),
        ((X, WEIGHT), {"dilation": 9}, "but the padded input has"),
        ((X, WEIGHT), {"stride": 0}, "conv1d: stride: got 0; allowed: an int or one int, each at least 1"),
        ((X, WEIGHT), {"stride": (1, 1)}, "conv1d: stride: got"),
        ((X, WEIGHT), {"padding": (1, 1)}, "one int per axis, or one pair per axis"),
        ((X, WEIGHT), {"padding": "full"}, "unknown rule 'full'"),
    ],
)
def test_says_what_it_got_and_what_is_allowed(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conv1d(*arguments, **options)


def test_gradients_reject_shapes_of_another_convolution() -> None:
    wrong = np.concatenate([GRAD, GRAD], axis=-1)
    with pytest.raises(ValueError, match="conv1d_input_grad: grad_output: got shape"):
        conv1d_input_grad(wrong, WEIGHT, X.shape)
    with pytest.raises(ValueError, match="conv1d_weight_grad: grad_output: got shape"):
        conv1d_weight_grad(wrong, X, WEIGHT.shape)
    with pytest.raises(ValueError, match="conv1d_backward: grad_output: got shape"):
        conv1d_backward(wrong, X, WEIGHT)
    with pytest.raises(ValueError, match="conv1d_bias_grad: grad_output: got 2 dimensions"):
        conv1d_bias_grad(GRAD[0])
