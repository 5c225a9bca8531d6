"""The lecture's whole network: forward, and complete backward, layer by layer, for one training instance.

Every block is the printed one (`convoracle.reference.printed_conv2d`, ``printed_conv2d_backward`` and
``printed_pooling``); what this file adds is the loop over the layers, the softmax at the end, zero padding, and the
pools and strides that "Complete Backward (no pooling)" leaves out. A stride is a step of its own on the way back: the
derivative maps are upsampled, then everything is as for stride 1.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from convoracle.reference.activations import activation_backward
from convoracle.reference.pad2d import pad2d, unpad2d
from convoracle.reference.printed_conv2d import cnn_forward_layer, downsampling_layer, identity
from convoracle.reference.printed_conv2d_backward import backward_layer
from convoracle.reference.printed_pooling import (
    max_pooling_derivative,
    max_pooling_with_downsampling,
    mean_pooling_derivative,
    mean_pooling_with_downsampling,
)
from convoracle.reference.resample2d import upsample2d
from convoracle.reference.softmax import softmax


def one(z: Any) -> int:
    """Return 1: the derivative of the identity."""
    return 1


class ConvolutionLayer(NamedTuple):
    """A convolution with activation: `w` (D_l, D_{l-1}, K, K), `b` (D_l,), and f and f', functions of one number."""

    w: np.ndarray
    b: np.ndarray
    f: Callable[[Any], Any] = identity
    f_prime: Callable[[Any], Any] = one
    stride: int = 1
    padding: int = 0


class MaxPoolingLayer(NamedTuple):
    """A max pool with windows of K x K."""

    K: int
    stride: int


class MeanPoolingLayer(NamedTuple):
    """A mean pool with windows of K x K."""

    K: int
    stride: int


Layer = ConvolutionLayer | MaxPoolingLayer | MeanPoolingLayer


class StoredCnn(NamedTuple):
    """What the backward pass needs: the maps of every layer, and per layer z of a convolution or pidx of a max pool."""

    Y: list[np.ndarray]
    z_or_pidx: list[np.ndarray | None]


def cnn_maps(Y_0: np.ndarray, layers: Sequence[Layer]) -> StoredCnn:
    """Return the maps of every layer, without the softmax: on any numbers, exact ones too.

    Parameters
    ----------
    Y_0 : array (D_0, W_0, H_0)
        One training instance.
    layers : sequence of ConvolutionLayer, MaxPoolingLayer and MeanPoolingLayer
        The first layer first.

    Returns
    -------
    StoredCnn

    Raises
    ------
    ValueError
        If a layer is of another kind or its kernel is not square.

    Notes
    -----
    Source: as `cnn_forward`.

    Examples
    --------
    >>> layer = ConvolutionLayer(np.array([[[[1, 1], [1, 1]]]]), np.array([-4]), lambda z: max(z, 0))
    >>> cnn_maps(np.array([[[0, 1, 2], [1, 2, 3]]]), [layer]).Y[1]
    array([[[0, 4]]])
    """
    stored = StoredCnn([Y_0], [])
    for layer in layers:  # for l = 1:L
        Y = stored.Y[-1]
        kept: np.ndarray | None = None
        if isinstance(layer, ConvolutionLayer):
            if layer.w.shape[2] != layer.w.shape[3]:
                raise ValueError(f"cnn_maps: got a kernel of {layer.w.shape[2:]}; allowed: square ones")
            padded = pad2d(Y[np.newaxis], layer.padding)[0]
            if layer.stride == 1:
                kept, Y_l = cnn_forward_layer(padded, layer.w, layer.b, layer.f)
            else:
                kept, Y_l = downsampling_layer(padded, layer.w, layer.b, layer.stride, layer.f)
        elif isinstance(layer, MaxPoolingLayer):
            Y_l, kept = max_pooling_with_downsampling(Y, layer.K, layer.stride)
        elif isinstance(layer, MeanPoolingLayer):
            Y_l = mean_pooling_with_downsampling(Y, layer.K, layer.stride)
        else:
            raise ValueError(
                f"cnn_maps: got layer {layer!r}; allowed: ConvolutionLayer, MaxPoolingLayer, MeanPoolingLayer"
            )
        stored.Y.append(Y_l)
        stored.z_or_pidx.append(kept)
    return stored


