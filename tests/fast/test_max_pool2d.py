"""The public max pooling and its gradient in every backend: by hand, by PyTorch, and every bad input."""

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import max_pool2d as module
from convoracle.fast import registry, remembered
from convoracle.fast.kernels import prepare

INF, NAN = np.inf, np.nan
INT64_MIN = np.iinfo(np.int64).min


def pool(x: Any, *arguments: Any, backend: str, **options: Any) -> tuple[list[Any], list[Any]]:
    """Pool one plane; values and indices as nested lists."""
    plane = np.asarray(x)[None, None]
    values, indices = co.max_pool2d(plane, *arguments, **options, return_indices=True, backend=backend)
    return values[0, 0].tolist(), indices[0, 0].tolist()


def test_values_and_positions_by_hand(exact_backend: str) -> None:
    x = [[1.0, 5.0, 2.0, 0.0, 7.0], [3.0, 4.0, 9.0, 8.0, 7.0]]
    assert pool(x, 2, backend=exact_backend) == ([[5, 9]], [[1, 7]])
    assert pool(x, (1, 3), (1, 2), backend=exact_backend) == ([[5, 7], [9, 9]], [[1, 4], [7, 7]])
    assert pool(x, 2, 2, 1, backend=exact_backend) == ([[1, 5, 7], [3, 9, 8]], [[0, 1, 4], [5, 7, 8]])
    assert pool(x, 2, (), ceil_mode=True, backend=exact_backend) == ([[5, 9, 7]], [[1, 7, 4]])
    assert pool(x, 2, 1, dilation=(1, 3), backend=exact_backend) == ([[8, 7]], [[8, 4]])


def test_the_first_maximum_in_row_major_order_wins(exact_backend: str) -> None:
    assert pool(np.ones((3, 3)), 2, 1, backend=exact_backend) == ([[1, 1], [1, 1]], [[0, 1], [3, 4]])
    assert pool([[1, 3, 3], [3, 3, 3]], (2, 3), backend=exact_backend) == ([[3]], [[1]])
    # The sign of a zero does not count.
    assert pool([[-0.0, 0.0], [0.0, -0.0]], 2, backend=exact_backend)[1] == [[0]]


def test_the_first_nan_wins_over_all(exact_backend: str) -> None:
    values, indices = pool([[INF, NAN, 1.0], [NAN, 2.0, INF]], (2, 2), 1, backend=exact_backend)
    assert np.isnan(values).all()
    assert indices == [[1, 1]]
    assert pool([[INF, NAN, 1.0], [NAN, 2.0, INF]], (2, 1), 1, backend=exact_backend)[1] == [[3, 1, 5]]


@pytest.mark.parametrize("lowest", [-INF, INT64_MIN, float(np.finfo(np.float32).min)])
def test_padding_never_wins(exact_backend: str, lowest: float) -> None:
    expected = ([[lowest, lowest], [lowest, lowest]], [[0, 1], [3, 4]])
    assert pool(np.full((3, 3), lowest), 3, 2, 1, backend=exact_backend) == expected
    overhanging = ([[lowest, lowest], [lowest, lowest]], [[0, 2], [6, 8]])
    assert pool(np.full((3, 3), lowest), 2, ceil_mode=True, backend=exact_backend) == overhanging


def test_a_plane_does_not_see_its_neighbours(exact_backend: str) -> None:
    x = np.array([[9, 8], [1, 2], [7, 7], [3, 5]]).reshape(2, 2, 1, 2)
    values, indices = co.max_pool2d(x, (1, 2), return_indices=True, backend=exact_backend)
    np.testing.assert_array_equal(values.reshape(-1), [9, 2, 7, 5])
    np.testing.assert_array_equal(indices.reshape(-1), [0, 1, 0, 1])
    grad = co.max_pool2d_backward(np.array([1, 2, 3, 4]).reshape(2, 2, 1, 1), indices, x.shape, backend=exact_backend)
    np.testing.assert_array_equal(grad.reshape(4, 2), [[1, 0], [0, 2], [3, 0], [0, 4]])


