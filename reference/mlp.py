"""Multi-layer perceptrons: forward, backward, without activation, and scanning over maps."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from convoracle.reference.activations import activation_backward, sigmoid
from convoracle.reference.linear import linear, linear_backward
from convoracle.reference.matmul import matmul
from convoracle.reference.operands import number_type, operand
from convoracle.reference.shapes import conv_output_size


class StoredMlp(NamedTuple):
    """What the backward pass needs of the forward pass: the input and the sum z of every layer, the first first."""

    inputs: list[np.ndarray]
    sums: list[np.ndarray]


def mlp_forward(
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    activation: Callable[[np.ndarray], np.ndarray] = sigmoid,
) -> tuple[np.ndarray, StoredMlp]:
    """Return the output of a perceptron with any number of layers, and what `mlp_backward` needs.

    Parameters
    ----------
    x : array (N, in)
        One row per example, of any number type the activation takes.
    weights : sequence of arrays (out, in)
        One per layer; the outputs of a layer are the inputs of the next.
    biases : sequence of arrays (out,)
        One per layer.
    activation : callable
        Applied to the sums of *every* layer, the last too, as an array.

    Returns
    -------
    tuple of array (N, out) and StoredMlp

    Raises
    ------
    ValueError
        If shapes do not fit together, or there is not one bias per weight.

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "Activation Function", for two layers:
    ``y^ = sigma(W_2 sigma(W_1 x + b_1) + b_2)``, with sigma on the output too.

    Examples
    --------
    >>> weights, biases = [np.array([[1, -1]]), np.array([[2], [3]])], [np.array([0]), np.array([1, 1])]
    >>> mlp_forward(np.array([[5, 3]]), weights, biases, lambda z: z)[0]
    array([[5, 7]])
    """
    stored = StoredMlp([], [])
    y = x
    for W, b in zip(weights, biases, strict=True):
        stored.inputs.append(y)
        z = linear(y, W, b)
        stored.sums.append(z)
        y = activation(z)
    return y, stored


def mlp_backward(
    grad_output: np.ndarray,
    weights: Sequence[np.ndarray],
    stored: StoredMlp,
    fprime: Callable[[Any], Any],
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Return the derivatives of the loss for the input, weights and biases of `mlp_forward`.

    Parameters
    ----------
    grad_output : array (N, out)
        Derivative of the loss for the output.
    weights : sequence of arrays (out, in)
        Those of the forward pass.
    stored : StoredMlp
        What the forward pass returned.
    fprime : callable
        The derivative f' of the activation, a function of one number.

    Returns
    -------
    tuple of array, list of arrays and list of arrays
        ``(grad_x, grad_weights, grad_biases)``, the first layer first.

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    Source: Cornell CS4670 (Sean Bell), Convolutional Neural Networks, "Backprop": "[Propagated gradient to the left] =
    [Propagated gradient from right] . [Local gradient]", layer by layer.

    Examples
    --------
    >>> weights, biases = [np.array([[1, -1]]), np.array([[2], [3]])], [np.array([0]), np.array([1, 1])]
    >>> _, stored = mlp_forward(np.array([[5, 3]]), weights, biases, lambda z: z)
    >>> grad_x, _, _ = mlp_backward(np.array([[1, 1]]), weights, stored, lambda z: 1)
    >>> grad_x
    array([[ 5, -5]])
    """
    grad = grad_output
    grad_weights: list[np.ndarray] = []
    grad_biases: list[np.ndarray] = []
    for W, x, z in zip(reversed(weights), reversed(stored.inputs), reversed(stored.sums), strict=True):
        grad, grad_weight, grad_bias = linear_backward(activation_backward(grad, z, fprime), x, W)
        grad_weights.insert(0, grad_weight)
        grad_biases.insert(0, grad_bias)
    return grad, grad_weights, grad_biases


def collapse_linear_mlp(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight and bias of the one layer that a perceptron without activation amounts to.

    Parameters
    ----------
    weights : sequence of arrays (out, in)
        One per layer, at least one.
    biases : sequence of arrays (out,)
        One per layer.

    Returns
    -------
    tuple of arrays (out, in) and (out,)

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "Activation Function": ``W_* = W_2 W_1``. Erratum E-22: the brace labelled b^(2)
    covers ``W_2 b_1`` only; the bias is ``W_2 b_1 + b_2``.

    Examples
    --------
    >>> collapse_linear_mlp([np.array([[1, 2]]), np.array([[10], [1]])], [np.array([3]), np.array([0, 5])])
    (array([[10, 20],
           [ 1,  2]]), array([30,  8]))
    """
    W_star, b_star = weights[0], biases[0]
    for W, b in zip(weights[1:], biases[1:], strict=True):
        b_star = linear(np.asarray(b_star)[np.newaxis], W, b)[0]
        W_star = matmul(W, W_star)
    return W_star, b_star


def scan_mlp(
    x: np.ndarray,
    weights: Sequence[np.ndarray],
    biases: Sequence[np.ndarray],
    kernel_size: tuple[int, int],
    activation: Callable[[np.ndarray], np.ndarray] = sigmoid,
) -> np.ndarray:
    """Return what a perceptron says about every patch of a map: a scan of the input with a network.

    Parameters
    ----------
    x : array (N, C, H, W)
        Input maps.
    weights, biases, activation
        As in `mlp_forward`; the first layer has C * kH * kW inputs, a flattened patch.
    kernel_size : (int, int)
        Size of the patches.

    Returns
    -------
    array (N, out, H - kH + 1, W - kW + 1)

    Raises
    ------
    ValueError
        If shapes do not fit together.

    Notes
    -----
    Source: CMU 11-785 (Bhiksha Raj, Spring 2024), Convolutional Networks III, "Story so far": "Scanning an input with a
    network and combining the outcomes is equivalent to scanning with individual neurons hierarchically", that is, to a
    convolution followed by 1x1 convolutions.

    Examples
    --------
    >>> x = np.arange(6).reshape(1, 1, 2, 3)
    >>> scan_mlp(x, [np.array([[1, 1, 1, 1]])], [np.array([100])], (2, 2), lambda z: z)
    array([[[[108, 112]]]])
    """
    maps = operand(x, number_type(x), 4, "scan_mlp: x")
    K_x, K_y = kernel_size
    rows, columns = conv_output_size(maps.shape[2], K_x), conv_output_size(maps.shape[3], K_y)
    patches = [
        maps[:, :, p : p + K_x, q : q + K_y].reshape(maps.shape[0], -1) for p in range(rows) for q in range(columns)
    ]
    outputs = [mlp_forward(patch, weights, biases, activation)[0] for patch in patches]
    return np.stack(outputs, axis=2).reshape(maps.shape[0], -1, rows, columns)
