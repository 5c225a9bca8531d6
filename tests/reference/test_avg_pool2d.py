from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import avg_pool2d, avg_pool2d_backward, avg_pool2d_divisors

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
DIVISORS = st.fixed_dictionaries(
    {"count_include_pad": st.booleans(), "divisor_override": st.sampled_from([None, None, 1, 3, -2])}
)


def fractions(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda number: Fraction(int(number)), otypes=[object])(array)


@given(data=st.data(), divisors=DIVISORS)
@EXAMPLES
def test_equals_torch_on_integers(pools: Any, data: st.DataObject, divisors: dict[str, Any]) -> None:
    pool = data.draw(pools)
    # the sum is an exact integer, and both round its quotient once: equal to the last bit
    x = torch.from_numpy(pool.x.astype(np.float64))
    expected = torch.nn.functional.avg_pool2d(x, **pool.options, **divisors)
    assert avg_pool2d(pool.x.astype(np.float64), **pool.options, **divisors).tolist() == expected.numpy().tolist()


@given(data=st.data(), divisors=DIVISORS)
@EXAMPLES
def test_divisors_are_those_of_torch(pools: Any, data: st.DataObject, divisors: dict[str, Any]) -> None:
    pool = data.draw(pools)
    divisors_of_windows = avg_pool2d_divisors(pool.x.shape[2:], **pool.options, **divisors)
    assert divisors_of_windows.dtype == np.int64
    # the mean of a number that every divisor divides gives every divisor away
    multiple = 2**3 * 3**2 * 5 * 7
    x = torch.full((1, 1, *pool.x.shape[2:]), multiple, dtype=torch.float64)
    sums = torch.nn.functional.avg_pool2d(x, **pool.options, count_include_pad=True, divisor_override=1)
    means = torch.nn.functional.avg_pool2d(x, **pool.options, **divisors)
    assert (sums.numpy()[0, 0] == means.numpy()[0, 0] * divisors_of_windows).all()


@given(data=st.data(), divisors=DIVISORS)
@EXAMPLES
def test_backward_equals_torch(pools: Any, data: st.DataObject, divisors: dict[str, Any]) -> None:
    pool = data.draw(pools)
    x = torch.from_numpy(pool.x.astype(np.float64)).requires_grad_()
    y = torch.nn.functional.avg_pool2d(x, **pool.options, **divisors)
    quotients = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-9, 10, tuple(y.shape))
    # a derivative that is a multiple of its divisor leaves integers, whose sums are exact in any order
    grad_output = (quotients * avg_pool2d_divisors(pool.x.shape[2:], **pool.options, **divisors)).astype(np.float64)
    (expected,) = torch.autograd.grad(y, x, torch.from_numpy(grad_output))
    result = avg_pool2d_backward(grad_output, pool.x.shape, **pool.options, **divisors)
    assert result.tolist() == expected.numpy().tolist()


@given(data=st.data(), divisors=DIVISORS)
@settings(EXAMPLES, max_examples=30)
def test_backward_is_the_adjoint_exactly_on_fractions(
    pools: Any, data: st.DataObject, divisors: dict[str, Any]
) -> None:
    pool = data.draw(pools)
    x = fractions(pool.x)
    means = avg_pool2d(x, **pool.options, **divisors)
    grad_output = fractions(np.random.default_rng(data.draw(st.integers(0, 99))).integers(-9, 10, means.shape))
    grad_x = avg_pool2d_backward(grad_output, x.shape, **pool.options, **divisors)
    assert np.sum(grad_output * means) == np.sum(grad_x * x)


def test_is_exact_on_fractions() -> None:
    x = np.array([[[[Fraction(1, 2), Fraction(1, 3), Fraction(1, 5)]]]])
    assert avg_pool2d(x, (1, 2), 1).ravel().tolist() == [Fraction(5, 12), Fraction(4, 15)]
    result = avg_pool2d_backward(np.array([[[[Fraction(1, 3), Fraction(1)]]]]), (1, 1, 1, 3), (1, 2), 1)
    assert result.ravel().tolist() == [Fraction(1, 6), Fraction(2, 3), Fraction(1, 2)]


def test_float32_stays_float32() -> None:
    x = np.array([[[[1, 1, 1]]]], np.float32)
    result = avg_pool2d(x, (1, 3), divisor_override=3)
    assert result.dtype == np.float32
    result = avg_pool2d_backward(np.ones((1, 1, 1, 1), np.float32), (1, 1, 1, 3), (1, 3))
    assert result.dtype == np.float32
    assert result.ravel().tolist() == [np.float32(1) / np.float32(3)] * 3


def test_divisors_by_hand() -> None:
    # windows of 3 by steps of 2 over 5 positions and one of padding on each side: [-1, 2), [1, 4), [3, 6)
    assert avg_pool2d_divisors((5, 1), (3, 1), (2, 1), (1, 0)).ravel().tolist() == [3, 3, 3]
    assert avg_pool2d_divisors((5, 1), (3, 1), (2, 1), (1, 0), count_include_pad=False).ravel().tolist() == [2, 3, 2]
    # over 4 positions, rounding up: [-1, 2), [1, 4), [3, 6), which is cut where the padding ends
    assert avg_pool2d_divisors((4, 1), (3, 1), (2, 1), (1, 0), True).ravel().tolist() == [3, 3, 2]
    assert avg_pool2d_divisors((4, 1), (3, 1), (2, 1), (1, 0), True, False).ravel().tolist() == [2, 3, 1]
    assert avg_pool2d_divisors((4, 1), (3, 1), (2, 1), (1, 0), True, False, 7).ravel().tolist() == [7, 7, 7]


def test_nan_reaches_exactly_the_windows_that_hold_it() -> None:
    x = np.array([[[[1.0, np.nan, 3.0, 4.0]]]])
    assert np.isnan(avg_pool2d(x, (1, 2), 1)).ravel().tolist() == [True, True, False]


def test_an_empty_batch_gives_an_empty_batch() -> None:
    assert avg_pool2d(np.zeros((0, 2, 4, 5)), 2).shape == (0, 2, 2, 2)
    assert avg_pool2d_backward(np.zeros((0, 2, 2, 2)), (0, 2, 4, 5), 2).shape == (0, 2, 4, 5)


def test_rejects_integers_whose_mean_would_be_cut() -> None:
    with pytest.raises(TypeError, match="avg_pool2d: got integers; allowed: floats"):
        avg_pool2d(np.ones((1, 1, 2, 2), int), 2)
    with pytest.raises(TypeError, match="avg_pool2d_backward: got integers; allowed: floats"):
        avg_pool2d_backward(np.ones((1, 1, 1, 1), int), (1, 1, 2, 2), 2)


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match="avg_pool2d: got divisor_override 0"):
        avg_pool2d(np.zeros((1, 1, 2, 2)), 2, divisor_override=0)
    with pytest.raises(ValueError, match="at most half the kernel"):
        avg_pool2d(np.zeros((1, 1, 4, 4)), (2, 3), padding=2)
    with pytest.raises(ValueError, match="avg_pool2d_backward: grad_output: got shape"):
        avg_pool2d_backward(np.zeros((1, 1, 2, 3)), (1, 1, 4, 4), 2)
