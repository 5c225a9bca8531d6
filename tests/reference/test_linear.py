from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import conv2d, flatten, linear, linear_as_conv2d, linear_backward, neuron, sigmoid

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
SIZES = st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))


def integers(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(-9, 10, shape) for shape in shapes]


@given(sizes=SIZES)
@EXAMPLES
def test_equals_torch_on_integers(sizes: Any) -> None:
    N, inputs, outputs, seed = sizes
    x, weight, bias, grad_output = integers(seed, (N, inputs), (outputs, inputs), (outputs,), (N, outputs))
    tensors = [torch.from_numpy(array.astype(np.float64)).requires_grad_() for array in (x, weight, bias)]
    y = torch.nn.functional.linear(*tensors)
    assert linear(x, weight, bias).tolist() == y.tolist()
    assert linear(x, weight).tolist() == (linear(x, weight, bias) - bias).tolist()
    expected = torch.autograd.grad(y, tensors, torch.from_numpy(grad_output.astype(np.float64)))
    gradients = linear_backward(grad_output, x, weight)
    assert [gradient.tolist() for gradient in gradients] == [gradient.tolist() for gradient in expected]
    assert {array.dtype for array in (linear(x, weight), *gradients)} == {np.dtype(np.int64)}


@given(shape=st.tuples(*[st.integers(1, 3)] * 4), outputs=st.integers(1, 3), seed=st.integers(0, 99))
@EXAMPLES
def test_a_fully_connected_layer_is_a_convolution_with_a_kernel_of_the_whole_map(
    shape: Any, outputs: int, seed: int
) -> None:
    x, weight, bias = integers(seed, shape, (outputs, shape[1] * shape[2] * shape[3]), (outputs,))
    assert linear_as_conv2d(x, weight, bias).tolist() == linear(flatten(x), weight, bias).tolist()
    assert linear_as_conv2d(x, weight).tolist() == linear(flatten(x), weight).tolist()


@given(shape=st.tuples(*[st.integers(1, 3)] * 4), outputs=st.integers(1, 3), seed=st.integers(0, 99))
@EXAMPLES
def test_a_1x1_convolution_is_a_linear_layer_per_pixel(shape: Any, outputs: int, seed: int) -> None:
    x, weight, bias = integers(seed, shape, (outputs, shape[1]), (outputs,))
    maps = conv2d(x, weight[:, :, None, None], bias)
    for p, q in np.ndindex(shape[2:]):
        assert maps[:, :, p, q].tolist() == linear(x[:, :, p, q], weight, bias).tolist()


def test_is_exact_on_fractions() -> None:
    x, weight = np.array([[Fraction(1, 2), Fraction(1, 3)]]), np.array([[Fraction(1, 5), Fraction(1, 7)]])
    assert linear(x, weight, np.array([Fraction(1, 11)])).item() == Fraction(1, 10) + Fraction(1, 21) + Fraction(1, 11)
    grad_x, grad_weight, grad_bias = linear_backward(np.array([[Fraction(1, 13)]]), x, weight)
    assert grad_x.tolist() == [[Fraction(1, 65), Fraction(1, 91)]]
    assert grad_weight.tolist() == [[Fraction(1, 26), Fraction(1, 39)]]
    assert grad_bias.tolist() == [Fraction(1, 13)]


def test_a_neuron_is_a_linear_layer_with_one_output() -> None:
    assert neuron([1, 2, 3], [10, 100, 1000], 5, lambda z: z) == 3215
    assert neuron([1, 2], [-3, 1], 0, lambda z: max(0, z)) == 0
    assert neuron([1.0], [2.0], -2.0, sigmoid) == 0.5
    with pytest.raises(ValueError, match="shorter"):
        neuron([1, 2], [1], 0, lambda z: z)


def test_says_what_it_got_and_what_is_allowed() -> None:
    x, weight = np.zeros((2, 3)), np.zeros((4, 3))
    with pytest.raises(ValueError, match="linear: x: got 1 dimensions"):
        linear(x[0], weight)
    with pytest.raises(ValueError, match=r"linear: weight: got shape \(3, 4\); allowed: \(3, 3\)"):
        linear(x, weight.T)
    with pytest.raises(ValueError, match=r"linear: bias: got shape \(3,\); allowed: \(4,\)"):
        linear(x, weight, np.zeros(3))
    with pytest.raises(ValueError, match=r"linear_backward: grad_output: got shape \(2, 3\); allowed: \(2, 4\)"):
        linear_backward(x, x, weight)
    with pytest.raises(ValueError, match="linear_backward: weight: got shape"):
        linear_backward(x, x, weight.T)
    with pytest.raises(ValueError, match=r"linear_as_conv2d: weight: got shape \(4, 3\); allowed: \(4, 2\)"):
        linear_as_conv2d(np.zeros((1, 1, 1, 2)), weight)
