"""Gradients by differences, to check one derived by hand.

Source: Cornell CS5670 (Noah Snavely), Lecture 25, "Example: Mean Subtraction": "Derive it by hand, and check it
numerically".
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import divisible_type, operand


def numerical_gradient(f: Callable[[np.ndarray], Any], x: np.ndarray, step: Any) -> np.ndarray:
    """Return the central differences of a function of an array.

    Parameters
    ----------
    f : callable
        A function of an array like `x` that returns a number.
    x : array of any shape
        Where to differentiate, of a number type that can be divided.
    step : number
        The distance h of the two evaluations from x.

    Returns
    -------
    array of the shape and type of `x`
        ``(f(x + h e_i) - f(x - h e_i)) / (2 h)``: exact for polynomials of degree two on ``fractions.Fraction``,
        whatever the step; otherwise off by a multiple of h^2, and by rounding errors divided by h.

    Raises
    ------
    TypeError
        If `x` is an array of integers.

    Notes
    -----
    Source: the slide names the check and prints no formula.

    Examples
    --------
    >>> numerical_gradient(lambda x: x[0] * x[1], np.array([3.0, 5.0]), 0.5)
    array([5., 3.])
    """
    point = operand(x, divisible_type("numerical_gradient", x), None, "numerical_gradient: x")
    gradient = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        after, before = point.copy(), point.copy()
        after[place] = point[place] + step
        before[place] = point[place] - step
        gradient[place] = (f(after) - f(before)) / (2 * step)
    return gradient


def gradcheck(f: Callable[[np.ndarray], Any], x: np.ndarray, gradient: np.ndarray, step: Any, tolerance: Any) -> bool:
    """Return whether a gradient agrees with central differences.

    Parameters
    ----------
    f, x, step
        As in `numerical_gradient`.
    gradient : array of the shape of `x`
        The gradient derived by hand.
    tolerance : number
        The largest difference allowed, an absolute one: what the third derivative of `f` times ``step**2 / 6`` and the
        rounding of `f` divided by `step` amount to. Zero for polynomials of degree two on fractions.

    Returns
    -------
    bool
        False also if a difference is NaN.

    Raises
    ------
    ValueError
        If the shapes differ.
    TypeError
        If `x` is an array of integers.

    Notes
    -----
    Source: as `numerical_gradient`.

    Examples
    --------
    >>> gradcheck(lambda x: (x * x).sum(), np.array([3.0, 5.0]), np.array([6.0, 10.0]), step=0.5, tolerance=0)
    True
    """
    numerical = numerical_gradient(f, x, step)
    check_shape("gradcheck: gradient", np.shape(gradient), numerical.shape)
    return all(
        abs(numerical[place] - np.asarray(gradient)[place]) <= tolerance for place in np.ndindex(numerical.shape)
    )