def test_overlapping_windows_add_up(exact_backend: str) -> None:
    grad_output, indices = np.array([[[[1.0, 10.0, 100.0]]]]), np.array([[[[4, 4, 0]]]])
    grad = co.max_pool2d_backward(grad_output, indices, (1, 1, 2, 3), backend=exact_backend)
    np.testing.assert_array_equal(grad, [[[[100, 0, 0], [0, 11, 0]]]])


@pytest.mark.parametrize("shape", [(5, 3, 12, 14), (1, 7, 12, 14), (3, 1, 12, 14)])
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8"])
def test_indices_that_nobody_wants_are_made_in_parts(
    shape: tuple[int, ...], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(6).integers(-9, 9, shape).astype(dtype)
    whole = co.max_pool2d(x[..., ::-1], (3, 2), 2, 1)
    remembered.forget()
    monkeypatch.setattr(module, "MOST_BYTES", 2 * 6 * 8 * 8)
    calls = []
    monkeypatch.setattr(module, "prepare", lambda *a, **k: calls.append(a[3][0].shape) or prepare(*a, **k))
    np.testing.assert_array_equal(co.max_pool2d(x[..., ::-1], (3, 2), 2, 1), whole, strict=True)
    assert len(calls) > 1
    assert max(n * c for n, c, _, _ in calls[1:]) <= max(shape[1], 2)
    values, indices = co.max_pool2d(x[..., ::-1], (3, 2), 2, 1, return_indices=True)
    np.testing.assert_array_equal(values, whole, strict=True)
    assert indices.shape == whole.shape
    remembered.forget()


def test_a_large_batch_takes_no_more_memory_than_is_promised() -> None:
    x = np.zeros((64, 16, 128, 128), np.float32)
    co.max_pool2d(x[:1], 2)
    tracemalloc.start()
    try:
        values = co.max_pool2d(x, 2)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - values.nbytes < 8 * values.size, "the indices of all of it would be as much"


def test_indices_in_another_byte_order(exact_backend: str) -> None:
    grad_output, indices = np.ones((1, 1, 1, 2), np.float32), np.array([[[[1, 3]]]], ">i8")
    grad = co.max_pool2d_backward(grad_output, indices, (1, 1, 2, 2), backend=exact_backend)
    np.testing.assert_array_equal(grad, [[[[0, 1], [0, 1]]]])


def test_huge_steps_of_a_kernel_of_one_position(exact_backend: str) -> None:
    assert pool([[3, 5], [7, 9]], 1, 2**31 - 1, 0, 2**31 - 1, True, backend=exact_backend) == ([[3]], [[0]])


@given(data=st.data(), ceil_mode=st.booleans(), dtype=st.sampled_from(registry.ALL_DTYPES))
def test_values_of_pytorch_exactly(data: st.DataObject, ceil_mode: bool, dtype: str) -> None:
    kernel, stride = (tuple(data.draw(st.integers(1, 4)) for _ in range(2)) for _ in range(2))
    dilation = tuple(data.draw(st.integers(1, 3)) for _ in range(2))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(data.draw(st.integers(1, 9)) for _ in range(2))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    # Few values, many ties.
    x = rng.integers(-2, 3, (data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3)), *size)).astype(np.float64)
    leaf = torch.tensor(x, requires_grad=True)
    try:
        values, indices = torch.nn.functional.max_pool2d(
            leaf, kernel, stride, padding, dilation, ceil_mode, return_indices=True
        )
    except RuntimeError:
        with pytest.raises(ValueError, match="is larger than the padded input"):
            co.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
        return
    if torch.isinf(values).any():
        # PyTorch returns -inf and an index outside the plane for a window that holds nothing but padding.
        with pytest.raises(ValueError, match="lies wholly in the padding"):
            co.max_pool2d(x, kernel, stride, padding, dilation, ceil_mode)
        return
    grad_output = rng.integers(-3, 4, tuple(values.shape)).astype(np.float64)
    (grad,) = torch.autograd.grad(values, leaf, torch.tensor(grad_output))
    for backend, variant in registry.variants("max_pool2d").items():
        if dtype not in variant.dtypes:
            continue
        arguments = (kernel, stride, padding, dilation, ceil_mode)
        got = co.max_pool2d(x.astype(dtype), *arguments, return_indices=True, backend=backend)
        alone = co.max_pool2d(x.astype(dtype), *arguments, backend=backend)
        got_grad = co.max_pool2d_backward(grad_output.astype(dtype), got[1], x.shape, backend=backend)
        np.testing.assert_array_equal(got[0], values.detach().numpy(), err_msg=backend)
        np.testing.assert_array_equal(alone, got[0], err_msg=backend)
        np.testing.assert_array_equal(got[1], indices.numpy(), err_msg=backend)
        np.testing.assert_array_equal(got_grad, grad.numpy(), err_msg=backend)


