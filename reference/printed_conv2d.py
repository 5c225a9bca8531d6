"""Convolution, forward, as the slides print it: one layer, square kernels, no padding.

Four blocks that compute one thing: a NumPy line, two vector forms and the scalar loops. They are kept beside the
general loops of `convoracle.reference.conv2d`, which must reduce to them. The lectures' letters are kept; indices start
at 0.

==================  ====================================================================
lecture             here
==================  ====================================================================
Y(l-1, i, x, y)     ``Y[i, x, y]``, shape (D_{l-1}, W_{l-1}, H_{l-1})
W(l, j), w(l, j)    ``w[j]``, shape (D_l, D_{l-1}, K, K)
b(l, j)             ``b[j]``, shape (D_l,)
z(l, j, x, y)       ``z[j, x, y]``
Y(l, j, x, y)       ``Y_l[j, x, y]``
activation          `activation`, a function of one number; the identity unless given
==================  ====================================================================

The loop over the layers l and the softmax after the last one belong to the network, not to the layer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def identity(z: Any) -> Any:
    """Return the argument: the activation of a layer without one."""
    return z


def numpy_line(X: np.ndarray, W: np.ndarray, b: np.ndarray, stride: int = 1) -> np.ndarray:
    """Return the convolution of a batch (N, C, H, W) with filters (F, C, kH, kW), each output by one line of NumPy.

    Source: Cornell CS4670 (Sean Bell), Convolutional Neural Networks, "Let's code this up in NumPy". The slide shows
    filter 0 and leaves r0, r1, c0 and c1 undefined; here o runs over the filters, and the region starts at r * stride.

    Examples
    --------
    >>> numpy_line(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), np.array([100.0]))[0, 0]
    array([[108., 112.],
           [120., 124.]])
    """
    filters, _, height, width = W.shape
    rows = (X.shape[2] - height) // stride + 1
    columns = (X.shape[3] - width) // stride + 1
    out = np.zeros((X.shape[0], filters, rows, columns), X.dtype)
    for n in range(X.shape[0]):
        for o in range(filters):
            for r in range(rows):
                for c in range(columns):
                    r0, c0 = r * stride, c * stride
                    r1, c1 = r0 + height, c0 + width
                    # out[n, 0, r, c] = np.sum(X[n, :, r0:r1, c0:c1] * W[0, :, :, :]) + b[0]
                    out[n, o, r, c] = np.sum(X[n, :, r0:r1, c0:c1] * W[o, :, :, :]) + b[o]
    return out


def vector_notation_layer(
    Y: np.ndarray, w: np.ndarray, b: np.ndarray, activation: Callable[[Any], Any] = identity
) -> tuple[np.ndarray, np.ndarray]:
    """Return z and Y of layer l, a tensor product per position and filter.

    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Pseudocode: Vector notation".

    Examples
    --------
    >>> z, Y_l = vector_notation_layer(np.arange(9.0).reshape(1, 3, 3), np.ones((1, 1, 2, 2)), np.array([0.5]))
    >>> z[0]
    array([[ 8.5, 12.5],
           [20.5, 24.5]])
    """
    D, _, K, _ = w.shape
    z = np.zeros((D, Y.shape[1] - K + 1, Y.shape[2] - K + 1), Y.dtype)
    Y_l = np.zeros_like(z)
    for x in range(Y.shape[1] - K + 1):  # for x = 1:W_{l-1}-K_l+1
        for y in range(Y.shape[2] - K + 1):  # for y = 1:H_{l-1}-K_l+1
            for j in range(D):  # for j = 1:D_l
                segment = Y[:, x : x + K, y : y + K]  # segment = Y(l-1, :, x:x+K_l-1, y:y+K_l-1), 3D tensor
                z[j, x, y] = np.sum(w[j] * segment) + b[j]  # z(l,j,x,y) = W(l,j).segment + b(l,j), tensor prod.
                Y_l[j, x, y] = activation(z[j, x, y])  # Y(l,j,x,y) = activation(z(l,j,x,y))
    return z, Y_l


def downsampling_layer(
    Y: np.ndarray, w: np.ndarray, b: np.ndarray, S: int, activation: Callable[[Any], Any] = identity
) -> tuple[np.ndarray, np.ndarray]:
    """Return z and Y of layer l with stride S; m and n count the downsampled positions.

    Source: CMU 11-785, Convolutional Networks III, "Convolution with downsampling". Erratum E-16: the slide has no
    bias, which "Pseudocode: Vector notation" adds. Erratum E-9: its loop bounds round down where the stride does not
    fit.

    Examples
    --------
    >>> z, Y_l = downsampling_layer(np.arange(16.0).reshape(1, 4, 4), np.ones((1, 1, 1, 1)), np.array([0.0]), 3)
    >>> z[0]
    array([[ 0.,  3.],
           [12., 15.]])
    """
    D, _, K, _ = w.shape
    z = np.zeros((D, (Y.shape[1] - K) // S + 1, (Y.shape[2] - K) // S + 1), Y.dtype)
    Y_l = np.zeros_like(z)
    m = 0  # m = 1
    for x in range(0, Y.shape[1] - K + 1, S):  # for x = 1:S:W_{l-1}-K_l+1
        n = 0  # n = 1
        for y in range(0, Y.shape[2] - K + 1, S):  # for y = 1:S:H_{l-1}-K_l+1
            segment = Y[:, x : x + K, y : y + K]  # segment = Y(l-1, :, x:x+K_l-1, y:y+K_l-1), 3D tensor
            z[:, m, n] = np.sum(w * segment, axis=(1, 2, 3)) + b  # z(l,:,m,n) = W(l).segment, tensor inner prod.
            for j in range(D):  # Y(l,:,m,n) = activation(z(l,:,m,n))
                Y_l[j, m, n] = activation(z[j, m, n])
            n += 1  # n++
        m += 1  # m++
    return z, Y_l


def cnn_forward_layer(
    Y: np.ndarray, w: np.ndarray, b: np.ndarray, activation: Callable[[Any], Any] = identity
) -> tuple[np.ndarray, np.ndarray]:
    """Return z and Y of layer l, scalar by scalar.

    Source: CMU 11-785, Convolutional Networks III, "CNN: Forward". Erratum E-16: the slide prints ``z(l,j,x,y) = 0``
    and has no bias; here z starts from b(l,j).

    Examples
    --------
    >>> Y = np.arange(9).reshape(1, 3, 3)
    >>> z, Y_l = cnn_forward_layer(Y, np.ones((1, 1, 2, 2), int), np.array([-20]), lambda z: max(z, 0))
    >>> z[0].tolist(), Y_l[0].tolist()
    ([[-12, -8], [0, 4]], [[0, 0], [0, 4]])
    """
    D, D_previous, K, _ = w.shape
    z = np.zeros((D, Y.shape[1] - K + 1, Y.shape[2] - K + 1), Y.dtype)
    Y_l = np.zeros_like(z)
    for x in range(Y.shape[1] - K + 1):  # for x = 1:W_{l-1}-K_l+1
        for y in range(Y.shape[2] - K + 1):  # for y = 1:H_{l-1}-K_l+1
            for j in range(D):  # for j = 1:D_l
                z[j, x, y] = b[j]  # z(l,j,x,y) = 0
                for i in range(D_previous):  # for i = 1:D_{l-1}
                    for xp in range(K):  # for x' = 1:K_l
                        for yp in range(K):  # for y' = 1:K_l
                            # z(l,j,x,y) += w(l,j,i,x',y') Y(l-1,i,x+x'-1,y+y'-1)
                            z[j, x, y] += w[j, i, xp, yp] * Y[i, x + xp, y + yp]
                Y_l[j, x, y] = activation(z[j, x, y])  # Y(l,j,x,y) = activation(z(l,j,x,y))
    return z, Y_l
