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
    conv2d_weight_grad,
    conv2d_weight_grad_loops,
    conv2d_weight_grad_scatter_loops,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
FORMULATIONS = [conv2d_weight_grad_loops, conv2d_weight_grad_scatter_loops]


@given(data=st.data())
@EXAMPLES
def test_every_formulation_equals_torch_on_integers(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    (top, bottom), (left, right) = layer.options["padding"]
    weight = torch.from_numpy(layer.weight.astype(np.float64)).requires_grad_()
    y = torch.nn.functional.conv2d(
        torch.nn.functional.pad(torch.from_numpy(layer.x.astype(np.float64)), (left, right, top, bottom)),
        weight,
        stride=layer.options["stride"],
        dilation=layer.options["dilation"],
        groups=layer.options["groups"],
    )
    (expected,) = torch.autograd.grad(y, weight, torch.from_numpy(layer.grad_output.astype(np.float64)))
    for loops in FORMULATIONS:
        result = conv2d_weight_grad(layer.grad_output, layer.x, layer.weight.shape, **layer.options, loops=loops)
        assert result.dtype == np.int64
        assert result.tolist() == expected.numpy().tolist(), loops.__name__


@given(data=st.data())
@EXAMPLES
def test_is_the_adjoint_of_the_forward_pass(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    outputs = conv2d(layer.x, layer.weight, **layer.options)
    grad_weight = conv2d_weight_grad(layer.grad_output, layer.x, layer.weight.shape, **layer.options)
    assert np.sum(layer.grad_output * outputs) == np.sum(grad_weight * layer.weight)


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_is_exact_on_fractions(loops: Callable[..., None]) -> None:
    grad_output = np.array([[[[Fraction(1, 3), Fraction(1, 5)]]]])
    x = np.array([[[[Fraction(1, 2), Fraction(1, 7), Fraction(2)]]]])
    result = conv2d_weight_grad(grad_output, x, (1, 1, 1, 2), loops=loops)
    assert result.ravel().tolist() == [Fraction(1, 6) + Fraction(1, 35), Fraction(1, 21) + Fraction(2, 5)]


@pytest.mark.parametrize("loops", FORMULATIONS)
def test_hand_worked(loops: Callable[..., None]) -> None:
    grad_output, x = np.array([[[[1, 2]]]]), np.array([[[[1, 10, 100, 1000, 10000]]]])
    # the stride's remainder is not read: the last number never appears
    assert conv2d_weight_grad(grad_output, x, (1, 1, 1, 2), stride=(1, 2), loops=loops).ravel().tolist() == [201, 2010]
    assert conv2d_weight_grad(grad_output, x, (1, 1, 1, 2), dilation=(1, 3), loops=loops).ravel().tolist() == (
        [21, 21000]
    )
    # padded forward, padded here
    assert conv2d_weight_grad(
        grad_output, x[..., :2], (1, 1, 1, 2), padding=((0, 0), (1, 0)), loops=loops
    ).ravel().tolist() == [2, 21]


def test_a_batch_adds_up() -> None:
    grad_output, x = np.array([1, 10]).reshape(2, 1, 1, 1), np.array([3, 4]).reshape(2, 1, 1, 1)
    assert conv2d_weight_grad(grad_output, x, (1, 1, 1, 1)).item() == 43


def test_an_empty_batch_gives_zeros() -> None:
    result = conv2d_weight_grad(np.zeros((0, 3, 3, 4)), np.zeros((0, 2, 4, 5)), (3, 2, 2, 2))
    assert result.tolist() == np.zeros((3, 2, 2, 2)).tolist()


def test_rejects_shapes_of_another_convolution() -> None:
    with pytest.raises(ValueError, match=r"grad_output: got shape \(1, 1, 1, 2\); allowed: \(1, 1, 1, 3\)"):
        conv2d_weight_grad(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 4)), (1, 1, 1, 2))
    with pytest.raises(ValueError, match="weight shape"):
        conv2d_weight_grad(np.zeros((1, 1, 1, 2)), np.zeros((1, 1, 1, 4)), (1, 1, 3))
