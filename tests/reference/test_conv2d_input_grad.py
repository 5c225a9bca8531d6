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
    conv2d_input_grad_flipped_loops,
    conv2d_input_grad_gather_loops,
    conv2d_input_grad_scatter_loops,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
FORMULATIONS = [
    conv2d_input_grad_scatter_loops,
    conv2d_input_grad_gather_loops,
    conv2d_input_grad_flipped_loops,
]


@given(data=st.data())
@EXAMPLES
def test_every_formulation_equals_torch_on_integers(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    (top, bottom), (left, right) = layer.options["padding"]
    x = torch.from_numpy(layer.x.astype(np.float64)).requires_grad_()
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(x, (left, right, top, bottom)),
        torch.from_numpy(layer.weight.astype(np.float64)),
        stride=layer.options["stride"],
        dilation=layer.options["dilation"],
        groups=layer.options["groups"],
    )
    (expected,) = torch.autograd.grad(y, x, torch.from_numpy(layer.grad_output.astype(np.float64)))
    for loops in FORMULATIONS:
        result = conv2d_input_grad(layer.grad_output, layer.weight, layer.x.shape, **layer.options, loops=loops)
        assert result.dtype == np.int64
        assert result.tolist() == expected.numpy().tolist(), loops.__name__


@given(data=st.data())
@EXAMPLES
def test_is_the_adjoint_of_the_forward_pass(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    outputs = conv2d(layer.x, layer.weight, **layer.options)
    grad_x = conv2d_input_grad(layer.grad_output, layer.weight, layer.x.shape, **layer.options)
    assert np.sum(layer.grad_output * outputs) == np.sum(grad_x * layer.x)


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_is_exact_on_fractions(loops: Callable[..., None]) -> None:
    grad_output = np.array([[[[Fraction(1, 3), Fraction(1, 5)]]]])
    weight = np.array([[[[Fraction(1, 2), Fraction(1, 7)]]]])
    result = conv2d_input_grad(grad_output, weight, (1, 1, 1, 3), loops=loops)
    assert result.ravel().tolist() == [Fraction(1, 6), Fraction(1, 21) + Fraction(1, 10), Fraction(1, 35)]


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_hand_worked(loops: Callable[..., None]) -> None:
    grad_output, weight = np.array([[[[1, 2]]]]), np.array([[[[10, 100]]]])
    # what the stride left over gets a derivative of zero, not a shorter result
    assert conv2d_input_grad(grad_output, weight, (1, 1, 1, 6), stride=(1, 3), loops=loops).ravel().tolist() == (
        [10, 100, 0, 20, 200, 0]
    )
    # the padding's share is deleted
    assert conv2d_input_grad(
        grad_output, weight, (1, 1, 1, 2), padding=((0, 0), (1, 0)), loops=loops
    ).ravel().tolist() == [120, 200]
    assert conv2d_input_grad(grad_output, weight, (1, 1, 1, 4), dilation=(1, 2), loops=loops).ravel().tolist() == (
        [10, 20, 100, 200]
    )


def test_same_padding_is_that_of_the_input() -> None:
    grad_output, weight = np.array([[[[1, 2, 3]]]]), np.array([[[[100, 10, 1]]]])
    same = conv2d_input_grad(grad_output, weight, (1, 1, 1, 6), stride=(1, 2), padding="same")
    lower = conv2d_input_grad(grad_output, weight, (1, 1, 1, 6), stride=(1, 2), padding="same_lower")
    assert same.ravel().tolist() == [100, 10, 201, 20, 302, 30]
    assert lower.ravel().tolist() == [10, 201, 20, 302, 30, 3]


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert conv2d_input_grad(np.zeros((0, 3, 3, 4)), np.zeros((3, 2, 2, 2)), (0, 2, 4, 5)).shape == (0, 2, 4, 5)


def test_rejects_shapes_of_another_convolution() -> None:
    with pytest.raises(ValueError, match=r"grad_output: got shape \(1, 1, 1, 2\); allowed: \(1, 1, 1, 3\)"):
        conv2d_input_grad(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 2)), (1, 1, 1, 4))
    with pytest.raises(ValueError, match="input channels"):
        conv2d_input_grad(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 2)), (1, 2, 1, 3))
    with pytest.raises(ValueError, match="input shape"):
        conv2d_input_grad(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 2)), (1, 1, 3))