def cnn_forward(Y_0: np.ndarray, layers: Sequence[Layer]) -> tuple[np.ndarray, StoredCnn]:
    """Return the softmax over all positions of the last maps, and what `cnn_backward` needs.

    Parameters
    ----------
    Y_0 : float array (D_0, W_0, H_0)
        One training instance.
    layers : sequence of ConvolutionLayer, MaxPoolingLayer and MeanPoolingLayer
        The first layer first.

    Returns
    -------
    tuple of array (D_L, W_L, H_L) and StoredCnn

    Raises
    ------
    ValueError
        If a layer is of another kind or its kernel is not square.
    TypeError
        If the last maps are not floats.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "CNN: Forward", "Convolution with
    downsampling" and the pooling blocks. Erratum E-26: ``Y = softmax({Y(L,:,:,:)})`` is literally one softmax over all
    positions of all last maps jointly; so it is here.

    Examples
    --------
    >>> probabilities, _ = cnn_forward(np.zeros((2, 2, 1)), [])
    >>> probabilities.ravel()
    array([0.25, 0.25, 0.25, 0.25])
    """
    stored = cnn_maps(Y_0, layers)
    Y_L = stored.Y[-1]
    return softmax(Y_L.reshape(1, -1))[0].reshape(Y_L.shape), stored


def cnn_backward(
    dY_L: np.ndarray, layers: Sequence[Layer], stored: StoredCnn
) -> tuple[np.ndarray, list[np.ndarray | None], list[np.ndarray | None]]:
    """Return the derivatives for the input, and for weight and bias of every layer.

    Parameters
    ----------
    dY_L : array (D_L, W_L, H_L)
        Derivative of the divergence for the last maps, *before* the softmax: with the cross-entropy, the softmax less
        the desired output.
    layers : sequence of ConvolutionLayer, MaxPoolingLayer and MeanPoolingLayer
        Those of the forward pass.
    stored : StoredCnn
        What the forward pass returned.

    Returns
    -------
    tuple of array, list and list
        ``(dY_0, dw, db)``; dw and db hold None for a pool.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Complete Backward (no pooling)", with
    the derivatives of the pools inserted. Erratum E-26: the slide's dY(L) is the derivative for the maps the softmax
    was applied to. "Resampling ... more convenient to think of the two as separate operations in the backward pass":
    the derivative maps are upsampled to ``(W_l - 1) S + 1 + r``, r the positions the stride left over. Zero padding is
    deleted before the next layer.

    Examples
    --------
    >>> layer = ConvolutionLayer(np.array([[[[3]]]]), np.array([0]), stride=2)
    >>> stored = cnn_maps(np.array([[[1, 2, 4, 8]]]), [layer])
    >>> dY_0, dw, db = cnn_backward(np.array([[[1, 10]]]), [layer], stored)
    >>> dY_0.tolist(), dw[0].tolist(), db[0].tolist()
    ([[[3, 0, 30, 0]]], [[[[41]]]], [11])
    """
    dY = dY_L  # dY(L) = dDiv/dY(L)
    dw: list[np.ndarray | None] = [None] * len(layers)
    db: list[np.ndarray | None] = [None] * len(layers)
    for l in range(len(layers) - 1, -1, -1):  # for l = L:downto:1
        layer, Y, kept = layers[l], stored.Y[l], stored.z_or_pidx[l]
        if isinstance(layer, ConvolutionLayer):
            assert kept is not None  # (a convolution stores z)
            dz = activation_backward(dY, kept, layer.f_prime)  # dz(l,j,x,y) = dY(l,j,x,y).f'(z(l,j,x,y))
            db[l] = np.array([np.sum(dz[j]) for j in range(dz.shape[0])], dz.dtype)
            padded = pad2d(Y[np.newaxis], layer.padding)[0]
            upsampled = _through_stride(dz, padded, layer.w.shape[2], layer.stride)
            dY, dw[l], _ = backward_layer(upsampled, upsampled, padded, layer.w, one)
            dY = unpad2d(dY[np.newaxis], layer.padding)[0]
        elif isinstance(layer, MaxPoolingLayer):
            assert kept is not None  # (a max pool stores pidx)
            dY = max_pooling_derivative(dY, kept, *Y.shape[1:])
        else:
            dY = mean_pooling_derivative(_through_stride(dY, Y, layer.K, layer.stride), layer.K)
    return dY, dw, db


def _through_stride(dz: np.ndarray, Y: np.ndarray, K: int, stride: int) -> np.ndarray:
    """Return the derivative maps of the same layer with stride 1: zeros wherever the stride stepped over."""
    upsampled = upsample2d(dz[np.newaxis], stride, (Y.shape[1] - K + 1, Y.shape[2] - K + 1))[0]
    if upsampled.dtype == object:  # (a zero that is an int becomes a float when it is divided)
        upsampled = upsampled + dz.flat[0] * 0
    return upsampled
