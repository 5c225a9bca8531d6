"""The backward blocks that exist only as the slides print them, each with the printed forward block it differentiates.

They have no door and no options: one image, square kernels, stride 1 and no padding unless the slide has them.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.reference import printed_conv2d, printed_conv2d_backward, printed_pooling

Arrays = Mapping[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


class Printed(NamedTuple):
    """A printed backward block.

    Parameters
    ----------
    operands : tuple of str
        What it differentiates for, in the order in which it returns the gradients.
    shapes : callable
        From `Choices` to the shape of every operand of the forward block.
    forward : callable
        From the operands to the output and to what the backward block needs of the forward pass besides.
    backward : callable
        From the operands, ``grad_output`` and those results to the gradients.
    results : tuple of str
        The names of those results.
    """

    operands: tuple[str, ...]
    shapes: Callable[[Choices], Shapes]
    forward: Callable[[Arrays], tuple[np.ndarray, Arrays]]
    backward: Callable[[Arrays], tuple[np.ndarray, ...]]
    results: tuple[str, ...] = ()


def layer_shapes(choices: Choices) -> Shapes:
    """Return the shapes of one convolutional layer: distinct numbers of maps, W and H distinct as well."""
    D_previous, D, K = choices.between(1, 2), choices.between(2, 3), choices.between(1, 3)
    W = K + choices.below(3)
    return {"Y": (D_previous, W, W + 1), "w": (D, D_previous, K, K), "b": (D,)}


def pooling_shapes(choices: Choices) -> Shapes:
    """Return the shape of the maps of a pooling layer, for windows of `POOL`."""
    W = POOL + choices.below(4)
    return {"Y": (choices.between(1, 3), W, W + choices.below(3))}


POOL = 2


def square(z: Any) -> Any:
    """Return z squared: an activation whose derivative is neither constant nor irrational."""
    return z * z


def square_prime(z: Any) -> Any:
    """Return the derivative of `square`."""
    return 2 * z


def _square_layer(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    _, Y_l = printed_conv2d.cnn_forward_layer(arrays["Y"], arrays["w"], arrays["b"], square)
    return Y_l, {}


def _square_layer_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    z, _ = printed_conv2d.cnn_forward_layer(arrays["Y"], arrays["w"], arrays["b"])
    dY, dw, _ = printed_conv2d_backward.backward_layer(arrays["grad_output"], z, arrays["Y"], arrays["w"], square_prime)
    return dY, dw


def _affine(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    return printed_conv2d.cnn_forward_layer(arrays["Y"], arrays["w"], arrays["b"])[0], {}


def _max_pooling(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    u, pidx = printed_pooling.max_pooling(arrays["Y"], POOL)
    return u, {"pidx": pidx}


def _max_pooling_with_downsampling(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    u, pidx = printed_pooling.max_pooling_with_downsampling(arrays["Y"], POOL, POOL)
    return u, {"pidx": pidx}


def _max_pooling_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    return (printed_pooling.max_pooling_derivative(arrays["grad_output"], arrays["pidx"], *arrays["Y"].shape[1:]),)


PRINTED: dict[str, Printed] = {
    "backward_layer": Printed(("Y", "w"), layer_shapes, _square_layer, _square_layer_backward),
    "input_derivative_formula": Printed(
        ("Y",),
        layer_shapes,
        _affine,
        lambda arrays: (printed_conv2d_backward.input_derivative_formula(arrays["grad_output"], arrays["w"]),),
    ),
    "input_derivative_vector_notation": Printed(
        ("Y",),
        layer_shapes,
        _affine,
        lambda arrays: (printed_conv2d_backward.input_derivative_vector_notation(arrays["grad_output"], arrays["w"]),),
    ),
    "weight_derivative_vector_notation": Printed(
        ("w",),
        layer_shapes,
        _affine,
        lambda arrays: (printed_conv2d_backward.weight_derivative_vector_notation(arrays["grad_output"], arrays["Y"]),),
    ),
    "max_pooling_derivative": Printed(("Y",), pooling_shapes, _max_pooling, _max_pooling_backward, ("pidx",)),
    "max_pooling_derivative, downsampled": Printed(
        ("Y",), pooling_shapes, _max_pooling_with_downsampling, _max_pooling_backward, ("pidx",)
    ),
    "mean_pooling_derivative": Printed(
        ("Y",),
        pooling_shapes,
        lambda arrays: (printed_pooling.mean_pooling(arrays["Y"], POOL), {}),
        lambda arrays: (printed_pooling.mean_pooling_derivative(arrays["grad_output"], POOL),),
    ),
}
