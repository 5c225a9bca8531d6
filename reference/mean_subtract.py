"""Mean subtraction: a layer whose backward pass is its forward pass."""

import numpy as np

from convoracle.reference.operands import divisible_type, operand


def mean_subtract(x: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return each element less the mean along the axis.

    Parameters
    ----------
    x : array of any shape
        Of a number type that can be divided; (N, D) unless another axis is given.
    axis : int
        The lecture's channels.

    Returns
    -------
    array of the shape and type of `x`
        ``h_i = x_i - (1/D) sum_k x_k``.

    Raises
    ------
    ValueError
        If `x` has no such axis.
    TypeError
        If `x` is an array of integers, whose means are not integers.

    Notes
    -----
    Source: Cornell CS5670 (Noah Snavely), Lecture 25, and Cornell CS4670 (Sean Bell), Convolutional Neural Networks,
    "Example: Mean Subtraction (for a single input)", the code with ``keepdims=True``.

    Examples
    --------
    >>> mean_subtract(np.array([[1.0, 2.0, 3.0], [4.0, 6.0, 11.0]]))
    array([[-1.,  0.,  1.],
           [-3., -1.,  4.]])
    """
    X = operand(x, divisible_type("mean_subtract", x), None, "mean_subtract: x")
    return X - np.mean(X, axis=axis, keepdims=True)  # return X - np.mean(X, axis=1, keepdims=True)


def mean_subtract_newaxis(x: np.ndarray) -> np.ndarray:
    """Return the same as `mean_subtract` of the rows of (N, D), broadcast by hand: the lecture's first repair.

    Parameters
    ----------
    x : array (N, D)
        Of a number type that can be divided.

    Returns
    -------
    array (N, D)
        Of the type of `x`.

    Raises
    ------
    ValueError
        If `x` does not have two dimensions.
    TypeError
        If `x` is an array of integers.

    Notes
    -----
    Source: as `mean_subtract`, "You need to broadcast properly".

    Examples
    --------
    >>> mean_subtract_newaxis(np.array([[1.0, 2.0, 3.0]]))
    array([[-1.,  0.,  1.]])
    """
    X = operand(x, divisible_type("mean_subtract_newaxis", x), 2, "mean_subtract_newaxis: x")
    return X - np.mean(X, axis=1)[:, np.newaxis]


def mean_subtract_naive(x: np.ndarray) -> np.ndarray:
    """Return what the lecture's first attempt gives: an exhibit of a broadcast gone wrong.

    Parameters
    ----------
    x : array (N, D)
        Of a number type that can be divided.

    Returns
    -------
    array (N, D)
        Wrong: for N = D, the mean of row j is subtracted from column j.

    Raises
    ------
    ValueError
        If N is neither D nor 1, from NumPy: the slide's "Dimension mismatch".
    TypeError
        If `x` is an array of integers.

    Notes
    -----
    Source: as `mean_subtract`, "Let's code this up in NumPy". The slide names the mismatch; that a square batch goes
    through, and comes out wrong, it does not.

    Examples
    --------
    >>> mean_subtract_naive(np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]]))[0]
    array([-1., -3., -5.])
    """
    X = operand(x, divisible_type("mean_subtract_naive", x), 2, "mean_subtract_naive: x")
    return X - np.mean(X, axis=1)


def mean_subtract_backward(grad_output: np.ndarray, axis: int = 1) -> np.ndarray:
    """Return the derivative of the loss for the input of `mean_subtract`: the forward pass of `grad_output`.

    Parameters
    ----------
    grad_output : array of any shape
        Derivative of the loss for the output.
    axis : int
        As in the forward pass.

    Returns
    -------
    array of the shape and type of `grad_output`
        ``dL/dx_j = dL/dh_j - (1/D) sum_i dL/dh_i``.

    Raises
    ------
    ValueError
        If `grad_output` has no such axis.
    TypeError
        If `grad_output` is an array of integers.

    Notes
    -----
    Source: as `mean_subtract`, "The backward pass is easy": ``def backward(dh): return forward(dh)``, "Remember they're
    usually not the same". Erratum E-13: ``dh_i/dx_j`` is printed with one index, and its minus sign is lost.

    Examples
    --------
    >>> mean_subtract_backward(np.array([[3.0, 0.0, 0.0]]))
    array([[ 2., -1., -1.]])
    """
    return mean_subtract(grad_output, axis)
