from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import build_cnn, parse_architecture, run_cnn, run_cnn_backward

PATTERNS = [
    "[(CONV-RELU)*2-POOL]*2-FC, SOFTMAX",
    "[CONV-RELU-POOL]*1-(FC-RELU)*2-FC, SOFTMAX",
    "CONV-RELU, SOFTMAX",
    "FC",
]


def by_torch(x: torch.Tensor, layers: list[Any], parameters: list[Any]) -> torch.Tensor:
    for layer, (weight, bias) in zip(layers, parameters, strict=True):
        if layer.name == "CONV":
            x = torch.nn.functional.conv2d(x, weight, bias, stride=layer.stride, padding=layer.padding)
        elif layer.name == "RELU":
            x = torch.relu(x)
        elif layer.name == "POOL":
            x = torch.nn.functional.max_pool2d(x, layer.stride)
        elif layer.name == "FC":
            x = torch.nn.functional.linear(x.flatten(1), weight, bias)
    return x.flatten(1)


@pytest.mark.parametrize("pattern", PATTERNS)
@given(seed=st.integers(0, 999), stride=st.integers(1, 2))
@settings(max_examples=5, deadline=None, derandomize=True)
def test_scores_and_gradients_equal_torch_on_integers(pattern: str, seed: int, stride: int) -> None:
    rng = np.random.default_rng(seed)
    layers = build_cnn(
        parse_architecture(pattern), (2, 9, 10), filters=3, stride=stride, padding=2, hidden=4, classes=3
    )
    parameters = [
        (rng.integers(-2, 3, one.weight_shape or 0), rng.integers(-2, 3, one.bias_shape or 0)) for one in layers
    ]
    x = rng.integers(-2, 3, (2, 2, 9, 10))
    scores, stored = run_cnn(layers, parameters, x)
    tensors = [
        tuple(torch.from_numpy(array.astype(np.float64)).requires_grad_() for array in pair) for pair in parameters
    ]
    inputs = torch.from_numpy(x.astype(np.float64)).requires_grad_()
    expected_scores = by_torch(inputs, layers, tensors)
    assert scores.tolist() == expected_scores.tolist()
    grad_scores = rng.integers(-2, 3, scores.shape)
    learned = [one for pair in tensors for one in pair if one.numel()]
    expected = torch.autograd.grad(
        expected_scores, [inputs, *learned], torch.from_numpy(grad_scores.astype(np.float64))
    )
    grad_x, gradients = run_cnn_backward(grad_scores, layers, parameters, stored)
    assert grad_x.tolist() == expected[0].tolist()
    arrays = [array for pair in gradients for array in pair]
    assert [array.tolist() for array in arrays if array.size] == [gradient.tolist() for gradient in expected[1:]]
    assert [array.shape for array in arrays] == [array.shape for pair in parameters for array in pair]


def test_rejects_parameters_of_another_network() -> None:
    layers = build_cnn(["CONV", "RELU"], (1, 4, 4))
    with pytest.raises(ValueError, match="shorter"):
        run_cnn(layers, [], np.zeros((1, 1, 4, 4)))
