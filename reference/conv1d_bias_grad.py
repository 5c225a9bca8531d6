"""The derivative of a 1-D convolution for its bias."""

from collections.abc import Callable

import numpy as np

from convoracle.reference.operands import number_type, operand


def conv1d_bias_grad_loops(dz: np.ndarray, db: np.ndarray) -> None:
    """Write the derivative of the bias into ``db``; the rule is at `conv1d_bias_grad`."""
    db[...] = 0
    for t in range(dz.shape[0]):  # (each training example)
        for x in range(dz.shape[2] - 1, -1, -1):
            for j in range(dz.shape[1] - 1, -1, -1):  # for j = D_l:downto:1
                db[j] += dz[t, j, x]  # z = z + b(j), hence db(j) += dz(l,j,..)


def conv1d_bias_grad(grad_output: np.ndarray, *, loops: Callable[..., None] = conv1d_bias_grad_loops) -> np.ndarray:
    """Return the derivative of the loss for the bias of `convoracle.reference.conv1d`.

    Parameters
    ----------
    grad_output : array (N, F, L_out)
        Derivative of the loss for the output.
    loops : callable
        The loop function to run: `conv1d_bias_grad_loops`, or ``numba.njit`` of it.

    Returns
    -------
    array (F,)
        Of the type of `grad_output`; int64 for integers. Zeros for an empty batch.

    Raises
    ------
    ValueError
        If `grad_output` does not have three dimensions.

    Notes
    -----
    Source: as `convoracle.reference.conv2d_bias_grad`, erratum E-16.

    Examples
    --------
    >>> conv1d_bias_grad(np.arange(12).reshape(2, 2, 3))
    array([24, 42])
    """
    dtype = number_type(grad_output)
    dz = operand(grad_output, dtype, 3, "conv1d_bias_grad: grad_output")
    db = np.zeros(dz.shape[1], dtype)
    loops(dz, db)
    return db
