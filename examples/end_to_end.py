"""A whole first step, end to end: the exact loss and gradients, and how far from them a right backend may be.

The network runs on balls: a centre, computed by the oracle's float64 loops, and a radius per element, inside which a
backend's value must be. A layer turns the radius of its input into ``|weight| * radius``, and adds what its own call
may be wrong by: the bound of docs/tolerance.md, for the largest values in the ball. ReLU and maximum move nothing
farther apart. On the way back, where the sign at a ReLU or the place of a maximum is not certain within the radius, the
gradient may have gone either way, and the ball holds both.

So the radius is a theorem about every order of summation, and grows by the sum of a filter's weights from layer to
layer. In float32 it is about 1 % of the loss, 4 % of the last layer's gradients, and more than all of the first layers'
(with an FFT more than everything): a relative error of 1e-3 in one call stays inside, and only `first_step.py` finds
it. In float64, the same code of the same backends, it is narrower by 2**29, and such an error is outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from first_step import asked
from network import (
    BLOCKS,
    CONVOLUTIONS_PER_BLOCK,
    Parameters,
    Runner,
    does,
    loss_and_gradients,
    parameter_names,
)

from convoracle.fast import registry
from convoracle.harness import bounds, checks, exponential_bounds
from convoracle.harness.operations.base import Output

Accuracies = Mapping[str, str]


@dataclass(frozen=True)
class Ball:
    """All arrays that differ from the centre by at most the radius, element by element; both are float64."""

    center: np.ndarray
    radius: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """The largest magnitude in the ball."""
        return np.abs(self.center) + self.radius

    def reshape(self, *shape: int) -> "Ball":
        """Return the same elements in another shape."""
        return Ball(self.center.reshape(shape), self.radius.reshape(shape))

    def ratio(self, got: Any) -> float:
        """Return the largest distance of a result from the centre as a multiple of the radius: at most 1 is inside."""
        distance = np.abs(np.asarray(got, np.float64) - self.center)
        with np.errstate(divide="ignore", invalid="ignore"):
            # Where nothing may differ, nothing does: 0 / 0 is inside.
            ratios = np.where((distance == 0) & (self.radius == 0), 0.0, distance / self.radius)
        return float(np.max(np.where(np.isnan(ratios), np.inf, ratios)))


LINEAR = ("conv2d", "conv2d_backward", "linear", "linear_backward")
"""The operations whose bounds depend on what a backend declares."""


@dataclass
class Step:
    """One step of training. Backends that declare the same accuracies share their balls."""

    parameters: Parameters
    x: np.ndarray
    targets: np.ndarray
    known: dict[tuple[str, ...], tuple[Ball, list[Ball]]] = field(default_factory=dict)

    def ratios(self, backend: str, dtype: str) -> dict[str, float]:
        """Return how far a backend's loss and gradients are from the exact ones, as multiples of the proven radius."""
        given = tuple(parameter.astype(dtype) for parameter in self.parameters)
        loss, gradients = loss_and_gradients(given, self.x.astype(dtype), self.targets, Runner(backend))
        accuracies = {operation: registry.variant(operation, does(backend, operation)).accuracy for operation in LINEAR}
        key = (dtype, *accuracies.values())
        if key not in self.known:
            self.known[key] = balls(self.parameters, self.x, self.targets, dtype, accuracies)
        of_loss, of_gradients = self.known[key]
        names = zip(parameter_names(), of_gradients, gradients, strict=True)
        return {"loss": of_loss.ratio(loss), **{name: ball.ratio(got) for name, ball, got in names}}


