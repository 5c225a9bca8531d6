"""The reference's operations beyond planes and pools, as the proofs of gradients and twins see them: one entry each.

A door is called by the names of its parameters, so an entry says no more than what the operands look like and which
derivatives which backward door returns.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from convoracle import reference
from convoracle.harness.cases.choices import Choices

Shapes = dict[str, tuple[int, ...]]
Drawn = tuple[Shapes, dict[str, Any]]


class Layer(NamedTuple):
    """A forward door of the reference and its backward doors.

    Parameters
    ----------
    draw : callable
        From `Choices` to the shape of every operand of the forward door, and its options.
    backward : dict of tuples of str
        Each backward door, with the operands for which it returns the derivative, in this order.
    takes_integers : bool
        Whether integers are operands too: they are not where something is divided.
    """

    draw: Callable[[Choices], Drawn]
    backward: Mapping[str, tuple[str, ...]]
    takes_integers: bool = True


def call(door: str, values: Mapping[str, Any], loops: Callable[..., None] | None = None) -> tuple[Any, ...]:
    """Return the results of a door given those of the values that it has parameters for.

    ``input_shape`` and ``weight_shape`` are those of ``x`` and ``weight``; `loops` is left to the door if None.
    """
    function = getattr(reference, door)
    known = {"input_shape": np.shape(values.get("x", ())), "weight_shape": np.shape(values.get("weight", ())), **values}
    arguments = {name: known[name] for name in inspect.signature(function).parameters if name in known}
    returned = function(**arguments) if loops is None else function(**arguments, loops=loops)
    return returned if isinstance(returned, tuple) else (returned,)


def convolution(dimensions: int, *, transposed: bool = False) -> Callable[[Choices], Drawn]:
    """Return how to draw a convolution of so many dimensions; a transposed one has its own paddings."""

    def draw(choices: Choices) -> Drawn:
        groups, C, F = choices.between(1, 2), choices.between(1, 2), choices.between(1, 2)
        kernel, stride, dilation = (_each(choices, dimensions, 1, high) for high in (3 if dimensions < 3 else 2, 3, 2))
        sides = tuple(_each(choices, 2, 0, 2) for _ in range(dimensions))
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        size = tuple(max(span - sum(both), 1) + choices.below(4) for span, both in zip(spans, sides, strict=True))
        options: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": groups}
        weight = (groups * F, C, *kernel)
        if not transposed:
            shapes = {"x": (choices.between(1, 2), groups * C, *size), "weight": weight, "bias": (groups * F,)}
            return shapes, {**options, "padding": sides}
        options["output_padding"] = tuple(choices.below(max(s, d)) for s, d in zip(stride, dilation, strict=True))
        options["padding"] = tuple(
            choices.between(0, min(2, ((n - 1) * s + span + extra - 1) // 2))
            for n, s, span, extra in zip(size, stride, spans, options["output_padding"], strict=True)
        )
        return {"x": (choices.between(1, 2), groups * F, *size), "weight": weight, "bias": (groups * C,)}, options

    return draw


def locally_connected(choices: Choices) -> Drawn:
    """Return a convolution whose weight has the position of the output in front."""
    shapes, options = convolution(2)(choices)
    del options["groups"]
    F, C, *kernel = shapes["weight"]
    windows = [
        reference.conv_output_size(n, k, stride=s, padding=p, dilation=d)
        for n, k, s, p, d in zip(
            shapes["x"][2:], kernel, options["stride"], options["padding"], options["dilation"], strict=True
        )
    ]
    x = (shapes["x"][0], C, *shapes["x"][2:])
    return {"x": x, "weight": (*windows, F, C, *kernel), "bias": (F, *windows)}, options


def matrices(*names: str) -> Callable[[Choices], Drawn]:
    """Return how to draw matrices of one shape."""

    def draw(choices: Choices) -> Drawn:
        shape = (choices.between(1, 4), choices.between(1, 5))
        return dict.fromkeys(names, shape), {}

    return draw


def fully_connected(choices: Choices) -> Drawn:
    """Return a fully connected layer: inputs (N, D), weight (F, D), bias (F,)."""
    N, D, F = (choices.between(1, 4) for _ in range(3))
    return {"x": (N, D), "weight": (F, D), "bias": (F,)}, {}


def product(choices: Choices) -> Drawn:
    """Return two matrices that can be multiplied."""
    N, D, F = (choices.between(1, 4) for _ in range(3))
    return {"x": (N, D), "w": (D, F)}, {}


def resampling(choices: Choices) -> Drawn:
    """Return maps and a factor for each axis."""
    shape = (choices.between(1, 2), choices.between(1, 2), *_each(choices, 2, 1, 5))
    return {"x": shape}, {"factor": _each(choices, 2, 1, 3)}


def _each(choices: Choices, count: int, low: int, high: int) -> tuple[int, ...]:
    return tuple(choices.between(low, high) for _ in range(count))


def _gradients(name: str) -> dict[str, tuple[str, ...]]:
    """Return the backward doors of a convolution: one for each operand, and one for all."""
    parts = {"input": "x", "weight": "weight", "bias": "bias"}
    separate = {f"{name}_{part}_grad": (operand,) for part, operand in parts.items()}
    return {**separate, f"{name}_backward": ("x", "weight", "bias")}


LAYERS = {
    "conv1d": Layer(convolution(1), _gradients("conv1d")),
    "conv3d": Layer(convolution(3), _gradients("conv3d")),
    "conv_transpose2d": Layer(convolution(2, transposed=True), _gradients("conv_transpose2d")),
    "locally_connected2d": Layer(locally_connected, {"locally_connected2d_backward": ("x", "weight", "bias")}),
    "linear": Layer(fully_connected, {"linear_backward": ("x", "weight", "bias")}),
    "matmul": Layer(product, {"matmul_backward": ("x", "w")}),
    "relu": Layer(matrices("x"), {"relu_backward": ("x",)}),
    "upsample2d": Layer(resampling, {"upsample2d_backward": ("x",)}),
    "downsample2d": Layer(resampling, {"downsample2d_backward": ("x",)}),
    "mean_subtract": Layer(matrices("x"), {"mean_subtract_backward": ("x",)}, takes_integers=False),
    "euclidean_loss": Layer(matrices("z", "y"), {"euclidean_loss_backward": ("z", "y")}, takes_integers=False),
    "l1_loss": Layer(matrices("z", "y"), {"l1_loss_backward": ("z", "y")}, takes_integers=False),
}


def owner_of(loops: str) -> tuple[str, str] | None:
    """Return the layer a loop function belongs to, and the door it runs behind.

    >>> owner_of("conv1d_input_grad_loops")
    ('conv1d', 'conv1d_input_grad')
    """
    doors = {door: forward for forward, layer in LAYERS.items() for door in (forward, *layer.backward)}
    owners = [door for door in doors if loops.startswith(f"{door}_")]
    if not owners:
        return None
    door = max(owners, key=len)
    return doors[door], door
