"""The public gradients of the convolution in every backend: by hand, by PyTorch's autograd, and every bad input."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry
from convoracle.fast.selector import find_obstacle


def exactly(result: np.ndarray, backend: str) -> np.ndarray:
    """The result; of a transform, whose error on these integers is far below a half, the nearest integers."""
    return np.rint(result) if registry.variant("conv2d", backend).accuracy == "normwise" else result


def test_input_grad_by_hand(backend: str) -> None:
    grad_output = np.array([[[[1.0, 2.0]]]])
    weight = np.array([[[[1.0, 10.0, 100.0]]]])
    # Windows start at columns 0 and 2 and share column 2; the stride leaves column 5 out.
    result = co.conv2d_input_grad(grad_output, weight, (1, 1, 1, 6), stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(result, backend), [[[[1, 10, 102, 20, 200, 0]]]])


def test_weight_grad_by_hand(backend: str) -> None:
    x = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]]])
    result = co.conv2d_weight_grad(np.array([[[[1.0, 10.0]]]]), x, (1, 1, 1, 3), stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(result, backend), [[[[31, 42, 53]]]])


def test_bias_grad_by_hand(exact_backend: str) -> None:
    grad_output = np.arange(12.0).reshape(2, 3, 1, 2)
    np.testing.assert_array_equal(co.conv2d_bias_grad(grad_output, backend=exact_backend), [14, 22, 30])


def test_padding_is_deleted_from_the_input_gradient(backend: str) -> None:
    # One row of padding before: of a column's three windows of two rows, two hold the first row, two the second.
    result = co.conv2d_input_grad(
        np.array([[[[1.0], [10.0], [100.0]]]]), np.ones((1, 1, 2, 1)), (1, 1, 2, 1), padding=(1, 0), backend=backend
    )
    np.testing.assert_array_equal(exactly(result, backend), [[[[11], [110]]]])


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    groups, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(3))
    padding = tuple(tuple(draw(st.integers(0, 3)) for _ in range(2)) for _ in range(2))
    smallest = [max((k - 1) * d + 1 - sum(p), 1) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    return {
        "x": (draw(st.integers(1, 3)), groups * channels, *(n + draw(st.integers(0, 5)) for n in smallest)),
        "weight": (groups * filters, channels, *kernel),
        "options": {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        "dtype": draw(st.sampled_from(registry.ALL_DTYPES)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=draw_case())
def test_gradients_of_pytorch_exactly_on_integers(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(case["seed"])
    x, weight = (rng.integers(-3, 4, case[name]).astype(np.float64) for name in ("x", "weight"))
    options, w_size = case["options"], case["weight"][2:]
    (top, bottom), (left, right) = options["padding"]
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, np.zeros(len(weight)))]
    padded = torch.nn.functional.pad(leaves[0], (left, right, top, bottom))
    out = torch.nn.functional.conv2d(padded, *leaves[1:], **{**options, "padding": 0})
    # Small enough that every sum stays below 2**11, exact in float16.
    grad_output = rng.integers(-1, 2, tuple(out.shape)).astype(np.float64)
    expected = [grad.numpy() for grad in torch.autograd.grad(out, leaves, torch.tensor(grad_output))]
    for backend, variant in registry.variants("conv2d_backward").items():
        if find_obstacle(variant, case["dtype"], {**options, "kernel_size": w_size}):
            continue
        z, y, w = (array.astype(case["dtype"]) for array in (grad_output, x, weight))
        together = co.conv2d_backward(z, y, w, **options, backend=backend)
        alone = [
            co.conv2d_input_grad(z, w, x.shape, **options, backend=backend),
            co.conv2d_weight_grad(z, y, weight.shape, **options, backend=backend),
        ]
        for result, right in zip((*together, *alone), (*expected, *expected[:2]), strict=True):
            np.testing.assert_array_equal(exactly(result, backend), right, err_msg=backend)


def test_padding_by_name_means_what_it_means_forward(exact_backend: str) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-3, 4, (2, 3, 5, 8)), rng.integers(-3, 4, (4, 3, 2, 3))
    for padding, ends in (("same", ((0, 1), (0, 1))), ("same_lower", ((1, 0), (1, 0))), ("valid", 0)):
        z = rng.integers(-3, 4, co.conv2d(x, weight, stride=2, padding=padding).shape)
        named = co.conv2d_backward(z, x, weight, stride=2, padding=padding, backend=exact_backend)
        numbered = co.conv2d_backward(z, x, weight, stride=2, padding=ends, backend=exact_backend)
        for result, expected in zip(named, numbered, strict=True):
            np.testing.assert_array_equal(result, expected)


def test_nan_in_the_output_gradient_reaches_its_window_and_no_other_position(exact_backend: str) -> None:
    grad_output = np.array([[[[0.0, np.nan, 0.0]]]])
    # The windows start at 0, 2 and 4, their taps are 3 apart.
    result = co.conv2d_input_grad(
        grad_output, np.ones((1, 1, 1, 2)), (1, 1, 1, 8), stride=2, dilation=3, backend=exact_backend
    )
    np.testing.assert_array_equal(result, [[[[0, 0, np.nan, 0, 0, np.nan, 0, 0]]]])


def test_infinity_in_the_input_reaches_the_weights_that_met_it_and_no_other(exact_backend: str) -> None:
    x = np.zeros((1, 1, 1, 9))
    x[..., 4] = np.inf
    # The windows start at 0 and 3, their taps are 2 apart: position 4 meets the last tap of the first window only.
    result = co.conv2d_weight_grad(np.ones((1, 1, 1, 2)), x, (1, 1, 1, 3), stride=3, dilation=2, backend=exact_backend)
    np.testing.assert_array_equal(result, [[[[0, 0, np.inf]]]])


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


Z, X, W = ones(2, 6, 3, 5), ones(2, 4, 5, 6), ones(6, 2, 3, 2)
Call = Callable[..., object]
BAD: list[tuple[Call, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.conv2d_input_grad, (Z[0], W, X.shape), {}, ValueError, "grad_output must have 4 dimensions (N, F, H, W)"),
    (co.conv2d_input_grad, (Z.tolist(), W, X.shape), {}, TypeError, "grad_output must be a numpy array, got list"),
    (co.conv2d_input_grad, (Z, W.astype(float), X.shape), {}, TypeError, "share one dtype, got grad_output float32, "),
    (co.conv2d_input_grad, (Z, W, (2, 4, 5)), {}, ValueError, "input_shape must have 4 sizes (N, C, H, W), got 3"),
    (co.conv2d_input_grad, (Z, W, 120), {}, TypeError, "input_shape must be a tuple (N, C, H, W), got int"),
    (co.conv2d_input_grad, (Z, W, (2, 4, 5, 6.0)), {}, TypeError, "input_shape[3] (W) must be an int, got float"),
    (co.conv2d_input_grad, (Z, W, (2, 4, 0, 6)), {}, ValueError, "input_shape[2] (H) must be between 1 and"),
    (co.conv2d_input_grad, (Z, W, (2, 4, 6, 6)), {}, ValueError, "shape of the result, (2, 6, 4, 5), got (2, 6, 3, 5)"),
    (co.conv2d_input_grad, (Z, W, (3, 4, 5, 6)), {}, ValueError, "shape of the result, (3, 6, 3, 5), got (2, 6, 3, 5)"),
    (co.conv2d_input_grad, (Z, W, (2, 2, 5, 6)), {}, ValueError, "input of 2 channels does not match weight"),
    (co.conv2d_input_grad, (Z, W, (2, 4, 2**31 - 1, 2**31 - 1)), {}, ValueError, "is too large to be addressed"),
    (co.conv2d_input_grad, (Z, W, X.shape), {"stride": 0}, ValueError, "stride must be between 1"),
    (co.conv2d_input_grad, (Z, W, X.shape), {"padding": "full"}, ValueError, "padding must be 'valid'"),
    (co.conv2d_input_grad, (Z, W, X.shape), {"backend": "cudnn"}, ValueError, "unknown backend 'cudnn'"),
    (co.conv2d_weight_grad, (Z, X, (6, 2, 3)), {}, ValueError, "weight_shape must have 4 sizes (F, C, H, W), got 3"),
    (co.conv2d_weight_grad, (Z, X, (6, 2, 4, 2)), {}, ValueError, "shape of the result, (2, 6, 2, 5), got (2, 6"),
    (co.conv2d_weight_grad, (Z, X, (5, 2, 3, 2)), {}, ValueError, "5 filters (weight of shape (5, 2, 3, 2)) cannot be"),
    (co.conv2d_weight_grad, (Z, X, (6, 2, 0, 2)), {}, ValueError, "weight_shape[2] (H) must be between 1"),
    (co.conv2d_weight_grad, (Z, X[:1], W.shape), {}, ValueError, "shape of the result, (1, 6, 3, 5), got (2, 6, 3, 5)"),
    (co.conv2d_weight_grad, (Z, X[0], W.shape), {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 3"),
    (co.conv2d_weight_grad, (Z.astype(bool), X, W.shape), {}, TypeError, "grad_output has dtype bool"),
    (co.conv2d_weight_grad, (Z, X, W.shape), {"dilation": (0, 1)}, ValueError, "dilation must be between 1"),
    (co.conv2d_bias_grad, (Z[0],), {}, ValueError, "grad_output must have 4 dimensions (N, F, H, W), got 3"),
    (co.conv2d_bias_grad, (Z.astype(np.uint8),), {}, TypeError, "grad_output has dtype uint8"),
    (co.conv2d_bias_grad, (Z[:, :0],), {}, ValueError, "grad_output must not be empty in axis F"),
    (
        co.conv2d_bias_grad,
        (Z,),
        {"backend": "scipy-fft"},
        ValueError,
        "backend 'scipy-fft' does not do conv2d_bias_grad; backends that can: im2col, numba, scipy",
    ),
    (co.conv2d_backward, (Z[:, :, 1:], X, W), {}, ValueError, "shape of the result, (2, 6, 3, 5), got (2, 6, 2, 5)"),
    (co.conv2d_backward, (Z, X, W[0]), {}, ValueError, "weight must have 4 dimensions (F, C, H, W), got 3"),
    (co.conv2d_backward, (Z, X, W.astype(np.int8)), {}, TypeError, "share one dtype"),
    (co.conv2d_backward, (Z, X, W), {"groups": 3}, ValueError, "input of 4 channels does not match weight"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    geometry = {} if function is co.conv2d_bias_grad else {"groups": 2}
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **{**geometry, **options})
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    grads = co.conv2d_backward(Z, X, W, groups=2)
    assert [grad.shape for grad in grads] == [X.shape, W.shape, (6,)]
    np.testing.assert_array_equal(co.conv2d_input_grad(Z, W, list(X.shape), groups=2), grads[0])
    np.testing.assert_array_equal(co.conv2d_weight_grad(Z, X, tuple(np.array(W.shape)), groups=2), grads[1])
    np.testing.assert_array_equal(co.conv2d_bias_grad(Z), grads[2])
