"""The world's smallest network: it learns, and it could not with the loss as printed."""

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from convoracle import reference


@pytest.fixture
def smallest(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("smallest_network")


def test_the_patterns(smallest: ModuleType) -> None:
    x, targets = smallest.patterns(1000, seed=0)
    assert (x.shape, x.dtype, targets.tolist()) == ((3000, 9), np.float32, [0] * 1000 + [1] * 1000 + [2] * 1000)
    means = x.reshape(3, 1000, 3, 3).mean(axis=1)
    assert np.rint(means).tolist() == [
        [[0, 0, 0], [1, 1, 1], [0, 0, 0]],
        [[0, 1, 0], [0, 1, 0], [0, 1, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    ]
    assert not np.array_equal(x[:3], smallest.patterns(1, seed=1)[0])


@pytest.mark.parametrize("backend", ["im2col", "numba", "scipy"])
def test_it_learns(smallest: ModuleType, backend: str) -> None:
    weight, bias, losses = smallest.train(*smallest.patterns(20, seed=1), 200, backend)
    assert weight.size + bias.size == 30
    assert len(losses) == 200
    assert losses[-1] < 0.1 < losses[0]
    unseen, targets = smallest.patterns(100, seed=2)
    assert np.mean(np.argmax(unseen @ weight.T + bias, axis=1) == targets) > 0.95


def test_both_steps_are_taken_with_gradients_at_the_same_point(smallest: ModuleType) -> None:
    """One step, against the reference in float64: a second gradient at a moved weight would be far off."""
    x, targets = smallest.patterns(2, seed=3)
    before_w, before_b, _ = smallest.train(x, targets, 0, "im2col")
    after_w, after_b, _ = smallest.train(x, targets, 1, "im2col")
    weight, bias, images = (array.astype(np.float64) for array in (before_w, before_b, x))
    grad = reference.cross_entropy_backward(reference.linear(images, weight, bias), targets)
    _, grad_weight, grad_bias = reference.linear_backward(grad, images, weight)
    right_w, right_b = reference.sgd_step((weight, bias), (grad_weight, grad_bias), smallest.LEARNING_RATE)
    # All values are below 4, and no value goes through more than 64 roundings of 2**-24.
    assert max(np.abs(after_w - right_w).max(), np.abs(after_b - right_b).max()) < 4 * 64 * 2.0**-24


def test_the_loss_as_printed_is_ln_3(smallest: ModuleType) -> None:
    """The vector `smallest_network_literal_loss`, and any other weights."""
    printed = np.arange(1, 10) / 10
    weight = np.stack([printed, 5 * printed, -printed])
    assert f"{smallest.literal_loss(np.array([1, 0] * 4 + [1.0]), weight, np.full(3, 0.1)):.15f}" == "1.098612288668110"
    random = np.random.default_rng(0)
    for _ in range(20):
        loss = smallest.literal_loss(random.normal(size=9), random.normal(size=(3, 9)), random.normal(size=3))
        # One exponential e, in e / (e + e + e): two sums and a quotient. A logarithm within 4 units in the last place,
        # which are 8 roundings of it, and the literal's own rounding.
        assert abs(loss - math.log(3)) <= (3 + (8 + 1) * math.log(3)) * 2.0**-53


def test_the_command(smallest: ModuleType, tmp_path: Path) -> None:
    output = tmp_path / "new folder" / "smallest.png"
    finished = CliRunner().invoke(smallest.main, ["--backend", "im2col", "--backend", "scipy", "--output", str(output)])
    assert finished.exit_code == 0, finished.output
    assert finished.output.count("30 parameters") == 2
    assert finished.output.count("1.0986 to 1.0986; ln 3 = 1.0986") == 2
    with Image.open(output) as drawn:
        assert len(drawn.convert("RGB").getcolors(maxcolors=2**24) or []) > 100


def test_what_did_not_learn_is_red(smallest: ModuleType, tmp_path: Path) -> None:
    arguments = ["--steps", "1", "--output", str(tmp_path / "one.png")]
    assert CliRunner().invoke(smallest.main, arguments).exit_code == 1


def test_an_unknown_backend(smallest: ModuleType) -> None:
    finished = CliRunner().invoke(smallest.main, ["--backend", "scipy-fft"])
    assert finished.exit_code == 2
    assert "'scipy-fft' is none of im2col, numba, scipy, auto, all" in " ".join(finished.output.split())
