"""The public transposed convolution and its gradients in every backend: by hand, by PyTorch, and every bad input."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry


def exactly(result: np.ndarray, backend: str) -> np.ndarray:
    """The result; of a transform, whose error on these integers is far below a half, the nearest integers."""
    return np.rint(result) if registry.variant("conv2d", backend).accuracy == "normwise" else result


X2 = np.array([[[[1.0, 2.0]]]])
TAPS = np.array([[[[1.0, 10.0, 100.0]]]])


def test_by_hand(backend: str) -> None:
    # Two filters of three, two apart: they overlap in one column; two more columns are added, one cut off on each side.
    forward = co.conv_transpose2d(
        X2, TAPS, np.array([1000.0]), stride=(3, 2), padding=(0, 1), output_padding=(2, 1), backend=backend
    )
    np.testing.assert_array_equal(exactly(forward, backend)[0, 0], [[1010, 1102, 1020, 1200], [1000] * 4, [1000] * 4])
    grad_output = np.array([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    to_input = co.conv_transpose2d_input_grad(grad_output, TAPS, X2.shape, stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(to_input, backend), [[[[321, 543]]]])
    to_weight = co.conv_transpose2d_weight_grad(grad_output, X2, TAPS.shape, stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(to_weight, backend), [[[[1 + 2 * 3, 2 + 2 * 4, 3 + 2 * 5]]]])


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    groups, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(2)) for _ in range(3))
    extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    size = tuple(draw(st.integers(1, 5)) for _ in range(2))
    whole = [
        (n - 1) * s + d * (k - 1) + e + 1 for n, s, d, k, e in zip(size, stride, dilation, kernel, extra, strict=True)
    ]
    return {
        "x": (draw(st.integers(1, 3)), groups * channels, *size),
        "weight": (groups * channels, filters, *kernel),
        "options": {
            "stride": stride,
            "padding": tuple(draw(st.integers(0, min(3, (n - 1) // 2))) for n in whole),
            "output_padding": extra,
            "groups": groups,
            "dilation": dilation,
        },
        "dtype": draw(st.sampled_from(registry.ALL_DTYPES)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=draw_case())
@example(
    case={
        "x": (2, 4, 3, 4),
        "weight": (4, 3, 2, 3),
        # An output padding of more than a stride: a convolution of the result has one window more than x has values.
        "options": {"stride": (1, 2), "padding": (1, 0), "output_padding": (2, 1), "groups": 2, "dilation": (3, 1)},
        "dtype": "float32",
        "seed": 0,
    }
)
def test_values_and_gradients_of_pytorch_exactly_on_integers(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(case["seed"])
    options, groups = case["options"], case["options"]["groups"]
    # At most 27 products of at most 4, and 2 more; gradients sum at most 75 products of at most 2: exact in float16.
    shapes = (case["x"], case["weight"], (case["weight"][1] * groups,))
    x, weight, bias = (rng.integers(-2, 3, shape).astype(np.float64) for shape in shapes)
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    out = torch.nn.functional.conv_transpose2d(*leaves, **options)
    grad_output = rng.integers(-1, 2, tuple(out.shape)).astype(np.float64)
    grads = [grad.numpy() for grad in torch.autograd.grad(out, leaves, torch.tensor(grad_output))]
    for backend, variant in registry.variants("conv_transpose2d").items():
        if case["dtype"] not in variant.dtypes:
            continue
        z, y, w, b = (array.astype(case["dtype"]) for array in (grad_output, x, weight, bias))
        results = [
            co.conv_transpose2d(y, w, b, **options, backend=backend),
            *co.conv_transpose2d_backward(z, y, w, **options, backend=backend),
            co.conv_transpose2d_input_grad(z, w, x.shape, **options, backend=backend),
            co.conv_transpose2d_weight_grad(z, y, weight.shape, **options, backend=backend),
        ]
        if backend != "scipy-fft":
            results.append(co.conv_transpose2d_bias_grad(z, backend=backend))
        for result, right in zip(results, [out.detach().numpy(), *grads, *grads], strict=False):
            np.testing.assert_array_equal(exactly(result, backend), right, err_msg=backend)


def test_infinity_reaches_what_its_filter_covers_and_no_other_position(exact_backend: str) -> None:
    x = np.array([[[[0.0, np.inf, 0.0]]]])
    # Filters start at 0, 2 and 4, their taps are 3 apart.
    result = co.conv_transpose2d(x, np.ones((1, 1, 1, 2)), stride=2, dilation=3, backend=exact_backend)
    np.testing.assert_array_equal(result, [[[[0, 0, np.inf, 0, 0, np.inf, 0, 0]]]])


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, W, Z = ones(2, 4, 5, 6), ones(4, 3, 3, 2), ones(2, 6, 7, 7)
Call = Callable[..., object]
BAD: list[tuple[Call, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.conv_transpose2d, (X[0], W), {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 3"),
    (co.conv_transpose2d, (X, W[0]), {}, ValueError, "weight must have 4 dimensions (C, F, H, W), got 3"),
    (co.conv_transpose2d, (X.tolist(), W), {}, TypeError, "x must be a numpy array, got list"),
    (co.conv_transpose2d, (X, W.astype(float)), {}, TypeError, "share one dtype"),
    (co.conv_transpose2d, (X, W, ones(3)), {}, ValueError, "bias must have shape (6,), one per filter, got (3,)"),
    (co.conv_transpose2d, (X[:, :3], W), {}, ValueError, "input of 3 channels does not match weight of shape (4, 3, 3"),
    (co.conv_transpose2d, (X, W), {"groups": 3}, ValueError, "4 channels cannot be divided into groups=3"),
    (co.conv_transpose2d, (X, W), {"groups": 0}, ValueError, "groups must be between 1"),
    (co.conv_transpose2d, (X, W), {"stride": (1, 0)}, ValueError, "stride must be between 1"),
    (co.conv_transpose2d, (X, W), {"stride": True}, TypeError, "stride must be an int or a pair of ints"),
    (co.conv_transpose2d, (X, W), {"dilation": 2.0}, TypeError, "dilation must be an int or a pair of ints"),
    (co.conv_transpose2d, (X, W), {"padding": "same"}, TypeError, "padding must be an int or a pair of ints"),
    (co.conv_transpose2d, (X, W), {"padding": ((1, 1), (1, 1))}, TypeError, "padding must be an int, got tuple"),
    (co.conv_transpose2d, (X, W), {"padding": (4, 0)}, ValueError, "padding (4, 0) leaves nothing of the (7, 7) rows"),
    (co.conv_transpose2d, (X, W), {"output_padding": 1}, ValueError, "output_padding (1, 1) must be less than stride"),
    (co.conv_transpose2d, (X, W), {"output_padding": -1}, ValueError, "output_padding must be between 0"),
    (co.conv_transpose2d, (X, W), {"stride": 2**31 - 1}, ValueError, "is too large to be addressed"),
    (co.conv_transpose2d, (X, W), {"backend": "im2row"}, ValueError, "available for conv_transpose2d: im2col, numba"),
    (co.conv_transpose2d_input_grad, (Z, W, X.shape[1:]), {}, ValueError, "input_shape must have 4 sizes (N, C, H, W)"),
    (co.conv_transpose2d_input_grad, (Z, W, (2, 4, 6, 6)), {}, ValueError, "shape of the result, (2, 6, 8, 7), got"),
    (co.conv_transpose2d_weight_grad, (Z, X, (4, 3)), {}, ValueError, "weight_shape must have 4 sizes (C, F, H, W)"),
    (co.conv_transpose2d_weight_grad, (Z, X[:1], W.shape), {}, ValueError, "shape of the result, (1, 6, 7, 7), got (2"),
    (co.conv_transpose2d_bias_grad, (Z[0],), {}, ValueError, "grad_output must have 4 dimensions (N, F, H, W), got 3"),
    (co.conv_transpose2d_backward, (Z[..., 1:], X, W), {}, ValueError, "shape of the result, (2, 6, 7, 7), got (2, 6,"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    geometry = {} if function is co.conv_transpose2d_bias_grad else {"groups": 2}
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **{**geometry, **options})
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.conv_transpose2d(X, W, ones(6), groups=2).shape == Z.shape
    assert [grad.shape for grad in co.conv_transpose2d_backward(Z, X, W, groups=2)] == [X.shape, W.shape, (6,)]