@given(data=st.data())
def test_backends_agree_on_nan_and_infinity(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    x = rng.choice([-INF, -1.0, 0.0, INF, NAN], (1, 2, 6, 7))
    kernel, stride = (tuple(data.draw(st.integers(1, 3)) for _ in range(2)) for _ in range(2))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    values, indices = co.max_pool2d(x, kernel, stride, padding, return_indices=True)
    for n, c, p, q in np.ndindex(values.shape):
        rows = [p * stride[0] - padding[0] + i for i in range(kernel[0])]
        columns = [q * stride[1] - padding[1] + j for j in range(kernel[1])]
        window = {(r, s): x[n, c, r, s] for r in rows for s in columns if 0 <= r < 6 and 0 <= s < 7}
        nans = [place for place, value in window.items() if np.isnan(value)]
        row, column = nans[0] if nans else max(window, key=lambda place: window[place])
        assert indices[n, c, p, q] == row * 7 + column
    for backend in ("numba", "scipy"):
        got = co.max_pool2d(x, kernel, stride, padding, return_indices=True, backend=backend)
        np.testing.assert_array_equal(got[0], values)
        np.testing.assert_array_equal(got[1], indices)


X = np.ones((2, 3, 4, 5), np.float32)
Z, INDICES = np.ones((2, 3, 2, 2), np.float32), np.zeros((2, 3, 2, 2), np.int64)
BAD_FORWARD: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (X[0], {}, ValueError, "x must have 4 dimensions (N, C, H, W), got 3"),
    (X[:, :0], {}, ValueError, "x must not be empty in axis C"),
    (X[..., :0], {}, ValueError, "x must not be empty in axis W"),
    (X.tolist(), {}, TypeError, "x must be a numpy array, got list"),
    (X.astype(np.uint8), {}, TypeError, "x has dtype uint8"),
    (X.astype(str), {}, TypeError, "x has dtype str"),
    (X, {"kernel_size": 0}, ValueError, "kernel_size must be between 1 and 2**31 - 1, got 0"),
    (X, {"kernel_size": None}, TypeError, "kernel_size must be an int or a pair of ints"),
    (X, {"kernel_size": ()}, ValueError, "kernel_size must be an int or a pair of ints (height, width), got 0 values"),
    (X, {"kernel_size": (5, 2)}, ValueError, "kernel (5, 2) is larger than the padded input (4, 5)"),
    (X, {"dilation": 4}, ValueError, "kernel (2, 2) with dilation (4, 4) spans (5, 5), which is larger than"),
    (X, {"kernel_size": 5, "stride": 1, "ceil_mode": True}, ValueError, "kernel (5, 5) is larger than the padded"),
    (X, {"stride": 0}, ValueError, "stride must be between 1"),
    (X, {"stride": (1, 2, 3)}, ValueError, "stride must be an int or a pair of ints (height, width), got 3 values"),
    (X, {"stride": False}, TypeError, "stride must be an int or a pair of ints (height, width), got bool"),
    (X, {"padding": -1}, ValueError, "padding must be between 0"),
    (X, {"padding": 2}, ValueError, "padding (2, 2) must be at most half the kernel (2, 2)"),
    (X, {"kernel_size": 3, "dilation": 2, "padding": 2}, ValueError, "padding (2, 2) must be at most half the kernel"),
    (X, {"padding": "same"}, TypeError, "padding must be an int or a pair of ints"),
    (X, {"padding": ((0, 1), (0, 1))}, TypeError, "padding must be an int, got tuple"),
    (X, {"dilation": 0}, ValueError, "dilation must be between 1"),
    (X[:, :, :2], {"kernel_size": 2, "dilation": 3, "padding": 1}, ValueError,
     "the window at -1 of the height lies wholly in the padding: size 2, kernel 2, padding 1, dilation 3"),
    (X, {"ceil_mode": 1}, TypeError, "ceil_mode must be True or False, got int: 1"),
    (X, {"return_indices": None}, TypeError, "return_indices must be True or False, got NoneType"),
    (X, {"kernel_size": 2**31}, ValueError, "kernel_size must be between 1 and 2**31 - 1, got 2147483648"),
    (X, {"backend": "scipy-fft"}, ValueError, "backend 'scipy-fft' does not do max_pool2d; backends that can: im2col"),
]  # fmt: skip
BAD_BACKWARD: list[tuple[tuple[Any, ...], type[Exception], str]] = [
    ((Z[0], INDICES, X.shape), ValueError, "grad_output must have 4 dimensions (N, C, H, W), got 3"),
    ((Z, INDICES[0], X.shape), ValueError, "indices must have 4 dimensions (N, C, H, W), got 3"),
    ((Z, INDICES[:1], X.shape), ValueError, "must have the shape of grad_output, (2, 3, 2, 2), got (1, 3, 2, 2)"),
    ((Z, INDICES.astype(np.int32), X.shape), TypeError, "indices has dtype int32, allowed are int64"),
    ((Z, INDICES.astype(float), X.shape), TypeError, "indices has dtype float64, allowed are int64"),
    ((Z, INDICES.tolist(), X.shape), TypeError, "indices must be a numpy array, got list"),
    ((Z, INDICES - 1, X.shape), ValueError, "indices must be between 0 and H * W - 1 = 19, got -1 to -1"),
    ((Z, INDICES + 20, X.shape), ValueError, "indices must be between 0 and H * W - 1 = 19, got 20 to 20"),
    ((Z, INDICES, (2, 4, 4, 5)), ValueError, "input_shape (2, 4, 4, 5) and grad_output (2, 3, 2, 2) must agree"),
    ((Z, INDICES, (1, 3, 4, 5)), ValueError, "must agree in the axes N and C"),
    ((Z, INDICES, (2, 3, 4)), ValueError, "input_shape must have 4 sizes (N, C, H, W), got 3"),
    ((Z, INDICES, (2, 3, 4, True)), TypeError, "input_shape[3] (W) must be an int, got bool"),
    ((Z, INDICES, (2, 3, 0, 5)), ValueError, "input_shape[2] (H) must be between 1"),
    ((Z, INDICES, (2, 3, 2**31 - 1, 2**31 - 1)), ValueError, "shape (2, 3, 2147483647, 2147483647) is too large"),
    ((Z.astype(complex), INDICES, X.shape), TypeError, "grad_output has dtype complex128"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "options", "error", "message"), BAD_FORWARD, ids=[case[3] for case in BAD_FORWARD])
def test_bad_input(x: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        co.max_pool2d(x, **{"kernel_size": 2, **options})
    assert str(caught.value).startswith("max_pool2d: ")


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_BACKWARD, ids=[case[2] for case in BAD_BACKWARD])
def test_bad_input_backward(arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        co.max_pool2d_backward(*arguments)
    assert str(caught.value).startswith("max_pool2d_backward: ")


def test_the_good_input_of_the_bad_ones_is_good() -> None:
    assert co.max_pool2d(X, 2).shape == Z.shape
    assert co.max_pool2d_backward(Z, INDICES, X.shape).shape == X.shape
