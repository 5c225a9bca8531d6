"""The backward blocks of functions with exp, log and square roots, each of these a symbol of its own.

exp has no rational values, but all that its derivative needs is ``d exp(x) = exp(x) dx``. So each exponential is stood
in for by a positive rational number, another one for every x, with that derivative. What the reference makes of it by
``+``, ``*`` and ``/`` runs unchanged, on its own code, and is differentiated exactly. The same for log,
``d log(p) = dp / p``, and for the square root, ``d sqrt(s) = ds / (2 sqrt(s))``. The values themselves are the matter
of `convoracle.harness.proofs.elementary`.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from convoracle.harness.cases.choices import Choices
from convoracle.harness.proofs.cases import objects
from convoracle.harness.proofs.dual import Dual
from convoracle.harness.proofs.printed_gradients import Arrays, Printed, Shapes, square, square_prime
from convoracle.reference.activations import activation_backward, sigmoid_formula, sigmoid_slope
from convoracle.reference.cross_entropy import mean_over_targets, scores_slope
from convoracle.reference.losses import distance_slope, mean_distance
from convoracle.reference.softmax import log_softmax_formula, softmax_formula, times_jacobian, times_log_jacobian

AXIS = 1


def symbol(value: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what stands in for a function of arrays: it has these values, and this slope at a number of that value."""

    def one(number: Any) -> Any:
        if not isinstance(number, Dual):
            return value(number)
        result = value(number.value)
        factor = slope(number.value, result)
        return Dual(result, {key: factor * partial for key, partial in number.partials.items()})

    return lambda array: objects([one(number) for number in array.flat], array.shape)


exponential = symbol(lambda x: x * x + 1, lambda x, e: e)
logarithm = symbol(lambda p: Fraction(0), lambda p, value: 1 / Fraction(p))
"""The value of a logarithm enters no derivative; it is left at zero."""
square_root = symbol(lambda s: s + 1, lambda s, root: 1 / (2 * Fraction(root)))


def scores_shape(choices: Choices) -> Shapes:
    """Return the shape of a batch of scores."""
    return {"x": (choices.between(1, 3), choices.between(1, 4))}


def pair_shapes(choices: Choices) -> Shapes:
    """Return the shapes of a batch of outputs and of their targets."""
    shape = (choices.between(1, 3), choices.between(1, 4))
    return {"z": shape, "y": shape}


def _softmax(x: np.ndarray) -> np.ndarray:
    return softmax_formula(x, AXIS, exponential)


def _log_softmax(x: np.ndarray) -> np.ndarray:
    return log_softmax_formula(x, AXIS, exponential, logarithm)


def _targets(x: np.ndarray) -> np.ndarray:
    """Return a class for each example, another one for the next."""
    return (np.arange(x.shape[0]) + 1) % x.shape[1]


def _cross_entropy(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    x = arrays["x"]
    return objects([mean_over_targets(_log_softmax(x), _targets(x))], ()), {}


def _cross_entropy_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    x = arrays["x"]
    return (scores_slope(_softmax(x), _targets(x), arrays["grad_output"]),)


def _norm_loss(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    return objects([mean_distance(arrays["z"], arrays["y"], square_root)], ()), {}


def _norm_loss_backward(arrays: Arrays) -> tuple[np.ndarray, ...]:
    grad_z = distance_slope(arrays["z"], arrays["y"], arrays["grad_output"], square_root)
    return grad_z, -grad_z


EXPONENTIALS: dict[str, Printed] = {
    "softmax_backward": Printed(
        ("x",),
        scores_shape,
        lambda arrays: (_softmax(arrays["x"]), {}),
        lambda arrays: (times_jacobian(arrays["grad_output"], _softmax(arrays["x"]), AXIS),),
    ),
    "log_softmax_backward": Printed(
        ("x",),
        scores_shape,
        lambda arrays: (_log_softmax(arrays["x"]), {}),
        lambda arrays: (times_log_jacobian(arrays["grad_output"], _softmax(arrays["x"]), AXIS),),
    ),
    "sigmoid_backward": Printed(
        ("x",),
        scores_shape,
        lambda arrays: (sigmoid_formula(arrays["x"], exponential), {}),
        lambda arrays: (arrays["grad_output"] * sigmoid_slope(arrays["x"], exponential),),
    ),
    "activation_backward": Printed(
        ("x",),
        scores_shape,
        lambda arrays: (square(arrays["x"]), {}),
        lambda arrays: (activation_backward(arrays["grad_output"], arrays["x"], square_prime),),
    ),
    "cross_entropy_backward": Printed(("x",), scores_shape, _cross_entropy, _cross_entropy_backward),
    "norm_loss_backward": Printed(("z", "y"), pair_shapes, _norm_loss, _norm_loss_backward),
}
