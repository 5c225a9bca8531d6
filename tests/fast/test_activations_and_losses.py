"""Activations, softmax, losses and mean subtraction: by hand, within derived bounds of the exact value, bad input."""

import re
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import convoracle as co

U = Fraction(1, 2**53)
EXP_ULPS = 4
"""What is assumed of NumPy's exp and log: an error of at most this many units in the last place."""


def inexact(values: Any) -> np.ndarray:
    return np.array(values, np.float64)


def exact_exp(value: float) -> Decimal:
    return Decimal(value).exp()


def assert_within(result: float, exact: Decimal, relative: Fraction) -> None:
    """Compare with 60 digits; below the normal range only the size of the error matters."""
    error = abs(Fraction(Decimal(float(result))) - Fraction(exact))
    assert error <= relative * abs(Fraction(exact)) + Fraction(1, 2**1070)


def test_relu_by_hand(exact_backend: str) -> None:
    x = inexact([[-2.0, 0.0, 3.0, np.nan, np.inf, -np.inf]])
    np.testing.assert_array_equal(co.relu(x, backend=exact_backend), [[0, 0, 3, np.nan, np.inf, 0]])
    grad = co.relu_backward(inexact([[1.0, 2, 3, 4, 5, 6]]), x, backend=exact_backend)
    np.testing.assert_array_equal(grad, [[0, 0, 3, 0, 5, 0]])
    np.testing.assert_array_equal(co.relu(np.array([-7, 7], np.int8), backend=exact_backend), [0, 7])


def test_sigmoid_is_the_exact_value_to_a_few_roundings(exact_backend: str) -> None:
    x = inexact([-745.0, -50.5, -1.0, -1e-9, 0.0, 0.3, 2.0, 36.0, 700.0])
    value, slope = co.sigmoid(x, backend=exact_backend), co.sigmoid_backward(np.full(9, 3.0), x, backend=exact_backend)
    with localcontext() as context:
        context.prec = 60
        for i, number in enumerate(x):
            decay = exact_exp(-abs(number))
            # One exponential, a sum and a quotient; the gradient has them twice, and two products.
            relative = (2 * EXP_ULPS + 3) * U
            assert_within(value[i], (decay if number < 0 else 1) / (1 + decay), relative)
            assert_within(slope[i], 3 * decay / (1 + decay) ** 2, 2 * relative + 3 * U)


def test_sigmoid_of_what_is_not_finite() -> None:
    x = inexact([-np.inf, np.inf, np.nan])
    np.testing.assert_array_equal(co.sigmoid(x), [0, 1, np.nan])
    np.testing.assert_array_equal(co.sigmoid_backward(np.ones(3), x), [0, 0, np.nan])


ROWS = inexact([[1.0, 2.0, -3.0], [1000.0, 0.0, 999.0], [-5.25, -5.25, -5.25], [-1e5, 0.0, 700.0]])


def test_softmax_and_its_logarithm_are_the_exact_values_to_a_few_roundings(exact_backend: str) -> None:
    share, logarithm = co.softmax(ROWS, backend=exact_backend), co.log_softmax(ROWS, backend=exact_backend)
    targets = np.array([2, 0, 1, 1])
    loss = co.cross_entropy(ROWS, targets, backend=exact_backend)
    grad = co.cross_entropy_backward(ROWS, targets, 4.0, backend=exact_backend)
    with localcontext() as context:
        context.prec = 60
        total, total_error = Fraction(0), Fraction(0)
        for i, row in enumerate(ROWS):
            powers = [exact_exp(value - row.max()) for value in row]  # these differences are exact
            for j, power in enumerate(powers):
                exact = power / sum(powers)
                # An exponential above and below, two sums and a quotient.
                relative = (4 * EXP_ULPS + 4) * U
                assert_within(share[i, j], exact, relative)
                # The sum is at least 1, so its relative error is the absolute error of its logarithm; then the error
                # of the logarithm itself, and one subtraction.
                far = Fraction(Decimal(row[j]) - Decimal(row.max()))
                spread = Fraction(sum(powers).ln())
                absolute = (2 * EXP_ULPS + 3) * U + 2 * EXP_ULPS * U * spread + 2 * U * (abs(far) + spread)
                assert abs(Fraction(Decimal(logarithm[i, j])) - (far - spread)) <= absolute
                wanted = exact - (j == targets[i])
                # The softmax's error, and the subtraction of the one; the factor 4 / N is exactly 1.
                allowed = relative * Fraction(exact) + U * (abs(Fraction(wanted)) + relative)
                assert abs(Fraction(Decimal(grad[i, j])) - Fraction(wanted)) <= allowed
                if j == targets[i]:
                    total += spread - far
                    total_error += absolute
        # The errors of the four logarithms, and at most four roundings of terms that large in their mean.
        allowed = (total_error + 4 * U / (1 - 4 * U) * (total + total_error)) / 4
        assert abs(Fraction(Decimal(float(loss))) - total / 4) <= allowed


