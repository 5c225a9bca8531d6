from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
    softmax_naive,
)
from convoracle.reference.softmax import normalise, times_jacobian, times_log_jacobian

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)
ROWS = st.lists(st.floats(-50, 50), min_size=1, max_size=6)
U = 2.0**-53


def gamma(roundings: float) -> Decimal:
    return Decimal(roundings * U / (1 - roundings * U))


def exact_softmax(row: list[float]) -> list[Decimal]:
    with localcontext() as context:
        context.prec = 60
        e = [Decimal(number).exp() for number in row]
        return [number / sum(e) for number in e]


def roundings_of_softmax(row: list[float]) -> float:
    """Rounding errors of one softmax, relative to it, in units of u.

    Subtracting the maximum rounds once, which exp multiplies by the difference; exp itself may be off by four units in
    the last place, 8u. Both happen to numerator and denominator; the sum rounds C - 1 times and the quotient once.
    """
    spread = max(row) - min(row)
    return 2 * (spread + 8) + len(row)


@given(row=ROWS)
@EXAMPLES
def test_is_within_its_bound(row: list[float]) -> None:
    bound = gamma(roundings_of_softmax(row))
    for p, exact in zip(softmax(np.array([row]))[0], exact_softmax(row), strict=True):
        assert abs(Decimal(float(p)) - exact) <= bound * exact


@given(row=ROWS)
@EXAMPLES
def test_logarithm_is_within_its_bound(row: list[float]) -> None:
    spread = max(row) - min(row)
    for result, p in zip(log_softmax(np.array([row]))[0], exact_softmax(row), strict=True):
        with localcontext() as context:
            context.prec = 60
            exact = p.ln()
        # the difference and the last subtraction round; log takes over the relative error of the sum as an absolute
        # one, and adds 8u of its own, which is at most log(C)
        bound = gamma(spread + (spread + 8 + len(row) - 1) + 8 * np.log(len(row)) + float(abs(exact)))
        assert abs(Decimal(float(result)) - exact) <= bound


@given(row=st.lists(st.integers(-9, 9), min_size=1, max_size=5), shift=st.integers(-1000, 1000))
@EXAMPLES
def test_a_shift_of_all_scores_changes_nothing(row: list[int], shift: int) -> None:
    x = np.array([row], float)
    # integers: subtracting the maximum is exact, and so is the shift
    assert softmax(x + shift).tolist() == softmax(x).tolist()
    assert log_softmax(x + shift).tolist() == log_softmax(x).tolist()


def test_naive_code_fails_where_the_stable_one_does_not() -> None:
    scores = np.array([[1000.0, 0.0, 0.0], [-1000.0, -1001.0, -1002.0], [0.0, 0.0, 0.0]])
    naive = softmax_naive(scores)
    assert np.isnan(naive).tolist() == [[True, False, False], [True, True, True], [False, False, False]]
    stable = softmax(scores)
    assert stable[0].tolist() == [1, 0, 0]
    assert stable[1].tolist() == softmax(np.array([[2.0, 1.0, 0.0]]))[0].tolist()
    assert naive[2].tolist() == stable[2].tolist() == [1 / 3] * 3


@given(data=st.data(), size=st.integers(1, 5))
@EXAMPLES
def test_derivatives_are_exact_with_the_exponentials_as_symbols(data: st.DataObject, size: int) -> None:
    # any positive e: the quotient rule on e_i / sum e, with de_i / df_i = e_i, needs nothing else of exp
    numbers = st.lists(st.integers(1, 9), min_size=size, max_size=size)
    e = np.array([[Fraction(number) for number in data.draw(numbers)]])
    grad = np.array([[Fraction(number, 7) for number in data.draw(numbers)]])
    total = e.sum()
    p = normalise(e, axis=1)
    assert p.tolist() == [[number / total for number in e[0]]]
    dp = [[((i == j) * e[0, i] * total - e[0, i] * e[0, j]) / total**2 for j in range(size)] for i in range(size)]
    by_rule = [sum(grad[0, i] * dp[i][j] for i in range(size)) for j in range(size)]
    assert times_jacobian(grad, p, 1).tolist() == [by_rule]
    by_rule = [sum(grad[0, i] * dp[i][j] / p[0, i] for i in range(size)) for j in range(size)]
    assert times_log_jacobian(grad, p, 1).tolist() == [by_rule]


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_every_axis_is_the_first_one_moved(axis: int) -> None:
    rng = np.random.default_rng(1)
    # two terms along every axis: their sum has no order, so the results are the same to the last bit
    x, grad = rng.standard_normal((2, 2, 2)), rng.standard_normal((2, 2, 2))
    moved_x, moved_grad = np.moveaxis(x, axis, 0), np.moveaxis(grad, axis, 0)
    for i, j in np.ndindex(2, 2):
        row, grad_row = moved_x[None, :, i, j], moved_grad[None, :, i, j]
        for whole, alone in (
            (softmax(x, axis), softmax(row)),
            (log_softmax(x, axis), log_softmax(row)),
            (softmax_backward(grad, x, axis), softmax_backward(grad_row, row)),
            (log_softmax_backward(grad, x, axis), log_softmax_backward(grad_row, row)),
        ):
            assert np.moveaxis(whole, axis, 0)[:, i, j].tolist() == alone[0].tolist()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (softmax, 1),
        (log_softmax, 1),
        (softmax_naive, 1),
        (softmax_backward, 2),
        (log_softmax_backward, 2),
    ],
)
def test_keeps_float32_and_rejects_integers(function: Any, arguments: int) -> None:
    assert function(*[np.ones((2, 3), np.float32)] * arguments).dtype == np.float32
    with pytest.raises(TypeError, match=f"{function.__name__}: got int64; allowed: floats"):
        function(*[np.ones((2, 3), int)] * arguments)


def test_nan_and_infinity_stay_in_their_row() -> None:
    x = np.array([[1.0, np.nan], [0.0, np.inf], [0.0, -np.inf], [0.0, 0.0]])
    assert np.isnan(softmax(x)).any(axis=1).tolist() == [True, True, False, False]
    assert softmax(x)[2:].tolist() == [[1, 0], [0.5, 0.5]]
    assert log_softmax(x)[2].tolist() == [0, -np.inf]


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(ValueError, match=r"softmax_backward: grad_output: got shape \(1, 2\); allowed: \(1, 3\)"):
        softmax_backward(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="log_softmax_backward: grad_output: got shape"):
        log_softmax_backward(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="axis 2 is out of bounds"):
        softmax(np.zeros((1, 2)), axis=2)
