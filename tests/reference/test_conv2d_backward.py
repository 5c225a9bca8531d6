from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    conv2d_backward,
    conv2d_bias_grad,
    conv2d_input_grad,
    conv2d_weight_grad,
    conv2d_weight_grad_scatter_loops,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


@given(data=st.data())
@EXAMPLES
def test_equals_the_three_gradients_bit_for_bit(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # any float64 will do: the same statements in the same order round the same way
    x, weight, grad_output = (rng.standard_normal(array.shape) for array in (layer.x, layer.weight, layer.grad_output))
    grad_x, grad_weight, grad_bias = conv2d_backward(grad_output, x, weight, **layer.options)
    assert grad_x.tolist() == conv2d_input_grad(grad_output, weight, x.shape, **layer.options).tolist()
    assert (
        grad_weight.tolist()
        == conv2d_weight_grad(
            grad_output, x, weight.shape, **layer.options, loops=conv2d_weight_grad_scatter_loops
        ).tolist()
    )
    assert grad_bias.tolist() == conv2d_bias_grad(grad_output).tolist()


def test_hand_worked() -> None:
    grad_x, grad_weight, grad_bias = conv2d_backward(
        np.array([[[[1, 2]]]]), np.array([[[[3, 4, 5]]]]), np.array([[[[10, 100]]]])
    )
    assert grad_x.tolist() == [[[[10, 120, 200]]]]
    assert grad_weight.tolist() == [[[[11, 14]]]]
    assert grad_bias.tolist() == [3]


def test_rejects_shapes_of_another_convolution() -> None:
    with pytest.raises(ValueError, match="conv2d_backward: grad_output: got shape"):
        conv2d_backward(np.zeros((1, 1, 1, 3)), np.zeros((1, 1, 1, 3)), np.zeros((1, 1, 1, 2)))
