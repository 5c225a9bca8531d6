"""Wrong cross-entropies and Euclidean losses, and wrong gradients of theirs: each is caught, as what it is."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from convoracle import reference
from convoracle.harness import Failure

Caught = Callable[..., Failure]
Function = Callable[..., Any]


def quietly(function: Function) -> Function:
    """What overflows says so; a liar keeps it to itself."""

    def quiet(*arguments: Any, **options: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments, **options)

    return quiet


def rows(logits: Any) -> Any:
    return np.arange(len(logits))


def naive_cross_entropy(logits: Any, targets: Any) -> Any:
    powers = np.exp(logits)
    return -np.log((powers / powers.sum(1, keepdims=True))[rows(logits), targets]).mean()


def clipped_cross_entropy(logits: Any, targets: Any) -> Any:
    return -np.log(np.maximum(reference.softmax(logits, 1), logits.dtype.type(1e-12))[rows(logits), targets]).mean()


@pytest.mark.parametrize(
    "liar",
    [
        naive_cross_entropy,
        clipped_cross_entropy,
        lambda logits, targets: reference.cross_entropy(logits, targets) * logits.dtype.type(len(logits)),
        lambda logits, targets: -reference.cross_entropy(logits, targets),
        lambda logits, targets: -reference.log_softmax(logits, 1).mean(),
        lambda logits, targets: -reference.log_softmax(logits, 0)[rows(logits), targets].mean(),
        lambda logits, targets: reference.cross_entropy(logits, (targets + 1) % logits.shape[1]),
        lambda logits, targets: reference.cross_entropy(logits.astype(np.float16), targets).astype(logits.dtype),
    ],
)
def test_wrong_cross_entropies(caught: Caught, liar: Function) -> None:
    caught("cross_entropy", quietly(liar), "values")


def test_a_loss_per_example_has_the_wrong_shape_and_a_number_no_dtype(caught: Caught) -> None:
    caught("cross_entropy", lambda logits, targets: -reference.log_softmax(logits, 1)[rows(logits), targets], "shape")
    caught("cross_entropy", lambda logits, targets: float(reference.cross_entropy(logits, targets)), "dtype")


def one_hot(logits: Any, targets: Any) -> Any:
    return np.eye(logits.shape[1], dtype=logits.dtype)[targets]


@pytest.mark.parametrize(
    "liar",
    [
        lambda logits, targets, grad_output: reference.cross_entropy_backward(logits, targets),
        lambda logits, targets, grad_output: grad_output * (reference.softmax(logits, 1) - one_hot(logits, targets)),
        lambda logits, targets, grad_output: grad_output * reference.softmax(logits, 1) / len(logits),
        lambda logits, targets, grad_output: -reference.cross_entropy_backward(logits, targets, grad_output),
        lambda logits, targets, grad_output: (
            -grad_output * one_hot(logits, targets) / reference.softmax(logits, 1) / len(logits)
        ).astype(logits.dtype),
        lambda logits, targets, grad_output: (
            grad_output * (reference.softmax(logits, 1) - one_hot(logits, targets)) / logits.size
        ).astype(logits.dtype),
    ],
)
def test_wrong_gradients_of_the_cross_entropy(caught: Caught, liar: Function) -> None:
    caught("cross_entropy_backward", quietly(liar), "values")


@pytest.mark.parametrize(
    "liar",
    [
        lambda z, y: np.square(z - y).sum() / z.dtype.type(len(z)),
        lambda z, y: np.square(z - y).sum() / z.dtype.type(2),
        lambda z, y: np.square(z - y).mean() / z.dtype.type(2),
        lambda z, y: np.abs(z - y).sum() / z.dtype.type(2 * len(z)),
        lambda z, y: np.sqrt(np.square(z - y).sum(axis=1)).mean(),
        # An expanded square cancels.
        lambda z, y: (np.square(z) - 2 * z * y + np.square(y)).sum() / z.dtype.type(2 * len(z)),
        lambda z, y: z.dtype.type(np.square((z - y).astype(np.float16).astype(float)).sum() / (2 * len(z))),
    ],
)
def test_wrong_euclidean_losses(caught: Caught, liar: Function) -> None:
    caught("euclidean_loss", quietly(liar), "values")


@pytest.mark.parametrize("wrong", [0, 1])
def test_each_of_two_gradients_of_the_euclidean_loss_is_looked_at(caught: Caught, wrong: int) -> None:
    def backward(z: Any, y: Any, grad_output: Any) -> Any:
        grads = reference.euclidean_loss_backward(z, y, grad_output)
        grads[wrong][-1, -1] += 1
        return grads

    failure = caught("euclidean_loss_backward", backward, "values")
    assert ("grad_z", "grad_y")[wrong] in failure.message


@pytest.mark.parametrize(
    "liar",
    [
        lambda z, y, grad_output: reference.euclidean_loss_backward(z, y),
        lambda z, y, grad_output: reference.euclidean_loss_backward(z, y, 2 * grad_output),
        lambda z, y, grad_output: reference.euclidean_loss_backward(y, z, grad_output),
        lambda z, y, grad_output: reference.euclidean_loss_backward(z, y, grad_output * len(z)),
        lambda z, y, grad_output: tuple(
            grad.copy() for grad in reference.euclidean_loss_backward(z, y, grad_output)[:1] * 2
        ),
    ],
)
def test_wrong_gradients_of_the_euclidean_loss(caught: Caught, liar: Function) -> None:
    caught("euclidean_loss_backward", liar, "values")
