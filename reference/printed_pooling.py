"""Pooling as the slides print it: one layer, square windows, no padding.

The lectures' letters are kept; indices start at 0: ``Y`` (D_{l-1}, W_{l-1}, H_{l-1}) goes in, ``u`` (D_l, W_l, H_l)
comes out, D_l = D_{l-1}. ``pidx[j, x, y]`` holds the two coordinates of a maximum in the map it was taken from.

All from CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III.
"""

import numpy as np


def maxidx(map_: np.ndarray, x: int, y: int, K: int) -> tuple[int, int]:
    """Return where the K x K window at (x, y) of a map has its maximum, in coordinates of the map.

    The slides use ``maxidx`` without defining it, and do not say which of several equal maxima it takes (erratum E-3):
    here the first, x before y.
    """
    best = (x, y)
    for k in range(x, x + K):
        for n in range(y, y + K):
            if map_[k, n] > map_[best]:
                best = (k, n)
    return best


def max_pooling(Y: np.ndarray, K: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pooled maps and pidx; stride 1.

    Source: "Max Pooling layer at layer l". Erratum E-3: the earlier slide "Recap: Max Pooling layer at layer l" fetches
    through ``pidx(l,j,m,n)``; the indices are x and y.

    Examples
    --------
    >>> u, pidx = max_pooling(np.array([[[1, 2, 0], [4, 3, 9]]]), 2)
    >>> u.tolist(), pidx.tolist()
    ([[[4, 9]]], [[[[1, 0], [1, 2]]]])
    """
    D = Y.shape[0]
    u = np.zeros((D, Y.shape[1] - K + 1, Y.shape[2] - K + 1), Y.dtype)
    pidx = np.zeros((*u.shape, 2), np.int64)
    for j in range(D):  # for j = 1:D_l
        for x in range(Y.shape[1] - K + 1):  # for x = 1:W_{l-1}-K_l+1
            for y in range(Y.shape[2] - K + 1):  # for y = 1:H_{l-1}-K_l+1
                pidx[j, x, y] = maxidx(Y[j], x, y, K)  # pidx(l,j,x,y) = maxidx(y(l-1,j,x:x+K_l-1,y:y+K_l-1))
                u[j, x, y] = Y[j, pidx[j, x, y, 0], pidx[j, x, y, 1]]  # y(l,j,x,y) = y(l-1,j,pidx(l,j,x,y))
    return u, pidx


def mean_pooling(Y: np.ndarray, K: int) -> np.ndarray:
    """Return the means of all windows; stride 1.

    Source: "Mean Pooling layer at layer l", and the recap of the same name.

    Examples
    --------
    >>> mean_pooling(np.array([[[1.0, 2.0, 0.0], [4.0, 3.0, 9.0]]]), 2)
    array([[[2.5, 3.5]]])
    """
    D = Y.shape[0]
    u = np.zeros((D, Y.shape[1] - K + 1, Y.shape[2] - K + 1), Y.dtype)
    for j in range(D):  # for j = 1:D_l, over the maps
        for x in range(Y.shape[1] - K + 1):  # for x = 1:W_{l-1}-K_l+1
            for y in range(Y.shape[2] - K + 1):  # for y = 1:H_{l-1}-K_l+1
                u[j, x, y] = mean(Y[j, x : x + K, y : y + K])  # y(l,j,x,y) = mean(y(l-1,j,x:x+K_l-1,y:y+K_l-1))
    return u


def max_pooling_with_downsampling(Y: np.ndarray, K: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pooled maps and pidx; m and n count the downsampled positions.

    Source: "Max Pooling with Downsampling".

    Examples
    --------
    >>> u, pidx = max_pooling_with_downsampling(np.arange(16).reshape(1, 4, 4), 2, 2)
    >>> u.tolist()
    [[[5, 7], [13, 15]]]
    """
    D = Y.shape[0]
    u = np.zeros((D, (Y.shape[1] - K) // stride + 1, (Y.shape[2] - K) // stride + 1), Y.dtype)
    pidx = np.zeros((*u.shape, 2), np.int64)
    for j in range(D):  # for j = 1:D_l
        m = 0  # m = 1
        for x in range(0, Y.shape[1] - K + 1, stride):  # for x = 1:stride(l):W_{l-1}-K_l+1
            n = 0  # n = 1
            for y in range(0, Y.shape[2] - K + 1, stride):  # for y = 1:stride(l):H_{l-1}-K_l+1
                pidx[j, m, n] = maxidx(Y[j], x, y, K)  # pidx(l,j,m,n) = maxidx(Y(l-1,j,x:x+K_l-1,y:y+K_l-1))
                u[j, m, n] = Y[j, pidx[j, m, n, 0], pidx[j, m, n, 1]]  # Y(l,j,m,n) = Y(l-1,j,pidx(l,j,m,n))
                n = n + 1  # n = n+1
            m = m + 1  # m = m+1
    return u, pidx


def mean_pooling_with_downsampling(Y: np.ndarray, K: int, stride: int) -> np.ndarray:
    """Return the means of the windows; m and n count the downsampled positions.

    Source: "Mean Pooling with Downsampling".

    Examples
    --------
    >>> mean_pooling_with_downsampling(np.arange(16.0).reshape(1, 4, 4), 2, 2)
    array([[[ 2.5,  4.5],
            [10.5, 12.5]]])
    """
    D = Y.shape[0]
    u = np.zeros((D, (Y.shape[1] - K) // stride + 1, (Y.shape[2] - K) // stride + 1), Y.dtype)
    for j in range(D):  # for j = 1:D_l
        m = 0  # m = 1
        for x in range(0, Y.shape[1] - K + 1, stride):  # for x = 1:stride(l):W_{l-1}-K_l+1
            n = 0  # n = 1
            for y in range(0, Y.shape[2] - K + 1, stride):  # for y = 1:stride(l):H_{l-1}-K_l+1
                u[j, m, n] = mean(Y[j, x : x + K, y : y + K])  # Y(l,j,m,n) = mean(Y(l-1,j,x:x+K_l-1,y:y+K_l-1))
                n = n + 1  # n = n+1
            m = m + 1  # m = m+1
    return u


def max_pooling_derivative(dy: np.ndarray, pidx: np.ndarray, W_previous: int, H_previous: int) -> np.ndarray:
    """Return dy(l-1), each derivative added at the place its maximum came from.

    Source: "Derivative of max pooling layer at layer l". Erratum E-4: the slide prints ``zeros(D_l x W_l x H_l)`` for
    the array of layer l-1.

    Examples
    --------
    >>> max_pooling_derivative(np.array([[[5, 7]]]), np.array([[[[0, 1], [0, 1]]]]), 1, 3)
    array([[[ 0, 12,  0]]])
    """
    D, W_l, H_l = dy.shape
    dy_previous = np.zeros((D, W_previous, H_previous), dy.dtype)  # dy(:,:,:) = zeros(D_l x W_{l-1} x H_{l-1})
    for j in range(D):  # for j = 1:D_l
        for x in range(W_l):  # for x = 1:W_l
            for y in range(H_l):  # for y = 1:H_l
                # dy(l-1,j,pidx(l,j,x,y)) += dy(l,j,x,y)
                dy_previous[j, pidx[j, x, y, 0], pidx[j, x, y, 1]] += dy[j, x, y]
    return dy_previous


def mean_pooling_derivative(dy: np.ndarray, K: int) -> np.ndarray:
    """Return dy(l-1), each derivative shared out over its window; stride 1.

    Source: "Derivative of mean pooling layer at layer l". Errata: E-4 as above; E-5, the slide prints
    ``dy(l-1,k,p,x+i,y+j)`` with a stray p and 1-based indices one too large.

    Examples
    --------
    >>> mean_pooling_derivative(np.array([[[4.0, 8.0]]]), 2)
    array([[[1., 3., 2.],
            [1., 3., 2.]]])
    """
    D, W_l, H_l = dy.shape
    dy_previous = np.zeros((D, W_l + K - 1, H_l + K - 1), dy.dtype)  # dy(:,:,:) = zeros(D_l x W_{l-1} x H_{l-1})
    for k in range(D):  # for k = 1:D_l
        for x in range(W_l):  # for x = 1:W_l
            for y in range(H_l):  # for y = 1:H_l
                for i in range(K):  # for i = 1:K_lpool
                    for j in range(K):  # for j = 1:K_lpool
                        # dy(l-1,k,x+i-1,y+j-1) += (1/K_lpool^2)dy(l,k,x,y)
                        dy_previous[k, x + i, y + j] += dy[k, x, y] / K**2
    return dy_previous


def mean(segment: np.ndarray) -> np.generic:
    """Return the mean of a window: its sum divided by the number of its elements."""
    return np.sum(segment) / segment.size
