"""A list of layer names made into layers with sizes, and their table: shapes, parameters, MACs, receptive field."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import convoracle.reference.param_count as param_count
from convoracle.reference.receptive_field import receptive_field
from convoracle.reference.shapes import conv_output_size, pool_output_size


class CnnLayer(NamedTuple):
    """One layer: sizes are those of one example; `weight_shape` and `bias_shape` are empty where nothing is learned."""

    name: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weight_shape: tuple[int, ...]
    bias_shape: tuple[int, ...]
    stride: int
    padding: int
    parameters: int
    macs: int
    receptive_field: tuple[int, int]


def build_cnn(
    layers: Sequence[str],
    input_shape: tuple[int, int, int],
    *,
    filters: int = 10,
    kernel_size: int = 3,
    stride: int = 1,
    padding: int = 1,
    pool_size: int = 2,
    hidden: int = 100,
    classes: int | None = None,
) -> list[CnnLayer]:
    """Return the layers of a network with their sizes.

    Parameters
    ----------
    layers : sequence of str
        CONV, RELU, POOL, FC and SOFTMAX, as `convoracle.reference.parse_architecture` returns them.
    input_shape : (int, int, int)
        ``(C, H, W)`` of an example.
    filters, kernel_size, stride, padding : int
        Of every convolution; the defaults are those of the lecture's example.
    pool_size : int
        Size and stride of every max pool.
    hidden : int
        Outputs of every fully connected layer that a RELU follows.
    classes : int, optional
        Outputs of a fully connected layer that no RELU follows: the scores.

    Returns
    -------
    list of CnnLayer

    Raises
    ------
    ValueError
        If a name is unknown, maps get too small, a convolution or pool follows a fully connected layer, or a layer of
        scores has no `classes`.

    Notes
    -----
    Source: the defaults are those of Cornell CS4670 (Sean Bell), Convolutional Neural Networks, "Example CNN":
    "10x3x3 conv filters, stride 1, pad 1; 2x2 pool filters, stride 2". MACs count multiplications with a weight.

    Examples
    --------
    >>> layers = build_cnn(["CONV", "RELU", "POOL", "FC", "SOFTMAX"], (3, 8, 6), classes=4)
    >>> [layer.output_shape for layer in layers]
    [(10, 8, 6), (10, 8, 6), (10, 4, 3), (4,), (4,)]
    >>> [layer.parameters for layer in layers]
    [280, 0, 0, 484, 0]
    """
    built: list[CnnLayer] = []
    shape: tuple[int, ...] = input_shape
    seen: tuple[list[tuple[int, int]], ...] = ([], [])  # (kernel size, stride) of what came before, per axis
    for place, name in enumerate(layers):
        before, macs = shape, 0
        weight_shape: tuple[int, ...] = ()
        steps = (1, 0)  # stride and padding
        if name in ("CONV", "POOL") and len(shape) != 3:
            raise ValueError(f"build_cnn: got {name} after FC, at place {place}; allowed: FC, RELU, SOFTMAX")
        if name == "CONV":
            steps = (stride, padding)
            sizes = [conv_output_size(n, kernel_size, stride=stride, padding=padding) for n in shape[1:]]
            weight_shape = (filters, shape[0], kernel_size, kernel_size)
            shape = (filters, *sizes)
            macs = math.prod(weight_shape) * math.prod(sizes)
            kernels = [(kernel_size, stride)] * 2
        elif name == "POOL":
            steps = (pool_size, 0)
            shape = (shape[0], *(pool_output_size(n, pool_size) for n in shape[1:]))
            kernels = [(pool_size, pool_size)] * 2
        elif name == "FC":
            followed = place + 1 < len(layers) and layers[place + 1] == "RELU"
            outputs = hidden if followed else classes
            if outputs is None:
                raise ValueError("build_cnn: got an FC that no RELU follows and no classes; allowed: classes=...")
            weight_shape = (outputs, math.prod(shape))
            macs = math.prod(weight_shape)
            kernels = [(n, 1) for n in shape[1:]] or [(1, 1)] * 2  # "FC is a special convolution", over the whole map
            shape = (outputs,)
        elif name in ("RELU", "SOFTMAX"):
            kernels = [(1, 1)] * 2
        else:
            raise ValueError(f"build_cnn: got {name!r}; allowed: 'CONV', 'RELU', 'POOL', 'FC', 'SOFTMAX'")
        for axis in (0, 1):
            seen[axis].append(kernels[axis])
        parameters = 0
        if name == "CONV":
            parameters = param_count.conv2d(before[0], filters, kernel_size)
        elif name == "FC":
            parameters = param_count.linear(math.prod(before), shape[0])
        built.append(
            CnnLayer(
                name=name,
                input_shape=before,
                output_shape=shape,
                weight_shape=weight_shape,
                bias_shape=weight_shape[:1],
                stride=steps[0],
                padding=steps[1],
                parameters=parameters,
                macs=macs,
                receptive_field=(receptive_field(seen[0]), receptive_field(seen[1])),
            )
        )
    return built


def initial_parameters(
    layers: Sequence[CnnLayer], rng: np.random.Generator, dtype: Any = np.float64
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return random weights and zero biases for every layer, empty arrays where nothing is learned.

    Parameters
    ----------
    layers : sequence of CnnLayer
        As `build_cnn` returns them.
    rng : numpy.random.Generator
        Where the weights come from: normal numbers, of variance 2 over the number of inputs of a neuron.
    dtype : dtype
        Number type of the parameters.

    Returns
    -------
    list of (array, array)

    Notes
    -----
    Source: UBC CPSC 425, Lecture 23, "Gradient Descent": "Start from random value of W_0, b_0". The variance, which no
    lecture gives, keeps the size of the activations of a ReLU network from layer to layer.

    Examples
    --------
    >>> layers = build_cnn(["CONV", "RELU"], (3, 8, 8))
    >>> [weight.shape for weight, bias in initial_parameters(layers, np.random.default_rng(0))]
    [(10, 3, 3, 3), (0,)]
    """
    parameters: list[tuple[np.ndarray, np.ndarray]] = []
    for layer in layers:
        if layer.weight_shape:
            deviation = math.sqrt(2 / math.prod(layer.weight_shape[1:]))
            weight = deviation * rng.standard_normal(layer.weight_shape)
            parameters.append((weight.astype(dtype), np.zeros(layer.bias_shape, dtype)))
        else:
            parameters.append((np.zeros(0, dtype), np.zeros(0, dtype)))
    return parameters


