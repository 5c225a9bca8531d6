from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convoracle.reference import (
    euclidean_loss,
    euclidean_loss_backward,
    l1_loss,
    l1_loss_backward,
    norm_loss,
    norm_loss_backward,
    numerical_gradient,
)

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3))


def fractions(seed: int, shape: Any) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.random.default_rng(seed).integers(-9, 10, (2, *shape))
    z, y = np.vectorize(lambda number: Fraction(int(number), 3), otypes=[object])(numbers)
    return z, y


@given(shape=SHAPES, seed=st.integers(0, 99))
@EXAMPLES
def test_losses_are_their_formulas_exactly_on_fractions(shape: Any, seed: int) -> None:
    z, y = fractions(seed, shape)
    assert euclidean_loss(z, y) == sum((a - b) ** 2 for a, b in zip(z.flat, y.flat, strict=True)) / 2 / shape[0]
    assert l1_loss(z, y) == sum(abs(a - b) for a, b in zip(z.flat, y.flat, strict=True)) / shape[0]


@given(shape=SHAPES, seed=st.integers(0, 99), scale=st.integers(-3, 3))
@settings(EXAMPLES, max_examples=25)
def test_gradients_are_exact_differences_on_fractions(shape: Any, seed: int, scale: int) -> None:
    z, y = fractions(seed, shape)
    # a central difference of a quadratic is its derivative, whatever the step
    by_z = numerical_gradient(lambda point: scale * euclidean_loss(point, y), z, Fraction(1, 2))
    by_y = numerical_gradient(lambda point: scale * euclidean_loss(z, point), y, Fraction(1, 2))
    grad_z, grad_y = euclidean_loss_backward(z, y, scale)
    assert (grad_z.tolist(), grad_y.tolist()) == (by_z.tolist(), by_y.tolist())
    # and one of |z - y| too, with a step smaller than every difference that is not zero; there it is zero
    by_z = numerical_gradient(lambda point: scale * l1_loss(point, y), z, Fraction(1, 4))
    by_y = numerical_gradient(lambda point: scale * l1_loss(z, point), y, Fraction(1, 4))
    grad_z, grad_y = l1_loss_backward(z, y, scale)
    assert (grad_z.tolist(), grad_y.tolist()) == (by_z.tolist(), by_y.tolist())


def test_norm_of_whole_right_triangles() -> None:
    z, y = (
        np.array([[3.0, 0.0], [1.0, 2.0], [0.0, 0.0], [7.0, 7.0]]),
        np.array([[0.0, 4.0], [1.0, 2.0], [5, 12], [7, 7]]),
    )
    assert norm_loss(z, y) == (5 + 0 + 13 + 0) / 4
    grad_z, grad_y = norm_loss_backward(z, y, 65)
    assert grad_z.tolist() == [
        [65 * (3 / 5) / 4, -65 * (4 / 5) / 4],
        [0, 0],
        [-65 * (5 / 13) / 4, -65 * (12 / 13) / 4],
        [0, 0],
    ]
    assert grad_y.tolist() == (-grad_z).tolist()


@pytest.mark.parametrize("loss", [euclidean_loss, l1_loss, norm_loss])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_keeps_the_number_type(loss: Any, dtype: type) -> None:
    assert loss(np.ones((3, 2), dtype), np.zeros((3, 2), dtype)).dtype == dtype


@pytest.mark.parametrize("backward", [euclidean_loss_backward, l1_loss_backward, norm_loss_backward])
def test_gradients_keep_the_number_type(backward: Any) -> None:
    z, y = np.ones((3, 2), np.float32), np.zeros((3, 2), np.float32)
    assert [gradient.dtype for gradient in backward(z, y, np.float64(2))] == [np.float32, np.float32]


@pytest.mark.parametrize(
    "function",
    [euclidean_loss, euclidean_loss_backward, l1_loss, l1_loss_backward, norm_loss, norm_loss_backward],
)
def test_says_what_it_got_and_what_is_allowed(function: Any) -> None:
    z, name = np.zeros((2, 3)), function.__name__
    with pytest.raises(ValueError, match=rf"{name}: y: got shape \(2, 2\); allowed: \(2, 3\)"):
        function(z, z[:, :2])
    with pytest.raises(ValueError, match=f"{name}: z: got 1 dimensions"):
        function(z[0], z)
    with pytest.raises(ValueError, match=f"{name}: got an empty batch; allowed: at least one example"):
        function(z[:0], z[:0])
    with pytest.raises(TypeError, match=f"{name}: got integers"):
        function(z.astype(int), z.astype(int))
