from fractions import Fraction

import numpy as np
import pytest

from convoracle.reference import gradcheck, numerical_gradient


def test_is_exact_for_quadratics_on_fractions_and_off_by_the_square_of_the_step_for_cubes() -> None:
    x = np.array([[Fraction(1, 3), Fraction(-2)], [Fraction(5), Fraction(0)]])
    for step in (Fraction(1), Fraction(1, 7)):
        gradient = numerical_gradient(lambda x: x[0, 0] * x[1, 0] + 3 * x[0, 1] ** 2 - x[1, 1], x, step)
        assert gradient.tolist() == [[5, -12], [Fraction(1, 3), -1]]
        # ((x + h)^3 - (x - h)^3) / 2h = 3 x^2 + h^2
        assert numerical_gradient(lambda x: x[0, 1] ** 3, x, step)[0, 1] == 12 + step**2
    assert x[0, 0] == Fraction(1, 3)


def test_gradcheck_accepts_up_to_the_tolerance_and_no_nan() -> None:
    x = np.array([2.0])
    assert gradcheck(lambda x: x[0] ** 3, x, np.array([12.25]), step=0.5, tolerance=0)
    assert not gradcheck(lambda x: x[0] ** 3, x, np.array([12.0]), step=0.5, tolerance=0.125)
    assert gradcheck(lambda x: x[0] ** 3, x, np.array([12.0]), step=0.5, tolerance=0.25)
    assert not gradcheck(lambda x: x[0] ** 3, x, np.array([13.0]), step=0.5, tolerance=0.25)
    assert not gradcheck(lambda x: np.nan, x, np.array([0.0]), step=0.5, tolerance=9)


def test_says_what_it_got_and_what_is_allowed() -> None:
    with pytest.raises(TypeError, match="numerical_gradient: got integers"):
        numerical_gradient(lambda x: x[0], np.array([1]), 1)
    with pytest.raises(ValueError, match="gradcheck: gradient: got shape"):
        gradcheck(lambda x: x[0], np.zeros(2), np.zeros(3), step=1, tolerance=0)
