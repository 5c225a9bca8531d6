from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    ConvolutionLayer,
    MaxPoolingLayer,
    MeanPoolingLayer,
    cnn_backward,
    cnn_forward,
    cnn_maps,
    softmax,
)

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def relu(z: Any) -> Any:
    return max(z, 0)


def step(z: Any) -> int:
    return int(z > 0)


@st.composite
def draw_network(draw: st.DrawFn, mean_pools: bool = False) -> tuple[np.ndarray, list[Any]]:
    """A map and up to three layers whose strides leave remainders."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    depth, *size = draw(st.tuples(st.integers(1, 2), st.integers(5, 8), st.integers(5, 8)))
    Y_0 = rng.integers(-3, 4, (depth, *size))
    layers: list[Any] = []
    for _ in range(draw(st.integers(1, 3))):
        kinds = ["convolution", "mean" if mean_pools else "max"]
        kind, stride = draw(st.sampled_from(kinds)), draw(st.integers(1, 3))
        padding = draw(st.integers(0, 1)) if kind == "convolution" else 0
        smallest = min(n + 2 * padding for n in size)
        K = draw(st.integers(1, min(3, smallest)))
        if kind == "convolution":
            filters = draw(st.integers(1, 2))
            w, b = rng.integers(-2, 3, (filters, depth, K, K)), rng.integers(-2, 3, filters)
            f, f_prime = draw(st.sampled_from([(relu, step), (lambda z: 3 * z, lambda z: 3)]))
            layers.append(ConvolutionLayer(w, b, f, f_prime, stride, padding))
            depth = filters
        else:
            layers.append((MeanPoolingLayer if mean_pools else MaxPoolingLayer)(K, stride))
        size = [(n + 2 * padding - K) // stride + 1 for n in size]
    return Y_0, layers


def by_torch(Y: torch.Tensor, layers: list[Any], parameters: list[Any]) -> torch.Tensor:
    for layer, tensors in zip(layers, parameters, strict=True):
        if isinstance(layer, ConvolutionLayer):
            z = torch.nn.functional.conv2d(Y, *tensors, stride=layer.stride, padding=layer.padding)
            Y = torch.relu(z) if layer.f is relu else 3 * z
        else:
            Y = torch.nn.functional.max_pool2d(Y, layer.K, layer.stride)
    return Y


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float64)).requires_grad_()


@given(network=draw_network(), seed=st.integers(0, 99))
@EXAMPLES
def test_forward_and_backward_equal_torch_on_integers(network: Any, seed: int) -> None:
    Y_0, layers = network
    stored = cnn_maps(Y_0, layers)
    parameters = [(tensor(layer.w), tensor(layer.b)) if isinstance(layer, ConvolutionLayer) else () for layer in layers]
    x = tensor(Y_0[None])
    Y_L = by_torch(x, layers, parameters)
    assert stored.Y[-1].tolist() == Y_L[0].tolist()
    dY_L = np.random.default_rng(seed).integers(-3, 4, stored.Y[-1].shape)
    flat = [x, *(one for pair in parameters for one in pair)]
    expected = torch.autograd.grad(Y_L, flat, torch.from_numpy(dY_L[None].astype(np.float64)))
    dY_0, dw, db = cnn_backward(dY_L, layers, stored)
    assert dY_0.tolist() == expected[0][0].tolist()
    learned = [array for pair in zip(dw, db, strict=True) for array in pair if array is not None]
    assert [array.tolist() for array in learned] == [gradient.tolist() for gradient in expected[1:]]


@given(network=draw_network(mean_pools=True), data=st.data())
@settings(EXAMPLES, max_examples=25)
def test_mean_pools_and_strides_give_the_exact_derivative_on_fractions(network: Any, data: st.DataObject) -> None:
    integers, layers = network
    # without ReLU the last maps are affine in the first: the derivative along a direction is a difference, exactly
    layers = [
        layer._replace(f=lambda z: 3 * z, f_prime=lambda z: 3) if isinstance(layer, ConvolutionLayer) else layer
        for layer in layers
    ]
    Y_0 = np.vectorize(lambda number: Fraction(int(number)), otypes=[object])(integers)
    stored = cnn_maps(Y_0, layers)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    dY_L = np.vectorize(lambda number: Fraction(int(number)), otypes=[object])(rng.integers(-3, 4, stored.Y[-1].shape))
    direction = rng.integers(-3, 4, Y_0.shape)
    difference = cnn_maps(Y_0 + direction, layers).Y[-1] - stored.Y[-1]
    dY_0, _, _ = cnn_backward(dY_L, layers, stored)
    assert np.sum(dY_L * difference) == np.sum(dY_0 * direction)


def test_softmax_is_taken_over_all_positions_jointly() -> None:
    layer = ConvolutionLayer(np.ones((2, 1, 1, 1)), np.array([0.0, 1.0]))
    Y_0 = np.array([[[0.0, 1.0], [2.0, 3.0]]])
    probabilities, stored = cnn_forward(Y_0, [layer])
    assert probabilities.shape == (2, 2, 2)
    assert probabilities.ravel().tolist() == softmax(np.array([[0.0, 1, 2, 3, 1, 2, 3, 4]]))[0].tolist()
    assert stored.Y[1].ravel().tolist() == [0, 1, 2, 3, 1, 2, 3, 4]


def test_a_stride_that_does_not_fit_gets_zeros_where_it_left_over() -> None:
    layer = ConvolutionLayer(np.array([[[[1, 10], [100, 1000]]]]), np.array([0]), stride=3)
    Y_0 = np.arange(42).reshape(1, 6, 7)
    stored = cnn_maps(Y_0, [layer])
    dY_0, _, _ = cnn_backward(np.array([[[1, 2], [3, 4]]]), [layer], stored)
    assert dY_0[0].tolist() == [
        [1, 10, 0, 2, 20, 0, 0],
        [100, 1000, 0, 200, 2000, 0, 0],
        [0] * 7,
        [3, 30, 0, 4, 40, 0, 0],
        [300, 3000, 0, 400, 4000, 0, 0],
        [0] * 7,
    ]


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"cnn_maps: got a kernel of \(1, 2\); allowed: square ones"):
        cnn_maps(np.zeros((1, 3, 3)), [ConvolutionLayer(np.zeros((1, 1, 1, 2)), np.zeros(1))])
    layers: Any = ["POOL"]
    with pytest.raises(ValueError, match="cnn_maps: got layer 'POOL'; allowed: ConvolutionLayer"):
        cnn_maps(np.zeros((1, 3, 3)), layers)
