"""The public 3-D convolution and its gradients in every backend: by hand, by PyTorch, and every bad input."""

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


VOLUME = np.arange(8.0).reshape(1, 1, 2, 2, 2)
TAPS = np.array([1.0, 10.0]).reshape(1, 1, 2, 1, 1)


def test_by_hand(backend: str) -> None:
    forward = co.conv3d(VOLUME, TAPS, np.array([1000.0]), backend=backend)
    np.testing.assert_array_equal(exactly(forward, backend)[0, 0], [[[1040, 1051], [1062, 1073]]])
    grad_output = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 2, 2)
    to_input = co.conv3d_input_grad(grad_output, TAPS, VOLUME.shape, backend=backend)
    np.testing.assert_array_equal(exactly(to_input, backend)[0, 0], [[[1, 2], [3, 4]], [[10, 20], [30, 40]]])
    to_weight = co.conv3d_weight_grad(grad_output, VOLUME, TAPS.shape, backend=backend)
    # 0 + 2 + 6 + 12 and, with every value of the second plane 4 more, 4 * (1 + 2 + 3 + 4) more.
    np.testing.assert_array_equal(exactly(to_weight, backend).ravel(), [20, 60])


@pytest.mark.parametrize(
    ("padding", "ends"),
    [
        (1, [(1, 1), (1, 1), (1, 1)]),
        ((0, 1, 2), [(0, 0), (1, 1), (2, 2)]),
        (((1, 0), (0, 1), (2, 0)), [(1, 0), (0, 1), (2, 0)]),
        ("same", [(0, 1), (1, 1), (0, 1)]),
        ("same_lower", [(1, 0), (1, 1), (1, 0)]),
    ],
)
def test_padding_is_zeros_around(padding: Any, ends: list[tuple[int, int]]) -> None:
    x, weight = np.arange(120.0).reshape(1, 2, 3, 4, 5), np.arange(24.0).reshape(1, 2, 2, 3, 2)
    explicit = np.pad(x, [(0, 0), (0, 0), *ends])
    np.testing.assert_array_equal(co.conv3d(x, weight, padding=padding), co.conv3d(explicit, weight))


@st.composite
def draw_case(draw: st.DrawFn) -> dict[str, Any]:
    """Options, shapes and a seed; every extent is drawn on its own."""
    groups, channels, filters = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(3)) for _ in range(3))
    padding = tuple(tuple(draw(st.integers(0, 2)) for _ in range(2)) for _ in range(3))
    smallest = [max((k - 1) * d + 1 - sum(p), 1) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    return {
        "x": (draw(st.integers(1, 3)), groups * channels, *(n + draw(st.integers(0, 3)) for n in smallest)),
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
    out = torch.nn.functional.conv3d(padded, *leaves[1:], **{**options, "padding": 0})
    grad_output = rng.integers(-1, 2, tuple(out.shape)).astype(np.float64)
    grads = [grad.numpy() for grad in torch.autograd.grad(out, leaves, torch.tensor(grad_output))]
    for backend, variant in registry.variants("conv3d").items():
        if case["dtype"] not in variant.dtypes:
            continue
        z, y, w, b = (array.astype(case["dtype"]) for array in (grad_output, x, weight, bias))
        results = [
            co.conv3d(y, w, b, **options, backend=backend),
            *co.conv3d_backward(z, y, w, **options, backend=backend),
            co.conv3d_input_grad(z, w, x.shape, **options, backend=backend),
            co.conv3d_weight_grad(z, y, weight.shape, **options, backend=backend),
        ]
        if backend != "scipy-fft":
            results.append(co.conv3d_bias_grad(z, backend=backend))
        for result, right in zip(results, [out.detach().numpy(), *grads, *grads], strict=False):
            np.testing.assert_array_equal(exactly(result, backend), right, err_msg=backend)


def test_nan_reaches_the_windows_that_hold_it_and_no_other(exact_backend: str) -> None:
    x = np.zeros((1, 1, 5, 2, 2))
    x[0, 0, 2, 0, 1] = np.nan
    # Windows start at planes 0, 1 and 2, their taps are 2 planes apart: the first and the last window meet plane 2.
    result = co.conv3d(x, np.ones((1, 1, 2, 1, 1)), dilation=(2, 1, 1), backend=exact_backend)
    expected = np.zeros((1, 1, 3, 2, 2))
    expected[0, 0, ::2, 0, 1] = np.nan
    np.testing.assert_array_equal(result, expected)


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, W, Z = ones(2, 4, 3, 5, 6), ones(6, 2, 2, 3, 2), ones(2, 6, 2, 3, 5)
Call = Callable[..., object]
BAD: list[tuple[Call, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.conv3d, (X[0], W), {}, ValueError, "x must have 5 dimensions (N, C, D, H, W), got 4"),
    (co.conv3d, (X, W.astype(float)), {}, TypeError, "share one dtype"),
    (co.conv3d, (X, W, ones(5)), {}, ValueError, "bias must have shape (6,), one per filter, got (5,)"),
    (co.conv3d, (X, W), {"groups": 1}, ValueError, "input of 4 channels does not match weight of shape (6, 2, 2"),
    (co.conv3d, (X, W), {"stride": 0}, ValueError, "stride must be between 1"),
    (co.conv3d, (X, W), {"stride": (1, 1)}, ValueError, "an int or three ints (depth, height, width), got 2 values"),
    (co.conv3d, (X, W), {"dilation": "1"}, TypeError, "an int or three ints (depth, height, width), got str"),
    (co.conv3d, (X, W), {"dilation": (3, 1, 1)}, ValueError, "kernel (2, 3, 2) with dilation (3, 1, 1) spans"),
    (co.conv3d, (X, W), {"padding": ((1, 2), (1, 2))}, ValueError, "padding must be an int or three ints"),
    (co.conv3d, (X, W), {"padding": ((1, 2), (1, 2), 1)}, TypeError, "padding must be an int, (d, h, w), three pairs"),
    (co.conv3d, (X, W), {"padding": "full"}, ValueError, "padding must be 'valid', 'same', 'same_lower' or numbers"),
    (co.conv3d, (X, W), {"padding": 2**31 - 1}, ValueError, "is too large to be addressed"),
    (co.conv3d, (X, W), {"backend": "im2row"}, ValueError, "unknown backend 'im2row'; available for conv3d: im2col"),
    (co.conv3d_input_grad, (Z, W, X.shape[1:]), {}, ValueError, "input_shape must have 5 sizes (N, C, D, H, W), got 4"),
    (co.conv3d_input_grad, (Z, W, (2, 4, 4, 5, 6)), {}, ValueError, "shape of the result, (2, 6, 3, 3, 5), got"),
    (co.conv3d_weight_grad, (Z, X, (6, 2)), {}, ValueError, "weight_shape must have 5 sizes (F, C, D, H, W), got 2"),
    (co.conv3d_bias_grad, (Z[0],), {}, ValueError, "grad_output must have 5 dimensions (N, F, D, H, W), got 4"),
    (co.conv3d_backward, (Z[..., 1:], X, W), {}, ValueError, "shape of the result, (2, 6, 2, 3, 5), got"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    geometry = {} if function is co.conv3d_bias_grad else {"groups": 2}
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **{**geometry, **options})
    assert str(caught.value).startswith(f"{function.__name__}: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.conv3d(X, W, ones(6), groups=2).shape == Z.shape
    assert [grad.shape for grad in co.conv3d_backward(Z, X, W, groups=2)] == [X.shape, W.shape, (6,)]
