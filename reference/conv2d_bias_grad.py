"""The derivative of a convolution for its bias."""

from collections.abc import Callable

import numpy as np

from convoracle.reference.operands import number_type, operand


def conv2d_bias_grad_loops(dz: np.ndarray, db: np.ndarray) -> None:
    """Write the derivative of the bias into ``db``; the rule is at `conv2d_bias_grad`."""
    db[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
            for y in range(dz.shape[3] - 1, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
                for j in range(dz.shape[1] - 1, -1, -1):  # for j = D_l:downto:1
                    db[j] += dz[t, j, x, y]  # z = z + b(j), hence db(j) += dz(l,j,x,y)


def conv2d_bias_grad(grad_output: np.ndarray, *, loops: Callable[..., None] = conv2d_bias_grad_loops) -> np.ndarray:
    """Return the derivative of the loss for the bias of `convoracle.reference.conv2d`.

    Parameters
    ----------
    grad_output : array (N, F, H_out, W_out)
        Derivative of the loss for the output.
    loops : callable
        The loop function to run: `conv2d_bias_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (F,)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If `grad_output` does not have four dimensions.

    Notes
    -----
    Source: none of the lectures prints it (erratum E-16). It follows from the rule of CMU 11-785 (Bhiksha Raj, Spring
    2024), Convolutional Networks III, "Derivatives through a convolutional layer": what enters a sum with factor 1
    receives the derivative of the sum. The loops keep the order of "Backward layer l" of the same lecture.

    Examples
    --------
    >>> conv2d_bias_grad(np.arange(12).reshape(2, 2, 1, 3))
    array([24, 42])
    """
    dtype = number_type(grad_output)
    dz = operand(grad_output, dtype, 4, "conv2d_bias_grad: grad_output")
    db = np.zeros(dz.shape[1], dtype)
    loops(dz, db)
    return db