def balls(
    parameters: Parameters, x: np.ndarray, targets: np.ndarray, dtype: str, accuracies: Accuracies
) -> tuple[Ball, list[Ball]]:
    """Return the balls of the loss and of its gradient for every parameter, as `network.loss_and_gradients` does.

    `accuracies` say of each operation of `LINEAR` what the backend that does it declares.
    """
    exact = [_point(parameter) for parameter in parameters]
    y, tape, number = _point(x), [], 0
    for _ in range(BLOCKS):
        for _ in range(CONVOLUTIONS_PER_BLOCK):
            (z,) = _through("conv2d", [y, exact[number], exact[number + 1]], dtype, accuracies)
            tape.append((y, z, number))
            y, number = _clamped(z), number + 2
        tape.append((y, y, -1))
        y = _pooled(y)
    features = y.reshape(len(x), -1)
    (logits,) = _through("linear", [features, exact[number], exact[number + 1]], dtype, accuracies)
    loss, grad = _cross_entropy(logits, targets, dtype)
    grad, *of_layer = _through("linear_backward", [grad, features, exact[number]], dtype, accuracies)
    gradients, grad = list(of_layer), grad.reshape(*y.center.shape)
    for before, after, number in reversed(tape):
        if number < 0:
            grad = _pooled_backward(grad, before)
            continue
        grad = _clamped_backward(grad, after)
        grad, *of_layer = _through("conv2d_backward", [grad, before, exact[number]], dtype, accuracies)
        gradients = [*of_layer, *gradients]
    return loss, gradients


def _point(array: np.ndarray) -> Ball:
    """Return the ball of one array alone."""
    return Ball(array.astype(np.float64), np.zeros(array.shape))


def _through(operation: str, operands: list[Ball], dtype: str, accuracies: Accuracies) -> list[Ball]:
    """Return what an operation that is linear in every operand makes of balls: one for each of its results."""
    names, outputs = asked(operation, tuple(ball.center.astype(dtype) for ball in operands))
    given = dict(zip(names, operands, strict=True))
    return [_image(output, given, dtype, accuracies[operation]) for output in outputs]


def _image(output: Output, given: dict[str, Ball], dtype: str, accuracy: str) -> Ball:
    """Return one result's ball: that of the moved operands, and what the call may be wrong by."""
    sizes = {name: ball.size for name, ball in given.items()}
    size = checks.magnitude(output, sizes)
    own = checks.allowance(output, sizes, size, size, dtype, accuracy) + bounds.float64_error(size, output.roundings)
    moved = np.zeros(output.shape)
    for term in output.terms:
        for place, name in enumerate(term):  # |a| |b| grows to (|a| + r) (|b| + s) by r (|b| + s) and |a| s
            factors = {other: np.zeros(ball.center.shape) for other, ball in given.items()}
            factors |= {other: np.abs(given[other].center) for other in term[:place]}
            factors |= {name: given[name].radius}
            factors |= {other: sizes[other] for other in term[place + 1 :]}
            moved = moved + output.compute(factors)
    return Ball(output.compute({name: ball.center for name, ball in given.items()}), _enlarged(moved + own))


def _enlarged(radius: np.ndarray) -> np.ndarray:
    """Return a radius enlarged by its own rounding: sums of positive float64 numbers, of fewer than 2**14 each."""
    return radius * (1.0 + bounds.gamma(2**14, bounds.UNIT_ROUNDOFF["float64"]))


def _clamped(z: Ball) -> Ball:
    """Return what ReLU makes of a ball."""
    center, low, high = (np.maximum(end, 0) for end in (z.center, z.center - z.radius, z.center + z.radius))
    return Ball(center, _enlarged(np.maximum(center - low, high - center)))


def _clamped_backward(grad: Ball, z: Ball) -> Ball:
    """Return what the gradient of ReLU makes of a ball: where the sign of z is uncertain, all or nothing."""
    opens, shut = z.center - z.radius > 0, z.center + z.radius <= 0
    radius = np.where(shut, 0.0, np.where(opens, grad.radius, grad.size))
    return Ball(np.where(z.center > 0, grad.center, 0.0), _enlarged(radius))


