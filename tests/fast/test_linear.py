"""The public linear layer and its gradients in every backend: by hand, by PyTorch, and every bad input."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry


def test_by_hand(exact_backend: str) -> None:
    x, weight = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [3.0, 4.0], [5.0, 6.0]])
    forward = co.linear(x, weight, np.array([100.0, 200.0, 300.0]), backend=exact_backend)
    np.testing.assert_array_equal(forward, [[101, 211, 317], [100, 204, 306]])
    grads = co.linear_backward(np.array([[1.0, 0.0, 10.0], [0.0, 1.0, 0.0]]), x, weight, backend=exact_backend)
    for grad, expected in zip(grads, ([[51, 60], [3, 4]], [[1, 2], [0, 1], [10, 20]], [1, 1, 10]), strict=True):
        np.testing.assert_array_equal(grad, expected)


@given(
    sizes=st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 7)),
    dtype=st.sampled_from(registry.ALL_DTYPES),
    seed=st.integers(0, 2**32 - 1),
)
def test_values_and_gradients_of_pytorch_exactly_on_integers(
    sizes: tuple[int, int, int], dtype: str, seed: int
) -> None:
    batch, features, outputs = sizes
    rng = np.random.default_rng(seed)
    shapes = ((batch, features), (outputs, features), (outputs,), (batch, outputs))
    x, weight, bias, grad_output = (rng.integers(-9, 10, shape).astype(np.float64) for shape in shapes)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    out = torch.nn.functional.linear(*leaves)
    grads = torch.autograd.grad(out, leaves, torch.tensor(grad_output))
    for backend in registry.variants("linear"):
        y, w, b, z = (array.astype(dtype) for array in (x, weight, bias, grad_output))
        results = (co.linear(y, w, b, backend=backend), *co.linear_backward(z, y, w, backend=backend))
        for result, right in zip(results, (out, *grads), strict=True):
            np.testing.assert_array_equal(result, right.detach().numpy(), err_msg=backend)


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, W, Z = ones(2, 3), ones(4, 3), ones(2, 4)
BAD: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
    (co.linear, (X[0], W), ValueError, "x must have 2 dimensions (N, I), got 1: shape (3,)"),
    (co.linear, (X.tolist(), W), TypeError, "x must be a numpy array, got list"),
    (co.linear, (X, W[0]), ValueError, "weight must have 2 dimensions (O, I), got 1"),
    (co.linear, (X, ones(4, 2)), ValueError, "x of 3 features does not match weight of shape (4, 2): 2 features are"),
    (co.linear, (X, W.astype(float)), TypeError, "share one dtype, got x float32, weight float64"),
    (co.linear, (X.astype(bool), W), TypeError, "x has dtype bool"),
    (co.linear, (X, W, ones(3)), ValueError, "bias must have shape (4,), one per output, got (3,)"),
    (co.linear, (X, W, ones(1, 4)), ValueError, "bias must have 1 dimension (O), got 2"),
    (co.linear, (ones(2, 0), ones(4, 0)), ValueError, "x must not be empty in axis I"),
    (co.linear_backward, (Z.T, X, W), ValueError, "grad_output must have the shape of the result, (2, 4), got (4, 2)"),
    (co.linear_backward, (Z, X, W.T), ValueError, "x of 3 features does not match weight of shape (3, 4)"),
    (co.linear_backward, (Z, X, W.astype(np.int8)), TypeError, "share one dtype"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "error", "message"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments)
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_a_backend_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="unknown backend 'im2row'; available for linear: im2col, numba, scipy"):
        co.linear(X, W, backend="im2row")
    with pytest.raises(ValueError, match="backend 'scipy-fft' does not do linear; backends that can: im2col, numba"):
        co.linear(X, W, backend="scipy-fft")
