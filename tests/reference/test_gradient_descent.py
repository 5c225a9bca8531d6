from fractions import Fraction

import numpy as np
import pytest

from convoracle.reference import (
    euclidean_loss,
    euclidean_loss_backward,
    gradient_descent,
    linear,
    linear_backward,
    sgd_step,
)


def test_both_parameters_step_with_gradients_at_one_point() -> None:
    points = []

    def gradient(W: int, b: int) -> tuple[int, int]:
        points.append((W, b))
        return b, W

    # had W been updated first, the second component would be 2 - (1 - 2) = 3
    assert gradient_descent(gradient, (1, 2), 1, 1) == (-1, 1)
    assert gradient_descent(gradient, (1, 2), 1, 3) == (-4, 4)
    assert points == [(1, 2), (1, 2), (-1, 1), (-2, 2)]
    assert gradient_descent(gradient, (1, 2), 1, 0) == (1, 2)


def test_a_step_leaves_the_parameters_alone() -> None:
    W = np.array([1.0, 2.0])
    (stepped,) = sgd_step([W], [np.array([10.0, 20.0])], 0.5)
    assert stepped.tolist() == [-4, -8]
    assert W.tolist() == [1, 2]
    with pytest.raises(ValueError, match="shorter"):
        sgd_step([1, 2], [1], 1)


def test_descends_on_a_linear_regression_exactly() -> None:
    x = np.array([[Fraction(0)], [Fraction(1)], [Fraction(2)]])
    y = 3 * x + 5

    def gradient(W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        grad_z, _ = euclidean_loss_backward(linear(x, W, b), y)
        _, grad_W, grad_b = linear_backward(grad_z, x, W)
        return grad_W, grad_b

    start = (np.array([[Fraction(0)]]), np.array([Fraction(0)]))
    losses = [
        euclidean_loss(linear(x, *gradient_descent(gradient, start, Fraction(1, 2), steps)), y) for steps in range(5)
    ]
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 5
    # at the solution nothing moves
    solution = (np.array([[Fraction(3)]]), np.array([Fraction(5)]))
    assert [array.tolist() for array in gradient_descent(gradient, solution, 1, 2)] == [[[3]], [5]]
