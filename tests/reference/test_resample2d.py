from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    conv2d,
    downsample2d,
    downsample2d_backward,
    upsample2d,
    upsample2d_backward,
)

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
SHAPES = st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(1, 6), st.integers(1, 6))
FACTORS = st.tuples(st.integers(1, 4), st.integers(1, 4))


def integers(seed: int, shape: Any) -> np.ndarray:
    return np.random.default_rng(seed).integers(-9, 10, shape)


@given(shape=SHAPES, factor=FACTORS, seed=st.integers(0, 99))
@EXAMPLES
def test_downsampling_is_a_slice_and_its_derivative_the_adjoint(shape: Any, factor: Any, seed: int) -> None:
    x = integers(seed, shape)
    y = downsample2d(x, factor)
    assert y.tolist() == x[:, :, :: factor[0], :: factor[1]].tolist()
    grad_output = integers(seed + 1, y.shape)
    grad_x = downsample2d_backward(grad_output, shape, factor)
    assert grad_x.shape == shape
    assert np.sum(grad_output * y) == np.sum(grad_x * x)
    assert downsample2d(grad_x, factor).tolist() == grad_output.tolist()
    assert np.count_nonzero(grad_x) == np.count_nonzero(grad_output)


@given(shape=SHAPES, factor=FACTORS, seed=st.integers(0, 99), data=st.data())
@EXAMPLES
def test_upsampling_puts_zeros_between_and_its_derivative_is_the_adjoint(
    shape: Any, factor: Any, seed: int, data: st.DataObject
) -> None:
    x = integers(seed, shape)
    remainder = tuple(data.draw(st.integers(0, factor[axis] - 1)) for axis in (0, 1))
    size = tuple((shape[2 + axis] - 1) * factor[axis] + 1 + remainder[axis] for axis in (0, 1))
    y = upsample2d(x, factor, size)
    assert y.shape == (*shape[:2], *size)
    assert downsample2d(y, factor).tolist() == x.tolist()
    assert np.count_nonzero(y) == np.count_nonzero(x)
    grad_output = integers(seed + 1, y.shape)
    grad_x = upsample2d_backward(grad_output, shape, factor)
    assert np.sum(grad_output * y) == np.sum(grad_x * x)
    assert upsample2d(x, factor).shape[2:] == tuple(size[axis] - remainder[axis] for axis in (0, 1))


@given(data=st.data())
@EXAMPLES
def test_a_stride_is_downsampling_after_stride_one(convolutions: Any, data: st.DataObject) -> None:
    layer = data.draw(convolutions)
    options = {**layer.options, "stride": 1}
    expected = downsample2d(conv2d(layer.x, layer.weight, layer.bias, **options), layer.options["stride"])
    assert conv2d(layer.x, layer.weight, layer.bias, **layer.options).tolist() == expected.tolist()


def test_the_factor_may_be_one_number() -> None:
    x = np.arange(1, 10).reshape(1, 1, 3, 3)
    assert downsample2d(x, 2)[0, 0].tolist() == [[1, 3], [7, 9]]
    assert upsample2d(np.array([[[[1, 2], [3, 4]]]]), 2)[0, 0].tolist() == [[1, 0, 2], [0, 0, 0], [3, 0, 4]]


def test_keeps_the_number_type() -> None:
    for dtype, expected in ((np.float32, np.float32), (np.int8, np.int64)):
        assert downsample2d(np.ones((1, 1, 2, 2), dtype), 2).dtype == expected
        assert upsample2d(np.ones((1, 1, 2, 2), dtype), 2).dtype == expected


def test_says_what_it_got_and_what_is_allowed() -> None:
    x = np.zeros((1, 1, 3, 4))
    with pytest.raises(ValueError, match="downsample2d: x: got 3 dimensions"):
        downsample2d(x[0], 2)
    with pytest.raises(ValueError, match="downsample2d: factor: got 0"):
        downsample2d(x, 0)
    with pytest.raises(ValueError, match="downsample2d_backward: grad_output: got shape"):
        downsample2d_backward(x, (1, 1, 3, 4), 2)
    for size in [(4, 7), (7, 7), (5, 6), (5, 9), (5,)]:
        with pytest.raises(ValueError, match=r"upsample2d: got output_size .*; allowed: \(5, 7\) to \(6, 8\)"):
            upsample2d(x, 2, size)
    with pytest.raises(ValueError, match="upsample2d_backward: got output_size"):
        upsample2d_backward(x, (1, 1, 3, 4), 2)
    for backward in (downsample2d_backward, upsample2d_backward):
        with pytest.raises(ValueError, match=r"got input_shape \(3, 4\); allowed: \(N, C, H, W\)"):
            backward(x, (3, 4), 1)
    with pytest.raises(ValueError, match="upsample2d_backward: grad_output: got shape"):
        upsample2d_backward(np.zeros((1, 2, 3, 4)), (1, 1, 3, 4), 1)
