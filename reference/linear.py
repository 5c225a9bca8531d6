"""The fully connected (linear, affine) layer, forward and backward, also as a convolution; a single neuron."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from convoracle.reference.conv2d import conv2d
from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import number_type, operand


def linear_loops(x: np.ndarray, w: np.ndarray, b: np.ndarray, y: np.ndarray) -> None:
    """Write ``x w^T + b`` into ``y``; source and letters are at `linear`."""
    for n in range(x.shape[0]):
        for m in range(w.shape[0]):
            y[n, m] = b[m]
            for d in range(x.shape[1]):  # x_j = sum_i y_i w_ji
                y[n, m] += x[n, d] * w[m, d]


def linear_backward_loops(
    dy: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray, dw: np.ndarray, db: np.ndarray
) -> None:
    """Write all three derivatives; source and letters are at `linear_backward`."""
    dx[...] = 0
    dw[...] = 0
    db[...] = 0
    for n in range(x.shape[0]):
        for m in range(w.shape[0]):
            db[m] += dy[n, m]
            for d in range(x.shape[1]):
                dx[n, d] += dy[n, m] * w[m, d]  # dL/dx_{n,d} = sum_m dL/dy_{n,m} w_{m,d}
                dw[m, d] += dy[n, m] * x[n, d]  # dL/dw = (dL/dy)^T x


def linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None, *, loops: Callable[..., None] = linear_loops
) -> np.ndarray:
    """Return the outputs of a fully connected layer: every output is a weighted sum of all inputs.

    Parameters
    ----------
    x : array (N, in)
        One row per example, of any number type.
    weight : array (out, in)
        One row per neuron, of the type of `x`.
    bias : array (out,), optional
        One number per neuron; zeros when left out.
    loops : callable
        The loop function to run: `linear_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, out)
        Of the type of `x`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Fully Connected Layer", ``f = W x``; the indices (to, from) of the weight are
    those of Rumelhart, Hinton and Williams (1986), equation 1, in Cornell CS5670, Lecture 25. The bias is that of UBC
    CPSC 425, Lecture 23, ``W x + b``.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[10.0, 1.0], [0.0, 3.0]]), np.array([0.5, 0.25]))
    array([[12.5 ,  6.25]])
    """
    dtype = number_type(x, weight) if bias is None else number_type(x, weight, bias)
    inputs, w = operand(x, dtype, 2, "linear: x"), operand(weight, dtype, 2, "linear: weight")
    b = np.zeros(w.shape[0], dtype) if bias is None else operand(bias, dtype, 1, "linear: bias")
    check_shape("linear: weight", w.shape, (w.shape[0], inputs.shape[1]))
    check_shape("linear: bias", b.shape, w.shape[:1])
    y = np.zeros((inputs.shape[0], w.shape[0]), dtype)
    loops(inputs, w, b, y)
    return y


def linear_backward(
    grad_output: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray,
    *,
    loops: Callable[..., None] = linear_backward_loops,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for input, weight and bias of `linear`.

    Parameters
    ----------
    grad_output : array (N, out)
        Derivative of the loss for the output.
    x : array (N, in)
        The input of the forward pass, of the type of `grad_output`.
    weight : array (out, in)
        The weight of the forward pass, of the type of `grad_output`.
    loops : callable
        The loop function to run: `linear_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, in), (out, in) and (out,)
        ``(grad_x, grad_weight, grad_bias)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one layer.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Backprop with Matrices", for the product of x and the transposed weight (see
    `convoracle.reference.matmul_backward`); the bias enters every row with factor 1.

    Examples
    --------
    >>> x, weight = np.array([[1.0, 2.0]]), np.array([[10.0, 1.0], [0.0, 3.0]])
    >>> [gradient.tolist() for gradient in linear_backward(np.array([[1.0, -1.0]]), x, weight)]
    [[[10.0, -2.0]], [[1.0, 2.0], [-1.0, -2.0]], [1.0, -1.0]]
    """
    dtype = number_type(grad_output, x, weight)
    dy = operand(grad_output, dtype, 2, "linear_backward: grad_output")
    inputs, w = operand(x, dtype, 2, "linear_backward: x"), operand(weight, dtype, 2, "linear_backward: weight")
    check_shape("linear_backward: weight", w.shape, (w.shape[0], inputs.shape[1]))
    check_shape("linear_backward: grad_output", dy.shape, (inputs.shape[0], w.shape[0]))
    dx, dw, db = np.zeros_like(inputs), np.zeros_like(w), np.zeros(w.shape[0], dtype)
    loops(dy, inputs, w, dx, dw, db)
    return dx, dw, db


def linear_as_conv2d(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """Return the fully connected layer of a batch of maps, computed as a convolution whose kernel is the whole map.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps, of any number type.
    weight : array (out, C * H * W)
        One row per neuron, over the flattened maps.
    bias : array (out,), optional
        One number per neuron.

    Returns
    -------
    array (N, out)
        As `linear` of the flattened maps.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5: "Fully connected layer is a special convolution", "each neuron looks at the full
    input volume".

    Examples
    --------
    >>> linear_as_conv2d(np.array([[[[1, 2], [3, 4]]]]), np.array([[1000, 100, 10, 1]]))
    array([[1234]])
    """
    maps = operand(x, number_type(x), 4, "linear_as_conv2d: x")
    rows = operand(weight, number_type(weight), 2, "linear_as_conv2d: weight")
    check_shape("linear_as_conv2d: weight", rows.shape, (rows.shape[0], math.prod(maps.shape[1:])))
    return conv2d(maps, rows.reshape(-1, *maps.shape[1:]), bias)[:, :, 0, 0]


def neuron(x: Any, w: Any, b: Any, activation: Callable[[Any], Any]) -> Any:
    """Return the output of one neuron: the activation of the weighted sum of its inputs.

    Parameters
    ----------
    x, w : sequences of numbers
        Inputs and weights, equally many.
    b : number
        Bias.
    activation : callable
        A function of one number: `convoracle.reference.relu`, `convoracle.reference.sigmoid`.

    Returns
    -------
    number

    Raises
    ------
    ValueError
        If there are not as many weights as inputs.

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "A Neuron": "computes their weighted sum, and applies an activation function".

    Examples
    --------
    >>> neuron([-1, -2], [2, -3], -3, lambda z: max(0, z))
    1
    """
    z = b
    for x_i, w_i in zip(x, w, strict=True):
        z += w_i * x_i
    return activation(z)
