"""The backward passes of whole networks, over all their layers at once."""

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.printed_gradients import Arrays, Printed, Shapes, square, square_prime
from convoracle.reference.build_cnn import CnnLayer, build_cnn
from convoracle.reference.cnn import (
    ConvolutionLayer,
    Layer,
    MaxPoolingLayer,
    MeanPoolingLayer,
    cnn_backward,
    cnn_maps,
)
from convoracle.reference.mlp import mlp_backward, mlp_forward
from convoracle.reference.run_cnn import Parameters, run_cnn, run_cnn_backward

BUILT = build_cnn(["CONV", "RELU", "POOL", "FC"], (1, 4, 5), filters=2, kernel_size=3, classes=3)
"""A network of the architecture grammar with one layer of every kind."""


def network_shapes(choices: Choices) -> Shapes:
    """Return the shapes of a map and of the filters of two convolutions, the first strided and padded."""
    W = choices.between(5, 6)
    return {"Y": (1, W, W + 1), "w1": (2, 1, 3, 3), "b1": (2,), "w2": (2, 2, 2, 2), "b2": (2,)}


def network(arrays: Arrays) -> list[Layer]:
    """Return convolution with stride 2 and padding 1, mean pool, convolution, max pool; the pools overlap."""
    return [
        ConvolutionLayer(arrays["w1"], arrays["b1"], square, square_prime, stride=2, padding=1),
        MeanPoolingLayer(2, 1),
        ConvolutionLayer(arrays["w2"], arrays["b2"], square, square_prime, padding=1),
        MaxPoolingLayer(2, 1),
    ]


def _forward(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    return cnn_maps(arrays["Y"], network(arrays)).Y[-1], {}


def _backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    layers = network(arrays)
    dY, dw, db = cnn_backward(arrays["grad_output"], layers, cnn_maps(arrays["Y"], layers))
    gradients = [dY, dw[0], db[0], dw[2], db[2]]
    return tuple(gradient for gradient in gradients if gradient is not None)


def perceptron_shapes(choices: Choices) -> Shapes:
    """Return the shapes of a batch and of three layers, with distinct numbers of neurons."""
    N = choices.between(1, 3)
    return {"x": (N, 2), "w0": (3, 2), "b0": (3,), "w1": (2, 3), "b1": (2,), "w2": (4, 2), "b2": (4,)}


def _perceptron(arrays: Arrays) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [arrays[f"w{layer}"] for layer in range(3)], [arrays[f"b{layer}"] for layer in range(3)]


def _perceptron_forward(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    return mlp_forward(arrays["x"], *_perceptron(arrays), square)[0], {}


def _perceptron_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    weights, biases = _perceptron(arrays)
    _, stored = mlp_forward(arrays["x"], weights, biases, square)
    grad_x, grad_weights, grad_biases = mlp_backward(arrays["grad_output"], weights, stored, square_prime)
    return (grad_x, *grad_weights, *grad_biases)


def built_shapes(choices: Choices) -> Shapes:
    """Return the shapes of a batch and of the parameters of `BUILT`."""
    learned = {place: layer for place, layer in enumerate(BUILT) if layer.weight_shape}
    weights = {f"w{place}": layer.weight_shape for place, layer in learned.items()}
    biases = {f"b{place}": layer.bias_shape for place, layer in learned.items()}
    return {"x": (choices.between(1, 2), *BUILT[0].input_shape), **weights, **biases}


def _parameters(arrays: Arrays) -> tuple[list[CnnLayer], Parameters]:
    nothing = np.zeros(0, dtype=object)
    places = range(len(BUILT))
    return BUILT, [(arrays.get(f"w{place}", nothing), arrays.get(f"b{place}", nothing)) for place in places]


def _built_forward(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    return run_cnn(*_parameters(arrays), arrays["x"])[0], {}


def _built_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    layers, parameters = _parameters(arrays)
    _, stored = run_cnn(layers, parameters, arrays["x"])
    grad_x, gradients = run_cnn_backward(arrays["grad_output"], layers, parameters, stored)
    learned = [both for layer, both in zip(layers, gradients, strict=True) if layer.weight_shape]
    return (grad_x, *(weight for weight, _ in learned), *(bias for _, bias in learned))


NETWORKS: dict[str, Printed] = {
    "cnn_backward": Printed(("Y", "w1", "b1", "w2", "b2"), network_shapes, _forward, _backward),
    "mlp_backward": Printed(
        ("x", "w0", "w1", "w2", "b0", "b1", "b2"), perceptron_shapes, _perceptron_forward, _perceptron_backward
    ),
    "run_cnn_backward": Printed(tuple(built_shapes(Choices(0))), built_shapes, _built_forward, _built_backward),
}