def test_gradients_of_the_softmax_by_hand(exact_backend: str) -> None:
    even = np.zeros((2, 2))
    grad = inexact([[4.0, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(co.softmax_backward(grad, even, backend=exact_backend), [[1, -1], [0, 0]])
    np.testing.assert_array_equal(co.log_softmax_backward(grad, even, backend=exact_backend), [[2, -2], [0, 0]])
    # Along the other axis the two numbers of a column share.
    np.testing.assert_array_equal(
        co.softmax_backward(grad, even, 0, backend=exact_backend), [[0.75, -0.25], [-0.75, 0.25]]
    )


def test_softmax_of_what_is_not_finite() -> None:
    rows = inexact([[np.nan, 0.0], [np.inf, 0.0], [-np.inf, 0.0], [-np.inf, -np.inf]])
    nan = np.nan
    np.testing.assert_array_equal(co.softmax(rows), [[nan, nan], [nan, nan], [0, 1], [nan, nan]])
    np.testing.assert_array_equal(co.log_softmax(rows), [[nan, nan], [nan, nan], [-np.inf, 0], [nan, nan]])


def test_mean_subtraction_and_euclidean_loss_by_hand(exact_backend: str) -> None:
    x = inexact([[1.0, 2.0, 3.0], [4.0, 6.0, 11.0]])
    np.testing.assert_array_equal(co.mean_subtract(x, backend=exact_backend), [[-1, 0, 1], [-3, -1, 4]])
    np.testing.assert_array_equal(co.mean_subtract(x, 0, backend=exact_backend), [[-1.5, -2, -4], [1.5, 2, 4]])
    np.testing.assert_array_equal(co.mean_subtract_backward(x, -1, backend=exact_backend), [[-1, 0, 1], [-3, -1, 4]])
    z, y = inexact([[1.0, 2.0], [3.0, 5.0]]), inexact([[0.0, 2.0], [1.0, 1.0]])
    assert co.euclidean_loss(z, y, backend=exact_backend) == (1 + 4 + 16) / 4
    grads = co.euclidean_loss_backward(z, y, 2, backend=exact_backend)
    np.testing.assert_array_equal(grads, [[[1, 0], [2, 4]], [[-1, 0], [-2, -4]]])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_loss_is_a_scalar_of_the_dtype(dtype: str) -> None:
    logits = np.zeros((2, 4), dtype)
    for loss in (co.cross_entropy(logits, np.array([0, 3], np.int8)), co.euclidean_loss(logits, logits)):
        assert isinstance(loss, np.floating)
        assert loss.dtype == dtype


def ones(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.ones(shape, dtype)


X, T = ones(2, 3), np.array([0, 2])
BAD: list[tuple[Any, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    (co.relu, ([1.0],), {}, TypeError, "x must be a numpy array, got list"),
    (co.relu, (np.array(1.0),), {}, ValueError, "x must have at least one dimension, got a scalar array"),
    (co.relu, (X.astype(bool),), {}, TypeError, "x has dtype bool"),
    (co.relu, (ones(2, 0),), {}, ValueError, "x must not be empty in axis 1"),
    (co.relu_backward, (X, X[:1]), {}, ValueError, "x must have the shape of grad_output, (2, 3), got (1, 3)"),
    (co.relu_backward, (X, X.astype(float)), {}, TypeError, "share one dtype"),
    (co.sigmoid, (X.astype(int),), {}, TypeError, "x has dtype int64, allowed are float16, float32, float64"),
    (co.sigmoid_backward, (X, X[0]), {}, ValueError, "x must have the shape of grad_output, (2, 3), got (3,)"),
    (co.softmax, (X.astype(int),), {}, TypeError, "x has dtype int64"),
    (co.softmax, (X[0],), {}, ValueError, "axis must be between -1 and 0, got 1"),
    (co.softmax, (X, 1.0), {}, TypeError, "axis must be an int, got float"),
    (co.softmax, (ones(2, 0), 1), {}, ValueError, "x must not be empty in axis 1, only the batch axis N may be"),
    (co.softmax, (X[:0], 0), {}, ValueError, "axis 0 must not be empty, got shape (0, 3)"),
    (co.softmax_backward, (X, X.T), {}, ValueError, "x must have the shape of grad_output"),
    (co.log_softmax, (X, 2), {}, ValueError, "axis must be between -2 and 1, got 2"),
    (co.log_softmax, (X,), {"backend": "im2row"}, ValueError, "unknown backend 'im2row'; available for log_softmax"),
    (co.log_softmax_backward, (X, X, -3), {}, ValueError, "axis must be between -2 and 1, got -3"),
    (co.mean_subtract, (X.astype(int),), {}, TypeError, "x has dtype int64"),
    (co.mean_subtract_backward, (X, None), {}, TypeError, "axis must be an int, got NoneType"),
    (co.cross_entropy, (X[0], T), {}, ValueError, "logits must have 2 dimensions (N, C), got 1"),
    (co.cross_entropy, (X, T[:1]), {}, ValueError, "targets must have shape (2,), one per row, got (1,)"),
    (co.cross_entropy, (X, T / 1), {}, TypeError, "targets has dtype float64, allowed are int8"),
    (co.cross_entropy, (X, T + 1), {}, ValueError, "targets must be between 0 and 2, got 3"),
    (co.cross_entropy, (X, T - 1), {}, ValueError, "targets must be between 0 and 2, got -1"),
    (co.cross_entropy, (X[:0], T[:0]), {}, ValueError, "logits must not be an empty batch, it has no mean"),
    (co.cross_entropy_backward, (X, T, "1"), {}, TypeError, "grad_output must be a number, got str: '1'"),
    (co.euclidean_loss, (X, X.T), {}, ValueError, "y must have the shape of z, (2, 3), got (3, 2)"),
    (co.euclidean_loss, (X[:0], X[:0]), {}, ValueError, "z must not be an empty batch, it has no mean"),
    (co.euclidean_loss, (X.astype(int), X.astype(int)), {}, TypeError, "z has dtype int64"),
    (co.euclidean_loss_backward, (X, X, True), {}, TypeError, "grad_output must be a number, got bool"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "options", "error", "message"), BAD)
def test_bad_input(
    function: Any, arguments: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)) as caught:
        function(*arguments, **options)
    assert str(caught.value).startswith(f"{function.__name__}: ")