def _pooled(y: Ball) -> Ball:
    """Return what a maximum over windows of 2x2 makes of a ball."""
    center, low, high = (_largest(end) for end in (y.center, y.center - y.radius, y.center + y.radius))
    return Ball(center, _enlarged(np.maximum(center - low, high - center)))


def _pooled_backward(grad: Ball, y: Ball) -> Ball:
    """Return what the gradient of that maximum makes of a ball: it goes to the largest, or to any that may be it."""
    may_be = y.center + y.radius >= _spread(_largest(y.center - y.radius))
    is_certain = _spread(_windows(may_be).sum(axis=-1) == 1)
    operands, (_, places) = asked("max_pool2d", (y.center,))
    indices = places.compute(operands)
    operands, (back,) = asked("max_pool2d_backward", (grad.center, indices, y.center.shape))
    radius = np.where(may_be, np.where(is_certain, _spread(grad.radius), _spread(grad.size)), 0.0)
    return Ball(back.compute(operands), _enlarged(radius))


def _windows(array: np.ndarray) -> np.ndarray:
    """Return (N, C, H/2, W/2, 4): the windows of 2x2, which hold every element once."""
    n, c, h, w = array.shape
    return array.reshape(n, c, h // 2, 2, w // 2, 2).swapaxes(3, 4).reshape(n, c, h // 2, w // 2, 4)


def _largest(array: np.ndarray) -> np.ndarray:
    """Return the largest of each window."""
    return _windows(array).max(axis=-1)


def _spread(array: np.ndarray) -> np.ndarray:
    """Return each element four times, over its window of 2x2."""
    return np.repeat(np.repeat(array, 2, axis=2), 2, axis=3)


def _cross_entropy(logits: Ball, targets: np.ndarray, dtype: str) -> tuple[Ball, Ball]:
    """Return the balls of the loss and of its gradient.

    With R the largest radius of a row, its loss moves by 2 R at most, and a share p of its softmax by a factor of
    exp(2 R), but not beyond 1. The bound of a call is that at the centre, in which p grows likewise, and the sums
    |x| + |max| + log S, |x - max| and log S, each unit of which counts for 2, 1 and 2 ULPS + 2 roundings, by 3 R, 2 R
    and R. That of the loss has p only as the weights of a mean over |x - max| and a constant of more than one.
    """
    scores, n = logits.center, len(targets)
    operands, (loss,) = asked("cross_entropy", (scores.astype(dtype), targets))
    operands, (grad,) = asked("cross_entropy_backward", (scores.astype(dtype), targets))
    operands = {**operands, "logits": scores}
    reach = logits.radius.max(axis=1, keepdims=True)
    counted = 2 * 3 + 1 * 2 + (2 * exponential_bounds.ULPS + 2)
    # Twice, because a bound is not quite proportional to what goes into it: its slope is below 2 where it is < ln 2.
    further = np.expm1(2 * bounds.gamma(counted, bounds.UNIT_ROUNDOFF[dtype]) * reach)
    rest = scores - scores.max(axis=1, keepdims=True)
    share = np.exp(rest) / np.exp(rest).sum(axis=1, keepdims=True)
    growth = np.minimum(np.exp(np.minimum(2 * reach, 700.0)), 1 / np.maximum(share, 2.0**-1022))
    spread = np.minimum(growth, 1 + np.abs(rest).max(axis=1, keepdims=True))

    def own(output: Output) -> np.ndarray:
        assert output.error is not None
        return output.error(operands, dtype) + output.error(operands, "float64")

    of_loss = 2 * reach.mean() + own(loss) * spread.max() + further.mean()
    flushed = 2 * bounds.SMALLEST_NORMAL[dtype]  # a share that only becomes this small within the ball
    of_grad = share * (growth - 1) / n + own(grad) * growth + further * growth * share / n + flushed
    return (
        Ball(loss.compute(operands), _enlarged(np.asarray(of_loss))),
        Ball(grad.compute(operands), _enlarged(of_grad)),
    )
