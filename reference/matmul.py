"""The product of two matrices, forward and backward."""

from collections.abc import Callable

import numpy as np

from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import number_type, operand


def matmul_loops(x: np.ndarray, w: np.ndarray, y: np.ndarray) -> None:
    """Write the product of ``x`` and ``w`` into ``y``; source and letters are at `matmul`."""
    for n in range(x.shape[0]):
        for m in range(w.shape[1]):
            y[n, m] = 0
            for d in range(x.shape[1]):  # y_{n,m} = sum_d x_{n,d} w_{d,m}
                y[n, m] += x[n, d] * w[d, m]


def matmul_backward_loops(dy: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray, dw: np.ndarray) -> None:
    """Write both derivatives of a product; source and letters are at `matmul_backward`."""
    dx[...] = 0
    dw[...] = 0
    for n in range(x.shape[0]):
        for d in range(x.shape[1]):
            for m in range(w.shape[1]):
                dx[n, d] += dy[n, m] * w[d, m]  # dL/dx_{n,d} = sum_m dL/dy_{n,m} w_{d,m}
                dw[d, m] += x[n, d] * dy[n, m]  # dL/dw = x^T dL/dy


def matmul(x: np.ndarray, w: np.ndarray, *, loops: Callable[..., None] = matmul_loops) -> np.ndarray:
    """Return the product of two matrices.

    Parameters
    ----------
    x : array (N, D)
        Of any number type.
    w : array (D, M)
        Of the type of `x`; inputs first, unlike the weight of `linear`.
    loops : callable
        The loop function to run: `matmul_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (N, M)
        Of the type of `x`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Backprop with Matrices", ``y_{n,m} = sum_d x_{n,d} w_{d,m}``. Erratum E-14: the
    slide's y does not belong to its x and w; four signs are one place off.

    Examples
    --------
    >>> matmul(np.array([[2, 1, -3], [-3, 4, 2]]), np.array([[3, 2, 1, -1], [2, 1, 3, 2], [3, 2, 1, -2]]))
    array([[-1, -1,  2,  6],
           [ 5,  2, 11,  7]])
    """
    dtype = number_type(x, w)
    left, right = operand(x, dtype, 2, "matmul: x"), operand(w, dtype, 2, "matmul: w")
    check_shape("matmul: w", right.shape, (left.shape[1], right.shape[1]))
    y = np.zeros((left.shape[0], right.shape[1]), dtype)
    loops(left, right, y)
    return y


def matmul_backward(
    grad_output: np.ndarray, x: np.ndarray, w: np.ndarray, *, loops: Callable[..., None] = matmul_backward_loops
) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives of the loss for both factors of `matmul`.

    Parameters
    ----------
    grad_output : array (N, M)
        Derivative of the loss for the product.
    x, w : arrays (N, D) and (D, M)
        The factors, of the type of `grad_output`.
    loops : callable
        The loop function to run: `matmul_backward_loops`, or ``numba.njit`` of it.

    Returns
    -------
    tuple of arrays (N, D) and (D, M)
        ``(grad_x, grad_w)``, of the type of `grad_output`; int64 for integers.

    Raises
    ------
    ValueError
        If the shapes are not those of one product.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Backprop with Matrices": ``dL/dx = dL/dy w^T`` and ``dL/dw = x^T dL/dy``, without
    ever forming a Jacobian. Erratum E-15: "each Jacobian takes ~256 GB" holds for dy/dx only; dy/dw takes 16 TiB.

    Examples
    --------
    >>> matmul_backward(np.array([[1, 0]]), np.array([[5, 7]]), np.array([[1, 2], [3, 4]]))
    (array([[1, 3]]), array([[5, 0],
           [7, 0]]))
    """
    dtype = number_type(grad_output, x, w)
    dy = operand(grad_output, dtype, 2, "matmul_backward: grad_output")
    left, right = operand(x, dtype, 2, "matmul_backward: x"), operand(w, dtype, 2, "matmul_backward: w")
    check_shape("matmul_backward: w", right.shape, (left.shape[1], right.shape[1]))
    check_shape("matmul_backward: grad_output", dy.shape, (left.shape[0], right.shape[1]))
    dx, dw = np.zeros_like(left), np.zeros_like(right)
    loops(dy, left, right, dx, dw)
    return dx, dw
