"""Training the example network on scikit-learn's 1,797 digits: the data, their split, Adam, and the loop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from network import Parameters, Runner, accuracy, initial_parameters, loss_and_gradients

BATCH = 32
LEARNING_RATE = 0.005


@dataclass(frozen=True)
class Digits:
    """Images (N, 1, 8, 8) of float32 and their classes, to learn from and never seen, and the mean (8, 8) taken off."""

    x: np.ndarray
    targets: np.ndarray
    test_x: np.ndarray
    test_targets: np.ndarray
    mean: np.ndarray


@dataclass
class Progress:
    """What training has done so far: the loss of every step, the test accuracy after every epoch."""

    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    parameters: Parameters = ()


def load(seed: int = 0) -> Digits:
    """Return the digits, a random quarter of them set aside for the test before anything is computed from the rest.

    Pixels go from 0 to 16; the mean image of the training set is subtracted, and the result divided by 8.
    """
    from sklearn.datasets import load_digits

    images, targets = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    images, targets = images[order].reshape(-1, 1, 8, 8), targets[order].astype(np.int64)
    tests = len(images) // 4
    mean = images[tests:].mean(axis=0)
    x = ((images - mean) / 8).astype(np.float32)
    return Digits(x[tests:], targets[tests:], x[:tests], targets[:tests], mean[0])


def adam(parameters: Parameters) -> Callable[[Parameters, Parameters], Parameters]:
    """Return Adam's step (Kingma and Ba, 2015, algorithm 1), a variant of gradient descent: all parameters at once."""
    first = [np.zeros_like(parameter) for parameter in parameters]
    second = [np.zeros_like(parameter) for parameter in parameters]
    steps = 0

    def step(parameters: Parameters, gradients: Parameters) -> Parameters:
        nonlocal steps
        steps += 1
        rate = np.float32(LEARNING_RATE * np.sqrt(1 - 0.999**steps) / (1 - 0.9**steps))
        for m, v, gradient in zip(first, second, gradients, strict=True):
            m += np.float32(0.1) * (gradient - m)
            v += np.float32(0.001) * (gradient * gradient - v)
        return tuple(
            parameter - rate * m / (np.sqrt(v) + np.float32(1e-8))
            for parameter, m, v in zip(parameters, first, second, strict=True)
        )

    return step


def train(digits: Digits, backend: str, epochs: int, wanted: float, seed: int = 0) -> Iterator[Progress]:
    """Train from the same start, with the same batches in every backend; yield the progress after every step.

    Training ends with the first epoch after which the test accuracy is above `wanted`, or after `epochs`.
    """
    progress = Progress(parameters=initial_parameters(seed))
    step = adam(progress.parameters)
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(len(digits.x))
        # The few images left over wait for another epoch: a batch of three would be nothing but noise.
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            loss, gradients = loss_and_gradients(
                progress.parameters, digits.x[batch], digits.targets[batch], Runner(backend)
            )
            progress.parameters = step(progress.parameters, gradients)
            progress.losses.append(loss)
            yield progress
        progress.accuracies.append(accuracy(progress.parameters, digits.test_x, digits.test_targets, backend))
        yield progress
        if progress.accuracies[-1] > wanted:
            return
