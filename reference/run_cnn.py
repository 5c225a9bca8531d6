"""A built network run on a batch, forward to the scores and backward to every parameter."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from convoracle.reference.activations import relu, relu_backward
from convoracle.reference.build_cnn import CnnLayer
from convoracle.reference.conv2d import conv2d
from convoracle.reference.conv2d_backward import conv2d_backward
from convoracle.reference.flatten import flatten
from convoracle.reference.linear import linear, linear_backward
from convoracle.reference.max_pool2d import max_pool2d, max_pool2d_backward

Parameters = Sequence[tuple[np.ndarray, np.ndarray]]


class StoredRun(NamedTuple):
    """What the backward pass needs: the input of every layer, and the indices of its maxima where it is a pool."""

    inputs: list[np.ndarray]
    indices: list[np.ndarray | None]


def run_cnn(layers: Sequence[CnnLayer], parameters: Parameters, x: np.ndarray) -> tuple[np.ndarray, StoredRun]:
    """Return the scores of a batch, flattened, and what `run_cnn_backward` needs.

    Parameters
    ----------
    layers : sequence of CnnLayer
        As `convoracle.reference.build_cnn` returns them. A SOFTMAX is passed over:
        `convoracle.reference.cross_entropy` and `convoracle.reference.softmax` take the scores.
    parameters : sequence of (array, array)
        Weight and bias per layer, as `convoracle.reference.initial_parameters` returns them.
    x : array (N, C, H, W)
        Examples, of the type of the parameters.

    Returns
    -------
    tuple of array (N, D) and StoredRun

    Raises
    ------
    ValueError
        If shapes do not fit together, or there is not one pair of parameters per layer.

    Notes
    -----
    Source: Cornell CS4670 (Sean Bell), Convolutional Neural Networks, "Example CNN", layer after layer.

    Examples
    --------
    >>> from convoracle.reference import build_cnn, initial_parameters
    >>> layers = build_cnn(["CONV", "RELU", "POOL", "FC", "SOFTMAX"], (1, 4, 4), classes=3)
    >>> scores, _ = run_cnn(layers, initial_parameters(layers, np.random.default_rng(0)), np.zeros((2, 1, 4, 4)))
    >>> scores.tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    stored = StoredRun([], [])
    Y = x
    for layer, (weight, bias) in zip(layers, parameters, strict=True):
        indices = None
        if layer.name == "FC":
            Y = flatten(Y)
        stored.inputs.append(Y)
        if layer.name == "CONV":
            Y = conv2d(Y, weight, bias, stride=layer.stride, padding=layer.padding)
        elif layer.name == "RELU":
            Y = relu(Y)
        elif layer.name == "POOL":
            Y, indices = max_pool2d(Y, layer.stride, return_indices=True)
        elif layer.name == "FC":
            Y = linear(Y, weight, bias)
        stored.indices.append(indices)
    return flatten(Y), stored


def run_cnn_backward(
    grad_scores: np.ndarray, layers: Sequence[CnnLayer], parameters: Parameters, stored: StoredRun
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the derivatives of the loss for the batch and for every parameter.

    Parameters
    ----------
    grad_scores : array (N, D)
        Derivative of the loss for the scores: that of `convoracle.reference.cross_entropy_backward`.
    layers, parameters
        Those of the forward pass.
    stored : StoredRun
        What the forward pass returned.

    Returns
    -------
    tuple of array (N, C, H, W) and list of (array, array)
        ``(grad_x, gradients)``; empty arrays where nothing is learned, like the parameters.

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    Source: as `run_cnn`, "Backprop": "[Propagated gradient to the left] = [Propagated gradient from right] . [Local
    gradient]".

    Examples
    --------
    >>> from convoracle.reference import build_cnn
    >>> layers = build_cnn(["FC"], (1, 1, 2), classes=1)
    >>> parameters = [(np.array([[3, 4]]), np.array([0]))]
    >>> scores, stored = run_cnn(layers, parameters, np.array([[[[10, 20]]]]))
    >>> run_cnn_backward(np.array([[1]]), layers, parameters, stored)
    (array([[[[3, 4]]]]), [(array([[10, 20]]), array([1]))])
    """
    grad = grad_scores
    gradients: list[tuple[np.ndarray, np.ndarray]] = []
    for place in range(len(layers) - 1, -1, -1):
        layer, (weight, bias) = layers[place], parameters[place]
        Y, indices = stored.inputs[place], stored.indices[place]
        grad_weight, grad_bias = np.zeros_like(weight), np.zeros_like(bias)
        grad = grad.reshape(Y.shape[0], *layer.output_shape)
        if layer.name == "CONV":
            grad, grad_weight, grad_bias = conv2d_backward(grad, Y, weight, stride=layer.stride, padding=layer.padding)
        elif layer.name == "RELU":
            grad = relu_backward(grad, Y)
        elif indices is not None:
            grad = max_pool2d_backward(grad, indices, Y.shape)
        elif layer.name == "FC":
            grad, grad_weight, grad_bias = linear_backward(grad, Y, weight)
            grad = grad.reshape(Y.shape[0], *layer.input_shape)
        gradients.insert(0, (grad_weight, grad_bias))
    return grad, gradients
