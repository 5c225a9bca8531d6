"""The convolution of two signals as mathematics defines it, which a convolution layer is not: the filter is flipped."""

import numpy as np

from convoracle.reference.operands import number_type, operand


def convolve2d_full(f: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Return the true convolution of two signals, wherever it is not zero by definition.

    Parameters
    ----------
    f, g : arrays (W, H) and (K, L)
        Signals of one number type, zero outside.

    Returns
    -------
    array (W + K - 1, H + L - 1)
        ``sum_{n1} sum_{n2} f[n1, n2] g[x - n1, y - n2]``; of the type of `f`, int64 for integers.

    Raises
    ------
    ValueError
        If a signal does not have two dimensions.

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "We call the layer convolutional because it is related to convolution of two
    signals". What the layer does, "elementwise multiplication and sum of a filter and the signal", is the correlation:
    the convolution with the filter flipped along both axes.

    Examples
    --------
    >>> convolve2d_full(np.array([[1, 2]]), np.array([[10, 1]]))
    array([[10, 21,  2]])
    """
    dtype = number_type(f, g)
    left, right = operand(f, dtype, 2, "convolve2d_full: f"), operand(g, dtype, 2, "convolve2d_full: g")
    (W, H), (K, L) = left.shape, right.shape
    result = np.zeros((W + K - 1, H + L - 1), dtype)
    for x in range(W + K - 1):
        for y in range(H + L - 1):
            for n1 in range(W):
                for n2 in range(H):
                    if 0 <= x - n1 < K and 0 <= y - n2 < L:  # (g = 0 elsewhere)
                        result[x, y] += left[n1, n2] * right[x - n1, y - n2]
    return result
