"""The public locally connected layer and its gradients in every backend: by hand, by PyTorch, and every bad input."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry

BACKENDS = tuple(registry.variants("locally_connected2d"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_by_hand(backend: str) -> None:
    x, weight = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[10.0, 1.0], [0.0, 5.0]]).reshape(1, 2, 1, 1, 1, 2)
    forward = co.locally_connected2d(x, weight, np.array([[[100.0, 200.0]]]), backend=backend)
    np.testing.assert_array_equal(forward, [[[[112, 215]]]])
    grads = co.locally_connected2d_backward(np.array([[[[1.0, 2.0]]]]), x, weight, backend=backend)
    for grad, expected in zip(grads, ([10, 1, 10], [1, 2, 4, 6], [1, 2]), strict=True):
        np.testing.assert_array_equal(grad.ravel(), expected)


def test_equal_filters_everywhere_are_a_convolution() -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-9, 10, (2, 3, 6, 7)), rng.integers(-9, 10, (4, 3, 2, 3))
    options = {"stride": (2, 1), "padding": "same", "dilation": (1, 2)}
    expected = co.conv2d(x, weight, **options)
    everywhere = np.broadcast_to(weight, (*expected.shape[2:], *weight.shape))
    for backend in BACKENDS:
        np.testing.assert_array_equal(co.locally_connected2d(x, everywhere, **options, backend=backend), expected)


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    kernel, stride, dilation, out = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(4))
    padding = tuple(tuple(draw(st.integers(0, 1)) for _ in range(2)) for _ in range(2))
    size = [
        max((o - 1) * s + (k - 1) * d + 1 - sum(p), 1)
        for o, s, k, d, p in zip(out, stride, kernel, dilation, padding, strict=True)
    ]
    return {
        "x": (draw(st.integers(1, 3)), draw(st.integers(1, 3)), *size),
        "filters": (draw(st.integers(1, 3)), kernel),
        "options": {"stride": stride, "padding": padding, "dilation": dilation},
        "dtype": draw(st.sampled_from(registry.ALL_DTYPES)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=draw_case())
def test_values_and_gradients_of_pytorch_exactly_on_integers(case: dict[str, Any]) -> None:
    rng, options = np.random.default_rng(case["seed"]), case["options"]
    x = rng.integers(-4, 5, case["x"]).astype(np.float64)
    filters, kernel = case["filters"]
    (top, bottom), (left, right) = options["padding"]
    leaf = torch.tensor(x, requires_grad=True)
    columns = torch.nn.functional.unfold(
        torch.nn.functional.pad(leaf, (left, right, top, bottom)), kernel, options["dilation"], 0, options["stride"]
    )
    rows, width = (
        (n + sum(p) - d * (k - 1) - 1) // s + 1
        for n, p, d, k, s in zip(
            x.shape[2:], options["padding"], options["dilation"], kernel, options["stride"], strict=True
        )
    )
    weight = rng.integers(-4, 5, (rows, width, filters, x.shape[1], *kernel)).astype(np.float64)
    bias = rng.integers(-4, 5, (filters, rows, width)).astype(np.float64)
    leaves = [leaf, torch.tensor(weight, requires_grad=True), torch.tensor(bias, requires_grad=True)]
    matrices = leaves[1].reshape(rows * width, filters, -1)
    out = torch.einsum("pfk,nkp->nfp", matrices, columns).reshape(len(x), filters, rows, width) + leaves[2]
    grad_output = rng.integers(-4, 5, tuple(out.shape)).astype(np.float64)
    grads = torch.autograd.grad(out, leaves, torch.tensor(grad_output))
    for backend in BACKENDS:
        z, y, w, b = (array.astype(case["dtype"]) for array in (grad_output, x, weight, bias))
        results = (
            co.locally_connected2d(y, w, b, **options, backend=backend),
            *co.locally_connected2d_backward(z, y, w, **options, backend=backend),
        )
        for result, expected in zip(results, (out, *grads), strict=True):
            np.testing.assert_array_equal(result, expected.detach().numpy(), err_msg=backend)


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, W, B, Z = ones(2, 3, 5, 6), ones(4, 4, 7, 3, 2, 3), ones(7, 4, 4), ones(2, 7, 4, 4)
BAD: list[tuple[Any, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.locally_connected2d, (X[0], W), {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 3"),
    (co.locally_connected2d, (X, W[0]), {}, ValueError, "weight must have 6 dimensions (P, Q, F, C, H, W), got 5"),
    (co.locally_connected2d, (X, W[:3]), {}, ValueError, "shape (4, 4, 7, 3, 2, 3), got (3, 4, 7, 3, 2, 3)"),
    (co.locally_connected2d, (X, W), {"stride": 2}, ValueError, "every position of the result, shape (2, 2, 7, 3, 2"),
    (co.locally_connected2d, (X[:, :2], W), {}, ValueError, "input of 2 channels does not match weight"),
    (co.locally_connected2d, (X, W, B[0]), {}, ValueError, "bias must have 3 dimensions (F, H, W), got 2"),
    (co.locally_connected2d, (X, W, B[:, 1:]), {}, ValueError, "bias must have shape (7, 4, 4), got (7, 3, 4)"),
    (co.locally_connected2d, (X, W.astype(float)), {}, TypeError, "share one dtype"),
    (co.locally_connected2d, (X, W), {"padding": "full"}, ValueError, "padding must be 'valid', 'same', 'same_lower'"),
    (co.locally_connected2d, (X, W), {"backend": "scipy"}, ValueError, "backend 'scipy' does not do locally_connected"),
    (co.locally_connected2d_backward, (Z[1:], X, W), {}, ValueError, "shape of the result, (2, 7, 4, 4), got (1, 7, 4"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **options)
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.locally_connected2d(X, W, B).shape == Z.shape
    assert [grad.shape for grad in co.locally_connected2d_backward(Z, X, W)] == [X.shape, W.shape, B.shape]
