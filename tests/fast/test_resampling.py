"""Down- and upsampling and their gradients in every backend: by hand, by slicing, and every bad input."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import convoracle as co
from convoracle.fast import registry

X = np.arange(1.0, 13).reshape(1, 1, 3, 4)


def test_by_hand(exact_backend: str) -> None:
    down = co.downsample2d(X, (2, 3), backend=exact_backend)
    np.testing.assert_array_equal(down, [[[[1, 4], [9, 12]]]])
    back = co.downsample2d_backward(down, X.shape, (2, 3), backend=exact_backend)
    np.testing.assert_array_equal(back, [[[[1, 0, 0, 4], [0, 0, 0, 0], [9, 0, 0, 12]]]])
    np.testing.assert_array_equal(co.upsample2d(down, (2, 3), backend=exact_backend), back)
    larger = co.upsample2d(down, (2, 3), (4, 6), backend=exact_backend)
    np.testing.assert_array_equal(larger, np.pad(back, ((0, 0), (0, 0), (0, 1), (0, 2))))
    np.testing.assert_array_equal(co.upsample2d_backward(X, down.shape, (2, 3), backend=exact_backend), down)


@given(
    shape=st.tuples(*(st.integers(1, 7) for _ in range(4))),
    factor=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    dtype=st.sampled_from(registry.ALL_DTYPES),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_is_the_others_derivative(
    shape: tuple[int, int, int, int], factor: tuple[int, int], dtype: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, shape).astype(dtype)
    down = co.downsample2d(x, factor)
    for index, value in np.ndenumerate(down):
        n, c, row, column = index
        assert value == x[n, c, row * factor[0], column * factor[1]]
    y = rng.integers(-9, 10, down.shape).astype(dtype)
    back = co.downsample2d_backward(y, shape, factor)
    # <y, down x> = <down^T y, x>, in integers.
    assert int((y.astype(np.int64) * down).sum()) == int((back.astype(np.int64) * x).sum())
    np.testing.assert_array_equal(co.upsample2d(y, factor, shape[2:]), back)
    np.testing.assert_array_equal(co.upsample2d_backward(x, y.shape, factor), down)


BAD: list[tuple[Any, tuple[Any, ...], type[Exception], str]] = [
    (co.downsample2d, (X[0], 2), ValueError, "x must have 4 dimensions (N, C, H, W), got 3"),
    (co.downsample2d, (X, 0), ValueError, "factor must be between 1"),
    (co.downsample2d, (X, 1.5), TypeError, "factor must be an int or a pair of ints (height, width), got float"),
    (co.downsample2d, (X, (1, 2, 3)), ValueError, "factor must be an int or a pair of ints (height, width), got 3"),
    (co.downsample2d, (X.astype(complex), 2), TypeError, "x has dtype complex128"),
    (co.downsample2d_backward, (X, X.shape, 2), ValueError, "shape of the result, (1, 1, 2, 2), got (1, 1, 3, 4)"),
    (co.downsample2d_backward, (X, (1, 3, 4), 1), ValueError, "input_shape must have 4 sizes (N, C, H, W), got 3"),
    (co.upsample2d, (X, True), TypeError, "factor must be an int"),
    (co.upsample2d, (X, 2, (4, 7)), ValueError, "output_size must be between (5, 7) and (6, 8), got (4, 7)"),
    (co.upsample2d, (X, 2, (5, 9)), ValueError, "output_size must be between (5, 7) and (6, 8), got (5, 9)"),
    (co.upsample2d, (X, 2, 5), TypeError, "output_size must be a tuple (H, W), got int: 5"),
    (co.upsample2d, (X, 2, (5, 7, 1)), ValueError, "output_size must have 2 sizes (H, W), got 3"),
    (co.upsample2d, (X, 2**31 - 1), ValueError, "is too large to be addressed"),
    (co.upsample2d_backward, (X, (1, 1, 3, 2), 2), ValueError, "comes from an input of shape (1, 1, 2, 2), got input_"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "error", "message"), BAD)
def test_bad_input(function: Any, arguments: tuple[Any, ...], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments)
    assert str(caught.value).startswith(f"{function.__name__}: ")
