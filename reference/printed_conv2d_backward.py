"""Convolution, backward, as the slides print it: one layer, square kernels, no padding, stride 1.

The lectures' letters are kept; indices start at 0. Shapes: ``Y`` and ``dY`` (D_{l-1}, W_{l-1}, H_{l-1}), ``z`` and
``dz`` (D_l, W_l, H_l), ``w`` and ``dw`` (D_l, D_{l-1}, K, K): output map first, as in "CNN: Forward". Erratum E-10: the
two blocks in vector notation index W(l,i,j) and dw(l,m,n) the other way round, which goes unnoticed where D_l =
D_{l-1}.
"""

from collections.abc import Callable
from typing import Any

import numpy as np


def backward_layer(
    dY_l: np.ndarray, z: np.ndarray, Y: np.ndarray, w: np.ndarray, f_prime: Callable[[Any], Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return dY(l-1), dw(l) and dz(l), given dY(l): the forward code reversed, statement by statement.

    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Backward layer l", and the same lines in
    "Complete Backward (no pooling)". `f_prime` is the derivative f' of the activation, a function of one number.

    Examples
    --------
    >>> Y, w = np.array([[[1, 2], [3, 4]]]), np.array([[[[5]]]])
    >>> dY, dw, dz = backward_layer(np.ones((1, 2, 2), int), 5 * Y, Y, w, lambda z: 2)
    >>> dY[0].tolist(), dw.tolist()
    ([[10, 10], [10, 10]], [[[[20]]]])
    """
    D, D_previous, K, _ = w.shape
    dz = np.zeros_like(z)
    dw = np.zeros_like(w)  # dw(l) = zeros(D_lxD_{l-1}xK_lxK_l)
    dY = np.zeros_like(Y)  # dY(l-1) = zeros(D_{l-1}xW_{l-1}xH_{l-1})
    for x in range(Y.shape[1] - K, -1, -1):  # for x = W_{l-1}-K_l+1:downto:1
        for y in range(Y.shape[2] - K, -1, -1):  # for y = H_{l-1}-K_l+1:downto:1
            for j in range(D - 1, -1, -1):  # for j = D_l:downto:1
                dz[j, x, y] = dY_l[j, x, y] * f_prime(z[j, x, y])  # dz(l,j,x,y) = dY(l,j,x,y).f'(z(l,j,x,y))
                for i in range(D_previous - 1, -1, -1):  # for i = D_{l-1}:downto:1
                    for xp in range(K - 1, -1, -1):  # for x' = K_l:downto:1
                        for yp in range(K - 1, -1, -1):  # for y' = K_l:downto:1
                            # dY(l-1,i,x+x'-1,y+y'-1) += w(l,j,i,x',y') dz(l,j,x,y)
                            dY[i, x + xp, y + yp] += w[j, i, xp, yp] * dz[j, x, y]
                            # dw(l,j,i,x',y') += dz(l,j,x,y) Y(l-1,i,x+x'-1,y+y'-1)
                            dw[j, i, xp, yp] += dz[j, x, y] * Y[i, x + xp, y + yp]
    return dY, dw, dz


def input_derivative_formula(dz: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return dDiv/dY(l-1): for each element, the sum over every position of every z map.

    Source: CMU 11-785, Convolutional Networks III, "Computing derivative for Y(l-1, m, *, *)",
    ``dDiv/dY(l-1,m,x,y) = sum_n sum_{x',y'} dDiv/dz(l,n,x',y') w_l(m,n,x-x',y-y')``, with w_l zero outside the filter.
    Erratum E-2: a later slide prints ``x-y'`` for ``y-y'``. Erratum E-1: in the worked example ``z(l,n,1,2)`` is paired
    with ``w_l(m,n,2,1)``; the rule 2-x', 2-y' gives ``w_l(m,n,1,0)``.

    Examples
    --------
    >>> dz, w = np.arange(1, 10).reshape(1, 3, 3), np.arange(9).reshape(1, 1, 3, 3)
    >>> input_derivative_formula(dz, w)[0, 2, 2]
    np.int64(120)
    """
    D, D_previous, K, _ = w.shape
    dY = np.zeros((D_previous, dz.shape[1] + K - 1, dz.shape[2] + K - 1), dz.dtype)
    for m in range(D_previous):
        for x in range(dY.shape[1]):
            for y in range(dY.shape[2]):
                for n in range(D):  # sum_n
                    for xp in range(dz.shape[1]):  # sum_{x',y'}
                        for yp in range(dz.shape[2]):
                            if 0 <= x - xp < K and 0 <= y - yp < K:
                                dY[m, x, y] += dz[n, xp, yp] * w[n, m, x - xp, y - yp]
    return dY


def input_derivative_vector_notation(dz: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return dY(l-1) as a scan of the zero-padded dz with the transposed and flipped filter.

    Source: CMU 11-785, Convolutional Networks III, "Derivatives for a single layer l: Vector notation". Erratum E-10:
    the slide flips ``W(l,i,j,:,:)`` where it means W(l,j,i,:,:). Erratum E-11: it allocates and fills dzpad as H x W,
    while its loops run x over W and y over H. Erratum E-21: "The size of the Y-derivative map" is (W+K-1) x (H+K-1).

    Examples
    --------
    >>> input_derivative_vector_notation(np.array([[[1, 2, 3]]]), np.array([[[[10]]]]))
    array([[[10, 20, 30]]])
    """
    D, D_previous, K, _ = w.shape
    W_l, H_l = dz.shape[1:]
    dzpad = np.zeros((D, W_l + 2 * (K - 1), H_l + 2 * (K - 1)), dz.dtype)  # dzpad = zeros(..), zeropad
    Wflip = np.zeros((D_previous, D, K, K), w.dtype)
    for j in range(D):  # for j = 1:D_l
        for i in range(D_previous):  # for i = 1:D_{l-1}, "Transpose and flip"
            Wflip[i, j, :, :] = np.fliplr(np.flipud(w[j, i, :, :]))  # flipLeftRight(flipUpDown(W(l,i,j,:,:)))
        dzpad[j, K - 1 : K - 1 + W_l, K - 1 : K - 1 + H_l] = dz[j, :, :]  # center map
    dY = np.zeros((D_previous, W_l + K - 1, H_l + K - 1), dz.dtype)
    for j in range(D_previous):  # for j = 1:D_{l-1}
        for x in range(W_l + K - 1):  # for x = 1:W_{l-1}
            for y in range(H_l + K - 1):  # for y = 1:H_{l-1}
                segment = dzpad[:, x : x + K, y : y + K]  # segment = dzpad(:, x:x+K_l-1, y:y+K_l-1), 3D tensor
                dY[j, x, y] = np.sum(Wflip[j] * segment)  # dy(l-1,j,x,y) = Wflip.segment, tensor inner prod.
    return dY


def weight_derivative_vector_notation(dz: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Return dw(l): each element the dot product of a dz map with the segment of a y map it was laid on.

    Source: CMU 11-785, Convolutional Networks III, "Derivatives for the filters at layer l: Vector notation". Erratum
    E-10: the slide stores dw(l,m,n,x,y), input map first; here ``dw[n, m, x, y]``. Erratum E-11: "The width and height
    of the dz map are W and H", yet x is paired with H and y with W. Erratum E-19: the formula above it is a valid
    *correlation* of maps, nothing is flipped.

    Examples
    --------
    >>> weight_derivative_vector_notation(np.array([[[1, 2, 3]]]), np.array([[[5, 6, 7]]]))
    array([[[[38]]]])
    """
    W, H = dz.shape[1:]
    K = Y.shape[1] - W + 1
    dw = np.zeros((dz.shape[0], Y.shape[0], K, K), dz.dtype)
    for n in range(dz.shape[0]):  # for n = 1:D_l
        for x in range(K):  # for x = 1:K_l
            for y in range(K):  # for y = 1:K_l
                for m in range(Y.shape[0]):  # for m = 1:D_{l-1}
                    # dw(l,m,n,x,y) = dz(l,n,:,:).y(l-1,m,x:x+H-1,y:y+W-1), dot product
                    dw[n, m, x, y] = np.sum(dz[n, :, :] * Y[m, x : x + W, y : y + H])
    return dw
