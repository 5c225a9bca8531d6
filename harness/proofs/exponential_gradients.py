"""The backward blocks of functions with exp and log, with the exponential as a symbol of its own.

exp has no rational values, but all that its derivative needs is ``d exp(x) = exp(x) dx``. So each exponential is stood
in for by a positive rational number, another one for every x, with that derivative; what the reference makes of it by
``+``, ``*`` and ``/`` is then differentiated exactly. The same for log: ``d log(p) = dp / p``.
"""

from typing import Any

import numpy as np

from convoracle.harness.choices import Choices
from convoracle.harness.proofs.cases import objects
from convoracle.harness.proofs.dual import Dual
from convoracle.harness.proofs.printed_gradients import Arrays, Printed, Shapes
from convoracle.reference.softmax import normalise, times_jacobian, times_log_jacobian

AXIS = 1


def exponential(number: Any) -> Any:
    """Return the number that stands in for the exponential of another one, with the exponential's derivative."""
    if not isinstance(number, Dual):
        return number * number + 1
    value = exponential(number.value)
    return Dual(value, {key: value * slope for key, slope in number.partials.items()})


def logarithm(number: Dual) -> Dual:
    """Return a number with the derivative of the logarithm; its value enters no derivative and is left at zero."""
    return Dual(0, {key: slope / number.value for key, slope in number.partials.items()})


def scores_shape(choices: Choices) -> Shapes:
    """Return the shape of a batch of scores."""
    return {"x": (choices.between(1, 3), choices.between(1, 4))}


def _softmax(x: np.ndarray) -> np.ndarray:
    return normalise(objects([exponential(number) for number in x.flat], x.shape), AXIS)


def _log_softmax(arrays: Arrays) -> tuple[np.ndarray, Arrays]:
    p = _softmax(arrays["x"])
    return objects([logarithm(number) for number in p.flat], p.shape), {}


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
        _log_softmax,
        lambda arrays: (times_log_jacobian(arrays["grad_output"], _softmax(arrays["x"]), AXIS),),
    ),
}