def layer_table(layers: Sequence[CnnLayer]) -> str:
    """Return the layers as a table in Markdown, with the sums of parameters and MACs.

    Parameters
    ----------
    layers : sequence of CnnLayer
        As `build_cnn` returns them.

    Returns
    -------
    str

    Notes
    -----
    Source: UW CSE 493G1, Lecture 5, "Convolution layer: summary", for a layer; the table is ours.

    Examples
    --------
    >>> print(layer_table(build_cnn(["CONV", "POOL"], (1, 4, 4), filters=2)))
    | layer | output | parameters | MACs | receptive field |
    |---|---|---|---|---|
    | CONV | 2 x 4 x 4 | 20 | 288 | 3 x 3 |
    | POOL | 2 x 2 x 2 | 0 | 0 | 4 x 4 |
    | sum |  | 20 | 288 |  |
    """
    rows = ["| layer | output | parameters | MACs | receptive field |", "|---|---|---|---|---|"]
    for layer in layers:
        output = " x ".join(str(n) for n in layer.output_shape)
        field = " x ".join(str(n) for n in layer.receptive_field)
        rows.append(f"| {layer.name} | {output} | {layer.parameters} | {layer.macs} | {field} |")
    parameters, macs = sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers)
    rows.append(f"| sum |  | {parameters} | {macs} |  |")
    return "\n".join(rows)
