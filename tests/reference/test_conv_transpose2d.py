from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    conv2d,
    conv2d_input_grad,
    conv_transpose2d,
    conv_transpose2d_backward,
    conv_transpose2d_bias_grad,
    conv_transpose2d_input_grad,
    conv_transpose2d_loops,
    conv_transpose2d_upsampled_loops,
    conv_transpose2d_weight_grad,
    upsample2d,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
FORMULATIONS = [conv_transpose2d_loops, conv_transpose2d_upsampled_loops]


def by_torch(layer: Any, *arrays: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.conv_transpose2d(*arrays, **layer.options)


@given(data=st.data())
@EXAMPLES
def test_both_formulations_equal_torch_on_integers(transposed_convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(transposed_convolutions)
    arrays = [torch.from_numpy(array.astype(np.float64)) for array in (layer.x, layer.weight, layer.bias)]
    expected = by_torch(layer, *arrays).numpy().tolist()
    for loops in FORMULATIONS:
        result = conv_transpose2d(layer.x, layer.weight, layer.bias, **layer.options, loops=loops)
        assert result.dtype == np.int64
        assert result.tolist() == expected, loops.__name__


@given(data=st.data())
@EXAMPLES
def test_gradients_equal_torch_on_integers(transposed_convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(transposed_convolutions)
    arrays = [
        torch.from_numpy(array.astype(np.float64)).requires_grad_() for array in (layer.x, layer.weight, layer.bias)
    ]
    grad_output = torch.from_numpy(layer.grad_output.astype(np.float64))
    expected = [gradient.tolist() for gradient in torch.autograd.grad(by_torch(layer, *arrays), arrays, grad_output)]
    together = conv_transpose2d_backward(layer.grad_output, layer.x, layer.weight, **layer.options)
    assert [gradient.tolist() for gradient in together] == expected
    alone = (
        conv_transpose2d_input_grad(layer.grad_output, layer.weight, layer.x.shape, **layer.options),
        conv_transpose2d_weight_grad(layer.grad_output, layer.x, layer.weight.shape, **layer.options),
        conv_transpose2d_bias_grad(layer.grad_output),
    )
    assert [gradient.tolist() for gradient in alone] == expected
    assert {gradient.dtype for gradient in (*together, *alone)} == {np.dtype(np.int64)}


@given(data=st.data())
@EXAMPLES
def test_is_the_input_gradient_of_the_convolution_it_transposes(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    padding = tuple(before for before, _ in layer.options["padding"])
    options = {**layer.options, "padding": padding}
    x = np.pad(layer.x, ((0, 0), (0, 0), (2, 2), (2, 2)))  # large enough with less padding too
    grad_output = np.random.default_rng(data.draw(st.integers(0, 99))).integers(
        -4, 5, conv2d(x, layer.weight, **options).shape
    )
    left_over = [
        (x.shape[2 + axis] + 2 * padding[axis] - 1 - options["dilation"][axis] * (layer.weight.shape[2 + axis] - 1))
        % options["stride"][axis]
        for axis in (0, 1)
    ]
    result = conv_transpose2d(grad_output, layer.weight, output_padding=left_over, **options)
    assert result.tolist() == conv2d_input_grad(grad_output, layer.weight, x.shape, **options).tolist()


@given(data=st.data(), stride=st.tuples(st.integers(1, 3), st.integers(1, 3)))
@EXAMPLES
def test_is_upsampling_followed_by_a_convolution(convolutions: Any, data: st.DataObject, stride: Any) -> None:
    layer = data.draw(convolutions)
    weight = layer.weight[:, :, ::-1, ::-1]  # of one group: (C, F, kH, kW) becomes (F, C, kH, kW), flipped
    reach = tuple(k - 1 for k in weight.shape[2:])
    x = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-4, 5, (1, weight.shape[0], 3, 2))
    expected = conv2d(upsample2d(x, stride), weight.swapaxes(0, 1), padding=reach)
    assert conv_transpose2d(x, layer.weight, stride=stride).tolist() == expected.tolist()


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_hand_worked(loops: Callable[..., None]) -> None:
    x, weight = np.array([[[[1, 2]]]]), np.array([[[[100, 10, 1]]]])

    def run(**options: Any) -> list[int]:
        return conv_transpose2d(x, weight, **options, loops=loops).ravel().tolist()

    assert run() == [100, 210, 21, 2]
    assert run(stride=(1, 2)) == [100, 10, 201, 20, 2]
    assert run(stride=(1, 2), padding=(0, 1)) == [10, 201, 20]
    # what is added after the result, then what is deleted on both sides
    assert run(stride=(1, 2), output_padding=(0, 1)) == [100, 10, 201, 20, 2, 0]
    assert run(stride=(1, 2), padding=(0, 1), output_padding=(0, 1)) == [10, 201, 20, 2]
    assert run(dilation=(1, 2)) == [100, 200, 10, 20, 1, 2]
    # the bias reaches also what no input does
    assert run(bias=np.array([7]), stride=(1, 2), output_padding=(0, 1)) == [107, 17, 208, 27, 9, 7]


def test_groups_see_their_own_maps() -> None:
    x = np.arange(1, 5).reshape(1, 4, 1, 1)
    weight = np.array([1, 10, 100, 1000]).reshape(4, 1, 1, 1)
    assert conv_transpose2d(x, weight, groups=2).ravel().tolist() == [21, 4300]


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_is_exact_on_fractions(loops: Callable[..., None]) -> None:
    x = np.array([[[[Fraction(1, 3), Fraction(1, 5)]]]])
    weight = np.array([[[[Fraction(1, 2), Fraction(1, 7)]]]])
    result = conv_transpose2d(x, weight, loops=loops)
    assert result.ravel().tolist() == [Fraction(1, 6), Fraction(1, 21) + Fraction(1, 10), Fraction(1, 35)]


def test_float32_stays_float32_and_int8_adds_up_in_int64() -> None:
    for dtype, expected in ((np.float32, np.float32), (np.int8, np.int64)):
        x = np.full((1, 1, 1, 1), 100, dtype)
        result = conv_transpose2d(x, x)
        assert result.dtype == expected
        assert result.item() == 10_000


def test_an_empty_batch_gives_an_empty_batch_and_zeros() -> None:
    x, weight, grad_output = np.zeros((0, 2, 3, 4)), np.ones((2, 3, 2, 2)), np.zeros((0, 3, 4, 5))
    assert conv_transpose2d(x, weight).shape == grad_output.shape
    grad_x, grad_weight, grad_bias = conv_transpose2d_backward(grad_output, x, weight)
    assert grad_x.shape == x.shape
    assert not grad_weight.any()
    assert grad_bias.tolist() == [0, 0, 0]


X, WEIGHT = np.zeros((1, 2, 3, 4)), np.zeros((2, 3, 2, 2))


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[0], WEIGHT), {}, "conv_transpose2d: x: got 3 dimensions"),
        ((X, WEIGHT[0]), {}, "conv_transpose2d: weight: got 3 dimensions"),
        ((X[:, :1], WEIGHT), {}, "1 input channels"),
        ((X, WEIGHT), {"groups": 0}, "groups=0"),
        ((X, WEIGHT), {"groups": 3}, "divisible by groups"),
        ((X, WEIGHT, np.zeros(2)), {}, r"conv_transpose2d: bias: got shape \(2,\); allowed: \(3,\)"),
        ((X, WEIGHT), {"output_padding": 1}, r"output_padding \(1, 1\); allowed: less than the larger of stride"),
        ((X, WEIGHT), {"stride": (2, 1), "output_padding": (1, 1)}, "less than the larger"),
        ((X, WEIGHT), {"padding": (2, 0)}, "deletes all 4 positions of axis -2"),
        ((X, WEIGHT), {"padding": ((0, 1), (0, 1))}, "padding: got .*; allowed: an int or a pair of ints"),
        ((X, WEIGHT), {"padding": -1}, "padding: got -1"),
        ((X, WEIGHT), {"stride": 0}, "conv_transpose2d: stride: got 0"),
        ((X[:, :, :0], WEIGHT), {}, "size of zero in the batch axis only"),
    ],
)
def test_says_what_it_got_and_what_is_allowed(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conv_transpose2d(*arguments, **options)


def test_gradients_reject_shapes_of_another_convolution() -> None:
    wrong = np.zeros((1, 3, 4, 6))
    with pytest.raises(
        ValueError, match=r"_input_grad: grad_output: got shape \(1, 3, 4, 6\); allowed: \(1, 3, 4, 5\)"
    ):
        conv_transpose2d_input_grad(wrong, WEIGHT, X.shape)
    with pytest.raises(ValueError, match="_input_grad: got input shape"):
        conv_transpose2d_input_grad(wrong, WEIGHT, X.shape[1:])
    with pytest.raises(ValueError, match="_weight_grad: grad_output: got shape"):
        conv_transpose2d_weight_grad(wrong, X, WEIGHT.shape)
    with pytest.raises(ValueError, match="_backward: grad_output: got shape"):
        conv_transpose2d_backward(wrong, X, WEIGHT)
