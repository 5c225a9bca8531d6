from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle import reference
from convoracle.reference import max_pool2d_backward

max_pool2d: Any = reference.max_pool2d  # one array or two, which a type checker cannot tell apart
EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


@given(data=st.data())
@EXAMPLES
def test_equals_torch_on_integers_ties_included(pools: Any, data: st.DataObject) -> None:
    pool = data.draw(pools)
    x = torch.from_numpy(pool.x.astype(np.float64)).requires_grad_()
    expected, expected_indices = torch.nn.functional.max_pool2d(
        x, dilation=pool.dilation, return_indices=True, **pool.options
    )
    values, indices = max_pool2d(pool.x, dilation=pool.dilation, return_indices=True, **pool.options)
    assert values.dtype == np.int64
    assert indices.dtype == np.int64
    assert values.tolist() == expected.detach().numpy().tolist()
    assert indices.tolist() == expected_indices.numpy().tolist()

    grad_output = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-9, 10, values.shape)
    (expected_grad,) = torch.autograd.grad(expected, x, torch.from_numpy(grad_output.astype(np.float64)))
    assert max_pool2d_backward(grad_output, indices, pool.x.shape).tolist() == expected_grad.numpy().tolist()


def pooled_row(numbers: list[Any], kernel_size: int, **options: Any) -> tuple[list[Any], list[int]]:
    x: Any = np.array(numbers).reshape(1, 1, 1, -1)
    values, indices = max_pool2d(x, (1, kernel_size), return_indices=True, **options)
    return values.ravel().tolist(), indices.ravel().tolist()


def test_the_first_of_several_maxima_wins() -> None:
    assert pooled_row([5, 5, 5, 3, 7, 7], 3) == ([5, 7], [0, 4])
    x = np.array([[[[1, 2], [2, 1]]]])
    assert max_pool2d(x, 2, return_indices=True)[1].item() == 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_first_nan_wins_over_every_number(dtype: type) -> None:
    nan, inf = np.nan, np.inf
    x: Any = np.array([[[[1, nan, inf, 2], [nan, 3, nan, inf], [inf, nan, nan, nan]]]], dtype)
    values, indices = max_pool2d(x, (1, 4), return_indices=True)
    assert np.isnan(values).all()
    assert indices.ravel().tolist() == [1, 4, 9]


def test_padding_never_wins() -> None:
    lowest = np.iinfo(np.int64).min
    assert pooled_row([lowest, lowest], 2, padding=(0, 1)) == ([lowest, lowest], [0, 1])
    assert pooled_row([-np.inf, -np.inf], 2, padding=(0, 1)) == ([-np.inf, -np.inf], [0, 1])
    assert pooled_row([-5, -7], 2, padding=(0, 1)) == ([-5, -7], [0, 1])


def test_runs_on_fractions() -> None:
    assert pooled_row([Fraction(1, 3), Fraction(2, 5), Fraction(1, 2), Fraction(1, 7)], 2, stride=(1, 1)) == (
        [Fraction(2, 5), Fraction(1, 2), Fraction(1, 2)],
        [1, 2, 2],
    )
    grad_output = np.array([[[[Fraction(1, 3), Fraction(1, 5)]]]])
    result = max_pool2d_backward(grad_output, np.array([[[[2, 2]]]]), (1, 1, 1, 3))
    assert result.ravel().tolist() == [0, 0, Fraction(8, 15)]


def test_options_are_those_of_torch() -> None:
    x = np.arange(1, 13).reshape(1, 1, 3, 4)
    assert max_pool2d(x, 2).tolist() == [[[[6, 8]]]]
    assert max_pool2d(x, 2, ()).tolist() == [[[[6, 8]]]]
    assert max_pool2d(x, (2,), (1,)).tolist() == [[[[6, 7, 8], [10, 11, 12]]]]
    assert max_pool2d(x, 2, ceil_mode=True).tolist() == [[[[6, 8], [10, 12]]]]
    assert max_pool2d(x, 2, 2, (1, 0)).tolist() == [[[[2, 4], [10, 12]]]]
    assert max_pool2d(x, 2, 1, 0, (2, 3)).tolist() == [[[[12]]]]


def test_overlapping_windows_add_up() -> None:
    grad_output, indices = np.array([[[[1, 10], [100, 1000]]]]), np.array([[[[4, 4], [4, 5]]]])
    assert max_pool2d_backward(grad_output, indices, (1, 1, 3, 3)).ravel().tolist() == [0, 0, 0, 0, 111, 1000, 0, 0, 0]


def test_an_empty_batch_gives_an_empty_batch() -> None:
    values, indices = max_pool2d(np.zeros((0, 2, 4, 5)), 2, return_indices=True)
    assert values.shape == indices.shape == (0, 2, 2, 2)
    assert max_pool2d_backward(values, indices, (0, 2, 4, 5)).shape == (0, 2, 4, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((1, 4, 4)), 2), "max_pool2d: x: got 3 dimensions"),
        ((np.zeros((1, 1, 4, 4)), 5), "a window of 5 with dilation 1 spans 5"),
        ((np.zeros((1, 1, 4, 4)), 3, 1, 2), r"got padding \(2, 2\); allowed: at most half the kernel \(3, 3\)"),
        ((np.zeros((1, 1, 4, 4)), 0), "kernel_size: got 0"),
        ((np.zeros((1, 1, 4, 4)), 2, 0), "stride: got 0"),
        ((np.zeros((1, 1, 4, 4)), 2, 1, -1), "padding: got -1"),
        ((np.zeros((1, 1, 8, 4)), 2, 1, 1, (1, 5)), r"nothing but padding \(window 0 of axis -1\)"),
    ],
)
def test_says_what_it_got_and_what_is_allowed(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_pool2d(*arguments)


@pytest.mark.parametrize(
    ("shape", "index", "message"),
    [
        ((1, 1, 2, 3), 6, "got indices from 6 to 6; allowed: 0 to 5"),
        ((1, 1, 2, 3), -1, "got indices from -1 to -1"),
        ((1, 2, 2, 3), 0, r"input_shape\[:2\]"),
    ],
)
def test_backward_rejects_what_does_not_belong_together(shape: tuple[int, ...], index: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_pool2d_backward(np.ones((1, 1, 1, 1)), np.full((1, 1, 1, 1), index), shape)
    with pytest.raises(ValueError, match="indices: got shape"):
        max_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 1, 2), int), (1, 1, 2, 3))
