"""The public 1-D convolution and its gradients in every backend: by hand, by PyTorch, and every bad input."""

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


def exactly(result: np.ndarray, backend: str) -> np.ndarray:
    """The result; of a transform, whose error on these integers is far below a half, the nearest integers."""
    return np.rint(result) if registry.variant("conv2d", backend).accuracy == "normwise" else result


X6 = np.array([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]])
TAPS = np.array([[[1.0, 10.0, 100.0]]])


def test_by_hand(backend: str) -> None:
    forward = co.conv1d(X6, TAPS, np.array([1000.0]), stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(forward, backend), [[[1321, 1543]]])
    to_input = co.conv1d_input_grad(np.array([[[1.0, 2.0]]]), TAPS, (1, 1, 6), stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(to_input, backend), [[[1, 10, 102, 20, 200, 0]]])
    to_weight = co.conv1d_weight_grad(np.array([[[1.0, 10.0]]]), X6, (1, 1, 3), stride=2, backend=backend)
    np.testing.assert_array_equal(exactly(to_weight, backend), [[[31, 42, 53]]])


@pytest.mark.parametrize(
    ("padding", "ends"),
    [(1, (1, 1)), ((2,), (2, 2)), (((1, 0),), (1, 0)), ([[0, 2]], (0, 2)), ("same", (1, 2)), ("same_lower", (2, 1))],
)
def test_padding_is_zeros_at_the_ends(padding: Any, ends: tuple[int, int]) -> None:
    explicit = np.pad(X6, ((0, 0), (0, 0), ends))
    weight = np.array([[[1.0, 10.0, 100.0, 1000.0]]])
    np.testing.assert_array_equal(co.conv1d(X6, weight, padding=padding), co.conv1d(explicit, weight))


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    groups, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(1)) for _ in range(3))
    padding = tuple(tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(1))
    smallest = [max((k - 1) * d + 1 - sum(p), 1) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    return {
        "x": (draw(st.integers(1, 3)), groups * channels, *(n + draw(st.integers(0, 6)) for n in smallest)),
        "weight": (groups * filters, channels, *kernel),
        "options": {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        "dtype": draw(st.sampled_from(registry.ALL_DTYPES)),
        "seed": draw(st.integers(0, 2**32 - 1)),
    }


@given(case=draw_case())
def test_values_and_gradients_of_pytorch_exactly_on_integers(case: dict[str, Any]) -> None:
    rng = np.random.default_rng(case["seed"])
    # At most 81 products of at most 4, and 2 more; sums over an output of at most 2: below 2**11, exact in float16.
    x, weight, bias = (
        rng.integers(-2, 3, n).astype(np.float64) for n in (case["x"], case["weight"], case["weight"][:1])
    )
    options = case["options"]
    leaves = [torch.tensor(array, requires_grad=True) for array in (x, weight, bias)]
    around = [amount for ends in reversed(options["padding"]) for amount in ends]
    padded = torch.nn.functional.pad(leaves[0], around)
    out = torch.nn.functional.conv1d(padded, *leaves[1:], **{**options, "padding": 0})
    grad_output = rng.integers(-1, 2, tuple(out.shape)).astype(np.float64)
    grads = [grad.numpy() for grad in torch.autograd.grad(out, leaves, torch.tensor(grad_output))]
    for backend, variant in registry.variants("conv1d").items():
        if case["dtype"] not in variant.dtypes:
            continue
        z, y, w, b = (array.astype(case["dtype"]) for array in (grad_output, x, weight, bias))
        results = [
            co.conv1d(y, w, b, **options, backend=backend),
            *co.conv1d_backward(z, y, w, **options, backend=backend),
            co.conv1d_input_grad(z, w, x.shape, **options, backend=backend),
            co.conv1d_weight_grad(z, y, weight.shape, **options, backend=backend),
        ]
        if backend != "scipy-fft":
            results.append(co.conv1d_bias_grad(z, backend=backend))
        for result, right in zip(results, [out.detach().numpy(), *grads, *grads], strict=False):
            np.testing.assert_array_equal(exactly(result, backend), right, err_msg=backend)


def test_nan_reaches_the_windows_that_hold_it_and_no_other(exact_backend: str) -> None:
    x = np.zeros((1, 1, 9))
    x[0, 0, 4] = np.nan
    # The windows start at 0, 2 and 4, their taps are 4 apart.
    result = co.conv1d(x, np.ones((1, 1, 2)), stride=2, dilation=4, backend=exact_backend)
    np.testing.assert_array_equal(result, [[[np.nan, 0, np.nan]]])


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, W, Z = ones(2, 4, 7), ones(6, 2, 3), ones(2, 6, 5)
Call = Callable[..., object]
BAD: list[tuple[Call, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.conv1d, (X[0], W), {}, ValueError, "x must have 3 dimensions (N, C, L), got 2"),
    (co.conv1d, (X.tolist(), W), {}, TypeError, "x must be a numpy array, got list"),
    (co.conv1d, (X, W.astype(float)), {}, TypeError, "share one dtype"),
    (co.conv1d, (X, W, ones(5)), {}, ValueError, "bias must have shape (6,), one per filter, got (5,)"),
    (co.conv1d, (X, W), {"groups": 1}, ValueError, "input of 4 channels does not match weight of shape (6, 2, 3)"),
    (co.conv1d, (X, ones(5, 2, 3)), {}, ValueError, "5 filters (weight of shape (5, 2, 3)) cannot be divided"),
    (co.conv1d, (X, W), {"stride": 0}, ValueError, "stride must be between 1"),
    (co.conv1d, (X, W), {"stride": (1, 1)}, ValueError, "stride must be an int or a tuple of one int (length,), got 2"),
    (co.conv1d, (X, W), {"stride": 1.0}, TypeError, "stride must be an int or a tuple of one int (length,), got float"),
    (co.conv1d, (X, W), {"dilation": 4}, ValueError, "kernel (3,) with dilation (4,) spans (9,), which is larger"),
    (co.conv1d, (X, W), {"padding": -1}, ValueError, "padding must be between 0"),
    (co.conv1d, (X, W), {"padding": (1, 2)}, ValueError, "padding must be an int or a tuple of one int (length,)"),
    (co.conv1d, (X, W), {"padding": ((1, 2, 3),)}, ValueError, "padding must be an int or (before, after)"),
    (co.conv1d, (X, W), {"padding": ("1",)}, TypeError, "padding must be an int, (l,), ((before, after),), 'valid'"),
    (co.conv1d, (X, W), {"padding": "full"}, ValueError, "padding must be 'valid', 'same', 'same_lower' or numbers"),
    (co.conv1d, (X, ones(6, 2, 8)), {}, ValueError, "kernel (8,) is larger than the padded input (7,)"),
    (co.conv1d, (X, W), {"backend": "im2row"}, ValueError, "unknown backend 'im2row'; available for conv1d: im2col"),
    (co.conv1d_input_grad, (Z, W, (2, 4)), {}, ValueError, "input_shape must have 3 sizes (N, C, L), got 2"),
    (co.conv1d_input_grad, (Z, W, (2, 4, 8)), {}, ValueError, "shape of the result, (2, 6, 6), got (2, 6, 5)"),
    (co.conv1d_weight_grad, (Z, X, (6, 2)), {}, ValueError, "weight_shape must have 3 sizes (F, C, L), got 2"),
    (co.conv1d_weight_grad, (Z, X[:1], W.shape), {}, ValueError, "shape of the result, (1, 6, 5), got (2, 6, 5)"),
    (co.conv1d_bias_grad, (Z[0],), {}, ValueError, "grad_output must have 3 dimensions (N, F, L), got 2"),
    (co.conv1d_backward, (Z[..., 1:], X, W), {}, ValueError, "shape of the result, (2, 6, 5), got (2, 6, 4)"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    geometry = {} if function is co.conv1d_bias_grad else {"groups": 2}
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **{**geometry, **options})
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.conv1d(X, W, ones(6), groups=2).shape == Z.shape
    assert [grad.shape for grad in co.conv1d_backward(Z, X, W, groups=2)] == [X.shape, W.shape, (6,)]
