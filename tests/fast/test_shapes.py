"""Output sizes of one axis, against sizes worked out by hand and against PyTorch's."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from convoracle.fast.shapes import conv_output_size, pool_output_size, same_padding


@pytest.mark.parametrize(
    ("expected", "size", "kernel_size", "options"),
    [
        (5, 7, 3, {}),
        (3, 7, 3, {"stride": 2}),
        (2, 7, 3, {"stride": 3}),
        (7, 7, 3, {"padding": 1}),
        (7, 7, 3, {"padding": (0, 2)}),
        (32, 32, 5, {"padding": 2}),
        (3, 7, 3, {"dilation": 2}),
        (1, 1, 1, {"stride": 2**31 - 1}),
        (4, np.int64(7), np.int8(3), {"stride": 2, "padding": (1, 2)}),
    ],
)
def test_conv_output_size(expected: int, size: int, kernel_size: int, options: dict[str, Any]) -> None:
    assert conv_output_size(size, kernel_size, **options) == expected


@pytest.mark.parametrize(
    ("expected", "size", "kernel_size", "options"),
    [
        (2, 4, 2, {}),
        (2, 5, 2, {}),
        (3, 5, 2, {"ceil_mode": True}),
        (2, 6, 3, {"stride": 2}),
        (3, 6, 3, {"stride": 2, "ceil_mode": True}),
        # The window a ceil would add starts at 3 + 1 of a plane that ends with its padding at 1 + 3 + 1.
        (2, 3, 2, {"padding": 1, "ceil_mode": True}),
        (1, 2, 3, {"stride": 2, "ceil_mode": True}),
        (3, 7, 3, {"stride": 2, "dilation": 1, "policy": "strict"}),
    ],
)
def test_pool_output_size(expected: int, size: int, kernel_size: int, options: dict[str, Any]) -> None:
    assert pool_output_size(size, kernel_size, **options) == expected


@given(data=st.data(), size=st.integers(1, 12), kernel_size=st.integers(1, 5), ceil_mode=st.booleans())
def test_pool_output_size_is_pytorchs(data: st.DataObject, size: int, kernel_size: int, ceil_mode: bool) -> None:
    stride, dilation = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    padding = data.draw(st.integers(0, kernel_size // 2))
    try:
        expected = torch.nn.functional.max_pool1d(
            torch.zeros(1, 1, size), kernel_size, stride, padding, dilation, ceil_mode
        ).shape[-1]
    except RuntimeError:
        expected = 0
    assume(expected)
    assert (
        pool_output_size(size, kernel_size, stride=stride, padding=padding, dilation=dilation, ceil_mode=ceil_mode)
        == expected
    )


@pytest.mark.parametrize(
    ("expected", "size", "kernel_size", "stride", "dilation"),
    [((1, 1), 5, 3, 1, 1), ((0, 1), 5, 2, 1, 1), ((0, 1), 6, 3, 2, 1), ((1, 1), 5, 3, 2, 1), ((2, 2), 5, 3, 1, 2),
     ((0, 0), 4, 1, 3, 1)],
)  # fmt: skip
def test_same_padding(expected: tuple[int, int], size: int, kernel_size: int, stride: int, dilation: int) -> None:
    assert same_padding(size, kernel_size, stride, dilation, lower=False) == expected
    assert same_padding(size, kernel_size, stride, dilation, lower=True) == expected[::-1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: conv_output_size(7, 3, stride=3, policy="strict"), ValueError, "stride 3 does not fit: 4 positions"),
        (lambda: conv_output_size(2, 3), ValueError, "kernel of extent 3 is larger than the padded input 2"),
        (
            lambda: conv_output_size(4, 3, dilation=2),
            ValueError,
            "kernel of extent 5 is larger than the padded input 4",
        ),
        (lambda: conv_output_size(7, 3, stride=0), ValueError, "stride must be between 1 and 2**31 - 1, got 0"),
        (lambda: conv_output_size(7.0, 3), TypeError, "size must be an int, got float: 7.0"),
        (lambda: conv_output_size(7, True), TypeError, "kernel_size must be an int, got bool: True"),
        (lambda: conv_output_size(7, 3, padding=(1, 2, 3)), ValueError, "padding must be an int or (before, after)"),
        (lambda: conv_output_size(7, 3, padding="same"), TypeError, "padding must be an int or (before, after)"),
        (lambda: conv_output_size(7, 3, policy="ceil"), ValueError, "policy must be one of floor, strict, got 'ceil'"),
        (lambda: pool_output_size(6, 3, stride=2, policy="strict"), ValueError, "stride 2 does not fit"),
        (lambda: pool_output_size(7, 3, padding=2), ValueError, "padding 2 is more than half the kernel 3"),
        (lambda: pool_output_size(2, 3, stride=1, ceil_mode=True), ValueError, "larger than the padded input 2"),
        (lambda: pool_output_size(7, 3, ceil_mode=1), TypeError, "ceil_mode must be True or False, got int: 1"),
    ],
)
def test_bad_sizes(call: Callable[[], int], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()
