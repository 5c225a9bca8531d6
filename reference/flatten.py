"""Flattening of the last maps for the fully connected layers, and the way back."""

import math
from collections.abc import Sequence

import numpy as np

from convoracle.reference.geometry import check_shape
from convoracle.reference.operands import number_type, operand


def flatten(x: np.ndarray) -> np.ndarray:
    """Return each example as one row; its derivative is `unflatten` of the output's derivative.

    Parameters
    ----------
    x : array (N, ...)
        Examples of any shape and number type.

    Returns
    -------
    array (N, D)
        D is the number of elements of an example, the last axis counting fastest; of the type of `x`, int64 for
        integers.

    Raises
    ------
    ValueError
        If `x` has no axis.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Recap: A CNN, end-to-end": "The output
    of the last layer is flattened and passed through an MLP". UW CSE 493G1, Lecture 5: "32x32x3 image -> stretch to
    3072 x 1".

    Examples
    --------
    >>> flatten(np.zeros((2, 3, 32, 32))).shape
    (2, 3072)
    """
    examples = operand(x, number_type(x), None, "flatten: x")
    if examples.ndim == 0:
        raise ValueError("flatten: x: got a number; allowed: an array whose first axis is the batch")
    return examples.reshape(examples.shape[0], math.prod(examples.shape[1:]))


def unflatten(x: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return each row in its shape before `flatten`; its derivative is `flatten` of the output's derivative.

    Parameters
    ----------
    x : array (N, D)
        Rows of any number type.
    shape : (int, ...)
        ``(N, ...)``, the shape of the flattened array.

    Returns
    -------
    array of that shape
        Of the type of `x`; int64 for integers.

    Raises
    ------
    ValueError
        If `x` is not the flattened form of an array of that shape.

    Notes
    -----
    Source: as `flatten`, read backwards.

    Examples
    --------
    >>> unflatten(np.arange(4).reshape(1, 4), (1, 2, 2))
    array([[[0, 1],
            [2, 3]]])
    """
    rows = operand(x, number_type(x), 2, "unflatten: x")
    check_shape("unflatten: x", rows.shape, (shape[0], math.prod(shape[1:])))
    return rows.reshape(tuple(shape))
